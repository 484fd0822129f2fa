"""FHIR's dates as possible calendar days in the client's zone. Pure: no clock; the day of asking is handed in.

A FHIR date may be a year, a month, a day or an instant. Here each becomes a `Moment`: the first and the last day that it may mean,
and the instant where there is one. Days are calendar days between local dates, so a change of clocks never moves a boundary.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

_MONTHS = {"day": 0, "week": 0, "month": 1, "year": 12}
_DAYS = {"day": 1, "week": 7, "month": 0, "year": 0}
_UNITS = {
    unit: name
    for name, units in {
        "day": ("d", "day", "days"),
        "week": ("wk", "week", "weeks"),
        "month": ("mo", "month", "months"),
        "year": ("a", "y", "yr", "yrs", "year", "years"),
    }.items()
    for unit in units
}
"""UCUM codes and plain words of the units in which an age is told."""
_AGO = re.compile(
    r"\s*(?:(?:about|approximately|approx\.?|~)|(?P<over>over|more than|at least|>))?\s*"
    r"(?P<number>\d{1,4})\s*(?P<unit>day|week|month|year)s?(?:\s+ago)?\s*\.?\s*",
    re.IGNORECASE,
)


class Moment(NamedTuple):
    """The days that a date may mean: `first` to `last`, both included; `first` None is open ("recorded on": then or earlier).

    `instant` is there where the chart told the time. `shown` is the chart's own spelling of a partial date, else the day.
    """

    first: date | None
    last: date
    instant: datetime | None = None
    shown: str = ""

    def until(self, today: date) -> Moment | None:
        """The same moment without its days to come; None where it lies in the future altogether."""
        if self.last <= today:
            return self
        if self.first is not None and self.first > today:
            return None
        return Moment(self.first, today, self.instant, self.shown)


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """The calendar date of an instant in the client's zone."""
    try:
        return instant.astimezone(zone).date()
    except OverflowError:  # the first and the last day of the calendar have no neighbour to move to
        return instant.date()


def moment(written: date | str | None, zone: ZoneInfo) -> Moment | None:
    """What an R4B model holds for a date, dateTime or instant; None where there is none or it is no date.

    The models keep "1958" and "1958-03" as text, and an instant with a leap second too.
    """
    if written is None:
        return None
    if isinstance(written, datetime):
        day = local_day(written, zone)
        return Moment(day, day, written, day.isoformat())
    if isinstance(written, date):
        return Moment(written, written, None, written.isoformat())
    return _partial(written) or _leap_second(written, zone)


def _partial(written: str) -> Moment | None:
    """A year, or a year and a month."""
    parts = written.split("-")
    if not all(part.isdecimal() for part in parts) or len(parts) > 2 or not 1 <= int(parts[0]) <= 9999:
        return None
    year, months = int(parts[0]), [int(part) for part in parts[1:]] or [1, 12]
    if not all(1 <= month <= 12 for month in months):
        return None
    return Moment(date(year, months[0], 1), date(year, months[-1], monthrange(year, months[-1])[1]), None, written)


def _leap_second(written: str, zone: ZoneInfo) -> Moment | None:
    """23:59:60 is a second that Python does not know: the one before it stands for it."""
    try:
        instant = datetime.fromisoformat(written.replace(":60", ":59"))
    except ValueError:
        return None
    return moment(instant, zone) if instant.tzinfo is not None else None


def period_end(period: Any, zone: ZoneInfo) -> Moment | None:
    """The end of a Period; None where it has none."""
    return moment(period.end, zone) if period is not None else None


def period_start(period: Any, zone: ZoneInfo) -> Moment | None:
    """The start of a Period; of one with an end only, some day up to that end."""
    if period is None:
        return None
    if (start := moment(period.start, zone)) is not None:
        return start
    end = moment(period.end, zone)
    return Moment(None, end.last, None, end.shown) if end else None


def earlier(day: date, number: int, unit: str) -> date:
    """The day so many days, weeks, months or years before; the calendar's first day where it ends before."""
    return _shifted(day, -number, unit, spill=False)


def _shifted(day: date, number: int, unit: str, *, spill: bool) -> date:
    """Calendar arithmetic. A day that its month does not have becomes the month's last, or with `spill` the first of the next."""
    if months := _MONTHS[unit] * number:
        year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
        if not 1 <= year <= 9999:
            return date.min if year < 1 else date.max
        length = monthrange(year, month + 1)[1]
        if day.day <= length:
            return date(year, month + 1, day.day)
        return date(year, month + 1, length) + timedelta(days=int(spill))
    ordinal = day.toordinal() + _DAYS[unit] * number
    return date.fromordinal(min(max(ordinal, 1), date.max.toordinal()))


@dataclass(frozen=True, slots=True)
class Ago:
    """A length of time told in words: "about 3 weeks". `over`: longer than that, by how much nobody said."""

    number: int
    unit: str
    over: bool

    def before(self, told: Moment) -> Moment:
        """When it began, counted back from the day on which it was told."""
        last = earlier(told.last, self.number, self.unit)
        first = None if self.over or told.first is None else earlier(told.first, self.number, self.unit)
        return Moment(first, last)


def told_ago(text: str | None) -> Ago | None:
    """`N days|weeks|months|years`, with about, ~ or over before it and "ago" behind it; any other text is not understood."""
    found = _AGO.fullmatch(text) if text else None
    return Ago(int(found["number"]), found["unit"].lower(), bool(found["over"])) if found else None


def _age(quantity: Any, other: Any = None) -> tuple[int, str] | None:
    """Completed units and the unit of an Age or of one end of a Range; `other` is the end that may carry the unit."""
    if quantity is None or quantity.value is None or quantity.value < 0:
        return None
    for source in (quantity, other):
        for spelling in (source.code, source.unit) if source is not None else ():
            if spelling and (unit := _UNITS.get(spelling.strip().lower())):
                return int(Fraction(quantity.value)), unit
    return None


def at_age(age: Any, birth: Moment) -> Moment | None:
    """The days on which somebody was of that age: at 40 years, from the 40th birthday to the eve of the 41st."""
    if (told := _age(age)) is None:
        return None
    match age.comparator:
        case "<" | "<=":
            return _aged(birth, None, (told[0] - (age.comparator == "<"), told[1]))
        case ">" | ">=":
            return _aged(birth, told, None)
        case _:
            return _aged(birth, told, told)


def in_age_range(ages: Any, birth: Moment) -> Moment | None:
    """The days on which somebody was between two ages; an end that is left out is open."""
    low, high = _age(ages.low, ages.high), _age(ages.high, ages.low)
    return _aged(birth, low, high) if low or high else None


def _aged(birth: Moment, low: tuple[int, str] | None, high: tuple[int, str] | None) -> Moment | None:
    """From the day of becoming `low` to the eve of growing out of `high`; without them from birth, to the end of days."""
    assert birth.first is not None  # a birth date is a day, a month or a year: never open
    first = _shifted(birth.first, low[0], low[1], spill=False) if low else birth.first
    last = _shifted(birth.last, high[0] + 1, high[1], spill=True) - timedelta(days=1) if high else date.max
    return Moment(first, last) if first <= last else None
