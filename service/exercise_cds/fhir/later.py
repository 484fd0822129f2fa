"""Observations that wait: their day is told from their text, and what is surely older than a fact's answer is never validated."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from exercise_cds.fhir.bundles import RawEntry
from exercise_cds.fhir.models import model_of
from exercise_cds.fhir.raw import Fields
from exercise_cds.fhir.select import Names
from exercise_cds.model.chart import Entry, Issue, Later, Unreadable

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


class Unread(Later):
    """An Observation that waits until a fact asks for it."""

    __slots__ = ("_entry", "_names", "_parsed", "_zone")

    def __init__(self, entry: RawEntry, names: Names, zone: ZoneInfo, parsed: Callable[[RawEntry], Any | Issue]) -> None:
        """`names` are the facts that take it; `parsed` validates it, and notes what is wrong with it."""
        super().__init__()
        self._entry = entry
        self._names = names
        self._zone = zone
        self._parsed = parsed

    @property
    def day(self) -> date | None:
        """As its text tells it."""
        return certain_day(self._entry.fields, self._zone)

    def validate(self) -> Entry | Unreadable:
        """The elements that facts read, as a model."""
        entry, resource = self._entry, self._parsed(self._entry)
        if isinstance(resource, Issue):
            return Unreadable(resource, self._names)
        return Entry(resource, entry.type, entry.where, self._names)
