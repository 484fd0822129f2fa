"""Places in an author's files, and the findings that point at them (law 8: an author's mistake is a value, not an exception)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, order=True)
class Where:
    """A place in a pack: `file` relative to the pack's folder, `line` and `column` counted from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


NOWHERE = Where("", 1, 1)
"""For things that no author wrote: trees built by tests and by properties."""


class Level(StrEnum):
    """How much a finding matters: a pack with an error is not served, advice is only said."""

    ERROR = "error"
    ADVICE = "advice"


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake or piece of advice: where, a stable code with a page in docs/, one sentence, and what to do about it."""

    where: Where
    code: str
    sentence: str
    hint: str = ""
    level: Level = Level.ERROR

    def __str__(self) -> str:
        tail = f" ({self.hint})" if self.hint else ""
        return f"{self.where}: {self.code}: {self.sentence}{tail}"

    @property
    def order(self) -> tuple[Where, str, str]:
        """The order in which findings are shown: by file, line, column, then code."""
        return (self.where, self.code, self.sentence)
