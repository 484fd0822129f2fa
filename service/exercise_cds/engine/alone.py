"""Our evaluator alone, one condition at a time: for asking thousands of times what would be if one leaf were otherwise.

It serves nobody: what is served is decided by both engines (`engine.py`), and a test says that the two decide alike. Conditions are not
merged here, so that one of them can be read anew without the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exercise_cds.engine.conditions import ABOUT, ALWAYS, SERVICE_GATE, PlannedRule
from exercise_cds.engine.offers import Offers
from exercise_cds.engine.outcome import outcome_at_the_gates
from exercise_cds.engine.readings import gate_of, outcome_of, read
from exercise_cds.engine.weighing import weighed
from exercise_cds.model.decision import Decision
from exercise_cds.model.facts import Facts
from exercise_cds.model.normal import NEVER, negation_normal
from exercise_cds.model.pack import RulePack
from exercise_cds.model.tree import Node


@dataclass(frozen=True, slots=True)
class Slots:
    """What one service asks, condition by condition: the two gates, `when` and `unless` of every rule, and what is in place."""

    conditions: tuple[Node, ...]
    rules: tuple[PlannedRule, ...]
    in_place: Mapping[str, int]


def slots(pack: RulePack, service: str) -> Slots:
    """The conditions of a service, as the author wrote them. Raises KeyError where the pack has no such service."""
    conditions: list[Node] = [pack.about, pack.services[service].when or ALWAYS]
    rules = []
    for rule in pack.rules_of(service):
        rules.append(PlannedRule(rule, len(conditions), len(conditions) + 1))
        conditions += [rule.when, NEVER if rule.unless is None else rule.unless]
    offered = {program for one in rules for offer in one.rule.offers for program in offer.programs} | {pack.if_nothing_left}
    in_place = {}
    for name, program in pack.programs.items():
        if program.in_place_if is not None and name in offered:
            in_place[name] = len(conditions)
            conditions.append(program.in_place_if)
    return Slots(tuple(conditions), tuple(rules), in_place)


def read_condition(condition: Node, facts: Facts) -> int:
    """One condition's reading, by the plain walk."""
    return read(negation_normal(condition), facts)


class Alone:
    """A pack's decisions from readings."""

    def __init__(self, pack: RulePack) -> None:
        self._offers = Offers(pack)
        self._slots = {name: slots(pack, name) for name in pack.services}
        self._normal = {name: tuple(map(negation_normal, mine.conditions)) for name, mine in self._slots.items()}

    def slots(self, service: str) -> Slots:
        """What a service asks."""
        return self._slots[service]

    def readings(self, service: str, facts: Facts) -> tuple[int, ...]:
        """The reading of every condition of a service."""
        return tuple([read(condition, facts) for condition in self._normal[service]])

    def decide(self, service: str, readings: Sequence[int]) -> Decision:
        """The decision that these readings come to."""
        about, gate = readings[ABOUT], readings[SERVICE_GATE]
        outcome = outcome_at_the_gates(about, gate)
        if outcome is not None:
            return Decision(outcome, gate_of(about), gate_of(gate))
        mine = self._slots[service]
        outcomes = [outcome_of(one.rule.id, readings[one.when], readings[one.unless], silent=one.rule.silent) for one in mine.rules]
        return weighed(mine.rules, outcomes, readings, self._offers, in_place=mine.in_place)
