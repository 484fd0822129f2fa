"""Two readers of YAML, one meaning: what the quick one reads, the careful one reads alike, to the column."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exercise_cds.rulepack.bytes_reader import MOST_DEPTH, text_of
from exercise_cds.rulepack.nodes import Node
from exercise_cds.rulepack.quick_yaml import quick_root
from exercise_cds.rulepack.report import Report
from exercise_cds.rulepack.yaml_reader import careful_root

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted((ROOT / "rules").rglob("*.yaml"))
PLANTED = sorted((ROOT / "tests" / "rulepack").rglob("*.yaml"))
TOKENS = (
    ":", ": ", ", ", ",", "- ", "-", "?", "? ", "[", "]", "{", "}", "#", " #", "&a ", "*a", "!t ", "'", '"', "''", '""', "%", "@", "`",
    "|\n", ">\n", ">-\n", "|2\n", ">+\n", "|#\n", "|\n x\n", ">-\n    a\n     b\n\n    c\n", "---\n", "...\n", "\n", "\n\n", "\r\n", " ",
    "  ", "<<", "~", "null", "no", "\\", "\\n", "\\x41", "\\/", "\\\n", "1e999", ".inf", "0x1", ":a", "::", ":,", '"a":b', "'a': b",
    "[a]: b",
    "? a\n: b", "- - a", "\n  ", "\n    ", "# c\n", "é", "\U0001f600",
)  # fmt: skip
"""What makes readers of YAML differ."""


def _careful(text: str) -> tuple[Node | None, int]:
    report = Report()
    place = careful_root(text, "f", report)
    return None if place is None else place.node, len(report.findings())


@pytest.mark.parametrize("file", SHIPPED, ids=lambda path: path.name)
def test_a_shipped_file_is_read_quickly_and_alike(file: Path) -> None:
    """The quick reader reads every shipped file itself: the same values at the same places, and no mistake to say."""
    text = file.read_text("utf-8")
    quick = quick_root(text)
    assert quick is not None
    assert (quick, 0) == _careful(text)


def _changed(lines: list[str], random: Random) -> str:
    """A piece of a file with a few changes of its letters, its lines or its indentation."""
    at = random.randrange(len(lines))
    piece = lines[at : at + random.randrange(1, 14)]
    if random.random() < 0.5:
        away = min((len(line) - len(line.lstrip()) for line in piece if line.strip()), default=0)
        piece = [line[away:] for line in piece]
    text = "\n".join(piece)
    for _ in range(random.choice((1, 1, 2, 2, 3, 5))):
        at, gone = random.randrange(len(text) + 1), random.choice((0, 0, 1, 3))
        if random.random() < 0.7:
            text = text[:at] + random.choice(("", *TOKENS, *TOKENS)) + text[at + gone :]
        else:
            rows = text.split("\n")
            one, other = random.randrange(len(rows)), random.randrange(len(rows))
            rows[one], rows[other] = " " * random.randrange(6) + rows[other].lstrip(), rows[one]
            text = "\n".join(rows)
    return text


@settings(max_examples=400, deadline=None)
@given(st.sampled_from([*SHIPPED, *PLANTED]), st.integers(0, 2**32))
def test_a_changed_file_is_read_alike(file: Path, seed: int) -> None:
    """Pieces of shipped files and of planted mistakes, changed at random: what the quick reader accepts, the careful one reads so too."""
    random = Random(seed)  # noqa: S311 - repeatable, not secret
    lines = file.read_text("utf-8").splitlines()
    for _ in range(10):
        text = text_of(_changed(lines, random).encode(), "f", Report())
        quick = None if text is None or not text.strip() else quick_root(text)
        if text is not None and quick is not None:
            assert (quick, 0) == _careful(text)


@pytest.mark.parametrize(
    "text",
    [
        "a:\n", "a: # none\nb: 1\n", "? a\n", "---", "|\n\n...", ">#", "|#-\n x\n", "a: |\n \n   x\n", "|-\n\n#: c\n", "....\n...\n...",
        '["a":b]', "a: ['x':1]\n", "a: b\n...\n", "--- a\n--- b\n", "%YAML 1.2\n--- a\n", "&a b", "[*a]", "!!str a", "a: 1\na: 2\n",
        "<<: {a: 1}\n", "[a]: b\n", "{a: b}: c\n", 'a: "\\u200e"\n', "a: .inf\n", "a: 1e999\n", "a: [\n", "[" * 41 + "]" * 41,
    ],
)  # fmt: skip
def test_what_the_two_could_read_differently_is_left_to_the_careful_one(text: str) -> None:
    """Empty values, odd block scalars, keys without a space, and all that is refused."""
    assert quick_root(text) is None


def test_depth_is_the_same_for_both() -> None:
    """As deep as allowed is read by both, one deeper by none."""
    deepest = "[" * MOST_DEPTH + "]" * MOST_DEPTH
    assert (quick_root(deepest), 0) == _careful(deepest)
    assert _careful(f"[{deepest}]") == (None, 1)


def test_the_numbers_and_words_of_yaml_1_2_are_kept() -> None:
    """YAML 1.1, which libyaml was written for, says that `no` is false, 012 is ten and 1:30 is ninety; here YAML 1.2 holds."""
    text = "[no, on, yes, y, 012, 0o12, 0x1F, 1_000, 1:30, 2026-03-02, 1e3, .5, 6., true, 'true', \"14\", =]\n"
    assert quick_root(text) is not None
    assert (quick_root(text), 0) == _careful(text)


def test_without_libyaml_the_careful_reader_reads_all() -> None:
    """Where PyYAML was built without libyaml, a pack is read all the same."""
    script = (
        "import sys; sys.modules['yaml._yaml'] = None\n"
        "from pathlib import Path\n"
        "from exercise_cds.rulepack import load, quick_yaml\n"
        "assert quick_yaml.CParser is None\n"
        f"assert load(Path({str(ROOT / 'rules' / 'low-back-pain')!r})).pack is not None\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False, env={"PYTHONPATH": str(ROOT / "service")}
    )
    assert (done.returncode, done.stderr) == (0, "")
