"""The R4B models of fhir.resources: imported type by type, and what they know of their elements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fhir.resources.R4B import fhirtypes, get_fhir_model_class

from exercise_cds.fhir.cache import MENDED

FASTER = MENDED
"""Whether fhir_core's null check was replaced: it must be before the first model is imported, hence here."""
_SUFFIX = "Type"


@dataclass(frozen=True, slots=True)
class Model:
    """One resource type. `names` are the JSON names of its elements, primitive siblings (`_status`) and resourceType included."""

    type: str
    build: Any
    """The class: called with the elements by name, it validates them or raises."""
    names: frozenset[str]
    required: frozenset[str]
    """Elements without which the type is invalid; of a choice (`medication[x]`) all names."""
    choices: Mapping[str, frozenset[str]]
    """By the name of each element that is one of a choice: all names of that choice."""


def is_fhir_name(type_: str) -> bool:
    """Whether FHIR has a type of this name. Nothing is imported."""
    return f"{type_}{_SUFFIX}" in vars(fhirtypes)


@cache
def model_of(type_: str) -> Model:
    """The model of a resource type of FHIR. Raises LookupError for a name that is none. First use of a type costs milliseconds."""
    if not is_fhir_name(type_) or not (build := get_fhir_model_class(type_)).has_resource_base():
        raise LookupError("not a FHIR resource type")
    blank = build.model_construct()
    fields = build.model_fields
    choices = {name: frozenset(names) for names in blank.get_one_of_many_fields().values() for name in names}
    needed = {field.alias or name for name, field in fields.items() if field.is_required()}
    needed |= {name for name, _ in blank.get_required_fields()}
    needed |= {name for name in choices if fields[name].json_schema_extra.get("one_of_many_required")}
    names = frozenset(field.alias or name for name, field in fields.items())
    return Model(type_, build, names | {"resourceType"}, frozenset(needed), choices)
