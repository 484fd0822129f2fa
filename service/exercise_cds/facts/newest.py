"""The newest usable reading of a window: which one it is, what a reader must know of it, and when it cannot be told.

Readings of one instant are ranked by the author's `prefer`, then by value: the higher one, and it is said. A reading without a
time of the day may be of any time of that day, so it competes with the latest reading of its day.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from exercise_cds.facts.dates import Moment
from exercise_cds.facts.look import Look, in_order, newest_doubt
from exercise_cds.model.facts import Bounds, Evidence, Fact, InDoubt, Known, NotRecorded
from exercise_cds.model.pack import FactSpec


@dataclass(frozen=True, slots=True)
class Reading:
    """One usable value. `comparator` is FHIR's "<" and its like, where the number is no exact one."""

    value: float | str
    comparator: str
    moment: Moment
    code: tuple[str, str] | None
    evidence: Evidence
    caveat: str = ""

    @property
    def day(self) -> date:
        """The day on which it surely stood: of a partial date the first, so that exact dates of that time win."""
        return self.moment.first or self.moment.last


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A value that cannot be used, and why."""

    resource: str
    moment: Moment | None
    shown: str
    why: str


@dataclass(frozen=True, slots=True)
class Collected:
    """All that the entries of a fact hold, in any order."""

    readings: list[Reading]
    left_out: list[LeftOut]


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest usable reading inside the window, or none; the doubt, where what is missing may be newer."""

    reading: Reading | None
    remarks: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    doubt: InDoubt | None = None


def newest(spec: FactSpec, look: Look, collected: Collected) -> Newest:
    """The newest of what was collected. A value dated more than a day ahead of today is left out."""
    tomorrow = look.today + timedelta(days=1)
    readings = [one for one in collected.readings if one.day <= tomorrow]
    ahead = [_ahead(one) for one in collected.readings if one.day > tomorrow]
    left_out = {*collected.left_out, *ahead}  # an entry that was sent twice is one
    start = look.today - timedelta(days=spec.within) if spec.within is not None else date.min
    if inside := [one for one in readings if one.moment.last >= start]:
        chosen = _chosen(spec, inside)
        remarks = (*chosen.remarks, *_left_out(spec, look, left_out, chosen.reading))
        found = chosen.reading.day if chosen.reading else None
        return replace(chosen, remarks=remarks, doubt=newest_doubt(look, spec.within, found, chosen.evidence))
    stale, evidence = _stale(spec, readings)
    return Newest(None, (*stale, *_left_out(spec, look, left_out, None)), evidence, newest_doubt(look, spec.within, None, evidence))


def _ahead(one: Reading) -> LeftOut:
    return LeftOut(one.evidence.resource, one.moment, one.evidence.shown, "it is dated in the future")


def derive_newest(spec: FactSpec, look: Look, collect: Callable[[FactSpec, Look], Collected]) -> Fact:
    """The newest reading as the fact's value."""
    return as_fact(newest(spec, look, collect(spec, look)))


def as_fact(found: Newest) -> Fact:
    """A number that is charted as "below" or "above" something is a bound."""
    if found.doubt is not None:
        return found.doubt
    if (reading := found.reading) is None:
        return NotRecorded(found.remarks, found.evidence)
    match reading.comparator, reading.value:
        case (">" | ">=", float() as least):
            return Bounds(least, None, found.evidence, found.remarks)
        case ("<" | "<=", float() as most):
            return Bounds(None, most, found.evidence, found.remarks)
        case _:
            return Known(reading.value, found.evidence, found.remarks)


def _chosen(spec: FactSpec, readings: list[Reading]) -> Newest:
    """The latest instant of the newest day, its best code, its highest value."""
    day = max(one.day for one in readings)
    of_day = [one for one in readings if one.day == day]
    latest = max((one.moment.instant for one in of_day if one.moment.instant is not None), default=None)
    last = [one for one in of_day if one.moment.instant is None or one.moment.instant == latest]
    rank = min(_rank(spec, one) for one in last)
    ranked = [one for one in last if _rank(spec, one) == rank]
    values = sorted({one.value for one in ranked}, key=lambda value: _height(spec, value))
    remarks = []
    if len(values) > 1:
        told = " and ".join(str(value) if isinstance(value, str) else f"{value:g}" for value in values)
        which = "the first of the author's words" if isinstance(values[-1], str) else "the higher one"
        remarks.append(f"several values of the same time ({told}): {which} is taken")
    taken = [one for one in ranked if one.value == values[-1]]
    remarks += sorted({one.caveat for one in taken if one.caveat})
    best = min(taken, key=lambda one: (one.comparator, one.moment.instant is None, one.evidence.resource))
    return Newest(best, tuple(remarks), in_order([one.evidence for one in taken]))


def _rank(spec: FactSpec, reading: Reading) -> int:
    """How telling the reading's code is; codes that the author did not rank come last."""
    return spec.prefer.index(reading.code) if reading.code in spec.prefer else len(spec.prefer)


def _height(spec: FactSpec, value: float | str) -> float:
    """Numbers by their size; words by their place among the author's, the first highest."""
    return -list(spec.answers.values()).index(value) if isinstance(value, str) else value


def _stale(spec: FactSpec, readings: list[Reading]) -> tuple[tuple[str, ...], tuple[Evidence, ...]]:
    """What there was before the window: said with its date, never used."""
    if not readings:
        return (), ()
    last = max(one.day for one in readings)
    evidence = in_order([one.evidence for one in readings if one.day == last])
    return (f"{spec.says} is of {evidence[0].date}: too old",), evidence


def _left_out(spec: FactSpec, look: Look, left_out: set[LeftOut], chosen: Reading | None) -> tuple[str, ...]:
    """The newest value that could not be used, where it is newer than the one taken, or inside the window where none is taken."""
    start = look.today - timedelta(days=spec.within) if spec.within is not None else date.min
    newer = [one for one in left_out if _newer(one.moment, chosen, start)]
    if not newer:
        return ()
    newest = max(newer, key=lambda one: (one.moment.last if one.moment else date.min, one.shown, one.why, one.resource))
    dated = f" of {newest.moment.shown}" if newest.moment else ""
    others = len(newer) - 1
    more = f", and {others} more" if others else ""
    return (f'a value{dated} ("{newest.shown}") was left out: {newest.why}{more}',)


def _newer(moment: Moment | None, chosen: Reading | None, start: date) -> bool:
    if chosen is None:
        return moment is None or moment.last >= start
    return moment is not None and not _older(moment, chosen.moment)


def _older(one: Moment, other: Moment) -> bool:
    if one.instant is not None and other.instant is not None:
        return one.instant < other.instant
    return one.last < (other.first or other.last)
