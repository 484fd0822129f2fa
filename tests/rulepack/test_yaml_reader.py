"""YAML 1.2 as authors write it: scalars, places, and what is refused."""

from __future__ import annotations

import time

import pytest

from exercise_cds.model.where import Where
from exercise_cds.rulepack.nodes import Place, plain
from exercise_cds.rulepack.report import Report
from exercise_cds.rulepack.yaml_reader import read_yaml


def _read(text: str | bytes) -> tuple[Place | None, list[str]]:
    report = Report()
    place = read_yaml(text.encode() if isinstance(text, str) else text, "f.yaml", report)
    return place, [f"{finding.where.line}:{finding.where.column} {finding.code}" for finding in report.findings()]


def _value(text: str) -> object:
    place, found = _read(f"k: {text}\n")
    assert place is not None, found
    assert place.node is not None
    whole = plain(place.node)
    assert isinstance(whole, dict)
    return whole["k"]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("14", 14), ("-3", -3), ("+7", 7), ("0x1F", 31), ("0o17", 15), ("010", 10), ("38.0", 38.0),
        (".5", 0.5), ("6.", 6.0), ("1e3", 1000.0),
        ("true", True), ("True", True), ("false", False), ("null", None), ("~", None), ("", None),
        ("yes", "yes"), ("no", "no"), ("on", "on"), ("off", "off"), ("2026-03-02", "2026-03-02"),
        ("2026-03", "2026-03"),
        ("12:30:45", "12:30:45"),
        ("1_000", "1_000"), ("0b11", "0b11"), ('"14"', "14"), ("'true'", "true"), ('"2026"', "2026"), ("M54.50", "M54.50"),
        ("1.2.3", "1.2.3"),
        ("1e5x", "1e5x"), ("=", "="), ("é ü 漢", "é ü 漢"),
    ],
)  # fmt: skip
def test_scalars_are_those_of_the_core_schema(written: str, value: object) -> None:
    """Numbers, true, false and null are what YAML 1.2 says; dates, times, yes and no stay text."""
    read = _value(written)
    assert read == value
    assert type(read) is type(value)


def test_keys_are_texts_as_they_are_written() -> None:
    """A key is a word, also where it looks like a number or like true; `2:` and `"2":` are the same key."""
    place, _ = _read("2: a\ntrue: b\non: c\n07: d\n")
    assert place is not None
    assert place.names == ("2", "true", "on", "07")
    assert _read('2: a\n"2": b\n')[1] == ["2:1 duplicate-key"]


def test_every_key_and_value_keeps_its_place() -> None:
    """Line and column are those that an editor shows, from 1, whatever the style."""
    place, _ = _read(
        "# a comment\nrules:\n- id: a\n  when: {x: {at_least: 14}}\n  text: >-\n    long\n    text\n- {id: b, list: [1, 'é', c]}\n"
    )
    assert place is not None
    rules = place / "rules"
    assert place.key("rules") == Where("f.yaml", 2, 1)
    assert (rules / 0).where == Where("f.yaml", 3, 3)
    assert (rules / 0 / "when" / "x" / "at_least").where == Where("f.yaml", 4, 24)
    assert (rules / 0 / "when" / "x").key("at_least") == Where("f.yaml", 4, 14)
    assert (rules / 0 / "text").where == Where("f.yaml", 5, 9)
    assert (rules / 1 / "list" / 2).where == Where("f.yaml", 8, 26)


def test_a_place_with_nothing_points_at_what_is_around_it() -> None:
    """A finding about a missing thing points at the entry in which it is missing."""
    place, _ = _read("a:\n  b: 1\n")
    assert place is not None
    assert (place / "a" / "c" / "d").where == Where("f.yaml", 2, 3)
    assert (place / "a" / "c").node is None


def test_one_and_a_list_of_one_are_the_same_place() -> None:
    """Where one or a list may stand, entry 0 of the one is the one."""
    place, _ = _read("one: x\nmany: [x, y]\n")
    assert place is not None
    assert (place / "one" / 0).where == (place / "one").where
    assert (place / "one" / 1).node is None
    assert (place / "many" / 1).where == Where("f.yaml", 2, 11)


