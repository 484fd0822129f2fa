"""What a report asks the database: it counts there, in groups, and streams the groups.

The cards of a period are counted with all feedback that they ever got. Several entries of one card count once: a card is *accepted* if any
entry accepted it, otherwise *overridden*, with the reason of its newest entry. Order and repetition therefore change nothing (CH-129).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Subquery,
    and_,
    case,
    func,
    literal_column,
    or_,
    select,
    type_coerce,
)

from exercise_cds.records.feedback import card_is_known
from exercise_cds.records.period import Period
from exercise_cds.records.schema import DAY, cards, contexts, decisions, feedback, packs, processes, verdicts

_AT_ONCE = 2_000
LATENCY_STEP = 10
"""Microseconds: latencies are counted in steps of this size."""


@dataclass(frozen=True, slots=True)
class Context:
    """Where answers were given."""

    service: str
    hook: str
    issuer: str
    tenant: str
    pack: str
    version: str
    digest: str
    silent: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was answered. `cards` by position: the rule ("" for the program card) and its programs."""

    outcome: str
    fired: tuple[str, ...]
    offered: tuple[str, ...]
    withheld: tuple[tuple[str, str, str], ...]
    cards: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was made of one group of cards.

    `outcome`: accepted, overridden or "" (without feedback). `reason`: (system, code) of the newest entry of an overridden card, or None.
    `several`: there is more than one entry; `both`: accepting and overriding ones.
    """

    outcome: str
    reason: tuple[str, str] | None
    several: bool
    both: bool


@dataclass(frozen=True, slots=True)
class CardGroup:
    """Equal cards with equal judgement, in answers of one context: the card's rule, its programs, the rules that fired, and how many."""

    context: int
    rule: str
    programs: tuple[str, ...]
    fired: tuple[str, ...]
    judgement: Judgement
    count: int


@dataclass(frozen=True, slots=True)
class Listing:
    """A pack that was served: titles by id, and which rules are silent."""

    digest: str
    pack: str
    version: str
    rules: dict[str, str]
    silent: frozenset[str]
    programs: dict[str, str]


def contexts_by_id(connection: Connection) -> dict[int, Context]:
    """All contexts: a few dozen."""
    names = list(Context.__dataclass_fields__)
    rows = connection.execute(select(contexts)).mappings()
    return {row["id"]: Context(**{name: row[name] for name in names}) for row in rows}


def answers(connection: Connection, period: Period) -> Iterator[tuple[int, Verdict, int]]:
    """(context, verdict, number of answers)."""
    grouped = (
        select(decisions.c.context, decisions.c.verdict, func.count().label("answers"))
        .where(*period.of(decisions.c.at))
        .group_by(decisions.c.context, decisions.c.verdict)
        .subquery()
    )
    query = select(grouped.c.context, grouped.c.answers, *_VERDICT).join(verdicts, verdicts.c.id == grouped.c.verdict)
    for context, count, *verdict in _stream(connection, query):
        yield context, _verdict(verdict), count


def given_cards(connection: Connection, period: Period) -> Iterator[CardGroup]:
    """Cards, with what was made of them."""
    judged = _judged()
    keys = (
        *(decisions.c.context, decisions.c.verdict, cards.c.position),
        *(judged.c[name] for name in ("outcome", "reason_system", "reason_code", "several", "both")),
    )
    theirs = and_(judged.c.card == cards.c.card, judged.c.issuer == contexts.c.issuer, judged.c.tenant == contexts.c.tenant)
    joined = cards.join(decisions, _OWN).join(contexts, contexts.c.id == decisions.c.context).outerjoin(judged, theirs)
    grouped = select(*keys, func.count().label("cards")).select_from(joined).where(*period.of(decisions.c.at))
    counted = grouped.group_by(*keys).subquery()
    columns = [counted.c[name] for name in ("context", "position", "outcome", "reason_system", "reason_code", "several", "both", "cards")]
    query = select(*columns, *_VERDICT).join(verdicts, verdicts.c.id == counted.c.verdict)
    for context, position, outcome, system, code, several, both, count, *texts in _stream(connection, query):
        judgement = Judgement(outcome or "", (system or "", code) if code else None, bool(several), bool(both))
        verdict = _verdict(texts)
        rule, programs = verdict.cards[position]
        yield CardGroup(context, rule, programs, verdict.fired, judgement, count)


def days(connection: Connection, period: Period) -> Iterator[tuple[int, int, int, int]]:
    """(context, UTC day since 1970, answers, cards)."""
    day = _whole(decisions.c.at, DAY).label("day")
    query = (
        select(decisions.c.context, day, func.count(), func.sum(verdicts.c.card_count))
        .join(verdicts, verdicts.c.id == decisions.c.verdict)
        .where(*period.of(decisions.c.at))
        .group_by(decisions.c.context, day)
    )
    for context, number, count, given in _stream(connection, query):
        yield context, int(number), count, int(given)


def judged_days(connection: Connection, period: Period) -> Iterator[tuple[int, int, str, int]]:
    """(context, UTC day since 1970, accepted or overridden, number of cards given on that day)."""
    judged = _judged()
    day = _whole(decisions.c.at, DAY).label("day")
    query = select(decisions.c.context, day, judged.c.outcome, func.count()).select_from(_theirs(judged))
    grouped = query.where(*period.of(decisions.c.at)).group_by(decisions.c.context, day, judged.c.outcome)
    for context, number, outcome, count in _stream(connection, grouped):
        yield context, int(number), outcome, count


