"""One YAML file, from bytes to nodes with places, or to findings. The only user of ruamel.yaml in this room.

Read as YAML 1.2 with its core scalars; what a reader would have to be clever about (anchors, tags, merge keys, several documents,
tabs) is refused. Events are composed here, not by the library: its composer expands aliases and its constructors build objects.
Whatever the bytes, this ends: size, depth and the number of values are limited before they cost anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
)

from exercise_cds.model.where import Where
from exercise_cds.rulepack.bytes_reader import MOST_DEPTH, bad_character, text_of
from exercise_cds.rulepack.core_scalars import NOT_FINITE, core_value
from exercise_cds.rulepack.nodes import Node, Place, Scalar, Sequence, Table
from exercise_cds.rulepack.quick_yaml import MOST_VALUES, quick_root
from exercise_cds.rulepack.report import Report, quoted

_MOST_REFUSED = 20
"""Anchors, tags and the like, before the rest of the file is left unread."""
# What the library raises on broken bytes besides its own errors, seen by fuzzing: a code point above U+10FFFF, an empty buffer.
_LIBRARY_FAULTS = (ValueError, OverflowError, IndexError, TypeError, AttributeError, AssertionError, UnicodeError)
_SENTENCES: tuple[tuple[str, str, str, bool], ...] = (
    ("could not find expected ':'", "a key without its colon", "write `key: value`", True),
    ("mapping values are not allowed", "a colon where no key can stand", "quote a text that holds ': ', and indent keys alike", False),
    ("expected <block end>, but found '<scalar>'", "something stands behind the end of a value", "quote the whole text", False),
    ("expected <block end>, but found ']'", "a closing bracket stands alone", "delete it, or write the opening one", False),
    ("expected <block end>, but found '}'", "a closing brace stands alone", "delete it, or write the opening one", False),
    ("expected <block end>", "the indentation does not fit what stands above", "indent entries of one list or mapping alike", False),
    (
        "expected ',' or '}'",
        "a mapping between { } is not closed before this",
        "add the missing `,` or `}`; quote a text that holds ': ' or ','",
        False,
    ),
    (
        "expected ',' or ']'",
        "a list between [ ] is not closed before this",
        "add the missing `,` or `]`; quote a text that holds ': ' or ','",
        False,
    ),
    ("found unexpected end of stream", "a quoted text is not closed", "add the missing quotation mark", True),
    ("that cannot start any token", "this character cannot begin a value", "quote the text", False),
)
"""What the library says -> our sentence, the hint, and whether to point at where it began."""


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come yet."""

    mark: Any
    is_table: bool
    entries: dict[str, tuple[Scalar, Node]]
    items: list[Node]
    key: Scalar | None = None


def read_yaml(content: bytes, file: str, report: Report) -> Place | None:
    """The root of one file, or None where it cannot be read. Every mistake becomes a finding of `report`; never raises."""
    text = text_of(content, file, report)
    if text is None:
        return None
    if not text.strip():
        report.add("empty-file", Where(file), "the file is empty", "write its keys, or delete it")
        return None
    root = quick_root(text)
    return careful_root(text, file, report) if root is None else Place(file, root)


def careful_root(text: str, file: str, report: Report) -> Place | None:
    """The same of a file's text by ruamel.yaml alone, which knows of every mistake where it is."""
    return _Composer(file, report).root(text)


