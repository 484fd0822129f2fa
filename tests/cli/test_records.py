"""The commands about what is kept, as an operator types them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from exercise_cds.cli.commands import main
from exercise_cds.records import FeedbackStore, open_store, parse_keys
from records.builders import EHR, a_record, accepted, keep

KEYS = "2026 " + "bm" * 20 + "bm4=\n"
NOW = datetime.now(UTC)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a database of seven decisions, one of them 500 days old, and settings that name it and a key file."""
    (tmp_path / "keys").write_text(KEYS)
    url = f"sqlite:///{tmp_path}/records.db"
    store = open_store(url, keys=parse_keys(KEYS))
    old = NOW - timedelta(days=500)
    keep(store, *(a_record(n, at=NOW - timedelta(hours=n)) for n in range(6)), a_record("old", at=old, patient_id="patient-2"))
    FeedbackStore(store).add([accepted(n, "stretching") for n in range(6)], service="s", **EHR)
    store.close()
    monkeypatch.setenv("EXERCISE_CDS_DATABASE_URL", url)
    monkeypatch.setenv("EXERCISE_CDS_DECISION_LOG__KEYS_FILE", str(tmp_path / "keys"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _run(*words: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, words, input=typed, catch_exceptions=False)


def _rows(folder: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(folder / "records.db")) as database:
        return database.execute(query).fetchall()


def test_report_writes_a_page_and_its_numbers(folder: Path) -> None:
    """`report` writes the page, its JSON and its CSV files, for the days that were asked for, and leaves a row in the audit."""
    done = _run("report", "--since", "30d", "--out", "report.html")
    assert (done.exit_code, done.output) == (0, "report.html, report.json, report-csv/: 6 answers\n")
    assert (folder / "report.html").read_text("utf-8").startswith("<!doctype html>")
    assert json.loads((folder / "report.json").read_bytes())["totals"]["accepted"] == 6
    assert (folder / "report-csv" / "programs.csv").read_text("utf-8").startswith("program,title,returned")
    assert _rows(folder, "SELECT action FROM audit") == [("report",)]


def test_report_shows_small_counts_only_when_told(folder: Path) -> None:
    """One answer before this year's is hidden, unless the operator says otherwise, and that is in the audit."""
    until = (NOW - timedelta(days=100)).date().isoformat()
    assert "<5 answers" in _run("report", "--until", until, "--out", "r.html").output
    assert ": 1 answers" in _run("report", "--until", until, "--out", "r.html", "--show-small-counts").output
    assert [json.loads(details)["small_counts"] for (details,) in _rows(folder, "SELECT details FROM audit")] == [False, True]


def test_export_writes_files(folder: Path) -> None:
    """`export` writes one file each for decisions, cards and feedback."""
    done = _run("export", "out", "--format", "csv")
    assert done.output.splitlines() == ["out/decisions.csv: 7 lines", "out/cards.csv: 7 lines", "out/feedback.csv: 6 lines"]
    assert len((folder / "out" / "decisions.csv").read_text("utf-8").splitlines()) == 8


def test_purge_removes_what_is_old(folder: Path) -> None:
    """`purge` removes what is older than the site's days; `verify` then finds everything in order."""
    assert _run("purge").output == "removed: 1 decisions, 1 cards, 0 feedback entries\n"
    assert _rows(folder, "SELECT count(*) FROM decisions") == [(6,)]
    assert _run("verify").exit_code == 0


def test_purge_respects_a_legal_hold(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where decision_log.days is 0, `purge` removes nothing, whatever is typed."""
    monkeypatch.setenv("EXERCISE_CDS_DECISION_LOG__DAYS", "0")
    done = _run("purge", "--days", "1")
    assert (done.exit_code, "legal hold" in done.output) == (1, True)
    assert _rows(folder, "SELECT count(*) FROM decisions") == [(7,)]


def test_backup_copies(folder: Path) -> None:
    """`backup` makes a copy that holds the same decisions; a second one does not replace it."""
    assert _run("backup", "copy.db").exit_code == 0
    with closing(sqlite3.connect(folder / "copy.db")) as copy:
        assert copy.execute("SELECT count(*) FROM decisions").fetchone() == (7,)
    done = _run("backup", "copy.db")
    assert (done.exit_code, done.output) == (1, "exercise-cds: There is a file of this name already; a backup never replaces one.\n")


def test_verify_says_what_it_found(folder: Path) -> None:
    """`verify` tells how much there is; damage is exit 1."""
    done = _run("verify")
    assert (done.exit_code, done.output.splitlines()[0]) == (0, "7 decisions with 7 cards, 6 feedback entries")
    with closing(sqlite3.connect(folder / "records.db")) as database:
        database.execute("DELETE FROM verdicts")
        database.commit()
    done = _run("verify")
    assert (done.exit_code, "DAMAGED: 7 decisions without their verdict" in done.output) == (1, True)


def test_forget_removes_one_patient(folder: Path) -> None:
    """`forget` reads the id from standard input, asks, and removes that patient's records; nothing it prints holds the id."""
    words = ("forget", "--issuer", EHR["issuer"], "--tenant", EHR["tenant"], "--fhir-server", "https://fhir.example/r4/")
    assert _run(*words, typed="Patient/patient-1\nn\n").exit_code == 1
    done = _run(*words, "--yes", typed="Patient/patient-1\n")
    assert done.output == "removed: 6 decisions, 6 cards, 6 feedback entries\n"
    assert _rows(folder, "SELECT count(*) FROM decisions") == [(1,)]


def test_forget_needs_the_key(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the site's key `forget` says that nobody can be found."""
    monkeypatch.delenv("EXERCISE_CDS_DECISION_LOG__KEYS_FILE")
    done = _run("forget", "--issuer", "i", "--yes", typed="patient-1\n")
    assert (done.exit_code, "Without the site's key" in done.output) == (1, True)
    assert _rows(folder, "SELECT count(*) FROM decisions") == [(7,)]


def test_a_database_that_is_not_there_is_not_made(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong address is one sentence, exit 1; no empty database is made at it."""
    monkeypatch.setenv("EXERCISE_CDS_DATABASE_URL", f"sqlite:///{folder}/no-such.db")
    done = _run("verify")
    assert done.exit_code == 1
    assert "there is no database at" in done.output
    assert not (folder / "no-such.db").exists()


@pytest.mark.parametrize(
    ("setting", "value", "says"),
    [
        ("DECISION_LOG__KEYS_FILE", "no-such-file", "cannot be read"),
        ("DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none", "the records' database is gone"),
        ("DECISION_LOG__DAYS", "soon", "decision_log.days is soon"),
    ],
)
def test_what_is_wrong_is_one_sentence(folder: Path, monkeypatch: pytest.MonkeyPatch, setting: str, value: str, says: str) -> None:
    """A wrong key file, an unreachable server, a wrong setting: one sentence, exit 1, no traceback."""
    monkeypatch.setenv(f"EXERCISE_CDS_{setting}", value)
    done = _run("verify")
    assert done.exit_code == 1
    assert says in done.output
    assert len(done.output.splitlines()) == 1
    assert (folder / "records.db").exists()


def test_a_wrong_day_is_exit_2() -> None:
    """A day that cannot be read is refused with the way to write it."""
    done = _run("report", "--since", "yesterday", "--out", "r.html")
    assert (done.exit_code, "write 2026-03-02" in done.output) == (2, True)
