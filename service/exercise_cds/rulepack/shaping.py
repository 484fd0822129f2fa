"""From nodes to shapes: pydantic decides, and each of its errors becomes a finding at its own place, in an author's words."""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from exercise_cds.model.where import Where
from exercise_cds.rulepack.nodes import Node, Place, Scalar, Sequence, Step, Table, plain
from exercise_cds.rulepack.report import Report, quoted
from exercise_cds.rulepack.shapes import cases, vocabulary
from exercise_cds.rulepack.shapes.vocabulary import Shape

S = TypeVar("S", bound=Shape)
_MOST_ERRORS = 100
_WAYS = frozenset({"constrained-float", "constrained-str", "constrained-int"})
"""What pydantic calls the ways of "a number or a text"; they stand at the end of an error's place."""
_KINDS = {
    "string": "a text", "float": "a number", "int": "a whole number", "bool": "true or false", "list": "a list",
    "dict": "a mapping (key: value)", "model": "a mapping (key: value)",
}  # fmt: skip
_FORMS: Mapping[str, str] = {
    vocabulary.KEBAB: "small letters and digits joined by hyphens: easy-starter",
    vocabulary.SNAKE: "small letters and digits joined by underscores: back_pain_days",
    r"^\d{4}-\d{2}-\d{2}$": "a date: 2026-03-02",
    r"^20[0-9]{2}\.([1-9]|1[0-2])\.[0-9]{1,4}$": "year, month and number: 2026.11.0",
    r"^https://[^\s<>\"'()]+$": "an address that begins with https://",
    r"^[^\s|]+\|[^\s|]+$": "code system, bar, code: loinc|72514-3",
    r"^[A-Z][0-9][0-9A-Z]$": "a category of ICD-10-CM: C50",
    r"^\S+$": "a code system by alias (snomed, loinc, icd-10-cm, cpt, rxnorm) or address, without spaces",
    r"^\S+( \S+)*$": "a code without spaces around it",
    r"\w": "a word",
    cases.DATED: "today, 13 days ago, in 2 weeks, or a date between quotation marks",
    r"^[A-Za-z0-9][\w./-]*\.json$": "a file under tests/: stories/name.json",
}


def shaped(place: Place, shape: type[S], report: Report) -> S | None:
    """The shape of what stands at `place`, or None with one finding for each mistake."""
    if place.node is None:
        return None
    whole = _nothing_empty(place.node, place.file, report)
    try:
        valid = shape.model_validate(plain(place.node))
    except ValidationError as error:
        found = _one_of_each(error.errors(include_url=False, include_input=False)[:_MOST_ERRORS])
        misspelt = _misspelt(shape, found)
        for details in found:
            if details["type"] != "missing" or details["loc"] not in misspelt:
                _finding(place, shape, details, report)
        return None
    return valid if whole else None


def _one_of_each(found: list[ErrorDetails]) -> list[ErrorDetails]:
    """Where a number or a text may stand, each of the two refuses for itself: one of them is said, a number too large before "no text"."""
    best: dict[tuple[Step, ...], ErrorDetails] = {}
    rest = []
    for details in found:
        if details["loc"][-1:] and details["loc"][-1] in _WAYS:
            there = details["loc"][:-1]
            if there not in best or (best[there]["type"].endswith("_type") and not details["type"].endswith("_type")):
                best[there] = {**details, "loc": there}
        else:
            rest.append(details)
    return rest + list(best.values())


def _misspelt(shape: type[Shape], found: list[ErrorDetails]) -> set[tuple[Step, ...]]:
    """The places of missing keys that stand there, misspelt: one finding says so, under the key as it is written."""
    meant = set()
    for details in found:
        if details["type"] == "extra_forbidden":
            above = details["loc"][:-1]
            near = get_close_matches(str(details["loc"][-1]), _keys_at(shape, above), n=1, cutoff=0.6)
            meant |= {(*above, key) for key in near}
    return meant


