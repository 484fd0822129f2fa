"""What clinicians did with cards (CH-127 to CH-129): on disk before `add` returns, never changed, kept once however often it is sent.

Entries are joined to decisions when they are read: the decision log may be behind, and a client may report hours later or in any order.
Entries on cards that this service never gave to that client (`unknown`) are kept apart by every reader, counted, and bounded.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Connection, and_, delete, exists, select

from exercise_cds.errors import BadRequest, Unauthorized
from exercise_cds.model.client import TokenUse
from exercise_cds.model.record import FeedbackEntry
from exercise_cds.records.replay import use_once
from exercise_cds.records.schema import EPOCH, cards, contexts, decisions, feedback, microseconds
from exercise_cds.records.store import Store

OUTCOMES = ("accepted", "overridden")
LONGEST = 2_000
"""Characters of any one text of an entry; a longer comment is cut, a longer id or code is refused."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a batch: entries kept now, entries that were there already; and how many are on cards that we do not know (yet)."""

    new: int
    repeated: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is kept of feedback on unknown cards: of each client (issuer and tenant) the newest, for `days` days (0: no limit)."""

    per_client: int = 10_000
    days: int = 90


class FeedbackStore:
    """Thread-safe."""

    def __init__(self, store: Store, *, keep_comments: bool = False, bounds: Bounds | None = None) -> None:
        """`keep_comments`: clinicians' free text may hold patient data (SEC-34), so it is dropped unless the site says otherwise."""
        self._store = store
        self._keep_comments = keep_comments
        self._bounds = bounds or Bounds()
        self._unknown: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def add(
        self, entries: Sequence[FeedbackEntry], *, issuer: str, tenant: str, service: str, jti: TokenUse | None = None,
    ) -> Stored:  # fmt: skip
        """Keep a batch, all of it or nothing; when this returns, it is on disk.

        `jti` is the use of the call's token, written in the same transaction: a call answered with 503 has not used it.
        Raises BadRequest naming the first entry that cannot be kept, Unauthorized for a token used before, StoreUnreachable (503).
        """
        rows = [self._row(index, entry, issuer, tenant, service) for index, entry in enumerate(entries)]
        # in one order everywhere: two batches with the same entries must not wait for each other
        rows.sort(key=lambda row: row["entry"])
        with self._store.writing() as connection:
            if jti is not None and not use_once(self._store, connection, issuer, jti):
                raise Unauthorized("replayed")
            new = connection.execute(self._store.insert_new(feedback), rows).rowcount if rows else 0
            unknown = len(rows) - self._known(connection, rows, issuer, tenant)
        if unknown:
            self._keep_bounded(issuer, tenant, unknown)
        return Stored(new, len(rows) - new, unknown)

    def purge_unknown(self) -> int:
        """Remove what is over the bounds, for every client; returns how many entries."""
        with self._store.reading() as connection:
            clients = connection.execute(select(feedback.c.issuer, feedback.c.tenant).distinct()).all()
        return sum(self._purge_client(issuer, tenant) for issuer, tenant in clients)

    def _row(self, index: int, entry: FeedbackEntry, issuer: str, tenant: str, service: str) -> dict[str, Any]:
        entry = replace(entry, comment=entry.comment[:LONGEST] if self._keep_comments else "")
        if problem := _problem(entry):
            raise BadRequest(f"feedback[{index}]: {problem}")
        card = _canonical(entry.card)
        accepted = sorted({_canonical(each) for each in entry.accepted})
        system, code = entry.reason or (None, None)
        outcome_at = microseconds(entry.at)
        distinct = orjson.dumps((issuer, tenant, card, entry.outcome, outcome_at, accepted, system, code))
        return {
            "entry": hashlib.sha256(distinct).digest(),
            "received_at": self._store.clock(),
            "issuer": issuer,
            "tenant": tenant,
            "service": service,
            "card": card,
            "outcome": entry.outcome,
            "outcome_at": entry.at,
            "accepted": orjson.dumps(accepted).decode(),
            "reason_system": system,
            "reason_code": code,
            "comment": entry.comment or None,
        }

    @staticmethod
    def _known(connection: Connection, rows: Sequence[dict[str, Any]], issuer: str, tenant: str) -> int:
        """How many entries are on cards that were given to this client, as far as the log has come."""
        given = (
            select(cards.c.card)
            .join(decisions, and_(decisions.c.process == cards.c.process, decisions.c.sequence == cards.c.sequence))
            .join(contexts, contexts.c.id == decisions.c.context)
            .where(contexts.c.issuer == issuer, contexts.c.tenant == tenant)
        )
        named = list({row["card"] for row in rows})
        known: set[str] = set()
        # SQLite takes a bounded number of parameters in one statement
        for start in range(0, len(named), 500):
            known |= set(connection.execute(given.where(cards.c.card.in_(named[start : start + 500]))).scalars())
        return sum(row["card"] in known for row in rows)

    def _keep_bounded(self, issuer: str, tenant: str, unknown: int) -> None:
        """Sweep a client's unknown cards once it has sent a quarter of what is kept: a flood stays bounded between two purges."""
        with self._lock:
            self._unknown[issuer, tenant] += unknown
            due = self._unknown[issuer, tenant] > max(1, self._bounds.per_client // 4)
            if due:
                del self._unknown[issuer, tenant]
        if due:
            self._purge_client(issuer, tenant)

    def _purge_client(self, issuer: str, tenant: str) -> int:
        theirs = and_(feedback.c.issuer == issuer, feedback.c.tenant == tenant, ~card_is_known())
        newest = select(feedback.c.entry, feedback.c.received_at).where(theirs).order_by(feedback.c.received_at.desc(), feedback.c.entry)
        old = self._store.clock() - timedelta(days=self._bounds.days) if self._bounds.days > 0 else EPOCH
        # found without holding the write lock: the search reads all that the client ever sent
        with self._store.reading() as connection:
            found = connection.execute(newest.execution_options(yield_per=2_000))
            excess = [entry for place, (entry, at) in enumerate(found) if place >= self._bounds.per_client or at < old]
        removed = 0
        for start in range(0, len(excess), 500):
            few = feedback.c.entry.in_(excess[start : start + 500])
            with self._store.writing() as connection:
                # again: its decision may have been written meanwhile
                removed += connection.execute(delete(feedback).where(few, ~card_is_known())).rowcount
        return removed


def card_is_known() -> ColumnElement[bool]:
    """Whether the card of a feedback row was given to the client that reports on it."""
    return exists(
        select(cards.c.card)
        .join(decisions, and_(decisions.c.process == cards.c.process, decisions.c.sequence == cards.c.sequence))
        .join(contexts, contexts.c.id == decisions.c.context)
        .where(cards.c.card == feedback.c.card, contexts.c.issuer == feedback.c.issuer, contexts.c.tenant == feedback.c.tenant),
    )


def _canonical(text: str) -> str:
    """One spelling of a uuid; what is none stays as it is."""
    try:
        return str(UUID(text)) if len(text) == 36 else text
    except ValueError:
        return text


def _problem(entry: FeedbackEntry) -> str:
    """Why an entry cannot be kept, or "". The door has checked its shape; this is what only a database refuses."""
    texts = (entry.card, entry.outcome, *entry.accepted, *(entry.reason or ()), entry.comment)
    if entry.outcome not in OUTCOMES:
        return "outcome is accepted or overridden."
    if not entry.card:
        return "card is the uuid of a card."
    if entry.at.tzinfo is None:
        return "outcomeTimestamp needs an offset from UTC."
    if any(len(text) > LONGEST for text in texts):
        return f"texts have at most {LONGEST} characters."
    if any("\x00" in text or not _encodable(text) for text in texts):
        return "texts are Unicode without NUL and lone surrogates."
    return ""


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
