"""`exercise-cds check`: findings that a person can act on, forms that a machine can read, exit codes that a script can trust."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exercise_cds.authoring.check import check, packs_at
from exercise_cds.authoring.findings_shown import as_github, as_text
from exercise_cds.cli import main
from exercise_cds.rulepack import CODES
from rulepack.planted import SMALL, copy_of_small

ROOT = Path(__file__).resolve().parents[2]


def _check(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["check", *map(str, arguments)])


def _with(pack: Path, file: str, good: str, bad: str) -> None:
    before = (pack / file).read_text("utf-8")
    assert before.count(good) == 1
    (pack / file).write_text(before.replace(good, bad), "utf-8")


def _errors(pack: Path) -> list[tuple[str, str]]:
    return [(finding.code, finding.hint) for finding in check(pack).findings if finding.level == "error"]


def test_a_finding_shows_its_line_a_caret_and_a_hint(tmp_path: Path) -> None:
    """The caret stands under the word that is wrong, and the hint names what was meant."""
    pack = copy_of_small(tmp_path)
    _with(pack, "rules/base.yaml", "when: {pain_severity: {at_least: severe", "when: {pain_severty: {at_least: severe")
    result = _check(pack)
    assert result.exit_code == 1
    lines = result.output.splitlines()
    head = next(index for index, line in enumerate(lines) if "unknown-fact" in line)
    assert lines[head] == f"{pack}/rules/base.yaml:26:10: unknown-fact: no fact named 'pain_severty'"
    assert lines[head + 2] == " 26 |   when: {pain_severty: {at_least: severe_from}}"
    assert lines[head + 3] == "    |          ^^^^^^^^^^^^"
    assert lines[head + 4] == "    = hint: did you mean 'pain_severity'?"
    assert lines[-1].startswith(f"{pack}: 1 error, ")


def test_a_misspelt_key_is_one_mistake(tmp_path: Path) -> None:
    """A needed key that is written wrongly is named where it stands, and not said to be missing besides; one left out is."""
    pack = copy_of_small(tmp_path)
    _with(pack, "rules/base.yaml", "title: Movement for everybody", "titel: Movement for everybody")
    assert _errors(pack) == [("unknown-key", "did you mean 'title'?")]
    _with(pack, "rules/base.yaml", "titel: Movement for everybody", "owner: nobody")
    assert _errors(pack) == [("missing-key", "write `title:`")]


def test_advice_fails_only_where_asked(tmp_path: Path) -> None:
    """A pack with advice alone can be served: exit code 0, and 1 with --strict."""
    pack = copy_of_small(tmp_path)
    assert _check(pack).exit_code == 0
    assert _check(pack, "--strict").exit_code == 1


def test_a_review_date_is_held_against_the_day(tmp_path: Path) -> None:
    """A rule to be reviewed until 31 January 2027 is spoken of on 1 February."""
    pack = copy_of_small(tmp_path)
    assert "review-date-passed" not in _check(pack, "--today", "2027-01-31").output
    assert "review-date-passed" in _check(pack, "--today", "2027-02-01").output
    assert _check(pack, "--today", "tomorrow").exit_code == 2


def test_what_is_no_pack_is_exit_code_two(tmp_path: Path) -> None:
    """Nothing there, nothing of a pack there, and a file that cannot be read are told apart from mistakes."""
    assert _check(tmp_path / "nothing").exit_code == 2
    assert "pack.yaml" in _check(tmp_path).output
    pack = copy_of_small(tmp_path)
    (pack / "rules" / "more.yaml").symlink_to(pack / "rules" / "more.yaml")
    assert _check(pack).exit_code == 2


def test_a_folder_of_packs_and_a_file_of_a_pack_are_understood(tmp_path: Path) -> None:
    """What an editor or a hook hands over is enough: a file of the pack, or the folder above."""
    pack = copy_of_small(tmp_path)
    shutil.copytree(SMALL, tmp_path / "other")
    assert "other: no errors" in _check(tmp_path).output
    assert _check(pack / "rules" / "base.yaml").output.splitlines()[-1].startswith(str(pack))


def test_json_holds_every_finding(tmp_path: Path) -> None:
    """Programs get file, line, column, code, level, sentence and hint."""
    (pack,) = json.loads(_check(copy_of_small(tmp_path), "--format", "json").stdout)
    assert pack["served"] is True
    assert {"unused-fact", "unverified-code"} <= {finding["code"] for finding in pack["findings"]}
    assert all({"file", "line", "column", "code", "level", "sentence", "hint", "page"} == set(finding) for finding in pack["findings"])


def test_github_shows_findings_beside_their_lines(tmp_path: Path) -> None:
    """One workflow command a finding, with nothing in it that could begin another one."""
    pack = copy_of_small(tmp_path)
    _with(pack, "rules/base.yaml", "when: {pain_severity: {at_least: severe", 'when: {"a%0A::error::x": {at_least: severe')
    found = list(as_github(check(pack)))
    assert any(line.startswith("::error file=") and ",line=26,col=10,title=unknown-fact::" in line for line in found)
    assert all("\n" not in line and "%0A" not in line for line in found)


def test_an_overlay_is_checked_with_its_pack(tmp_path: Path) -> None:
    """A mistake of the overlay is shown at its line in the overlay."""
    overlay = tmp_path / "site.yaml"
    overlay.write_text("overlay: small\nsettings: {severe_from: 12}\n", "utf-8")
    result = _check(SMALL, "--overlay", overlay)
    assert result.exit_code == 1
    assert f"{overlay}:2:25: setting-out-of-bounds" in result.output
    assert " 2 | settings: {severe_from: 12}" in result.output


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.one_of(st.binary(max_size=300), st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass"))))
def test_any_bytes_are_shown_without_a_stack_trace(content: bytes, tmp_path: Path) -> None:
    """Whatever stands in a file, its findings can be shown in every form."""
    pack = tmp_path / "small"
    if not pack.exists():
        copy_of_small(tmp_path)
    (pack / "rules" / "more.yaml").write_bytes(content)
    checked = check(pack)
    for block in (*as_text(checked), *as_github(checked)):
        assert block.encode("utf-8")


def test_the_page_of_findings_is_fresh() -> None:
    """docs/authors/findings.md has a bad and a good example of every code, and is what the script writes."""
    script = [sys.executable, str(ROOT / "tools" / "findings_page.py"), "--check"]
    environment = {"PYTHONPATH": str(ROOT / "service"), "PATH": ""}
    fresh = subprocess.run(script, env=environment, capture_output=True, text=True, check=False)
    assert fresh.returncode == 0, fresh.stdout + fresh.stderr
    page = (ROOT / "docs" / "authors" / "findings.md").read_text("utf-8")
    for code in CODES:
        assert f"\n## {code}\n" in page


@pytest.mark.parametrize("code", CODES)
def test_every_section_has_a_bad_and_a_good_example(code: str) -> None:
    """Nobody looks a code up and finds its name only."""
    page = (ROOT / "docs" / "authors" / "findings.md").read_text("utf-8")
    section = page.split(f"\n## {code}\n", 1)[1].split("\n## ", 1)[0]
    assert "Bad" in section
    assert "ood" in section


def test_a_place_inside_a_pack_means_the_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file or folder of a pack names it, as it was typed; a folder of packs names all of them; elsewhere there is none."""
    pack = copy_of_small(tmp_path)
    monkeypatch.chdir(tmp_path)
    inside = Path(pack.name)
    for place in (inside, inside / "rules", inside / "rules" / "base.yaml"):
        assert packs_at(place) == [inside]
    assert packs_at(Path()) == [inside]
    assert packs_at(tmp_path / "nowhere") == []
    monkeypatch.chdir(pack / "rules")
    assert [place.resolve() for place in packs_at(Path("base.yaml"))] == [pack.resolve()]
