"""Whether the records are whole: the database's own checks, rows without those they belong to, gaps in the numbers of each process."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, and_, func, select, text

from exercise_cds.records.connection import pragma
from exercise_cds.records.feedback import card_is_known
from exercise_cds.records.schema import cards, contexts, decisions, feedback, processes, verdicts
from exercise_cds.records.store import Store

_SHOWN = 20
"""Lines of the database's own check, and processes with gaps, that are shown."""


@dataclass(frozen=True, slots=True)
class Verification:
    """`broken` is damage; `notes` is what an operator should know: gaps, losses, unknown cards, and how much there is."""

    broken: tuple[str, ...]
    notes: tuple[str, ...]


def verify(store: Store) -> Verification:
    """Read everything once. Raises StoreUnreachable, also where a file is too damaged to be read."""
    broken = _integrity(store)
    notes = []
    with store.reading() as connection:
        for sentence, query in _ORPHANS.items():
            if found := connection.execute(query).scalar_one():
                broken.append(f"{found} {sentence}")
        notes += _how_much(connection)
        notes += _gaps(connection)
    return Verification(tuple(broken), tuple(notes))


def _integrity(store: Store) -> list[str]:
    if store.is_sqlite:
        with store.maintaining() as connection:
            said = [str(row[0]) for row in pragma(connection, f"integrity_check({_SHOWN})")]
            said += [
                f"a row of {row[0]} refers to a row of {row[2]} that is not there"
                for row in pragma(connection, "foreign_key_check")[:_SHOWN]
            ]
        return [line for line in said if line != "ok"]
    with store.reading() as connection:
        invalid = connection.execute(text("SELECT count(*) FROM pg_index WHERE NOT indisvalid")).scalar_one()
    return [f"{invalid} indexes are not valid: REINDEX them"] if invalid else []


_ORPHANS = {
    "decisions without their context": select(func.count())
    .select_from(decisions.outerjoin(contexts, contexts.c.id == decisions.c.context))
    .where(contexts.c.id.is_(None)),
    "decisions without their verdict": select(func.count())
    .select_from(decisions.outerjoin(verdicts, verdicts.c.id == decisions.c.verdict))
    .where(verdicts.c.id.is_(None)),
    "cards without their decision": select(func.count())
    .select_from(cards.outerjoin(decisions, and_(decisions.c.process == cards.c.process, decisions.c.sequence == cards.c.sequence)))
    .where(decisions.c.sequence.is_(None)),
}


def _how_much(connection: Connection) -> list[str]:
    counts = {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in (decisions, cards, feedback)
    }
    unknown = connection.execute(select(func.count()).select_from(feedback).where(~card_is_known())).scalar_one()
    oldest = connection.execute(select(func.min(decisions.c.at))).scalar()
    lines = [f"{counts['decisions']} decisions with {counts['cards']} cards, {counts['feedback']} feedback entries"]
    if oldest is not None:
        lines.append(f"the oldest decision is of {oldest.date().isoformat()}")
    if unknown:
        lines.append(f"{unknown} feedback entries are on cards that the log does not know")
    return lines


def _gaps(connection: Connection) -> list[str]:
    """Numbers that a process gave out, less those that are here, were lost and said so, or were removed."""
    here = select(decisions.c.process, func.count().label("present"), func.max(decisions.c.sequence).label("last"))
    here_by = here.group_by(decisions.c.process).subquery()
    rows = connection.execute(
        select(processes, here_by.c.present, here_by.c.last)
        .outerjoin(here_by, here_by.c.process == processes.c.id)
        .order_by(processes.c.id),
    ).mappings()
    lines = []
    for row in rows:
        name = f"process {row['id']} ({row['host']}, started {row['started_at'].isoformat(timespec='seconds')})"
        assigned = max(row["assigned"], row["last"] or 0)
        missing = assigned - (row["present"] or 0) - row["lost"] - row["removed"]
        if missing > 0:
            lines.append(f"{name}: {missing} decisions are missing and it did not say that it lost them")
        if row["lost"]:
            lines.append(f"{name}: {row['lost']} decisions were lost, and it said so")
        if row["closed_at"] is None:
            lines.append(f"{name}: is running, or ended without closing; what it had queued then is not here")
    return lines
