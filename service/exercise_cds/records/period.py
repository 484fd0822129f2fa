"""A span of time that a report or an export is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
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
