"""A span of time that a report or an export is about."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` (included) until `until` (not included); None is open."""

    since: datetime | None = None
    until: datetime | None = None

    def of(self, column: Any) -> list[ColumnElement[bool]]:
        """What a moment's column must satisfy."""
        return ([column >= self.since] if self.since else []) + ([column < self.until] if self.until else [])


ALWAYS = Period()


def moment(text: str, now: datetime) -> datetime:
    """The beginning of a UTC day: 2026-03-02, or 90d for so many days before now. Raises ValueError."""
    if re.fullmatch(r"\d{1,5}d", text):
        return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=int(text[:-1]))
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
