"""Why: every rule of a service explained for one set of facts, for `explain`, the workbench and the pack's tests.

Made on demand by the plain reading (`model.kleene`), not by what decides, and held against it by a property test. Everything is a frozen
dataclass; `as_json` spells it for programs. Values of the chart stand in it: it is shown to whoever asked, never logged (law 7).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import Any

from exercise_cds.engine.misses import Miss, nearest_miss
from exercise_cds.model.decision import Decision, RuleOutcome, Truth
from exercise_cds.model.facts import Bounds, Evidence, Fact, Facts, InDoubt, Known, NotRecorded, Scalar
from exercise_cds.model.kleene import FactMissing, evaluate, leaf_truth
from exercise_cds.model.pack import Rule, RulePack
from exercise_cds.model.tree import AllOf, Always, AnyOf, Leaf, Named, Node, Not, Op, Operand


@dataclass(frozen=True, slots=True)
class LeafTrace:
    """One question, and the fact that answered it.

    `state` is "known", "within bounds", "not recorded" or "in doubt". `in_doubt` and `left_open` are the two sorts of unknown that
    count for withholding (law 3).
    """

    fact: str
    op: Op
    value: Operand
    setting: str | None
    state: str
    answer: Scalar | None = None
    least: float | None = None
    most: float | None = None
    why: str = ""
    evidence: tuple[Evidence, ...] = ()
    remarks: tuple[str, ...] = ()
    in_doubt: bool = False
    left_open: bool = False


@dataclass(frozen=True, slots=True)
class NodeTrace:
    """One node of a condition as the author wrote it. `kind` is all, any, not, named, always or leaf; `name` that of a named condition."""

    kind: str
    truth: Truth
    parts: tuple[NodeTrace, ...] = ()
    name: str = ""
    leaf: LeafTrace | None = None


@dataclass(frozen=True, slots=True)
class RuleTrace:
    """One rule. `outcome` is None where the gates kept the rule from being evaluated; its tree is shown all the same."""

    rule: str
    title: str
    where: str
    silent: bool
    outcome: RuleOutcome | None
    when: NodeTrace
    unless: NodeTrace | None
    miss: Miss | None


@dataclass(frozen=True, slots=True)
class Trace:
    """A decision, explained: the gates, every rule of the service in file order, and what is already in place."""

    service: str
    decision: Decision
    about: NodeTrace
    gate: NodeTrace | None
    rules: tuple[RuleTrace, ...]
    in_place: Mapping[str, NodeTrace]


def _trace_leaf(leaf: Leaf, fact: Fact) -> NodeTrace:
    truth = leaf_truth(leaf, fact)

    def answered(state: str, **found: Any) -> NodeTrace:
        traced = LeafTrace(leaf.fact, leaf.op, leaf.value, leaf.setting, state, evidence=fact.evidence, **found)
        return NodeTrace("leaf", truth, leaf=traced)

    match fact:
        case Known(value, _, remarks):
            return answered("known", answer=value, remarks=remarks)
        case Bounds(least, most, _, remarks):
            return answered("within bounds", least=least, most=most, remarks=remarks, left_open=truth is Truth.UNKNOWN)
        case NotRecorded(remarks):
            return answered("not recorded", remarks=remarks)
        case InDoubt(cause, why):
            return answered("in doubt", why=f"{cause.value}: {why}" if why else cause.value, in_doubt=True)


def trace_node(node: Node, facts: Facts) -> NodeTrace:
    """A condition with the truth of every node. Raises FactMissing."""
    match node:
        case Leaf():
            if node.fact not in facts:
                raise FactMissing(node.fact)
            return _trace_leaf(node, facts[node.fact])
        case AllOf(parts) | AnyOf(parts):
            kind = "all" if isinstance(node, AllOf) else "any"
            return NodeTrace(kind, evaluate(node, facts), tuple(trace_node(part, facts) for part in parts))
        case Not(part):
            return NodeTrace("not", evaluate(node, facts), (trace_node(part, facts),))
        case Named(name, part):
            return NodeTrace("named", evaluate(node, facts), (trace_node(part, facts),), name=name)
        case Always():
            return NodeTrace("always", Truth.TRUE)


def _trace_rule(rule: Rule, facts: Facts, pack: RulePack, outcome: RuleOutcome | None) -> RuleTrace:
    return RuleTrace(
        rule=rule.id,
        title=rule.title,
        where=str(rule.where),
        silent=rule.silent,
        outcome=outcome,
        when=trace_node(rule.when, facts),
        unless=None if rule.unless is None else trace_node(rule.unless, facts),
        miss=nearest_miss(rule, facts, pack.facts),
    )


def explain(pack: RulePack, service: str, facts: Facts, decision: Decision) -> Trace:
    """Explain a decision of this pack for these facts."""
    outcomes = {outcome.rule: outcome for outcome in decision.rules}
    gate = pack.services[service].when
    rules = pack.rules_of(service)
    offered = {program for rule in rules for offer in rule.offers for program in offer.programs} | {pack.if_nothing_left}
    in_place = {name: program.in_place_if for name, program in pack.programs.items() if program.in_place_if is not None and name in offered}
    return Trace(
        service=service,
        decision=decision,
        about=trace_node(pack.about, facts),
        gate=None if gate is None else trace_node(gate, facts),
        rules=tuple(_trace_rule(rule, facts, pack, outcomes.get(rule.id)) for rule in rules),
        in_place={name: trace_node(condition, facts) for name, condition in in_place.items()},
    )


def as_json(value: object) -> Any:
    """A trace, or any part of it, in dicts, lists, texts and numbers. Truth is spelled "true", "false", "unknown"."""
    if isinstance(value, Truth):
        return value.name.lower()
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: as_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): as_json(one) for key, one in value.items()}
    if isinstance(value, (tuple, list, set, frozenset)):
        return [as_json(one) for one in value]
    return value
