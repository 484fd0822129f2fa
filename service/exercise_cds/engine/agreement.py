"""Law 4: two engines must agree on which conditions are true, on every request."""

from __future__ import annotations

from collections.abc import Sequence

from exercise_cds.engine.conditions import ABOUT, SERVICE_GATE, Plan, PlannedRule
from exercise_cds.engine.readings import AS_IT_STANDS, TRUE
from exercise_cds.model.decision import RuleOutcome, Truth, Why

OURS = "evaluator"
THEIRS = "durable-rules"


def agree(readings: Sequence[int], true_there: set[int]) -> bool:
    """Whether exactly the conditions that are true here are true there. Cheap: it runs on every request.

    What is true as it stands is true in all five readings, so that one value stands for "true".
    """
    for number in true_there:
        if readings[number] != TRUE:
            return False
    return readings.count(TRUE) == len(true_there)


def disagreement(plan: Plan, readings: Sequence[int], true_there: set[int]) -> dict[str, str]:
    """What the engines see differently, and which of them says true. `readings` are those of the plan, or of its gates alone.

    A rule's id stands for its `when`. What is not a rule's `when` is named with a colon, which no rule id holds: "gate: about",
    "gate: service", "unless: <rule>", "in place: <program>".
    """
    asked = {"gate: about": ABOUT, "gate: service": SERVICE_GATE}
    asked |= {one.rule.id: one.when for one in plan.rules}
    asked |= {f"unless: {one.rule.id}": one.unless for one in plan.rules}
    asked |= {f"in place: {program}": number for program, number in plan.in_place.items()}
    return {
        name: THEIRS if number in true_there else OURS
        for name, number in asked.items()
        if number < len(readings) and bool(readings[number] & AS_IT_STANDS) is not (number in true_there)
    }


def outcome_of_either(planned: PlannedRule, ours: RuleOutcome, true_there: set[int]) -> RuleOutcome:
    """A rule where the engines differ somewhere: it fired if either says so, and then its card and its withholding stand."""
    if ours.fired or planned.when not in true_there or planned.unless in true_there:
        return ours
    silent = planned.rule.silent
    return RuleOutcome(planned.rule.id, Truth.TRUE, Truth.FALSE, speaks=not silent, withholds=None if silent else Why.FIRED)
