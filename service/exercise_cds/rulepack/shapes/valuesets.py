"""valuesets/*.json: FHIR R4 ValueSet, extensional. Elements that FHIR allows and that change no answer are let through unread."""

# ruff: noqa: RUF012 - pydantic copies defaults
from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from exercise_cds.rulepack.shapes.vocabulary import Kebab, Shape, System

CODE_SOURCE = "http://exercise-cds.org/fhir/code-source"
CODE_CHECK = "http://exercise-cds.org/fhir/code-check"


class ExtensionShape(Shape):
    """Where a code was seen, or that nobody has checked it."""

    url: str
    value_string: Annotated[str | None, Field(alias="valueString")] = None
    value_code: Annotated[str | None, Field(alias="valueCode")] = None


class ConceptShape(Shape):
    """One code."""

    code: Annotated[str, StringConstraints(pattern=r"^\S+( \S+)*$", max_length=100)]
    display: Annotated[str, StringConstraints(min_length=1, max_length=300)] | None = None
    extension: list[ExtensionShape] = []


class IncludeShape(Shape):
    """The codes of one system."""

    system: System
    version: str | None = None
    concept: Annotated[list[ConceptShape], Field(min_length=1)]


class ComposeShape(Shape):
    """What the set is made of."""

    include: Annotated[list[IncludeShape], Field(min_length=1)]
    inactive: bool | None = None
    locked_date: Annotated[str | None, Field(alias="lockedDate")] = None


class ValueSetFile(Shape):
    """The whole resource."""

    resource_type: Annotated[Literal["ValueSet"], Field(alias="resourceType")]
    id: Kebab
    title: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    status: Literal["draft", "active", "retired", "unknown"]
    compose: ComposeShape
    url: str | None = None
    identifier: Any = None
    version: str | None = None
    name: str | None = None
    experimental: bool | None = None
    date: str | None = None
    publisher: str | None = None
    contact: Any = None
    description: str | None = None
    purpose: str | None = None
    copyright: str | None = None
    jurisdiction: Any = None
    immutable: bool | None = None
    language: str | None = None
    meta: Any = None
    text: Any = None
    extension: Any = None
    use_context: Annotated[Any, Field(alias="useContext")] = None
