"""What a served process keeps: its decisions, across a restart."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import requests

from builders.served import COMMAND, ROOT, served

STORY = (ROOT / "fhir_examples" / "chronic-low-back-pain" / "request.json").read_bytes()
SERVICE = "low-back-pain-exercise"


def _call(url: str) -> str:
    answer = requests.post(f"{url}/{SERVICE}", data=STORY, headers={"Content-Type": "application/json"}, timeout=10)
    assert answer.status_code == 200
    decision: str = answer.json()["cards"][0]["extension"]["org.exercise-cds.decision"]["decision"]
    return decision


def test_decisions_are_kept_across_a_restart(tmp_path: Path) -> None:
    """What was answered before SIGTERM is in the database when the process is gone, and the next process adds to it."""
    url = f"sqlite:///{tmp_path / 'records.sqlite'}"
    given = []
    for _ in range(2):
        with served(tmp_path, COMMAND, ("serve",), EXERCISE_CDS_DATABASE_URL=url) as running:
            given += [_call(running.url), _call(running.url)]
            assert running.stop() == 0
    with closing(sqlite3.connect(tmp_path / "records.sqlite")) as database:
        kept = [row[0] for row in database.execute("SELECT decision_id FROM decisions ORDER BY process, sequence")]
    assert kept == given


def test_a_database_that_cannot_be_used_stops_the_start(tmp_path: Path) -> None:
    """A database that is no database is one sentence that names the setting, exit 1."""
    (tmp_path / "records.sqlite").write_bytes(b"no database" * 1000)
    url = f"sqlite:///{tmp_path / 'records.sqlite'}"
    with pytest.raises(AssertionError) as stopped, served(tmp_path, COMMAND, ("serve",), EXERCISE_CDS_DATABASE_URL=url):
        pass
    assert "database_url" in str(stopped.value)
    assert "Traceback" not in str(stopped.value)
