"""What must change nothing: the order of resources, duplicates, and resources that nobody reads."""

from __future__ import annotations

from random import Random
from typing import Any

from exercise_cds.authoring.chart_builder import PATIENT, resources_of
from laws.patients import TODAY, ask, every_shard, patients, wordless

_NOBODYS: list[dict[str, Any]] = [
    {"resourceType": "Condition", "id": "unrelated-1", "subject": {"reference": f"Patient/{PATIENT}"}, "recordedDate": "2026-01-01",
     "code": {"coding": [{"system": "http://snomed.info/sct", "code": "81680005", "display": "Neck pain"}]}},
    {"resourceType": "Procedure", "id": "unrelated-2", "status": "completed", "subject": {"reference": f"Patient/{PATIENT}"},
     "code": {"coding": [{"system": "http://snomed.info/sct", "code": "80146002", "display": "Appendix removed"}]}},
    {"resourceType": "MedicationRequest", "id": "unrelated-3", "status": "active", "intent": "order",
     "subject": {"reference": f"Patient/{PATIENT}"}, "authoredOn": "2026-02-20",
     "medicationCodeableConcept": {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "161"}]}},
]  # fmt: skip


def mixed(resources: list[dict[str, Any]], random: Random) -> list[dict[str, Any]]:
    """The same chart with duplicates and strangers, in another order; the Patient first, as only one is ever read."""
    person, *others = resources
    others += [random.choice(others) for _ in range(2) if others]
    others += random.sample(_NOBODYS, 2)
    random.shuffle(others)
    return [person, *others]


@every_shard
def test_order_duplicates_and_strangers_change_nothing(shard: int) -> None:
    """Shuffled, doubled and with resources of the patient that no fact reads, the chart gets the same answer."""
    for one in patients(shard):
        resources = resources_of(one.patient.given, TODAY)
        seen = ask(one.patient, mixed(resources, one.chance), with_=wordless())
        assert (seen.decision, seen.unobtainable) == (one.decision, one.unobtainable), one.patient
