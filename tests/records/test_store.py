"""Opening a database: what is set up, once, by whoever comes first, and what is refused."""

from __future__ import annotations

import ast
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from structlog.testing import capture_logs

from exercise_cds.records import migrations, schema
from exercise_cds.records.connection import BadDatabaseUrl, pragma
from exercise_cds.records.feedback import FeedbackStore, Stored
from exercise_cds.records.migrate import UnknownSchema, revision_of
from exercise_cds.records.replay import ReplayStore, TokenUse
from exercise_cds.records.store import Store, StoreUnreachable, open_store
from exercise_cds.records.turns import Turns
from records.builders import EHR, a_record, accepted, count, eventually, keep, overridden
from records.conftest import KEYS, Clock

Opened = Callable[..., Store]
VERSIONS = Path(migrations.__file__).parent / "versions"


def test_the_migrations_make_the_schema(url: str, opened: Opened) -> None:
    """After the migrations the database has the tables, columns and indexes of schema.py, and no others."""
    with opened(url).reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.SCHEMA) == []
        assert revision_of(connection) == migrations.HEAD


def test_head_is_the_newest_revision() -> None:
    """The number that tells this version from a newer one is that of the newest file."""
    config = Config()
    config.set_main_option("script_location", "exercise_cds.records:migrations")
    assert ScriptDirectory.from_config(config).get_heads() == [migrations.HEAD]


@pytest.mark.parametrize("path", sorted(VERSIONS.glob("r*.py")), ids=lambda path: path.stem)
def test_migrations_only_add(path: Path) -> None:
    """A migration creates tables, columns and indexes: it drops, renames and changes nothing, so that version N works on N+1."""
    called = {
        node.func.attr
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", "") == "op"
    }
    assert called <= {"create_table", "add_column", "create_index"}


def test_a_second_start_migrates_nothing(url: str, opened: Opened) -> None:
    """A database that is up to date is opened without touching its schema."""
    with capture_logs() as first:
        opened(url)
    with capture_logs() as second:
        opened(url)
    assert [line["event"] for line in first] == ["schema_migrated"]
    assert second == []


def test_processes_that_start_together_migrate_once(url: str) -> None:
    """Four processes that open a new database at the same moment all start, and one of them made the schema."""
    program = "import sys; from exercise_cds.records.store import open_store; open_store(sys.argv[1])"
    service = Path(migrations.__file__).parents[3]
    command, environment = [sys.executable, "-c", program, url], os.environ | {"PYTHONPATH": str(service)}
    starting = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    said = [process.communicate(timeout=60)[0] for process in starting]
    assert [process.returncode for process in starting] == [0] * 4
    assert sum("schema_migrated" in lines for lines in said) == 1


def _become_newer(store: Store) -> None:
    """A made-up later revision: it adds columns and a table, as later revisions do."""
    with store.writing() as connection:
        for table in ("processes", "contexts", "verdicts", "decisions", "cards", "feedback", "tokens", "packs", "audit"):
            connection.execute(text(f"ALTER TABLE {table} ADD COLUMN later TEXT"))
            connection.execute(text(f"ALTER TABLE {table} ADD COLUMN later_number BIGINT NOT NULL DEFAULT 0"))
        connection.execute(text("CREATE TABLE later_table (id BIGINT PRIMARY KEY)"))
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))


def test_a_newer_schema_is_recognised_and_left_alone(url: str, clock: Clock, opened: Opened) -> None:
    """On a schema that a later version made, this version starts, says so in the log, changes no table, and keeps records as before."""
    _become_newer(opened(url))
    with capture_logs() as lines:
        store = opened(url, keys=KEYS, clock=clock)
    assert {"event": "schema_newer_than_this_version", "schema": "9999", "log_level": "warning"} in lines
    keep(store, a_record(1))
    assert FeedbackStore(store).add([accepted(1, "stretching")], service="s", **EHR) == Stored(1, 0, 0)
    use = TokenUse("jti", clock.now + timedelta(minutes=5))
    assert [ReplayStore(store).first_sight("https://ehr.example", use) for _ in range(2)] == [True, False]
    with store.reading() as connection:
        assert revision_of(connection) == "9999"
        assert connection.execute(text("SELECT count(*) FROM later_table")).scalar() == 0
    assert count(store, schema.decisions) == 1


def test_another_programs_database_is_refused(url: str, opened: Opened) -> None:
    """A revision that is not a number of ours belongs to another program: the start ends with a sentence that says so."""
    store = opened(url)
    with store.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'ae1027a6acf'"))
    with pytest.raises(UnknownSchema, match="a database of its own"):
        open_store(url)


