"""The decision log: complete when all is well, and honest when it is not."""

from __future__ import annotations

import json
import os
import threading
import time
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event, select, text
from structlog.testing import capture_logs

from exercise_cds.errors import Unavailable
from exercise_cds.model.decision import Outcome, Why, Withheld
from exercise_cds.model.record import GivenCard
from exercise_cds.records import schema
from exercise_cds.records.decision_rows import waiting
from exercise_cds.records.decisions import DecisionLog, LogState, PackListing
from exercise_cds.records.store import Store
from records.builders import WHEN, a_record, count, eventually, keep, program_card, uuid
from records.conftest import KEYS


def _rows(store: Store, table: Any) -> list[dict[str, Any]]:
    with store.reading() as connection:
        return [dict(row._mapping) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]


def test_a_decision_is_kept_whole(store: Store) -> None:
    """Of an answered request the log keeps time, place, pack, outcome, rules, programs, withholdings, card uuids and milliseconds."""
    keep(store, a_record(1, cards=(GivenCard(uuid("own"), "emergency"), program_card(1, "stretching")), facts_digest="f1"))
    (decision,), (context,), (verdict,) = (_rows(store, table) for table in (schema.decisions, schema.contexts, schema.verdicts))
    assert (decision["sequence"], decision["decision_id"], decision["at"], decision["facts_digest"]) == (1, uuid("decision 1"), WHEN, "f1")
    assert [decision[f"{stage}_us"] for stage in schema.STAGES] == [1000, 200, 60, 300, 1560]
    assert (context["service"], context["issuer"], context["tenant"]) == ("low-back-pain-exercise", "https://ehr.example", "north")
    assert (context["pack"], context["version"], context["digest"], context["silent"]) == ("low-back-pain", "2026.11.0", "d1", False)
    assert verdict["outcome"] == "advised"
    assert json.loads(verdict["fired"]) == ["stabilize-from-two-weeks", "too-painful"]
    assert json.loads(verdict["offered"]) == ["lumbar-stabilization", "stretching"]
    assert json.loads(verdict["withheld"]) == [["strengthening", "too-painful", "fired"]]
    assert json.loads(verdict["cards"]) == [["emergency", []], ["", ["stretching"]]]
    assert [(card["card"], json.loads(card["suggestions"])) for card in _rows(store, schema.cards)] == [
        (uuid("own"), []),
        (uuid("card 1"), [uuid("suggestion 1 stretching")]),
    ]


def test_the_same_answer_is_kept_once(store: Store) -> None:
    """A thousand decisions with the same answer for the same client share one verdict and one context."""
    keep(store, *(a_record(number) for number in range(1000)))
    assert (count(store, schema.decisions), count(store, schema.verdicts), count(store, schema.contexts)) == (1000, 1, 1)
    keep(store, a_record("other", fired=(), withheld=(Withheld("strengthening", "too-painful", Why.IN_DOUBT),)))
    assert count(store, schema.verdicts) == 2


def test_without_a_key_nobody_is_kept(url: str, opened: Any) -> None:
    """A site that gives no key keeps neither patient nor user, not even as a digest."""
    store = opened(url)
    keep(store, a_record(1))
    (decision,) = _rows(store, schema.decisions)
    assert (decision["key_id"], decision["patient_key"], decision["user_key"]) == (None, None, None)


def test_with_a_key_pseudonyms_are_kept(store: Store) -> None:
    """With a key, patient and user are kept as HMACs under the newest key, whose id stands beside them."""
    keep(store, a_record(1), a_record(2, patient_id="", user_id=""))
    first, second = _rows(store, schema.decisions)
    server = "https://fhir.example/r4"
    assert first["key_id"] == "2026"
    assert first["patient_key"] == KEYS.newest.pseudonym("https://ehr.example", "north", server, "patient-1")
    assert first["user_key"] == KEYS.newest.pseudonym("https://ehr.example", "north", server, "Practitioner/7")
    assert (second["patient_key"], second["user_key"]) == (None, None)


def test_plain_ids_never_wait_in_the_queue() -> None:
    """What waits to be written holds neither the patient's nor the user's id nor the FHIR server, with a key or without."""
    for keys in (KEYS, None):
        shown = repr(waiting(a_record(1), 1, keys))
        assert not any(plain in shown for plain in ("patient-1", "Practitioner/7", "fhir.example"))


def test_closing_writes_what_is_queued(store: Store) -> None:
    """Everything put before `close` is there after it, however long records are left to gather."""
    log = DecisionLog(store, linger=60)
    for number in range(1200):
        log.put(a_record(number))
    log.close()
    assert count(store, schema.decisions) == 1200
    assert log.state == LogState(queued=0, written=1200, lost=0, failing="")


def test_records_are_written_without_closing(store: Store) -> None:
    """A record is in the database soon after it was put, though nobody closes the log."""
    log = DecisionLog(store, linger=0.05)
    for round_ in (1, 2):
        log.put(a_record(round_))
        assert eventually(lambda expected=round_: log.state.written == expected)  # type: ignore[misc]
    log.close()


def test_threads_share_one_log(store: Store) -> None:
    """Eight threads that put at once lose nothing, and their records are numbered without gap."""
    log = DecisionLog(store)
    threads = [threading.Thread(target=lambda base=base: [log.put(a_record((base, n))) for n in range(100)]) for base in range(8)]  # type: ignore[misc]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()
    assert [row["sequence"] for row in _rows(store, schema.decisions)] == list(range(1, 801))


