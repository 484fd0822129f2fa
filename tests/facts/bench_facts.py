"""How long deriving takes: `python tests/facts/bench_facts.py`. Collected by nobody, claims nothing; best of many short runs.

Twenty-five facts over a handful of entries, as selection hands them over (each fact has only what it may take), and the same with
nothing in the chart.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "service"), str(ROOT / "tests")]

from builders.facts import chart_of, fact, pack_of  # noqa: E402 -- the paths come first
from builders.resources import condition, observation, patient, score  # noqa: E402 -- the paths come first
from exercise_cds.facts import Deriver  # noqa: E402 -- the paths come first

ROUNDS, RUNS = 300, 20


def best(run: Callable[[], object]) -> float:
    """Microseconds of the quickest round."""
    quickest = float("inf")
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for _ in range(RUNS):
            run()
        quickest = min(quickest, (time.perf_counter() - began) / RUNS)
    return quickest * 1e6


def main() -> None:
    """Print the figures."""
    specs = [
        fact("age", "age"),
        fact("condition", "back_pain", codes=["M54.50", "M54.31"]),
        fact("episode", "days", codes=["M54.50", "M54.31"]),
        fact("condition", "sciatica", codes=["M54.31"]),
        fact("score", "pain", codes=["loinc|72514-3"], within=30),
        fact("measurement", "temperature", codes=["loinc|8310-5"], within=7, unit="Cel", valid=(30.0, 45.0)),
        *(fact("condition", f"sign_{n}", codes=[f"C7{n % 10}.{n // 10}"], new_within=30) for n in range(19)),
    ]
    back, leg = condition("M54.50", onset=20, recorded=19, display="Low back pain"), condition("M54.31", onset=10, id="c2")
    held = {
        "age": [patient()],
        "back_pain": [back, leg],
        "days": [patient(), back, leg],
        "sciatica": [leg],
        "pain": [score(6)],
        "temperature": [observation("loinc|8310-5", 37.2, unit="Cel", id="o3")],
    }
    chart = replace(
        chart_of(specs),
        entries={spec.name: chart_of([spec], *held.get(spec.name, ()), guarded=False).entries[spec.name] for spec in specs},
    )
    deriver, only = Deriver(pack_of(*specs)), frozenset(spec.name for spec in specs)
    visits = sum(len(entries) for entries in chart.entries.values())
    print(f"{len(specs)} facts, {visits} entries to look at: {best(lambda: deriver.derive(chart, only)):.0f} us")  # noqa: T201 -- a script
    empty = chart_of(specs)
    print(f"{len(specs)} facts, nothing in the chart: {best(lambda: deriver.derive(empty, only)):.0f} us")  # noqa: T201 -- a script


if __name__ == "__main__":
    main()
