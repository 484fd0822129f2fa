"""A card's Markdown as HTML, by markdown-it-py: no HTML of the text's own, no images, nothing made into a link that was none."""

from __future__ import annotations

from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

MOST = 10_000
"""Characters that are rendered; the rest is cut and said to be."""
CUT = "\n\n*(The rest is not shown.)*"
_NESTING = 12


def _https(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme.lower() == "https" and bool(parts.hostname)


def _opened(
    renderer: RendererHTML,
    tokens: list[Token],
    place: int,
    options: OptionsDict,
    env: EnvType,
) -> str:
    """Links open beside the page and tell nothing of it."""
    tokens[place].attrSet("rel", "noreferrer noopener")
    tokens[place].attrSet("target", "_blank")
    return renderer.renderToken(tokens, place, options, env)


def _renderer() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False, "linkify": False, "maxNesting": _NESTING}).enable(["table", "strikethrough"])
    reader.disable(["image", "html_block", "html_inline"])
    reader.validateLink = _https  # type: ignore[method-assign]  # the library's own place for it
    reader.add_render_rule("link_open", _opened)
    return reader


_READER = _renderer()


def html_of(text: str) -> str:
    """HTML of a card's detail."""
    return str(_READER.render(text if len(text) <= MOST else text[:MOST] + CUT))
