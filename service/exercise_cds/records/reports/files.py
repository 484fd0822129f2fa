"""The report's numbers for programs: one JSON file, and one CSV file for each table. Hidden counts are hidden here too."""

from __future__ import annotations

import csv
import io
from typing import Any

import orjson

from exercise_cds.records.export import cell as csv_cell
from exercise_cds.records.reports.numbers import Hidden, Rate
from exercise_cds.records.reports.report import Report
from exercise_cds.records.reports.table import Cell, Table


def as_json(report: Report) -> bytes:
    """The whole report. A rate is {part, whole, share, low, high}; a hidden count is {"hidden": "<5"} or {"hidden": "not shown"}."""
    totals = {name: _value(getattr(report.totals, name)) for name in report.totals.__dataclass_fields__}
    change = report.change and {"before": report.change.before, "after": report.change.after, "day": report.change.day}
    content = {
        "made_at": report.made_at,
        "release": report.release,
        "since": report.period.since,
        "until": report.period.until,
        "hidden_below": report.below,
        "totals": totals,
        "change": change,
        "tables": {name: _table(table) for name, table in report.tables.items()},
    }
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z)


def as_csv(table: Table) -> str:
    """One table, its rates spread over three columns: share, low, high."""
    file = io.StringIO(newline="")
    lines = csv.writer(file)
    rates = {number for number, column in enumerate(table.columns) if column.kind == "rate"}
    header: list[str] = []
    for number, column in enumerate(table.columns):
        header += [column.name, f"{column.name}_low", f"{column.name}_high"] if number in rates else [column.name]
    lines.writerow(header)
    for row in table.rows:
        cells: list[Any] = []
        for number, each in enumerate(row):
            cells += _spread(each) if number in rates else [csv_cell(str(each) if isinstance(each, Hidden) else each)]
        lines.writerow(cells)
    return file.getvalue()


def _spread(cell: Cell) -> list[Any]:
    if not isinstance(cell, Rate):
        return ["", "", ""]
    low, high = cell.interval
    return [round(cell.share, 4), round(low, 4), round(high, 4)]


def _table(table: Table) -> dict[str, Any]:
    names = [column.name for column in table.columns]
    rows = [{name: _value(cell) for name, cell in zip(names, row, strict=True)} for row in table.rows]
    return {"title": table.title, "says": table.says, "columns": names, "rows": rows}


def _value(cell: Cell) -> Any:
    if isinstance(cell, Hidden):
        return {"hidden": str(cell)}
    if isinstance(cell, Rate):
        low, high = cell.interval
        return {"part": cell.part, "whole": cell.whole, "share": round(cell.share, 6), "low": round(low, 6), "high": round(high, 6)}
    return cell
