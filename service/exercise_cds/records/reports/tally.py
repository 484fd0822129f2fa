"""Everything that a report counts, from the groups that the database streams. Plain numbers: what may be shown is decided later."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from sqlalchemy import Connection

from exercise_cds.records.period import Period
from exercise_cds.records.reports import queries
from exercise_cds.records.reports.queries import CardGroup, Context, Listing, Verdict
from exercise_cds.records.schema import STAGES

PROGRAM_CARD = ""
"""The rule id of the card that gathers programs."""


@dataclass(slots=True)
class Judged:
    """Cards of one kind: how many were returned, and what was made of them. CDS Hooks never says whether a card was seen."""

    returned: int = 0
    accepted: int = 0
    overridden: int = 0
    acceptable: bool = False
    """Whether any of them had a suggestion: only suggestions can be accepted (CH-128)."""

    @property
    def silent(self) -> int:
        """Without feedback."""
        return self.returned - self.accepted - self.overridden

    def add(self, outcome: str, count: int) -> None:
        """Count cards with this outcome ("" is none)."""
        self.returned += count
        self.accepted += count if outcome == "accepted" else 0
        self.overridden += count if outcome == "overridden" else 0


@dataclass(slots=True)
class ProgramFate:
    """One program's suggestions: taken; not taken though another of the card was; declined with the card; or without feedback."""

    returned: int = 0
    accepted: int = 0
    passed_over: int = 0
    overridden: int = 0

    @property
    def silent(self) -> int:
        """Without feedback."""
        return self.returned - self.accepted - self.passed_over - self.overridden


@dataclass(slots=True)
class Place:
    """What one service, client or pack version did."""

    answers: int = 0
    cards: Judged = field(default_factory=Judged)


@dataclass(slots=True)
class Tally:
    """All counts of a period. Clients whose mode is silent are counted apart: nobody saw their cards."""

    answers: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    fired: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """By pack digest: rule -> answers in which it fired."""
    answers_by_digest: Counter[str] = field(default_factory=Counter)
    silent_fired: Counter[str] = field(default_factory=Counter)
    offered: Counter[str] = field(default_factory=Counter)
    withheld: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(program, rule, why) -> answers."""
    cards: dict[str, dict[str, Judged]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(Judged)))
    """By pack digest: rule whose card it is -> cards."""
    behind: dict[str, Judged] = field(default_factory=lambda: defaultdict(Judged))
    """Rule -> program cards of the answers in which it fired."""
    programs: dict[str, ProgramFate] = field(default_factory=lambda: defaultdict(ProgramFate))
    reasons: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(rule whose card, system, code) -> overridden cards; code "" where none was given."""
    several: int = 0
    both: int = 0
    services: dict[str, Place] = field(default_factory=lambda: defaultdict(Place))
    clients: dict[tuple[str, str], Place] = field(default_factory=lambda: defaultdict(Place))
    versions: dict[tuple[str, str, str], Place] = field(default_factory=lambda: defaultdict(Place))
    """(pack, version, digest) -> what it did."""
    silent_clients: dict[tuple[str, str], Place] = field(default_factory=lambda: defaultdict(Place))
    days: dict[int, Place] = field(default_factory=lambda: defaultdict(Place))
    client_days: dict[tuple[str, str, int], tuple[int, int]] = field(default_factory=dict)
    """(issuer, tenant, day) -> (answers, cards)."""
    digest_days: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Pack digest -> first and last UTC day on which it answered."""
    unknown: list[tuple[str, str, int]] = field(default_factory=list)
    latencies: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    listings: dict[str, Listing] = field(default_factory=dict)
    lost: int = 0


def take(connection: Connection, period: Period) -> Tally:
    """Count a period."""
    tally = Tally()
    contexts = queries.contexts_by_id(connection)
    for number, verdict, count in queries.answers(connection, period):
        _count_answers(tally, contexts[number], verdict, count)
    for group in queries.given_cards(connection, period):
        _count_cards(tally, contexts[group.context], group)
    for number, taken in queries.accepted_programs(connection, period):
        if not contexts[number].silent:
            for program in taken:
                tally.programs[program].accepted += 1
                tally.programs[program].passed_over -= 1
    for number, day, count, given in queries.days(connection, period):
        _count_day(tally, contexts[number], day, count, given)
    for number, day, outcome, count in queries.judged_days(connection, period):
        if not contexts[number].silent:
            judged = tally.days[day].cards
            judged.accepted += count if outcome == "accepted" else 0
            judged.overridden += count if outcome == "overridden" else 0
    tally.unknown = queries.unknown_feedback(connection, period)
    tally.latencies = {stage: queries.latencies(connection, period, stage) for stage in STAGES}
    tally.listings = queries.listings(connection)
    tally.lost = queries.lost(connection, period)
    return tally


def _places(tally: Tally, context: Context) -> tuple[Place, ...]:
    return (
        tally.services[context.service],
        tally.clients[context.issuer, context.tenant],
        tally.versions[context.pack, context.version, context.digest],
    )


def _count_answers(tally: Tally, context: Context, verdict: Verdict, count: int) -> None:
    if context.silent:
        tally.silent_clients[context.issuer, context.tenant].answers += count
        for rule in verdict.fired:
            tally.silent_fired[rule] += count
        return
    tally.answers += count
    tally.outcomes[verdict.outcome] += count
    tally.answers_by_digest[context.digest] += count
    for place in _places(tally, context):
        place.answers += count
    fired = tally.fired[context.digest]
    for rule in verdict.fired:
        fired[rule] += count
    for program in verdict.offered:
        tally.offered[program] += count
    for withheld in verdict.withheld:
        tally.withheld[withheld] += count


def _count_cards(tally: Tally, context: Context, group: CardGroup) -> None:
    if context.silent:
        tally.silent_clients[context.issuer, context.tenant].cards.returned += group.count
        return
    judgement, count = group.judgement, group.count
    judged = tally.cards[context.digest][group.rule]
    judged.add(judgement.outcome, count)
    judged.acceptable = judged.acceptable or bool(group.programs)
    for place in _places(tally, context):
        place.cards.add(judgement.outcome, count)
    tally.several += count if judgement.several else 0
    tally.both += count if judgement.both else 0
    if judgement.outcome == "overridden":
        system, code = judgement.reason or ("", "")
        tally.reasons[group.rule, system, code] += count
    if group.rule == PROGRAM_CARD:
        for behind in group.fired:
            tally.behind[behind].add(judgement.outcome, count)
            tally.behind[behind].acceptable = True
    for program in group.programs:
        fate = tally.programs[program]
        fate.returned += count
        fate.overridden += count if judgement.outcome == "overridden" else 0
        # until its suggestion is found among the accepted ones (in `take`)
        fate.passed_over += count if judgement.outcome == "accepted" else 0


def _count_day(tally: Tally, context: Context, day: int, count: int, given: int) -> None:
    first, last = tally.digest_days.get(context.digest, (day, day))
    tally.digest_days[context.digest] = min(first, day), max(last, day)
    if context.silent:
        return
    tally.days[day].answers += count
    tally.days[day].cards.returned += given
    key = (context.issuer, context.tenant, day)
    answers, cards = tally.client_days.get(key, (0, 0))
    tally.client_days[key] = answers + count, cards + given
