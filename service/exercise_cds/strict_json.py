"""JSON as it must be (RFC 8259), and no more of it read than is needed: `members` cuts one object into the text of its members.

Parsers differ where the text is odd: equal names (which one counts?), NaN, numbers that become infinity, lone surrogates. Two readers
of one request must not see two patients, so all of it is refused, with a sentence that says what to change and shows nothing of the
text. It is checked where it is read; `prefetch` and drafts stay text for `fhir/`, which does the same on its own levels.
"""

from __future__ import annotations

import math
import re
from typing import Any, NoReturn, TypeVar

import jiter
import msgspec

from exercise_cds.errors import BadRequest

Shape = TypeVar("Shape")

_WRITE = msgspec.json.Encoder()
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_NOT_STRUCTURE = bytes(sorted(set(range(256)) - set(b'[]{}"')))
_MAY_OVERFLOW = re.compile(rb"[0-9][eE]|[0-9]{309}")
_NO_NUMBER = re.compile(rb"[:\[,\s](?:NaN|-?Infinity)")
_SURROGATE = re.compile(rb"\\u([dD][89a-fA-F][0-9a-fA-F]{2})(?:\\u([dD][c-fC-F][0-9a-fA-F]{2}))?")
_SPACED = re.compile(rb'\s*\{(?:\s|"[^"\\]*"\s*:?\s)')
"""Space around the first name, as all writers put it that put any."""
_PLACE = re.compile(r"at line (\d+) column (\d+)")


def whole(body: bytes, depth: int) -> dict[str, bytes]:
    """The members of a whole body: UTF-8, one JSON object, nested at most `depth` deep. Raises BadRequest."""
    if not body:
        raise BadRequest("The body is empty: send the hook request as JSON.")
    if body.startswith(b"\xef\xbb\xbf"):
        raise BadRequest("The body begins with a byte order mark: leave it out.")
    if not body.isascii() and not _is_utf8(body):
        raise BadRequest("The body is not UTF-8: JSON is sent in UTF-8.")
    body = compact(body)
    found = _cut(body, "The body")
    if _is_deeper(body, depth):
        raise BadRequest(f"The body is nested more than {depth} levels deep: send it flatter.")
    return _unique(body, found, "The body")


def at_once(body: bytes, depth: int, shape: msgspec.json.Decoder[Shape]) -> Shape | None:
    """The whole body in one pass, where `shape` has a place for each of its members and leaves what they hold as text.

    None where it has not, and where `whole` would refuse the body or might: then that way is to be taken, which says what is wrong. A
    parser keeps the last of two members with one name; that nothing was dropped is told by writing what was kept once more: with the
    same length there is nothing else in the text, since values are copied as they stand and a name is never written longer than it was.
    """
    if not body.isascii() and not _is_utf8(body):
        return None
    text = compact(body)
    try:
        found = shape.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found if len(_WRITE.encode(found)) == len(text) and not _is_deeper(text, depth) else None


def compact(text: bytes) -> bytes:
    """The same JSON without the spaces between its members, where it has any near its start; else, or if it is no JSON, the text itself.

    Every name, number and string stays as it was written, one that stands twice too. To take the spaces away costs less than to read past
    them at each level.
    """
    if _SPACED.match(text) is None:
        return text
    try:
        return msgspec.json.format(text, indent=-1)
    except (msgspec.DecodeError, RecursionError):
        return text


def members(text: bytes, where: str) -> dict[str, bytes]:
    """The members of an object inside the body: name -> JSON text. Raises BadRequest, also where a name stands twice."""
    return _unique(text, _cut(text, where), where)


def value(text: bytes, where: str) -> Any:
    """A value, read to its last level. For what is small: the envelope but prefetch and drafts."""
    try:
        found = jiter.from_json(text, allow_inf_nan=False, catch_duplicate_keys=True)
    except ValueError as fault:
        _refuse(text, where, fault)
    if _MAY_OVERFLOW.search(text) and not _is_finite(found):
        raise BadRequest(f"{where} holds a number that is too large.")
    return found


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _cut(text: bytes, where: str) -> dict[str, bytes]:
    try:
        return {name: bytes(member) for name, member in _OBJECT.decode(text).items()}
    except msgspec.ValidationError:
        raise BadRequest(f"{where} must be a JSON object.") from None
    except RecursionError:
        raise BadRequest(f"{where} is nested too deeply: send it flatter.") from None
    except msgspec.DecodeError as fault:
        _refuse(text, where, fault)


