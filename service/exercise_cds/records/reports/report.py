"""The report: a period, its totals, its tables. `gather` makes it from a store; pages and files are written from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from exercise_cds import __version__
from exercise_cds.records.period import ALWAYS, Period
from exercise_cds.records.reports.numbers import Hidden, Rate, Sums, conceal, rate
from exercise_cds.records.reports.table import Table
from exercise_cds.records.reports.tables import TABLES, Counts, day_text, newest_change, titles
from exercise_cds.records.reports.tally import Tally, take
from exercise_cds.records.store import Store

BELOW = 5
"""Counts from 1 to 4 are hidden: so few patients could be recognised by those who know them."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What the page begins with. Counts under the limit are hidden here too."""

    answers: int | Hidden
    returned: int | Hidden
    accepted: int | Hidden
    overridden: int | Hidden
    without: int | Hidden
    several: int | Hidden
    both: int | Hidden
    lost: int

    @property
    def rates(self) -> Mapping[str, Rate | None]:
        """Shares of the cards that were returned."""
        return {name: rate(getattr(self, name), self.returned) for name in ("accepted", "overridden", "without")}

    @property
    def per_100(self) -> float | None:
        """Cards per 100 answers."""
        found = rate(self.returned, self.answers)
        return None if found is None else 100 * found.share


@dataclass(frozen=True, slots=True)
class Change:
    """The newest change of a pack: versions, and the first day of the later one."""

    before: str
    after: str
    day: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a committee is shown. Nothing in it is one patient's."""

    made_at: datetime
    release: str
    period: Period
    below: int
    totals: Totals
    change: Change | None
    tables: Mapping[str, Table]


def gather(store: Store, period: Period = ALWAYS, *, below: int = BELOW) -> Report:
    """Count a period of the records. `below` of 0 or 1 hides nothing. Raises StoreUnreachable."""
    with store.reading() as connection:
        tally = take(connection, period)
    counts = Counts(tally, titles(tally), below)
    tables = [make(counts) for make in TABLES]
    return Report(store.clock(), __version__, period, below, _totals(tally, below), _change(tally), {table.name: table for table in tables})


def _totals(tally: Tally, below: int) -> Totals:
    judged = [judged for by_rule in tally.cards.values() for judged in by_rule.values()]
    parts = {
        "accepted": sum(each.accepted for each in judged),
        "overridden": sum(each.overridden for each in judged),
        "without": sum(each.silent for each in judged),
    }
    counts = {"answers": tally.answers, "returned": sum(each.returned for each in judged), **parts}
    (shown,) = conceal([counts | {"several": tally.several, "both": tally.both}], Sums("returned", tuple(parts)), below)
    return Totals(**shown, lost=tally.lost)


def _change(tally: Tally) -> Change | None:
    found = newest_change(tally)
    if found is None:
        return None
    versions = {digest: version for _, version, digest in tally.versions}
    before, after = found
    return Change(versions[before], versions[after], day_text(tally.digest_days[after][0]))
