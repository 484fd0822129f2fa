"""Cards as a person reads them in a terminal. They come from anywhere, so nothing in them may steer the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.markdown import Markdown
from rich.panel import Panel
from rich.text import Text

FRAMES = {"critical": "red", "warning": "yellow", "info": "blue"}
"""By indicator (CH-093)."""


def plain(value: object) -> str:
    """A text without control characters, bidirectional marks and the like; "" for what is no text."""
    if not isinstance(value, str):
        return ""
    return "".join(letter for letter in value if letter.isprintable() or letter in "\n\t")


def card_views(cards: list[dict[str, Any]]) -> Iterator[RenderableType]:
    """One frame for each card: its summary, detail, source, what it suggests, where it leads."""
    for card in cards:
        parts: list[RenderableType] = []
        if detail := plain(card.get("detail")):
            parts.append(Markdown(detail, hyperlinks=False))
        parts += [_suggestion(suggestion) for suggestion in _objects(card.get("suggestions"))]
        parts += [_link(link) for link in _objects(card.get("links"))]
        source = card.get("source")
        label = plain(source.get("label")) if isinstance(source, Mapping) else ""
        indicator = plain(card.get("indicator"))
        yield Panel(
            Group(*parts),
            title=Text(plain(card.get("summary")) or "(no summary)", "bold"),
            title_align="left",
            subtitle=Text(" · ".join(filter(None, (indicator, label))), "dim"),
            subtitle_align="right",
            border_style=FRAMES.get(indicator, "magenta"),
            padding=(1, 2),
        )


def _suggestion(suggestion: Mapping[str, Any]) -> Text:
    mark = "*" if suggestion.get("isRecommended") is True else " "
    view = Text.assemble(("\n", ""), (f"[{mark}] {plain(suggestion.get('label'))}", "bold blue"))
    for action in _objects(suggestion.get("actions")):
        resource = action.get("resource")
        kind = plain(resource.get("resourceType")) if isinstance(resource, Mapping) else ""
        view.append(f"\n    {plain(action.get('type'))} {kind}: ", "dim")
        view.append(plain(action.get("description")))
    return view


def _link(link: Mapping[str, Any]) -> Text:
    return Text.assemble(("\n-> ", "dim"), plain(link.get("label")), (f"  {plain(link.get('url'))}", "dim"))


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
