"""pack.yaml: identity, version, whom it is about, services, settings, the order of programs, the program card."""

# ruff: noqa: RUF012 - pydantic copies defaults
from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from exercise_cds.model.hooks import HOOKS
from exercise_cds.model.kinds import KINDS
from exercise_cds.rulepack.shapes.vocabulary import (
    CodeShape,
    Condition,
    Kebab,
    Label,
    Line,
    LinkShape,
    Number,
    OneOrMany,
    ProgramName,
    Prose,
    ServiceName,
    Shape,
    Snake,
    SourceShape,
    ValueSetName,
    Words,
)

MOST_PROGRAMS = 100
RESOURCE_TYPES = tuple(sorted({reads.type for kind in KINDS.values() for reads in kind.reads}))
"""Every resource type that some fact kind reads."""


class SiteShape(Shape):
    """A part of the body: words looked for, and value sets of body sites."""

    words: Annotated[list[Words], Field(min_length=1, max_length=50)]
    codes: list[ValueSetName] = []


class ServiceShape(Shape):
    """A CDS service on one hook; `like` takes title, description and `when` from another service."""

    hook: Annotated[str, Field(json_schema_extra={"enum": list(HOOKS)})]
    title: Label | None = None
    description: Prose | None = None
    when: Condition = None
    like: ServiceName | None = None
    served: Literal["if_named"] | None = None
    usage: Prose | None = None


class SettingShape(Shape):
    """A number that a site may change within bounds, with its reason."""

    default: Number
    unit: Annotated[str, StringConstraints(max_length=20)]
    least: Annotated[Number, Field(alias="from")]
    most: Annotated[Number, Field(alias="to")]
    says: Line


class CardShape(Shape):
    """The program card."""

    summary: OneOrMany[Line]
    withheld_summary: OneOrMany[Line]
    source: SourceShape
    override_reasons: Annotated[list[CodeShape], Field(max_length=20)] = []
    coded_data_only: Line
    links: Annotated[list[LinkShape], Field(max_length=10)] = []


class PackFile(Shape):
    """The whole file."""

    pack: Kebab
    version: Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}\.([1-9]|1[0-2])\.[0-9]{1,4}$")]
    status: Literal["draft", "active", "retired"]
    approved_by: Line | None = None
    title: Label
    about: Condition
    required: Annotated[list[Annotated[str, Field(json_schema_extra={"enum": list(RESOURCE_TYPES)})]], Field(max_length=10)]
    if_nothing_left: ProgramName | None = None
    programs: Annotated[list[ProgramName], Field(min_length=1, max_length=MOST_PROGRAMS)]
    groups: dict[Kebab, Annotated[list[ProgramName], Field(min_length=1, max_length=100)]] = {}
    sites: dict[Kebab, SiteShape] = {}
    services: Annotated[dict[Kebab, ServiceShape], Field(min_length=1, max_length=50)]
    settings: dict[Snake, SettingShape] = {}
    card: CardShape
