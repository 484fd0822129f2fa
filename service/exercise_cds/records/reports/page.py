"""The report as one page that works offline: styles, script and pictures are in it, and a policy in its head lets nothing else in."""

from __future__ import annotations

import base64
import hashlib
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


def as_page(report: Report) -> str:
    """The whole page as HTML."""
    script = _text("page.js")
    return _template().render(
        report=report,
        pictures=pictures(report),
        style=Markup(_text("page.css")),  # noqa: S704  # our own file
        script=Markup(script),  # noqa: S704  # our own file
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        shown=shown,
        interval=interval,
        sort_value=sort_value,
        long=_LONG,
        kind=lambda column: column.kind.value if column.kind in {Kind.TEXT, Kind.FIXED} else "numeric",
    )


def _text(name: str) -> str:
    return files("exercise_cds.records.reports").joinpath(name).read_text("utf-8")


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_text("page.html"))


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
