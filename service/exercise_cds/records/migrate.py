"""Bringing the schema up to this version at start, once, however many processes start together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from sqlalchemy import Connection, inspect, text

from exercise_cds.records.migrations import HEAD

if TYPE_CHECKING:
    from alembic.config import Config

LOCK = 0x65786572
"""The advisory lock of migrations on PostgreSQL ("exer"): one number, since one database holds one schema of ours."""
_TABLE = "alembic_version"
_log = structlog.get_logger(__name__)


class UnknownSchema(RuntimeError):
    """The database's revision is none of ours: another program's database, or a damaged one."""


def revision_of(connection: Connection) -> str | None:
    """The schema's revision; None where nothing is there yet."""
    if not inspect(connection).has_table(_TABLE):
        return None
    return connection.execute(text(f"SELECT version_num FROM {_TABLE}")).scalar()  # noqa: S608  # a constant


def needs_migration(revision: str | None) -> bool:
    """Whether this version has to add to the schema. A newer one is recognised by its number, said in the log, and left alone.

    Raises UnknownSchema for a revision that is not a number.
    """
    if revision is not None and not (revision.isdecimal() and len(revision) == len(HEAD)):
        raise UnknownSchema(
            f"The database's schema has the revision {revision!r}, which is none of exercise-cds: give it a database of its own."
        )
    if revision is not None and revision > HEAD:
        _log.warning("schema_newer_than_this_version", schema=revision)
    return revision is None or revision < HEAD


def migrate(connection: Connection) -> None:
    """Upgrade to HEAD inside the caller's transaction, which holds the lock to its end.

    On SQLite the transaction began IMMEDIATE; on PostgreSQL the lock is taken here and released by commit or by the loss of the connection.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        # an index on a large table takes longer than a request may wait
        connection.execute(text("SET LOCAL statement_timeout = 0"))
    before = revision_of(connection)
    if not needs_migration(before):
        return
    # alembic costs 70 ms and 9 MB: only a start that migrates pays for them
    from alembic import command  # noqa: PLC0415  # see above

    command.upgrade(_config(connection), "head")
    _log.info("schema_migrated", schema=HEAD)


def _config(connection: Connection) -> Config:
    from alembic.config import Config  # noqa: PLC0415  # as in migrate

    config = Config()
    config.set_main_option("script_location", "exercise_cds.records:migrations")
    config.attributes["connection"] = connection
    return config
