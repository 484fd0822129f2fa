"""Findings for people, for programs and for GitHub: `file:line:column: code: sentence`, the line itself, a caret and a hint."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from rich.cells import cell_len

from exercise_cds.authoring.check import Checked
from exercise_cds.model.where import Finding, Level

PAGE = "docs/authors/findings.md"
Paint = Callable[[str, str], str]
"""(words, style) -> words as the terminal shows them; styles are error, advice, place, hint and dim."""
_WORD = re.compile(r"\"[^\"]*\"|'[^']*'|[^\s,:{}\[\]#\"']+|.")
_WIDEST = 110
_MOST_BYTES = 2 * 1024 * 1024


def plain(words: str, _style: str) -> str:
    """No colours."""
    return words


def as_text(checked: Checked, paint: Paint = plain) -> Iterator[str]:
    """One block a finding, in order of place."""
    lines: dict[str, list[str]] = {}
    for finding in checked.findings:
        path = checked.path(finding)
        if str(path) not in lines:
            lines[str(path)] = _lines_of(checked, finding)
        yield "\n".join([_head(path.as_posix(), finding, paint), *_source(lines[str(path)], finding, paint), ""])


def _head(path: str, finding: Finding, paint: Paint) -> str:
    where = finding.where
    return f"{paint(f'{path}:{where.line}:{where.column}:', 'place')} {paint(f'{finding.code}:', finding.level.value)} {finding.sentence}"


def _lines_of(checked: Checked, finding: Finding) -> list[str]:
    """The lines of a finding's file; none where it cannot be shown."""
    path = checked.path(finding)
    if not path.is_file() or path.stat().st_size > _MOST_BYTES:
        return []
    return path.read_bytes().decode("utf-8", errors="replace").replace("\r\n", "\n").split("\n")


def _source(lines: list[str], finding: Finding, paint: Paint) -> Iterator[str]:
    where = finding.where
    margin = " " * len(str(where.line))
    if where.line <= len(lines) and lines[where.line - 1].strip() and finding.where.file.endswith((".yaml", ".json")):
        before, word, after = _cut(lines[where.line - 1], where.column)
        yield paint(f" {margin} |", "dim")
        yield f"{paint(f' {where.line} |', 'dim')} {before}{word}{after}"
        yield f"{paint(f' {margin} |', 'dim')} {' ' * cell_len(before)}{paint('^' * max(1, cell_len(word)), finding.level.value)}"
    if finding.hint:
        yield f"{paint(f' {margin} =', 'dim')} {paint('hint:', 'hint')} {finding.hint}"
    yield f"{paint(f' {margin} = {PAGE}#{finding.code}', 'dim')}"


def _cut(line: str, column: int) -> tuple[str, str, str]:
    """What stands before the place, the word at it, and what follows; a long line is cut to the surroundings of the place."""
    shown = "".join(char if char.isprintable() else "·" for char in line)
    index = min(column - 1, len(shown))
    found = _WORD.match(shown, index)
    word = (found.group() if found else "")[:_WIDEST]
    before, after = shown[:index], shown[index + len(word) :]
    if len(before) > _WIDEST // 2:
        before = "…" + before[-_WIDEST // 2 :]
    room = max(0, _WIDEST - len(before) - len(word))
    return before, word, after if len(after) <= room else after[:room] + "…"


def summary(checked: Checked) -> str:
    """One line: how it stands with the pack."""
    advice = len(checked.findings) - checked.errors
    said = [_count(checked.errors, "error"), f"{_count(advice, 'piece')} of advice" if advice else "no advice"]
    what = f"{checked.folder.as_posix()}: {said[0]}, {said[1]}"
    if checked.pack is None:
        return f"{what}; it is not served"
    pack = checked.pack
    return f"{what}; {pack.id} {pack.version}: {_count(len(pack.rules), 'rule')}, {_count(len(checked.cases), 'case')}"


def _count(number: int, thing: str) -> str:
    return f"{number or 'no'} {thing}{'' if number == 1 else 's'}"


def as_data(checked: Checked) -> dict[str, Any]:
    """For programs."""
    return {
        "pack": checked.folder.as_posix(),
        "served": checked.pack is not None,
        "errors": checked.errors,
        "findings": [
            {
                "file": checked.path(finding).as_posix(), "line": finding.where.line, "column": finding.where.column,
                "code": finding.code, "level": finding.level.value, "sentence": finding.sentence, "hint": finding.hint,
                "page": f"{PAGE}#{finding.code}",
            }
            for finding in checked.findings
        ],
    }  # fmt: skip


def as_github(checked: Checked) -> Iterator[str]:
    """Workflow commands: GitHub shows each beside its line. What would end a command or a property is escaped."""
    for finding in checked.findings:
        where = finding.where
        level = "error" if finding.level is Level.ERROR else "warning"
        hint = f" ({finding.hint})" if finding.hint else ""
        place = f"file={_property(checked.path(finding).as_posix())},line={where.line},col={where.column},title={_property(finding.code)}"
        yield f"::{level} {place}::{_message(finding.sentence + hint)}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
