"""From JSON to the chart: what is taken, what is wrong with it, and whom that puts in doubt."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from builders.reading import FACTS, ICD10CM, KEYS, PLAN, bundle, coded, read, resource, taken, text_of
from exercise_cds.errors import BadRequest, TooLarge
from exercise_cds.fhir import Limits, warm_up
from exercise_cds.model.chart import IssueKind
from exercise_cds.model.facts import Cause

TAKERS = {
    "Patient": {"age", "died", "back_pain_days"},
    "Condition": {"back_pain", "back_pain_days"},
    "Observation": {"pain"},
    "Procedure": {"surgery"},
    "MedicationRequest": {"steroid"},
    "ServiceRequest": {"referred"},
    "CarePlan": {"planned"},
    "QuestionnaireResponse": {"answered"},
}
"""Who takes the default resource of each type."""


def kinds(chart: Any) -> list[str]:
    """The kinds of its issues, sorted."""
    return sorted(issue.kind.value for issue in chart.issues)


@pytest.mark.parametrize("type_", sorted(TAKERS))
def test_each_type_reaches_its_facts(type_: str) -> None:
    """A valid resource of each type is parsed and stands at the facts that take it, in a Bundle and alone, strict and not."""
    for value in (bundle(resource(type_)), resource(type_)):
        for strict in (False, True):
            chart = read(**{type_: value}, strict=strict)
            entries = {id(entry): entry for found in chart.entries.values() for entry in found if entry.type == type_}
            (entry,) = entries.values()
            assert entry.facts == TAKERS[type_]
            assert type(entry.resource).__name__ == type_
            assert entry.place == (f"{KEYS[type_]}.entry[0]" if "entry" in value else KEYS[type_])
            assert not chart.issues
            assert not chart.gaps


def test_every_fact_of_the_plan_has_its_entries() -> None:
    """A fact that nothing speaks of has an empty list of entries, not none."""
    assert set(read().entries) == {spec.name for spec in FACTS}


@pytest.mark.parametrize("type_", ["searchset", "collection", "batch", "history", "transaction-response", "document", None, 5])
def test_a_bundle_of_any_type_is_read(type_: Any) -> None:
    """What a Bundle is for does not matter: its resources do."""
    assert taken(read(Condition=bundle(resource("Condition"), type=type_)))["back_pain"] == ("x1",)


@pytest.mark.parametrize("entry", [None, []])
def test_a_bundle_without_entries_is_an_empty_answer(entry: Any) -> None:
    """`entry: null` and `entry: []` are no entries, and no doubt."""
    chart = read(Condition={"resourceType": "Bundle", "entry": entry})
    assert not chart.gaps
    assert not chart.issues


@pytest.mark.parametrize(
    "fault",
    [None, 5, "text", [], {}, {"fullUrl": "x"}, {"resource": None}, {"resource": "Condition/1"}, {"resource": []}, {"resource": {}},
     {"resource": {"resourceType": "Foo"}}, {"resource": {"resourceType": None}}, {"resource": {"resourceType": "condition"}},
     {"resource": bundle(resource("Condition"))}, {"response": {"status": "200"}}],
)  # fmt: skip
def test_a_place_without_a_resource_is_a_gap(fault: Any) -> None:
    """An entry that is null, a string, has no resource, one of no FHIR type, or a nested Bundle: counted, the others are used, in doubt."""
    chart = read(Condition=bundle(fault, resource("Condition")))
    assert taken(chart)["back_pain"] == ("x1",)
    assert kinds(chart) in (["not-a-resource"], ["unknown-type"])
    assert chart.gaps["conditions"].cause is Cause.UNREADABLE
    assert chart.gaps["conditions"].why == "conditions could not all be read"


@pytest.mark.parametrize("entry", ["text", {}, 5, {"resource": resource("Condition")}])
def test_an_entry_list_that_is_none_is_a_gap(entry: Any) -> None:
    """`entry` that is no list: nothing can be said of what is there."""
    assert read(Condition={"resourceType": "Bundle", "entry": entry}).gaps["conditions"].cause is Cause.UNREADABLE


@pytest.mark.parametrize(
    ("type_", "elements", "element"),
    [
        ("Condition", {"onsetDateTime": "13 days ago"}, "onsetDateTime"),
        ("Condition", {"onsetDateTime": "2026-02-30"}, "onsetDateTime"),
        ("Condition", {"recordedDate": "2026-01-01T10:00:00"}, "recordedDate"),
        ("Condition", {"clinicalStatus": "active"}, "clinicalStatus"),
        ("Condition", {"clinicalStatus": {"coding": "active"}}, "clinicalStatus"),
        ("Condition", {"code": {"coding": [{"system": ICD10CM, "code": "M54.50", "secret": 1}]}}, "code"),
        ("Condition", {"id": "not an id"}, "id"),
        ("Observation", {"status": None}, "status"),
        ("Observation", {"valueQuantity": {"value": "4"}, "valueString": "x"}, ""),
        ("Observation", {"valueQuantity": {"value": "four"}}, "valueQuantity"),
        ("Procedure", {"status": None}, "status"),
        ("Patient", {"birthDate": "1985-13-40"}, "birthDate"),
        ("Patient", {"deceasedBoolean": "maybe"}, "deceasedBoolean"),
        ("MedicationRequest", {"contained": [{"resourceType": "Foo"}]}, "contained"),
        ("MedicationRequest", {"contained": [{"resourceType": 5}]}, "contained"),
        ("ServiceRequest", {"_status": 5, "status": None}, "_status"),
        ("Condition", {"_recordedDate": {"extension": 5}}, "_recordedDate"),
        ("Condition", {"_recordedDate": 5}, "_recordedDate"),
        ("Condition", {"onsetDatetime": "2026-01-01"}, ""),
        ("Condition", {"Pat Example": 1}, ""),
        ("Condition", {"modifierExtension": [{"url": "http://example.org/negated", "valueBoolean": True}]}, "modifierExtension"),
        ("Condition", {"implicitRules": "http://example.org/rules"}, "implicitRules"),
        ("CarePlan", {"activity": [{"modifierExtension": [{"url": "http://x.example", "valueBoolean": True}],
                                    "detail": {"status": "completed", "code": {"text": "x"}}}]}, "modifierExtension"),
    ],
)  # fmt: skip
def test_what_cannot_be_validated_puts_its_takers_in_doubt(type_: str, elements: dict[str, Any], element: str) -> None:
    """An invalid element that is read, an unknown name, an extension that changes meaning: an issue that names place and element and no
    value, and an unreadable entry of just the facts that would have read it.
    """  # noqa: D205 - one claim
    chart = read(**{type_: bundle(resource(type_, **elements))})
    assert not any(entry.type == type_ for found in chart.entries.values() for entry in found)
    (unreadable,) = chart.unreadable
    assert unreadable.facts == TAKERS[type_]
    assert chart.issues == (unreadable.issue,)
    assert unreadable.issue.place == f"{KEYS[type_]}.entry[0]"
    assert unreadable.issue.element == element
    assert unreadable.issue.kind in (IssueKind.INVALID, IssueKind.UNKNOWN_TYPE)
    assert not chart.gaps


def test_what_nobody_reads_is_not_validated() -> None:
    """A broken address, narrative or vendor extension does not silence a chart, unless everything is to be validated."""
    broken = resource("Condition", text={"status": 5}, note="x", evidence=[5], extension="x")
    patient = resource("Patient", address="x", name=5, photo=[None])
    chart = read(Condition=bundle(broken), Patient=patient)
    assert taken(chart)["back_pain"] == ("x1",)
    assert taken(chart)["age"] == ("p1",)
    assert not chart.issues
    strict = read(Condition=bundle(broken), Patient=patient, strict=True)
    assert kinds(strict) == ["invalid", "invalid"]
    assert not strict.entries["back_pain"]


def test_entries_that_nobody_takes_are_not_validated() -> None:
    """A broken Condition of another disease is no issue; under `strict` it is one, and nobody is in doubt because of it."""
    other = resource("Condition", code=coded(ICD10CM, "J45.909"), onsetDateTime="yesterday")
    assert not read(Condition=bundle(other)).issues
    strict = read(Condition=bundle(other), strict=True)
    assert kinds(strict) == ["invalid"]
    assert not strict.unreadable


def test_types_that_nobody_reads_are_left_alone() -> None:
    """An Encounter, or a Practitioner of nobody's, that came along is neither an issue nor a doubt; `strict` validates it."""
    along = bundle(resource("Condition"), resource("Encounter", subject={"reference": "Patient/other"}, period=5))
    assert not read(Condition=along).issues
    assert not read(Condition=along).gaps
    assert kinds(read(Condition=along, strict=True)) == ["invalid"]


