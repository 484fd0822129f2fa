"""Small records for tests: what one patient-view call with one program card leaves behind."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import Table, func, select

from exercise_cds.model.decision import Outcome, Why, Withheld
from exercise_cds.model.record import DecisionRecord, FeedbackEntry, GivenCard
from exercise_cds.records.decisions import DecisionLog
from exercise_cds.records.store import Store

WHEN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
EHR = {"issuer": "https://ehr.example", "tenant": "north"}


def uuid(name: object) -> str:
    """A uuid that is the same in every run."""
    return str(uuid5(NAMESPACE_URL, str(name)))


def program_card(name: object, *programs: str) -> GivenCard:
    """The program card of a decision, one suggestion per program."""
    return GivenCard(uuid(f"card {name}"), "", tuple((uuid(f"suggestion {name} {program}"), program) for program in programs))


def a_record(name: object = 1, **changes: Any) -> DecisionRecord:
    """A decision that offered two programs; `name` makes its ids."""
    usual: dict[str, Any] = {
        "decision_id": uuid(f"decision {name}"),
        "at": WHEN,
        "service": "low-back-pain-exercise",
        "hook": "patient-view",
        **EHR,
        "pack": "low-back-pain",
        "version": "2026.11.0",
        "digest": "d1",
        "outcome": Outcome.ADVISED,
        "fired": ("stabilize-from-two-weeks", "too-painful"),
        "offered": ("lumbar-stabilization", "stretching"),
        "withheld": (Withheld("strengthening", "too-painful", Why.FIRED),),
        "cards": (program_card(name, "lumbar-stabilization", "stretching"),),
        "milliseconds": {"read": 1.0, "facts": 0.2, "engine": 0.06, "cards": 0.3, "total": 1.56},
        "patient_id": "patient-1",
        "user_id": "Practitioner/7",
        "fhir_server": "https://fhir.example/r4",
    }
    return DecisionRecord(**(usual | changes))


def accepted(name: object, *programs: str, at: datetime = WHEN) -> FeedbackEntry:
    """Feedback that takes programs of `program_card(name, ...)`."""
    return FeedbackEntry(uuid(f"card {name}"), "accepted", at, tuple(uuid(f"suggestion {name} {program}") for program in programs))


def overridden(name: object, code: str = "", at: datetime = WHEN, comment: str = "") -> FeedbackEntry:
    """Feedback that declines `program_card(name, ...)`, with a reason where `code` is given."""
    return FeedbackEntry(uuid(f"card {name}"), "overridden", at, (), ("https://reasons.example", code) if code else None, comment)


def keep(store: Store, *records: DecisionRecord) -> None:
    """Write decisions and wait until they are there."""
    log = DecisionLog(store, linger=0)
    for record in records:
        log.put(record)
    log.close()


def count(store: Store, table: Table) -> int:
    """Rows of a table."""
    with store.reading() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def eventually(claim: Callable[[], bool], within: float = 8.0) -> bool:
    """Whether something becomes true in time."""
    give_up = time.monotonic() + within
    while not claim():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.02)
    return True
