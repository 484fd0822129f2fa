"""Making lines fit: a detail aims at 1,200 characters and never passes 2,500, and what was withheld or not checked is never cut from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from exercise_cds.cards.markdown import escape
from exercise_cds.cards.texts import a_few, clip, listed

AIM = 1200
CAP = 2500


class Reasons(Enum):
    """How much is said of why each program is offered."""

    ALL = "every reason of every program"
    FIRST = "the first reason of each, programs of one reason together"
    NONE = "no reasons"


@dataclass(frozen=True, slots=True)
class Measure:
    """How much a detail says, and how long it may be then. Read the table below top to bottom: what goes first stands highest."""

    limit: int
    evidence: bool = False
    """Evidence is said as far as there is room for it."""
    reasons: Reasons = Reasons.FIRST
    words: int = 80
    """Longest string of a chart."""
    line: int = 400
    """Longest author's text."""


MEASURES = (
    Measure(AIM, evidence=True, reasons=Reasons.ALL),
    Measure(CAP),
    Measure(CAP, words=30, line=160),
    Measure(CAP, reasons=Reasons.NONE, words=20, line=80),
)
"""Where none of these fits, `detail.bare` gives every part its own room."""


def block(label: str, items: Sequence[str]) -> str:
    """A labelled line, or a labelled list where there are several items. Items are plain text; "" where there is none."""
    if not items:
        return ""
    if len(items) == 1:
        return f"**{label}:** {escape(items[0])}"
    return "\n".join((f"**{label}:**\n", *(f"- {escape(item)}" for item in items)))


def line(label: str, items: Sequence[str]) -> str:
    """A labelled line, its items joined by semicolons."""
    return f"**{label}:** {escape('; '.join(items))}" if items else ""


def joined(blocks: Iterable[str]) -> str:
    """The blocks as paragraphs; empty ones are left out."""
    return "\n\n".join(one for one in blocks if one)


def paragraphs(lines: Sequence[str]) -> str:
    """Plain lines as paragraphs; lines that begin with "- " as one list."""
    made = ""
    listing = False
    for one in lines:
        bullet = one.startswith("- ")
        text = f"- {escape(one[2:])}" if bullet else escape(one)
        gap = "\n" if bullet and listing else "\n\n"
        made = f"{made}{gap}{text}" if made else text
        listing = bullet
    return made


def fitted_paragraphs(lines: Sequence[str], room: int) -> str:
    """The lines as paragraphs in at most `room` characters; where they are too long, as one paragraph that is cut."""
    made = paragraphs(lines)
    return made if len(made) <= room else fitted(" ".join(lines), room)


def fitted(text: str, room: int) -> str:
    """The escaped text, cut at a word boundary so that it takes at most `room` characters."""
    made = escape(text)
    shown = min(len(text), room)
    while len(made) > max(room, 0):
        made = escape(clip(text, shown))
        shown = max(0, shown - max(1, (len(made) - room) // 2))
    return made


def evidence(cited: Sequence[tuple[str, str]], room: int) -> str:
    """The line of evidence in at most `room` characters: every source in full; else in short, as many as fit; else "".

    `cited` are citations in full and in short, escaped where they were made ready.
    """
    label = "**Evidence:** "
    for form in (0, 1):
        made = label + "; ".join(dict.fromkeys(one[form] for one in cited))
        if cited and len(made) <= room:
            return made
    short = list(dict.fromkeys(short for _, short in cited))
    kept = len(label) + len(" and 99 more")
    for number, one in enumerate(short):
        kept += len(one) + len("; ")
        if kept > room:
            return f"{label}{a_few(short, number)}" if number else ""
    return ""


def shared(needs: Sequence[int], room: int) -> list[int]:
    """How much of the room each part gets: what it needs, or an equal share of what the smaller ones leave."""
    given = [0] * len(needs)
    order = sorted(range(len(needs)), key=lambda place: needs[place])
    for done, place in enumerate(order):
        given[place] = min(needs[place], room // (len(order) - done))
        room -= given[place]
    return given


def names(all_names: Sequence[str], room: int, noun: str) -> str:
    """Every name, escaped, in at most `room` characters: in full, else each shortened; those beyond any room are counted, not left out."""
    if not all_names:
        return ""
    for width in (200, 60, 40, 24, 16):
        made = escape(listed([clip(name, width) for name in all_names]))
        if len(made) <= room:
            return made
    short = [clip(name, 16) for name in all_names]
    for kept in range(len(short), -1, -1):
        more = len(short) - kept
        made = escape(listed(short[:kept])) + (f" and {more} more" if kept else f"{more} {noun}")
        if len(made) <= room:
            return made
    return f"{len(short)} {noun}"