def test_two_lists_mixed_up_are_in_doubt() -> None:
    """Procedures under the key of conditions do not mean that there are no conditions; a whole record without conditions does."""
    assert read(Condition=bundle(resource("Procedure"))).gaps["conditions"].cause is Cause.UNREADABLE
    assert not read(Condition=bundle(resource("Procedure"), resource("Patient"))).gaps


def test_the_same_resource_under_two_keys_is_taken_once() -> None:
    """Byte for byte the same resource, sent twice or under two keys, stands once; with another content it stands again."""
    reading = resource("Observation", "o1", component=[{"code": coded("http://loinc.org", "8310-5"), "valueQuantity": {"value": 37}}])
    raw = {"observations-pain": bundle(reading, reading), "observations-temperature": bundle(reading)}
    assert taken(read(raw)) == {"pain": ("o1",), "temperature": ("o1",)}
    newer = reading | {"effectiveDateTime": "2026-03-02"}
    assert taken(read(raw | {"observations-temperature": bundle(newer)}))["pain"] == ("o1", "o1")


def test_an_invalid_resource_sent_twice_is_one_doubt() -> None:
    """Repeating a broken entry does not add up."""
    broken = resource("Condition", onsetDateTime="x")
    chart = read(Condition=bundle(broken, broken))
    assert len(chart.unreadable) == len(chart.issues) == 1


