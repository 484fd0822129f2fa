// Sliders and switches for facts. They are made once for a service and moved afterwards, so that a slider under a thumb stays under it.

import { at, h, number, put, unit } from "./dom.js";

let made = "";

export function drawControls(answer, changed, change) {
  const key = answer.controls.map((one) => one.name).join();
  if (key !== made) {
    made = key;
    put("main-controls", answer.controls.filter((one) => one.main).map((one) => control(one, change)));
    put("more-controls", answer.controls.filter((one) => !one.main).map((one) => control(one, change)));
  }
  const facts = Object.fromEntries(answer.facts.map((fact) => [fact.name, fact]));
  for (const one of answer.controls) move(one, facts[one.name], changed);
  at("reset").hidden = Object.keys(changed).length === 0;
}

function control(one, change) {
  const id = `if-${one.name}`;
  const label = h("label", { for: id }, one.says);
  if (one.type === "number") {
    const slider = h("input", { type: "range", id, min: one.least, max: one.most, step: one.step, "aria-describedby": `${id}-turns`, oninput: (event) => change(one.name, Number(event.target.value)) });
    const span = one.most - one.least;
    const marks = h("div", { class: "turns", id: `${id}-turns` }, one.turns.map((turn) => {
      const mark = h("span", {}, number(turn));
      mark.style.setProperty("--at", String((turn - one.least) / span)); // through the object model: no inline style in the page
      return mark;
    }));
    return h("div", { class: "control slider", "data-name": one.name, "data-wide": one.main && one.unit === "days" }, h("div", { class: "head" }, label, h("output", { for: id })), slider, marks);
  }
  const words = one.type === "word" ? one.words.map((word) => [word, word]) : [["true", "yes"], ["false", "no"]];
  const select = h("select", { id, onchange: (event) => change(one.name, parse(event.target.value)) },
    h("option", { value: "" }, "as in the chart"), words.map(([value, word]) => h("option", { value }, word)));
  return h("div", { class: "control switch", "data-name": one.name }, label, select);
}

function parse(text) {
  return text === "" ? undefined : text === "true" ? true : text === "false" ? false : text;
}

function move(one, fact, changed) {
  const box = document.querySelector(`.control[data-name="${CSS.escape(one.name)}"]`);
  if (!box) return;
  const isChanged = one.name in changed;
  box.classList.toggle("changed", isChanged);
  const input = box.querySelector("input, select");
  if (one.type !== "number") {
    input.value = isChanged ? String(changed[one.name]) : "";
    return;
  }
  const known = fact?.state === "known" ? fact.value : null;
  const value = isChanged ? changed[one.name] : known;
  if (document.activeElement !== input || !isChanged) input.value = value ?? one.least;
  const words = value === null || value === undefined ? (fact?.state ?? "not recorded") : `${number(value)} ${unit(one.unit)}`;
  box.classList.toggle("unknown", value === null || value === undefined);
  box.querySelector("output").textContent = words;
  input.setAttribute("aria-valuetext", words);
}

export function find(words) {
  const wanted = words.trim().toLowerCase();
  for (const box of document.querySelectorAll("#more-controls .control")) {
    box.hidden = !`${box.textContent} ${box.dataset.name}`.toLowerCase().includes(wanted);
  }
}

export function reveal(name) {
  const box = document.querySelector(`.control[data-name="${CSS.escape(name)}"]`);
  if (!box) return;
  box.closest("details")?.setAttribute("open", "");
  box.hidden = false;
  box.scrollIntoView({ block: "center" });
  box.querySelector("input, select").focus();
}
