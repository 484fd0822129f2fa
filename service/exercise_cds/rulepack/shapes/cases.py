"""tests/*.yaml of a pack: cases with a pinned date. Small builders, or a whole request (`request:`); what must come of it."""

# ruff: noqa: RUF012 - pydantic copies defaults
from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from exercise_cds.model.decision import Outcome
from exercise_cds.rulepack.shapes.pack import RESOURCE_TYPES
from exercise_cds.rulepack.shapes.vocabulary import Day, Kebab, Number, OneOrMany, ProgramName, RuleName, ServiceName, SettingName, Shape

DATED = r"^(today|[0-9]{1,5} (day|week)s? ago|in [0-9]{1,5} (day|week)s?|[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9:.]+(Z|[+-][0-9:]+)?)?)?)?)$"
When = Annotated[str, StringConstraints(pattern=DATED)]
"""`today`, `13 days ago`, `3 weeks ago`, `in 2 days`, or a FHIR date or dateTime, partial ones included."""
CodeText = Annotated[str, StringConstraints(min_length=1, max_length=200)]
AnyCode = CodeText | Annotated[int, Field(ge=1)]
"""`M54.50` (ICD-10-CM by its form), `279039007` (SNOMED CT when only digits), or `system|code`."""


class PatientShape(Shape):
    """Who: by age, by (partial) birth date, or neither."""

    age: Annotated[int, Field(ge=0, le=150)] | None = None
    birth_date: When | None = None
    deceased: bool | When | None = None


class ConditionShape(Shape):
    """A Condition."""

    code: OneOrMany[AnyCode] | None = None
    text: str | None = None
    display: str | None = None
    onset: When | None = None
    onset_age: Number | None = None
    onset_text: str | None = None
    onset_range: Annotated[list[Number], Field(min_length=2, max_length=2)] | None = None
    onset_period: When | None = None
    recorded: When | None = None
    abated: When | None = None
    status: str | None = None
    verification: str | None = None
    body_site: str | None = None


class ScoreShape(Shape):
    """A pain score: 72514-3 unless `code` says otherwise."""

    value: Number | CodeText | None = None
    dated: When | None = None
    code: AnyCode | None = None
    unit: str | None = None
    status: str | None = None
    text: str | None = None
    body_site: str | None = None
    absent: str | None = None


class ObservationShape(Shape):
    """An Observation; `value` is a number or a code."""

    code: AnyCode
    value: Number | CodeText | None = None
    unit: str | None = None
    dated: When | None = None
    status: str | None = None
    text: str | None = None
    body_site: str | None = None
    absent: str | None = None


class CodedShape(Shape):
    """A Procedure, MedicationRequest, ServiceRequest or CarePlan."""

    code: OneOrMany[AnyCode] | None = None
    text: str | None = None
    display: str | None = None
    dated: When | None = None
    status: str | None = None
    intent: str | None = None
    activity: str | None = None


class AnswerShape(Shape):
    """An answer of a QuestionnaireResponse."""

    link_id: str | int
    value: Number | CodeText
    dated: When | None = None
    status: str | None = None


class DraftShape(Shape):
    """An order that is being written: a service, or a medicine."""

    code: AnyCode | None = None
    medication: AnyCode | None = None
    text: str | None = None
    status: str | None = None
    intent: str | None = None
    do_not_perform: bool | None = None


class CardExpectation(Shape):
    """A card that must be there."""

    rule: RuleName | None = None
    indicator: Literal["info", "warning", "critical"] | None = None
    summary_has: str | None = None
    detail_has: str | None = None


class Expectation(Shape):
    """What must come of it. `offers` and `steps` at least; `exactly` all, in order; `never` and `steps_never` none of."""

    outcome: Annotated[str, Field(json_schema_extra={"enum": [outcome.value for outcome in Outcome]})] | None = None
    offers: list[ProgramName] | None = None
    exactly: list[ProgramName] | None = None
    never: list[ProgramName] | None = None
    cards: list[CardExpectation] | None = None
    no_cards: Literal[True] | None = None
    fired: list[RuleName] | None = None
    not_fired: list[RuleName] | None = None
    withheld: dict[ProgramName, OneOrMany[RuleName]] | None = None
    steps: dict[ProgramName, OneOrMany[Kebab]] | None = None
    steps_never: dict[ProgramName, OneOrMany[Kebab]] | None = None
    starts_with: dict[ProgramName, Kebab] | None = None
    """The option of a program that is shown first."""
    says: OneOrMany[str] | None = None
    says_not: OneOrMany[str] | None = None
    status: Annotated[int, Field(ge=200, le=599)] | None = None


class CaseShape(Shape):
    """One case."""

    case: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    today: Day | None = None
    service: ServiceName | None = None
    settings: dict[SettingName, Number] = {}
    patient: PatientShape | None = None
    conditions: list[ConditionShape] = []
    scores: list[ScoreShape] = []
    observations: list[ObservationShape] = []
    procedures: list[CodedShape] = []
    medications: list[CodedShape] = []
    orders: list[CodedShape] = []
    plans: list[CodedShape] = []
    answers: list[AnswerShape] = []
    drafts: list[DraftShape] = []
    not_obtained: list[Annotated[str, Field(json_schema_extra={"enum": list(RESOURCE_TYPES)})]] = []
    request: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][\w./-]*\.json$", max_length=200)] | None = None
    expect: Expectation


class CasesFile(Shape):
    """The whole file."""

    today: Day
    cases: Annotated[list[CaseShape], Field(min_length=1)]


class StoryFile(Shape):
    """story.yaml beside a hook request: a line of why, the service and the day, and what must come of it."""

    why: Annotated[str, StringConstraints(min_length=10, max_length=300)]
    service: ServiceName
    as_of: Day
    expect: Expectation
