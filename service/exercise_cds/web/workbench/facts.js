// What the chart says: each fact with its state, its evidence as links into the chart, its doubts and remarks.

import { h, number, put, unit } from "./dom.js";

export function drawFacts(answer, open, changed) {
  const silent = answer.facts.filter((fact) => fact.state === "known" && fact.value === false && !(fact.name in changed));
  const told = answer.facts.filter((fact) => !silent.includes(fact)).sort((one, other) => other.read - one.read);
  put("panel-facts",
    answer.gaps.map((gap) => h("p", { class: "doubt" }, `Could not look: ${gap}.`)),
    answer.issues.map((issue) => h("p", { class: "doubt" }, `Bad data: ${issue.kind} at ${issue.place}${issue.element ? `, ${issue.element}` : ""}.`)),
    h("table", {}, h("caption", { class: "hidden" }, "Facts"),
      h("thead", {}, h("tr", {}, ["Fact", "Value", "From"].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, told.map((fact) => row(fact, open, fact.name in changed)))),
    silent.length ? h("details", {}, h("summary", {}, `${silent.length} more facts are no: nothing of the kind is in the chart`), h("p", { class: "soft" }, silent.map((fact) => fact.says).join("; "))) : null);
}

function row(fact, open, changed) {
  return h("tr", { class: changed ? "changed" : "" },
    h("th", { scope: "row" }, fact.says, h("code", {}, fact.name)),
    h("td", {}, h("span", { class: `state ${fact.state.replaceAll(" ", "-")}` }, valueOf(fact)), changed && h("span", { class: "chip" }, "what if"),
      fact.remarks.map((remark) => h("p", { class: "remark" }, remark))),
    h("td", {}, fact.evidence.map((one) => h("p", {}, h("button", { type: "button", class: "ref", onclick: () => open(one.resource) }, one.resource), " ", one.words))));
}

export function valueOf(fact) {
  if (fact.state === "known") return fact.value === true ? "yes" : fact.value === false ? "no" : typeof fact.value === "number" ? `${number(fact.value)} ${unit(fact.unit)}` : fact.value;
  if (fact.state === "within bounds") return fact.least === null ? `at most ${number(fact.most)} ${unit(fact.unit)}` : fact.most === null ? `at least ${number(fact.least)} ${unit(fact.unit)}` : `${number(fact.least)} to ${number(fact.most)} ${unit(fact.unit)}`;
  return fact.state === "in doubt" ? `in doubt, ${fact.why}` : fact.state;
}