@pytest.mark.parametrize(
    ("bad", "advice"),
    [
        ("sqlite://", "needs a file|need a file"),
        ("sqlite:///:memory:", "in memory loses feedback"),
        ("mysql://host/name", "Only SQLite and PostgreSQL"),
        ("records.db", "Write the database as"),
    ],
)
def test_a_wrong_address_says_what_to_write(bad: str, advice: str) -> None:
    """A database address that cannot keep records is refused with a sentence that says what to write."""
    with pytest.raises(BadDatabaseUrl, match=advice):
        open_store(bad)


def test_the_file_is_its_owners(sqlite_url: str, opened: Opened) -> None:
    """Nobody but the owner may read the SQLite file or its siblings."""
    keep(opened(sqlite_url), a_record(1))
    folder = Path(sqlite_url.removeprefix("sqlite:///")).parent
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_feedback_waits_for_the_disk(sqlite_url: str, opened: Opened) -> None:
    """On SQLite a durable transaction is synchronous FULL (2), another NORMAL (1), and the journal is WAL."""
    store = opened(sqlite_url)
    with store.writing() as connection:
        assert pragma(connection, "synchronous") == [(2,)]
        assert pragma(connection, "journal_mode") == [("wal",)]
        assert pragma(connection, "foreign_keys") == [(1,)]
    with store.writing(durable=False) as connection:
        assert pragma(connection, "synchronous") == [(1,)]


def test_feedback_waits_for_the_disk_on_postgresql(postgresql_url: str, opened: Opened) -> None:
    """On PostgreSQL a commit waits for the write-ahead log."""
    with opened(postgresql_url).writing() as connection:
        assert connection.execute(text("SHOW synchronous_commit")).scalar() == "on"
        assert connection.execute(text("SHOW lock_timeout")).scalar() == "2s"


def test_errors_show_no_values(store: Store) -> None:
    """A database error shows neither the values of its statement nor what the driver says of them."""
    FeedbackStore(store, keep_comments=True).add([overridden(1, comment="Ms Canary")], service="s", **EHR)
    with pytest.raises(StoreUnreachable) as caught, store.writing() as connection:
        connection.execute(text("SELECT no_such_column FROM feedback WHERE comment = :comment"), {"comment": "Ms Canary"})
    assert "Canary" not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_child_opens_connections_of_its_own(store: Store) -> None:
    """After a fork the child uses none of its parent's connections, and both go on working."""
    keep(store, a_record(1))
    child = os.fork()
    if child == 0:
        # no pytest in the child: only its exit status counts
        status = 1
        try:
            status = 0 if store.engine.pool.checkedin() == 0 and store.writable() else 2  # type: ignore[attr-defined]
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert store.writable()


def test_readiness_asks_whether_a_transaction_can_write(store: Store) -> None:
    """A store that is locked by somebody else is not writable; a free one is."""
    assert store.writable()
    other = store.engine.connect().execution_options(writes=True)
    with other, other.begin():
        if not store.is_sqlite:
            other.execute(text("LOCK TABLE processes IN ACCESS EXCLUSIVE MODE"))
        assert not store.writable()
    assert store.writable()


def test_no_thread_is_starved(store: Store) -> None:
    """While four threads write without pause, a fifth that writes now and then gets its turn each time."""
    stop = threading.Event()

    def write() -> None:
        with store.writing(durable=False) as connection:
            connection.execute(text("UPDATE processes SET lost = lost WHERE id = -1"))

    def write_without_pause() -> None:
        while not stop.is_set():
            write()

    threads = [threading.Thread(target=write_without_pause) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(50):
            write()
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_turns_are_handed_on_in_order() -> None:
    """Whoever asked first gets the turn first; whoever gave up is passed over."""
    turns, got = Turns(), []
    assert turns.acquire(0)
    assert not turns.acquire(0.01)

    def ask(name: int) -> None:
        assert turns.acquire(5)
        got.append(name)
        turns.release()

    threads = [threading.Thread(target=ask, args=(name,)) for name in range(5)]
    for number, thread in enumerate(threads, 1):
        thread.start()
        assert eventually(lambda expected=number: len(turns._waiting) == expected)  # type: ignore[misc]
    turns.release()
    for thread in threads:
        thread.join()
    assert got == [0, 1, 2, 3, 4]
    assert turns.acquire(0)