def test_windows_line_ends_are_fine() -> None:
    """A file from an editor on Windows reads the same."""
    place, found = _read("a: |\r\n  one\r\n  two\r\nb: 2\r\n")
    assert not found
    assert place is not None
    assert place.node is not None
    assert plain(place.node) == {"a": "one\ntwo\n", "b": 2}
    assert place.key("b") == Where("f.yaml", 4, 1)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: b\n---\nc: d\n", ["2:1 many-documents"]),
        ("a: &x 1\nb: *x\n", ["1:4 yaml-anchor", "2:4 yaml-alias"]),
        ("a: !!python/object/apply:os.system ['true']\n", ["1:4 yaml-tag"]),
        ("a: ! b\n", ["1:4 yaml-tag"]),
        ("<<: {a: b}\n", ["1:1 yaml-merge-key"]),
        ("? {a: b}\n: c\n", ["1:3 yaml-key"]),
        ("%YAML 1.1\n---\na: b\n", ["1:1 yaml-directive"]),
        ("%TAG ! tag:example.org,2026:\n---\na: b\n", ["1:1 yaml-directive"]),
        ("a:\n\t- b\n", ["2:1 yaml-tab"]),
        ("a: b # a\tcomment\n", ["1:9 yaml-tab"]),
        ("a: 'b\n", ["1:4 yaml-syntax"]),
        ("a: {b: c\n", ["2:1 yaml-syntax"]),
        ("a: b\rc: d\n", ["1:5 bad-character"]),
        ("a: b\u2028c: d\n", ["1:5 bad-character"]),
        ('a: "\\U00110000"\n', ["1:1 yaml-syntax"]),
        ('a: "\\u202e"\n', ["1:4 bad-character"]),
        ("a: .nan\n", ["1:4 bad-number"]),
        ("a: 99999999999999999999\n", []),
        (b"a: \xff\n", ["1:4 bad-encoding"]),
        (b"\n\na: b \xc3(\n", ["3:6 bad-encoding"]),
        (b"\xef\xbb\xbfa: b\n", ["1:1 byte-order-mark"]),
        ("a: b\n".encode("utf-16"), ["1:1 byte-order-mark"]),
        ("a: b\n".encode("utf-16-le"), ["1:2 bad-character"]),
        (b"\x00", ["1:1 bad-character"]),
        (b"", ["1:1 empty-file"]),
        ("[" * 41 + "]" * 41, ["1:41 too-deep"]),
        ("[" * 40 + "]" * 40, []),
    ],
)  # fmt: skip
def test_what_is_refused_is_refused_at_its_place(text: str | bytes, found: list[str]) -> None:
    """Whatever a reader would have to be clever about is a finding, and the file is not read."""
    place, said = _read(text)
    assert said == found
    assert (place is None) == bool(found)


M = 1024 * 1024
HOSTILE = {
    "a list of half a million": b"[" + b"a," * (M // 2 - 2) + b"]",
    "tags": b"- !!str a\n" * (M // 10),
    "brackets": b"[" * M,
    "braces with keys": b"{a: " * (M // 4),
    "question marks": b"? " * (M // 2),
    "blank lines in a quoted text": b'"' + b"\n" * (M - 2) + b'"',
    "one letter a line": b"a\n" * (M // 2),
    "one quoted letter a line": b'"' + b"a\n" * (M // 2 - 2) + b'"',
    "a block of short lines": b"|\n" + b" a\n" * (M // 3 - 2),
    "ever deeper": b"".join(b" " * depth + b"a:\n" for depth in range(1_400)),
    "equal keys": b"k: 1\n" * (M // 5),
    "different keys": b"".join(b"k%06d: 1\n" % number for number in range(M // 11)),
    "directives": b"".join(b"%%TAG !a%d! x\n" % number for number in range(M // 16)) + b"---\na",
    "aliases that explode": b"a0: &a0 x\n"
    + b"".join(b"a%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 30)),
    "a number of a million digits": b"9" * M,
    "ten megabytes": b"a: b\n" * (2 * M),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_file_hangs(name: str) -> None:
    """A hostile file of any size is read or refused at once; the limit here is five times the promised two seconds, for a busy machine."""
    before = time.process_time()
    _read(HOSTILE[name])
    assert time.process_time() - before < 10
