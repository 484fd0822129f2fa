"""Mutants: a pack with one thing changed that an author could have written wrongly. A case that notices it proves that the thing matters.

Every threshold is moved by the fact's step, every operator is turned, every question is asked the other way round, every `all` becomes an
`any` and the reverse; every `unless`, every load and every withholding is dropped. A mutant is said by its place, not by its object: the
same change can be made to the pack as it stands and to the pack with other settings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from exercise_cds.model.normal import contrary
from exercise_cds.model.pack import FactSpec, Rule, RulePack, Withhold
from exercise_cds.model.tree import AllOf, AnyOf, Leaf, Named, Node, Not, Op, every
from exercise_cds.model.where import Where

TURNED = {
    Op.AT_LEAST: (Op.ABOVE, Op.AT_MOST),
    Op.ABOVE: (Op.AT_LEAST, Op.BELOW),
    Op.AT_MOST: (Op.BELOW, Op.AT_LEAST),
    Op.BELOW: (Op.AT_MOST, Op.ABOVE),
}
"""The operator with its end taken in or left out, and the one that looks the other way."""
WHOLE = frozenset({"episode", "age"})
"""Kinds that count whole numbers: there `above 14` is `at_least 15`, which is another mutant already."""


class Sort(StrEnum):
    """What is changed."""

    LEAF = "question"
    GROUP = "all or any"
    OVERRULED = "overruled_by"
    UNLESS = "unless"
    WITHHOLD = "withholding"
    LOAD = "load"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change. `node` changes the condition at `where`; `rule` changes the rule of that name."""

    sort: Sort
    where: Where
    words: str
    node: Callable[[Node], Node] | None = None
    rule: Callable[[Rule], Rule] | None = None
    of: str = ""
    """The rule's id, or the fact whose `overruled_by` it is."""
    fact: str = ""
    """The fact that the changed question is about; "" where it is no question."""


def changed(node: Node, mutant: Mutant) -> Node:
    """The condition with the mutant's change; the very same object where it has nothing to change."""
    match node:
        case Leaf():
            return mutant.node(node) if mutant.node and mutant.sort is not Sort.GROUP and node.where == mutant.where else node
        case AllOf(parts, where) | AnyOf(parts, where):
            if mutant.sort is Sort.GROUP and mutant.node and where == mutant.where:
                return mutant.node(node)
            inner = tuple(changed(part, mutant) for part in parts)
            same = all(new is old for new, old in zip(inner, parts, strict=True))
            return node if same else AllOf(inner, where) if isinstance(node, AllOf) else AnyOf(inner, where)
        case Not(part, where):
            new = changed(part, mutant)
            return node if new is part else Not(new, where)
        case Named(name, part, where):
            new = changed(part, mutant)
            return node if new is part else Named(name, new, where)
        case _:
            return node


def mutated(pack: RulePack, mutant: Mutant) -> RulePack:
    """The whole pack with the change: what cards are composed from."""
    if mutant.rule is not None:
        return replace(pack, rules=tuple(mutant.rule(rule) if rule.id == mutant.of else rule for rule in pack.rules))
    if mutant.sort is Sort.OVERRULED:
        spec = pack.facts[mutant.of]
        assert spec.overruled_by is not None
        overruled = replace(spec.overruled_by, condition=changed(spec.overruled_by.condition, mutant))
        return replace(pack, facts={**pack.facts, mutant.of: replace(spec, overruled_by=overruled)})

    def maybe(node: Node | None) -> Node | None:
        return None if node is None else changed(node, mutant)

    return replace(
        pack,
        about=changed(pack.about, mutant),
        rules=tuple(replace(rule, when=changed(rule.when, mutant), unless=maybe(rule.unless)) for rule in pack.rules),
        services={name: replace(one, when=maybe(one.when)) for name, one in pack.services.items()},
        programs={name: replace(one, in_place_if=maybe(one.in_place_if)) for name, one in pack.programs.items()},
    )


def trees(pack: RulePack) -> Iterator[Node]:
    """Every condition that decides something, named conditions written out."""
    yield pack.about
    yield from (service.when for service in pack.services.values() if service.when is not None)
    for rule in pack.rules:
        yield from rule.conditions
    yield from (program.in_place_if for program in pack.programs.values() if program.in_place_if is not None)


def mutants(pack: RulePack) -> tuple[Mutant, ...]:
    """Every mutant of a pack, in order of place; what is written once is changed once, however often it is named."""
    found: dict[tuple[Sort, Where, str], Mutant] = {}
    for mutant in (*_of_conditions(pack), *_of_rules(pack.rules), *_of_overruled(pack)):
        found.setdefault((mutant.sort, mutant.where, mutant.words), mutant)
    return tuple(sorted(found.values(), key=lambda mutant: (mutant.where, mutant.words)))


