"""A copy of a SQLite database while it is being written (online backup)."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from exercise_cds.records.audit import note
from exercise_cds.records.connection import raw_sqlite
from exercise_cds.records.store import Store


class NoBackup(Exception):
    """This cannot be backed up here; the sentence says what to do."""


def backup(store: Store, target: Path, *, actor: str) -> int:
    """Write a whole, checked copy to `target`, which must not be there yet; returns its size in bytes.

    Writers go on meanwhile. The file appears under its name only once it is whole and on disk. Raises NoBackup, StoreUnreachable.
    """
    if not store.is_sqlite:
        raise NoBackup("PostgreSQL is backed up with its own tools (pg_dump, or point-in-time recovery); this command copies SQLite files.")
    if target.exists():
        raise NoBackup("There is a file of this name already; a backup never replaces one.")
    if not target.parent.is_dir():
        raise NoBackup("The folder of the backup file does not exist.")
    note(store, "backup", actor, {"to": target.name})
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_RDWR, 0o600))
    copy = sqlite3.connect(part)
    try:
        with store.maintaining() as connection:
            # all pages in one step: in WAL mode that holds up no writer, while smaller steps begin again with each write
            raw_sqlite(connection).backup(copy, pages=-1)
        # one file that can be moved: no -wal beside it
        copy.execute("PRAGMA journal_mode = DELETE")
        if copy.execute("PRAGMA quick_check").fetchone() != ("ok",):
            raise NoBackup("The copy is damaged, so the database is: run `exercise-cds verify`.")
    finally:
        copy.close()
    _to_disk(part)
    part.rename(target)
    _to_disk(target.parent)
    return target.stat().st_size


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
