"""From the truth of every rule to a Decision: the last step, the same for both engines together and for our evaluator alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exercise_cds.engine.conditions import ABOUT, SERVICE_GATE, PlannedRule
from exercise_cds.engine.offers import Offers
from exercise_cds.engine.outcome import outcome_of_rules, said
from exercise_cds.engine.readings import gate_of
from exercise_cds.model.decision import Decision, Outcome, RuleOutcome


def weighed(  # noqa: PLR0913 - what a decision is made of, by name
    rules: Sequence[PlannedRule],
    outcomes: Sequence[RuleOutcome],
    readings: Sequence[int],
    offers: Offers,
    *,
    in_place: Mapping[str, int],
    differing: Mapping[str, str] | None = None,
    error: str = "",
) -> Decision:
    """The decision. `in_place` is the number of each program's condition; `differing` and `error` are law 4: then nothing is offered."""
    held_back = bool(differing or error)
    active = [(one, outcome) for one, outcome in zip(rules, outcomes, strict=True) if outcome.speaks or outcome.withholds is not None]
    answer = offers.weigh(active, {program: readings[number] for program, number in in_place.items()}, hold_back=held_back)
    cards = said(planned.rule for planned, outcome in active if outcome.speaks)
    return Decision(
        outcome=Outcome.RULE_ERROR if held_back else outcome_of_rules(cards, answer, rules, readings),
        about=gate_of(readings[ABOUT]),
        service_gate=gate_of(readings[SERVICE_GATE]),
        rules=tuple(outcomes),
        said=tuple([rule for rule, _ in cards]),
        offered=answer.offered,
        withheld=answer.withheld,
        in_place=answer.in_place,
        in_place_in_doubt=answer.in_place_in_doubt,
        notes=answer.notes,
        disagreement=differing or {},
        engine_error=error,
    )
