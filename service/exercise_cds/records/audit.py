"""Who did what with the records: every export, report, purge, backup and removal leaves a row. Nothing here names a patient."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from sqlalchemy import Connection, insert

from exercise_cds.records.schema import audit
from exercise_cds.records.store import Store


def note(store: Store, action: str, actor: str, details: Mapping[str, object], connection: Connection | None = None) -> None:
    """Write one row: in the caller's transaction where it has one, else in one of its own, before what it tells of begins."""
    row = {"at": store.clock(), "action": action, "actor": actor, "details": orjson.dumps(dict(details), default=str).decode()}
    if connection is not None:
        connection.execute(insert(audit), row)
        return
    with store.writing() as own:
        own.execute(insert(audit), row)
