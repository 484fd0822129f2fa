"""JSON as strict as RFC 8259 and stricter: what Python's reader accepts beyond it is refused, and every value keeps its place."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exercise_cds.model.where import Where
from exercise_cds.rulepack.json_reader import read_json
from exercise_cds.rulepack.nodes import Place, plain
from exercise_cds.rulepack.report import Report

_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp", "Cn", "Co")), max_size=8)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.floats(allow_nan=False, allow_infinity=False, width=32) | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=20,
)


def _read(text: str | bytes) -> tuple[Place | None, list[str]]:
    report = Report()
    place = read_json(text.encode() if isinstance(text, str) else text, "f.json", report)
    return place, [f"{finding.where.line}:{finding.where.column} {finding.code}" for finding in report.findings()]


@settings(max_examples=200, deadline=None)
@given(_JSON, st.sampled_from([None, 1, 3]))
def test_reads_what_the_standard_library_writes(value: object, indent: int | None) -> None:
    """Any JSON text gives the value that it was written from."""
    place, found = _read(json.dumps(value, indent=indent))
    assert not found
    assert place is not None
    assert place.node is not None
    assert plain(place.node) == value


def test_every_key_and_value_keeps_its_place() -> None:
    """Line and column are those that an editor shows; tabs count as one."""
    place, _ = _read('{\n\t"a": [1, {"é": "x",\n  "b" : true}]\n}')
    assert place is not None
    assert place.key("a") == Where("f.json", 2, 2)
    assert (place / "a" / 1 / "é").where == Where("f.json", 2, 17)
    assert (place / "a" / 1).key("b") == Where("f.json", 3, 3)
    assert (place / "a" / 1 / "b").where == Where("f.json", 3, 9)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{", ["1:2 json-syntax"]), ("{}{}", ["1:3 json-syntax"]), ("[1,]", ["1:4 json-syntax"]), ('{"a": 1,}', ["1:9 json-syntax"]),
        ('{"a" 1}', ["1:6 json-syntax"]), ("{a: 1}", ["1:2 json-syntax"]), ("[NaN]", ["1:2 json-syntax"]),
        ("[Infinity]", ["1:2 json-syntax"]),
        ("[1e999]", ["1:2 bad-number"]), ("[01]", ["1:2 json-syntax"]), ("[+1]", ["1:2 json-syntax"]), ("[1.]", ["1:2 json-syntax"]),
        ("// a\n{}", ["1:1 json-syntax"]), ("['a']", ["1:2 json-syntax"]),
        ('["a\nb"]', ["1:2 json-syntax"]), ('["\\x"]', ["1:2 json-syntax"]),
        ('["\\ud800"]', ["1:2 bad-character"]), ('["\\u0000"]', ["1:2 bad-character"]), ('{"a": 1, "a": 2}', ["1:10 duplicate-key"]),
        ("[" * 50 + "]" * 50, ["1:42 too-deep"]), ("", ["1:1 empty-file"]),
        (b"\xef\xbb\xbf{}", ["1:1 byte-order-mark"]), (b'"\xff"', ["1:2 bad-encoding"]),
        ("[" + "9" * 5000 + "]", ["1:2 json-syntax"]), ("tru", ["1:1 json-syntax"]), ("truer", ["1:1 json-syntax"]),
    ],
)  # fmt: skip
def test_what_is_no_json_is_refused_at_its_place(text: str | bytes, found: list[str]) -> None:
    """Trailing commas, comments, NaN, lone surrogates, too deep nesting: each a finding."""
    assert _read(text)[1] == found
