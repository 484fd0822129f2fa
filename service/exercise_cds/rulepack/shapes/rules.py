"""rules/*.yaml: when ... unless ... -> card, offer, note, withhold."""

# ruff: noqa: RUF012 - pydantic copies defaults
from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from exercise_cds.rulepack.shapes.vocabulary import (
    Condition,
    Day,
    EvidenceName,
    Kebab,
    Line,
    LinkShape,
    LoadName,
    OneOrMany,
    ProgramName,
    Prose,
    ServiceName,
    Shape,
    SourceShape,
    Title,
)


class RuleCardShape(Shape):
    """What a rule says on a card of its own."""

    indicator: Literal["info", "warning", "critical"]
    summary: OneOrMany[Line]
    detail: Prose | None = None
    links: Annotated[list[LinkShape], Field(max_length=10)] = []
    source: SourceShape | None = None


class OfferShape(Shape):
    """Programs offered, and why."""

    programs: OneOrMany[ProgramName]
    because: Line
    first: Literal[True] | None = None
    weak: Literal[True] | None = None


class NoteShape(Shape):
    """A line on a program, or on the card itself."""

    text: Line
    program: ProgramName | None = None
    start_with: Kebab | None = None


class WithholdShape(Shape):
    """Programs or steps taken away, and why."""

    because: Line
    programs: OneOrMany[ProgramName] | None = None
    besides: Annotated[OneOrMany[ProgramName] | None, Field(alias="except")] = None
    loads: OneOrMany[LoadName] | None = None
    within: Annotated[OneOrMany[ProgramName] | None, Field(alias="in")] = None


class RuleShape(Shape):
    """One rule."""

    id: Kebab
    title: Title
    when: Condition
    unless: Condition = None
    card: RuleCardShape | None = None
    offer: OneOrMany[OfferShape] | None = None
    note: OneOrMany[NoteShape] | None = None
    withhold: OneOrMany[WithholdShape] | None = None
    evidence: OneOrMany[EvidenceName] | None = None
    services: OneOrMany[ServiceName] | None = None
    silent: bool = False
    review_by: Day | None = None
    owner: Line | None = None


class RulesFile(Shape):
    """The whole file."""

    rules: Annotated[list[RuleShape], Field(min_length=1)]
