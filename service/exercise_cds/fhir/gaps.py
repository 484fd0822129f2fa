"""What is missing under a prefetch key, and how far back it is complete all the same."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from exercise_cds.fhir.bundles import RawEntry
from exercise_cds.fhir.raw import value_of
from exercise_cds.fhir.templates import Query
from exercise_cds.model.chart import Gap
from exercise_cds.model.facts import Cause

_DATES = ("effectiveDateTime", "effectiveInstant")
_DATE = re.compile(r"(?P<year>\d{4})(?:-(?P<month>\d{2})(?:-(?P<day>\d{2}))?)?")


def unreadable(query: Query) -> Gap:
    """Some place under the key holds no resource that could be read."""
    return Gap(query.key, Cause.UNREADABLE, f"{query.noun} could not all be read")


def foreign(query: Query) -> Gap:
    """Some resource under the key is another patient's, or nobody knows whose."""
    return Gap(query.key, Cause.FOREIGN, f"{query.noun} are not all known to be this patient's")


def failed(query: Query) -> Gap:
    """An OperationOutcome among the entries says that the search went wrong."""
    return Gap(query.key, Cause.INCOMPLETE, f"{query.noun} could not all be looked up")


def other_types(query: Query) -> Gap:
    """The Bundle holds resources of one type, and not of the one that was asked for: two lists were mixed up."""
    return Gap(query.key, Cause.UNREADABLE, f"{query.noun} were asked for and something else was sent")


def more_pages(query: Query, entries: Sequence[RawEntry], zone: ZoneInfo) -> Gap:
    """A further page was not fetched. In date order what is missing is older than the last entry."""
    back_to = complete_back_to(entries, zone) if query.in_date_order else None
    return Gap(query.key, Cause.INCOMPLETE, f"{query.noun} were not all sent", back_to)


def complete_back_to(entries: Sequence[RawEntry], zone: ZoneInfo) -> date | None:
    """The day from which on everything was obtained: the day after that of the last entry, whose own day may go on overleaf.

    None where the entries, in spite of what was asked, are not in date order, or one of them has no date that can be read.
    """
    days = [last_possible_day(entry, zone) for entry in entries]
    told = [day for day in days if day is not None]
    if not told or len(told) < len(days) or told != sorted(told, reverse=True) or told[-1] == date.max:
        return None
    return told[-1] + timedelta(days=1)


def last_possible_day(entry: RawEntry, zone: ZoneInfo) -> date | None:
    """The last day that an Observation's effective[x] may mean; None where there is none or it cannot be read."""
    for name in _DATES:
        if name in entry.fields:
            return last_day(value_of(entry.fields[name], entry.where), zone)
    if "effectivePeriod" in entry.fields:
        period = value_of(entry.fields["effectivePeriod"], entry.where)
        return last_day(period.get("end"), zone) if isinstance(period, dict) else None
    return None


def last_day(written: Any, zone: ZoneInfo) -> date | None:
    """The last day, in the client's zone, that a FHIR date or dateTime may mean; None where it is none."""
    if not isinstance(written, str):
        return None
    try:
        if (found := _DATE.fullmatch(written)) is None:
            instant = datetime.fromisoformat(written)
            return instant.astimezone(zone).date() if instant.tzinfo else None
        year, month = int(found["year"]), int(found["month"] or 12)
        return date(year, month, int(found["day"] or monthrange(year, month)[1]))
    except (ValueError, OverflowError):  # no such month or day; an instant at the edge of the calendar
        return None
