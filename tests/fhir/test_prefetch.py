"""Four states of a prefetch key, never confused (CH-053, CH-054)."""

from __future__ import annotations

from typing import Any

import pytest

from builders.reading import PLAN, bundle, read, resource, taken, text_of
from exercise_cds.errors import BadRequest
from exercise_cds.fhir import judged, take_prefetch
from exercise_cds.model.chart import Gap
from exercise_cds.model.facts import Cause
from exercise_cds.model.prefetch import Nothing, NotObtained, Obtained

OUTCOME = resource("OperationOutcome")
QUERY = PLAN.queries["procedures"]


def judge(value: Any) -> object:
    """What stands under the key `procedures`."""
    return judged(QUERY, text_of(value))


def remark(severity: str) -> dict[str, Any]:
    """An OperationOutcome entry of a search."""
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": "processing"}]}
    return {"resource": outcome, "search": {"mode": "outcome"}}


def test_absent_null_and_empty_are_three_things() -> None:
    """An absent key was not obtained, null is nothing there, and an empty Bundle is an empty answer; keys that are not ours are ignored."""
    taken_ = take_prefetch(PLAN, {"conditions": b" null ", "orders": text_of(bundle()), "somebody-elses": b"1"})
    assert taken_["procedures"] == NotObtained(Cause.NOT_OBTAINED, "procedures were not sent")
    assert taken_["conditions"] == Nothing()
    assert taken_["orders"] == Obtained(text_of(bundle()))
    assert set(taken_) == set(PLAN.queries)


@pytest.mark.parametrize(
    "value",
    ["{{context.patientId}}", "Procedure?patient=p1", 5, True, 1e9, [], [resource("Procedure")], {},
     {"resourceType": "Foo"}, {"resourceType": 5},
     {"resourceType": "Bundel", "entry": []}, {"entry": []}, b"<html>", b"", b"{", b'{"resourceType":"Bundle"', b"\xff\xfe"],
)  # fmt: skip
def test_what_is_no_resource_was_not_obtained(value: Any) -> None:
    """A string, a number, a list, an unresolved token, an object that is no resource: procedures could not be read."""
    assert judge(value) == NotObtained(Cause.UNREADABLE, "procedures could not be read")


def test_another_type_standing_alone_was_not_obtained() -> None:
    """A Patient under the key of procedures is a mix-up, not an empty list of procedures."""
    assert judge(resource("Patient")) == NotObtained(Cause.UNREADABLE, "procedures could not be read")
    assert judge(resource("Procedure")) == Obtained(text_of(resource("Procedure")))


@pytest.mark.parametrize("value", [OUTCOME, bundle(OUTCOME), bundle(remark("error")), bundle(remark("fatal"), remark("information"))])
def test_an_operation_outcome_was_not_obtained(value: Any) -> None:
    """An OperationOutcome alone, or a Bundle that holds nothing but one that tells of an error, is a failed look-up."""
    assert judge(value) == NotObtained(Cause.NOT_OBTAINED, "procedures could not be looked up")


@pytest.mark.parametrize("severity", ["warning", "information"])
def test_a_remark_on_no_results_is_an_empty_answer(severity: str) -> None:
    """Servers that say "no results" in an OperationOutcome of severity warning or information have looked, and found nothing."""
    assert isinstance(judge(bundle(remark(severity))), Obtained)
    chart = read(Procedure=bundle(remark(severity)))
    assert not chart.gaps
    assert [issue.kind.value for issue in chart.issues] == ["operation-outcome"]


def test_an_outcome_beside_results_makes_the_key_incomplete() -> None:
    """A search that found something and also failed is used, and its facts are in doubt."""
    chart = read(Procedure=bundle(resource("Procedure"), remark("error")))
    assert taken(chart)["surgery"] == ("x1",)
    assert chart.gaps == {"procedures": Gap("procedures", Cause.INCOMPLETE, "procedures could not all be looked up")}
    assert chart.gaps_of == {"surgery": (chart.gaps["procedures"],)}


def test_the_old_wrapper_is_unwrapped() -> None:
    """`{"response": ..., "resource": ...}` of CDS Hooks before 1.0 is the resource within it, null, or the failure that it tells."""
    inner = bundle(resource("Procedure"))
    ok = {"status": "200 OK"}
    assert judge({"response": ok, "resource": inner}) == Obtained(text_of(inner))
    assert judge({"resource": inner}) == Obtained(text_of(inner))
    assert judge({"response": ok, "resource": None}) == Nothing()
    assert judge({"response": {"status": "404 Not Found"}, "resource": None}) == NotObtained(
        Cause.NOT_OBTAINED, "procedures could not be looked up"
    )
    assert isinstance(judge({"response": ok, "resource": "x"}), NotObtained)
    assert isinstance(judge({"response": ok, "resource": {"resource": inner}}), NotObtained)


def test_a_name_that_stands_twice_is_refused() -> None:
    """A Bundle with two `entry` members says two things; the caller is told to send each name once."""
    with pytest.raises(BadRequest, match="procedures holds an object with the same name twice"):
        judge(b'{"resourceType":"Bundle","entry":[],"entry":[]}')


def test_not_obtained_makes_a_gap_of_the_key() -> None:
    """What was not sent puts exactly the facts that read it in doubt, with the words of the card."""
    chart = read({"patient": resource("Patient"), "conditions": bundle()})
    assert chart.gaps["medications"] == Gap("medications", Cause.NOT_OBTAINED, "medications were not sent")
    assert {name: [gap.key for gap in gaps] for name, gaps in chart.gaps_of.items()} == {
        "surgery": ["procedures"],
        "steroid": ["medications"],
        "referred": ["orders"],
        "answered": ["answers"],
        "planned": ["care-plans"],
        "pain": ["observations-pain"],
        "temperature": ["observations-temperature"],
    }
