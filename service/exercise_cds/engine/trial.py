"""A pack tried against the boundary values of its own conditions, before a serving process touches it.

It is meant to run in a child process with a time limit: what durable-rules does wrong, it does by killing or by never coming back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from exercise_cds.engine.conditions import AskedFact, asked_facts
from exercise_cds.engine.durable import DurableFailed
from exercise_cds.engine.engine import Engine, ServiceEngine
from exercise_cds.model.decision import Outcome
from exercise_cds.model.facts import FALSE, TRUE, Bounds, Cause, Fact, InDoubt, Known, NotRecorded
from exercise_cds.model.kinds import ValueType
from exercise_cds.model.pack import FactSpec, RulePack
from exercise_cds.model.tree import Op

_DOUBT = InDoubt(Cause.NOT_OBTAINED, "tried out")
_OTHER_WORD = "a word that no condition asks for"


@dataclass(frozen=True, slots=True)
class Trial:
    """How many charts were tried, and in sentences what went wrong; no fault means that the pack may be served."""

    charts: int
    faults: tuple[str, ...]


def _numbers(fact: AskedFact) -> list[float]:
    operands = (leaf.value if isinstance(leaf.value, tuple) else (leaf.value,) for leaf in fact.leaves if leaf.op is not Op.KNOWN)
    return sorted({float(number) for operand in operands for number in operand if not isinstance(number, str)})


def _words(fact: AskedFact) -> list[str]:
    operands = (leaf.value if isinstance(leaf.value, tuple) else (leaf.value,) for leaf in fact.leaves)
    return sorted({word for operand in operands for word in operand if isinstance(word, str)})


def boundary_values(fact: AskedFact, spec: FactSpec | None) -> list[Fact]:
    """Values on, just below and just above everything that conditions ask of a fact, and all ways of not knowing it. Best known first."""
    unknown: list[Fact] = [NotRecorded(), _DOUBT]
    if fact.type is ValueType.WORD:
        return [*(Known(word) for word in _words(fact)), Known(_OTHER_WORD), *unknown]
    if fact.type is not ValueType.NUMBER:
        return [TRUE, FALSE, *unknown]
    step = spec.step if spec else 1.0
    numbers = _numbers(fact)
    exact = sorted({near for number in numbers for near in (number + step, number, number - step)}, reverse=True)
    within = ((number, None) for number in numbers), ((None, number) for number in numbers), ((n - step, n + step) for n in numbers)
    return [*(Known(number) for number in exact), *(Bounds(*ends) for ends in chain(*within)), *unknown]


def _found_nothing(fact: AskedFact, values: Sequence[Fact]) -> Fact:
    """No finding, the smallest number, a word that nobody asks for."""
    return FALSE if fact.type in (ValueType.YES_NO, None) else [value for value in values if isinstance(value, Known)][-1]


def charts(facts: Sequence[AskedFact], specs: dict[str, FactSpec]) -> Iterator[dict[str, Fact]]:
    """Charts in which everything, or nothing, is found, recorded or obtained; and each of them with one fact at each of its boundaries."""
    values = {fact.name: boundary_values(fact, specs.get(fact.name)) for fact in facts}
    everything = {name: of_fact[0] for name, of_fact in values.items()}
    nothing = {fact.name: _found_nothing(fact, values[fact.name]) for fact in facts}
    unrecorded: dict[str, Fact] = dict.fromkeys(values, NotRecorded())
    unobtained: dict[str, Fact] = dict.fromkeys(values, _DOUBT)
    for base in (everything, nothing, unrecorded, unobtained):
        yield base
        for name, of_fact in values.items():
            for value in of_fact:
                yield base | {name: value}


def _faults(service_id: str, service: ServiceEngine, chart: dict[str, Fact]) -> list[str]:
    try:
        faults = [f"{service_id}: {name}: only the {engine} says true" for name, engine in service.differing(chart).items()]
    except DurableFailed as failure:
        return [f"{service_id}: {failure}"]
    if not faults and service.decide(chart).outcome is Outcome.RULE_ERROR:
        faults.append(f"{service_id}: the engines agree, and the decision says that they do not")
    return faults


def try_out(pack: RulePack) -> Trial:
    """Compile a pack and put the boundary charts of every service to both engines. Never raises for what it is there to find."""
    tried = 0
    faults: dict[str, None] = {}
    specs = dict(pack.facts)
    try:
        engine = Engine(pack)
    except DurableFailed as refused:
        return Trial(0, (str(refused),))
    with engine:
        for service_id in pack.services:
            service = engine.service(service_id)
            for chart in charts(asked_facts(service.plan.conditions), specs):
                tried += 1
                faults |= dict.fromkeys(_faults(service_id, service, chart))
    return Trial(tried, tuple(faults))
