"""Rates, percentiles, and that a hidden count stays hidden."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercise_cds.records.reports.numbers import Hidden, Rate, Sums, conceal, percentile, rate

PARTS = ("accepted", "overridden", "without")
SUMS = Sums("returned", PARTS, ("returned", *PARTS))


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_intervals_are_wilsons(part: int, whole: int, low: float, high: float) -> None:
    """The intervals are those of method 3 in table I of Newcombe, Statistics in Medicine 1998;17:857."""
    assert Rate(part, whole).interval == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@given(st.integers(0, 1000), st.integers(1, 1000))
def test_a_share_lies_in_its_interval(part: int, more: int) -> None:
    """Every share lies between its bounds, and those between 0 and 1."""
    share = Rate(part, part + more)
    low, high = share.interval
    assert 0 <= low <= share.share <= high <= 1


def test_nothing_is_said_of_nothing() -> None:
    """No rate is made of hidden counts or of no cases."""
    assert rate(0, 0) is None
    assert rate(Hidden(small=True), 100) is None
    assert rate(3, Hidden(small=False)) is None
    assert rate(3, 4) == Rate(3, 4)


def test_percentiles_are_of_the_counts() -> None:
    """Of 90 answers in 1 ms and 10 in 5 ms the median is 1, the 95th percentile 5; of none there is none."""
    assert [percentile([(1, 90), (5, 10)], share) for share in (0.5, 0.9, 0.95)] == [1, 1, 5]
    assert percentile([], 0.5) is None


counts = st.one_of(st.integers(0, 8), st.integers(0, 100))
tables = st.lists(st.tuples(counts, counts, counts), min_size=1, max_size=6)


@given(tables)
def test_no_hidden_count_can_be_computed(rows: list[tuple[int, int, int]]) -> None:
    """A count from 1 to 4 is never shown, nor is it the only hidden one of a row or column whose sum is known, if not all others are 0."""
    table = [dict(zip(("returned", *PARTS), (sum(row), *row), strict=True)) for row in rows]
    shown = conceal(table, SUMS, 5)
    for before, after in zip(table, shown, strict=True):
        for name, count in before.items():
            assert isinstance(after[name], Hidden) if 0 < count < 5 else isinstance(after[name], Hidden) or after[name] == count
    lines = [[(after[name], before[name]) for name in PARTS] for before, after in zip(table, shown, strict=True)]
    lines += [[(after[name], before[name]) for before, after in zip(table, shown, strict=True)] for name in ("returned", *PARTS)]
    for line in lines:
        hidden = [count for cell, count in line if isinstance(cell, Hidden)]
        others = [count for cell, count in line if not isinstance(cell, Hidden)]
        assert len(hidden) != 1 or not any(others)


@given(tables)
def test_a_site_may_show_all(rows: list[tuple[int, int, int]]) -> None:
    """With a limit of 0 nothing is hidden."""
    table = [dict(zip(("returned", *PARTS), (sum(row), *row), strict=True)) for row in rows]
    assert conceal(table, SUMS, 0) == table


def test_a_small_count_and_its_cover_are_told_apart() -> None:
    """A small count reads "<5"; the larger one that is hidden to protect it reads "not shown"."""
    (row,) = conceal([{"returned": 60, "accepted": 3, "overridden": 20, "without": 37}], Sums("returned", PARTS), 5)
    assert {name: str(cell) for name, cell in row.items()} == {
        "returned": "60", "accepted": "<5", "overridden": "not shown", "without": "37",
    }  # fmt: skip
