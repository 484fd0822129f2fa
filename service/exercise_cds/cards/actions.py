"""What accepting a suggestion creates: a draft ServiceRequest or CarePlan, valid R4, nothing else ever (SEC-31, CH-113, CH-114, CH-118).

- ServiceRequest: status `draft`, intent `order`. Accepting is the clinician's act of ordering; `draft` says that nothing is authorised
  until it is signed, and it is how an EHR's own unsigned orders look. A `proposal` cannot become an order: R4 asks for a new resource
  that is based on it.
- CarePlan: status `draft`, intent `proposal`: a home program that the clinician still makes into the patient's plan.

No `id`, `meta` or other element that a server assigns. Steps that are withheld are not in it, not even by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, TypeAlias

from exercise_cds.cards.markdown import plain
from exercise_cds.cards.texts import clean
from exercise_cds.model.codes import Code
from exercise_cds.model.facts import Evidence
from exercise_cds.model.pack import Created, Program, Step
from exercise_cds.wire import Action

Resource: TypeAlias = "dict[str, Any]"
_REFERENCE = re.compile(r"Condition/[A-Za-z0-9\-.]{1,64}")
_USER = re.compile(r"Practitioner(?:Role)?/[A-Za-z0-9\-.]{1,64}")
"""Users who may ask for what is ordered; a patient who looks is not its requester."""
MOST_REASONS = 5
MOST_KEPT = 64
"""How many choices of steps and options a program keeps ready made. They are the pack's, and hold nothing of a patient."""


class Subject:
    """Whom an order is for, from the hook's context, and why: what every resource of one answer says of the patient."""

    __slots__ = ("order", "plan")

    def __init__(  # noqa: PLR0913  (what a hook's context holds, each by name)
        self,
        patient_id: str,
        *,
        encounter_id: str = "",
        user_id: str = "",
        conditions: Sequence[str] = (),
        reason: str = "",
        on: date | None = None,
    ) -> None:
        """`conditions` are `Condition/<id>`; `reason` is said where there are none; `on` is the day to write, if it is to be written."""
        about: Resource = {"subject": {"reference": f"Patient/{patient_id}"}}
        if encounter_id:
            about["encounter"] = {"reference": f"Encounter/{encounter_id}"}
        self.order: Resource = dict(about)
        self.plan: Resource = dict(about)
        if on is not None:
            self.order["authoredOn"] = self.plan["created"] = on.isoformat()
        if _USER.fullmatch(user_id):
            self.order["requester"] = self.plan["author"] = {"reference": user_id}
        if conditions:
            self.order["reasonReference"] = self.plan["addresses"] = [{"reference": one} for one in conditions]
        elif reason:
            self.order["reasonCode"] = [{"text": reason}]


def conditions_in(evidence: Iterable[Evidence]) -> tuple[str, ...]:
    """The conditions that the evidence names, each once; entries without an id, or with one that is no FHIR id, cannot be referred to."""
    named = dict.fromkeys(one.resource for one in evidence if _REFERENCE.fullmatch(one.resource))
    return tuple(named)[:MOST_REASONS]


def coding(code: Code) -> dict[str, str]:
    """A FHIR (and CDS Hooks) Coding."""
    made = {"system": code.system, "code": code.code}
    return made | {"display": plain(clean(code.display))} if code.display else made


def _concept(codes: Sequence[Code], text: str) -> dict[str, Any]:
    concept: dict[str, Any] = {"coding": [coding(code) for code in codes]} if codes else {}
    if text:
        concept["text"] = text
    return concept


def _text(text: str) -> str:
    return plain(clean(text))


def dosing_text(program: Program, options: Sequence[str] = ()) -> str:
    """Frequency, intensity, time, type and progress in one paragraph, options in the order to show, then when to stop."""
    dosing = program.dosing
    parts = (
        ("Frequency", dosing.frequency),
        ("Intensity", dosing.intensity),
        ("Time", dosing.time),
        ("Type", dosing.type),
        ("Progress", dosing.progress),
        ("Choice of", ", or ".join(program.options[name] for name in options if name in program.options)),
        ("Stop if", "; ".join(program.stop_if)),
    )
    return " ".join(f"{name}: {text.rstrip('.')}." for name, said in parts if (text := _text(said)))


class OrderMaker:
    """Makes the actions of one program. What does not depend on the patient is made once; what is made is never changed afterwards."""

    __slots__ = ("_made", "_program", "_title", "description")

    def __init__(self, program: Program) -> None:
        kind = "a care plan" if program.order.creates is Created.CARE_PLAN else "an order"
        self._program = program
        self._title = _text(program.order.text) or _text(program.title) or program.id
        self.description = f"Draft {kind}: {self._title}"
        self._made = {
            (tuple(step.id for step in program.steps), options): self._resource(program.steps, options)
            for options in {(), tuple(program.options)}
        }

    def action(self, subject: Subject, steps: Sequence[str], options: Sequence[str]) -> Action:
        """The create action for this patient with the steps that are left, in the program's order."""
        key = (tuple(steps), tuple(options))
        resource = self._made.get(key)
        if resource is None:
            left = frozenset(steps)
            resource = self._resource([step for step in self._program.steps if step.id in left], options)
            if len(self._made) < MOST_KEPT:
                self._made[key] = resource
        about = subject.plan if self._program.order.creates is Created.CARE_PLAN else subject.order
        return {"type": "create", "description": self.description, "resource": resource | about}

    def _resource(self, steps: Sequence[Step], options: Sequence[str]) -> Resource:
        order = self._program.order
        made = self._plan(steps, options) if order.creates is Created.CARE_PLAN else self._request(steps, options)
        if order.category:
            made["category"] = [_concept([code], "") for code in order.category]
        return made

    def _request(self, steps: Sequence[Step], options: Sequence[str]) -> Resource:
        request: Resource = {"resourceType": "ServiceRequest", "status": "draft", "intent": "order"}
        if self._program.order.priority:
            request["priority"] = self._program.order.priority
        request["code"] = _concept(self._program.order.codes, self._title)
        taught = "; ".join(f"{_text(step.title)}: {_text(step.text).rstrip('.')}" for step in steps)
        if text := " ".join(part for part in (dosing_text(self._program, options), f"Steps: {taught}." if taught else "") if part):
            request["note"] = [{"text": text}]
        return request

    def _plan(self, steps: Sequence[Step], options: Sequence[str]) -> Resource:
        plan: Resource = {"resourceType": "CarePlan", "status": "draft", "intent": "proposal", "title": self._title}
        if dose := dosing_text(self._program, options):
            plan["description"] = dose
        if steps:
            plan["activity"] = [{"detail": _activity(self._program, step)} for step in steps]
        return plan


def _activity(program: Program, step: Step) -> dict[str, Any]:
    """One step as CarePlan.activity.detail; the program's code stands in it, so that the plan is found again when it is under way."""
    detail: dict[str, Any] = {
        "kind": "ServiceRequest",
        "code": _concept(program.order.codes, _text(step.title) or step.id),
        "status": "not-started",
    }
    for element, said in (("scheduledString", program.dosing.frequency), ("description", step.text)):
        if text := _text(said):
            detail[element] = text
    return detail
