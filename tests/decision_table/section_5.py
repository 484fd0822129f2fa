"""What the two files of section 5 share: back pain of 20 days with a score of 4, and what the table offers there before other reasons."""

from __future__ import annotations

from typing import Any

from builders.resources import condition, score
from decision_table.running_service import AEROBIC, EDUCATION, MCKENZIE, STABILIZATION, STRENGTHENING, STRETCHING, Row

LBP = condition("M54.50", onset=20)
FROM_14 = frozenset({EDUCATION, STRETCHING, AEROBIC, STABILIZATION})
MAY = frozenset({STRENGTHENING, MCKENZIE})


def back(words: str, *more: Any, **expected: Any) -> Row:
    """Back pain of 20 days, a score of 4, and this finding."""
    return Row(words, (LBP, score(4), *more), **expected)
