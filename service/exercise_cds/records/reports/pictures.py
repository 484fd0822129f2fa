"""The report's pictures: small SVG without scripts, fonts or addresses, each above the table that says the same in numbers.

pygal draws them: the lightest library that has bars with intervals. It is pure Python, where matplotlib brings numpy and Pillow.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape
from pygal import Bar, HorizontalBar, Line, StackedBar
from pygal.style import Style

from exercise_cds.records.reports.numbers import Hidden, Rate
from exercise_cds.records.reports.report import Report
from exercise_cds.records.reports.table import Cell, Table

# pygal leaves a finder for its maps behind, written for Python 3.3, which makes every import that fails warn; we draw no maps
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pygal"]

_MOST = 16
"""Bars in one picture; the table has the rest."""
_STYLE = Style(label_font_size=13, major_label_font_size=13, legend_font_size=13, title_font_size=15, value_font_size=11)
"""The sizes that it lays out by; pictures.css must say the same."""
_NOT_WANTED = re.compile(
    r'<script.*?</script>|<style.*?</style>|<desc.*?</desc>|<title>.*?</title>|<!--.*?-->| id="(?:activate-serie-\d+|chart-[^"]*)"',
    re.DOTALL,
)
"""What pygal adds for its own script, and a style sheet for each picture; pictures.css has one for all, light and dark."""
_INVISIBLE = ' style="opacity: 0"'


@dataclass(frozen=True, slots=True)
class Picture:
    """One drawing, and what it shows in a sentence."""

    svg: Markup
    caption: str


def pictures(report: Report) -> dict[str, tuple[Picture, ...]]:
    """Pictures by the name of the table that they belong to. A table without enough to draw has none."""
    return {name: tuple(draw(report.tables[name])) for name, draw in _PICTURES.items() if report.tables[name].rows}


def _chart(kind: Any, height: int, **options: Any) -> Any:
    usual = {
        "js": (), "style": _STYLE, "width": 900, "height": height, "explicit_size": True, "show_legend": False, "margin": 12,
        "disable_xml_declaration": True, "truncate_label": 40,
    }  # fmt: skip
    return kind(**(usual | options))


def _picture(chart: Any, name: str, caption: str) -> Picture:
    """The same bytes each time, and named for readers who cannot see it."""
    chart.uuid = f"picture-{name}"
    text = _NOT_WANTED.sub("", chart.render(is_unicode=True)).replace(_INVISIBLE, ' opacity="0"')
    named = f'<svg role="img" aria-label="{escape(caption)} The table below has the numbers." '
    return Picture(Markup(text.replace("<svg ", named, 1)), caption)  # noqa: S704  # pygal escapes its texts


def _percent(value: float) -> str:
    return f"{value:.0f} %"


def _plain(value: float) -> str:
    return f"{value:,.0f}".replace(",", "\u202f")


def _number(cell: Cell) -> float | None:
    return None if cell is None or isinstance(cell, Hidden | Rate | str) else float(cell)


def _shares(table: Table) -> list[Picture]:
    """Accepted shares with their intervals, the most returned first."""
    names = [str(title or name) for name, title in zip(table.column(table.columns[0].name), table.column("title"), strict=True)]
    shares = zip(names, table.column("accepted_share"), strict=True)
    drawn = [(name, share) for name, share in shares if isinstance(share, Rate)][:_MOST][::-1]
    if len(drawn) < 2:
        return []
    widest = max(100 * share.interval[1] for _, share in drawn)
    chart = _chart(HorizontalBar, 70 + 26 * len(drawn), range=(0, widest), value_formatter=_percent)
    chart.x_labels = [name for name, _ in drawn]
    chart.add("Accepted", [_with_interval(share) for _, share in drawn])
    return [_picture(chart, table.name, "Share of returned that was accepted, with 95 % intervals.")]


def _with_interval(share: Rate) -> dict[str, Any]:
    low, high = share.interval
    return {"value": 100 * share.share, "ci": {"low": 100 * low, "high": 100 * high}}


def _time(table: Table) -> list[Picture]:
    """Cards by what was made of them, and cards per 100 answers."""
    if len(table.rows) < 2:
        return []
    starts = [str(cell) for cell in table.column("from")]
    along = {"x_label_rotation": 30, "show_minor_x_labels": False, "value_formatter": _plain, "range": (0, None)}
    stacked = _chart(StackedBar, 320, show_legend=True, legend_at_bottom=True, legend_at_bottom_columns=3, **along)
    line = _chart(Line, 220, show_dots=len(starts) < 60, dots_size=2, **along)
    for chart in (stacked, line):
        chart.x_labels = starts
        chart.x_labels_major = starts[:: max(1, len(starts) // 10)]
    for title, name in (("Accepted", "accepted"), ("Overridden", "overridden"), ("Without feedback", "without")):
        stacked.add(title, [_number(cell) for cell in table.column(name)])
    line.add("Cards per 100 answers", [_number(cell) for cell in table.column("cards_per_100")])
    return [
        _picture(stacked, table.name, "Cards returned, by what was made of them."),
        _picture(line, f"{table.name}-per-100", "Cards per 100 answers."),
    ]


def _bars(table: Table, labels: list[str], count: str, caption: str) -> list[Picture]:
    """Plain counts, in the order of the table."""
    rows = [(name, value) for name, cell in zip(labels, table.column(count), strict=True) if (value := _number(cell))]
    drawn = rows[:_MOST][::-1]
    if not drawn:
        return []
    chart = _chart(HorizontalBar, 60 + 26 * len(drawn), range=(0, None), value_formatter=_plain)
    chart.x_labels = [name for name, _ in drawn]
    chart.add(table.title, [value for _, value in drawn])
    return [_picture(chart, table.name, caption)]


def _reasons(table: Table) -> list[Picture]:
    labels = [f"{code}, {rule}" for rule, code in zip(table.column("rule"), table.column("code"), strict=True)]
    return _bars(table, labels, "overridden", "Overridden cards by reason and card.")


def _outcomes(table: Table) -> list[Picture]:
    return _bars(table, [str(cell) for cell in table.column("outcome")], "count", "Answers by outcome.")


def _latency(table: Table) -> list[Picture]:
    """Percentiles of each stage."""
    chart = _chart(
        Bar, 260, show_legend=True, legend_at_bottom=True, legend_at_bottom_columns=3, range=(0, None),
        value_formatter=lambda value: f"{value:.1f} ms",
    )  # fmt: skip
    chart.x_labels = [str(cell) for cell in table.column("stage")]
    titles = {column.name: column.title for column in table.columns}
    for name in ("p50", "p95", "p99"):
        chart.add(titles[name], [_number(cell) for cell in table.column(name)])
    return [_picture(chart, table.name, "Milliseconds by stage.")]


def _changes(table: Table) -> list[Picture]:
    """Rules whose firing changed most, per 100 answers."""
    both = zip(table.column("rule"), table.column("before_per_100"), table.column("after_per_100"), strict=True)
    rows = [(str(rule), one, other) for rule, one, other in both if isinstance(one, float) and isinstance(other, float)]
    drawn = sorted(rows, key=lambda row: -abs(row[1] - row[2]))[:10][::-1]
    if not drawn:
        return []
    chart = _chart(HorizontalBar, 90 + 40 * len(drawn), show_legend=True, legend_at_bottom=True, range=(0, None))
    chart.x_labels = [rule for rule, _, _ in drawn]
    chart.add("After", [after for _, _, after in drawn])
    chart.add("Before", [before for _, before, _ in drawn])
    return [_picture(chart, table.name, "Rules whose firing changed most, per 100 answers.")]


_PICTURES: Mapping[str, Callable[[Table], list[Picture]]] = {
    "programs": _shares,
    "cards": _shares,
    "reasons": _reasons,
    "over_time": _time,
    "changed_rules": _changes,
    "outcomes": _outcomes,
    "latency": _latency,
}
