"""`exercise-cds diff`: a change of a pack in meaning, and for whom it changes something."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from exercise_cds.cli import main
from rulepack.planted import SMALL, copy_of_small

CASE = """\
today: 2026-03-02
cases:
- case: twelve days
  patient: {age: 41}
  conditions: [{code: M54.50, onset: 12 days ago}]
  expect: {offers: [walking]}
"""


def _diff(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["diff", *map(str, arguments)])


TOO_EARLY = "  unless: {back_pain_days: {at_least: strengthen_from_days}}"
SCIATICA = "sciatica: {kind: condition, codes: [sciatica], says: sciatica}"


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """A copy of the small pack with one case, to be changed."""
    pack = copy_of_small(tmp_path)
    (pack / "tests" / "base.yaml").write_text(CASE, "utf-8")
    return pack


def _change(pack: Path, file: str, good: str, bad: str) -> None:
    before = (pack / file).read_text("utf-8")
    assert before.count(good) == 1
    (pack / file).write_text(before.replace(good, bad), "utf-8")


def _lines(new: Path) -> list[str]:
    data = json.loads(_diff(SMALL, new, "--json").stdout)
    return [f"{line['sort']} {line['name']}: {line['change']}" for line in data["changes"]]


def test_the_same_pack_means_the_same(new: Path) -> None:
    """No line, no case answered otherwise, exit code 0; comments and order of keys are no change."""
    _change(new, "rules/base.yaml", "- id: strengthen\n", "# a comment\n- id: strengthen\n")
    result = _diff(SMALL, new)
    assert result.exit_code == 0, result.output
    assert result.output.strip() == "0 of 1 cases are answered otherwise"


@pytest.mark.parametrize(
    ("good", "bad", "line"),
    [
        (
            TOO_EARLY,
            "  unless: {back_pain_days: {at_least: 10}}",
            "rule too-early: narrowed:",
        ),
        (
            TOO_EARLY,
            "  unless: {back_pain_days: {at_least: 20}}",
            "rule too-early: widened:",
        ),
        ("  when: {any: [sciatica, stenosis]}", "  when: {any: [stenosis, sciatica]}", ""),
        ("  when: {any: [sciatica, stenosis]}", "  when: {any: [sciatica, cancer]}", "rule walk-or-cycle: moved:"),
        ("programs: [education, walking]", "programs: [education]", "rule move: does no longer: offer walking plain"),
        ("because: Staying active helps", "because: Stay active", "text move: offer 1 because: 'Staying active helps' -> 'Stay active'"),
        ("  evidence: a-guideline\n", "  evidence: a-trial\n", "evidence strengthen: cites a-guideline -> a-trial"),
        ("  silent: true\n", "", "rule walk-or-cycle: silent: true -> false"),
    ],
)
def test_a_changed_rule_is_said_in_its_meaning(good: str, bad: str, line: str, new: Path) -> None:
    """Widened, narrowed, moved, what it does, what it says and cites; another order of the same questions is nothing."""
    _change(new, "rules/base.yaml", good, bad)
    lines = _lines(new)
    if line:
        assert any(one.startswith(line) for one in lines), lines
    else:
        assert lines == []


def test_a_narrowed_rule_comes_with_a_patient(new: Path) -> None:
    """One chart for which it makes a difference stands beside it: thirteen days are no longer too early."""
    _change(new, "rules/base.yaml", TOO_EARLY, "  unless: {back_pain_days: {at_least: 10}}")
    (line,) = _lines(new)
    assert "(for one: back_pain_days 1" in line


def test_settings_facts_and_rules_come_and_go(new: Path) -> None:
    """Added and removed rules with their sentence, settings with who asks them, facts with their codes."""
    _change(new, "pack.yaml", "severe_from: {default: 7", "severe_from: {default: 8")
    _change(
        new,
        "facts.yaml",
        "sciatica: {kind: condition, codes: [sciatica], says: sciatica}",
        "sciatica: {kind: condition, codes: [stenosis], says: sciatica}",
    )
    _change(new, "rules/base.yaml", "- id: walk-or-cycle", "- id: how-to-walk")
    lines = _lines(new)
    assert "setting severe_from: 7 -> 8; asked by water-when-severe" in lines
    assert any(one.startswith("fact sciatica: reads ") and "no longer reads" in one for one in lines)
    assert "rule how-to-walk: added: when sciatica or lumbar stenosis" in lines
    assert "rule walk-or-cycle: removed: it fired when sciatica or lumbar stenosis" in lines


def test_who_gains_and_loses_is_said(new: Path) -> None:
    """With strengthening from ten days on, a patient of twelve days gains it."""
    _change(new, "pack.yaml", "strengthen_from_days: {default: 14", "strengthen_from_days: {default: 10")
    result = _diff(SMALL, new)
    assert result.exit_code == 1
    assert "tests/base.yaml:3 twelve days" in result.output
    assert "gains strengthening, offered by strengthen" in result.output
    assert "fires no longer: too-early" in result.output
    assert "1 of 1 cases are answered otherwise" in result.output


def test_real_requests_are_asked(new: Path, tmp_path: Path) -> None:
    """A folder of requests is asked of both; one that no service takes is said, and the others go on."""
    requests = tmp_path / "requests"
    requests.mkdir()
    (requests / "bad.json").write_text("{}", "utf-8")
    context = {"userId": "Practitioner/1", "patientId": "1"}
    body = {"hook": "patient-view", "hookInstance": "6bc883b2-b795-4dcb-b661-34884a31d472", "context": context, "prefetch": {}}
    (requests / "good.json").write_text(json.dumps(body), "utf-8")
    result = _diff(SMALL, new, "--requests", requests)
    assert result.exit_code == 0, result.output
    assert "0 of 1 requests are answered otherwise; 1 could not be asked" in result.output
    assert "bad.json: not asked, 400" in result.output


def test_a_pack_that_cannot_be_served_is_exit_code_two(new: Path) -> None:
    """Its findings are shown."""
    (new / "facts.yaml").write_text("facts: {}\n", "utf-8")
    result = _diff(SMALL, new)
    assert result.exit_code == 2
    assert "empty-list" in result.output