TWICE_IN = {
    "the bundle": b'{"resourceType":"Bundle","type":"x","type":"x","entry":[]}',
    "an entry": b'{"resourceType":"Bundle","entry":[{"resource":%a,"resource":%a}]}',
    "a resource": b'{"resourceType":"Bundle","entry":[{"resource":{"id":"1","id":"1","resourceType":"Encounter"}}]}',
    "an escaped name": b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Encounter","id":"1","\\u0069d":"2"}}]}',
    "a code that decides": b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Condition","id":"1",'
    b'"subject":{"reference":"Patient/p1"},"code":{"coding":[{"code":"M54.50"}],"coding":[]}}}]}',
    "a subject": b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Condition",'
    b'"subject":{"reference":"Patient/p2","reference":"Patient/p1"}}}]}',
    "an element that is read": b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Condition",'
    b'"subject":{"reference":"Patient/p1"},'
    b'"code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"M54.50"}]},"onsetAge":{"value":40,"value":41}}}]}',
}


@pytest.mark.parametrize("where", sorted(TWICE_IN))
@pytest.mark.parametrize("spaced", [False, True])
def test_names_that_stand_twice_are_refused(where: str, spaced: bool) -> None:  # noqa: FBT001 - compact and with spaces
    """In the Bundle's own objects, at the top of any resource, and within what is read, one name stands once: 400, no value told."""
    text = TWICE_IN[where].replace(b"%a", text_of(resource("Condition")))
    text = text.replace(b",", b" , ").replace(b'":', b'" : ') if spaced else text
    with pytest.raises(BadRequest, match="the same name twice") as refused:
        read(Condition=text)
    assert "M54" not in refused.value.sentence


@pytest.mark.parametrize("spaced", [False, True])
def test_names_that_stand_twice_where_nobody_reads_are_left_alone(spaced: bool) -> None:  # noqa: FBT001 - compact and with spaces
    """Within an element that no fact reads (a narrative) nothing is looked at, written with spaces or without."""
    text = text_of(bundle(resource("Condition", text="%"))).replace(b'"%"', b'{"status":"a","status":"b"}')
    text = text.replace(b",", b", ") if spaced else text
    assert taken(read(Condition=text))["back_pain"] == ("x1",)


