"""What accepting a suggestion creates in the EHR."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from fhir.resources.R4B.careplan import CarePlan
from fhir.resources.R4B.servicerequest import ServiceRequest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders.packs import program, step
from cards.situations import SITUATIONS
from cards.small_pack import PROGRAMS
from exercise_cds.cards.actions import OrderMaker, Subject, conditions_in, dosing_text
from exercise_cds.cards.invariants import broken_invariants
from exercise_cds.model.facts import Evidence
from exercise_cds.model.pack import Created, Dosing, Program

MODELS = {"CarePlan": CarePlan, "ServiceRequest": ServiceRequest}
TODAY = date(2026, 3, 2)


def made(one: Program, subject: Subject | None = None, steps: tuple[str, ...] | None = None) -> dict[str, Any]:
    """The resource that accepting the program creates."""
    left = tuple(each.id for each in one.steps) if steps is None else steps
    return OrderMaker(one).action(subject or Subject("p1"), left, tuple(one.options))["resource"]


def empties(value: Any) -> Iterator[Any]:
    """Every null and every empty value inside."""
    if value in (None, "", [], {}):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from empties(inner)


SUBJECTS = {
    "everything": Subject(
        "p1",
        encounter_id="e1",
        user_id="Practitioner/dr-1",
        conditions=("Condition/lbp", "Condition/sci"),
        reason="Low back pain",
        on=TODAY,
    ),
    "nothing": Subject("p1"),
    "no condition with an id": Subject("p1", user_id="Patient/p1", reason="Low back pain"),
}


@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)
@pytest.mark.parametrize("one", PROGRAMS, ids=lambda one: one.id)
def test_every_resource_is_valid_r4_and_holds_nothing_empty(one: Program, subject: Subject) -> None:
    """Whatever the context has, the resource validates under fhir.resources, unknown elements refused, and holds nothing empty."""
    resource = made(one, subject)
    model = MODELS[resource["resourceType"]].model_validate(resource)
    assert model.status == "draft"
    assert model.subject.reference == "Patient/p1"
    assert not list(empties(resource))
    assert not {"id", "meta", "text", "implicitRules"} & set(resource)


def test_all_resources_of_all_situations_are_valid() -> None:
    """The same holds for every action of every golden card."""
    seen = 0
    for situation in SITUATIONS.values():
        for card in situation.composed().cards:
            for suggestion in card.get("suggestions", []):
                for action in suggestion["actions"]:
                    MODELS[action["resource"]["resourceType"]].model_validate(action["resource"])
                    seen += 1
    assert seen > 15


def test_an_order_is_a_draft_that_the_clinician_signs() -> None:
    """A referral becomes a draft order of the user for the patient's own conditions, in this encounter."""
    referral = next(one for one in PROGRAMS if one.id == "specialist-referral")
    assert made(referral, SUBJECTS["everything"]) == {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "order",
        "priority": "routine",
        "category": [{"coding": [{"system": "http://snomed.info/sct", "code": "229065009", "display": "Exercise therapy"}]}],
        "code": {
            "coding": [{"system": "http://snomed.info/sct", "code": "306170007", "display": "Referral to physiotherapy service"}],
            "text": "Referral to physiotherapy",
        },
        "subject": {"reference": "Patient/p1"},
        "encounter": {"reference": "Encounter/e1"},
        "authoredOn": "2026-03-02",
        "requester": {"reference": "Practitioner/dr-1"},
        "reasonReference": [{"reference": "Condition/lbp"}, {"reference": "Condition/sci"}],
        "note": [{"text": "Frequency: once. Type: individual program."}],
    }


def test_without_a_condition_that_can_be_referred_to_the_reason_is_said_in_words() -> None:
    """No reference is invented; a patient who looks is not the one who orders."""
    referral = next(one for one in PROGRAMS if one.id == "specialist-referral")
    order = made(referral, SUBJECTS["no condition with an id"])
    assert order["reasonCode"] == [{"text": "Low back pain"}]
    assert not {"reasonReference", "requester", "authoredOn", "encounter"} & set(order)


