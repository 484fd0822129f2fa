"""From a file's bytes to its text, with the same refusals for YAML and JSON: size, encoding, characters that hide."""

from __future__ import annotations

import re

from exercise_cds.model.where import Where
from exercise_cds.rulepack.report import Report

MOST_BYTES = 1024 * 1024
MOST_DEPTH = 40
_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
# Controls, lone surrogates, separators that some programs count as line ends, marks that turn the direction of writing (a text
# that reads otherwise than it is), and code points that are no characters.
_BAD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]")
_BAD_IN_FILE = re.compile(_BAD.pattern.replace("\x0b-\x1f", "\x0b\x0c\x0e-\x1f") + "|\r(?!\n)")


def bad_character(text: str) -> str:
    """What must not stand in a text, in words ("the control character U+0000"); "" where nothing does."""
    found = _BAD.search(text)
    return f"the hidden character U+{ord(found.group()[0]):04X}" if found else ""


def place_of(text: str, index: int, file: str) -> Where:
    """Line and column of a position in a text."""
    before = text[:index]
    return Where(file, before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1)


def text_of(content: bytes, file: str, report: Report, *, tabs: bool = False) -> str | None:
    """The file's text, or None with a finding. `tabs`: whether tabs may stand in it (JSON)."""
    if len(content) > MOST_BYTES:
        report.add("file-too-large", Where(file), f"the file has {len(content):,} bytes; at most 1 MiB is read", "split it")
        return None
    if content.startswith(_BYTE_ORDER_MARKS):
        report.add("byte-order-mark", Where(file), "the file begins with a byte order mark", "save it as UTF-8 without BOM")
        return None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", "replace")
        sentence = f"the byte 0x{content[error.start]:02X} is not UTF-8"
        report.add("bad-encoding", place_of(before, len(before), file), sentence, "save the file as UTF-8")
        return None
    if found := _BAD_IN_FILE.search(text):
        where = place_of(text, found.start(), file)
        report.add("bad-character", where, f"the hidden character U+{ord(found.group()[0]):04X} stands here", "delete it")
        return None
    if not tabs and (found := re.search("\t", text)):
        report.add("yaml-tab", place_of(text, found.start(), file), "a tab stands here", "use spaces; set your editor to write spaces")
        return None
    return text
