"""What is removed, what stays, and that a removal leaves nothing behind but the count of it."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from structlog.testing import capture_logs

from exercise_cds.records import schema
from exercise_cds.records.feedback import FeedbackStore
from exercise_cds.records.replay import ReplayStore, TokenUse
from exercise_cds.records.retention import LOCK, NoKey, Patient, Removed, forget, purge
from exercise_cds.records.store import Store
from exercise_cds.records.upkeep import Upkeep
from exercise_cds.records.verify import verify
from records.builders import EHR, WHEN, a_record, accepted, count, eventually, keep, overridden
from records.cluster import Cluster
from records.conftest import KEYS, Clock

CALL = {"service": "s", **EHR}
SERVER = "https://fhir.example/r4"
PATIENT = Patient(EHR["issuer"], EHR["tenant"], SERVER, "patient-1")


def _audit(store: Store) -> list[tuple[str, str, dict[str, Any]]]:
    with store.reading() as connection:
        rows = connection.execute(select(schema.audit).order_by(schema.audit.c.id)).all()
    return [(row.action, row.actor, json.loads(row.details)) for row in rows]


def _three_days(store: Store, clock: Clock) -> None:
    """A decision with feedback on each of three days; the clock stands at the third."""
    for day in range(3):
        keep(store, *(a_record((day, n), at=WHEN + timedelta(days=day)) for n in range(5)))
        FeedbackStore(store).add([accepted((day, n), "stretching") for n in range(3)], **CALL)
        clock.forward(days=1)
    clock.forward(days=-1, hours=-1)


def test_what_is_older_than_its_days_goes(store: Store, clock: Clock) -> None:
    """Decisions go with their cards and the feedback on them once they are older than the days; newer ones stay."""
    _three_days(store, clock)
    assert purge(store, days=1, chunk=2) == Removed(decisions=5, cards=5, feedback=3)
    assert [count(store, table) for table in (schema.decisions, schema.cards, schema.feedback)] == [10, 10, 6]
    assert purge(store, days=1) == Removed()


def test_feedback_goes_with_its_card(store: Store, clock: Clock) -> None:
    """Feedback that came later than its card goes with the card: it would mean nothing without."""
    keep(store, a_record(1))
    clock.forward(days=300)
    FeedbackStore(store).add([overridden(1)], **CALL)
    clock.forward(days=101)
    assert purge(store) == Removed(decisions=1, cards=1, feedback=1)


def test_no_days_is_a_legal_hold(store: Store, clock: Clock) -> None:
    """With 0 days nothing is ever removed."""
    _three_days(store, clock)
    clock.forward(days=5000)
    assert purge(store, days=0) == Removed()
    assert count(store, schema.decisions) == 15


def test_a_removal_makes_no_gap(store: Store, clock: Clock) -> None:
    """After a purge `verify` finds nothing missing: what was removed is counted."""
    _three_days(store, clock)
    purge(store, days=1)
    assert not [line for line in verify(store).notes if "missing" in line]


def test_a_purge_is_in_the_audit(store: Store, clock: Clock) -> None:
    """A purge that removed something says who, what and how much; one that did not says nothing."""
    _three_days(store, clock)
    purge(store, days=1, actor="kim")
    purge(store, days=1, actor="kim")
    assert _audit(store) == [("purge", "kim", {"before": "2026-03-03T08:30:00+00:00", "decisions": 5, "cards": 5, "feedback": 3})]


def test_closed_processes_go_when_nothing_of_them_is_left(store: Store, clock: Clock) -> None:
    """Of a process that closed in order nothing remains once its decisions are gone; one that never closed stays to be seen."""
    keep(store, a_record(1))
    with store.writing() as connection:
        connection.execute(schema.processes.insert(), {"started_at": clock.now, "host": "h", "pid": 1, "release": "x"})
    clock.forward(days=401)
    purge(store)
    with store.reading() as connection:
        assert connection.execute(select(schema.processes.c.host)).scalars().all() == ["h"]


def test_one_process_purges_at_a_time(postgresql_url: str, opened: Any, clock: Clock) -> None:
    """While another process holds the lock of removals, a purge leaves the work to it."""
    store = opened(postgresql_url, clock=clock)
    _three_days(store, clock)
    with store.writing() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        assert purge(store, days=1) == Removed()
    assert purge(store, days=1).decisions == 5


def test_purges_together_remove_once(store: Store, clock: Clock) -> None:
    """Four purges at once remove each row once, and the counts of the processes agree."""
    _three_days(store, clock)
    removed: list[Removed] = []
    threads = [threading.Thread(target=lambda: removed.append(purge(store, days=1, chunk=1))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    purge(store, days=1)
    assert sum(each.decisions for each in removed) <= 5
    assert count(store, schema.decisions) == 10
    assert not [line for line in verify(store).notes if "missing" in line]


def test_one_patient_is_forgotten(store: Store) -> None:
    """All decisions on one patient go with cards and feedback, under every key of the ring, with and without the FHIR server's address."""
    keep(
        store,
        a_record("with the address"),
        a_record("without", fhir_server=""),
        a_record("somebody else", patient_id="patient-2"),
        a_record("same id elsewhere", fhir_server="https://other.example/r4"),
        a_record("same id, other tenant", tenant="south"),
    )
    with store.writing() as connection:
        old = KEYS.keys[1].pseudonym(EHR["issuer"], EHR["tenant"], SERVER, "patient-1")
        row = dict(connection.execute(select(schema.decisions).limit(1)).mappings().one()) | {
            "sequence": 99,
            "patient_key": old,
            "key_id": "2025",
        }
        connection.execute(schema.decisions.insert(), row)
    FeedbackStore(store).add([accepted("without", "stretching"), accepted("somebody else", "stretching")], **CALL)
    assert forget(store, PATIENT, actor="kim") == Removed(decisions=3, cards=2, feedback=1)
    assert [count(store, table) for table in (schema.decisions, schema.cards, schema.feedback)] == [3, 3, 1]
    assert _audit(store) == [("forget", "kim", {"keys": ["2026", "2025"], "decisions": 3, "cards": 2, "feedback": 1})]
    assert forget(store, PATIENT, actor="kim") == Removed()


