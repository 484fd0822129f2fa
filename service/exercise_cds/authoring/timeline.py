"""A chart's dates in one list, for a picture: what began, was measured or ordered when, and the bands that rules cut time into."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from exercise_cds.authoring.reads import facts_read
from exercise_cds.model.pack import RulePack

_STARTS: Mapping[str, tuple[str, ...]] = {
    "Condition": ("onsetDateTime", "onsetPeriod", "recordedDate"),
    "Observation": ("effectiveDateTime", "effectivePeriod", "effectiveInstant", "issued"),
    "Procedure": ("performedDateTime", "performedPeriod"),
    "ServiceRequest": ("authoredOn", "occurrenceDateTime", "occurrencePeriod"),
    "MedicationRequest": ("authoredOn",),
    "CarePlan": ("period", "created"),
    "QuestionnaireResponse": ("authored",),
}
_ENDS: Mapping[str, tuple[str, ...]] = {"Condition": ("abatementDateTime", "abatementPeriod")}
_LANES = {
    "Condition": "conditions",
    "Observation": "scores",
    "QuestionnaireResponse": "scores",
    "Procedure": "procedures",
    "ServiceRequest": "orders",
    "MedicationRequest": "orders",
    "CarePlan": "orders",
}
MOST = 300
_LABEL = 80


def timeline(pack: RulePack, service: str, resources: Iterable[Mapping[str, Any]], today: date) -> dict[str, Any]:
    """Events with a readable date, the newest `MOST` of them, and the duration bands of the pack's settings in days before today."""
    events = [event for resource in resources if (event := _event(resource)) is not None]
    events.sort(key=lambda event: str(event["start"]), reverse=True)
    return {"today": today.isoformat(), "events": events[:MOST], "left_out": len(events[MOST:]), "bands": _bands(pack, service, today)}


def _event(resource: Mapping[str, Any]) -> dict[str, Any] | None:
    kind = str(resource.get("resourceType"))
    start = _date(resource, _STARTS.get(kind, ()))
    if kind not in _LANES or start is None:
        return None
    event: dict[str, Any] = {
        "lane": _LANES[kind],
        "label": _label(resource),
        "start": start,
        "resource": f"{kind}/{resource.get('id', '')}",
    }
    if (end := _date(resource, _ENDS.get(kind, ()))) is not None:
        event["end"] = end
    elif kind == "Condition":
        event["open"] = True
    quantity = resource.get("valueQuantity")
    if isinstance(quantity, Mapping) and isinstance(quantity.get("value"), int | float):
        event["value"] = quantity["value"]
    return event


def _date(resource: Mapping[str, Any], elements: Iterable[str]) -> str | None:
    """The first of these elements that holds a date, as a whole day: the earliest that a partial one can be."""
    for element in elements:
        found = resource.get(element)
        text = found.get("start") if isinstance(found, Mapping) else found
        if isinstance(text, str):
            written = f"{text[:10]}-01-01" if len(text) == 4 else f"{text[:7]}-01" if len(text) == 7 else text[:10]
            try:
                return date.fromisoformat(written).isoformat()
            except ValueError:
                continue
    return None


def _label(resource: Mapping[str, Any]) -> str:
    for element in ("code", "medicationCodeableConcept"):
        concept = resource.get(element)
        if isinstance(concept, Mapping):
            codings = concept.get("coding")
            first = codings[0] if isinstance(codings, list) and codings and isinstance(codings[0], Mapping) else {}
            if words := concept.get("text") or first.get("display") or first.get("code"):
                return str(words)[:_LABEL]
    return str(resource.get("title") or resource.get("resourceType"))[:_LABEL]


def _bands(pack: RulePack, service: str, today: date) -> list[dict[str, Any]]:
    """Where the pack's rules cut the length of an episode: [{from: 14, name, day}], in days before today."""
    episodes = [name for name, spec in pack.facts.items() if spec.kind == "episode"]
    read = facts_read(pack, service)
    cuts = sorted({number for name in episodes for number in read.get(name, ()) if 0 < number <= 400})
    names: dict[float, str] = {}
    for setting in pack.settings.values():
        names.setdefault(setting.value, setting.name.replace("_", " "))
    return [{"from": cut, "name": names.get(cut, ""), "day": (today - timedelta(days=round(cut))).isoformat()} for cut in cuts]
