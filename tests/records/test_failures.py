"""The database full, locked, gone, restarted: feedback says so, the decision log waits, and nothing queued is lost up to the bound."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event, text
from structlog.testing import capture_logs

from exercise_cds.errors import Unavailable
from exercise_cds.records import schema
from exercise_cds.records.connection import trouble_of
from exercise_cds.records.decisions import DecisionLog
from exercise_cds.records.feedback import FeedbackStore, Stored
from exercise_cds.records.replay import ReplayStore, TokenUse
from exercise_cds.records.store import Store, StoreUnreachable
from records.builders import EHR, a_record, accepted, count, eventually
from records.cluster import Cluster
from records.conftest import Clock

CALL = {"service": "s", **EHR}


@contextmanager
def _locked(store: Store) -> Iterator[None]:
    """Somebody else holds the write lock."""
    with store.engine.connect().execution_options(writes=True) as other, other.begin():
        if not store.is_sqlite:
            other.execute(text("LOCK TABLE feedback, decisions, tokens, processes IN ACCESS EXCLUSIVE MODE"))
        yield


@contextmanager
def _full(store: Store) -> Iterator[None]:
    """No page can be added: SQLite's own limit, and on PostgreSQL the server's own error for a full disk, raised by a trigger."""
    if store.is_sqlite:

        def limit(connection: object, *_: object) -> None:
            cursor = connection.cursor()  # type: ignore[attr-defined]
            pages = cursor.execute("PRAGMA page_count").fetchone()[0]
            cursor.execute(f"PRAGMA max_page_count = {pages}").fetchall()

        event.listen(store.engine.pool, "checkout", limit)
        yield
        event.remove(store.engine.pool, "checkout", limit)
        event.listen(
            store.engine.pool, "checkout", lambda connection, *_: connection.execute("PRAGMA max_page_count = 4294967294").fetchall()
        )
        return
    with store.writing() as connection:
        connection.execute(
            text(
                "CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$",
            ),
        )
        for table in ("feedback", "decisions"):
            connection.execute(text(f"CREATE TRIGGER full_{table} BEFORE INSERT ON {table} EXECUTE FUNCTION no_space()"))
    yield
    with store.writing() as connection:
        connection.execute(text("DROP FUNCTION no_space() CASCADE"))


@pytest.mark.parametrize(("trouble", "failure"), [("locked", _locked), ("full", _full)])
def test_feedback_refused_is_not_stored_and_not_used(
    store: Store, clock: Clock, trouble: str, failure: Callable[[Store], Iterator[None]]
) -> None:
    """Locked or full: feedback is 503 with Retry-After, nothing of the batch is stored, and the same token may come again."""
    feedback = FeedbackStore(store)
    use = TokenUse("jti", clock.now + timedelta(minutes=5))
    # as many as do not fit into pages that are there
    batch = [accepted(number, "stretching") for number in range(200)]
    with failure(store):
        with pytest.raises(StoreUnreachable) as caught:
            feedback.add(batch, jti=use, **CALL)
        assert (caught.value.status, caught.value.trouble) == (503, trouble)
        assert caught.value.retry_after
    assert count(store, schema.feedback) == 0
    assert feedback.add(batch, jti=use, **CALL) == Stored(new=200, repeated=0, unknown=200)


@pytest.mark.parametrize(("trouble", "failure"), [("locked", _locked), ("full", _full)])
def test_decisions_wait_for_the_database(store: Store, trouble: str, failure: Callable[[Store], Iterator[None]]) -> None:
    """Locked or full: requests go on, one line says so and one that it is over, and everything queued is written in the end."""
    log = DecisionLog(store, linger=0.01)
    log.put(a_record("before"))
    assert eventually(lambda: log.state.written == 1)
    with capture_logs() as lines:
        with failure(store):
            for number in range(300):
                log.put(a_record(number))
            assert eventually(lambda: log.state.failing == trouble)
        assert eventually(lambda: log.state.written == 301)
    log.close()
    assert [line["event"] for line in lines] == ["decision_log_failing", "decision_log_recovered"]
    assert count(store, schema.decisions) == 301
    assert log.state.lost == 0


def test_a_failing_log_refuses_where_the_site_asked(store: Store) -> None:
    """With `refuse`, requests are 503 from when the log knows that it cannot write until it can again; what was queued is written."""
    log = DecisionLog(store, linger=0.01, on_failure="refuse")
    with _locked(store):
        log.put(a_record(1))
        assert eventually(lambda: log.state.failing == "locked")
        with pytest.raises(Unavailable):
            log.put(a_record(2))
    assert eventually(lambda: log.state.written == 1)
    log.put(a_record(2))
    log.close()
    assert count(store, schema.decisions) == 2


def test_a_closing_log_gives_up_in_time(store: Store) -> None:
    """Closing while the database cannot be written ends after its time, and counts what it could not write."""
    log = DecisionLog(store, linger=0.01)
    with _locked(store):
        log.put(a_record(1))
        with capture_logs() as lines:
            log.close(timeout=0.5)
    assert log.state.lost == 1
    assert {"event": "decisions_lost", "reason": "closed_before_written", "lost": 1, "log_level": "error"} in lines


def test_the_server_goes_and_comes_back(postgresql_url: str, cluster: Cluster, clock: Clock, opened: Callable[..., Store]) -> None:
    """PostgreSQL crashes: feedback and tokens are refused, requests go on; it comes back: everything queued up to the bound is written."""
    store = opened(postgresql_url, clock=clock)
    feedback, replay, log = FeedbackStore(store), ReplayStore(store), DecisionLog(store, linger=0.01, bound=50)
    use = TokenUse("jti", clock.now + timedelta(minutes=5))
    log.put(a_record("before"))
    assert eventually(lambda: log.state.written == 1)
    cluster.stop()
    try:
        with pytest.raises(StoreUnreachable, match="again later") as caught:
            feedback.add([accepted(1, "stretching")], jti=use, **CALL)
        assert caught.value.trouble == "gone"
        with pytest.raises(StoreUnreachable):
            replay.first_sight("i", use)
        assert not store.writable()
        for number in range(60):
            log.put(a_record(number))
        assert eventually(lambda: log.state.failing == "gone")
    finally:
        cluster.start()
    assert feedback.add([accepted(1, "stretching")], jti=use, **CALL).new == 1
    assert eventually(lambda: log.state.written == 51)
    assert (log.state.lost, count(store, schema.decisions)) == (10, 51)
    log.close()


def test_a_restart_is_not_noticed(postgresql_url: str, cluster: Cluster, opened: Callable[..., Store]) -> None:
    """PostgreSQL is restarted between two calls: the second is answered, on a new connection."""
    store = opened(postgresql_url)
    feedback = FeedbackStore(store)
    feedback.add([accepted(1, "stretching")], **CALL)
    cluster.stop("fast")
    cluster.start()
    assert feedback.add([accepted(2, "stretching")], **CALL).new == 1


def test_our_own_mistakes_are_not_called_trouble() -> None:
    """An error that is not the database's rises as it is, so that it is found."""
    assert trouble_of(ValueError("a bug")) is None
