"""facts.yaml: what may be known of a patient. One shape for all kinds; which keys a kind takes is its row in `model/kinds`."""

# ruff: noqa: RUF012 - pydantic copies defaults
from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from exercise_cds.model.kinds import KINDS
from exercise_cds.rulepack.shapes.vocabulary import (
    CodeWord,
    Condition,
    Duration,
    FactName,
    Line,
    Number,
    OneOrMany,
    Pair,
    Shape,
    SiteName,
    Snake,
    System,
    ValueSetName,
    Words,
)

Category = Annotated[str, StringConstraints(pattern=r"^[A-Z][0-9][0-9A-Z]$")]


class StemShape(Shape):
    """A range of three-character ICD-10-CM categories."""

    system: System
    first: Category
    last: Category
    but: list[Category] = []


class FactShape(Shape):
    """One fact."""

    kind: Annotated[str, Field(json_schema_extra={"enum": list(KINDS)})] | None = None
    says: Line
    tell: Literal["always"] | None = None
    unit: Annotated[str, StringConstraints(min_length=1, max_length=20)] | None = None
    step: Annotated[Number, Field(gt=0)] | None = None
    codes: OneOrMany[ValueSetName] | None = None
    codes_with_site: OneOrMany[ValueSetName] | None = None
    stems: OneOrMany[StemShape] | None = None
    words: OneOrMany[Words] | None = None
    not_words: OneOrMany[Words] | None = None
    site: SiteName | None = None
    within: Duration | None = None
    new_within: Duration | None = None
    begun_before: Duration | None = None
    drop_over: Duration | None = None
    status: OneOrMany[str] | None = None
    suspected: Literal["counts", "doubt"] | None = None
    undated: Literal["counts", "ignored", "doubt"] | None = None
    dated: bool | None = None
    overruled_by: Annotated[dict[FactName, dict[str, Any]], Field(min_length=1, max_length=1)] | None = None
    valid: Pair | None = None
    scale: Pair | None = None
    prefer: list[CodeWord] | None = None
    answers: Annotated[dict[str, OneOrMany[CodeWord]], Field(min_length=1)] | None = None
    category: OneOrMany[CodeWord] | None = None
    link_ids: OneOrMany[Annotated[str, StringConstraints(min_length=1, max_length=200)]] | None = None
    when: Condition = None


class FactsFile(Shape):
    """The whole file."""

    facts: Annotated[dict[Snake, FactShape], Field(min_length=1)]