def accepted_programs(connection: Connection, period: Period) -> Iterator[tuple[int, frozenset[str]]]:
    """(context, programs accepted) for each accepted card: the union of what its entries accepted."""
    query = (
        select(feedback.c.card, feedback.c.accepted, decisions.c.context, cards.c.position, cards.c.suggestions, verdicts.c.cards)
        .select_from(_theirs(feedback))
        .join(verdicts, verdicts.c.id == decisions.c.verdict)
        .where(feedback.c.outcome == "accepted", *period.of(decisions.c.at))
        .order_by(feedback.c.card)
    )
    current, where, taken = "", 0, set[str]()
    for card, accepted, context, position, suggestions, given in _stream(connection, query):
        if card != current:
            if current:
                yield where, frozenset(taken)
            current, where, taken = card, context, set()
        programs = orjson.loads(given)[position][1]
        uuids = set(orjson.loads(accepted))
        taken.update(program for uuid, program in zip(orjson.loads(suggestions), programs, strict=True) if uuid in uuids)
    if current:
        yield where, frozenset(taken)


def unknown_feedback(connection: Connection, period: Period) -> list[tuple[str, str, int]]:
    """(issuer, tenant, entries on cards that were never given to this client)."""
    client = (feedback.c.issuer, feedback.c.tenant)
    query = select(*client, func.count()).where(~card_is_known(), *period.of(feedback.c.received_at)).group_by(*client)
    return [(issuer, tenant, count) for issuer, tenant, count in connection.execute(query)]


def latencies(connection: Connection, period: Period, stage: str) -> list[tuple[int, int]]:
    """(microseconds rounded down to a step, number of answers), ascending."""
    step = _whole(decisions.c[f"{stage}_us"], LATENCY_STEP).label("step")
    query = select(step, func.count()).where(decisions.c[f"{stage}_us"].is_not(None), *period.of(decisions.c.at)).group_by(step)
    return sorted((int(each) * LATENCY_STEP, count) for each, count in connection.execute(query))


def listings(connection: Connection) -> dict[str, Listing]:
    """Packs that were ever served, by digest."""
    found = {}
    for row in connection.execute(select(packs)).mappings():
        rules = orjson.loads(row["rules"])
        found[row["digest"]] = Listing(
            digest=row["digest"],
            pack=row["pack"],
            version=row["version"],
            rules={rule: title for rule, title, _ in rules},
            silent=frozenset(rule for rule, _, silent in rules if silent),
            programs=dict(orjson.loads(row["programs"])),
        )
    return found


def lost(connection: Connection, period: Period) -> int:
    """Decisions that the processes of the period said they lost."""
    began = [processes.c.started_at < period.until] if period.until else []
    ended = [or_(processes.c.closed_at.is_(None), processes.c.closed_at >= period.since)] if period.since else []
    return int(connection.execute(select(func.coalesce(func.sum(processes.c.lost), 0)).where(*began, *ended)).scalar_one())


_VERDICT = (verdicts.c.outcome, verdicts.c.fired, verdicts.c.offered, verdicts.c.withheld, verdicts.c.cards)


def _verdict(texts: list[str]) -> Verdict:
    outcome, fired, offered, withheld, given = texts
    return Verdict(
        outcome,
        tuple(orjson.loads(fired)),
        tuple(orjson.loads(offered)),
        tuple((program, rule, why) for program, rule, why in orjson.loads(withheld)),
        tuple((rule, tuple(programs)) for rule, programs in orjson.loads(given)),
    )


def _judged() -> Subquery:
    """One row per card that has feedback: see the module's first lines."""
    one_card = (feedback.c.card, feedback.c.issuer, feedback.c.tenant)
    accepting_first = case((feedback.c.outcome == "accepted", 0), else_=1)
    order = (accepting_first, feedback.c.outcome_at.desc(), feedback.c.entry)
    ranked = select(
        *one_card,
        feedback.c.outcome,
        case((feedback.c.outcome == "overridden", feedback.c.reason_system)).label("reason_system"),
        case((feedback.c.outcome == "overridden", feedback.c.reason_code)).label("reason_code"),
        func.row_number().over(partition_by=one_card, order_by=order).label("place"),
        case((func.count().over(partition_by=one_card) > 1, 1), else_=0).label("several"),
        (func.max(accepting_first).over(partition_by=one_card) - func.min(accepting_first).over(partition_by=one_card)).label("both"),
    ).subquery()
    return select(ranked).where(ranked.c.place == 1).subquery()


_OWN = and_(decisions.c.process == cards.c.process, decisions.c.sequence == cards.c.sequence)


def _theirs(entries: FromClause) -> FromClause:
    """Feedback entries with the cards of that client."""
    same = and_(contexts.c.id == decisions.c.context, contexts.c.issuer == entries.c.issuer, contexts.c.tenant == entries.c.tenant)
    return entries.join(cards, cards.c.card == entries.c.card).join(decisions, _OWN).join(contexts, same)


def _whole(column: ColumnElement[Any], unit: int) -> ColumnElement[int]:
    """How many whole units; the unit stands in the text, so that PostgreSQL sees what it groups by."""
    return type_coerce(column, BigInteger).op("/")(literal_column(str(unit)))


def _stream(connection: Connection, query: Select[Any]) -> Iterator[Any]:
    yield from connection.execution_options(yield_per=_AT_ONCE).execute(query)
