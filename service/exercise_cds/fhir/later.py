"""The day of an Observation, told from its text before anything is validated: what is surely older than a fact's answer is never read."""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from exercise_cds.fhir.models import model_of
from exercise_cds.fhir.raw import Fields

_CERTAIN = re.compile(
    rb'"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00)))?"',
)
"""A whole date, or an instant with its zone, as FHIR writes them."""


@cache
def _effective() -> frozenset[str]:
    """Every name of effective[x], their siblings for extensions included."""
    names = model_of("Observation").choices["effectiveDateTime"]
    return names | {f"_{name}" for name in names}


def certain_day(fields: Fields, zone: ZoneInfo) -> date | None:
    """The calendar day in the client's zone that an Observation holds for; None where it may be another one, or cannot be told."""
    raw = fields.get("effectiveDateTime") or fields.get("effectiveInstant")
    if raw is None or len(_effective() & fields.keys()) != 1:
        return None
    text = bytes(raw)
    if _CERTAIN.fullmatch(text) is None:
        return None
    written = text[1:-1].decode("ascii")
    try:
        if len(written) == len("2026-03-02"):
            return date.fromisoformat(written)
        return datetime.fromisoformat(written).astimezone(zone).date()
    except (ValueError, OverflowError):  # no such day or hour; an instant at the edge of the calendar
        return None
