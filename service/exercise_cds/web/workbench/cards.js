// Cards as an EHR's side panel draws them. The details come as HTML from the service's own Markdown renderer, which lets no HTML,
// image or link other than https through.

import { h, put } from "./dom.js";

const NAMES = { critical: "Critical", warning: "Warning", info: "Info" };

export function drawCards(answer) {
  const cards = answer.response.cards;
  if (answer.status === 412) {
    put("cards", h("div", { class: "nothing" }, h("strong", {}, "412"), h("p", {}, `${answer.unobtainable.join(" and ")} could not be had, so the answer is an error and not an empty list.`)));
    return;
  }
  if (!cards.length) {
    put("cards", h("div", { class: "nothing" }, h("p", {}, "No card."), h("p", { class: "soft" }, `The outcome is named all the same: ${answer.outcome}.`)));
    return;
  }
  put("cards", cards.map((card, place) => drawCard(card, answer.details[place])));
}

function drawCard(card, detail) {
  const body = h("div", { class: "detail" });
  body.innerHTML = detail; // rendered by the service: see markdown.py
  return h("article", { class: `card ${card.indicator}` },
    h("p", { class: "indicator" }, NAMES[card.indicator] ?? card.indicator),
    h("h3", {}, card.summary),
    body,
    card.suggestions && h("ul", { class: "suggestions" }, card.suggestions.map(drawSuggestion)),
    h("div", { class: "foot" },
      h("p", { class: "source" }, "Source: ", link(card.source)),
      card.links && h("ul", { class: "links" }, card.links.map((one) => h("li", {}, link(one)))),
      card.overrideReasons && h("label", { class: "override" }, "Dismiss because ",
        h("select", {}, h("option", {}, "…"), card.overrideReasons.map((reason) => h("option", {}, reason.display))))));
}

function drawSuggestion(suggestion) {
  const actions = suggestion.actions ?? [];
  return h("li", {},
    h("details", {},
      h("summary", {}, h("span", { class: "label" }, suggestion.label), suggestion.isRecommended && h("span", { class: "chip" }, "recommended")),
      actions.map((action) => [h("p", { class: "soft" }, action.description), h("pre", { tabindex: 0 }, JSON.stringify(action.resource, null, 2))])));
}

function link(one) {
  if (!one.url || !one.url.startsWith("https://")) return one.label;
  return h("a", { href: one.url, rel: "noreferrer noopener", target: "_blank" }, one.label);
}