def _of_conditions(pack: RulePack) -> Iterator[Mutant]:
    for tree in trees(pack):
        for node in every(tree):
            if isinstance(node, Leaf):
                yield from _of_leaf(node, pack.facts.get(node.fact), Sort.LEAF)
            elif isinstance(node, AllOf | AnyOf) and len(node.parts) > 1:
                was, new = ("all", "any") if isinstance(node, AllOf) else ("any", "all")
                yield Mutant(Sort.GROUP, node.where, f"`{was}` becomes `{new}`", node=_regroup)


def _regroup(node: Node) -> Node:
    match node:
        case AllOf(parts, where):
            return AnyOf(parts, where)
        case AnyOf(parts, where):
            return AllOf(parts, where)
        case _:
            return node


def _of_leaf(leaf: Leaf, spec: FactSpec | None, sort: Sort, of: str = "") -> Iterator[Mutant]:
    def made(words: str, change: Callable[[Leaf], Leaf]) -> Mutant:
        return Mutant(sort, leaf.where, words, node=lambda node: change(node) if isinstance(node, Leaf) else node, of=of, fact=leaf.fact)

    yield made(f"{asked(leaf)} is asked the other way round", contrary)
    if leaf.op in TURNED:
        taken, other = TURNED[leaf.op]
        turns = (other,) if spec is not None and spec.kind in WHOLE else (taken, other)
        for op in turns:
            yield made(f"{asked(leaf)} becomes `{op}`", lambda one, op=op: replace(one, op=op))  # type: ignore[misc]  # op is bound now
    step = spec.step if spec is not None else 1.0
    for by in (-step, step):
        if isinstance(leaf.value, tuple) and leaf.op is Op.BETWEEN:
            yield made(f"{asked(leaf)}: lower end {by:+g}", lambda one, by=by: replace(one, value=_moved(one.value, by, 0.0)))  # type: ignore[misc]
            yield made(f"{asked(leaf)}: upper end {by:+g}", lambda one, by=by: replace(one, value=_moved(one.value, 0.0, by)))  # type: ignore[misc]
        elif isinstance(leaf.value, int | float) and not isinstance(leaf.value, bool):
            yield made(f"{asked(leaf)}: {by:+g}", lambda one, by=by: replace(one, value=round(one.value + by, 9)))  # type: ignore[misc]


def _moved(value: object, low: float, high: float) -> tuple[float, float]:
    assert isinstance(value, tuple)
    return round(float(value[0]) + low, 9), round(float(value[1]) + high, 9)


def asked(leaf: Leaf) -> str:
    """A question as its author writes it."""
    if leaf.op in (Op.TRUE, Op.FALSE):
        return leaf.fact if leaf.op is Op.TRUE else f"not {leaf.fact}"
    value = leaf.setting or (f"{leaf.value:g}" if isinstance(leaf.value, float) else str(leaf.value).lower())
    return f"{leaf.fact} {leaf.op} {value}"


def _of_overruled(pack: RulePack) -> Iterator[Mutant]:
    for spec in pack.facts.values():
        if spec.overruled_by is not None:
            for node in every(spec.overruled_by.condition):
                if isinstance(node, Leaf):
                    yield from _of_leaf(node, pack.facts.get(node.fact), Sort.OVERRULED, spec.name)


def _of_rules(rules: Iterable[Rule]) -> Iterator[Mutant]:
    for rule in rules:
        if rule.unless is not None:
            drop = _without_unless
            yield Mutant(Sort.UNLESS, rule.where, f"{rule.id}: `unless` is dropped", rule=drop, of=rule.id)
        for index, withhold in enumerate(rule.withholds):
            if withhold.programs:
                words = f"{rule.id}: withholding {_listed(withhold.programs)} is dropped"
                yield Mutant(Sort.WITHHOLD, withhold.because.where, words, rule=_without(index, programs=frozenset()), of=rule.id)
            for load in sorted(withhold.loads):
                words = f"{rule.id}: withholding the load {load} is dropped"
                yield Mutant(Sort.LOAD, withhold.because.where, words, rule=_without(index, loads=withhold.loads - {load}), of=rule.id)


def _listed(names: Iterable[str]) -> str:
    shown = sorted(names)
    return ", ".join(shown) if len(shown) < 4 else f"{len(shown)} programs"


def _without_unless(rule: Rule) -> Rule:
    return replace(rule, unless=None)


def _without(index: int, *, programs: frozenset[str] | None = None, loads: frozenset[str] | None = None) -> Callable[[Rule], Rule]:
    """The rule with less to withhold at one place."""

    def change(rule: Rule) -> Rule:
        kept: list[Withhold] = list(rule.withholds)
        one = kept[index]
        kept[index] = replace(one, programs=one.programs if programs is None else programs, loads=one.loads if loads is None else loads)
        return replace(rule, withholds=tuple(kept))

    return change
