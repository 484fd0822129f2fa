"""What one fact may look at: its entries, what is missing, the day of asking. And what is in doubt because of what is missing.

Law 3: could not look is not the same as not there. A gap or an unreadable entry of a fact makes the fact doubtful, unless
what was obtained settles it whatever is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from exercise_cds.model.chart import Entry, Gap, Later, Unreadable
from exercise_cds.model.facts import Cause, Evidence, InDoubt

if TYPE_CHECKING:
    from exercise_cds.facts.newest import Newest
    from exercise_cds.facts.onset import Standing


@dataclass(frozen=True, slots=True)
class Terms:
    """What the pack says of its codes: which are unverified, which it calls "chronic" or "acute" in their display."""

    unverified: frozenset[tuple[str, str]] = frozenset()
    calls: Mapping[str, frozenset[tuple[str, str]]] = field(default_factory=dict)
    chronic_from: float = 85
    """Days: the pack's setting `chronic_from_days`; only a remark on conflicts hangs on it."""


class Look(NamedTuple):
    """One fact's view of the chart."""

    today: date
    zone: ZoneInfo
    terms: Terms
    entries: tuple[Entry, ...]
    gaps: tuple[Gap, ...]
    unreadable: int
    """How many entries of this fact could not be read."""
    standings: dict[int, Standing]
    """How the conditions read so far stand, by the identity of the resource: one call's memory, shared by all its facts."""
    newest: Newest | None = None
    """The newest reading of the fact that `overruled_by` names."""
    later: tuple[Later, ...] = ()
    """Entries that are validated when they are asked for."""
    late: set[Unreadable] = set()  # noqa: RUF012 - never the default's own: whoever hands in `later` hands in a new set
    """Those of them that turned out to be unreadable."""

    @property
    def is_doubtful(self) -> bool:
        """Whether anything at all is missing."""
        return bool(self.gaps) or self.unreadable > 0


def doubt(look: Look, evidence: tuple[Evidence, ...] = ()) -> InDoubt | None:
    """The doubt of a fact that needs every entry: any gap, any unreadable entry."""
    if look.gaps:
        gap = min(look.gaps, key=lambda gap: gap.key)
        return InDoubt(gap.cause, gap.why, evidence)
    return _unreadable(look, evidence)


def newest_doubt(look: Look, days: int | None, found: date | None, evidence: tuple[Evidence, ...] = ()) -> InDoubt | None:
    """The doubt of a fact that needs the newest entry of the last `days` only; `found` is the day of the newest usable one.

    A bundle in date order is complete back to a day, that day included. What lies further back does not matter where that day
    is the window's first or before it, nor where a usable entry of that day or later was found: whatever is missing is older than it.
    """
    start = look.today - timedelta(days=days) if days is not None else None
    for gap in sorted(look.gaps, key=lambda gap: gap.key):
        whole = gap.complete_back_to
        if whole is not None and ((start is not None and whole <= start) or (found is not None and found >= whole)):
            continue
        return InDoubt(gap.cause, gap.why, evidence)
    return _unreadable(look, evidence)


def _unreadable(look: Look, evidence: tuple[Evidence, ...]) -> InDoubt | None:
    unreadable = look.unreadable + len(look.late)
    if not unreadable:
        return None
    counted = "an entry" if unreadable == 1 else f"{unreadable} entries"
    return InDoubt(Cause.UNREADABLE, f"{counted} could not be read", evidence)


def in_order(evidence: list[Evidence]) -> tuple[Evidence, ...]:
    """Each piece of evidence once, newest first, whatever the order in which the chart was sent."""
    if len(evidence) < 2:
        return tuple(evidence)
    once = sorted(set(evidence), key=lambda piece: (piece.resource, piece.shown, piece.remark, piece.code or ("", "")))
    return tuple(sorted(once, key=lambda piece: piece.date, reverse=True))
