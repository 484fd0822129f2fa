"""What must change nothing: the order of resources, duplicates, resources that nobody reads, and the calendar itself."""

from __future__ import annotations

import re
from random import Random
from typing import Any

import orjson

from exercise_cds.authoring.chart_builder import PATIENT, resources_of
from exercise_cds.cds_service import Examination
from laws.patients import TODAY, ask, every_shard, patients

CYCLE = 28
"""Years after which dates fall on the same days of the week, leap years included, within one century."""
_YEAR = re.compile(r"^(19|20)\d\d(?=-|$)")
_NOBODYS: list[dict[str, Any]] = [
    {"resourceType": "Condition", "id": "unrelated-1", "subject": {"reference": f"Patient/{PATIENT}"}, "recordedDate": "2026-01-01",
     "code": {"coding": [{"system": "http://snomed.info/sct", "code": "81680005", "display": "Neck pain"}]}},
    {"resourceType": "Procedure", "id": "unrelated-2", "status": "completed", "subject": {"reference": f"Patient/{PATIENT}"},
     "code": {"coding": [{"system": "http://snomed.info/sct", "code": "80146002", "display": "Appendix removed"}]}},
    {"resourceType": "MedicationRequest", "id": "unrelated-3", "status": "active", "intent": "order",
     "subject": {"reference": f"Patient/{PATIENT}"}, "authoredOn": "2026-02-20",
     "medicationCodeableConcept": {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "161"}]}},
]  # fmt: skip


def answer(seen: Examination) -> object:
    """All that a clinician gets but the words that hold dates."""
    decision = seen.decision
    return decision.outcome, decision.rules, decision.said, decision.offered, decision.withheld, decision.in_place, seen.unobtainable


def mixed(resources: list[dict[str, Any]], random: Random) -> list[dict[str, Any]]:
    """The same chart with duplicates and strangers, in another order; the Patient first, as only one is ever read."""
    person, *others = resources
    others += [random.choice(others) for _ in range(2) if others]
    others += random.sample(_NOBODYS, 2)
    random.shuffle(others)
    return [person, *others]


def later(value: Any) -> Any:
    """Every date of a resource, one cycle of the calendar later."""
    match value:
        case dict():
            return {key: later(one) for key, one in value.items()}
        case list():
            return [later(one) for one in value]
        case str() if found := _YEAR.match(value):
            return f"{int(found.group()) + CYCLE}{value[4:]}"
    return value


@every_shard
def test_order_duplicates_and_strangers_change_nothing(shard: int) -> None:
    """Shuffled, doubled and with resources of the patient that no fact reads, the chart gets the same answer."""
    for patient, random in patients(shard):
        resources = resources_of(patient.given, TODAY)
        assert answer(ask(patient, mixed(resources, random))) == answer(ask(patient, resources)), patient


@every_shard
def test_the_calendar_itself_changes_nothing(shard: int) -> None:
    """All dates and the day of asking moved together by a whole cycle of the calendar: the same answer."""
    for patient, _ in patients(shard):
        resources = resources_of(patient.given, TODAY)
        assert answer(ask(patient, later(orjson.loads(orjson.dumps(resources))), years=CYCLE)) == answer(ask(patient, resources)), patient
