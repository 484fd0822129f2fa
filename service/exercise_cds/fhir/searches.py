"""FHIR searches over resources that lie at hand, answered as a small server would: what `exercise-cds call` fills prefetch with.

Only what prefetch templates use: a read by id; a search by patient or subject, by tokens, with `_sort` and `_count`. A parameter that is
not in the table is refused: to pass over it would answer another question than the one asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

Resource: TypeAlias = "Mapping[str, Any]"
Matches: TypeAlias = "Callable[[Resource, str], bool]"
"""(resource, one value of the parameter) -> whether it is asked for."""

_CODES = {"MedicationRequest": "medicationCodeableConcept", "MedicationStatement": "medicationCodeableConcept"}
"""Where `code` is not the element `code`."""
_DATES: Mapping[str, tuple[str, ...]] = {
    "date": ("effectiveDateTime", "effectiveInstant", "effectivePeriod", "performedDateTime", "performedPeriod", "period", "date"),
    "onset-date": ("onsetDateTime", "onsetPeriod"),
    "recorded-date": ("recordedDate",),
    "authored": ("authoredOn", "authored"),
    "authoredon": ("authoredOn",),
    "_lastUpdated": ("lastUpdated",),
}
"""Keys of `_sort`, and the elements that hold their date."""


class NotUnderstood(ValueError):
    """The query asks in a way that is not in the tables; says which."""


def answer(resources: Iterable[Resource], query: str) -> dict[str, Any] | None:
    """What a server answers to `Patient/x` (the resource, or None) or to `Condition?patient=x` (a searchset Bundle, its first page)."""
    type_, mark, parameters = query.partition("?")
    if not mark:
        kind, _, id_ = type_.partition("/")
        return next((dict(one) for one in resources if (one.get("resourceType"), one.get("id")) == (kind, id_)), None)
    asked = parse_qsl(parameters, keep_blank_values=True, errors="strict")
    return bundle(*found(resources, type_, asked))


def found(resources: Iterable[Resource], type_: str, asked: Iterable[tuple[str, str]]) -> tuple[list[Resource], int | None]:
    """Every match, in the order that `_sort` asks for, and `_count`. Raises NotUnderstood."""
    parameters = list(asked)
    count: int | None = None
    for name, value in parameters:
        if name == "_count":
            if not value.isdigit():
                raise NotUnderstood("_count takes a whole number")
            count = int(value)
        elif name not in _PARAMETERS and name != "_sort":
            raise NotUnderstood(f"the search parameter {name}")
    matches = [one for one in resources if one.get("resourceType") == type_ and all(_fits(one, *pair) for pair in parameters)]
    for key in reversed([key for name, value in parameters if name == "_sort" for key in value.split(",")]):
        elements = _DATES.get(key.removeprefix("-"))
        if elements is None:
            raise NotUnderstood(f"_sort by {key}")
        matches.sort(key=lambda one, elements=elements: _date(one, elements), reverse=key.startswith("-"))  # type: ignore[misc]
    return matches, count


def bundle(matches: list[Resource], count: int | None = None) -> dict[str, Any]:
    """The first page. `total` says how many there are, so that a page which is not everything never looks like it."""
    page: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "total": len(matches)}
    if entries := matches[:count]:
        page["entry"] = [{"resource": one, "search": {"mode": "match"}} for one in entries]
    return page


def _fits(resource: Resource, name: str, value: str) -> bool:
    """Whether any of the values that commas part is met."""
    matches = _PARAMETERS.get(name)
    return matches is None or any(matches(resource, one) for one in _split(value, ","))


def _split(text: str, mark: str) -> list[str]:
    """The parts between marks that no backslash stands before; escapes are resolved once all is split."""
    parts, current, letters = [], "", iter(text)
    for letter in letters:
        if letter == "\\":
            current += letter + next(letters, "")
        elif letter == mark:
            parts.append(current)
            current = ""
        else:
            current += letter
    return [*parts, current]


def _plain(text: str) -> str:
    letters = iter(text)
    return "".join(next(letters, "") if letter == "\\" else letter for letter in letters)


def _has_id(resource: Resource, value: str) -> bool:
    return resource.get("id") == value


def _of_patient(resource: Resource, value: str) -> bool:
    """`x` and `Patient/x` are the same; so are relative and absolute references."""
    subject = resource.get("subject") or resource.get("patient")
    reference = subject.get("reference") if isinstance(subject, Mapping) else None
    wanted = f"Patient/{value.removeprefix('Patient/')}"
    return isinstance(reference, str) and (reference == wanted or reference.endswith(f"/{wanted}"))


def _token(element: str) -> Matches:
    """`system|code`, `|code` (without a system), `system|` (any code of it), or `code` (of any system)."""

    def matches(resource: Resource, value: str) -> bool:
        system, *rest = [_plain(part) for part in _split(value, "|")]
        name = _CODES.get(str(resource.get("resourceType")), "code") if element == "code" else element
        for its_system, its_code in _codings(resource.get(name)):
            if not rest and its_code == system:
                return True
            if rest and its_system == system and rest[0] in {"", its_code}:
                return True
        return False

    return matches


def _codings(value: Any) -> Iterator[tuple[str, str]]:
    """(system, code) of a code, a CodeableConcept, or a list of them; "" where one is missing."""
    if isinstance(value, str):
        yield "", value
    elif isinstance(value, list):
        for one in value:
            yield from _codings(one)
    elif isinstance(value, Mapping):
        for coding in value.get("coding") or ():
            if isinstance(coding, Mapping):
                yield str(coding.get("system") or ""), str(coding.get("code") or "")


_PARAMETERS: Mapping[str, Matches] = {
    "_id": _has_id,
    "patient": _of_patient,
    "subject": _of_patient,
    "code": _token("code"),
    "category": _token("category"),
    "status": _token("status"),
    "clinical-status": _token("clinicalStatus"),
    "verification-status": _token("verificationStatus"),
}


def _date(resource: Resource, elements: tuple[str, ...]) -> str:
    """The date to sort by: that of the resource, or of its meta. What has none comes last where the newest come first."""
    meta = resource.get("meta")
    for holder in (resource, meta if isinstance(meta, Mapping) else {}):
        for element in elements:
            value = holder.get(element)
            if isinstance(value, Mapping):
                value = value.get("start") or value.get("end")
            if isinstance(value, str):
                return value
    return ""
