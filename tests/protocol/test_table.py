"""docs/protocol.md is complete and true: every rule has one row, and what a row names is there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "protocol.md"
_CH = (
    *range(1, 8), *range(10, 25), *range(30, 39), *range(40, 48), *range(50, 64), *range(70, 77), *range(80, 85), *range(90, 102),
    *range(110, 123), *range(125, 141), 150, 151, 160, 161, 162,
)  # fmt: skip
_SEC = (*range(1, 14), *range(20, 25), *range(30, 37))
RULES = tuple(f"CH-{number:03}" for number in _CH) + tuple(f"SEC-{number:02}" for number in _SEC)
"""Every rule there is."""
_ROW = re.compile(r"\| ((?:CH|SEC)-\d+) \| ([^|]+) \| ([^|]+) \|")
_KEPT = re.compile(r"kept by `(service/exercise_cds/[\w/]+\.py)`, `(tests/[\w/]+\.py)::(\w+)`")
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
_KINDS = ("kept by ", "not offered on purpose: ", "site's duty: ")


def _rows() -> list[tuple[str, str, str]]:
    return [found.groups() for line in PAGE.read_text("utf-8").splitlines() if (found := _ROW.fullmatch(line))]  # type: ignore[misc]


@cache
def _tests_of(path: str) -> dict[str, str]:
    """Every test of a module, with its docstring."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return {node.name: ast.get_docstring(node) or "" for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def _named(docstring: str) -> set[str]:
    """The rules that a docstring names, one by one or as `CH-112 to CH-119`."""
    found = set(re.findall(r"(?:CH|SEC)-\d+", docstring))
    for prefix, first, last in re.findall(r"(CH|SEC)-(\d+) to (?:CH|SEC)-(\d+)", docstring):
        found |= {f"{prefix}-{number:0{len(first)}}" for number in range(int(first), int(last) + 1)}
    return found


def test_every_rule_has_its_row() -> None:
    """CH-162: for people and for us, each of the 136 rules stands once in the table, in order, and nothing else does."""
    assert len(RULES) == 136
    assert [rule for rule, _, _ in _rows()] == list(RULES)


@pytest.mark.parametrize("row", _rows(), ids=lambda row: row[0])
def test_a_row_says_how(row: tuple[str, str, str]) -> None:
    """A row is one of three kinds; the file and the tests that it names are there, and the test that keeps a rule names it."""
    rule, words, how = row
    assert words.strip()
    assert how.startswith(_KINDS)
    for path, test in _TEST.findall(how):
        assert test in _tests_of(path), f"there is no {path}::{test}"
    if how.startswith("kept by "):
        found = _KEPT.fullmatch(how)
        assert found, f"{rule}: write `kept by FILE, TEST`"
        assert (ROOT / found.group(1)).is_file()
        assert rule in _named(_tests_of(found.group(2))[found.group(3)]), f"{found.group(3)} does not name {rule}"
    else:
        assert len(how.partition(": ")[2]) > 10, "say why"