def test_without_the_key_nobody_is_found(url: str, opened: Any) -> None:
    """A site that gives no key cannot remove one patient, and is told why."""
    with pytest.raises(NoKey, match="Without the site's key"):
        forget(opened(url), PATIENT, actor="kim")


def test_what_is_removed_leaves_the_file(sqlite_url: str, opened: Any, clock: Clock) -> None:
    """On SQLite nothing of a removed comment or pseudonym is left in the database's files."""
    store = opened(sqlite_url, keys=KEYS, clock=clock)
    keep(store, *(a_record(n) for n in range(50)))
    pseudonym = KEYS.newest.pseudonym(EHR["issuer"], EHR["tenant"], SERVER, "patient-1")
    FeedbackStore(store, keep_comments=True).add([overridden(n, comment=f"Canary {n}") for n in range(50)], **CALL)
    folder = Path(sqlite_url.removeprefix("sqlite:///")).parent

    def on_disk(what: bytes) -> bool:
        return any(what in path.read_bytes() for path in folder.iterdir())

    assert on_disk(b"Canary 17")
    assert on_disk(pseudonym)
    forget(store, PATIENT, actor="kim")
    assert not on_disk(b"Canary")
    assert not on_disk(pseudonym)


def test_the_service_purges_by_itself(store: Store, clock: Clock) -> None:
    """A serving process removes old records, expired tokens and unknown feedback without being asked."""
    keep(store, a_record(1))
    ReplayStore(store).first_sight("i", TokenUse("1", clock.now))
    feedback = FeedbackStore(store)
    feedback.add([overridden("unknown")], **CALL)
    clock.forward(days=401)
    upkeep = Upkeep(store, feedback, every=0.01)
    upkeep.start()
    assert eventually(lambda: [count(store, table) for table in (schema.decisions, schema.tokens, schema.feedback)] == [0, 0, 0])
    upkeep.close()


def test_a_legal_hold_holds_the_upkeep(store: Store, clock: Clock) -> None:
    """With 0 days the service removes expired tokens and nothing else."""
    keep(store, a_record(1))
    ReplayStore(store).first_sight("i", TokenUse("1", clock.now))
    feedback = FeedbackStore(store)
    feedback.add([overridden("unknown")], **CALL)
    clock.forward(days=5000)
    Upkeep(store, feedback, days=0).round(tidy=True)
    assert [count(store, table) for table in (schema.decisions, schema.tokens, schema.feedback)] == [1, 0, 1]


def test_upkeep_outlives_the_database(postgresql_url: str, cluster: Cluster, opened: Any, clock: Clock) -> None:
    """While the database is away a round says so in one line and is over; the next one does the work."""
    store = opened(postgresql_url, clock=clock)
    keep(store, a_record(1))
    clock.forward(days=401)
    upkeep = Upkeep(store, FeedbackStore(store))
    cluster.stop()
    try:
        with capture_logs() as lines:
            upkeep.round(tidy=True)
    finally:
        cluster.start()
    assert [(line["event"], line["reason"]) for line in lines] == [("records_upkeep_failing", "gone")]
    upkeep.round(tidy=True)
    assert count(store, schema.decisions) == 0
