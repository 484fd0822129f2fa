"""The root of a YAML file without a mistake, at about nine times the speed of the careful reader; the only user of PyYAML.

libyaml's events, composed as the careful reader composes its own. This reader has no findings: whatever it does not know to be read
alike by both, and whatever deserves a finding, it leaves to the other, which has the last word. So every answer is the careful
reader's answer, and where PyYAML came without libyaml, only the time differs. Mutated files are read by both in the tests.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from yaml import YAMLError
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from exercise_cds.rulepack.bytes_reader import MOST_DEPTH, bad_character
from exercise_cds.rulepack.core_scalars import NOT_FINITE, core_value
from exercise_cds.rulepack.nodes import Node, Scalar, Sequence, Table

try:
    from yaml.cyaml import CParser
except ImportError:  # PyYAML built without libyaml: the careful reader reads all
    CParser = None

MOST_VALUES = 50_000
"""Lists, mappings, keys and values: about a second for the careful reader; 1,000 rules have some 35,000."""
_KEY_WITHOUT_SPACE = re.compile(r"[\"']:[^ \r\n]")
"""`{"a":b}` is a key for libyaml, and a mistake for the careful reader."""
_PLAIN_BLOCK = re.compile(r"[|>]-?\r?\n +[^ \r\n]")
"""A block scalar that both read alike: no `#` and no number in its first line, and no empty line below it."""


class _Doubt(Exception):
    """The careful reader must look."""


@lru_cache(maxsize=256)
def quick_root(text: str) -> Node | None:
    """The root of one file's text (already without hidden characters and tabs); None where the careful reader must look.

    The same for the same text: a pack is linked again for every set of settings and after every save, and few of its files change.
    """
    if CParser is None or _KEY_WITHOUT_SPACE.search(text):
        return None
    try:
        return _Quick(text).root()
    except (YAMLError, _Doubt):
        return None


class _Open:
    """A list or mapping whose end has not come yet."""

    __slots__ = ("column", "entries", "is_table", "items", "key", "line")

    def __init__(self, event: Any) -> None:
        self.line, self.column = event.start_mark.line + 1, event.start_mark.column + 1
        self.is_table = isinstance(event, MappingStartEvent)
        self.items: list[Node] = []
        self.entries: dict[str, tuple[Scalar, Node]] = {}
        self.key: Scalar | None = None


class _Quick:
    """One file's events, in order. Everything in it raises _Doubt."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.opened: list[_Open] = []
        self.values = self.documents = 0
        self.read: dict[type, Callable[[Any], Node | None]] = {
            ScalarEvent: self.scalar,
            MappingStartEvent: self.begin,
            SequenceStartEvent: self.begin,
            MappingEndEvent: self.end,
            SequenceEndEvent: self.end,
            DocumentStartEvent: self.document,
            DocumentEndEvent: self.end_of_document,
            AliasEvent: self.alias,
            StreamStartEvent: self.stream,
            StreamEndEvent: self.stream,
        }

    def root(self) -> Node | None:
        """The root node. Raises what libyaml raises, too."""
        next_event, read, opened = CParser(self.text).get_event, self.read, self.opened
        root: Node | None = None
        while (event := next_event()) is not None:
            node = read[type(event)](event)
            if node is None:
                continue
            if opened:
                self.put(node, opened[-1])
            else:
                root = node
        return root

    def put(self, node: Node, inner: _Open) -> None:
        """A finished node into the list or mapping that is open."""
        if inner.key is not None:
            inner.entries[inner.key.source] = (inner.key, node)
            inner.key = None
        elif not inner.is_table:
            inner.items.append(node)
        elif not isinstance(node, Scalar) or node.source == "<<" or node.source in inner.entries:
            raise _Doubt
        else:
            inner.key = node

    def scalar(self, event: Any) -> Scalar:
        """A key, or a value that is neither list nor mapping."""
        self.count(event)
        mark, text, style = event.start_mark, event.value, event.style
        if not style:
            # Where nothing is written, the two point at different places.
            value = core_value(text) if text else NOT_FINITE
            if value is NOT_FINITE:
                raise _Doubt
            return Scalar(value, text, mark.line + 1, mark.column + 1)
        # Only an escape brings a character that the text itself does not hold.
        if (style == '"' and bad_character(text)) or (style in "|>" and not _PLAIN_BLOCK.match(self.text, mark.index)):
            raise _Doubt
        return Scalar(text, text, mark.line + 1, mark.column + 1)

    def begin(self, event: Any) -> None:
        """A list or mapping begins."""
        self.count(event)
        if len(self.opened) >= MOST_DEPTH:
            raise _Doubt
        self.opened.append(_Open(event))

    def end(self, _event: Any) -> Node:
        """A list or mapping ends."""
        done = self.opened.pop()
        return Table(done.entries, done.line, done.column) if done.is_table else Sequence(tuple(done.items), done.line, done.column)

    def count(self, event: Any) -> None:
        """Nothing that is refused, and not too many."""
        self.values += 1
        if event.anchor is not None or event.tag is not None or self.values > MOST_VALUES:
            raise _Doubt

    def document(self, event: Any) -> None:
        """The only one, without directives."""
        self.documents += 1
        if self.documents > 1 or event.version is not None or event.tags:
            raise _Doubt

    def end_of_document(self, event: Any) -> None:
        """The end of the file, without a mark."""
        if event.explicit:
            raise _Doubt

    def alias(self, _event: Any) -> None:
        """Refused."""
        raise _Doubt

    def stream(self, _event: Any) -> None:
        """Nothing to see."""
