"""Backups and verification: a copy that can be trusted, and damage that is found."""

from __future__ import annotations

import stat
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from exercise_cds.records import schema
from exercise_cds.records.backup import NoBackup, backup
from exercise_cds.records.feedback import FeedbackStore
from exercise_cds.records.store import Store, StoreUnreachable
from exercise_cds.records.verify import verify
from records.builders import EHR, a_record, accepted, count, eventually, keep, overridden

CALL = {"service": "s", **EHR}


def test_a_backup_is_whole_while_feedback_comes_in(sqlite_url: str, tmp_path: Path, opened: Any) -> None:
    """A copy made in the middle of writing opens, is sound, and holds every entry that was acknowledged before it began."""
    store = opened(sqlite_url)
    feedback = FeedbackStore(store)
    stop = threading.Event()
    acknowledged = [0]

    def post() -> None:
        while not stop.is_set():
            feedback.add([overridden(acknowledged[0])], **CALL)
            acknowledged[0] += 1

    writer = threading.Thread(target=post)
    writer.start()
    try:
        assert eventually(lambda: acknowledged[0] >= 50)
        before = acknowledged[0]
        size = backup(store, tmp_path / "copy.db", actor="kim")
    finally:
        stop.set()
        writer.join()
    assert (tmp_path / "copy.db").stat().st_size == size
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600
    assert not list(tmp_path.glob("copy.db?*"))
    copy = opened(f"sqlite:///{tmp_path}/copy.db")
    assert before <= count(copy, schema.feedback) <= acknowledged[0]
    assert verify(copy).broken == ()


def test_a_backup_replaces_nothing(sqlite_url: str, tmp_path: Path, opened: Any) -> None:
    """A backup onto a file that is there, or into a folder that is not, is refused."""
    store = opened(sqlite_url)
    (tmp_path / "there").touch()
    with pytest.raises(NoBackup, match="never replaces"):
        backup(store, tmp_path / "there", actor="kim")
    with pytest.raises(NoBackup, match="does not exist"):
        backup(store, tmp_path / "no" / "such", actor="kim")


def test_postgresql_is_backed_up_with_its_own_tools(postgresql_url: str, tmp_path: Path, opened: Any) -> None:
    """On PostgreSQL the command says which tools to use."""
    with pytest.raises(NoBackup, match="pg_dump"):
        backup(opened(postgresql_url), tmp_path / "copy", actor="kim")


def test_sound_records_are_called_sound(store: Store) -> None:
    """Records without fault give no complaint, and say how much there is."""
    keep(store, a_record(1), a_record(2))
    FeedbackStore(store).add([accepted(1, "stretching"), overridden("unknown")], **CALL)
    found = verify(store)
    assert found.broken == ()
    assert found.notes == (
        "2 decisions with 2 cards, 2 feedback entries",
        "the oldest decision is of 2026-03-02",
        "1 feedback entries are on cards that the log does not know",
    )


def test_missing_decisions_are_noticed(store: Store) -> None:
    """A row that somebody took away leaves a gap that `verify` names; a loss that the process counted is told apart."""
    keep(store, *(a_record(n, cards=()) for n in range(10)))
    with store.writing() as connection:
        connection.execute(text("DELETE FROM decisions WHERE sequence IN (3, 4)"))
        connection.execute(text("UPDATE processes SET lost = 1, assigned = 11"))
    lines = [line.partition(": ")[2] for line in verify(store).notes if line.startswith("process")]
    assert lines == ["2 decisions are missing and it did not say that it lost them", "1 decisions were lost, and it said so"]


def test_a_killed_process_is_noticed(store: Store, clock: Any) -> None:
    """A process that never said goodbye is shown as running or killed."""
    with store.writing() as connection:
        connection.execute(schema.processes.insert(), {"started_at": clock.now, "host": "pod-1", "pid": 1, "release": "x"})
    assert "process 1 (pod-1, started 2026-03-02T09:30:00+00:00): is running, or ended without closing" in verify(store).notes[-1]


def test_orphans_are_damage(sqlite_url: str, opened: Any) -> None:
    """A card whose decision is gone is damage."""
    store = opened(sqlite_url)
    keep(store, a_record(1))
    with store.maintaining() as connection:
        raw = connection.connection.cursor()
        raw.execute("PRAGMA foreign_keys = OFF")
        raw.execute("DELETE FROM decisions")
        raw.execute("PRAGMA foreign_keys = ON")
        raw.close()
    assert "1 cards without their decision" in verify(store).broken


def test_a_damaged_file_is_found(sqlite_url: str, opened: Any) -> None:
    """Bytes overwritten in the middle of the file are found, as a report or as an error that says damaged."""
    store = opened(sqlite_url)
    keep(store, *(a_record(n) for n in range(500)))
    store.close()
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 20_000] = b"\xaa" * 20_000
    path.write_bytes(content)
    store = opened(sqlite_url)
    try:
        assert verify(store).broken
    except StoreUnreachable as error:
        assert error.trouble == "damaged"  # noqa: PT017  # either of the two is an answer
