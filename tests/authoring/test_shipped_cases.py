"""The shipped pack's own cases, run as an author runs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from exercise_cds.authoring.runner import Runner
from exercise_cds.rulepack import Case, load, read_cases

PACK = Path(__file__).resolve().parents[2] / "rules" / "low-back-pain"
LOADED = load(PACK)
assert LOADED.pack is not None, LOADED.findings
CASES = read_cases(PACK, LOADED.pack)


@pytest.fixture(scope="module")
def runner() -> Runner:
    """One runner for all cases: settings are linked once."""
    assert LOADED.pack is not None
    return Runner(PACK, LOADED.pack)


def test_the_cases_are_well_written() -> None:
    """No case has a finding, and there are at least two hundred."""
    assert CASES.findings == ()
    assert len(CASES.cases) >= 200


@pytest.mark.parametrize("case", CASES.cases, ids=lambda case: f"{case.where.file}:{case.where.line}")
def test_a_case_ends_as_its_author_says(case: Case, runner: Runner) -> None:
    """The answer is what the case expects."""
    ran = runner.run(case)
    assert ran.passed, f"{case.where}: {case.name}\n" + "\n".join(ran.differences)
