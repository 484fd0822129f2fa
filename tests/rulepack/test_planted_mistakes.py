"""Every mistake that an author can make is said at its line and column, once, in a sentence with a hint."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from exercise_cds.model.where import Level, Where
from exercise_cds.rulepack import CODES, load
from rulepack.planted import BAD, SMALL, Planted, advice, copy_of_small, findings, planted, said

EXPECTED = frozenset(finding for finding in (*findings(SMALL), *advice(SMALL)) if finding.level is Level.ADVICE)
"""What is said of the small pack itself: one code of it is marked as unverified, two facts are there for their syntax only, ..."""
SOURCES = Path(__file__).resolve().parents[2] / "service" / "exercise_cds" / "rulepack"


@pytest.mark.parametrize("mistake", planted(), ids=lambda mistake: mistake.name)
def test_a_mistake_is_said_once_at_its_place(mistake: Planted) -> None:
    """The finding stands at the marked line and column, and no other finding hides it or repeats it."""
    found, where = said(mistake.code, mistake.number)
    mine = [finding for finding in found if (finding.code, finding.where) == (mistake.code, where)]
    shown = "\n".join(map(str, found))
    assert len(mine) == 1, f"wanted {where}: {mistake.code}, got\n{shown}"
    assert mistake.change.get("says", "") in str(mine[0])
    others = {finding.code for finding in found if finding not in mine and finding not in EXPECTED}
    assert others <= set(mistake.change.get("also", ())), shown


def _many(count: int, text: str) -> Callable[[Path], Where]:
    def make(pack: Path) -> Where:
        for number in range(count):
            (pack / "tests" / "stories" / f"{number}.json").write_text(text, "utf-8")
        return Where(".")

    return make


def _file(name: str, content: str, line: int = 1, column: int = 1) -> Callable[[Path], Where]:
    def make(pack: Path) -> Where:
        (pack / name).write_text(content, "utf-8")
        return Where(name, line, column)

    return make


def _link(pack: Path) -> Where:
    (pack.parent / "elsewhere.yaml").write_text("rules: []\n", "utf-8")
    (pack / "rules" / "more.yaml").symlink_to(pack.parent / "elsewhere.yaml")
    return Where("rules/more.yaml")


def _circle(pack: Path) -> Where:
    (pack / "rules" / "more.yaml").symlink_to(pack / "rules" / "more.yaml")
    return Where("rules/more.yaml")


MADE = {
    "too-many-files": _many(2_001, "{}"),
    "pack-too-large": _many(21, " " * 1_048_000),
    "file-too-large": _file("rules/more.yaml", "#" * (1024 * 1024 + 1)),
    "too-deep": _file("rules/more.yaml", "[" * 41 + "]" * 41, 1, 41),
    "too-many-values": _file("rules/more.yaml", "- a\n" * 50_000, 50_000, 3),
    "link-leaves-folder": _link,
    "unreadable-file": _circle,
    "more-findings": _file(
        "rules/more.yaml", "rules:\n" + "".join(f"- {{id: r{number}, title: R, when: never_{number}}}\n" for number in range(201))
    ),
}
"""Mistakes that cannot be written as a change of one text."""


@pytest.mark.parametrize("code", MADE)
def test_a_mistake_of_the_folder_is_said(code: str, tmp_path: Path) -> None:
    """Too much, too deep, and links that lead away are said in the same way, and the rest of the pack is not read on."""
    pack = copy_of_small(tmp_path)
    where = MADE[code](pack)
    found = load(pack).findings
    mine = [finding for finding in found if finding.code == code]
    assert len(mine) == 1, "\n".join(map(str, found[:20]))
    assert code == "more-findings" or mine[0].where == where
    assert code == "more-findings" or load(pack).pack is None


def test_a_folder_in_the_place_of_a_file_is_a_missing_file(tmp_path: Path) -> None:
    """A folder called evidence.yaml is not evidence."""
    pack = copy_of_small(tmp_path)
    (pack / "evidence.yaml").unlink()
    (pack / "evidence.yaml").mkdir()
    assert "missing-file" in {finding.code for finding in load(pack).findings}


def test_every_code_has_an_example() -> None:
    """No finding exists that nobody has seen: each code of the table has a planted mistake."""
    examples = {path.stem for path in BAD.glob("*.yaml")} | set(MADE)
    assert examples == set(CODES)


def test_every_code_of_the_table_is_used_and_every_used_code_is_in_the_table() -> None:
    """The table of codes is the whole truth: a code that is not in it could not even be reported."""
    sources = "\n".join(path.read_text("utf-8") for path in SOURCES.rglob("*.py") if path.name != "codes.py")
    built = {f"unknown-{sort}" for sort in re.findall(r'knows\("(\w+)"', sources)}
    unused = {code for code in CODES if f'"{code}"' not in sources} - built
    assert not unused
    reported = set(re.findall(r'(?:report\.add|_refuse|_refuse_at)\(\s*"([a-z-]+)"', sources)) | built
    assert reported <= set(CODES)


def test_codes_are_kebab_case_and_mean_something() -> None:
    """A code can be typed, and its meaning fits on a line."""
    for code, row in CODES.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)+", code)
        assert row.code == code
        assert 10 < len(row.meaning) <= 120
        assert not row.meaning.endswith(".")


@pytest.mark.parametrize("mistake", planted(), ids=lambda mistake: mistake.name)
def test_sentence_and_hint_read_well(mistake: Planted) -> None:
    """A sentence is one short line without jargon of Python or pydantic; a hint says what to do."""
    for finding in said(mistake.code, mistake.number)[0]:
        assert 8 <= len(finding.sentence) <= 200
        assert "\n" not in str(finding)
        assert not finding.sentence.endswith((".", ":"))
        assert not re.search(r"\b(None|dict|str|NoneType|input|Input|object at|pydantic|NodeEvent)\b", str(finding)), str(finding)
        assert finding.hint, str(finding)
        assert len(finding.hint) <= 200
