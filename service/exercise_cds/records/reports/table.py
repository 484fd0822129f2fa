"""A table of the report: one noun that the page, the CSV files and the JSON file are all written from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from exercise_cds.records.reports.numbers import Hidden, Rate, Sums, conceal, rate

Cell: TypeAlias = "str | int | float | Rate | Hidden | None"


class Kind(StrEnum):
    """How a column is read, aligned and sorted."""

    TEXT = "text"
    FIXED = "fixed"
    """Text that is not broken over lines: days, versions."""
    COUNT = "count"
    NUMBER = "number"
    RATE = "rate"
    MILLISECONDS = "milliseconds"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name in files, its title on the page."""

    name: str
    title: str
    kind: Kind = Kind.COUNT


@dataclass(frozen=True, slots=True)
class Table:
    """Rows in the order to show. `says` tells in a sentence or two what is counted; `empty` what it means when there are no rows."""

    name: str
    title: str
    says: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...] = ()
    empty: str = "Nothing of the kind in this period."
    folded: bool = field(default=False)
    """Long: closed on the page until somebody opens it."""

    def column(self, name: str) -> list[Cell]:
        """All cells of one column."""
        place = [column.name for column in self.columns].index(name)
        return [row[place] for row in self.rows]


@dataclass(frozen=True, slots=True)
class Row:
    """One row before hiding: its labels, and its counts by column name."""

    labels: tuple[str, ...]
    counts: Mapping[str, int]
    without: tuple[str, ...] = ()
    """Ratios that mean nothing for this row."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """A column computed from two counts after hiding: a rate with its interval, or `per` times the quotient."""

    name: str
    title: str
    part: str
    whole: str
    per: int = 0

    def of(self, counts: Mapping[str, int | Hidden]) -> Rate | float | None:
        """None where nothing may or can be said."""
        found = rate(counts[self.part], counts[self.whole])
        if found is None or not self.per:
            return found
        return self.per * found.share


@dataclass(frozen=True, slots=True)
class Draft:
    """A table before it is filled: which counts it has, how they add up, and which ratios follow from those that may be shown."""

    name: str
    title: str
    says: str
    labels: tuple[Column, ...]
    counts: tuple[Column, ...]
    sums: Sums = field(default_factory=Sums)
    ratios: tuple[Ratio, ...] = ()
    empty: str = "Nothing of the kind in this period."
    folded: bool = False

    def fill(self, rows: Sequence[Row], below: int) -> Table:
        """The table, its small cells hidden, its ratios made of what is left."""
        shown = conceal([row.counts for row in rows], self.sums, below)
        ratios = (Column(ratio.name, ratio.title, Kind.NUMBER if ratio.per else Kind.RATE) for ratio in self.ratios)
        filled = tuple(
            (
                *row.labels,
                *(cells[column.name] for column in self.counts),
                *(None if ratio.name in row.without else ratio.of(cells) for ratio in self.ratios),
            )
            for row, cells in zip(rows, shown, strict=True)
        )
        return Table(self.name, self.title, self.says, (*self.labels, *self.counts, *ratios), filled, self.empty, self.folded)