def test_nesting_beyond_the_limit_is_refused() -> None:
    """A resource may nest as deeply as the limit says and no deeper, brackets within strings not counted."""

    def nested(levels: int) -> bytes:
        deep: Any = "[[[[{{{{\\" * 20
        for _ in range(levels - 1):
            deep = [deep]
        return text_of(bundle(resource("Condition", text=deep)))

    assert taken(read(Condition=nested(64)))["back_pain"] == ("x1",)
    for levels in (65, 3_000):
        text = nested(1).replace(b'"text":', b'"text":' + b"[" * levels).replace(b'"}}]', b'"' + b"]" * levels + b"}}]")
        with pytest.raises(BadRequest, match="nested too deeply"):
            read(Condition=text)
    wide = resource("Condition", extension=[{"url": "x"} for _ in range(500)])
    assert taken(read(Condition=bundle(wide)))["back_pain"] == ("x1",)


def test_too_many_entries_are_refused() -> None:
    """Entries are counted over all keys and the drafts."""
    limits = Limits(entries=4)
    two = bundle(resource("Condition"), resource("Condition"))
    assert taken(read(Condition=two, drafts=bundle(resource("ServiceRequest")), limits=limits))
    with pytest.raises(TooLarge, match="More than 4 resources"):
        read(Condition=two, drafts=bundle(resource("ServiceRequest"), resource("ServiceRequest")), limits=limits)


@pytest.mark.parametrize("number", ["1e400", "9" * 400 + ".0", "-1e999"])
def test_numbers_beyond_measure_are_unreadable(number: str) -> None:
    """A value that no machine number holds is invalid, never infinity."""
    text = text_of(bundle(resource("Observation"))).replace(b'"value":4', b'"value":' + number.encode())
    assert [issue.element for issue in read(Observation=text).issues] == ["valueQuantity"]


def test_endless_integers_are_refused() -> None:
    """An integer of 5,000 digits is the caller's mistake."""
    with pytest.raises(BadRequest, match="no JSON"):
        read(Observation=text_of(bundle(resource("Observation"))).replace(b'"value":4', b'"value":' + b"9" * 5_000))


@pytest.mark.parametrize("birth", ["1985", "1985-03", "1985-03-02"])
def test_partial_dates_are_valid(birth: str) -> None:
    """A year, or a year and a month, is a date."""
    assert str(read(Patient=resource("Patient", birthDate=birth)).entries["age"][0].resource.birthDate) == birth


def test_types_that_a_site_never_shares_are_no_gap() -> None:
    """An unchecked type that is missing puts nobody in doubt; where it comes all the same, it is read."""
    plan = replace(PLAN, unchecked=frozenset({"Procedure"}))
    raw = {"patient": resource("Patient"), "conditions": bundle()}
    assert "procedures" not in read(raw, plan=plan).gaps
    assert "surgery" not in read(raw, plan=plan).gaps_of
    assert read(raw, plan=plan).unchecked == {"Procedure"}
    assert taken(read(raw | {"procedures": bundle(resource("Procedure"))}, plan=plan))["surgery"] == ("x1",)


def test_pretty_printed_json_reads_the_same() -> None:
    """Spaces and line ends change nothing."""
    value = bundle(resource("Condition"), resource("Condition", "c2", code={"text": "Lung cancer"}), None)
    compact, pretty = read(Condition=value), read(Condition=json.dumps(value, indent=2).encode())
    assert taken(compact) == taken(pretty)
    assert compact.issues == pretty.issues


def test_warming_up_reads_every_type_and_keeps_nothing() -> None:
    """Reading the chart of nobody before the first call finds no fault in itself, may be repeated, and leaves no entry behind."""
    warm_up(PLAN)
    warm_up(PLAN)
    assert set(taken(read())) == {"age", "died", "back_pain_days"}
