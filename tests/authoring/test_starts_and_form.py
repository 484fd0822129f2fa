"""`exercise-cds new` and `exercise-cds fmt`: starts that are valid as written, and one form that changes nothing that a file says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from exercise_cds.authoring.check import check
from exercise_cds.authoring.form import in_form
from exercise_cds.authoring.tests_of_pack import run
from exercise_cds.cli import main
from rulepack.planted import SMALL

ROOT = Path(__file__).resolve().parents[2]


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)])


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A pack that has just been started."""
    assert _run("new", "pack", tmp_path / "knees").exit_code == 0
    return tmp_path / "knees"


def test_a_new_pack_is_served_and_proven(pack: Path) -> None:
    """It has no finding, its cases pass, see everything and notice every change, and it is in form."""
    checked = check(pack)
    assert checked.pack is not None
    assert checked.findings == ()
    results = run(checked, checked.cases, with_coverage=True, with_mutation=True, processes=1)
    assert results.failed == ()
    assert results.coverage is not None
    assert results.mutation is not None
    assert [str(goal) for goal in results.coverage.missed] == []
    assert [mutant.words for mutant in results.mutation.survivors] == []
    assert _run("fmt", pack, "--check").exit_code == 0
    assert _run("schema", pack).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "file"),
    [
        (("rule", "sciatica-first"), "rules/sciatica-first.yaml"),
        (("program", "water"), "programs/water.yaml"),
        (("case", "first-day"), "tests/first-day.yaml"),
        (("valueset", "sciatica", "--code", "M54.31=Sciatica, right side"), "valuesets/sciatica.json"),
    ],
)
def test_every_start_is_valid_and_in_form(arguments: tuple[str, ...], file: str, pack: Path) -> None:
    """What is written can be served and run at once; twice it is refused."""
    kind, *rest = arguments
    result = _run("new", kind, pack, *rest)
    assert result.exit_code == 0, result.output
    assert (pack / file).is_file()
    checked = check(pack)
    assert checked.errors == 0
    assert not run(checked, checked.cases).failed
    assert _run("fmt", pack, "--check").exit_code == 0
    again = _run("new", kind, pack, *rest)
    assert again.exit_code == 1
    assert "already" in again.output


def test_what_cannot_be_started_is_said(pack: Path, tmp_path: Path) -> None:
    """An id that cannot be one, a folder that is not empty, a pack with errors."""
    assert "write small letters" in _run("new", "rule", pack, "No Spaces").output
    assert "is not empty" in _run("new", "pack", pack).output
    (pack / "facts.yaml").write_text("facts: {}\n", "utf-8")
    assert _run("new", "rule", pack, "another").exit_code == 1
    assert not (pack / "rules" / "another.yaml").exists()
    assert _run("new", "pack", tmp_path / "Bad Name").exit_code == 1


def test_the_shipped_pack_is_in_form() -> None:
    """CI may run fmt --check on it."""
    result = _run("fmt", ROOT / "rules", "--check")
    assert result.exit_code == 0, result.output


WRITTEN = """\
# top
rules:
# about the rule
- id:   a-rule   # why
  title: "A title"
  when: {any: [sciatica,   {age: {below: 18}}]}



  evidence: [x]
"""
IN_FORM = """\
# top
rules:
# about the rule
  - id: a-rule   # why
    title: "A title"
    when: {any: [sciatica, {age: {below: 18}}]}

    evidence: [x]
"""


def test_form_keeps_comments_and_quotes() -> None:
    """Indentation and spaces change; words, comments and quotation marks do not."""
    assert in_form(WRITTEN, "rules/a.yaml") == (IN_FORM, "")
    assert in_form(IN_FORM, "rules/a.yaml") == (IN_FORM, "")


def test_a_file_with_mistakes_is_left_alone(tmp_path: Path) -> None:
    """Form does not touch what it cannot read."""
    pack = Path(shutil.copytree(SMALL, tmp_path / "small"))
    (pack / "rules" / "base.yaml").write_text("rules: [&a x, *a]\n", "utf-8")
    result = _run("fmt", pack)
    assert "left as it is" in result.output
    assert (pack / "rules" / "base.yaml").read_text("utf-8") == "rules: [&a x, *a]\n"


@settings(max_examples=60, deadline=None)
@given(text=st.text(alphabet="ab:-[]{}#'\" \n,&*!|>%1.", max_size=60))
def test_form_is_reached_once_and_changes_no_meaning(text: str) -> None:
    """Whatever stands in a file: its form is its own form, and nothing is raised."""
    after, why = in_form(text, "rules/a.yaml")
    if not why:
        assert in_form(after, "rules/a.yaml") == (after, "")
    else:
        assert after == text
