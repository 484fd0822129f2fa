"""The kinds `procedure`, `medication`, `order`, `draft_order` and `care_plan`: what was done, what is ordered, what is planned."""

from typing import Any

import pytest

from builders.facts import derive, fact, gap
from builders.resources import care_plan, concept, medication, order, procedure
from exercise_cds.model.facts import FALSE, Cause, Fact, InDoubt, Known

SURGERY = fact("procedure", "surgery", codes=["112730002"], words=["discectomy"])
SURGERY_ANY = fact("procedure", "surgery_ever", codes=["112730002"], status="any")
STEROID = fact(
    "medication",
    "steroid",
    codes=["rxnorm|8640"],
    words=["prednisone", "prednisolone", "dexamethasone"],
    not_words=["cream", "ophthalmic", "nasal"],
)
REFERRAL = fact("order", "referral", codes=["306170007"], words=["physiotherapy"], new_within=180)
PLAN = fact("care_plan", "therapy_plan", category=["91251008"])
PT_IN_PLAN = fact("care_plan", "pt_plan", category=["assess|plan"], codes=["229064008"], words=["physiotherapy"])
REST = fact("draft_order", "drafts_rest", codes=["225402007"], words=["bed rest"], not_words=["no bed rest", "avoid bed rest"])
OPIOID = fact("draft_order", "drafts_opioid", codes=["rxnorm|5489"], words=["oxycodone"])
ABSENT = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}


def truth(found: Fact) -> bool | Cause:
    """True, false, or the cause of a doubt."""
    if isinstance(found, InDoubt):
        return found.cause
    assert isinstance(found, Known)
    assert isinstance(found.value, bool)
    return found.value


@pytest.mark.parametrize(
    ("status", "usual", "any_status"),
    [
        ("completed", True, True),
        ("in-progress", True, True),
        ("preparation", False, True),
        ("on-hold", False, True),
        ("stopped", False, True),
        ("not-done", False, False),
        ("entered-in-error", False, False),
        ("unknown", Cause.SUSPECTED, True),
    ],
)
def test_what_was_done_counts(status: str, usual: bool | Cause, any_status: bool) -> None:  # noqa: FBT001 -- the row's answers
    """Done and under way count; what was not done never counts; where the status is unknown it may have been done."""
    assert truth(derive(SURGERY, procedure("112730002", status=status))) is usual
    assert truth(derive(SURGERY_ANY, procedure("112730002", status=status))) is any_status


def test_a_missing_status_of_a_procedure_is_done() -> None:
    """A procedure whose status is absent with a reason counts as done."""
    assert truth(derive(SURGERY, procedure("112730002", status=None, _status=ABSENT))) is True


def test_a_procedure_is_found_by_words_and_shows_its_status() -> None:
    """An operation in words only counts and is shown as matched by words, with its status where it is not completed."""
    found = derive(SURGERY, procedure(None, text="L4/5 discectomy", status="in-progress", dated="2026-02"))
    assert isinstance(found, Known)
    piece = found.evidence[0]
    assert (piece.resource, piece.date, piece.shown, piece.remark) == (
        "Procedure/pr1",
        "2026-02",
        "L4/5 discectomy",
        "in-progress; matched by words",
    )
    assert derive(SURGERY, procedure("229064008")) is FALSE


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("active", True),
        ("on-hold", True),
        (None, True),
        ("completed", False),
        ("draft", False),
        ("entered-in-error", False),
        ("unknown", Cause.SUSPECTED),
    ],
)
def test_what_is_ordered_counts(status: str | None, expected: bool | Cause) -> None:  # noqa: FBT001 -- the row's answer
    """Active and paused orders count, and an order without a status is active; others do not."""
    absent = {"_status": ABSENT} if status is None else {}
    assert truth(derive(STEROID, medication("rxnorm|8640", status=status, **absent))) is expected
    assert truth(derive(REFERRAL, order("306170007", status=status, dated=0, **absent))) is expected


def test_a_status_may_be_asked_for() -> None:
    """A fact that asks for completed orders reads them, and any status reads the cancelled ones too, but no mistake."""
    taken = fact("medication", codes=["rxnorm|8640"], status="completed stopped")
    assert truth(derive(taken, medication("rxnorm|8640", status="stopped"))) is True
    assert truth(derive(taken, medication("rxnorm|8640"))) is False
    ever = fact("medication", codes=["rxnorm|8640"], status="any")
    assert truth(derive(ever, medication("rxnorm|8640", status="cancelled"))) is True
    assert truth(derive(ever, medication("rxnorm|8640", status="entered-in-error"))) is False


