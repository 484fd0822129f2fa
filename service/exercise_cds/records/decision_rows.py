"""From decision records to rows: what waits in the queue, and how one batch of it is written in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, Table, update

from exercise_cds.model.decision import Outcome, Withheld
from exercise_cds.model.record import DecisionRecord, GivenCard
from exercise_cds.records.pseudonyms import KeyRing
from exercise_cds.records.schema import STAGES, cards, contexts, decisions, processes, verdicts
from exercise_cds.records.store import Store

_REMEMBERED = 20_000
"""Verdicts known to be stored, at most; a pack has far fewer, and a forgotten one is merely offered again."""


class Waiting(NamedTuple):
    """One decision in the queue: pseudonyms only, the patient and the user are gone."""

    sequence: int
    decision_id: str
    at: datetime
    context: tuple[str, str, str, str, str, str, str, bool]
    outcome: Outcome
    fired: tuple[str, ...]
    offered: tuple[str, ...]
    withheld: tuple[Withheld, ...]
    cards: tuple[GivenCard, ...]
    milliseconds: Mapping[str, float]
    facts_digest: str
    key_id: str | None
    patient_key: bytes | None
    user_key: bytes | None


def waiting(record: DecisionRecord, sequence: int, keys: KeyRing | None) -> Waiting:
    """What the queue may hold of a record."""
    key_id = patient_key = user_key = None
    if keys is not None:
        key = keys.newest
        key_id = key.id
        if record.patient_id:
            patient_key = key.pseudonym(record.issuer, record.tenant, record.fhir_server, record.patient_id)
        if record.user_id:
            user_key = key.pseudonym(record.issuer, record.tenant, record.fhir_server, record.user_id)
    return Waiting(
        sequence,
        record.decision_id,
        record.at,
        (record.service, record.hook, record.issuer, record.tenant, record.pack, record.version, record.digest, record.silent),
        record.outcome,
        record.fired,
        record.offered,
        record.withheld,
        record.cards,
        dict(record.milliseconds),
        record.facts_digest,
        key_id,
        patient_key,
        user_key,
    )


class Batches:
    """Writes batches, and remembers which contexts and verdicts are stored already. Used by one thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._contexts: dict[object, int] = {}
        self._verdicts: dict[object, int] = {}

    def forget(self) -> None:
        """Offer every context and verdict again: the database is not the one we knew."""
        self._contexts.clear()
        self._verdicts.clear()

    def write(self, batch: Sequence[Waiting], *, process: int, lost: int) -> None:
        """One transaction; writing a batch again changes nothing, so a commit whose answer was lost may be repeated."""
        new_contexts: dict[object, dict[str, Any]] = {}
        new_verdicts: dict[object, dict[str, Any]] = {}
        decision_rows = []
        card_rows = []
        for item in batch:
            context = self._contexts.get(item.context) or _interned(item.context, new_contexts, _context_row)
            key = _verdict_key(item)
            verdict = self._verdicts.get(key) or _interned(key, new_verdicts, _verdict_row)
            decision_rows.append(_decision_row(item, process, context, verdict))
            card_rows += _card_rows(item, process)
        with self._store.writing(durable=False) as connection:
            self._insert(connection, contexts, list(new_contexts.values()))
            self._insert(connection, verdicts, list(new_verdicts.values()))
            self._insert(connection, decisions, decision_rows)
            self._insert(connection, cards, card_rows)
            connection.execute(update(processes).where(processes.c.id == process).values(assigned=batch[-1].sequence, lost=lost))
        # only now: what a failed transaction inserted is not there
        self._remember(self._contexts, new_contexts)
        self._remember(self._verdicts, new_verdicts)

    def _insert(self, connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
        if rows:
            # in one order in every process, so that two of them never wait for each other
            connection.execute(self._store.insert_new(table), sorted(rows, key=lambda row: row["id"]) if "id" in rows[0] else rows)

    @staticmethod
    def _remember(known: dict[object, int], new: Mapping[object, Mapping[str, Any]]) -> None:
        if len(known) + len(new) > _REMEMBERED:
            known.clear()
        known.update((key, row["id"]) for key, row in new.items())


def _interned(key: Any, new: dict[object, dict[str, Any]], row: Any) -> int:
    if key not in new:
        new[key] = row(key)
    number: int = new[key]["id"]
    return number


def content_number(content: bytes) -> int:
    """A number for a text, 63 bits of its SHA-256: every process gives the same one without asking the database.

    Among a million different texts, two share a number with a chance of one in 18 million.
    """
    return int.from_bytes(hashlib.sha256(content).digest()[:8], "big") >> 1


def _context_row(context: tuple[Any, ...]) -> dict[str, Any]:
    names = ("service", "hook", "issuer", "tenant", "pack", "version", "digest", "silent")
    return {"id": content_number(orjson.dumps(context)), **dict(zip(names, context, strict=True))}


def _verdict_key(item: Waiting) -> bytes:
    withheld = [(each.program, each.rule, each.why) for each in item.withheld]
    given = [(card.rule, [program for _, program in card.suggestions]) for card in item.cards]
    return orjson.dumps((item.outcome, item.fired, item.offered, withheld, given))


def _verdict_row(key: bytes) -> dict[str, Any]:
    outcome, fired, offered, withheld, given = orjson.loads(key)
    return {
        "id": content_number(key),
        "outcome": outcome,
        "fired": _json(fired),
        "offered": _json(offered),
        "withheld": _json(withheld),
        "cards": _json(given),
        "card_count": len(given),
    }


def _decision_row(item: Waiting, process: int, context: int, verdict: int) -> dict[str, Any]:
    row: dict[str, Any] = {
        "process": process,
        "sequence": item.sequence,
        "decision_id": item.decision_id,
        "at": item.at,
        "context": context,
        "verdict": verdict,
        "facts_digest": item.facts_digest,
        "key_id": item.key_id,
        "patient_key": item.patient_key,
        "user_key": item.user_key,
    }
    for stage in STAGES:
        spent = item.milliseconds.get(stage)
        row[f"{stage}_us"] = None if spent is None else round(spent * 1000)
    return row


def _card_rows(item: Waiting, process: int) -> list[dict[str, Any]]:
    return [
        {
            "process": process,
            "sequence": item.sequence,
            "position": position,
            "card": card.uuid,
            "suggestions": _json([uuid for uuid, _ in card.suggestions]),
        }
        for position, card in enumerate(item.cards)
    ]


def _json(content: object) -> str:
    return orjson.dumps(content).decode()
