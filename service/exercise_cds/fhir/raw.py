"""JSON objects whose members are not read yet: cut up by msgspec, checked for names that stand twice and for depth.

msgspec keeps the last of two members with one name, so an object could say two things, and we would see the second. Whether that
happened is told by arithmetic: an object without spaces is exactly as long as its members and their punctuation, and a second member
of the same name makes the text longer. Only objects that are longer than that, mostly those with spaces in them, are read again.
"""

from __future__ import annotations

import json
import re
from itertools import accumulate
from typing import Any, TypeAlias

import jiter
import msgspec

from exercise_cds.errors import BadRequest

Fields: TypeAlias = "dict[str, msgspec.Raw]"
"""The members of one JSON object, by name, as JSON text."""

_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_OBJECTS = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])
_STRINGS = re.compile(rb'"[^"]*"')
_ESCAPES = re.compile(rb"\\.")
_STEP = {ord("{"): 1, ord("["): 1, ord("}"): -1, ord("]"): -1}
_NO_BRACKETS = bytes(set(range(256)) - set(_STEP))


class Misshapen(ValueError):
    """The text is not the JSON that was asked for: no object, no array, or no JSON at all."""


def fields_of(text: bytes | msgspec.Raw, place: str) -> Fields:
    """The members of an object. Raises Misshapen where the text is no object, BadRequest where a name stands twice in it."""
    try:
        fields = _FIELDS.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:  # a name that is not UTF-8 raises the latter
        raise Misshapen from wrong
    except RecursionError as wrong:
        raise _too_deep(place) from wrong
    check_names(fields, text, place)
    return fields


def objects_of(text: bytes | msgspec.Raw, place: str) -> tuple[list[Fields], list[bool]]:
    """The items of an array, each with whether it is an object; what is none has no fields. Raises as `fields_of` does."""
    try:
        objects = _OBJECTS.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _one_by_one(text, place)
    except RecursionError as wrong:
        raise _too_deep(place) from wrong
    length = sum(map(_plain_length, objects)) + len(objects) + 1
    if length != len(text):
        return _one_by_one(text, place)
    return objects, [True] * len(objects)


def _one_by_one(text: bytes | msgspec.Raw, place: str) -> tuple[list[Fields], list[bool]]:
    try:
        items = _ITEMS.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise Misshapen from wrong
    except RecursionError as wrong:
        raise _too_deep(place) from wrong
    fields: list[Fields] = []
    are_objects: list[bool] = []
    for number, item in enumerate(items):
        try:
            fields.append(fields_of(item, f"{place}[{number}]"))
            are_objects.append(True)
        except Misshapen:
            fields.append({})
            are_objects.append(False)
    return fields, are_objects


def _plain_length(fields: Fields) -> int:
    """The length of the object where it holds no spaces, no escapes in its names, and each name once; never more than it has."""
    return sum(map(len, fields)) + sum(map(len, fields.values())) + 4 * len(fields) + (1 if fields else 2)


def check_names(fields: Fields, text: bytes | msgspec.Raw, place: str) -> None:
    """Raise BadRequest where a name stands twice in the object itself (what its members hold is not looked at)."""
    if _plain_length(fields) == len(text):
        return
    whole = bytes(text)
    try:
        jiter.from_json(whole, catch_duplicate_keys=True)
    except ValueError:  # somewhere in it; or a member that nobody reads holds what jiter refuses
        if _twice_at_top(whole):
            raise twice(place) from None


def _twice_at_top(text: bytes) -> bool:
    """The slow and exact answer: the pairs of the outermost object come last."""
    last: list[list[tuple[str, Any]]] = [[]]

    def pairs(found: list[tuple[str, Any]]) -> None:
        last[0] = found

    try:
        json.loads(text, object_pairs_hook=pairs, parse_int=len, parse_float=len, parse_constant=len)
    except (ValueError, RecursionError):
        return False
    return len({name for name, _ in last[0]}) < len(last[0])


def value_of(text: bytes | msgspec.Raw, place: str) -> Any:
    """A member that is read, decoded whole. Raises BadRequest where a name stands twice anywhere in it, or where it is no JSON."""
    try:
        return jiter.from_json(bytes(text), catch_duplicate_keys=True, allow_inf_nan=False)
    except ValueError as wrong:
        if "duplicate key" in str(wrong):
            raise twice(place) from None
        raise BadRequest(f"{place} holds a value that is no JSON: check numbers, escapes and nesting there.") from None


def check_depth(text: bytes, limit: int, place: str) -> None:
    """Raise BadRequest where the text nests deeper than `limit` levels."""
    if is_deeper(text, limit):
        raise _too_deep(place)


def is_deeper(text: bytes, limit: int) -> bool:
    """Exact: the brackets outside of strings, counted up and down; so few brackets that they cannot are told at once."""
    if text.count(b"{") + text.count(b"[") <= limit:
        return False
    brackets = _STRINGS.sub(b"", _ESCAPES.sub(b"", text)).translate(None, _NO_BRACKETS)
    return max(accumulate(map(_STEP.__getitem__, brackets)), default=0) > limit


def twice(place: str) -> BadRequest:
    """The refusal of an object that says two things."""
    return BadRequest(f"{place} holds an object with the same name twice; send each name once.")


def _too_deep(place: str) -> BadRequest:
    return BadRequest(f"{place} is nested too deeply; send FHIR resources as they are, without extra wrapping.")
