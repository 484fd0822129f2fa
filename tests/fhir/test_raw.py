"""Names that stand twice, and depth: the quick answers equal the plain ones."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercise_cds.errors import BadRequest
from exercise_cds.fhir.raw import Misshapen, check_depth, fields_of, objects_of, value_of

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
PAIRS = st.lists(st.tuples(st.text(max_size=3), VALUES), max_size=5)
STYLES = st.sampled_from([(",", ":"), (", ", ": "), (" ,\n\t", " : ")])


def written(pairs: list[tuple[str, Any]], style: tuple[str, str], *, ascii_only: bool) -> bytes:
    """An object with just these members, in this order, whatever their names."""
    between, colon = style
    members = (
        json.dumps(name, ensure_ascii=ascii_only) + colon + json.dumps(value, ensure_ascii=ascii_only, separators=style)
        for name, value in pairs
    )
    return ("{" + between.join(members) + "}").encode("utf-8", "surrogatepass")


def depth_of(value: Any) -> int:
    """Levels of objects and arrays."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth_of, inner), default=0)


@given(pairs=PAIRS, style=STYLES, ascii_only=st.booleans())
def test_names_that_stand_twice_are_seen(pairs: list[tuple[str, Any]], style: tuple[str, str], ascii_only: bool) -> None:  # noqa: FBT001 - drawn
    """An object is refused exactly when one of its own names stands twice, with spaces or without, escaped or not."""
    text = written(pairs, style, ascii_only=ascii_only)
    is_twice = len({name for name, _ in pairs}) < len(pairs)
    for read in (lambda: fields_of(text, "x"), lambda: objects_of(b"[" + text + b"]", "x")):
        if is_twice:
            with pytest.raises(BadRequest, match="same name twice"):
                read()
        else:
            read()


@given(objects=st.lists(PAIRS, max_size=3), style=STYLES)
def test_the_objects_of_a_list_are_found(objects: list[list[tuple[str, Any]]], style: tuple[str, str]) -> None:
    """Every object of a list comes with its members, wherever items that are none stand between them."""
    whole = [dict(pairs) for pairs in objects]
    items = [item for one in whole for item in (one, 5)]
    fields, are_objects = objects_of(json.dumps(items, separators=style).encode(), "x")
    assert are_objects == [True, False] * len(whole)
    assert [{name: json.loads(bytes(raw)) for name, raw in one.items()} for one in fields[::2]] == whole


@given(value=VALUES, limit=st.integers(1, 6), ascii_only=st.booleans())
def test_depth_is_exact(value: Any, limit: int, ascii_only: bool) -> None:  # noqa: FBT001 - drawn
    """A text is refused exactly when it nests deeper than the limit; brackets and quotes within strings do not count."""
    text = json.dumps([value, '[{"\\', {'"{[': 1}], ensure_ascii=ascii_only).encode()
    too_deep = depth_of([value, {"x": 1}]) > limit
    if too_deep:
        with pytest.raises(BadRequest, match="nested too deeply"):
            check_depth(text, limit, "x")
    else:
        check_depth(text, limit, "x")


def test_nesting_that_no_reader_bears_is_refused() -> None:
    """100,000 brackets are refused as too deep, wherever they stand, and nothing breaks."""
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
        deep = opening * 100_000 + b"1" + closing * 100_000
        with pytest.raises(BadRequest, match="nested too deeply"):
            fields_of(b'{"a":' + deep + b"}", "x")
        with pytest.raises(BadRequest, match="nested too deeply"):
            objects_of(b"[" + deep + b"]", "x")
        with pytest.raises(BadRequest):
            value_of(deep, "x")


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"5", b'"x"', b"null", b"{}x", b"{'a':1}", b'{"a":NaN}', b'{"a":01}'])
def test_what_is_no_object_is_misshapen(text: bytes) -> None:
    """Not JSON, or JSON of another shape."""
    with pytest.raises(Misshapen):
        fields_of(text, "x")


@pytest.mark.parametrize(
    "text", [b'"\\ud800"', b'"\xff"', b"NaN", b"-Infinity", b"1" * 5_000, b'{"a":1,"\\u0061":2}', b"[" * 300 + b"]" * 300]
)
def test_what_is_read_is_json_to_the_letter(text: bytes) -> None:
    """Lone surrogates, bytes that are no UTF-8, NaN, endless integers and escaped names that stand twice are refused where read."""
    with pytest.raises(BadRequest):
        value_of(text, "x")
