"""The orders in the hook's context (CH-043, CH-045, CH-046)."""

from __future__ import annotations

import pytest

from builders.reading import RXNORM, SNOMED, bundle, coded, read, resource, taken
from exercise_cds.errors import BadRequest
from exercise_cds.model.chart import IssueKind
from exercise_cds.model.facts import Cause

REST = resource("ServiceRequest", "rest", code=coded(SNOMED, "225365006"), status="draft")
WORDS = resource("ServiceRequest", "words", code={"text": "Strict bed-rest for a week"}, status="draft")
PILLS = resource("MedicationRequest", "pills", medicationCodeableConcept=coded(RXNORM, "1", "Aspirin"), status="draft")


def test_drafts_are_read_from_the_context_only() -> None:
    """CH-043: a draft counts for the fact about drafts; the same order in the chart does not, and a draft is no order of the chart."""
    drafted = taken(read(drafts=bundle(REST, WORDS, PILLS)))
    assert drafted["drafts_rest"] == ("rest", "words")
    assert "referred" not in drafted
    assert "drafts_rest" not in taken(read(ServiceRequest=bundle(REST)))
    assert "referred" not in taken(read(drafts=bundle(resource("ServiceRequest"))))


def test_an_order_may_stand_in_both() -> None:
    """A re-signed order that is in the chart already is read in both places."""
    both = resource("ServiceRequest", code={"coding": [{"system": SNOMED, "code": "306170007"}], "text": "bed rest"})
    chart = read(ServiceRequest=bundle(both), drafts=bundle(both))
    assert taken(chart)["referred"] == taken(chart)["drafts_rest"] == ("x1",)


def test_order_select_is_about_what_was_selected() -> None:
    """CH-046: of the drafts only those named by `selections` count, by `Type/id` or by fullUrl."""
    entry = {"fullUrl": "urn:uuid:22222222-2222-2222-2222-222222222222", "resource": WORDS}
    drafts = bundle(REST, entry)
    assert taken(read(drafts=drafts, selections=("ServiceRequest/rest",)))["drafts_rest"] == ("rest",)
    assert taken(read(drafts=drafts, selections=("urn:uuid:22222222-2222-2222-2222-222222222222",)))["drafts_rest"] == ("words",)
    assert "drafts_rest" not in taken(read(drafts=drafts, selections=()))


def test_a_selection_without_a_draft_is_counted() -> None:
    """A selection that names no draft is no reason to refuse: it is an issue, and the others count."""
    chart = read(drafts=bundle(REST), selections=("ServiceRequest/rest", "ServiceRequest/gone"))
    assert taken(chart)["drafts_rest"] == ("rest",)
    assert [(issue.kind, issue.place) for issue in chart.issues] == [(IssueKind.NOT_A_RESOURCE, "context.selections[1]")]


def test_another_patients_draft_is_refused() -> None:
    """An order for somebody else among the drafts is the caller's mistake, selected or not."""
    foreign = resource("ServiceRequest", "other", subject={"reference": "Patient/p2"})
    with pytest.raises(BadRequest, match=r"context\.draftOrders holds an order for another patient"):
        read(drafts=bundle(REST, foreign), selections=("ServiceRequest/rest",))


def test_a_draft_of_nobody_known_puts_drafts_in_doubt() -> None:
    """A draft without a subject is not used, and nobody can say that bed rest was not ordered."""
    chart = read(drafts=bundle(resource("ServiceRequest", subject=None)))
    assert chart.gaps["draftOrders"].cause is Cause.FOREIGN
    assert set(chart.gaps_of) == {"drafts_rest"}


@pytest.mark.parametrize("drafts", [b"null", b"[]", b'"x"', b"{}", b'{"resourceType":"Bundle","entry":[null,{}]}'])
def test_drafts_that_cannot_be_read_are_in_doubt(drafts: bytes) -> None:
    """A context whose drafts are no Bundle of resources makes a gap with words for the card."""
    assert read(drafts=drafts).gaps["draftOrders"].why == "drafted orders could not all be read"


def test_other_orders_among_the_drafts_are_left_alone() -> None:
    """A DeviceRequest that no fact reads is neither validated nor an issue."""
    device = {"resourceType": "DeviceRequest", "id": "d", "intent": 5, "subject": {"reference": "Patient/p1"}}
    chart = read(drafts=bundle(device, REST))
    assert taken(chart)["drafts_rest"] == ("rest",)
    assert not chart.issues


def test_a_draft_may_refer_to_a_medication_beside_it() -> None:
    """The Medication that a drafted MedicationRequest refers to is found among the drafts and handed on as contained."""
    medication = resource("Medication", "m", code={"text": "bed rest in a bottle"})
    order = resource("MedicationRequest", medicationCodeableConcept=None, medicationReference={"reference": "Medication/m"})
    (entry,) = read(drafts=bundle(order, medication)).entries["drafts_rest"]
    assert entry.resource.contained[0].code.text == "bed rest in a bottle"
    assert entry.resource.medicationReference.reference == f"#{entry.resource.contained[0].id}"
