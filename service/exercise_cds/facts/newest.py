"""The newest usable reading of a window: which one it is, what a reader must know of it, and when it cannot be told.

Readings of one instant are ranked by the author's `prefer`, then by value: the higher one, and it is said. A reading without a
time of the day may be of any time of that day, so it competes with the latest reading of its day.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias

from exercise_cds.facts.dates import Moment
from exercise_cds.facts.look import Look, in_order, newest_doubt
from exercise_cds.model.chart import Entry, Later
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


class Source(NamedTuple):
    """A resource that may hold readings, and the moment that they hold for."""

    moment: Moment | None
    resource: Any

    @property
    def day(self) -> date:
        """The day on which its readings surely stood; the first day of all where it has no date."""
        return (self.moment.first or self.moment.last) if self.moment is not None else date.min

    @property
    def last(self) -> date | None:
        """The last day that it may mean; None where it has no date."""
        return self.moment.last if self.moment is not None else None


class Waiting(NamedTuple):
    """A source that nobody has looked into yet; its day is certain."""

    day: date
    last: date
    """The same: the last day that it may mean."""
    entry: Later
    source_of: SourceOf

    def opened(self, look: Look) -> Source | None:
        """The source; None where its status forbids, or where it cannot be read."""
        return opened(self.entry, look, self.source_of)


SourceOf: TypeAlias = "Callable[[Look, Any], Source | None]"
"""A resource as a source; None where its status forbids."""


def opened(entry: Later, look: Look, source_of: SourceOf) -> Source | None:
    """The source that an entry is, validated now; None where there is none. The look remembers what cannot be read."""
    found = entry.read()
    if isinstance(found, Entry):
        return source_of(look, found.resource)
    look.late.add(found)
    return None


_BY_DAY = attrgetter("day")
Read: TypeAlias = "Callable[[FactSpec, Look, Source], list[Reading | LeftOut]]"
"""What a source holds for a fact. Asked from the newest day down, and no further than the first day that has a usable reading."""


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest usable reading inside the window, or none; the doubt, where what is missing may be newer."""

    reading: Reading | None
    remarks: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    doubt: InDoubt | None = None


def newest(spec: FactSpec, look: Look, sources: Sequence[Source | Waiting], read: Read) -> Newest:
    """The newest usable reading of all sources. What is dated more than a day ahead of today is left out."""
    start = look.today - timedelta(days=spec.within) if spec.within is not None else date.min
    left_out: set[LeftOut] = set()  # a set: an entry that was sent twice is one
    inside = [one for one in sources if one.last is not None and one.last >= start]
    if readings := _newest_day(spec, look, inside, read, left_out):
        chosen, taken, remarks = _chosen(spec, readings)
        evidence = in_order([one.evidence for one in taken])
        remarks += _told([one for one in left_out if one.moment is not None and not _older(one.moment, chosen.moment)])
        return Newest(chosen, tuple(remarks), evidence, newest_doubt(look, spec.within, chosen.day, evidence))
    for one in sources:
        if isinstance(one, Source) and one.moment is None:
            left_out.update(part for part in read(spec, look, one) if isinstance(part, LeftOut))
    before = [one for one in sources if one.last is not None and one.last < start]
    stale = in_order([one.evidence for one in _newest_day(spec, look, before, read, set())])
    remarks = [f"{spec.says} is of {stale[0].date}: too old"] if stale else []
    return Newest(None, (*remarks, *_told(list(left_out))), stale, newest_doubt(look, spec.within, None, stale))


def _newest_day(  # the sources and what becomes of them
    spec: FactSpec, look: Look, sources: list[Source | Waiting], read: Read, left_out: set[LeftOut]
) -> list[Reading]:
    """The usable readings of the newest day that has any; what is newer and cannot be used goes to `left_out`."""
    tomorrow = look.today + timedelta(days=1)
    if len(sources) > 1:
        sources = sorted(sources, key=_BY_DAY, reverse=True)
    for day, of_day in groupby(sources, key=_BY_DAY):
        readings = []
        for one_of_day in of_day:
            source = one_of_day.opened(look) if isinstance(one_of_day, Waiting) else one_of_day
            for one in read(spec, look, source) if source is not None else ():
                if isinstance(one, LeftOut):
                    left_out.add(one)
                elif day > tomorrow:
                    left_out.add(LeftOut(one.evidence.resource, one.moment, one.evidence.shown, "it is dated in the future"))
                else:
                    readings.append(one)
        if readings:
            return readings
    return []


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


def _chosen(spec: FactSpec, of_day: list[Reading]) -> tuple[Reading, list[Reading], list[str]]:
    """Of one day's readings the latest instant, its best code, its highest value: the reading, all that say the same, and remarks."""
    if len(of_day) == 1:
        return of_day[0], of_day, [of_day[0].caveat] if of_day[0].caveat else []
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
    return min(taken, key=lambda one: (one.comparator, one.moment.instant is None, one.evidence.resource)), taken, remarks


def _rank(spec: FactSpec, reading: Reading) -> int:
    """How telling the reading's code is; codes that the author did not rank come last."""
    return spec.prefer.index(reading.code) if reading.code in spec.prefer else len(spec.prefer)


def _height(spec: FactSpec, value: float | str) -> float:
    """Numbers by their size; words by their place among the author's, the first highest."""
    return -list(spec.answers.values()).index(value) if isinstance(value, str) else value


def _told(left_out: list[LeftOut]) -> list[str]:
    """The newest value that could not be used, and how many more there are: skipped, and said."""
    if not left_out:
        return []
    one = max(left_out, key=lambda one: (one.moment.last if one.moment else date.min, one.shown, one.why, one.resource))
    dated = f" of {one.moment.shown}" if one.moment else ""
    more = f", and {len(left_out) - 1} more" if len(left_out) > 1 else ""
    return [f'a value{dated} ("{one.shown}") was left out: {one.why}{more}']


def _older(one: Moment, other: Moment) -> bool:
    if one.instant is not None and other.instant is not None:
        return one.instant < other.instant
    return one.last < (other.first or other.last)
