// The chart's resources and the JSON of request and response, as text.

import { at, h, put } from "./dom.js";

const MOST = 400000;
let resources = [];

const nameOf = (resource) => `${resource.resourceType}/${resource.id ?? ""}`;

export function keepResources(found) {
  resources = found;
  put("panel-chart", h("div", { class: "chart" },
    h("ul", { class: "resources", "aria-label": "Resources" }, resources.slice(0, 500).map((one, place) => h("li", {}, h("button", { type: "button", class: "ref", "data-place": place, onclick: () => show(place) }, nameOf(one)), " ", labelOf(one)))),
    h("pre", { id: "resource", tabindex: 0, "aria-label": "The resource" }, "Choose a resource.")));
}

function labelOf(one) {
  const concept = one.code ?? one.medicationCodeableConcept;
  const words = concept?.text ?? concept?.coding?.[0]?.display;
  return typeof words === "string" ? words.slice(0, 80) : "";
}

function show(place) {
  at("resource").textContent = JSON.stringify(resources[place], null, 2).slice(0, MOST);
  for (const button of document.querySelectorAll("#panel-chart [data-place]")) button.classList.toggle("chosen", Number(button.dataset.place) === place);
}

export function openResource(name) {
  const place = resources.findIndex((one) => nameOf(one) === name);
  document.getElementById("tab-chart").click();
  if (place < 0) at("resource").textContent = `${name} does not stand in the request.`;
  else show(place);
  document.querySelector("#panel-chart .chosen")?.scrollIntoView({ block: "nearest" });
  at("resource").focus();
}

export function drawJson(request, answer) {
  const broken = answer.broken;
  put("panel-json",
    h("p", { class: broken.length ? "doubt" : "kept" }, broken.length ? `${broken.length} rules of CDS Hooks are broken:` : "Every rule of CDS Hooks that is checked on an answer is kept."),
    broken.length ? h("ul", {}, broken.map((one) => h("li", {}, one))) : null,
    h("h3", {}, "Response"), h("pre", { tabindex: 0, "aria-label": "Response" }, cut(answer.response)),
    h("h3", {}, "Request"), h("pre", { tabindex: 0, "aria-label": "Request" }, cut(request)));
}

function cut(value) {
  const text = JSON.stringify(value, null, 2) ?? "";
  return text.length > MOST ? `${text.slice(0, MOST)}\n… ${text.length - MOST} more characters` : text;
}
