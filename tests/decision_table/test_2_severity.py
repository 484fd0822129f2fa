"""Decision table, section 2: severity."""

from __future__ import annotations

import pytest

from builders.resources import condition, score
from decision_table.running_service import (
    AEROBIC,
    AQUATIC,
    EASY,
    EDUCATION,
    STABILIZATION,
    STRENGTHENING,
    STRETCHING,
    Row,
    disagreements,
)

LBP = condition("M54.50", onset=20)
LAND = frozenset({EDUCATION, STRETCHING, AEROBIC, STABILIZATION})
SEVERE = LAND | {AQUATIC}
ASKS = ("ask about red flags",)

ROWS = (
    *(Row(f"severe: {value}", (LBP, score(value)), exactly=SEVERE, first=(AQUATIC, EDUCATION), says=ASKS) for value in (7, 7.0, 7.5, 10)),
    *(
        Row(f"below severe: {value}", (LBP, score(value)), offers=LAND, never=frozenset({AQUATIC}), says_not=ASKS)
        for value in (0, 0.5, 3, 6, 6.6, 6.99)
    ),
    Row(
        "severe and under 14 days: no strengthening; the land programs stay after water",
        (condition("M54.50", onset=5), score(8)),
        exactly=frozenset({AQUATIC, EDUCATION, STRETCHING, EASY, AEROBIC}),
        first=(AQUATIC, EDUCATION),
        never=frozenset({STRENGTHENING}),
    ),
    Row(
        "severe at unknown length: water first, education stays",
        (condition("M54.50"), score(8)),
        exactly=frozenset({AQUATIC, EDUCATION}),
        first=(AQUATIC,),
    ),
    Row("unknown: no score", (LBP,), never=frozenset({AQUATIC}), offers=LAND, says=("newest pain score: not recorded",)),
    Row("a score of 30 days ago counts", (LBP, score(8, dated=30)), offers=frozenset({AQUATIC})),
    Row(
        "stale: a score of 31 days ago, with its date",
        (LBP, score(8, dated=31)),
        never=frozenset({AQUATIC}),
        offers=LAND,
        says=("2026-01-30", "too old"),
    ),
    Row("out of range: 99", (LBP, score(99)), never=frozenset({AQUATIC}), offers=LAND, says=("99",)),
    Row("out of range: -1", (LBP, score(-1)), never=frozenset({AQUATIC}), offers=LAND),
    Row("out of range: 11", (LBP, score(11)), never=frozenset({AQUATIC}), offers=LAND),
    Row(
        "ambiguous scale: 70 without millimetres on the 0 to 10 score", (LBP, score(70, unit=None)), never=frozenset({AQUATIC}), offers=LAND
    ),
    Row("the newest valid score decides: 4 today, 9 last week", (LBP, score(9, dated=7), score(4, dated=0)), never=frozenset({AQUATIC})),
    Row("the newest valid score decides: 9 today, 4 last week", (LBP, score(4, dated=7), score(9, dated=0)), offers=frozenset({AQUATIC})),
    Row(
        "the newest valid score: 99 today does not hide 8 of yesterday",
        (LBP, score(8, dated=1), score(99, dated=0)),
        offers=frozenset({AQUATIC}),
        says=("99",),
    ),
    Row("a score in error is none", (LBP, score(9, status="entered-in-error")), never=frozenset({AQUATIC})),
    Row("a score of tomorrow's date is the day's, in another zone", (LBP, score(9, dated=-1)), offers=frozenset({AQUATIC})),
    Row("a score of the day after tomorrow is no score", (LBP, score(9, dated=-2)), never=frozenset({AQUATIC})),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.words)
def test_a_row_of_section_2(row: Row) -> None:
    """The service does with this score what the row says."""
    assert disagreements(row) == []
