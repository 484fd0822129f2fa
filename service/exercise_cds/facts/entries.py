"""One resource of each type brought to the form in which findings are judged: what it is, how it stands, when it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from exercise_cds.facts.dates import Moment, moment, period_start
from exercise_cds.facts.look import Look
from exercise_cds.facts.match import Match, Said, keys_of, match
from exercise_cds.facts.onset import ACTIVE, NEVER, standing
from exercise_cds.model.chart import Entry
from exercise_cds.model.facts import Evidence
from exercise_cds.model.pack import FactSpec

_WITHDRAWN = frozenset({"entered-in-error"})
_NOT_ORDERED = frozenset({"proposal", "option"})
"""Intents of a request that nobody has ordered, our own suggestions among them until they are signed."""


class Entered(NamedTuple):
    """One entry that speaks of what the fact asks for."""

    match: Match
    status: str
    moment: Moment | None
    """When; None where it has no date, or one in the future only."""
    evidence: Evidence
    suspected: str = ""
    """"provisional" and its like."""
    unnamed: bool = False
    """What it is stands in another resource, which was not sent: it may be what the fact asks for."""


@dataclass(frozen=True, slots=True)
class Form:
    """How entries of one kind are read. `usual`: statuses that count by default; `never`: those that not even `status: any` reads."""

    read: Callable[[FactSpec, Look, Entry], Entered | None]
    usual: frozenset[str]
    never: frozenset[str] = _WITHDRAWN


def _evidence(resource: Any, type_: str, found: Match, when: Moment | None, *notes: str) -> Evidence:
    return Evidence(
        resource=f"{type_}/{resource.id}" if resource.id else type_,
        date=when.shown if when else "",
        shown=found.shown,
        remark="; ".join(filter(None, (*notes, found.remark))),
        code=found.code,
    )


def _of_old(when: Moment | None, look: Look) -> Moment | None:
    """A future date is no date."""
    return when.until(look.today) if when is not None else None


def _condition(spec: FactSpec, look: Look, entry: Entry) -> Entered | None:
    """Onset, else recordedDate. An age needs the birth date, which this kind does not read: recordedDate stands for it."""
    condition = entry.resource
    if condition.code is None:
        return None
    found = match(spec.matcher, Said((condition.code,), condition.bodySite or ()), look.terms)
    if found is None or (stands := standing(condition, look)).verified in NEVER:
        return None
    when = _of_old(stands.onset.moment, look)
    note = f"onset given as {stands.onset.words}" if when and stands.onset.words else ""
    if when is None and (when := stands.recorded):
        note = "date of recording"
    told = "" if stands.status == "active" else stands.status
    evidence = _evidence(condition, "Condition", found, when, stands.suspected, told, note)
    return Entered(found, stands.status, when, evidence, stands.suspected)


def _procedure(spec: FactSpec, look: Look, entry: Entry) -> Entered | None:
    """Day of performing, or the start of its period. An age or words give no day."""
    procedure = entry.resource
    if procedure.code is None or (found := match(spec.matcher, Said((procedure.code,), procedure.bodySite or ()), look.terms)) is None:
        return None
    when = moment(procedure.performedDateTime, look.zone) or period_start(procedure.performedPeriod, look.zone)
    return _entered(procedure, "Procedure", found, _of_old(when, look), procedure.status or "completed", usual="completed")


def _entered(resource: Any, type_: str, found: Match, when: Moment | None, status: str, *, usual: str) -> Entered:  # noqa: PLR0913 -- a row
    return Entered(found, status, when, _evidence(resource, type_, found, when, "" if status == usual else status))


def _medicine(request: Any) -> Said:
    """The medicine of a MedicationRequest: its concept, or the contained Medication or the display that its reference names."""
    concepts = [request.medicationCodeableConcept] if request.medicationCodeableConcept is not None else []
    labels: list[str | None] = []
    if (reference := request.medicationReference) is not None:
        labels.append(reference.display)
        contained = [one for one in request.contained or () if reference.reference == f"#{one.id}"]
        concepts += [one.code for one in contained if getattr(one, "code", None) is not None]
    return Said(concepts, labels=labels)


def _medication(spec: FactSpec, look: Look, entry: Entry) -> Entered | None:
    """The day on which the order was written."""
    request = entry.resource
    if request.doNotPerform or request.intent in _NOT_ORDERED:
        return None
    said = _medicine(request)
    found = _UNNAMED if said.is_silent() else match(spec.matcher, said, look.terms)
    if found is None:
        return None
    when = _of_old(moment(request.authoredOn, look.zone), look)
    entered = _entered(request, "MedicationRequest", found, when, request.status or "active", usual="active")
    return entered._replace(unnamed=found is _UNNAMED)


_UNNAMED = Match("a medicine that is named by a reference only", None, "")


def _service(request: Any) -> Said:
    concepts = [request.code] if request.code is not None else []
    return Said([*concepts, *(request.orderDetail or ())], request.bodySite or ())


def _order(spec: FactSpec, look: Look, entry: Entry) -> Entered | None:
    """The day on which the order was written, else the day it is for, unless that is still to come."""
    request = entry.resource
    if request.doNotPerform or request.intent in _NOT_ORDERED or (found := match(spec.matcher, _service(request), look.terms)) is None:
        return None
    when = (
        moment(request.authoredOn, look.zone)
        or moment(request.occurrenceDateTime, look.zone)
        or period_start(request.occurrencePeriod, look.zone)
    )
    return _entered(request, "ServiceRequest", found, _of_old(when, look), request.status or "active", usual="active")


def _draft(spec: FactSpec, look: Look, entry: Entry) -> Entered | None:
    """A draft of the hook's context: the words of its text, its notes and its dosage count too."""
    request = entry.resource
    if request.doNotPerform:
        return None
    if entry.type == "MedicationRequest":
        said, prose = _medicine(request), [dosage.text for dosage in request.dosageInstruction or ()]
    else:
        said, prose = _service(request), [note.text for note in request.note or ()]
    if (found := match(spec.matcher, said._replace(prose=prose), look.terms)) is None:
        return None
    return _entered(request, entry.type, found, None, request.status or "draft", usual="draft")


