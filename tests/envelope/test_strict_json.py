"""JSON that parsers disagree about is refused, exactly and everywhere it is read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exercise_cds import strict_json
from exercise_cds.errors import BadRequest

REFUSED = [
    (b"", "The body is empty"),
    (b"\xef\xbb\xbf{}", "byte order mark"),
    (b'{"a": "\xff"}', "not UTF-8"),
    (b'{"a": {"b": ["\xed\xa0\x80"]}}', "not UTF-8"),
    (b"[]", "must be a JSON object"),
    (b"null", "must be a JSON object"),
    (b'"text"', "must be a JSON object"),
    (b"{", "is not JSON"),
    (b'{"a": 1,}', "is not JSON (line 1, column 9)"),
    (b'{"a": 01}', "is not JSON"),
    (b'{"a": 1} {}', "is not JSON"),
    (b'{"a": 1 // why\n}', "is not JSON"),
    (b"{'a': 1}", "is not JSON"),
    (b'{"a": "\x01"}', "is not JSON"),
    (b'{"a": NaN}', "NaN and Infinity"),
    (b'{"a": [-Infinity]}', "NaN and Infinity"),
    (b'{"a": "\\ud800"}', "half a surrogate pair"),
    (b'{"a": "\\udc00 \\ud800 and more"}', "half a surrogate pair"),
    (b'{"\\ud83d": 1}', "half a surrogate pair"),
    (b'{"a": ' + b"[" * 64 + b"]" * 64 + b"}", "more than 64 levels"),
    (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
    (b'{"a":' * 65 + b"1" + b"}" * 65, "more than 64 levels"),
]


@pytest.mark.parametrize(("body", "sentence"), REFUSED, ids=[sentence + str(len(body)) for body, sentence in REFUSED])
def test_a_body_that_is_no_strict_json_is_refused(body: bytes, sentence: str) -> None:
    """What is not UTF-8, not JSON, no object or nested too deeply gets a sentence that says so (CH-005)."""
    with pytest.raises(BadRequest) as caught:
        strict_json.whole(body, 64)
    assert sentence in caught.value.sentence


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b' \n{"a" : 1}\t',
        '{"name": "Élise 😀"}'.encode(),
        b'{"a": "\\ud83d\\ude00"}',
        b'{"a": "\\\\ud800"}',
        b'{"a": ' + b"[" * 63 + b"]" * 63 + b"}",
        b'{"a": "' + b"[" * 1000 + b'"}',
        b'{"a": "\\"[[[[", "b": "]]]]\\\\"}',
    ],
)
def test_strict_json_is_accepted(body: bytes) -> None:
    """Whole pairs of surrogates, UTF-8, 64 levels, and brackets inside texts are all right."""
    strict_json.whole(body, 64)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b'{"a": {"b": 1, "b": 2}}', "the same name twice"),
        (b"[1e999]", "too large"),
        (b"-1e400", "too large"),
        (b"1" + b"0" * 400 + b".5", "too large"),
        (b"9" * 4301, "more than 4,300 digits"),
    ],
)
def test_a_value_that_parsers_disagree_about_is_refused(text: bytes, sentence: str) -> None:
    """Equal names, numbers that become infinity and integers over 4,300 digits are refused on every level of a small value."""
    with pytest.raises(BadRequest) as caught:
        strict_json.value(text, "It")
    assert sentence in caught.value.sentence


@pytest.mark.parametrize(("text", "found"), [(b"9" * 4300, int("9" * 4300)), (b"1e300", 1e300), (b'"7e999"', "7e999"), (b"null", None)])
def test_odd_but_sound_values_are_read(text: bytes, found: Any) -> None:
    """Long integers within the limit, large numbers and texts that look like numbers are read as they are."""
    assert strict_json.value(text, "It") == found


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":1,"a":2}',
        b'{"a" : 1, "b": 2, "a": 1}',
        b'{"a":{},"\\u0061":{}}',
        b'{"a":"","a":"\\""}',
        b'{"\\u0022\\u0022":1,"a":1,"a":2}',
        b'{"":0,"":0}',
        '{"é":1,"é":2}'.encode(),
    ],
)
def test_equal_names_are_refused(text: bytes) -> None:
    """A name that stands twice is refused, however it is spelled and whatever stands between."""
    with pytest.raises(BadRequest, match="the same name twice"):
        strict_json.members(text, "It")


def test_members_keep_the_text_of_their_values() -> None:
    """A member's value stays as it was written, for others to read."""
    assert strict_json.members(b' { "a" :  {"b": 1.50 } , "c":[1,2],"d":null }', "It") == {
        "a": b'{"b": 1.50 }',
        "c": b"[1,2]",
        "d": b"null",
    }


_names = st.text(alphabet=st.sampled_from('ab"\\é😀[]{}'), max_size=3)
_texts = st.text(alphabet=st.sampled_from('x"\\[]{}é😀:,'), max_size=6)
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=3),
    max_leaves=12,
)


def _written(pairs: list[tuple[str, Any]], ascii_only: bool, spaced: bool) -> bytes:  # noqa: FBT001 - drawn by hypothesis
    """JSON with these members in this order, equal names included."""
    colon, comma = (" : ", " ,\n") if spaced else (":", ",")
    separators = (", ", ": ") if spaced else (",", ":")
    dump = [
        f"{json.dumps(name, ensure_ascii=ascii_only)}{colon}{json.dumps(value, ensure_ascii=ascii_only, separators=separators)}"
        for name, value in pairs
    ]
    return ("{" + comma.join(dump) + "}").encode()


@settings(max_examples=1000, deadline=None)
@given(st.lists(st.tuples(_names, _values), max_size=5), st.booleans(), st.booleans())
def test_members_are_read_exactly_or_refused(pairs: list[tuple[str, Any]], ascii_only: bool, spaced: bool) -> None:  # noqa: FBT001
    """An object is refused for equal names if and only if it has them on this level, and else loses nothing."""
    text = _written(pairs, ascii_only, spaced)
    if len({name for name, _ in pairs}) < len(pairs):
        with pytest.raises(BadRequest, match="the same name twice"):
            strict_json.members(text, "It")
    else:
        assert {name: json.loads(value) for name, value in strict_json.members(text, "It").items()} == dict(pairs)


def _deep(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_deep, value.values()), default=0)
    return 1 + max(map(_deep, value), default=0) if isinstance(value, list) else 0


@settings(max_examples=1000, deadline=None)
@given(st.dictionaries(_names, _values, max_size=4), st.booleans(), st.integers(1, 8))
def test_depth_is_counted_exactly(whole: dict[str, Any], ascii_only: bool, most: int) -> None:  # noqa: FBT001
    """Nesting is counted exactly, whatever brackets, quotes and escapes stand inside texts and names."""
    body = json.dumps(whole, ensure_ascii=ascii_only).encode()
    if _deep(whole) > most:
        with pytest.raises(BadRequest, match="levels deep"):
            strict_json.whole(body, most)
    else:
        strict_json.whole(body, most)
