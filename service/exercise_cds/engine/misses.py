"""The nearest miss of a rule that did not fire: the fewest leaves that kept it, and how far off each was.

"back_pain_days 13, one day short of 14". For `explain` only; it decides nothing. Values of the chart stand in it (law 7).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

from exercise_cds.model.decision import Truth
from exercise_cds.model.facts import Bounds, Fact, Facts, InDoubt, Known, NotRecorded
from exercise_cds.model.kleene import evaluate, leaf_truth
from exercise_cds.model.normal import negation_normal
from exercise_cds.model.pack import FactSpec, Rule
from exercise_cds.model.tree import AllOf, Always, AnyOf, Leaf, Named, Node, Not, Op, Operand


@dataclass(frozen=True, slots=True)
class MissedLeaf:
    """One leaf that would have had to be otherwise. `distance` is in the fact's unit; None where nothing can be measured."""

    fact: str
    op: Op
    value: Operand
    distance: float | None
    words: str


@dataclass(frozen=True, slots=True)
class Miss:
    """The nearest way to a firing: these leaves and no others. `by_unless`: `when` was true, and `unless` kept the rule back."""

    leaves: tuple[MissedLeaf, ...]
    by_unless: bool
    words: str


def shown(number: float) -> str:
    """A number as people write it: 14, 6.6."""
    rounded = round(float(number), 6)
    return str(int(rounded)) if rounded.is_integer() else repr(rounded)


def _amount(distance: float, unit: str) -> str:
    if distance == 1 and unit.endswith("s"):
        return f"one {unit[:-1]}"
    return f"{shown(distance)} {unit}".strip()


def _gap(leaf: Leaf, value: float) -> tuple[float, str, float]:
    """How far an exact number is from making the leaf true: the distance, "short of" or "over" or "from", and the number meant."""
    bounds = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
    numbers = [float(bound) for bound in bounds if not isinstance(bound, str)]
    nearest = min(numbers, key=lambda number: abs(number - value))
    if leaf.op in (Op.AT_LEAST, Op.ABOVE) or (leaf.op is Op.BETWEEN and value < nearest):
        return nearest - value, "short of", nearest
    if leaf.op in (Op.AT_MOST, Op.BELOW, Op.BETWEEN):
        return value - nearest, "over", nearest
    return abs(value - nearest), "from", nearest


def _missed_number(leaf: Leaf, value: float, spec: FactSpec | None) -> MissedLeaf:
    distance, side, number = _gap(leaf, value)
    if distance > 0:
        words = f"{leaf.fact} {shown(value)}, {_amount(distance, spec.unit if spec else '')} {side} {shown(number)}"
    else:
        words = f"{leaf.fact} {shown(value)}, not {leaf.op.replace('_', ' ')} {shown(number)}"
    return MissedLeaf(leaf.fact, leaf.op, leaf.value, distance, words)


def _asked(leaf: Leaf) -> str:
    """The leaf's question in a few words, after the fact's name."""
    if leaf.op in (Op.TRUE, Op.FALSE):
        return "yes" if leaf.op is Op.TRUE else "no"
    values = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
    written = " or ".join(shown(value) if isinstance(value, (int, float)) else value for value in values)
    return written if leaf.op is Op.IS else f"{leaf.op.replace('_', ' ')} {written}"


def _missed(leaf: Leaf, fact: Fact, spec: FactSpec | None) -> MissedLeaf:
    """Why one leaf is not true."""
    if leaf.op is Op.KNOWN:
        words = f"{leaf.fact} is in doubt" if isinstance(fact, InDoubt) else f"{leaf.fact} is {'not ' if leaf.value else ''}recorded"
        return MissedLeaf(leaf.fact, leaf.op, leaf.value, None, words)
    match fact:
        case Known(bool() as value):
            words = f"{leaf.fact} is {'yes' if value else 'no'}"
        case Known(str() as value):
            words = f"{leaf.fact} is {value}, asked for {_asked(leaf)}"
        case Known(value):
            return _missed_number(leaf, float(value), spec)
        case Bounds(least, most):
            ends = (("at least", least), ("at most", most))
            span = " and ".join(f"{side} {shown(end)}" for side, end in ends if end is not None)
            words = f"{leaf.fact} is {span}, asked for {_asked(leaf)}"
        case NotRecorded():
            words = f"{leaf.fact} is not recorded"
        case InDoubt(cause, why):
            words = f"{leaf.fact} is in doubt: {why or cause.value}"
    return MissedLeaf(leaf.fact, leaf.op, leaf.value, None, words)


class _Search:
    """The search for the fewest leaves; among as few, the smallest distance, counted in the facts' own steps."""

    def __init__(self, facts: Facts, specs: Mapping[str, FactSpec], *, unknown_will_do: bool) -> None:
        self._facts = facts
        self._specs = specs
        self._enough = (Truth.TRUE, Truth.UNKNOWN) if unknown_will_do else (Truth.TRUE,)

    def missing(self, node: Node) -> tuple[MissedLeaf, ...] | None:
        """The leaves that would have to change for the condition (negation at the leaves) to come true; None if nothing would do."""
        match node:
            case Leaf():
                fact = self._facts[node.fact]
                return () if leaf_truth(node, fact) in self._enough else (_missed(node, fact, self._specs.get(node.fact)),)
            case AllOf(parts):
                needed: dict[MissedLeaf, None] = {}
                for part in parts:
                    if (one := self.missing(part)) is None:
                        return None
                    needed |= dict.fromkeys(one)
                return tuple(needed)
            case AnyOf(parts):
                ways = [way for part in parts if (way := self.missing(part)) is not None]
                return min(ways, key=self._far, default=None)
            case Named(_, part):
                return self.missing(part)
            case Always():
                return ()
            case Not():
                raise ValueError("push `not` to the leaves first: see model.normal")

    def _far(self, way: tuple[MissedLeaf, ...]) -> tuple[int, float]:
        return len(way), sum(inf if leaf.distance is None else leaf.distance / self._step(leaf.fact) for leaf in way)

    def _step(self, fact: str) -> float:
        return self._specs[fact].step if fact in self._specs else 1.0


def nearest_miss(rule: Rule, facts: Facts, specs: Mapping[str, FactSpec]) -> Miss | None:
    """What kept a rule from firing; None for a rule that fired, and for one that no chart can make fire."""
    when = _Search(facts, specs, unknown_will_do=False).missing(negation_normal(rule.when))
    if when is None:
        return None
    unless: tuple[MissedLeaf, ...] | None = ()
    if rule.unless is not None and evaluate(rule.unless, facts) is Truth.TRUE:
        unless = _Search(facts, specs, unknown_will_do=True).missing(negation_normal(rule.unless, negate=True))
    if unless is None or not (when or unless):
        return None
    leaves = (*when, *unless)
    return Miss(leaves, by_unless=not when, words="; ".join(leaf.words for leaf in leaves))
