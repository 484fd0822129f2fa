"""Whatever a chart or a pack holds stays text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml

from exercise_cds.cards.markdown import escape, plain
from exercise_cds.cards.texts import clean

RENDERERS = (
    MarkdownIt("gfm-like"),  # tables, strikethrough, raw HTML, bare addresses become links
    MarkdownIt("gfm-like", {"linkify": False}),
    MarkdownIt("commonmark"),
)
SPICE = st.sampled_from(
    ["www.", "http://", "https://x.org", "example.com", "a@b.org", "mailto:a@b.c", "# ", "- ", "+ ", "1. ", "12) ", "> ", "|---|", "***",
     "__", "~~", "```", "<b>", "<!--", "&lt;", "&#42;", "\\", "![x](http://y)", "[a]: b", "//localhost", "ftp://a", "2026-02-20", "M54.50",
     "\n", "\n\n", "\t", "===", "---", ":--", "3.a", "(c)", "пример.рф", "http:", "/", ".", "\u202e", "    "],
)  # fmt: skip
HOSTILE = st.one_of(st.text(max_size=40), st.lists(st.one_of(SPICE, st.text(max_size=3)), max_size=12).map("".join))


@settings(max_examples=700, deadline=None)
@given(HOSTILE)
def test_rendering_what_was_escaped_gives_the_text_and_nothing_else(text: str) -> None:
    """Any text, escaped and rendered as GitHub-flavoured Markdown, is one paragraph that holds exactly that text."""
    line = clean(text)
    if not line:
        return
    shown = escapeHtml(line)
    for renderer in RENDERERS:
        assert renderer.render(escape(line)) == f"<p>{shown}</p>\n"


@settings(max_examples=300, deadline=None)
@given(HOSTILE)
def test_escaped_text_is_text_wherever_it_stands(text: str) -> None:
    """In a list item, after a label, and on a line after another line, escaped text is still text."""
    line = clean(text)
    if not line:
        return
    shown, made = escapeHtml(line), escape(line)
    for renderer in RENDERERS:
        assert renderer.render(f"- {made}") == f"<ul>\n<li>{shown}</li>\n</ul>\n"
        assert renderer.render(f"**Read:** x; {made}") == f"<p><strong>Read:</strong> x; {shown}</p>\n"
        assert renderer.render(f"above\n{made}") == f"<p>above\n{shown}</p>\n"


@pytest.mark.parametrize("text", ["a\n# b", "a\r\n\r\n- b", "a\r> b", "a\n---", "a\n\n    b", " \rb", "a\n| b |\n|---|"])
def test_a_line_break_never_starts_a_line_of_markdown(text: str) -> None:
    """Also what was not cleaned before stays one paragraph: its line breaks become spaces."""
    for renderer in RENDERERS:
        assert renderer.render(escape(text)) == f"<p>{escapeHtml(' '.join(text.split()))}</p>\n"


@pytest.mark.parametrize(
    "text", ["M54.50", "2026-02-20", "at least 40 days", "38.2 °C", "6.6", "sciatica, provisional", "L4/5", "STarT: 4 (of 9)."]
)
def test_ordinary_words_of_a_chart_need_no_escape(text: str) -> None:
    """A client that shows the source of the Markdown shows codes, dates and numbers as they are."""
    assert escape(text) == text


@settings(max_examples=300, deadline=None)
@given(HOSTILE)
def test_summaries_and_labels_cannot_open_a_tag(text: str) -> None:
    """Plain text put into a page as it is opens no HTML element, and is as long as it was."""
    made = plain(text)
    assert len(made) == len(text)
    at = made.find("<")
    while at >= 0:
        assert not made[at + 1 : at + 2].isascii() or not (made[at + 1 : at + 2].isalpha() or made[at + 1 : at + 2] in ("/", "!", "?"))
        at = made.find("<", at + 1)
