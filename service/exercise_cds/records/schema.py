"""The tables: every column that is kept, and nothing else (law 7). docs/operators/data-inventory.md says why each is there.

A pack has few distinct answers: a million decisions share some thousands of them. So what was answered (`verdicts`) and where
(`contexts`) are kept once, under a number made from their content, and a decision is a short row that points to both. Reports group
by two integers instead of by texts. Lists stand as JSON text: both databases keep and group them alike.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    text,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DAY = 86_400_000_000
"""Microseconds of one UTC day."""
STAGES = ("read", "facts", "engine", "cards", "total")
"""The stages whose time is kept; the names of `DecisionRecord.milliseconds`."""


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970 in UTC; `moment` knows its offset. The caller's clock decides, never the database's."""
    return (moment - EPOCH) // MICROSECOND


def moment(count: int) -> datetime:
    """The reverse of `microseconds`."""
    return EPOCH + count * MICROSECOND


class Moment(TypeDecorator[datetime]):
    """An instant as microseconds since 1970, UTC: one meaning on both databases, and cheap to cut into days."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:  # noqa: ARG002  # SQLAlchemy hands it over
        """To the database."""
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, dialect: Any) -> datetime | None:  # noqa: ARG002  # SQLAlchemy hands it over
        """From the database."""
        return None if value is None else moment(value)


SCHEMA = MetaData()
NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""A primary key that counts itself: SQLite does so for INTEGER only."""

processes = Table(
    "processes",
    SCHEMA,
    Column("id", NUMBER, primary_key=True),
    Column("started_at", Moment, nullable=False),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("release", Text, nullable=False),
    Column("assigned", BigInteger, nullable=False, server_default="0"),
    Column("lost", BigInteger, nullable=False, server_default="0"),
    Column("removed", BigInteger, nullable=False, server_default="0"),
    Column("closed_at", Moment),
)
"""Each process that wrote decisions: it numbers them from 1, so `assigned` less those present, lost and removed are missing."""

contexts = Table(
    "contexts",
    SCHEMA,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("service", Text, nullable=False),
    Column("hook", Text, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("pack", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("silent", Boolean, nullable=False),
)
"""Where an answer was given: service, client, pack."""

verdicts = Table(
    "verdicts",
    SCHEMA,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("outcome", Text, nullable=False),
    Column("fired", Text, nullable=False),
    Column("offered", Text, nullable=False),
    Column("withheld", Text, nullable=False),
    Column("cards", Text, nullable=False),
    Column("card_count", Integer, nullable=False),
)
"""What was answered: `fired` and `offered` are ids, `withheld` is [program, rule, why], `cards` is [rule, [programs]] by position."""

_HAS_PATIENT = text("patient_key IS NOT NULL")
decisions = Table(
    "decisions",
    SCHEMA,
    Column("process", NUMBER, ForeignKey("processes.id"), primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("decision_id", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("context", BigInteger, ForeignKey("contexts.id"), nullable=False),
    Column("verdict", BigInteger, ForeignKey("verdicts.id"), nullable=False),
    *(Column(f"{stage}_us", Integer) for stage in STAGES),
    Column("facts_digest", Text, nullable=False),
    Column("key_id", Text),
    Column("patient_key", LargeBinary),
    Column("user_key", LargeBinary),
    Index("decisions_at", "at"),
    Index("decisions_patient_key", "patient_key", sqlite_where=_HAS_PATIENT, postgresql_where=_HAS_PATIENT),
)
"""One row for each answered request. The two keys are pseudonyms (pseudonyms.py), and null where the site gave no key."""

cards = Table(
    "cards",
    SCHEMA,
    Column("process", NUMBER, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("card", Text, nullable=False),
    Column("suggestions", Text, nullable=False),
    ForeignKeyConstraint(["process", "sequence"], ["decisions.process", "decisions.sequence"]),
    Index("cards_card", "card", unique=True),
)
"""One row for each card of an answer. Its rule and programs stand in `verdicts.cards` at `position`; suggestions in the programs' order."""

feedback = Table(
    "feedback",
    SCHEMA,
    Column("entry", LargeBinary, primary_key=True),
    Column("received_at", Moment, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("card", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("outcome_at", Moment, nullable=False),
    Column("accepted", Text, nullable=False),
    Column("reason_system", Text),
    Column("reason_code", Text),
    Column("comment", Text),
    Index("feedback_card", "card"),
    Index("feedback_received_at", "received_at"),
)
"""One row for each distinct entry that a client reported; never changed. `entry` is a digest of what makes it distinct."""

tokens = Table(
    "tokens",
    SCHEMA,
    Column("token", LargeBinary, primary_key=True),
    Column("expires_at", Moment, nullable=False),
    Index("tokens_expires_at", "expires_at"),
)
"""Tokens already used, as digests of (issuer, jti), until they expire (SEC-10)."""

packs = Table(
    "packs",
    SCHEMA,
    Column("digest", Text, primary_key=True),
    Column("pack", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("first_served_at", Moment, nullable=False),
    Column("rules", Text, nullable=False),
    Column("programs", Text, nullable=False),
)
"""Packs that were served: `rules` is [id, title, silent], `programs` is [id, title]: how a report knows what never happened."""

audit = Table(
    "audit",
    SCHEMA,
    Column("id", NUMBER, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("action", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("details", Text, nullable=False),
)
"""Who exported, reported, purged, backed up or removed what, and when."""
