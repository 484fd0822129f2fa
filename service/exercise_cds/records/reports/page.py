"""The report as one page that works offline: styles, script and pictures are in it, and a policy in its head lets nothing else in.

The same page, live, has its styles and its script beside it, and a form that asks for another period.
"""

from __future__ import annotations

import base64
import hashlib
import sys
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from exercise_cds.records.reports.numbers import Hidden, Rate
from exercise_cds.records.reports.pictures import pictures
from exercise_cds.records.reports.report import Report
from exercise_cds.records.reports.table import Cell, Kind

_DASH = "\N{EN DASH}"
_LONG = 60
"""Rows from which a table is closed until somebody opens it."""
_MOST_LIVE = 100
"""Rows of one table that a server shows; its file has the rest."""


@dataclass(frozen=True, slots=True)
class Live:
    """The page as a server shows it: what was asked, and of whom. Styles and script are then files beside it."""

    base: str
    """Path of the page, with a slash at its end."""
    who: str
    since: str = ""
    until: str = ""
    small: bool = False
    query: str = ""
    """The same question for another form of the answer."""
    spans: tuple[tuple[str, str], ...] = ()
    """(words, since) of what is often asked."""
    below: int = 0


def as_page(report: Report, live: Live | None = None) -> str:
    """The whole page as HTML: one file for itself, or as a server shows it."""
    style, script = asset("page.css") + asset("pictures.css"), asset("page.js")
    return _template().render(
        report=report,
        live=live,
        most=_MOST_LIVE if live else sys.maxsize,
        pictures=pictures(report),
        style=Markup(style),  # noqa: S704  # our own file
        script=Markup(script),  # noqa: S704  # our own file
        style_hash=_sum(style),
        script_hash=_sum(script),
        shown=shown,
        interval=interval,
        sort_value=sort_value,
        long=_LONG,
        kind=lambda column: column.kind.value if column.kind in {Kind.TEXT, Kind.FIXED} else "numeric",
    )


def _sum(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def asset(name: str) -> str:
    """One of the page's own files."""
    return files("exercise_cds.records.reports").joinpath(name).read_text("utf-8")


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(asset("page.html"))


def shown(cell: Cell, kind: Kind = Kind.COUNT) -> str:
    """A cell as people read it."""
    if cell is None:
        return _DASH
    if isinstance(cell, Rate):
        return f"{100 * cell.share:.1f} %"
    if isinstance(cell, Hidden | str):
        return str(cell)
    if kind is Kind.MILLISECONDS:
        return f"{cell:.2f}"
    return f"{cell:.1f}" if isinstance(cell, float) else f"{cell:,}".replace(",", "\u202f")


def interval(cell: Cell) -> str:
    """The interval of a rate; "" for everything else."""
    if not isinstance(cell, Rate):
        return ""
    low, high = cell.interval
    return f"({100 * low:.1f}{_DASH}{100 * high:.1f})"


def sort_value(cell: Cell) -> str:
    """What a column is sorted by: hidden and absent numbers come first, as if they were least."""
    if isinstance(cell, Rate):
        return f"{cell.share:.6f}"
    if cell is None or isinstance(cell, Hidden):
        return "-1"
    return str(cell)
