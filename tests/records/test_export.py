"""Exports: everything that is kept, in lines that a program and a spreadsheet read, and never without a trace."""

from __future__ import annotations

import csv
import json
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from exercise_cds.model.record import GivenCard
from exercise_cds.records import schema
from exercise_cds.records.export import COLUMNS, Exported, Format, NoExport, export
from exercise_cds.records.feedback import FeedbackStore
from exercise_cds.records.period import Period
from exercise_cds.records.store import Store
from records.builders import EHR, WHEN, a_record, accepted, keep, overridden, program_card, uuid
from records.conftest import KEYS

CALL = {"service": "low-back-pain-exercise", **EHR}


@pytest.fixture
def filled(store: Store) -> Store:
    """Two decisions on two days, one with a card of its own rule; feedback on one card and on an unknown one."""
    keep(
        store,
        a_record(1, cards=(GivenCard(uuid("own"), "emergency"), program_card(1, "stretching"))),
        a_record(2, at=WHEN + timedelta(days=1), cards=()),
    )
    feedback = FeedbackStore(store, keep_comments=True)
    feedback.add([accepted(1, "stretching"), overridden("unknown", "=1+1", comment="@SUM(A1)")], **CALL)
    return store


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_ndjson_holds_everything(filled: Store, tmp_path: Path) -> None:
    """One line per decision, card and entry, with lists as lists, times in ISO 8601 and pseudonyms in hex."""
    exported = export(filled, tmp_path / "out", form=Format.NDJSON, actor="kim")
    assert exported == Exported({"decisions.ndjson": 2, "cards.ndjson": 2, "feedback.ndjson": 2})
    decision = _lines(tmp_path / "out" / "decisions.ndjson")[0]
    assert tuple(decision) == COLUMNS["decisions"]
    assert (decision["at"], decision["total_us"]) == ("2026-03-02T09:00:00.000000Z", 1560)
    assert decision["withheld"] == [["strengthening", "too-painful", "fired"]]
    assert decision["patient_key"] == KEYS.newest.pseudonym(EHR["issuer"], EHR["tenant"], "https://fhir.example/r4", "patient-1").hex()
    own, program = _lines(tmp_path / "out" / "cards.ndjson")
    assert (own["rule"], own["suggestions"]) == ("emergency", [])
    assert program["suggestions"] == [[uuid("suggestion 1 stretching"), "stretching"]]
    entries = {entry["card"]: entry for entry in _lines(tmp_path / "out" / "feedback.ndjson")}
    assert entries[uuid("card 1")]["known"] is True
    assert entries[uuid("card unknown")]["known"] is False
    assert entries[uuid("card 1")]["accepted"] == [uuid("suggestion 1 stretching")]


def test_csv_holds_the_same(filled: Store, tmp_path: Path) -> None:
    """CSV has a header and the same values; a text that a spreadsheet would run as a formula starts with an apostrophe."""
    export(filled, tmp_path / "out", form=Format.CSV, actor="kim")
    with (tmp_path / "out" / "feedback.csv").open(newline="") as file:
        rows = {row["card"]: row for row in csv.DictReader(file)}
    assert (rows[uuid("card unknown")]["reason_code"], rows[uuid("card unknown")]["comment"]) == ("'=1+1", "'@SUM(A1)")
    with (tmp_path / "out" / "decisions.csv").open(newline="") as file:
        assert [json.loads(row["fired"]) for row in csv.DictReader(file)] == [["stabilize-from-two-weeks", "too-painful"]] * 2


def test_a_period_is_exported(filled: Store, tmp_path: Path) -> None:
    """With a period only its decisions are exported: its first moment included, its last not."""
    period = Period(WHEN + timedelta(days=1), WHEN + timedelta(days=2))
    assert export(filled, tmp_path / "out", form=Format.NDJSON, period=period, actor="kim").lines["decisions.ndjson"] == 1
    assert export(filled, tmp_path / "2", form=Format.NDJSON, period=Period(until=WHEN), actor="kim").lines["decisions.ndjson"] == 0


def test_an_export_leaves_a_trace(filled: Store, tmp_path: Path) -> None:
    """The audit says who exported what, and the files are the owner's alone."""
    export(filled, tmp_path / "out", form=Format.CSV, period=Period(since=WHEN), actor="kim")
    with filled.reading() as connection:
        (row,) = connection.execute(select(schema.audit)).all()
    assert (row.action, row.actor, json.loads(row.details)["format"]) == ("export", "kim", "csv")
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "out").iterdir()} == {0o600}


def test_an_export_replaces_nothing(filled: Store, tmp_path: Path) -> None:
    """A folder that is not empty, or that cannot be made, is refused with a sentence that says what to do."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()
    with pytest.raises(NoExport, match="name a new one"):
        export(filled, tmp_path / "out", form=Format.CSV, actor="kim")
    with pytest.raises(NoExport, match="cannot be made"):
        export(filled, tmp_path / "no" / "such", form=Format.CSV, actor="kim")
