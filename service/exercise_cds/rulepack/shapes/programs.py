"""programs/*.yaml, one program per file, and evidence.yaml."""

# ruff: noqa: RUF012 - pydantic copies defaults
from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from exercise_cds.rulepack.shapes.vocabulary import CodeShape, Condition, EvidenceName, Kebab, Label, Line, OneOrMany, Prose, Shape, Url


class StepShape(Shape):
    """One step, and the loads that it puts on the spine."""

    id: Kebab
    title: Label
    text: Prose
    loads: list[Kebab] = []


class DosingShape(Shape):
    """Frequency, intensity, time, type; how to progress."""

    frequency: Line
    intensity: Line
    time: Line
    type: Line
    progress: Line | None = None


class ForPatientsShape(Shape):
    """The lines of the handout, in everyday words."""

    about: Prose | None = None
    frequency: Line | None = None
    intensity: Line | None = None
    time: Line | None = None
    progress: Line | None = None


class OrderShape(Shape):
    """What accepting the suggestion creates in the EHR."""

    creates: Literal["ServiceRequest", "CarePlan"]
    codes: Annotated[list[CodeShape], Field(max_length=10)] = []
    text: Line
    category: Annotated[list[CodeShape], Field(max_length=5)] = []


class ProgramFile(Shape):
    """The whole file."""

    id: Kebab
    title: Label
    summary: Line
    dosing: DosingShape
    steps: Annotated[list[StepShape], Field(max_length=50)]
    options: dict[Kebab, Line] = {}
    stop_if: Annotated[list[Line], Field(max_length=30)] = []
    not_for: Annotated[list[Line], Field(max_length=30)] = []
    order: OrderShape
    evidence: OneOrMany[EvidenceName] | None = None
    in_place_if: Condition = None
    handout: Label | None = None
    for_patients: ForPatientsShape = ForPatientsShape()


class CitationShape(Shape):
    """What a source says, and how strongly, in its own scale."""

    title: Line
    year: Annotated[int, Field(ge=1900, le=2100)]
    says: Prose
    strength: Line
    url: Url | None = None
    note: Prose | None = None
    checked: Line | None = None


class EvidenceFile(Shape):
    """The whole file."""

    evidence: Annotated[dict[Kebab, CitationShape], Field(min_length=1)]
