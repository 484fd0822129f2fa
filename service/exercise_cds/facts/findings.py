"""The yes/no kinds: condition, procedure, medication, order, draft_order, care_plan. Law: docs/authors/facts.md, "yes or no".

True when any entry counts. Else in doubt when something may count: an entry that is only suspected, that has no date where one is
asked for, or whose status is unknown; a gap; an unreadable entry. Else false.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from enum import IntEnum

from exercise_cds.facts.dates import Moment
from exercise_cds.facts.entries import CARE_PLAN, CONDITION, DRAFT, MEDICATION, ORDER, PROCEDURE, Entered, Form
from exercise_cds.facts.look import Look, doubt, in_order
from exercise_cds.facts.newest import as_fact
from exercise_cds.model.decision import Truth
from exercise_cds.model.facts import FALSE, Cause, Evidence, Fact, InDoubt, Known
from exercise_cds.model.kleene import evaluate
from exercise_cds.model.pack import FactSpec, Suspected, Undated


class Counts(IntEnum):
    """Whether an entry counts; the least of several answers is the answer of all."""

    NO = 0
    PERHAPS = 1
    YES = 2


def derive_condition(spec: FactSpec, look: Look) -> Fact:
    """A problem or diagnosis stands in the chart."""
    return _yes_or_no(spec, look, CONDITION)


def derive_procedure(spec: FactSpec, look: Look) -> Fact:
    """Something was done to the patient."""
    return _yes_or_no(spec, look, PROCEDURE)


def derive_medication(spec: FactSpec, look: Look) -> Fact:
    """A medicine is ordered in the chart."""
    return _yes_or_no(spec, look, MEDICATION)


def derive_order(spec: FactSpec, look: Look) -> Fact:
    """A service is ordered in the chart."""
    return _yes_or_no(spec, look, ORDER)


def derive_draft_order(spec: FactSpec, look: Look) -> Fact:
    """An order is drafted at this moment."""
    return _yes_or_no(spec, look, DRAFT)


def derive_care_plan(spec: FactSpec, look: Look) -> Fact:
    """A plan of care names the activity."""
    return _yes_or_no(spec, look, CARE_PLAN)


def _yes_or_no(spec: FactSpec, look: Look, form: Form) -> Fact:
    counted: list[Evidence] = []
    doubtful: list[InDoubt] = []
    for entry in look.entries:
        if (entered := form.read(spec, look, entry)) is None:
            continue
        verdict = _judge(spec, look, form, entered)
        if verdict is Counts.YES:
            counted.append(entered.evidence)
        elif isinstance(verdict, InDoubt):
            doubtful.append(replace(verdict, evidence=(entered.evidence,)))
    if counted:
        return Known(value=True, evidence=in_order(counted))
    if doubtful:
        first = min(doubtful, key=lambda one: (_BY_WEIGHT.index(one.cause), one.why))
        return replace(first, evidence=in_order([piece for one in doubtful for piece in one.evidence]))
    return doubt(look) or FALSE


_BY_WEIGHT = (Cause.SUSPECTED, Cause.UNDATED, Cause.NOT_OBTAINED, Cause.INCOMPLETE, Cause.UNREADABLE, Cause.FOREIGN)
"""Which doubt is told where there are several: what the chart says before what is missing."""


def _judge(spec: FactSpec, look: Look, form: Form, entered: Entered) -> Counts | InDoubt:
    """Whether this entry counts. Whatever makes it not count wins over whatever leaves it open."""
    status = _by_status(spec, form, entered.status)
    dated = _by_date(spec, look, entered.moment)
    if status is Counts.NO or dated is Counts.NO:
        return Counts.NO
    overruled = _overruled(spec, look, entered.moment)
    if overruled is True:
        return Counts.NO
    shown = entered.match.shown
    if entered.unnamed:
        return InDoubt(Cause.INCOMPLETE, shown)
    if entered.suspected and spec.suspected is Suspected.DOUBT:
        return InDoubt(Cause.SUSPECTED, f"only {entered.suspected}: {shown}")
    if status is Counts.PERHAPS:
        return InDoubt(Cause.SUSPECTED, f"its status is unknown: {shown}")
    if dated is Counts.PERHAPS:
        told = f"dated only {entered.moment.shown or 'in words'}" if entered.moment else "without a date"
        return InDoubt(Cause.UNDATED, f"{told}: {shown}")
    return overruled if isinstance(overruled, InDoubt) else Counts.YES


def _by_status(spec: FactSpec, form: Form, status: str) -> Counts:
    """`status: any` reads every status but those that say that it never was."""
    if spec.status is None:
        allowed = status in form.usual
    elif spec.status:
        allowed = status in spec.status
    else:
        return Counts.NO if status in form.never else Counts.YES
    if allowed:
        return Counts.YES
    return Counts.PERHAPS if status == "unknown" else Counts.NO


def _by_date(spec: FactSpec, look: Look, when: Moment | None) -> Counts:
    """The windows of the fact, both ends included. A partial date is new where any of its days is, and old where all of them are."""
    if not spec.dated:
        return Counts.YES if when is None else Counts.NO
    if spec.new_within is None and spec.begun_before is None:
        return Counts.YES
    if when is None:
        return _UNDATED[spec.undated]
    new = spec.new_within is None or when.last >= look.today - timedelta(days=spec.new_within)
    if not new:
        return Counts.NO
    if spec.begun_before is None:
        return Counts.YES
    then = look.today - timedelta(days=spec.begun_before)
    if when.last <= then:
        return Counts.YES
    return Counts.PERHAPS if when.first is None or when.first <= then else Counts.NO


_UNDATED = {Undated.COUNTS: Counts.YES, Undated.IGNORED: Counts.NO, Undated.DOUBT: Counts.PERHAPS}


def _overruled(spec: FactSpec, look: Look, when: Moment | None) -> bool | InDoubt:
    """Whether the newest reading of the other fact is as new as the finding and meets the condition.

    Times of the day decide where both have one, days where not. A finding without any date is never overruled: nothing
    can be told to be newer than it.
    """
    if spec.overruled_by is None or look.newest is None or when is None:
        return False
    if look.newest.doubt is not None:
        return look.newest.doubt
    reading = look.newest.reading
    overruled = spec.overruled_by
    if reading is None or evaluate(overruled.condition, {overruled.fact: as_fact(look.newest)}) is not Truth.TRUE:
        return False
    if reading.moment.instant is not None and when.instant is not None:
        return reading.moment.instant >= when.instant
    return reading.day >= when.last
