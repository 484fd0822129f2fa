"""What a pack offers to a plain patient: one whom it is about, and of whom nothing is recorded but how long and how bad the pain is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exercise_cds.engine import Alone
from exercise_cds.model.facts import FALSE, TRUE, Fact, Known, NotRecorded
from exercise_cds.model.kinds import KINDS, ValueType
from exercise_cds.model.normal import negation_normal
from exercise_cds.model.pack import FactSpec, RulePack
from exercise_cds.model.tree import Op, leaves
from exercise_cds.rulepack.lint.states import WHOLE_NUMBERS, numbers_of, range_of


@dataclass(frozen=True, slots=True)
class Band:
    """Numbers of one fact for which a pack's rules on it answer alike; `number` stands for them, None is "not recorded"."""

    words: str
    number: float | None
    low: float = 0.0
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Offered:
    """The table: what is offered in each band of the first fact (rows) and of the second (columns)."""

    rows: tuple[Band, ...]
    columns: tuple[Band, ...]
    programs: tuple[tuple[tuple[str, ...], ...], ...]


def fact_of_kind(pack: RulePack, kind: str) -> FactSpec | None:
    """The fact of a kind that the offering rules ask about most; None where none does."""
    asked: dict[str, int] = {}
    for rule in pack.rules:
        for tree in rule.conditions:
            for leaf in leaves(tree):
                if leaf.fact in pack.facts and pack.facts[leaf.fact].kind == kind:
                    asked[leaf.fact] = asked.get(leaf.fact, 0) + 1
    return pack.facts[max(asked, key=lambda name: asked[name])] if asked else None


def bands(pack: RulePack, spec: FactSpec) -> tuple[Band, ...]:
    """The bands into which the pack's questions cut a fact, and "not recorded"."""
    asked = [leaf for rule in pack.rules for tree in rule.conditions for leaf in leaves(tree) if leaf.fact == spec.name]
    least, most = range_of(spec)
    whole = spec.kind in WHOLE_NUMBERS
    # Where an answer can change: at the number itself (at least, below), or just above it (more than, at most).
    starts = {least}
    for leaf in asked:
        above = leaf.op in (Op.ABOVE, Op.AT_MOST)
        starts |= {number + (1 if whole else spec.step) if above else number for number in numbers_of([leaf])}
    inside = sorted(start for start in starts if least <= start <= most and start < 10_000)
    found = []
    for start, after in zip(inside, [*inside[1:], None], strict=True):
        end = None if after is None else after - 1 if whole else after
        found.append(Band(_words(start, end, whole=whole), start, start, after))
    return (*found, Band("not recorded", None))


def _words(start: float, end: float | None, *, whole: bool) -> str:
    if end is None:
        return f"{start:g} and more"
    if whole:
        return f"{start:g}" if start == end else f"{start:g} to {end:g}"
    return f"{start:g} to under {end:g}"


def plain_facts(pack: RulePack) -> dict[str, Fact]:
    """Nothing in the chart but what the gate asks for."""
    wanted = {leaf.fact for leaf in leaves(negation_normal(pack.about)) if leaf.op is Op.TRUE}
    return {
        name: NotRecorded() if KINDS[spec.kind].value is not ValueType.YES_NO else TRUE if name in wanted else FALSE
        for name, spec in pack.facts.items()
    }


def offered(pack: RulePack, length: FactSpec, severity: FactSpec | None) -> Offered:
    """The decision table. The patient is an adult, so that the age stands in nobody's way."""
    alone, service = Alone(pack), next(iter(pack.services))
    facts = plain_facts(pack)
    facts |= {name: Known(40.0) for name, spec in pack.facts.items() if spec.kind == "age"}
    rows = bands(pack, length)
    columns: Sequence[Band] = bands(pack, severity) if severity is not None else (Band("", None),)

    def at(row: Band, column: Band) -> tuple[str, ...]:
        here = dict(facts)
        for spec, band in ((length, row), (severity, column)):
            if spec is not None:
                here[spec.name] = NotRecorded() if band.number is None else Known(band.number)
        decision = alone.decide(service, alone.readings(service, here))
        return tuple(offer.program for offer in decision.offered)

    return Offered(rows, tuple(columns), tuple(tuple(at(row, column) for column in columns) for row in rows))
