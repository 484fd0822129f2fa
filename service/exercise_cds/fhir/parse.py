"""One entry validated: the elements that facts read, and those that change their meaning, as a `fhir.resources.R4B` model.

`strict` validates every element. What cannot be validated becomes an Issue with its place and the name of the element, never a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from fhir.resources.R4B.reference import Reference
from pydantic import ValidationError

from exercise_cds.fhir.bundles import RawEntry
from exercise_cds.fhir.elements import MEANING, MEDICATION
from exercise_cds.fhir.intern import CONCEPTS, concept
from exercise_cds.fhir.models import Model, model_of
from exercise_cds.fhir.raw import value_of
from exercise_cds.model.chart import Issue, IssueKind

BORROWED = "from-the-bundle"
"""The local id of a Medication that stood beside its MedicationRequest and is handed on as contained in it."""
_MADE = CONCEPTS | {"subject"}
"""Elements that are validated by themselves, once where they repeat."""


@dataclass(frozen=True, slots=True)
class Parser:
    """Validates the entries of one call. `elements` are the names to keep by type, for every type that facts read."""

    elements: Mapping[str, frozenset[str]]
    strict: bool = False
    subjects: dict[bytes, Reference] = field(default_factory=dict, repr=False)
    """Subjects validated in this call, by their bytes: a chart repeats one of them in every entry."""

    def parse(self, entry: RawEntry, medication: RawEntry | None = None) -> Any | Issue:
        """The model, or what is wrong. `medication` is the resource that a MedicationRequest refers to, where the bundle has it."""
        try:
            model = model_of(entry.type)
        except LookupError:
            return Issue(IssueKind.UNKNOWN_TYPE, entry.where, "resourceType")
        if not entry.fields.keys() <= model.names:
            return Issue(IssueKind.INVALID, entry.where)
        text, data = self._cut(model, entry)
        data |= value_of(text, entry.where)
        if medication is not None:
            _borrow(data, medication)
        if _may_modify(text) and (element := _modified(data)):
            return Issue(IssueKind.INVALID, entry.where, element)
        try:
            return model.build(**data)
        except ValidationError as wrong:
            return Issue(IssueKind.INVALID, entry.where, _element(wrong, model))
        except (KeyError, TypeError):  # fhir_core, on a contained resource of a type that it does not know, or without one
            return Issue(IssueKind.UNKNOWN_TYPE, entry.where, "contained")
        except AttributeError:  # fhir_core, on a primitive's extension that is no object
            return Issue(IssueKind.INVALID, entry.where)

    def _cut(self, model: Model, entry: RawEntry) -> tuple[bytes, dict[str, Any]]:
        """The elements to validate: one JSON object, and those that were validated before, as models by name."""
        read = self.elements.get(entry.type)
        kept = model.names if self.strict or read is None else read
        models: dict[str, Any] = {}
        pieces: list[bytes] = []
        place = entry.where
        for name, raw in entry.fields.items():
            if name not in kept:
                continue
            text = bytes(raw)
            made = self._made(name, text, place) if name in _MADE and read is not None and text.startswith(b"{") else None
            if made is None:
                pieces.append(_opening(name) + text)
            else:
                models[name] = made
        return b"{%b}" % b",".join(pieces), models

    def _made(self, name: str, text: bytes, place: str) -> Any | None:
        """The model of a subject or a concept whose bytes were validated before or are now; None for an invalid one."""
        if name != "subject":
            return concept(text, place)
        known = self.subjects.get(text)
        if known is None:
            try:
                known = self.subjects[text] = Reference.model_validate(value_of(text, place))
            except ValidationError:
                return None
        return known


def _may_modify(text: bytes) -> bool:
    """Whether looking for an element of `MEANING` is worth while; and with any escape, because a name may be spelled with one."""
    return b"implicitRules" in text or b"modifierExtension" in text or b"\\u" in text


@cache
def _opening(name: str) -> bytes:
    """`"name":` as JSON text; of names of FHIR only, so there are not many."""
    return b'"%b":' % name.encode()


def _borrow(data: dict[str, Any], medication: RawEntry) -> None:
    """Hand the Medication on as if it were contained, so that there is one place to look for it."""
    text = b",".join(_opening(name) + bytes(raw) for name, raw in medication.fields.items() if name in MEDICATION)
    borrowed = value_of(b"{%b}" % text, medication.where) | {"id": BORROWED}
    data["contained"] = [*(data.get("contained") or ()), borrowed]
    data["medicationReference"] = data["medicationReference"] | {"reference": f"#{BORROWED}"}


def _modified(value: Any) -> str:
    """The name of an element that changes the meaning of the others in a way that nobody here understands, or ""."""
    if isinstance(value, dict):
        if found := next((name for name in MEANING if value.get(name)), ""):
            return found
        return next(filter(None, map(_modified, value.values())), "")
    if isinstance(value, list):
        return next(filter(None, map(_modified, value)), "")
    return ""


def _element(wrong: ValidationError, model: Model) -> str:
    """The element that was refused. A name that the type does not have is the sender's, and is not told."""
    for error in wrong.errors(include_url=False, include_context=False, include_input=False):
        for step in error["loc"]:
            if isinstance(step, str) and step in model.names:
                return step
    return ""