class _Composer:
    """Nodes from one file's events."""

    def __init__(self, file: str, report: Report) -> None:
        self.file = file
        self.report = report
        self.refused = 0

    def root(self, text: str) -> Place | None:
        """The root node, or None."""
        try:
            node = self._compose(YAML(typ="safe", pure=True, plug_ins=[]).parse(text))
        except MarkedYAMLError as error:
            self._syntax(error)
            return None
        except (YAMLError, *_LIBRARY_FAULTS):
            self.report.add("yaml-syntax", Where(self.file), "this is not YAML", "see the file as plain text; it may be damaged")
            return None
        return Place(self.file, node) if node is not None and not self.refused else None

    def _compose(self, events: Iterator[Any]) -> Node | None:
        root: Node | None = None
        opened: list[_Open] = []
        documents = values = 0
        for event in events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if not self._document(event, documents):
                    return None
            elif isinstance(event, NodeEvent | CollectionEndEvent):
                node = self._node(event, opened)
                values += not isinstance(event, CollectionEndEvent)
                if self._is_too_much(event, values, len(opened)):
                    return None
                if node is not None:
                    root = self._placed(node, opened) or root
        if root is None:
            self._refuse_at("empty-file", Where(self.file), "the file holds nothing but comments", "write its keys, or delete it")
        return root

    def _node(self, event: Any, opened: list[_Open]) -> Node | None:
        """The node that an event finishes; None where it only begins one."""
        if isinstance(event, ScalarEvent):
            return self._scalar(event)
        if isinstance(event, CollectionEndEvent):
            return self._closed(opened.pop())
        if isinstance(event, AliasEvent):
            self._refuse("yaml-alias", event, "an alias (*name) is not allowed", "write the value out")
            return Scalar(None, "", *_at(event.start_mark))
        self._plain_only(event)
        opened.append(_Open(event.start_mark, isinstance(event, MappingStartEvent), {}, []))
        return None

    def _placed(self, node: Node, opened: list[_Open]) -> Node | None:
        """Put a finished node into what is open; the node itself where nothing is."""
        if not opened:
            return node
        inner = opened[-1]
        if not inner.is_table:
            inner.items.append(node)
        elif inner.key is None:
            inner.key = self._key(node)
        else:
            key, inner.key = inner.key, None
            if key.source in inner.entries:
                first = inner.entries[key.source][0]
                where = Where(self.file, key.line, key.column)
                sentence = f"the key {quoted(key.source)} stands twice; the first is in line {first.line}"
                self.report.add("duplicate-key", where, sentence, "keep one of them")
            else:
                inner.entries[key.source] = (key, node)
        return None

    def _key(self, node: Node) -> Scalar:
        if not isinstance(node, Scalar):
            self._refuse_at("yaml-key", Where(self.file, node.line, node.column), "a key must be a word", "write `word: value`")
            return Scalar(None, "", node.line, node.column)
        if node.source == "<<":
            self._refuse_at(
                "yaml-merge-key", Where(self.file, node.line, node.column), "a merge key (<<) is not allowed", "write the keys out"
            )
        return node

    @staticmethod
    def _closed(done: _Open) -> Node:
        line, column = _at(done.mark)
        return Table(done.entries, line, column) if done.is_table else Sequence(tuple(done.items), line, column)

    def _document(self, event: Any, documents: int) -> bool:
        if documents > 1:
            self._refuse("many-documents", event, "a second document begins here (---)", "one document per file")
            return False
        if event.version is not None or event.tags:
            where = Where(self.file, 1, 1)
            self._refuse_at("yaml-directive", where, "a directive (a line that begins with %) is not allowed", "delete that line")
        return True

    def _is_too_much(self, event: Any, values: int, depth: int) -> bool:
        if values > MOST_VALUES:
            self._refuse("too-many-values", event, f"the file holds more than {MOST_VALUES} values", "split it into several files")
        elif depth > MOST_DEPTH:
            self._refuse("too-deep", event, f"lists and mappings are nested more than {MOST_DEPTH} deep", "write it flatter")
        else:
            return self.refused > _MOST_REFUSED
        return True

    def _plain_only(self, event: Any) -> None:
        if event.anchor is not None:
            self._refuse("yaml-anchor", event, "an anchor (&name) is not allowed", "delete it; write values out where they are used")
        if event.tag is not None:
            self._refuse("yaml-tag", event, "a tag (!name) is not allowed", "delete it; quote the value if it begins with `!`")

    def _scalar(self, event: Any) -> Scalar:
        self._plain_only(event)
        line, column = _at(event.start_mark)
        text: str = event.value
        if bad := bad_character(text):
            self._refuse("bad-character", event, f"this text holds {bad}", "delete it")
            return Scalar(None, "", line, column)
        if event.style:
            return Scalar(text, text, line, column)
        return Scalar(self._core(text, event), text, line, column)

    def _core(self, text: str, event: Any) -> str | int | float | bool | None:
        """YAML 1.2 core: null, yes/no, number, else text. Dates stay text."""
        value = core_value(text)
        if value is not NOT_FINITE:
            return value
        self._refuse("bad-number", event, f"{quoted(text)} is no number that can be compared", "write a finite number")
        return text

    def _refuse(self, code: str, event: Any, sentence: str, hint: str) -> None:
        self._refuse_at(code, Where(self.file, *_at(event.start_mark)), sentence, hint)

    def _refuse_at(self, code: str, where: Where, sentence: str, hint: str) -> None:
        self.refused += 1
        self.report.add(code, where, sentence, hint)

    def _syntax(self, error: MarkedYAMLError) -> None:
        said = f"{error.context or ''} {error.problem or ''}"
        problem = " ".join((error.problem or said).split())[:90]
        sentence, hint, at_start = f"this is not YAML: {problem}", "mend the line, or the one above it", False
        for begins, its_sentence, its_hint, its_start in _SENTENCES:
            if begins in said:
                sentence, hint, at_start = its_sentence, its_hint, its_start
                break
        marks = (error.context_mark, error.problem_mark) if at_start else (error.problem_mark, error.context_mark)
        mark = marks[0] or marks[1]
        where = Where(self.file, *_at(mark)) if mark is not None else Where(self.file)
        self.report.add("yaml-syntax", where, sentence, hint)


def _at(mark: Any) -> tuple[int, int]:
    return mark.line + 1, mark.column + 1
