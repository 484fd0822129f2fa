"""The store: one database, its transactions, and the one error that says it cannot be reached."""

from __future__ import annotations

import os
import sqlite3
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

import structlog
from sqlalchemy import Connection, Engine, Pool, Table, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from exercise_cds.errors import Unavailable
from exercise_cds.records.connection import LOCK_WAIT, make_engine, parse_url, pragma, trouble_of
from exercise_cds.records.migrate import migrate, needs_migration, revision_of
from exercise_cds.records.pseudonyms import KeyRing
from exercise_cds.records.turns import Turns

_START_WAIT = 30.0
"""Seconds that a start waits for another process's migration or for a busy file."""
_RETRY_AFTER = 5
_log = structlog.get_logger(__name__)


class StoreUnreachable(Unavailable):
    """503: the records' database is gone, slow, full, locked, read only or damaged (`trouble`). Nothing of the transaction is stored."""

    def __init__(self, trouble: str) -> None:
        super().__init__("The service cannot keep records at the moment; send the same request again later.", retry_after=_RETRY_AFTER)
        self.trouble = trouble


class Store:
    """An open database. Thread-safe; after a fork the child opens connections of its own."""

    def __init__(self, engine: Engine, *, keys: KeyRing | None, clock: Callable[[], datetime], lock_wait: float = LOCK_WAIT) -> None:
        self.engine = engine
        self.keys = keys
        self.clock = clock
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._lock_wait = lock_wait
        self._turns = Turns()
        self._inherited: list[Pool] = []
        forget_connections = weakref.WeakMethod(self._forget_connections)
        os.register_at_fork(after_in_child=lambda: (method := forget_connections()) and method())

    def _forget_connections(self) -> None:
        # the parent still uses its sockets and files: the child must not close them, nor let them be collected
        self._inherited.append(self.engine.pool)
        self._turns = Turns()
        self.engine.dispose(close=False)

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[Connection]:
        """One transaction that writes, committed at the end. Durable means on disk, whatever happens to the machine.

        Raises StoreUnreachable where the database is at fault.
        """
        with self._turn(), _naming_trouble(), self.engine.connect() as connection:
            if self.is_sqlite:
                # outside any transaction, or SQLite ignores it; per connection, so said each time
                pragma(connection, f"synchronous = {'FULL' if durable else 'NORMAL'}")
            with connection.execution_options(writes=True, preserve_rowcount=True).begin():
                yield connection

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """On SQLite one thread writes at a time. PostgreSQL needs none of this."""
        if not self.is_sqlite:
            yield
            return
        if not self._turns.acquire(self._lock_wait):
            raise StoreUnreachable("locked")
        try:
            yield
        finally:
            self._turns.release()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One snapshot for several long queries. Raises StoreUnreachable where the database is at fault."""
        with _naming_trouble(), self.engine.connect() as connection:
            if not self.is_sqlite:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")  # noqa: PLW2901  # the same one, set up
            with connection.begin():
                if not self.is_sqlite:
                    connection.execute(text("SET LOCAL statement_timeout = 0"))
                yield connection

    @contextmanager
    def maintaining(self) -> Iterator[Connection]:
        """A connection without a transaction, for what a database does outside of them. Raises StoreUnreachable."""
        with _naming_trouble(), self.engine.connect() as connection:
            yield connection

    def insert_new(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """INSERT that passes over rows that are there already."""
        return self.insert(table).on_conflict_do_nothing()

    def insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """The dialect's own INSERT."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    def writable(self) -> bool:
        """Whether a transaction can write now: what readiness asks."""
        try:
            with self.writing(durable=False) as connection:
                connection.execute(text("UPDATE processes SET lost = lost WHERE id = -1"))
        except StoreUnreachable:
            return False
        return True

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def open_store(
    url: str,
    *,
    keys: KeyRing | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    lock_wait: float = LOCK_WAIT,
) -> Store:
    """Open the database at `url` and bring its schema up to this version.

    `keys` turn patients and users into pseudonyms; without them neither is kept. `lock_wait`: seconds that a transaction waits for
    another one's lock. Raises BadDatabaseUrl, StoreUnreachable, UnknownSchema.
    """
    store = Store(make_engine(parse_url(url), lock_wait), keys=keys, clock=clock, lock_wait=lock_wait)
    with ExitStack() as failed:
        failed.callback(store.close)
        _bring_up_patiently(store)
        failed.pop_all()
    return store


def _bring_up_patiently(store: Store) -> None:
    """A file that another process is setting up is locked for moments."""
    give_up = time.monotonic() + _START_WAIT
    while True:
        try:
            _bring_up(store)
        except StoreUnreachable as error:
            if error.trouble != "locked" or time.monotonic() > give_up:
                raise
            time.sleep(0.1)
        else:
            return


def _bring_up(store: Store) -> None:
    if store.is_sqlite:
        with store.maintaining() as connection:
            # both are kept in the file; the first only counts before there are tables
            pragma(connection, "auto_vacuum = INCREMENTAL")
            pragma(connection, "journal_mode = WAL")
    with store.reading() as connection:
        behind = needs_migration(revision_of(connection))
    if behind:
        with store.writing() as connection:
            migrate(connection)


@contextmanager
def _naming_trouble() -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        trouble = trouble_of(error)
        if trouble is None:
            raise
        # drivers quote values in their messages: none of it goes on
        raise StoreUnreachable(trouble) from None
