"""How the two databases are reached: the engine, its waits, and what its errors mean. Everything that differs between them stands here."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, PoolProxiedConnection, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

LOCK_WAIT = 2.0
"""Seconds that a transaction waits for another one's lock. A client waits for feedback's answer, so it is short."""
STATEMENT_WAIT = 5.0
"""Seconds that one statement may take on PostgreSQL; reports and exports lift it."""
_CONNECT_WAIT = 3
_POOL = 8
"""Connections per process: more than the threads of a worker, the log's writer and the upkeep together need at once."""

TROUBLES = {
    "SQLITE_BUSY": "locked", "SQLITE_LOCKED": "locked", "55P03": "locked", "40P01": "locked", "40001": "locked",
    "SQLITE_FULL": "full", "53100": "full", "53200": "full",
    "57014": "slow", "57P05": "slow", "25P03": "slow", "pool": "slow",
    "SQLITE_READONLY": "read only", "25006": "read only", "42501": "read only",
    "SQLITE_CORRUPT": "damaged", "SQLITE_NOTADB": "damaged", "XX001": "damaged", "XX002": "damaged",
}  # fmt: skip
"""SQLite's error names and PostgreSQL's SQLSTATEs, in five words; whatever else goes wrong with a database is "gone"."""


class BadDatabaseUrl(ValueError):
    """The setting names no database that this service can keep records in; the sentence says what to write."""


def parse_url(text: str) -> URL:
    """The database's address: `sqlite:///path/to/file.db`, or `postgresql://user@host/name` (psycopg is then the driver)."""
    try:
        url = make_url(text)
    except ArgumentError:
        raise BadDatabaseUrl("Write the database as sqlite:///path/to/file.db or postgresql://user@host/name.") from None
    if url.get_backend_name() == "sqlite":
        if not url.database or url.database == ":memory:":
            raise BadDatabaseUrl("Records need a file: write sqlite:///path/to/file.db; a database in memory loses feedback.")
        return url.set(drivername="sqlite+pysqlite")
    if url.drivername in {"postgresql", "postgres", "postgresql+psycopg"}:
        return url.set(drivername="postgresql+psycopg")
    raise BadDatabaseUrl("Only SQLite and PostgreSQL are supported: write sqlite:///path/to/file.db or postgresql://user@host/name.")


def sqlite_file(text: str) -> Path | None:
    """The file that an address names, or None where it is no file. Raises BadDatabaseUrl."""
    url = parse_url(text)
    return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None


def make_engine(url: URL, lock_wait: float = LOCK_WAIT) -> Engine:
    """An engine that never shows parameters in its errors: they would be patients' pseudonyms and clinicians' comments."""
    usual: dict[str, Any] = {"hide_parameters": True, "pool_size": _POOL, "pool_timeout": lock_wait}
    if url.get_backend_name() == "sqlite":
        _make_file(Path(str(url.database)))
        engine = create_engine(url, connect_args={"timeout": lock_wait}, **usual)
        event.listen(engine, "connect", _set_up_sqlite)
    else:
        # a connection that a restart of the server has cut is noticed before it is used
        engine = create_engine(url, pool_pre_ping=True, connect_args=_postgresql_waits(url, lock_wait), **usual)
    event.listen(engine, "begin", _begin)
    return engine


def _make_file(path: Path) -> None:
    """Only the owner may read the file; SQLite gives its -wal and -shm files the same mode."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _set_up_sqlite(connection: sqlite3.Connection, record: object) -> None:  # noqa: ARG001  # SQLAlchemy hands it over
    # the driver's own BEGIN comes too late and is never IMMEDIATE: we say it ourselves (_begin)
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    # removed rows are overwritten with zeros, so that what was forgotten is not left in free pages
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA journal_size_limit = 67108864")


def _postgresql_waits(url: URL, lock_wait: float) -> dict[str, Any]:
    waits = {
        "connect_timeout": _CONNECT_WAIT,
        "tcp_user_timeout": int(STATEMENT_WAIT * 1000),
        "application_name": "exercise-cds",
        "options": f"-c lock_timeout={int(lock_wait * 1000)} -c statement_timeout={int(STATEMENT_WAIT * 1000)}"
        " -c idle_in_transaction_session_timeout=60000 -c timezone=UTC",
    }
    return {name: value for name, value in waits.items() if name not in url.query}


def _begin(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        # a writer that begins DEFERRED may fail at its first write without waiting for the lock
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")


def trouble_of(error: Exception) -> str | None:
    """One of `TROUBLES`, or "gone", where the database is at fault; None where what we asked of it is, which is our bug."""
    if isinstance(error, PoolTimeout):
        return TROUBLES["pool"]
    driver: BaseException | None = error
    if isinstance(error, DBAPIError) and not isinstance(error, DataError | IntegrityError):
        driver = error.orig
    elif not isinstance(error, sqlite3.Error):
        return None
    name = getattr(driver, "sqlite_errorname", None) or getattr(driver, "sqlstate", None) or ""
    return next((trouble for code, trouble in TROUBLES.items() if str(name).startswith(code)), "gone")


def pragma(connection: Connection, words: str) -> list[tuple[Any, ...]]:
    """One PRAGMA outside any transaction, its rows read to the end: a half-read one would block the next commit."""
    return raw_sqlite(connection).execute(f"PRAGMA {words}").fetchall()


def raw_sqlite(connection: Connection) -> sqlite3.Connection:
    """The driver's own connection, for what only SQLite offers (online backup)."""
    proxied = connection.connection
    assert isinstance(proxied, PoolProxiedConnection)
    raw = proxied.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    return raw
