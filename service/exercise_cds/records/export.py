"""Everything that is kept, as files: one line per decision, card and feedback entry, as ndjson or CSV, streamed."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO

import orjson
from sqlalchemy import Connection, Select, and_, case, select

from exercise_cds.records.audit import note
from exercise_cds.records.feedback import card_is_known
from exercise_cds.records.period import ALWAYS, Period
from exercise_cds.records.schema import STAGES, cards, contexts, decisions, feedback, verdicts
from exercise_cds.records.store import Store

_AT_ONCE = 2_000
"""Rows in memory at one time."""


class Format(StrEnum):
    """How lines are written."""

    NDJSON = "ndjson"
    CSV = "csv"


class NoExport(Exception):
    """The files cannot be written there; the sentence says what to change."""


@dataclass(frozen=True, slots=True)
class Exported:
    """Lines by file name."""

    lines: Mapping[str, int]


def export(store: Store, folder: Path, *, form: Format, period: Period = ALWAYS, actor: str) -> Exported:
    """Write the decisions, cards and feedback of a period into a folder that is empty or not there.

    The export is in the audit before its first line is written. Raises NoExport, StoreUnreachable.
    """
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as fault:
        raise NoExport(f"The folder for the export cannot be made: {fault.strerror}.") from None
    if any(folder.iterdir()):
        raise NoExport("The folder for the export is not empty; name a new one.")
    note(store, "export", actor, {"format": form.value, "since": period.since, "until": period.until})
    lines = {}
    with store.reading() as connection:
        for name, query in _QUERIES.items():
            path = folder / f"{name}.{form.value}"
            with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
                lines[path.name] = _WRITERS[form](file, COLUMNS[name], _rows(connection, query(period), _SHAPES[name]))
    return Exported(lines)


def _decisions(period: Period) -> Select[Any]:
    columns = [column for column in decisions.c if column.name not in {"context", "verdict"}]
    where = [column for column in contexts.c if column.name != "id"]
    answered = (verdicts.c.outcome, verdicts.c.fired, verdicts.c.offered, verdicts.c.withheld)
    joined = decisions.join(contexts, contexts.c.id == decisions.c.context).join(verdicts, verdicts.c.id == decisions.c.verdict)
    chosen = select(*columns, *where, *answered).select_from(joined).where(*period.of(decisions.c.at))
    return chosen.order_by(decisions.c.process, decisions.c.sequence)


def _cards(period: Period) -> Select[Any]:
    own = and_(decisions.c.process == cards.c.process, decisions.c.sequence == cards.c.sequence)
    joined = cards.join(decisions, own).join(verdicts, verdicts.c.id == decisions.c.verdict)
    columns = (decisions.c.decision_id, cards.c.position, cards.c.card, cards.c.suggestions, verdicts.c.cards.label("given"))
    chosen = select(*columns).select_from(joined).where(*period.of(decisions.c.at))
    return chosen.order_by(cards.c.process, cards.c.sequence, cards.c.position)


def _feedback(period: Period) -> Select[Any]:
    known = case((card_is_known(), 1), else_=0).label("known")
    return select(feedback, known).where(*period.of(feedback.c.received_at)).order_by(feedback.c.received_at, feedback.c.entry)


def _shape_decision(row: dict[str, Any]) -> dict[str, Any]:
    for name in ("fired", "offered", "withheld"):
        row[name] = orjson.loads(row[name])
    return row


def _shape_card(row: dict[str, Any]) -> dict[str, Any]:
    rule, programs = orjson.loads(row.pop("given"))[row["position"]]
    suggestions = list(zip(orjson.loads(row.pop("suggestions")), programs, strict=True))
    return {**row, "rule": rule, "suggestions": suggestions}


def _shape_feedback(row: dict[str, Any]) -> dict[str, Any]:
    row["accepted"] = orjson.loads(row["accepted"])
    row["known"] = bool(row["known"])
    return row


_QUERIES: Mapping[str, Callable[[Period], Select[Any]]] = {
    "decisions": _decisions,
    "cards": _cards,
    "feedback": _feedback,
}
_SHAPES: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "decisions": _shape_decision,
    "cards": _shape_card,
    "feedback": _shape_feedback,
}
COLUMNS = {
    "decisions": (
        "decision_id", "at", "process", "sequence", "service", "hook", "issuer", "tenant", "pack", "version", "digest", "silent",
        "outcome", "fired", "offered", "withheld", *(f"{stage}_us" for stage in STAGES),
        "facts_digest", "key_id", "patient_key", "user_key",
    ),
    "cards": ("decision_id", "position", "card", "rule", "suggestions"),
    "feedback": (
        "entry", "received_at", "issuer", "tenant", "service", "card", "known", "outcome", "outcome_at", "accepted",
        "reason_system", "reason_code", "comment",
    ),
}  # fmt: skip
"""What an export holds, in this order; documented in docs/operators/records.md."""


def _rows(connection: Connection, query: Select[Any], shape: Callable[[dict[str, Any]], dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for row in connection.execution_options(yield_per=_AT_ONCE).execute(query).mappings():
        yield {name: _plain(value) for name, value in shape(dict(row)).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds").replace("+00:00", "Z")
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else value


def _write_ndjson(file: BinaryIO, names: Sequence[str], rows: Iterator[dict[str, Any]]) -> int:
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007  # the last number is the answer
        file.write(orjson.dumps({name: row[name] for name in names}, option=orjson.OPT_APPEND_NEWLINE))
    return count


def _write_csv(file: BinaryIO, names: Sequence[str], rows: Iterator[dict[str, Any]]) -> int:
    count = 0
    lines = csv.writer(_Utf8(file))
    lines.writerow(names)
    for count, row in enumerate(rows, 1):  # noqa: B007  # the last number is the answer
        lines.writerow([cell(row[name]) for name in names])
    return count


class _Utf8:
    """What csv writes to: text in, UTF-8 out."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, text: str) -> int:
        return self._file.write(text.encode())


def cell(value: Any) -> Any:
    """Lists are JSON. Texts that a spreadsheet would take for a formula get an apostrophe: comments and codes come from outside."""
    if isinstance(value, list):
        return orjson.dumps(value).decode()
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return "'" + value
    return value


_WRITERS = {Format.NDJSON: _write_ndjson, Format.CSV: _write_csv}
