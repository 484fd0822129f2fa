"""Searches over resources that lie at hand, answered as a FHIR server answers them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from exercise_cds.fhir.folder import UnreadableFile, read_folder
from exercise_cds.fhir.searches import NotUnderstood, answer

LOINC = "http://loinc.org"


def observation(id_: str, code: str, day: str, **elements: Any) -> dict[str, Any]:
    """An Observation of the patient p1."""
    whole = {"resourceType": "Observation", "id": id_, "status": "final", "subject": {"reference": "Patient/p1"}}
    return whole | {"code": {"coding": [{"system": LOINC, "code": code}]}, "effectiveDateTime": day} | elements


CHART = (
    {"resourceType": "Patient", "id": "p1"},
    observation("o1", "8310-5", "2026-01-01"),
    observation("o2", "8310-5", "2026-03-01"),
    observation("o3", "8310-5", "", effectiveDateTime=None, effectivePeriod={"start": "2026-02-01"}),
    observation("o4", "29463-7", "2026-02-01"),
    observation("o5", "8310-5", "2026-02-15", subject={"reference": "https://ehr.example.org/fhir/Patient/p1"}),
    observation("o6", "8310-5", "2026-02-16", subject={"reference": "Patient/p2"}),
    {"resourceType": "CarePlan", "id": "c1", "subject": {"reference": "Patient/p1"}, "category": [{"coding": [{"code": "assess-plan"}]}]},
    {"resourceType": "AllergyIntolerance", "id": "a1", "patient": {"reference": "Patient/p1"}, "code": {"text": "nuts"}},
    {"resourceType": "MedicationRequest", "id": "m1", "subject": {"reference": "Patient/p1"}, "status": "active",
     "medicationCodeableConcept": {"coding": [{"system": "a,b|c", "code": "x"}]}},
)  # fmt: skip


def found(query: str) -> list[str]:
    """The ids on the first page."""
    bundle = answer(CHART, query)
    assert bundle is not None
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "searchset")
    return [entry["resource"]["id"] for entry in bundle.get("entry", [])]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("Observation?patient=p1", ["o1", "o2", "o3", "o4", "o5"]),
        ("Observation?subject=Patient/p2", ["o6"]),
        ("Observation?patient=p1&code=http://loinc.org|29463-7", ["o4"]),
        ("Observation?patient=p1&code=http%3A%2F%2Floinc.org%7C29463-7", ["o4"]),
        ("Observation?patient=p1&code=29463-7", ["o4"]),
        ("Observation?patient=p1&code=|29463-7", []),
        ("Observation?patient=p1&code=http://loinc.org|", ["o1", "o2", "o3", "o4", "o5"]),
        ("Observation?patient=p1&code=http://loinc.org|29463-7,http://loinc.org|8310-5&_sort=-date&_count=2", ["o2", "o5"]),
        ("Observation?patient=p1&_sort=date", ["o1", "o3", "o4", "o5", "o2"]),
        ("Observation?patient=p1&status=final&_id=o2", ["o2"]),
        ("Observation?patient=p1&status=preliminary", []),
        ("CarePlan?patient=p1&category=assess-plan", ["c1"]),
        ("CarePlan?patient=p1&category=http://x|assess-plan", []),
        ("AllergyIntolerance?patient=p1", ["a1"]),
        ("MedicationRequest?patient=p1&code=a\\,b\\|c|x", ["m1"]),
        ("Observation?patient=p1&_count=0", []),
        ("Condition?patient=p1", []),
    ],
)
def test_searches(query: str, ids: list[str]) -> None:
    """By patient, by token in each of its spellings, sorted, and so many."""
    assert found(query) == ids


def test_a_page_never_looks_like_everything() -> None:
    """A total is told with every page, so that one entry of five is not taken for all."""
    bundle = answer(CHART, "Observation?patient=p1&_count=1")
    assert bundle is not None
    assert (bundle["total"], len(bundle["entry"])) == (5, 1)


def test_a_read_is_by_type_and_id() -> None:
    """Reading finds the one resource, or nothing."""
    assert answer(CHART, "Patient/p1") == CHART[0]
    assert answer(CHART, "Patient/o1") is None


@pytest.mark.parametrize(
    "query", ["Condition?patient=p1&onset=gt2020", "Observation?_include=x", "Condition?_sort=-x", "Condition?_count=-1"]
)
def test_what_is_not_understood_is_refused(query: str) -> None:
    """A parameter that is passed over would answer another question."""
    with pytest.raises(NotUnderstood):
        answer(CHART, query)


def test_a_folder_holds_resources_bundles_and_requests(tmp_path: Path) -> None:
    """Files of one resource, Bundles, and hook requests with their prefetch, in folders within folders; other files are passed over."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "one.json").write_text(json.dumps(CHART[0]), encoding="utf-8")
    (tmp_path / "deep" / "two.json").write_text(json.dumps({"resourceType": "Bundle", "entry": [{"resource": CHART[1]}]}), encoding="utf-8")
    request = {"hook": "patient-view", "prefetch": {"a": CHART[2], "b": None}}
    (tmp_path / "three.json").write_text(json.dumps(request), encoding="utf-8")
    (tmp_path / "story.yaml").write_text("why: nothing to read here", encoding="utf-8")
    assert sorted(str(one["id"]) for one in read_folder(tmp_path)) == ["o1", "o2", "p1"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "a.json is no JSON"),
        ("[]", "a.json holds no FHIR resource"),
        ('{"resourceType": "Bundle", "entry": [{}]}', r"a.json: entry\[0\] holds no FHIR resource"),
        ('{"hook": "x", "prefetch": {"k": 1}}', "a.json, prefetch k holds no FHIR resource"),
    ],
)
def test_a_file_that_is_no_fhir_is_a_sentence(tmp_path: Path, text: str, words: str) -> None:
    """Nothing is passed over in silence: the file is named."""
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    with pytest.raises(UnreadableFile, match=words):
        read_folder(tmp_path)
