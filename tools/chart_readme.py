"""Writes helm/exercise-cds/README.md: every value with its default and its comment. `--check` only says whether it is fresh.

A value without a comment (`# -- ...`, in the lines above it) is an error: nobody could know what it is for.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

CHART = Path(__file__).resolve().parent.parent / "helm" / "exercise-cds"
README = CHART / "README.md"
COMMENT = re.compile(r"^\s*# (-- )?(.*)$")
BEGIN, END = "<!-- values: written by `make docs` from values.yaml -->\n", "<!-- end of values -->\n"


class Unexplained(Exception):
    """Names the values that have no comment."""


@dataclass(frozen=True, slots=True)
class Value:
    """One row of the table."""

    path: str
    default: Any
    says: str


def comment_above(lines: list[str], line: int) -> str:
    """The comment that ends right above a line (counted from 0); "" where none begins with `# --`."""
    words: list[str] = []
    for text in reversed(lines[:line]):
        found = COMMENT.match(text)
        if found is None:
            return ""
        words.insert(0, found.group(2))
        if found.group(1):
            return " ".join(words)
    return ""


def rows(node: CommentedMap, lines: list[str], prefix: str = "") -> Iterator[Value]:
    """Every value that is explained as one, else its parts."""
    for key, value in node.items():
        says = comment_above(lines, node.lc.key(key)[0])
        path = f"{prefix}{key}"
        whole = not isinstance(value, CommentedMap) or not value or (says and not comments_inside(value, lines))
        if whole:
            yield Value(path, value, says)
        else:
            yield from rows(value, lines, f"{path}.")


def comments_inside(node: CommentedMap, lines: list[str]) -> bool:
    """Whether the parts of a value are explained one by one."""
    return any(
        comment_above(lines, node.lc.key(key)[0]) or (isinstance(value, CommentedMap) and comments_inside(value, lines))
        for key, value in node.items()
    )


def table(text: str) -> str:
    """The table of all values. Raises Unexplained."""
    values = list(rows(YAML(typ="rt", pure=True).load(text), text.splitlines()))
    if silent := [value.path for value in values if not value.says]:
        raise Unexplained(f"values.yaml does not say what {', '.join(silent)} is for: write `# -- ...` above it")
    lines = ["| value | default | what it is for |", "|---|---|---|"]
    for value in values:
        default = orjson.dumps(value.default).decode().replace("|", "\\|")
        lines.append(f"| `{value.path}` | `{default}` | {value.says.replace('|', chr(92) + '|')} |")
    return "\n".join(lines) + "\n"


def page() -> str:
    """The README with its table written anew."""
    before, rest = README.read_text(encoding="utf-8").split(BEGIN)
    _, after = rest.split(END)
    return before + BEGIN + table((CHART / "values.yaml").read_text(encoding="utf-8")) + END + after


def main(arguments: list[str]) -> int:
    """Write, or with `--check` compare."""
    try:
        fresh = page()
    except Unexplained as fault:
        print(fault)
        return 1
    if arguments == ["--check"]:
        same = README.read_text(encoding="utf-8") == fresh
        print("the chart's README is fresh" if same else "the chart's README is not fresh: run `make docs`")
        return 0 if same else 1
    README.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
