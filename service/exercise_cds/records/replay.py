"""Tokens already used, shared by all processes of a site (SEC-10): one insert a request, atomic whoever else asks at the same moment."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from sqlalchemy import Connection, delete

from exercise_cds.model.client import TokenUse
from exercise_cds.records.schema import tokens
from exercise_cds.records.store import Store

_GRACE = timedelta(minutes=5)
"""How long an expired token stays: replicas whose clocks are behind may still take it for valid (leeway is 120 s at most, SEC-09)."""


class ReplayStore:
    """Thread-safe. Both methods raise StoreUnreachable (503): the token is good, so the answer is not 401."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def first_sight(self, issuer: str, use: TokenUse) -> bool:
        """Remember a use; False where this token was used before."""
        # not flushed to disk: losing the machine's power loses seconds of memory, and every token is older when the machine is back
        with self._store.writing(durable=False) as connection:
            return use_once(self._store, connection, issuer, use)

    def purge(self) -> int:
        """Forget tokens that nobody accepts any more; returns how many."""
        with self._store.writing(durable=False) as connection:
            return connection.execute(delete(tokens).where(tokens.c.expires_at < self._store.clock() - _GRACE)).rowcount


def use_once(store: Store, connection: Connection, issuer: str, use: TokenUse) -> bool:
    """Insert if absent, in the caller's transaction: whoever rolls back has not used the token."""
    insert = store.insert(tokens)
    insert = insert.on_conflict_do_update(
        index_elements=[tokens.c.token],
        set_={"expires_at": insert.excluded.expires_at},
        # an expired one may stand until the next purge; it is as good as gone
        where=tokens.c.expires_at < store.clock() - _GRACE,
    )
    return connection.execute(insert, {"token": _digest(issuer, use.jti), "expires_at": use.expires}).rowcount == 1


def _digest(issuer: str, jti: str) -> bytes:
    """A jti may be as long as a header allows; its digest fits an index."""
    name = issuer.encode("utf-8", "surrogatepass")
    return hashlib.sha256(len(name).to_bytes(4, "big") + name + jti.encode("utf-8", "surrogatepass")).digest()
