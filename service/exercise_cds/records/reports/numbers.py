"""Rates with their uncertainty, percentiles from counts, and the hiding of small cells. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

_Z = 1.959963984540054
"""The 97.5th percentile of the normal distribution: intervals hold 95 %."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """A count that is not shown. `small`: it is from 1 to the limit; otherwise it would give a small one away."""

    small: bool
    below: int = 5

    def __str__(self) -> str:
        return f"<{self.below}" if self.small else "not shown"


Count: TypeAlias = "int | Hidden"


@dataclass(frozen=True, slots=True)
class Rate:
    """`part` of `whole` as a share from 0 to 1, with Wilson's interval (E. B. Wilson 1927): honest near 0 and 1 and for few cases."""

    part: int
    whole: int

    @property
    def share(self) -> float:
        """The share."""
        return self.part / self.whole

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper bound, 95 %."""
        n, p = self.whole, self.share
        middle = (p + _Z * _Z / (2 * n)) / (1 + _Z * _Z / n)
        half = _Z / (1 + _Z * _Z / n) * math.sqrt(p * (1 - p) / n + _Z * _Z / (4 * n * n))
        # at the ends the sums leave a rounding error of 1e-17 where the formula gives 0 and 1
        return (0.0 if self.part == 0 else middle - half), (1.0 if self.part == n else middle + half)


def rate(part: Count, whole: Count) -> Rate | None:
    """None where either is hidden or there is nothing to divide by."""
    if isinstance(part, Hidden) or isinstance(whole, Hidden) or whole == 0:
        return None
    return Rate(part, whole)


def percentile(steps: Sequence[tuple[int, int]], share: float) -> int | None:
    """The smallest step that at least `share` of all counts reach; `steps` are (value, count), ascending."""
    total = sum(count for _, count in steps)
    needed = math.ceil(total * share)
    reached = 0
    for value, count in steps:
        reached += count
        if reached >= needed:
            return value
    return None


@dataclass(frozen=True, slots=True)
class Sums:
    """How the counts of a table add up: in a row, `parts` to `whole`; over the rows, each of `columns` to a total shown elsewhere."""

    whole: str = ""
    parts: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    groups: tuple[tuple[str, ...], ...] = ()
    """Further columns of a row that add up to a number shown in another table."""


def conceal(rows: Sequence[Mapping[str, int]], sums: Sums, below: int) -> list[dict[str, Count]]:
    """Hide counts from 1 to `below` - 1, and as many others as are needed so that none of those can be computed from a sum.

    Zero is shown: that nothing happened names nobody. A hidden whole hides its parts.
    """
    hidden: list[dict[str, Count]] = [
        {name: Hidden(small=True, below=below) if 0 < count < below else count for name, count in row.items()} for row in rows
    ]
    changed = below > 1
    while changed:
        changed = False
        for row in hidden:
            if sums.whole and isinstance(row[sums.whole], Hidden):
                changed |= _hide_all(row, sums.parts, below)
            for group in (sums.parts, *sums.groups):
                changed |= _not_alone([(row, name) for name in group], below)
        for column in sums.columns:
            changed |= _not_alone([(row, column) for row in hidden], below)
    return hidden


def _hide_all(row: dict[str, Count], names: Iterable[str], below: int) -> bool:
    shown = [name for name in names if not isinstance(row[name], Hidden)]
    for name in shown:
        row[name] = Hidden(small=False, below=below)
    return bool(shown)


def _not_alone(cells: Sequence[tuple[dict[str, Count], str]], below: int) -> bool:
    """Among cells that add up to a known sum, one hidden cell is no secret: hide the next smallest that is not zero."""
    if sum(isinstance(row[name], Hidden) for row, name in cells) != 1:
        return False
    shown = [(count, number) for number, (row, name) in enumerate(cells) if not isinstance(count := row[name], Hidden) and count > 0]
    if not shown:
        return False
    row, name = cells[min(shown)[1]]
    row[name] = Hidden(small=False, below=below)
    return True
