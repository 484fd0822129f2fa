"""The pause file: what operators have switched off for now."""

# ruff: noqa: RUF012 - pydantic copies defaults
from __future__ import annotations

from typing import Literal

from exercise_cds.rulepack.shapes.vocabulary import Kebab, Line, ProgramName, RuleName, Shape


class PausedShape(Shape):
    """Parts of a pack by name."""

    services: list[Kebab] = []
    rules: list[RuleName] = []
    programs: list[ProgramName] = []


class PauseFile(Shape):
    """The whole file, with a word. `because` is for people: it is shown nowhere."""

    paused: Literal["all", "nothing"]
    because: Line | None = None


class PauseByName(Shape):
    """The whole file, with names. Two shapes, since pydantic tells of a union's members by their names in this code."""

    paused: PausedShape
    because: Line | None = None
