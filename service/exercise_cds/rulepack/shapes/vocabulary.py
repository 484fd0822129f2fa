"""Words that several shapes use: names, texts with their limits, durations, codes, and "one, or a list of them"."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler, StringConstraints, WithJsonSchema
from pydantic_core import CoreSchema

KEBAB = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
SNAKE = r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$"
MOST_LABEL = 80
"""Suggestion and link labels: longer ones are cut by clients (CH-110)."""
MOST_LINE = 300
"""A reason, a note, a stop sign: one line of a card."""
MOST_TEXT = 1_200
"""A card's detail, a step: rule-packs.md aims at 1,200 characters for a whole card."""

T = TypeVar("T")


class Shape(BaseModel):
    """Strict: a number is not a text, a text is not a number, and no key is silently ignored."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


def _names(catalogue: str) -> Any:
    """Marks a name for schemas that are made for one pack: there it becomes one of the catalogue's names."""
    return Field(json_schema_extra={"x-names": catalogue})


Kebab = Annotated[str, StringConstraints(pattern=KEBAB, max_length=80)]
Snake = Annotated[str, StringConstraints(pattern=SNAKE, max_length=60)]
ProgramName = Annotated[Kebab, _names("programs")]
"""A program's id, or the name of a group of them."""
FactName = Annotated[Snake, _names("facts")]
SettingName = Annotated[Snake, _names("settings")]
ValueSetName = Annotated[Kebab, _names("valuesets")]
EvidenceName = Annotated[Kebab, _names("evidence")]
ServiceName = Annotated[Kebab, _names("services")]
SiteName = Annotated[Kebab, _names("sites")]
RuleName = Annotated[Kebab, _names("rules")]
LoadName = Annotated[Kebab, _names("loads")]

Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_LABEL)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_LINE)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Prose = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_TEXT)]
Url = Annotated[str, StringConstraints(pattern=r"^https://[^\s<>\"'()]+$", max_length=500)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"\w", min_length=2, max_length=80)]
Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$"), Field(json_schema_extra={"format": "date"})]
Duration = Annotated[
    str,
    StringConstraints(pattern=r"^([1-9][0-9]{0,4} (day|days|week|weeks)|[a-z][a-z0-9]*(_[a-z0-9]+)*)$"),
    Field(json_schema_extra={"x-names": "durations"}),
]
"""`30 days`, `6 weeks`, or the name of a setting whose unit is days."""
Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e9, le=1e9)]
CodeWord = Annotated[str, StringConstraints(pattern=r"^[^\s|]+\|[^\s|]+$", max_length=200)]
"""A code in one word: `loinc|75260-0`; the system by alias or by its full URL."""
System = Annotated[str, StringConstraints(pattern=r"^\S+$", max_length=200)]
Pair = Annotated[list[Number], Field(min_length=2, max_length=2)]

Condition = Annotated[Any, WithJsonSchema({"x-names": "condition"})]
"""Read by `conditions.py` from nodes; the schema's definition of it is written there where schemas are made."""


class _OneOrMany:
    """The schema says: one of them, or a list."""

    def __get_pydantic_json_schema__(self, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema = handler(core_schema)
        return {"anyOf": [schema["items"], schema]}


def _as_list(value: object) -> object:
    return value if isinstance(value, list) or value is None else [value]


OneOrMany = Annotated[list[T], Field(min_length=1, max_length=200), _OneOrMany(), BeforeValidator(_as_list)]


class CodeShape(Shape):
    """A coding; `system` by alias (`snomed`) or full URL."""

    system: System
    code: Annotated[str, StringConstraints(pattern=r"^\S+( \S+)*$", max_length=100)]
    display: Label | None = None


class LinkShape(Shape):
    """A link on a card; https only."""

    label: Label
    url: Url


class SourceShape(Shape):
    """Where a card's advice comes from."""

    label: Label
    url: Url | None = None
    topic: CodeShape | None = None