@pytest.mark.parametrize(
    ("more", "counts"),
    [
        ({"doNotPerform": True}, False),
        ({"doNotPerform": False}, True),
        ({"intent": "proposal"}, False),
        ({"intent": "option"}, False),
        ({"intent": "plan"}, True),
        ({"intent": "instance-order"}, True),
    ],
)
def test_prohibitions_and_proposals_are_no_orders(more: dict[str, Any], counts: bool) -> None:  # noqa: FBT001 -- the row's answer
    """An order not to do something, a proposal and an option are not orders; plans and orders are."""
    assert truth(derive(STEROID, medication("rxnorm|8640", **more))) is counts
    assert truth(derive(REFERRAL, order("306170007", dated=0, **more))) is counts


@pytest.mark.parametrize(
    ("written", "counts"),
    [
        ({"text": "PredniSONE 10 mg oral tablet"}, True),
        ({"code": "rxnorm|312615", "display": "prednisone 20 MG Oral Tablet"}, True),
        ({"text": "Prednisolone acetate 1 % ophthalmic suspension"}, False),
        ({"text": "Methylprednisolone"}, False),
        ({"code": "rxnorm|8640", "text": "Prednisone cream"}, False),
        ({"text": "Ibuprofen 400 mg"}, False),
    ],
)
def test_a_medicine_is_found_by_its_ingredient_as_a_word(written: dict[str, Any], counts: bool) -> None:  # noqa: FBT001 -- the row's answer
    """Products are found by the ingredient as a whole word; eye drops and creams are taken away, even where the code matches."""
    assert truth(derive(STEROID, medication(**written))) is counts


def test_a_referenced_medicine_is_read_where_it_is_contained() -> None:
    """A medicine behind a reference is read from the contained resource, or from the reference's display."""
    contained = [{"resourceType": "Medication", "id": "m", "code": concept("rxnorm|8640")}]
    inside = medication(medicationReference={"reference": "#m"}, contained=contained)
    named = medication(medicationReference={"reference": "Medication/7", "display": "Dexamethasone 4 mg"})
    other = medication(medicationReference={"reference": "Medication/8", "display": "Paracetamol"})
    foreign = medication(medicationReference={"reference": "#n", "display": "Paracetamol"}, contained=contained)
    assert truth(derive(STEROID, inside)) is True
    assert truth(derive(STEROID, named)) is True
    assert truth(derive(STEROID, other)) is False
    assert truth(derive(STEROID, foreign)) is False


def test_a_medicine_that_nobody_names_is_a_doubt() -> None:
    """A reference to a medicine that was not sent, without a display, may be the one; where the order is over it does not matter."""
    nameless = {"medicationReference": {"reference": "Medication/9"}}
    found = derive(STEROID, medication(**nameless))
    assert isinstance(found, InDoubt)
    assert (found.cause, found.why) == (Cause.INCOMPLETE, "a medicine that is named by a reference only")
    assert truth(derive(STEROID, medication(status="stopped", **nameless))) is False
    assert truth(derive(STEROID, medication(**nameless), medication("rxnorm|8640", id="m2"))) is True


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ({"dated": 180}, True),
        ({"dated": 181}, False),
        ({"occurrenceDateTime": "2026-02-01"}, True),
        ({"occurrencePeriod": {"start": "2025-02-01"}}, False),
        ({"dated": 10, "occurrenceDateTime": "2020-01-01"}, True),
        ({"occurrenceDateTime": "2026-04-01"}, Cause.UNDATED),
        ({}, Cause.UNDATED),
    ],
)
def test_an_order_is_of_the_day_on_which_it_was_written(dates: dict[str, Any], expected: bool | Cause) -> None:  # noqa: FBT001 -- the row's answer
    """The day of writing decides, else the day that the order is for, unless that is still to come."""
    assert truth(derive(REFERRAL, order("306170007", **dates))) is expected


def test_an_order_is_found_in_its_details_but_not_in_its_notes() -> None:
    """The detail of an order in the chart counts as its name; a note on it does not."""
    assert truth(derive(REFERRAL, order("3457005", dated=0, orderDetail=[{"text": "Physiotherapy"}]))) is True
    assert truth(derive(REFERRAL, order("3457005", dated=0, note=[{"text": "after physiotherapy"}]))) is False


@pytest.mark.parametrize(
    ("status", "expected"),
    [("active", True), ("on-hold", False), ("completed", False), ("revoked", False), ("draft", False), ("unknown", Cause.SUSPECTED)],
)
def test_only_active_plans_count(status: str, expected: bool | Cause) -> None:  # noqa: FBT001 -- the row's answer
    """A plan of care counts while it is active, unless the fact asks for other statuses."""
    assert truth(derive(PLAN, care_plan("91251008", status=status))) is expected
    paused = fact("care_plan", category=["91251008"], status="active on-hold")
    assert truth(derive(paused, care_plan("91251008", status="on-hold"))) is True


def test_a_plan_needs_the_facts_category() -> None:
    """A plan of another category, or of none, is not the one; a proposal is no plan."""
    assert truth(derive(PLAN, care_plan("734163000"))) is False
    assert truth(derive(PLAN, care_plan())) is False
    assert truth(derive(PLAN, care_plan("91251008", intent="proposal"))) is False
    found = derive(PLAN, care_plan("91251008", dated=3))
    assert isinstance(found, Known)
    assert (found.evidence[0].shown, found.evidence[0].date) == ("91251008", "2026-02-27")


