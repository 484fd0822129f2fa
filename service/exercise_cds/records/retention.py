"""What is removed: everything after its days, one patient's records on request. A few thousand rows at a time, so that nobody waits."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import BinaryExpression, ColumnElement, Connection, and_, delete, exists, func, select, text, tuple_, update

from exercise_cds.records.audit import note
from exercise_cds.records.connection import pragma
from exercise_cds.records.schema import cards, decisions, feedback, processes
from exercise_cds.records.store import Store

LOCK = 0x65786573
"""The advisory lock of removals on PostgreSQL; on SQLite every writer is alone anyway."""
DAYS = 400
_CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class Removed:
    """How many rows went."""

    decisions: int = 0
    cards: int = 0
    feedback: int = 0

    def __add__(self, other: Removed) -> Removed:
        return Removed(self.decisions + other.decisions, self.cards + other.cards, self.feedback + other.feedback)

    def __bool__(self) -> bool:
        return bool(self.decisions or self.cards or self.feedback)


@dataclass(frozen=True, slots=True)
class Patient:
    """One patient as an EHR names it: the client that asked, its FHIR server's base URL ("" where it sends none), the id there."""

    issuer: str
    tenant: str
    fhir_server: str
    id: str = field(repr=False)


class NoKey(Exception):
    """Records hold no pseudonyms, or the key is not at hand: nobody can say which are one patient's."""


def purge(store: Store, *, days: int = DAYS, actor: str = "service", chunk: int = _CHUNK) -> Removed:
    """Remove what is older than `days` (0: nothing is ever removed, which is a legal hold).

    Several processes may call this at once: each chunk is removed under a lock, by whoever gets it. Raises StoreUnreachable.
    """
    removed = Removed()
    if days <= 0:
        return removed
    cutoff = store.clock() - timedelta(days=days)
    while (step := _purge_chunk(store, cutoff, chunk)) or step is None:
        if step is None:
            return removed
        removed += step
    with store.writing() as connection:
        _drop_empty_processes(connection, cutoff)
        if removed:
            note(store, "purge", actor, {"before": cutoff.isoformat(), **_counts(removed)}, connection)
    if removed:
        _give_space_back(store)
    return removed


def forget(store: Store, patient: Patient, *, actor: str) -> Removed:
    """Remove every record of one patient: decisions, their cards, feedback on those; with and without the FHIR server's address.

    Found by the pseudonyms under every key of the ring. Raises NoKey, StoreUnreachable. Backups and exports keep what they have.
    """
    if store.keys is None:
        raise NoKey("Without the site's key nobody can say which records are this patient's.")
    servers = (patient.fhir_server, "")
    names = {key.pseudonym(patient.issuer, patient.tenant, server, patient.id) for key in store.keys.keys for server in servers}
    with store.writing() as connection:
        removed = _remove(connection, decisions.c.patient_key.in_(names))
        note(store, "forget", actor, {"keys": [key.id for key in store.keys.keys], **_counts(removed)}, connection)
    if removed:
        _give_space_back(store)
    return removed


def _purge_chunk(store: Store, cutoff: datetime, chunk: int) -> Removed | None:
    """Remove the oldest rows; None where another process is at it."""
    with store.writing() as connection:
        if not store.is_sqlite and not connection.execute(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": LOCK}).scalar():
            return None
        newest_of_chunk = select(decisions.c.at).where(decisions.c.at < cutoff).order_by(decisions.c.at).offset(chunk - 1).limit(1)
        boundary = connection.execute(newest_of_chunk).scalar()
        old = decisions.c.at < cutoff if boundary is None else decisions.c.at <= boundary
        removed = _remove(connection, old)
        entries = select(feedback.c.entry).where(feedback.c.received_at < cutoff).limit(chunk)
        alone = connection.execute(delete(feedback).where(feedback.c.entry.in_(entries))).rowcount
        return removed + Removed(feedback=alone)


def _remove(connection: Connection, which: ColumnElement[bool] | BinaryExpression[bool]) -> Removed:
    """Decisions, their cards, and feedback on those. Each process counts what was removed, so that this makes no gap in its numbers."""
    keys = select(decisions.c.process, decisions.c.sequence).where(which)
    theirs = tuple_(cards.c.process, cards.c.sequence).in_(keys)
    entries = connection.execute(delete(feedback).where(feedback.c.card.in_(select(cards.c.card).where(theirs)))).rowcount
    given = connection.execute(delete(cards).where(theirs)).rowcount
    by_process = connection.execute(select(decisions.c.process, func.count()).where(which).group_by(decisions.c.process)).all()
    for process, count in by_process:
        counted = update(processes).where(processes.c.id == process)
        connection.execute(counted.values(removed=processes.c.removed + count))
    return Removed(connection.execute(delete(decisions).where(which)).rowcount, given, entries)


def _drop_empty_processes(connection: Connection, cutoff: datetime) -> None:
    """Processes that closed in order and of which nothing is left; those that were killed stay, to be seen."""
    left = exists(select(decisions.c.sequence).where(decisions.c.process == processes.c.id))
    connection.execute(delete(processes).where(and_(processes.c.closed_at < cutoff, ~left)))


def _give_space_back(store: Store) -> None:
    """SQLite: free pages leave the file, and what was removed leaves the write-ahead log too. PostgreSQL does so by itself (autovacuum)."""
    if store.is_sqlite:
        with store.maintaining() as connection:
            pragma(connection, "incremental_vacuum")
            pragma(connection, "wal_checkpoint(TRUNCATE)")


def _counts(removed: Removed) -> dict[str, int]:
    return {"decisions": removed.decisions, "cards": removed.cards, "feedback": removed.feedback}
