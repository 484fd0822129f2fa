"""One JSON file, from bytes to nodes with places, or to findings: value sets. Strict: no duplicate keys, no NaN, no comments.

Own, because no JSON reader keeps line and column of what it read, and because this one must end on any bytes. The grammar is
RFC 8259; strings and numbers are turned into values by the standard library.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right

from exercise_cds.model.where import Where
from exercise_cds.rulepack.bytes_reader import MOST_DEPTH, bad_character, text_of
from exercise_cds.rulepack.nodes import Node, Place, Scalar, Sequence, Table
from exercise_cds.rulepack.report import Report, quoted

_TOKEN = re.compile(
    r'[ \t\n\r]*(?:(?P<mark>[{}\[\],:])|(?P<text>"(?:[^"\\\x00-\x1f]|\\.)*")|(?P<word>-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,30})?'
    r"(?:[eE][-+]?[0-9]{1,3})?(?![0-9A-Za-z.])|true(?!\w)|false(?!\w)|null(?!\w)))",
)
_REST = re.compile(r"[ \t\n\r]*")


MOST_VALUES = 200_000
"""About a second of reading; a value set of 10,000 codes has some 90,000."""


class _Broken(Exception):
    """The text is not JSON from `index` on."""

    def __init__(self, index: int, sentence: str, hint: str, code: str = "json-syntax") -> None:
        super().__init__(sentence)
        self.index, self.sentence, self.hint, self.code = index, sentence, hint, code


def read_json(content: bytes, file: str, report: Report) -> Place | None:
    """The root of one file, or None where it cannot be read. Every mistake becomes a finding of `report`; never raises."""
    text = text_of(content, file, report, tabs=True)
    if text is None:
        return None
    if not text.strip():
        report.add("empty-file", Where(file), "the file is empty", "write the ValueSet, or delete it")
        return None
    reader = _Reader(text, file, report)
    try:
        root = reader.whole()
    except _Broken as broken:
        report.add(broken.code, reader.where(broken.index), broken.sentence, broken.hint)
        return None
    return Place(file, root)


class _Reader:
    """A cursor over one text."""

    def __init__(self, text: str, file: str, report: Report) -> None:
        self.text, self.file, self.report = text, file, report
        self.at = self.start = self.values = 0
        self.lines = [0, *(found.end() for found in re.finditer("\n", text))]

    def where(self, index: int) -> Where:
        line = bisect_right(self.lines, index)
        return Where(self.file, line, index - self.lines[line - 1] + 1)

    def whole(self) -> Node:
        """The one value of the text."""
        root = self.value(0)
        if self.peek():
            raise _Broken(self.start, "something stands behind the end", "delete it")
        return root

    def peek(self) -> str:
        """The next token's first character without taking it; "" at the end."""
        self.start = _REST.match(self.text, self.at).end()  # type: ignore[union-attr]  # matches the empty text too
        return self.text[self.start : self.start + 1]

    def take(self) -> tuple[str, str]:
        """The next token: which kind, and its text; `start` is where it begins."""
        found = _TOKEN.match(self.text, self.at)
        if found is None or found.lastgroup is None:
            first = self.peek()
            if not first:
                raise _Broken(self.start, "the file ends too early", "close what is open: } or ]")
            raise _Broken(
                self.start, f"{quoted(self.text[self.start : self.start + 12])} is not JSON", 'texts stand between "quotation marks"'
            )
        self.start, self.at = found.start(found.lastgroup), found.end()
        return found.lastgroup, found.group(found.lastgroup)

    def value(self, depth: int) -> Node:
        kind, word = self.take()
        start = self.start
        self.values += 1
        if self.values > MOST_VALUES:
            raise _Broken(start, f"the file holds more than {MOST_VALUES} values", "split the value set", "too-many-values")
        if depth > MOST_DEPTH:
            raise _Broken(start, f"lists and objects are nested more than {MOST_DEPTH} deep", "write it flatter", "too-deep")
        mark = self.where(start)
        if word == "{":
            return self.table(mark, depth)
        if word == "[":
            return self.sequence(mark, depth)
        if kind == "mark":
            raise _Broken(start, f"{quoted(word)} stands where a value is needed", "write the value")
        return self.scalar(kind, word, mark)

    def scalar(self, kind: str, token: str, mark: Where) -> Scalar:
        if kind == "text":
            return self.word(token, mark)
        value = json.loads(token)
        if isinstance(value, float) and value in (float("inf"), float("-inf")):
            raise _Broken(self.start, "the number is too large", "write a finite number", "bad-number")
        return Scalar(value, token, mark.line, mark.column)

    def word(self, token: str, mark: Where) -> Scalar:
        try:
            text = str(json.loads(token))
        except ValueError:
            raise _Broken(self.start, "a backslash stands before a character that needs none", "write \\\\ for a backslash") from None
        if bad := bad_character(text):
            raise _Broken(self.start, f"this text holds {bad}", "delete it", "bad-character")
        return Scalar(text, text, mark.line, mark.column)

    def table(self, mark: Where, depth: int) -> Table:
        entries: dict[str, tuple[Scalar, Node]] = {}
        if self.peek() == "}":
            self.take()
            return Table(entries, mark.line, mark.column)
        while True:
            kind, token = self.take()
            if kind != "text":
                raise _Broken(self.start, "a key is missing here", 'write "key": value, and no comma behind the last entry')
            key = self.word(token, self.where(self.start))
            if self.take()[1] != ":":
                raise _Broken(self.start, f"a colon is missing behind the key {quoted(key.source)}", 'write "key": value')
            value = self.value(depth + 1)
            if key.source in entries:
                where = Where(self.file, key.line, key.column)
                first = entries[key.source][0].line
                self.report.add(
                    "duplicate-key", where, f"the key {quoted(key.source)} stands twice; the first is in line {first}", "keep one"
                )
            else:
                entries[key.source] = (key, value)
            if self.closed("}"):
                return Table(entries, mark.line, mark.column)

    def sequence(self, mark: Where, depth: int) -> Sequence:
        items: list[Node] = []
        if self.peek() == "]":
            self.take()
            return Sequence((), mark.line, mark.column)
        while True:
            items.append(self.value(depth + 1))
            if self.closed("]"):
                return Sequence(tuple(items), mark.line, mark.column)

    def closed(self, end: str) -> bool:
        """Take a comma (False) or the closing bracket (True)."""
        token = self.take()[1]
        if token not in (",", end):
            raise _Broken(self.start, f"a comma or {quoted(end)} is missing here", "entries are parted by commas")
        return token == end
