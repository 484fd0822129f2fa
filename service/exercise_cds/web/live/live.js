// Follows the pack's files: by a stream where one is free (two pages at most), else by asking every second and a half.

import { at, h, put } from "/workbench/dom.js";

let shown = "";

function show(state) {
  const key = `${state.number} ${state.serves}`;
  if (key === shown || state.number === 0) return;
  shown = key;
  const errors = state.findings.filter((one) => one.level === "error").length;
  const failing = state.failures.length;
  at("verdict").textContent = state.broken ? "The pack is broken" : failing ? `${failing} ${failing === 1 ? "case fails" : "cases fail"}` : errors ? `${errors} ${errors === 1 ? "mistake" : "mistakes"} in the cases` : state.running ? "Running the cases…" : `All ${state.cases} cases pass`;
  at("verdict").className = state.broken || errors || failing ? "bad" : state.running ? "" : "good";
  at("which").textContent = which(state);
  at("progress").hidden = !state.running || !state.of;
  at("progress").max = state.of || 1;
  at("progress").value = state.cases;
  const advice = state.findings.filter((one) => one.level !== "error");
  put("findings", errors ? state.findings.filter((one) => one.level === "error").map(finding) : h("p", { class: "soft" }, "No mistake."),
    advice.length ? h("details", {}, h("summary", {}, `${advice.length} pieces of advice`), advice.map(finding)) : null);
  put("cases", state.digest && h("p", {}, `${state.cases - failing} of ${state.cases} pass${state.cases < state.of ? `; ${state.of} are to be run` : ""}.`), state.failures.map((one) => h("div", { class: "finding error" }, h("p", {}, h("code", {}, one.where), ` ${one.case}`), one.differences.map((line) => h("pre", {}, line)))));
  put("changes", state.changes.length ? state.changes.map((one) => h("details", { open: state.changes.length < 4 }, h("summary", {}, one.example), one.before.map((line) => h("p", { class: "went" }, line)), one.now.map((line) => h("p", { class: "came" }, line)))) : h("p", { class: "soft" }, "No example gets other cards since the change before."));
}

const short = (digest) => digest.slice(0, 12);

function which(state) {
  const looked = `Looked at ${state.at.replace("T", " ").replace("+00:00", " UTC")}${state.running ? "" : ` in ${(state.milliseconds / 1000).toFixed(1)} s`}.`;
  const answers = state.serves === state.digest ? "" : ` Requests are answered with pack ${short(state.serves)}.`;
  if (!state.broken) return `${state.digest && !state.running ? `Pack ${short(state.digest)}.` : ""}${answers} ${looked}`;
  if (!state.digest) return `There is no good pack in the files yet.${answers} ${looked}`;
  return `Cases and cards below are those of the last good pack, ${short(state.digest)}${answers ? `.${answers}` : ", which keeps answering."} ${looked}`;
}

function finding(one) {
  return h("div", { class: `finding ${one.level}` }, h("p", {}, h("code", {}, one.where), ` ${one.sentence}`), one.line.trim().length > 1 && h("pre", {}, one.line), one.hint && h("p", { class: "soft" }, one.hint));
}

async function poll() {
  try {
    const answered = await fetch("/workbench/live/state");
    if (answered.ok) show(await answered.json());
    at("way").textContent = "asks every second and a half";
  } catch {
    at("way").textContent = "the service does not answer";
  }
  setTimeout(poll, 1500);
}

function follow() {
  const stream = new EventSource("/workbench/live/events");
  stream.onopen = () => { at("way").textContent = "follows the files"; };
  stream.onmessage = (event) => show(JSON.parse(event.data));
  stream.onerror = () => {
    if (stream.readyState !== EventSource.CLOSED) return; // it comes again by itself
    poll();
  };
}

follow();