def test_a_home_program_is_a_draft_plan_with_one_activity_for_each_step() -> None:
    """Dose, stop signs and options stand in the description, each step in an activity that names its code, its words and how often."""
    stretching = next(one for one in PROGRAMS if one.id == "stretching")
    plan = made(stretching, SUBJECTS["everything"])
    assert (plan["status"], plan["intent"], plan["title"]) == ("draft", "proposal", "Four easy stretches")
    assert plan["description"] == (
        "Frequency: 1 to 2 times a day. Intensity: mild pull, never pain. Time: 30 second holds. Type: stretching. "
        "Stop if: leg pain spreads further down; new weakness or numbness."
    )
    assert plan["addresses"] == [{"reference": "Condition/lbp"}, {"reference": "Condition/sci"}]
    assert [one["detail"]["code"]["text"] for one in plan["activity"]] == ["Wall hamstring stretch", "Single knee to chest"]
    assert plan["activity"][0]["detail"]["scheduledString"] == "1 to 2 times a day"
    assert plan["activity"][0]["detail"]["code"]["coding"][0]["code"] == "386292004"


def test_options_are_told_in_the_order_to_show() -> None:
    """Where cycling comes first, the plan says so."""
    aerobic = next(one for one in PROGRAMS if one.id == "aerobic-low-impact")
    assert "Choice of: stationary bike, or walking." in dosing_text(aerobic, ("cycling", "walking"))
    assert "Choice of" not in dosing_text(aerobic)


@pytest.mark.parametrize("creates", list(Created))
@settings(max_examples=60, deadline=None)
@given(left=st.sets(st.sampled_from(["press-up", "tilt", "knee-to-chest"]), min_size=1))
def test_a_withheld_step_is_nowhere_in_what_is_created(creates: Created, left: set[str]) -> None:
    """Only the steps that are left appear, in the program's order; the others appear neither by title nor by text."""
    whole = program("anything", step("press-up", "extension"), step("tilt"), step("knee-to-chest", "loaded-flexion"), creates=creates)
    kept = tuple(each.id for each in whole.steps if each.id in left)
    text = str(made(whole, SUBJECTS["everything"], kept))
    for each in whole.steps:
        assert (f"Do {each.id}" in text) is (each.id in left)
        assert (each.title in text) is (each.id in left)


def test_what_is_ready_made_is_never_changed() -> None:
    """Two patients share nothing: the same maker gives each its own subject."""
    maker = OrderMaker(PROGRAMS[3])
    steps = tuple(each.id for each in PROGRAMS[3].steps)
    first = maker.action(Subject("p1", conditions=("Condition/a",)), steps, ())["resource"]
    second = maker.action(Subject("p2"), steps, ())["resource"]
    assert first["subject"]["reference"] == "Patient/p1"
    assert second["subject"]["reference"] == "Patient/p2"
    assert "addresses" not in second


def test_only_conditions_with_a_real_id_are_referred_to() -> None:
    """An entry without id, another type, or an id that is no FHIR id gives no reference; each condition is named once, at most five."""
    evidence = [
        Evidence(name)
        for name in ("Condition", "Observation/1", "Condition/a b", "Condition/../x", "urn:uuid:1", "Condition/ok", "Condition/ok")
    ]
    assert conditions_in(evidence) == ("Condition/ok",)
    assert len(conditions_in([Evidence(f"Condition/{n}") for n in range(9)])) == 5


def test_a_program_without_words_makes_no_empty_element() -> None:
    """Where the author left dosing and codes out, the elements are left out too."""
    bare = replace(program("bare", step("one")), dosing=Dosing("", "", "", ""), stop_if=())
    for creates in Created:
        resource = made(replace(bare, order=replace(bare.order, creates=creates)))
        MODELS[resource["resourceType"]].model_validate(resource)
        assert not list(empties(resource))
        card = {"suggestions": [{"actions": [{"type": "create", "description": "x", "resource": resource}]}]}
        assert not [one for one in broken_invariants({"cards": [card]}) if "resource" in one]
