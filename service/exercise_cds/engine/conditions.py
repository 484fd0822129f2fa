"""The conditions of a service in the plain form that both engines compile: negation at the leaves, no names, equal ones once.

Both engines start from the same plain trees (law 5: one tree, many readings) and share nothing after that. A rule's `when` and `unless`,
the gates and every program's `in_place_if` are numbered conditions; what a decision asks of an engine is which numbers are true.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite

from exercise_cds.model.kinds import ValueType
from exercise_cds.model.normal import NEVER, negation_normal
from exercise_cds.model.pack import Rule, RulePack
from exercise_cds.model.tree import AllOf, Always, AnyOf, Leaf, Named, Node, Not, Op, Operand, leaves
from exercise_cds.model.where import NOWHERE

ALWAYS = Always()
ABOUT = 0
"""The number of the pack's gate in every service's conditions."""
SERVICE_GATE = 1
"""The number of the service's own gate; `always` where it has none."""

NUMBER_OPS = frozenset({Op.AT_LEAST, Op.AT_MOST, Op.ABOVE, Op.BELOW})
RANGE_OPS = frozenset({Op.BETWEEN, Op.OUTSIDE})
VALUE_OPS = frozenset({Op.IS, Op.IS_NOT})
AMONG_OPS = frozenset({Op.ONE_OF, Op.NONE_OF})


class UnfitCondition(ValueError):
    """A leaf that no author's file can hold: its operand does not fit its operator. The loader's checks come first; this is the last."""

    def __init__(self, leaf: Leaf, needs: str) -> None:
        super().__init__(f"{leaf.where}: {leaf.fact}: `{leaf.op}` needs {needs}.")


def _number(leaf: Leaf, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
        raise UnfitCondition(leaf, "a finite number")
    return float(value)


def _among(leaf: Leaf, values: object) -> Operand:
    if not isinstance(values, tuple) or not values:
        raise UnfitCondition(leaf, "at least one word or number")
    if all(isinstance(value, str) for value in values):
        return tuple(sorted(set(values)))
    return tuple(sorted({_number(leaf, value) for value in values}))


def _operand(leaf: Leaf) -> Operand:
    """The operand in one spelling: numbers as floats, sets sorted, yes/no as the operator says."""
    if leaf.op in NUMBER_OPS:
        return _number(leaf, leaf.value)
    if leaf.op in RANGE_OPS:
        match leaf.value:
            case (low, high) if _number(leaf, low) <= _number(leaf, high):
                return (_number(leaf, low), _number(leaf, high))
        raise UnfitCondition(leaf, "two numbers, the lower one first")
    if leaf.op in VALUE_OPS:
        return leaf.value if isinstance(leaf.value, str) else _number(leaf, leaf.value)
    if leaf.op in AMONG_OPS:
        return _among(leaf, leaf.value)
    if leaf.op is Op.KNOWN and not isinstance(leaf.value, bool):
        raise UnfitCondition(leaf, "true or false")
    return leaf.value if leaf.op is Op.KNOWN else leaf.op is Op.TRUE


def _joined(parts: tuple[Node, ...], kind: type[AllOf | AnyOf]) -> Node:
    """One `all` or `any` of plain parts: nested ones of its kind merged, repeated ones once, what decides alone alone."""
    neutral, decisive = (ALWAYS, NEVER) if kind is AllOf else (NEVER, ALWAYS)
    kept: dict[Node, None] = {}
    for part in parts:
        if part == decisive:
            return decisive
        inner = part.parts if isinstance(part, kind) else (part,)
        kept.update(dict.fromkeys(one for one in inner if one != neutral))
    if len(kept) == 1:
        return next(iter(kept))
    return kind(tuple(kept)) if kept else neutral


def _plain(node: Node) -> Node:
    match node:
        case Leaf():
            return Leaf(node.fact, node.op, _operand(node), where=NOWHERE)
        case AllOf(parts):
            return _joined(tuple(_plain(part) for part in parts), AllOf)
        case AnyOf(parts):
            return _joined(tuple(_plain(part) for part in parts), AnyOf)
        case Named(_, part):
            return _plain(part)
        case Always():
            return ALWAYS
        case Not():
            raise ValueError("negation_normal leaves no `not`")


def plain(node: Node) -> Node:
    """The condition as both engines compile it: Kleene-equal to the author's. Raises UnfitCondition."""
    return _plain(negation_normal(node))


def value_type(leaf: Leaf) -> ValueType | None:
    """What a leaf takes its fact to be; None for `known`, which asks of every type."""
    if leaf.op is Op.KNOWN:
        return None
    if leaf.op in (Op.TRUE, Op.FALSE):
        return ValueType.YES_NO
    sample = leaf.value[0] if isinstance(leaf.value, tuple) else leaf.value
    return ValueType.WORD if isinstance(sample, str) else ValueType.NUMBER


@dataclass(frozen=True, slots=True)
class AskedFact:
    """One fact and every distinct question that the conditions ask of it. `type` is None where only `known` is asked."""

    name: str
    type: ValueType | None
    leaves: tuple[Leaf, ...]


def asked_facts(conditions: Iterable[Node]) -> tuple[AskedFact, ...]:
    """The facts that plain conditions read, in the order in which they are first asked. One fact has one type, or UnfitCondition."""
    asked: dict[str, dict[Leaf, None]] = {}
    types: dict[str, ValueType] = {}
    for condition in conditions:
        for leaf in leaves(condition):
            asked.setdefault(leaf.fact, {})[leaf] = None
            kind = value_type(leaf)
            if kind is not None and types.setdefault(leaf.fact, kind) is not kind:
                raise UnfitCondition(leaf, f"a {kind}, and another condition takes this fact for a {types[leaf.fact]}")
    return tuple(AskedFact(name, types.get(name), tuple(found)) for name, found in asked.items())


@dataclass(frozen=True, slots=True)
class PlannedRule:
    """A rule of a service and the numbers of its conditions; a rule without `unless` has the number of `never`."""

    rule: Rule
    when: int
    unless: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What one service asks: its conditions by number, and who asks them. Two services that ask the same have equal plans."""

    conditions: tuple[Node, ...]
    rules: tuple[PlannedRule, ...]
    in_place: Mapping[str, int]
    """Program -> the condition under which it is already under way; only programs that this service may offer."""

    @property
    def gates(self) -> tuple[Node, ...]:
        """The conditions that are read first: ABOUT and SERVICE_GATE."""
        return self.conditions[:2]


class _Numbers:
    """Conditions get numbers in the order in which they are first asked; the two gates are never merged with a rule's condition."""

    def __init__(self, *gates: Node) -> None:
        self.conditions = [plain(gate) for gate in gates]
        self._numbers: dict[Node, int] = {}

    def of(self, node: Node) -> int:
        form = plain(node)
        if form not in self._numbers:
            self._numbers[form] = len(self.conditions)
            self.conditions.append(form)
        return self._numbers[form]


def plan(pack: RulePack, service: str) -> Plan:
    """The plan of one service of the pack. Raises KeyError where the pack has no such service."""
    numbers = _Numbers(pack.about, pack.services[service].when or ALWAYS)
    rules = tuple(
        PlannedRule(rule, numbers.of(rule.when), numbers.of(rule.unless if rule.unless is not None else NEVER))
        for rule in pack.rules_of(service)
    )
    offered = {program for one in rules for offer in one.rule.offers for program in offer.programs} | {pack.if_nothing_left}
    in_place = {
        name: numbers.of(program.in_place_if)
        for name, program in pack.programs.items()
        if name in offered and program.in_place_if is not None
    }
    return Plan(tuple(numbers.conditions), rules, in_place)
