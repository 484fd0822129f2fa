"""The guard of the hot path's cost: what it refuses, and what it does not mind."""

from __future__ import annotations

import json

import pytest

from bench.guard import BASELINE, ORIGINAL, PLANTED, YARDSTICK, compared, verdict

BEFORE = {"answer-50": 8_000_000, "decode-50": 1_300_000, YARDSTICK: 7_000_000, PLANTED: 10_000_000}
HOW = "instructions"


@pytest.mark.parametrize("part", ["answer-50", "decode-50"])
def test_a_part_that_became_a_fifth_dearer_is_refused(part: str) -> None:
    """A quarter more instructions in one part are refused by its name, a tenth more are not."""
    for times, refused in (1.25, True), (1.1, False):
        now = {**BEFORE, part: BEFORE[part] * times}
        now[PLANTED] = now[ORIGINAL] * 1.25
        told = verdict(compared(now, BEFORE), HOW)
        assert [part in sentence for sentence in told] == ([True] if refused else [])


@pytest.mark.parametrize("times", [0.7, 1.5])
def test_another_interpreter_is_not_a_slowdown(times: float) -> None:
    """An interpreter that takes more or fewer instructions for everything alike is no change of ours, and a quarter more on it is."""
    now = {name: cost * times for name, cost in BEFORE.items()}
    assert verdict(compared(now, BEFORE), HOW) == []
    dearer = {**now, "answer-50": now["answer-50"] * 1.25, PLANTED: now[PLANTED] * 1.25}
    assert verdict(compared(dearer, BEFORE), HOW) == ["answer-50 takes 1.25 times the baseline"]


def test_a_guard_that_does_not_see_the_planted_slowdown_fails() -> None:
    """Were the planted quarter not to show in the counts, the guard would say so instead of passing."""
    (told,) = verdict(compared({**BEFORE, PLANTED: BEFORE[ORIGINAL]}, BEFORE), HOW)
    assert "blind" in told


def test_the_baseline_holds_every_part_for_both_ways_of_measuring() -> None:
    """Nothing is left out of the comparison for want of a baseline."""
    baseline = json.loads(BASELINE.read_text())
    parts = {"answer-50", "answer-200", "decode-50", "decode-200", YARDSTICK, PLANTED}
    assert {how: set(found["costs"]) for how, found in baseline.items()} == {"clock": parts, "instructions": parts}
