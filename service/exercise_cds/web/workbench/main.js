// The workbench: one question (example or pasted data, service, day, what if), one answer, drawn by the modules beside this one.
// The link holds example, service, day and what was changed. Pasted data never gets into it, nor what is changed of pasted data.

import { drawCards } from "./cards.js";
import { drawJson, keepResources, openResource } from "./chart.js";
import { at, h, put } from "./dom.js";
import { drawFacts } from "./facts.js";
import { drawRules } from "./rules.js";
import { drawTimeline } from "./timeline.js";
import { drawControls, find, reveal } from "./whatif.js";

const question = { example: "", pasted: null, service: null, date: null, changed: {} };
let request = null;
let before = null;
let asking = false;
let next = null;
let shown = null;
let lost = false;
let former = null;

function read() {
  const link = new URLSearchParams(location.hash.slice(1));
  const known = [...at("example").options].map((option) => option.value).filter(Boolean);
  question.example = known.includes(link.get("example")) ? link.get("example") : known.includes("thirteen-days") ? "thirteen-days" : known[0] ?? "";
  lost = Boolean(link.get("example")) && question.example !== link.get("example");
  question.pasted = null;
  question.service = link.get("service");
  question.date = link.get("date");
  question.changed = {};
  for (const pair of (link.get("if") ?? "").split(",").filter(Boolean)) {
    const [name, text] = pair.split(":");
    question.changed[name] = text === "yes" ? true : text === "no" ? false : text !== "" && !Number.isNaN(Number(text)) ? Number(text) : text;
  }
}

function link() {
  if (question.pasted !== null) return "";
  const parts = new URLSearchParams({ example: question.example });
  const story = storyOf();
  if (question.service && question.service !== story?.dataset.service) parts.set("service", question.service);
  if (question.date && question.date !== story?.dataset.date) parts.set("date", question.date);
  const changed = Object.entries(question.changed).map(([name, value]) => `${name}:${value === true ? "yes" : value === false ? "no" : value}`);
  if (changed.length) parts.set("if", changed.join());
  return `#${parts}`.replaceAll("%3A", ":").replaceAll("%2C", ",");
}

const storyOf = () => [...at("example").options].find((option) => option.value && option.value === question.example);

// One question at a time. What changes meanwhile is asked as soon as the answer is there, so that a dragged slider never waits for a pause.
async function ask(fresh) {
  if (asking) {
    next = { fresh: fresh || Boolean(next?.fresh) };
    return;
  }
  asking = true;
  const answer = await answerOf(fresh);
  asking = false;
  const again = next;
  next = null;
  // an answer about another example or chart than the one that is chosen now is not drawn
  if (!again?.fresh) (answer.error ? refuse(answer.error) : show(answer));
  if (again) ask(again.fresh || (fresh && Boolean(answer.error)));
}