@pytest.mark.parametrize(
    ("plan", "counts"),
    [
        ({"activities": ("229064008",)}, True),
        ({"activities": ("386463000",)}, False),
        ({"title": "Physiotherapy after surgery"}, True),
        ({"description": "weekly physiotherapy"}, True),
        ({"activity": [{"detail": {"status": "scheduled", "description": "Physiotherapy twice a week"}}]}, True),
        ({"activity": [{"reference": {"reference": "ServiceRequest/1", "display": "Physiotherapy"}}]}, True),
        ({"activity": [{"detail": {"status": "cancelled", "code": concept("229064008")}}]}, False),
        ({"activity": [{"detail": {"status": "in-progress", "doNotPerform": True, "code": concept("229064008")}}]}, False),
        ({}, False),
    ],
)
def test_a_plan_names_its_activities(plan: dict[str, Any], counts: bool) -> None:  # noqa: FBT001 -- the row's answer
    """An activity counts by its code, its words, or the name of what it refers to, unless it is cancelled or forbidden."""
    assert truth(derive(PT_IN_PLAN, care_plan("assess|plan", **plan))) is counts


def test_a_plan_is_of_the_day_on_which_its_period_began() -> None:
    """The start of the period decides, else the day on which the plan was made."""
    recent = fact("care_plan", category=["91251008"], new_within=30)
    assert truth(derive(recent, care_plan("91251008", dated=30))) is True
    assert truth(derive(recent, care_plan("91251008", dated=31))) is False
    assert truth(derive(recent, care_plan("91251008", created="2026-03-01"))) is True
    assert truth(derive(recent, care_plan("91251008"))) is Cause.UNDATED


@pytest.mark.parametrize(
    ("text", "counts"),
    [("Strict bed rest for 3 days", True), ("Bed-rest", True), ("No bed rest", False), ("Avoid bed rest", False), ("Resting ECG", False)],
)
def test_a_draft_is_found_by_its_words(text: str, counts: bool) -> None:  # noqa: FBT001 -- the row's answer
    """Bed rest in the text of a draft counts; "no bed rest" and "avoid bed rest" are the contrary."""
    assert truth(derive(REST, drafts=[order(text=text, status="draft")])) is counts
    assert truth(derive(REST, drafts=[order("306170007", note=[{"text": text}], status="draft")])) is counts


def test_of_a_draft_note_only_the_found_words_are_shown() -> None:
    """A note is never shown whole: of it only the words that matched."""
    found = derive(REST, drafts=[order(note=[{"text": "The patient is to keep bed rest until Friday"}], status="draft")])
    assert isinstance(found, Known)
    assert (found.evidence[0].shown, found.evidence[0].remark) == ("bed rest", "matched by words")


def test_a_drafted_medicine_is_found_by_code_words_and_dosage() -> None:
    """An opioid is found by its code, its name, or its name in the dosage text."""
    assert truth(derive(OPIOID, drafts=[medication("rxnorm|5489", status="draft")])) is True
    assert truth(derive(OPIOID, drafts=[medication(text="OxyCODONE 5 mg", status="draft")])) is True
    assert (
        truth(derive(OPIOID, drafts=[medication(text="as told", dosageInstruction=[{"text": "oxycodone 5 mg"}], status="draft")])) is True
    )
    assert truth(derive(OPIOID, drafts=[medication(text="Ibuprofen", status="draft")])) is False


def test_a_draft_not_to_do_something_is_none() -> None:
    """A draft with doNotPerform is no order, and neither is one that was entered in error."""
    assert truth(derive(REST, drafts=[order("225402007", doNotPerform=True, status="draft")])) is False
    assert truth(derive(REST, drafts=[order("225402007", status="entered-in-error")])) is False
    assert truth(derive(REST, drafts=[order("225402007", status="draft", intent="proposal")])) is True


def test_orders_of_the_chart_are_no_drafts_and_drafts_no_orders() -> None:
    """A draft fact looks at the hook's context only, and false is certain where the hook has none."""
    assert derive(REST, order("225402007")) is FALSE
    assert truth(derive(REST, drafts=[order("225402007", status="draft")], unchecked=["ServiceRequest", "MedicationRequest"])) is True


@pytest.mark.parametrize(
    ("spec", "type_"),
    [(SURGERY, "Procedure"), (STEROID, "MedicationRequest"), (REFERRAL, "ServiceRequest"), (PLAN, "CarePlan")],
)
def test_what_a_site_never_shares_is_not_in_doubt(spec: Any, type_: str) -> None:
    """A gap is a doubt, except in a type that the site has declared as never shared."""
    assert truth(derive(spec, gaps=[gap("some-key")])) is Cause.NOT_OBTAINED
    assert derive(spec, gaps=[gap("some-key")], unreadable=1, unchecked=[type_]) is FALSE
