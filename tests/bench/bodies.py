"""Bodies as an EHR posts them, made from a seed: every one another patient, a third with back pain, exactly so many resources each.

The mix is that of `builders.charts`: problem list, vital signs and laboratory values, medicines, operations, orders. Each Observation
stands under the prefetch key that asked for its code; those that nobody asked for stand under the first of these keys, as from a
server that answers a search by code with everything of the category. So there is something to leave unread, as there is in life.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

import orjson

from builders.charts import TODAY, Charts, bundle
from exercise_cds.fhir import ReadPlan
from exercise_cds.model.codes import ICD10CM

SERVICE = "low-back-pain-exercise"
SEED = 20260302
_SPARE = 1.1
"""How much larger a chart is made than is taken of it, since shares of a small number are rounded."""


@dataclass(frozen=True, slots=True)
class Body:
    """One request: whom it is about, and its bytes."""

    patient: str
    text: bytes


def bodies(plan: ReadPlan, resources: int, count: int, *, seed: int = SEED, spaced: bool = False) -> list[Body]:
    """`count` requests about different patients, each with exactly `resources` FHIR resources. `spaced` writes them for people."""
    charts = Charts(seed + resources)
    random = Random(seed)  # noqa: S311 - a seed tells a measurement again
    option = orjson.OPT_INDENT_2 if spaced else None
    made = []
    for number in range(count):
        patient = f"p{resources}-{number}"
        request = request_of(plan, patient, chart_of(charts, resources, patient, in_pain=number % 3 == 0), random)
        made.append(Body(patient, orjson.dumps(request, option=option)))
    return made


def request_of(plan: ReadPlan, patient: str, chart: dict[str, list[dict[str, Any]]], random: Random) -> dict[str, Any]:
    """A hook request with this chart, by type, in its prefetch."""
    return {
        "hook": "patient-view",
        "hookInstance": str(uuid.UUID(int=random.getrandbits(128), version=4)),
        "context": {"userId": "Practitioner/p-1", "patientId": patient, "encounterId": "e-1"},
        "prefetch": _prefetch(plan, chart),
    }


def chart_of(charts: Charts, resources: int, patient: str, *, in_pain: bool) -> dict[str, list[dict[str, Any]]]:
    """A chart of exactly so many resources; back pain of some weeks stands in it where `in_pain` says so, and else nowhere."""
    chart = charts.resources(max(int(resources * _SPARE) + 3, 5), patient)
    keep = _kept({type_: len(held) for type_, held in chart.items() if type_ != "Patient"}, resources - 1)
    chart = {type_: held[: keep.get(type_, len(held))] for type_, held in chart.items()}
    first = chart["Condition"][0]
    code, words = ("M54.50", "Low back pain, unspecified") if in_pain else ("J45.909", "Unspecified asthma, uncomplicated")
    first["code"] = {"coding": [{"system": ICD10CM, "code": code, "display": words}], "text": words}
    if in_pain:
        first["clinicalStatus"]["coding"][0]["code"] = "active"
        first["onsetDateTime"] = (TODAY - timedelta(days=20 + len(patient) * 7 % 60)).isoformat()
        first.pop("abatementDateTime", None)
    return chart


def _prefetch(plan: ReadPlan, chart: dict[str, list[dict[str, Any]]]) -> dict[str, object]:
    readings = [key for key, query in plan.queries.items() if query.types == ("Observation",)]
    under: dict[str, list[dict[str, Any]]] = {key: [] for key in plan.queries}
    for type_, held in chart.items():
        for one in held:
            if type_ == "Observation":
                asked = f"|{one['code']['coding'][0]['code']}"
                key = next((key for key in readings if asked in plan.templates[key]), readings[0])
            else:
                key = next(key for key, query in plan.queries.items() if type_ in query.types)
            under[key].append(one)
    return {key: held[0] if plan.queries[key].types == ("Patient",) else bundle(held) for key, held in under.items()}


def _kept(held: dict[str, int], wanted: int) -> dict[str, int]:
    """How many of each type stay, so that all together are `wanted`: what exceeds it goes from the largest, one at a time."""
    left = dict(held)
    while sum(left.values()) > wanted:
        left[max(left, key=lambda type_: left[type_])] -= 1
    if sum(left.values()) < wanted:
        raise ValueError(f"the charts are too small for {wanted} resources")
    return left
