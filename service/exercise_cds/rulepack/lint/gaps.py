"""Gaps: numbers of a fact for which no rule offers anything, between numbers for which one does.

Asked of a plain patient: one whom the pack is about and of whom nothing but this number is recorded. Whoever has more in the chart
may be offered something for another reason, and that would hide every gap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exercise_cds.model.decision import Truth
from exercise_cds.model.facts import FALSE, TRUE, Fact, Known, NotRecorded
from exercise_cds.model.kinds import KINDS, ValueType
from exercise_cds.model.kleene import evaluate
from exercise_cds.model.normal import negation_normal
from exercise_cds.model.pack import FactSpec, Rule, RulePack
from exercise_cds.model.tree import Leaf, Op, leaves
from exercise_cds.model.where import Where
from exercise_cds.rulepack.lint.solver import Solver
from exercise_cds.rulepack.lint.states import WHOLE_NUMBERS, cells, numbers_of
from exercise_cds.rulepack.report import Report


def gaps(pack: RulePack, solver: Solver, report: Report) -> None:  # noqa: ARG001 - one signature for all checks
    """Numbers between two offers that no offer covers are said."""
    offering = [rule for rule in pack.rules if rule.offers and not rule.silent]
    plain = _plain_patient(pack)
    if any(_offers(rule, plain) for rule in offering):
        return
    for spec in pack.facts.values():
        named = [leaf for rule in offering for leaf in leaves(rule.when) if leaf.fact == spec.name]
        if named and KINDS[spec.kind].value is ValueType.NUMBER:
            _of_fact(spec, named, offering, plain, report)


def _plain_patient(pack: RulePack) -> dict[str, Fact]:
    wanted = {leaf.fact for leaf in leaves(negation_normal(pack.about)) if leaf.op is Op.TRUE}
    return {
        name: NotRecorded() if KINDS[spec.kind].value is not ValueType.YES_NO else TRUE if name in wanted else FALSE
        for name, spec in pack.facts.items()
    }


def _offers(rule: Rule, facts: dict[str, Fact]) -> bool:
    return evaluate(rule.when, facts) is Truth.TRUE and (rule.unless is None or evaluate(rule.unless, facts) is not Truth.TRUE)


def _of_fact(spec: FactSpec, named: Sequence[Leaf], offering: Sequence[Rule], plain: dict[str, Fact], report: Report) -> None:
    marks = numbers_of(named)
    numbers = cells(spec, marks)
    covered = [any(_offers(rule, plain | {spec.name: Known(number)}) for rule in offering) for number in numbers]
    for first, last in _holes(covered):
        whole = spec.kind in WHOLE_NUMBERS
        low = f"{numbers[first]:g}" if whole or numbers[first] in marks else f"more than {numbers[first - 1]:g}"
        high = f"{numbers[last]:g}" if whole or numbers[last] in marks else f"less than {numbers[last + 1]:g}"
        span = low if low == high else f"{low} to {high}"
        sentence = f"no rule offers anything for {spec.name} {span} where nothing else is recorded"
        report.add("gap-in-offers", _begins(named, numbers[first]), sentence, "let one rule begin where the other ends")


def _begins(named: Sequence[Leaf], number: float) -> Where:
    """Where a rule names the number at which the gap begins, or the one next below it."""
    return max(named, key=lambda leaf: max((one for one in numbers_of([leaf]) if one <= number), default=float("-inf"))).where


def _holes(covered: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """First and last index of each run that is not covered and has something covered on both sides."""
    start = None
    for index, one in enumerate(covered):
        if one and start is not None:
            yield start, index - 1
        start = None if one else start if start is not None else index if any(covered[:index]) else None