def test_a_process_says_goodbye(store: Store, clock: Any) -> None:
    """A process that closed in order leaves how many numbers it gave out, and when it closed."""
    keep(store, a_record(1), a_record(2))
    (process,) = _rows(store, schema.processes)
    assert (process["assigned"], process["lost"], process["closed_at"], process["pid"]) == (2, 0, clock.now, os.getpid())


def test_what_does_not_fit_is_counted(store: Store) -> None:
    """Beyond the bound of the queue records are lost, counted, said once, and leave a gap in the numbers."""
    log = DecisionLog(store, bound=10, linger=60)
    with capture_logs() as lines:
        for number in range(15):
            log.put(a_record(number))
    assert [line for line in lines if line["event"] == "decisions_lost"] == [
        {"event": "decisions_lost", "reason": "queue_full", "lost": 1, "log_level": "error"},
    ]
    log.close()
    (process,) = _rows(store, schema.processes)
    assert (count(store, schema.decisions), process["assigned"], process["lost"]) == (10, 15, 5)


def test_a_site_may_refuse_to_answer_unrecorded(store: Store) -> None:
    """With `refuse`, a full queue makes the request 503 instead of losing its record."""
    log = DecisionLog(store, bound=1, linger=60, on_failure="refuse")
    log.put(a_record(1))
    with pytest.raises(Unavailable, match="must not answer without"):
        log.put(a_record(2))
    log.close()
    assert (count(store, schema.decisions), log.state.lost) == (1, 0)


def test_one_bad_record_does_not_hold_up_the_others(postgresql_url: str, opened: Any) -> None:
    """A record that no database takes (a NUL in the tenant) is lost and counted; those around it are kept."""
    store = opened(postgresql_url)
    with capture_logs() as lines:
        keep(store, a_record(1), a_record(2, tenant="no\x00rth"), a_record(3, tenant="\ud800"), a_record(4))
    assert [row["sequence"] for row in _rows(store, schema.decisions)] == [1, 4]
    assert [line["lost"] for line in lines if line["event"] == "decisions_lost"] == [1]


def test_a_forked_process_has_a_log_of_its_own(store: Store) -> None:
    """After a fork, parent and child both write, each under a number of its own, and the child does not repeat the parent's queue."""
    log = DecisionLog(store, linger=0.5)
    log.put(a_record("parent"))
    child = os.fork()
    if child == 0:
        status = 1
        try:
            log.put(a_record("child"))
            log.close()
            status = 0
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    log.close()
    assert sorted(row["decision_id"] for row in _rows(store, schema.decisions)) == sorted([uuid("decision parent"), uuid("decision child")])
    assert [row["pid"] == os.getpid() for row in _rows(store, schema.processes)].count(False) == 1


def test_packs_served_are_listed(store: Store, clock: Any) -> None:
    """Each pack that was served is kept once with its rules and programs, so that a report knows what never happened."""
    log = DecisionLog(store)
    listing = PackListing(
        "low-back-pain", "2026.11.0", "d1", {"emergency": "Check first"}, {"stretching": "Stretching"}, frozenset({"emergency"})
    )
    log.served(listing)
    log.served(replace(listing, version="never looked at: the digest is known"))
    log.close()
    (pack,) = _rows(store, schema.packs)
    assert (pack["version"], pack["first_served_at"]) == ("2026.11.0", clock.now)
    assert json.loads(pack["rules"]) == [["emergency", "Check first", True]]
    assert json.loads(pack["programs"]) == [["stretching", "Stretching"]]


def test_a_slow_database_does_not_slow_the_request(store: Store) -> None:
    """While the database takes half a second for a batch, a request waits for none of it."""
    slow = threading.Event()
    slow.set()

    def dawdle(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if slow.is_set() and "INTO decisions" in statement:
            time.sleep(0.5)

    event.listen(store.engine, "before_cursor_execute", dawdle)
    log = DecisionLog(store, linger=0)
    log.put(a_record(0))
    start = time.perf_counter()
    for number in range(1, 200):
        log.put(a_record(number))
    assert time.perf_counter() - start < 0.3
    slow.clear()
    log.close()
    assert count(store, schema.decisions) == 200


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_in_the_writer_is_not_silent(store: Store) -> None:
    """Should the writing thread die of a bug, the log says that it stopped, and the next request starts it again with what was queued."""
    broken = threading.Event()
    broken.set()

    def break_once(*_: object) -> None:
        if broken.is_set():
            broken.clear()
            raise ZeroDivisionError

    event.listen(store.engine, "before_cursor_execute", break_once)
    log = DecisionLog(store, linger=0)
    log.put(a_record(1))
    assert eventually(lambda: log.state.failing == "stopped")
    log.put(a_record(2))
    log.close()
    assert count(store, schema.decisions) == 2


def test_every_outcome_can_be_kept(store: Store) -> None:
    """Each of the named outcomes is kept under its name."""
    keep(store, *(a_record(outcome.value, outcome=outcome, fired=(), offered=(), withheld=(), cards=()) for outcome in Outcome))
    with store.reading() as connection:
        assert set(connection.execute(text("SELECT outcome FROM verdicts")).scalars()) == {outcome.value for outcome in Outcome}