_DROPPED = frozenset({"cancelled", "stopped", "entered-in-error"})


def _activities(plan: Any) -> Iterator[Any]:
    """The details of activities that are meant to be done."""
    for activity in plan.activity or ():
        detail = activity.detail
        if detail is not None and not detail.doNotPerform and detail.status not in _DROPPED:
            yield detail


def _care_plan(spec: FactSpec, look: Look, entry: Entry) -> Entered | None:
    """The plan's category must be one of the fact's; codes and words are looked for in its categories, title and activities."""
    plan = entry.resource
    categories = list(plan.category or ())
    keys = {key for concept in categories for key in keys_of(concept)}
    if plan.intent in _NOT_ORDERED or not keys.intersection(spec.category):
        return None
    details = list(_activities(plan))
    concepts = [*categories, *(detail.code for detail in details if detail.code is not None)]
    references = [activity.reference.display for activity in plan.activity or () if activity.reference is not None]
    matcher = spec.matcher
    if matcher.codes or matcher.codes_with_site or matcher.stems or matcher.words:
        found = match(
            matcher, Said(concepts, (), [plan.title, *references], [plan.description, *(d.description for d in details)]), look.terms
        )
    else:
        found = Match(plan.title or _label(categories[0]), min(keys.intersection(spec.category)), "")
    if found is None:
        return None
    when = _of_old(period_start(plan.period, look.zone) or moment(plan.created, look.zone), look)
    return _entered(plan, "CarePlan", found, when, plan.status or "active", usual="active")


def _label(concept: Any) -> str:
    """What to call a concept: its text, a display, or a code."""
    codings = concept.coding or ()
    return concept.text or next((c.display for c in codings if c.display), None) or next((c.code for c in codings if c.code), "")


CONDITION = Form(_condition, ACTIVE)
PROCEDURE = Form(_procedure, frozenset({"completed", "in-progress"}), _WITHDRAWN | {"not-done"})
MEDICATION = Form(_medication, frozenset({"active", "on-hold"}))
ORDER = Form(_order, frozenset({"active", "on-hold"}))
CARE_PLAN = Form(_care_plan, frozenset({"active"}))
DRAFT = Form(_draft, frozenset({"draft", "active", "on-hold", "unknown"}))
