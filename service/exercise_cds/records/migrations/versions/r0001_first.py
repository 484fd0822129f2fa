"""The first schema: decisions, cards, feedback, used tokens, packs, audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the tables."""
    _create_processes_contexts_verdicts()
    _create_decisions()
    _create_feedback()
    _create_the_rest()


def _create_processes_contexts_verdicts() -> None:
    op.create_table(
        "processes",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("release", sa.Text, nullable=False),
        sa.Column("assigned", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("lost", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("removed", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("closed_at", sa.BigInteger),
    )
    op.create_table(
        "contexts",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("service", "hook", "issuer", "tenant", "pack", "version", "digest")),
        sa.Column("silent", sa.Boolean, nullable=False),
    )
    op.create_table(
        "verdicts",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("outcome", "fired", "offered", "withheld", "cards")),
        sa.Column("card_count", sa.Integer, nullable=False),
    )


def _create_decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("process", NUMBER, sa.ForeignKey("processes.id"), primary_key=True, autoincrement=False),
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("decision_id", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("context", sa.BigInteger, sa.ForeignKey("contexts.id"), nullable=False),
        sa.Column("verdict", sa.BigInteger, sa.ForeignKey("verdicts.id"), nullable=False),
        *(sa.Column(f"{stage}_us", sa.Integer) for stage in ("read", "facts", "engine", "cards", "total")),
        sa.Column("facts_digest", sa.Text, nullable=False),
        sa.Column("key_id", sa.Text),
        sa.Column("patient_key", sa.LargeBinary),
        sa.Column("user_key", sa.LargeBinary),
    )
    has_patient = sa.text("patient_key IS NOT NULL")
    op.create_index("decisions_at", "decisions", ["at"])
    op.create_index("decisions_patient_key", "decisions", ["patient_key"], sqlite_where=has_patient, postgresql_where=has_patient)
    op.create_table(
        "cards",
        sa.Column("process", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("card", sa.Text, nullable=False),
        sa.Column("suggestions", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["process", "sequence"], ["decisions.process", "decisions.sequence"]),
    )
    op.create_index("cards_card", "cards", ["card"], unique=True)


def _create_feedback() -> None:
    op.create_table(
        "feedback",
        sa.Column("entry", sa.LargeBinary, primary_key=True),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("issuer", "tenant", "service", "card", "outcome")),
        sa.Column("outcome_at", sa.BigInteger, nullable=False),
        sa.Column("accepted", sa.Text, nullable=False),
        *(sa.Column(name, sa.Text) for name in ("reason_system", "reason_code", "comment")),
    )
    op.create_index("feedback_card", "feedback", ["card"])
    op.create_index("feedback_received_at", "feedback", ["received_at"])
    op.create_table(
        "tokens",
        sa.Column("token", sa.LargeBinary, primary_key=True),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
    )
    op.create_index("tokens_expires_at", "tokens", ["expires_at"])


def _create_the_rest() -> None:
    op.create_table(
        "packs",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("pack", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("first_served_at", sa.BigInteger, nullable=False),
        sa.Column("rules", sa.Text, nullable=False),
        sa.Column("programs", sa.Text, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
    )