async function answerOf(fresh) {
  const body = { what_if: question.changed, resources: fresh };
  if (question.pasted === null) body.example = question.example;
  else body.pasted = question.pasted;
  if (question.service) body.service = question.service;
  if (question.date) body.date = question.date;
  try {
    const answered = await fetch("/workbench/evaluate", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    const answer = await answered.json();
    return answered.ok ? answer : { error: answer.error ?? answer.issue?.[0]?.details?.text ?? "The service refused the question." };
  } catch {
    return { error: "The service does not answer: is it still running?" };
  }
}

// Pasted data that cannot be read leaves the page with the question that it had.
function refuse(sentence) {
  if (former) Object.assign(question, former);
  former = null;
  fault(sentence);
}

function fault(sentence) {
  at("fault").hidden = false;
  at("fault").textContent = sentence;
}

function show(answer) {
  at("fault").hidden = true;
  former = null;
  if (answer.resources) {
    keepResources(answer.resources);
    request = answer.request;
  }
  question.service = answer.service;
  at("example").value = question.pasted === null ? question.example : "";
  at("service").value = answer.service;
  at("date").value = answer.date;
  const story = storyOf();
  at("why").textContent = question.pasted === null ? (story?.dataset.why ?? "") : "Pasted data.";
  const changed = Object.keys(question.changed).length;
  const said = [...(lost ? ["The link names an example that is not here; another is shown."] : []), ...answer.said, ...(changed ? [`${changed} ${changed === 1 ? "fact is" : "facts are"} not the chart's: this is a what if, and no answer about the patient.`] : [])];
  at("said").hidden = !said.length;
  put("said", said.map((sentence) => h("p", {}, sentence)));
  at("outcome").textContent = answer.outcome;
  drawControls(answer, question.changed, change);
  drawPrograms(answer);
  drawCards(answer);
  drawTimeline(answer.timeline, openResource);
  shown = answer;
  drawPanel();
  history.replaceState(null, "", link() || location.pathname);
  document.body.dataset.answered = String(Number(document.body.dataset.answered ?? 0) + 1);
}

// Only the panel that is looked at is drawn; another when its tab is chosen.
const PANELS = {
  "panel-rules": () => drawRules(shown, reveal),
  "panel-facts": () => drawFacts(shown, openResource, question.changed),
  "panel-json": () => drawJson(request, shown),
};

function drawPanel() {
  const chosen = document.querySelector("[role=tab][aria-selected=true]").getAttribute("aria-controls");
  if (shown) PANELS[chosen]?.();
}

const WORDS = { offered: "offered", "in place": "already under way", withheld: "withheld", "not offered": "not offered" };

function drawPrograms(answer) {
  const states = Object.fromEntries(answer.programs.map((program) => [program.id, program.state]));
  put("programs", answer.programs.map((program) => {
    const moved = before && before[program.id] !== undefined && before[program.id] !== program.state;
    const why = program.state === "offered" ? program.offered_by.join(", ") || "the fallback" : program.withheld_by.map((one) => `${one.rule}${one.why === "fired" ? "" : ` (${one.why})`}`).join(", ");
    return h("li", { class: `program ${program.state.replaceAll(" ", "-")}${moved ? " moved" : ""}`, "data-program": program.id, "data-state": program.state },
      h("span", { class: "name" }, program.title), h("span", { class: "mark" }, WORDS[program.state]),
      why && h("span", { class: "by" }, why), program.steps_withheld?.length ? h("span", { class: "by" }, `without ${program.steps_withheld.join(", ")}`) : null);
  }));
  before = states;
}

function change(name, value) {
  if (value === undefined) delete question.changed[name];
  else question.changed[name] = value;
  ask(false);
}

const MOST = 10 * 1024 * 1024;

function use(text) {
  if (text.length > MOST) return fault("This is larger than 10 MB: paste fewer resources."); // nor is it sent
  lost = false;
  former = { ...question };
  Object.assign(question, { pasted: text, example: "", date: null, changed: {} });
  before = null;
  ask(true);
}

function wire() {
  at("example").addEventListener("change", (event) => {
    if (!event.target.value) return at("paste").click();
    lost = false;
    Object.assign(question, { example: event.target.value, pasted: null, service: null, date: null, changed: {} });
    before = null;
    ask(true);
  });
  at("service").addEventListener("change", (event) => { question.service = event.target.value; question.changed = {}; before = null; ask(true); });
  at("date").addEventListener("change", (event) => { question.date = event.target.value || null; ask(false); });
  at("reset").addEventListener("click", () => { question.changed = {}; ask(false); });
  at("find-fact").addEventListener("input", (event) => find(event.target.value));
  at("link").addEventListener("click", async () => {
    if (question.pasted !== null) return fault("Pasted data has no link: it would have to stand in it.");
    await navigator.clipboard?.writeText(location.href);
    at("link").textContent = "Copied";
    setTimeout(() => { at("link").textContent = "Copy link"; }, 1500);
  });
  const dialog = at("paste-dialog");
  at("paste").addEventListener("click", () => dialog.showModal());
  at("file").addEventListener("change", async (event) => { at("pasted").value = (await event.target.files[0]?.text()) ?? ""; });
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "cancel" && at("pasted").value) use(at("pasted").value);
    else at("example").value = question.example;
    dialog.returnValue = "";
  });
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", async (event) => {
    event.preventDefault();
    const file = event.dataTransfer.files[0];
    use(file ? await file.text() : event.dataTransfer.getData("text"));
  });
  tabs();
  window.addEventListener("hashchange", () => { read(); before = null; ask(true); });
}

function tabs() {
  const all = [...document.querySelectorAll("[role=tab]")];
  const choose = (tab) => {
    for (const one of all) {
      const chosen = one === tab;
      one.setAttribute("aria-selected", String(chosen));
      one.tabIndex = chosen ? 0 : -1;
      at(one.getAttribute("aria-controls")).hidden = !chosen;
    }
    drawPanel();
  };
  all.forEach((tab, place) => {
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = all[(place + step + all.length) % all.length];
      choose(next);
      next.focus();
    });
  });
}

read();
wire();
ask(true);
