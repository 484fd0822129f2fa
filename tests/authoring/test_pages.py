"""`exercise-cds docs`: pages that a committee can read, sign and compare, and the pages for authors themselves."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from exercise_cds.authoring.check import check
from exercise_cds.authoring.pages import md
from exercise_cds.authoring.plain_patient import bands, fact_of_kind, offered
from exercise_cds.cli import main
from exercise_cds.cli.commands import COMMANDS
from exercise_cds.model.pack import RulePack
from rulepack.planted import copy_of_small

ROOT = Path(__file__).resolve().parents[2]
PACK = ROOT / "rules" / "low-back-pain"
AUTHORS = ROOT / "docs" / "authors"
FOR_AUTHORS = ("new", "check", "test", "explain", "diff", "docs", "schema", "fmt", "watch")


@pytest.fixture(scope="module")
def pack() -> RulePack:
    """The shipped pack."""
    found = check(PACK).pack
    assert found is not None
    return found


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its pages, with what changed since a version that strengthened from ten days on."""
    older = Path(shutil.copytree(PACK, tmp_path_factory.mktemp("older") / "older"))
    text = (older / "pack.yaml").read_text("utf-8")
    (older / "pack.yaml").write_text(text.replace("strengthen_from_days: {default: 14", "strengthen_from_days: {default: 10"), "utf-8")
    out = tmp_path_factory.mktemp("pages") / "pages"
    result = CliRunner().invoke(main, ["docs", str(PACK), "--out", str(out), "--since", str(older)])
    assert result.exit_code == 0, result.output
    return out


def test_every_rule_program_setting_and_source_is_there(pages: Path, pack: RulePack) -> None:
    """A reader of the pages misses nothing of the pack."""
    text = (pages / "pack.md").read_text("utf-8")
    for rule in pack.rules:
        assert f"### {md(rule.title)}\n" in text
        assert f"`{rule.id}`" in text
    for program in pack.programs.values():
        assert f"### {md(program.title)}\n" in text
    assert all(f"| {name} |" in text for name in pack.settings)
    assert all(md(cited.title) in text for name, cited in pack.evidence.items() if any(name in rule.evidence for rule in pack.rules))
    assert pack.digest in text
    assert text.count("☐") == len(pack.rules)
    assert "It fires when back pain of two weeks or more, or chronic by its code" in text
    assert "**none in which it fires**" not in text


def test_what_changed_stands_on_the_first_page(pages: Path) -> None:
    """The setting that moved, and the rules that it narrows."""
    text = (pages / "pack.md").read_text("utf-8").split("## At a glance")[0]
    assert r"setting *strengthen\_from\_days*: 10 days -\> 14 days" in text
    assert "rule *stabilize-from-two-weeks*: narrowed" in text


def test_the_pictures_are_well_formed_and_described(pages: Path) -> None:
    """Both are XML without scripts, with a title and a description for whoever cannot see them."""
    for name in ("timeline.svg", "graph.svg"):
        root = ET.parse(pages / name).getroot()  # noqa: S314 - our own file
        tags = {element.tag.rpartition("}")[2] for element in root.iter()}
        assert {"title", "desc", "text"} <= tags
        assert not tags & {"script", "foreignObject", "image", "a"}


def test_the_page_holds_no_script_and_shows_texts_as_they_are(tmp_path: Path) -> None:
    """An author's text is never markup of the page."""
    pack = copy_of_small(tmp_path)
    text = (pack / "rules" / "base.yaml").read_text("utf-8")
    (pack / "rules" / "base.yaml").write_text(text.replace("How to walk", "<script>alert(1)</script> [x](http://y) | *b*"), "utf-8")
    cases = "today: 2026-03-02\ncases:\n- case: a day\n  conditions: [{code: M54.50, onset: 3 days ago}]\n  expect: {offers: [walking]}\n"
    (pack / "tests" / "base.yaml").write_text(cases, "utf-8")
    assert CliRunner().invoke(main, ["docs", str(pack), "--out", str(tmp_path / "out")]).exit_code == 0
    page = (tmp_path / "out" / "index.html").read_text("utf-8")
    assert "<script" not in page
    assert 'href="http://y"' not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; [x](http://y) | *b*" in page


def test_the_decision_table_is_what_the_engine_says(pack: RulePack) -> None:
    """Under two weeks nothing strengthens, from two weeks the stabilization is there, and severe pain brings water first."""
    length, severity = fact_of_kind(pack, "episode"), fact_of_kind(pack, "score")
    assert length is not None
    assert severity is not None
    assert (length.name, severity.name) == ("back_pain_days", "pain_severity")
    table = offered(pack, length, severity)
    cells = {(row.words, column.words): table.programs[r][c] for r, row in enumerate(table.rows) for c, column in enumerate(table.columns)}
    assert "lumbar-stabilization" not in cells["0 to 13", "0 to under 7"]
    assert "lumbar-stabilization" in cells["14 to 27", "0 to under 7"]
    assert cells["85 and more", "7 and more"][0] == "aquatic"
    assert "specialist-referral" in cells["85 and more", "not recorded"]
    assert [band.words for band in bands(pack, length)] == ["0 to 13", "14 to 27", "28 to 41", "42 to 84", "85 and more", "not recorded"]


def test_every_command_for_authors_is_on_their_page() -> None:
    """docs/authors/README.md names each of them, and each exists."""
    page = (AUTHORS / "README.md").read_text("utf-8")
    for command in FOR_AUTHORS:
        assert command in COMMANDS
        assert f"| `exercise-cds {command} " in page


def _steps() -> list[tuple[str, str]]:
    """The tutorial as (what to do, with what): commands, and texts to put into files."""
    text = (AUTHORS / "tutorial.md").read_text("utf-8")
    found = []
    for before, kind, block in re.findall(r"((?:[^\n]*\n){3})```(sh|yaml)\n(.*?)```", text, flags=re.DOTALL):
        if kind == "sh":
            found += [("run", line) for line in block.strip().splitlines()]
            continue
        named = re.findall(r"`(my-rules/[^`]+)`", before)
        if named:
            found.append((f"{'add' if 'Add to' in before else 'write'} {named[-1]}", block))
        else:
            found.append((found[-1][0] if found[-1][0].startswith("write") else "write my-rules/tests/sciatica.yaml", block))
    return found


def test_every_command_of_the_tutorial_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever follows the tutorial word for word ends with a new rule for a new value set, proven by its cases."""
    monkeypatch.chdir(tmp_path)
    commands = 0
    output = ""
    for what, text in _steps():
        if what == "run":
            words = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', text)]
            assert words[0] == "exercise-cds"
            result = CliRunner().invoke(main, words[1:])
            assert result.exit_code == 0, f"{text}\n{result.output}"
            output += result.output
            commands += 1
        else:
            verb, _, file = what.partition(" ")
            path = tmp_path / file
            path.write_text((path.read_text("utf-8") if verb == "add" else "") + text, "utf-8")
    assert commands >= 12
    assert "no fact names the value set 'sciatica'" in output
    assert "nothing asks about the fact 'sciatica'" in output
    assert "back_pain_days at_least 7: +1" in output
    assert "coverage: " in output
    assert (tmp_path / "my-pages" / "index.html").is_file()