def _nothing_empty(node: Node, file: str, report: Report) -> bool:
    """Whether every key and entry holds something: `unless:` with nothing behind it is a rule half written, not a rule without it."""
    match node:
        case Table(entries):
            whole = [_holds(quoted(key), mark, value, file, report) for key, (mark, value) in entries.items()]
        case Sequence(items):
            whole = [_holds("this entry", value, value, file, report) for value in items]
        case _:
            return True
    return all(whole)


def _holds(name: str, mark: Node, value: Node, file: str, report: Report) -> bool:
    if isinstance(value, Scalar) and value.value is None:
        where = Where(file, mark.line, mark.column)
        report.add("empty-value", where, f"nothing is written for {name}", "write its value, or delete it")
        return False
    return _nothing_empty(value, file, report)


def shaped_quietly(place: Place, shape: type[S]) -> S | None:
    """The same without findings: to go on with the good entries of a file that has bad ones, whose findings are made already."""
    try:
        if place.node is None or not _nothing_empty(place.node, place.file, Report()):
            return None
        return shape.model_validate(plain(place.node))
    except ValidationError:
        return None


def _finding(place: Place, shape: type[Shape], details: ErrorDetails, report: Report) -> None:
    path: tuple[Step, ...] = details["loc"]
    kind = details["type"]
    if kind == "extra_forbidden":
        key = str(path[-1])
        known = _keys_at(shape, path[:-1])
        where = place.down(path[:-1]).key(key)
        report.add("unknown-key", where, f"unknown key {quoted(key)}", report.did_you_mean(key, known))
        return
    if kind == "missing":
        above = place.down(path[:-1])
        code = "missing-key"
        report.add(code, above.where, f"the key {quoted(path[-1])} is missing{_of(above)}", f"write `{path[-1]}:`")
        return
    there = _key_place(place.down(path[:-2]), path[-2]) if path[-1:] == ("[key]",) else place.down(path)
    if isinstance(there.node, Scalar) and there.node.value is None:
        return  # said already: nothing is written there
    name = _name(path)
    code, sentence, hint = _words(kind, name, details.get("ctx", {}), there, report)
    report.add(code, there.where, sentence, hint)


def _key_place(above: Place, key: Step) -> Place:
    """The place of a key itself, for findings about names that authors choose."""
    mark = above.node.entries[key][0] if isinstance(above.node, Table) and isinstance(key, str) and key in above.node.entries else None
    return Place(above.file, mark, (*above.path, key), above.where)


def _words(kind: str, name: str, context: dict[str, Any], there: Place, report: Report) -> tuple[str, str, str]:
    """(code, sentence, hint) for the kinds of pydantic errors that these shapes can raise."""
    rows: Mapping[str, Callable[[], tuple[str, str, str]]] = {
        "literal_error": lambda: _none_of_those(name, context, there, report),
        "string_pattern_mismatch": lambda: _form(name, context["pattern"], there),
        "string_too_long": lambda: (
            "text-too-long", f"{name} has {_length(there)} characters; at most {context['max_length']} fit", "say it shorter",
        ),
        "string_too_short": lambda: ("empty-text", f"{name} says nothing", "write its words, or delete the key"),
        "too_short": lambda: ("empty-list", f"{name} must hold at least {_entries(context['min_length'])}", "write it, or delete the key"),
        "too_long": lambda: ("list-too-long", f"{name} takes at most {context['max_length']} entries", "leave the others out"),
        "greater_than": lambda: ("number-out-of-range", f"{name} must be above {_short(context['gt'])}", "write another number"),
        "greater_than_equal": lambda: ("number-out-of-range", f"{name} must be at least {_short(context['ge'])}", "write another number"),
        "less_than_equal": lambda: ("number-out-of-range", f"{name} must be at most {_short(context['le'])}", "write another number"),
        "finite_number": lambda: ("bad-number", f"{name} must be a finite number", ""),
    }  # fmt: skip
    if kind in rows:
        return rows[kind]()
    wanted = _KINDS.get(kind.split("_", maxsplit=1)[0], "something else")
    return "wrong-type", f"{name} must be {wanted}, not {_what(there)}", _type_hint(wanted, there)


