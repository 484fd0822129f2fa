"""What the cases of a pack have seen: each rule firing and not, each question true and false, each program offered and withheld.

A question that reads a number or a word must have been unknown, too; `known` reads neither.

A question that is written once is one question, however often a named condition brings it in. It counts where it was asked: behind
gates that were open.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from exercise_cds.authoring.mutants import asked
from exercise_cds.authoring.runner import Ran
from exercise_cds.model.decision import Truth
from exercise_cds.model.facts import Facts
from exercise_cds.model.kinds import KINDS, ValueType
from exercise_cds.model.kleene import leaf_truth
from exercise_cds.model.pack import RulePack
from exercise_cds.model.tree import Always, Leaf, Node, Op, leaves
from exercise_cds.model.where import Where


@dataclass(frozen=True, slots=True, order=True)
class Goal:
    """One thing that a case should have seen."""

    where: Where
    sort: str
    """rule, question or program."""
    name: str
    wanted: str

    def __str__(self) -> str:
        return f"{self.where}: the {self.sort} {self.name} is never {self.wanted}"


@dataclass(frozen=True, slots=True)
class Coverage:
    """Every goal, and those that no case reached."""

    goals: tuple[Goal, ...]
    missed: tuple[Goal, ...]

    @property
    def percent(self) -> float:
        """How many of a hundred were reached."""
        return 100.0 if not self.goals else 100 * (len(self.goals) - len(self.missed)) / len(self.goals)


def _questions(nodes: Iterable[Node]) -> dict[Where, Leaf]:
    return {leaf.where: leaf for node in nodes for leaf in leaves(node)}


def _rule_trees(pack: RulePack, service: str) -> list[Node]:
    return [tree for rule in pack.rules_of(service) for tree in rule.conditions]


def _goals(pack: RulePack) -> list[Goal]:
    goals = []
    for rule in pack.rules:
        goals.append(Goal(rule.where, "rule", rule.id, "seen firing"))
        if not isinstance(rule.when, Always) or rule.unless is not None:
            goals.append(Goal(rule.where, "rule", rule.id, "seen not firing"))
    trees = [pack.about, *(one.when for one in pack.services.values() if one.when is not None)]
    trees += [tree for service in pack.services for tree in _rule_trees(pack, service)]
    trees += [program.in_place_if for program in pack.programs.values() if program.in_place_if is not None]
    for where, leaf in _questions(trees).items():
        unknown = KINDS[pack.facts[leaf.fact].kind].value is not ValueType.YES_NO and leaf.op is not Op.KNOWN
        wanted = (Truth.TRUE, Truth.FALSE, Truth.UNKNOWN) if unknown else (Truth.TRUE, Truth.FALSE)
        goals += [Goal(where, "question", f"`{asked(leaf)}`", truth.name.lower()) for truth in wanted]
    for name, program in pack.programs.items():
        goals.append(Goal(program.where, "program", name, "offered"))
        if any(_takes(pack, name)):
            goals.append(Goal(program.where, "program", name, "withheld"))
    return goals


def _takes(pack: RulePack, program: str) -> Iterable[bool]:
    """Whether each rule can withhold the whole program."""
    steps = pack.programs[program].steps
    for rule in pack.rules:
        for withhold in rule.withholds:
            emptied = bool(steps) and all(step.loads & withhold.loads for step in steps)
            yield program in withhold.programs or (emptied and (not withhold.within or program in withhold.within))


def coverage(pack: RulePack, ran: Sequence[Ran]) -> Coverage:
    """What the cases saw, all together; cases that failed count too, for what they asked was asked."""
    goals = _goals(pack)
    reached: set[tuple[str, object, str]] = set()
    for one in ran:
        facts, decision = one.seen.facts, one.seen.decision
        if facts is None:
            continue
        asked_here = [pack.about]
        service = pack.services[one.case.service]
        if service.when is not None:
            asked_here.append(service.when)
        if decision.rules:
            asked_here += _rule_trees(pack, one.case.service)
            asked_here += [program.in_place_if for program in pack.programs.values() if program.in_place_if is not None]
        reached |= _answers(asked_here, facts)
        reached |= {("rule", rule.rule, "seen firing" if rule.fired else "seen not firing") for rule in decision.rules}
        reached |= {("program", offer.program, "offered") for offer in decision.offered}
        reached |= {("program", held.program, "withheld") for held in decision.withheld}
    missed = [goal for goal in goals if (goal.sort, goal.where if goal.sort == "question" else goal.name, goal.wanted) not in reached]
    return Coverage(tuple(goals), tuple(sorted(missed)))


def _answers(nodes: Iterable[Node], facts: Facts) -> set[tuple[str, object, str]]:
    found: set[tuple[str, object, str]] = set()
    for where, leaf in _questions(nodes).items():
        if (fact := facts.get(leaf.fact)) is not None:
            found.add(("question", where, leaf_truth(leaf, fact).name.lower()))
    return found
