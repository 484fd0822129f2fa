// Every rule as a tree of true, false and unknown, in the groups fired, in doubt, nearly, not.

import { h, put } from "./dom.js";

const GROUPS = [
  ["fired", "Fired", "Their cards, offers and withholdings count."],
  ["in doubt", "Withhold because something could not be told", "Could not look is not the same as not there."],
  ["nearly", "Nearly", "One number kept each of these."],
  ["not", "Did not fire", "The nearest first."],
];
const MARKS = { true: "yes", false: "no", unknown: "?" };

export function drawRules(answer, turn) {
  const open = new Set([...document.querySelectorAll("#panel-rules details[open]")].map((one) => one.dataset.rule));
  put("panel-rules",
    answer.gates.some((gate) => gate.node.truth !== "true") && h("div", {}, h("h3", {}, "The gate is not open, so no rule was asked"), answer.gates.map((gate) => [h("p", {}, gate.label), h("ul", { class: "tree" }, node(gate.node, "", turn))])),
    GROUPS.map(([group, title, words]) => {
      const rules = answer.rules.filter((rule) => rule.group === group);
      if (!rules.length) return null;
      const heading = h("h3", {}, `${title} `, h("span", { class: "count" }, String(rules.length)));
      const rest = [h("p", { class: "soft" }, words), rules.map((rule) => drawRule(rule, open, turn))];
      if (group === "not") return h("details", { class: "group", "data-rule": "not", open: open.has("not") }, h("summary", {}, heading), rest);
      return h("div", { class: `group ${group.replaceAll(" ", "-")}` }, heading, rest);
    }));
}

function drawRule(rule, open, turn) {
  const group = rule.group.replaceAll(" ", "-");
  const tree = h("ul", { class: "tree" });
  const grow = () => tree.childElementCount || tree.append(...[node(rule.when, "when", turn), rule.unless && node(rule.unless, "unless", turn)].filter(Boolean));
  if (open.has(rule.id)) grow();
  return h("details", { class: `rule ${group}`, "data-rule": rule.id, open: open.has(rule.id), ontoggle: grow },
    h("summary", {}, h("span", { class: "title" }, rule.title), h("span", { class: "does" }, rule.does.join(", ")), rule.group !== "fired" && rule.miss && h("span", { class: "miss" }, rule.miss)),
    h("p", { class: "soft" }, h("code", {}, rule.id), ` ${rule.where}`), tree);
}

function node(one, label, turn) {
  return h("li", { class: one.truth },
    h("span", { class: "truth" }, MARKS[one.truth]), label && h("b", {}, ` ${label} `), " ",
    one.fact ? h("button", { type: "button", class: "ref", onclick: () => turn(one.fact) }, one.words) : h("span", {}, one.words),
    one.answer !== undefined && h("span", { class: "answer" }, one.answer),
    one.parts?.length ? h("ul", {}, one.parts.map((part) => node(part, "", turn))) : null);
}