def _unique(text: bytes, found: dict[str, bytes], where: str) -> dict[str, bytes]:
    """The members, unless one of them hides another."""
    if not _lost_nothing(text, found):
        try:
            jiter.from_json(text, allow_inf_nan=False, catch_duplicate_keys=True)
        except ValueError as fault:
            _refuse(text, where, fault)
    return found


def _lost_nothing(text: bytes, found: dict[str, bytes]) -> bool:
    """Whether no member was dropped for another of the same name.

    Without spaces between members every byte is accounted for; with them, a dropped member would take its quotes along. Names with
    escapes are longer than they look, and names with quotes could make up for lost ones: the caller looks at both exactly.
    """
    names = [name.encode() for name in found]
    if any(b'"' in name for name in names):
        return False
    bare = sum(map(len, names)) + sum(map(len, found.values())) + 4 * len(found) + 1 if found else 2
    if bare == len(text):
        return True
    return 2 * len(names) + sum(member.count(b'"') for member in found.values()) == text.count(b'"')


def _is_deeper(text: bytes, depth: int) -> bool:
    """Whether more than `depth` objects and lists stand within each other. `text` is known to be JSON.

    Quotes that touch once all but quotes and brackets is gone enclose no bracket and go, two by two, which leaves every other bracket
    inside or outside a string as it was; then every second piece between quotes is outside. Each pass takes at most one level away.
    """
    if b"\\" in text:
        text = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    structure = b"".join(text.translate(None, _NOT_STRUCTURE).replace(b'""', b"").split(b'"')[::2])
    passes, left = 0, structure
    for _ in range(depth):
        for pair in (b"{}", b"[]"):
            shorter = left.replace(pair, b"")
            passes += len(shorter) < len(left)
            left = shorter
        if not left:
            break
    return (bool(left) or passes > depth) and _depth(structure) > depth


def _depth(structure: bytes) -> int:
    level = deepest = 0
    for byte in structure:
        level += 1 if byte in b"[{" else -1
        deepest = max(deepest, level)
    return deepest


def _is_finite(found: Any) -> bool:
    match found:
        case float():
            return math.isfinite(found)
        case list():
            return all(map(_is_finite, found))
        case dict():
            return all(map(_is_finite, found.values()))
    return True


def _refuse(text: bytes, where: str, fault: Exception) -> NoReturn:
    """Say what is wrong. Slow, and of the parsers' words only the place is repeated: the rest may quote the text."""
    said = str(fault)
    if "uplicate" in said:
        raise BadRequest(f"{where} has the same name twice in one object: each name may stand once.") from None
    if "number out of range" in said:
        raise BadRequest(f"{where} holds a number of more than 4,300 digits.") from None
    if _NO_NUMBER.search(text):
        raise BadRequest(f"{where} is not JSON: NaN and Infinity are no JSON numbers; leave such a value out.") from None
    if any(pair[0][1] not in "89abAB" or not pair[1] for pair in _surrogates(text)):
        raise BadRequest(f"{where} holds half a surrogate pair: write characters beyond U+FFFF as two escapes, or as UTF-8.") from None
    raise BadRequest(
        f"{where} is not JSON{_place(text)}: check quotes, commas and brackets; comments and trailing commas are not allowed."
    ) from None


def _surrogates(text: bytes) -> list[tuple[str, str]]:
    return [(first.decode(), second.decode()) for first, second in _SURROGATE.findall(text.replace(b"\\\\", b""))]


def _place(text: bytes) -> str:
    try:
        jiter.from_json(text, allow_inf_nan=False)
    except ValueError as fault:
        if found := _PLACE.search(str(fault)):
            return f" (line {found.group(1)}, column {found.group(2)})"
    return ""