def _none_of_those(name: str, context: dict[str, Any], there: Place, report: Report) -> tuple[str, str, str]:
    allowed = [word.strip(" '") for word in context["expected"].replace(" or ", ", ").split(",")]
    written = there.node.source if isinstance(there.node, Scalar) else None
    sentence = f"{name} cannot be {_what(there) if written is None else quoted(written)}"
    hint = "write true, or delete the key" if allowed == ["True"] else report.did_you_mean(written, allowed)
    return "bad-value", sentence, hint


def _form(name: str, pattern: str, there: Place) -> tuple[str, str, str]:
    value = there.node.source if isinstance(there.node, Scalar) else ""
    form = _FORMS.get(pattern, "days or weeks (30 days, 6 weeks), or the name of a setting")
    return "bad-form", f"{quoted(value) if value else name} is not written as {name} must be", f"write {form}"


def _entries(count: int) -> str:
    return "one entry" if count == 1 else f"{count} entries"


def _length(there: Place) -> int:
    return len(str(there.node.value).strip()) if isinstance(there.node, Scalar) else 0


def _short(number: float) -> str:
    return f"{number:g}"


def _what(there: Place) -> str:
    """What stands there, in words."""
    match there.node:
        case Table():
            return "a mapping"
        case Sequence():
            return "a list"
        case Scalar(None):
            return "nothing"
        case Scalar(bool() as value):
            return f"the yes/no value {str(value).lower()}"
        case Scalar(int() | float() as value):
            return f"the number {_short(value)}"
        case Scalar():
            return "a text"
        case _:
            return "nothing"


def _type_hint(wanted: str, there: Place) -> str:
    if wanted == "a text" and isinstance(there.node, Scalar):
        return (
            "write its words, or delete the key"
            if there.node.value is None
            else f'put it between quotation marks: "{there.node.source[:40]}"'
        )
    if wanted == "a number" and isinstance(there.node, Scalar):
        return "write the number alone, without quotation marks or unit"
    return f"write {wanted}"


def _name(path: tuple[Step, ...]) -> str:
    """What a sentence calls the place: its key, or the key of the list it stands in."""
    words = [step for step in path if isinstance(step, str) and step not in ("[key]", "float", "str", "int")]
    if path[-1:] == ("[key]",):
        return "a name" if len(words) < 2 else f"a name under {quoted(words[-2])}"
    if not words:
        return "the file"
    return f"an entry of {quoted(words[-1])}" if isinstance(path[-1], int) else quoted(words[-1])


def _of(place: Place) -> str:
    """A few words that say which entry is meant, where it has an id."""
    named = place / "id"
    if isinstance(named.node, Scalar) and named.node.value:
        return f" in {quoted(named.node.value)}"
    return f" in {quoted(place.path[-1])}" if place.path and isinstance(place.path[-1], str) else ""


def _keys_at(shape: type[BaseModel], path: tuple[Step, ...]) -> tuple[str, ...]:
    """The keys that the shape knows at a path."""
    inner: type[BaseModel] | None = shape
    for step in path:
        field = None if inner is None else _field(inner, step)
        if field is not None:
            inner = _shape_in(field)
    return () if inner is None else tuple(field.alias or name for name, field in inner.model_fields.items())


def _field(shape: type[BaseModel], step: Step) -> Any:
    for name, field in shape.model_fields.items():
        if step in (field.alias or name, name):
            return field.annotation
    return None


def _shape_in(annotation: Any) -> type[BaseModel] | None:
    """The shape that an annotation holds, however it is wrapped."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if typing.get_origin(annotation) is None and not get_args(annotation):
        return None
    for part in get_args(annotation):
        if found := _shape_in(part):
            return found
    return None
