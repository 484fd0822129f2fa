"""Escaping: every value of a chart or a pack stays text, whatever it holds (SEC-30; CH-092: a detail is GitHub-flavoured Markdown).

`escape` is for details: what a Markdown renderer shows is exactly the text that was escaped, as one paragraph, also where it stands at the
start of a line. `plain` is for summaries and labels, which are no Markdown, but which some clients put into a page as they are.

The escapes are backslashes, which CommonMark promises for all ASCII punctuation. Characters are escaped only where they could mean
something, so that a client that shows the source shows `M54.50` and `2026-02-20`. An e-mail address may still be made clickable by
renderers that look for addresses after parsing (cmark-gfm does): no spelling prevents that without changing the text.
"""

from __future__ import annotations

import re

_MEANS = re.compile(
    r"[\\`*_\[\]<>&|~@]"  # emphasis, code, links, HTML, entities, tables, strikethrough, addresses
    r"|\.(?=\S)(?<!\d\.)|\.(?=[^\s\d])"  # www.example.org, example.org: but neither 54.50 nor the end of a sentence
    r"|:(?=/)|/(?=/)|/(?<=//)",  # https://
)
"""Every branch begins with a character, which lets the search skip what is none of them."""
_AT_START = "#+=:-"
"""Headings, lists and rules, at the start of a line."""
_NUMBERED = re.compile(r"(\d+)([.)])(?= |$)")
_TAG = re.compile(r"<(?=[A-Za-z/!?])")


def escape(text: str) -> str:
    """Markdown whose rendering is exactly `text`, which is one line, as `texts.clean` leaves it; a line break would be a space."""
    if "\n" in text or "\r" in text:
        text = " ".join(text.split())  # nothing that is escaped ever starts a line of its own
    made = _MEANS.sub(r"\\\g<0>", text)
    first = made[:1]
    if first.isdigit():
        return _NUMBERED.sub(r"\1\\\2", made, count=1) if _NUMBERED.match(made) else made
    return f"\\{made}" if first and first in _AT_START else made


def plain(text: str) -> str:
    """Text for a summary or label: nothing in it opens an HTML tag."""
    return _TAG.sub("\u2039", text) if "<" in text else text
