"""Law 6: every answer has one named outcome, the first that holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from exercise_cds.engine.conditions import PlannedRule
from exercise_cds.engine.offers import Answer
from exercise_cds.engine.readings import AS_IT_STANDS, IF_DOUBT, gate_of, wants_record
from exercise_cds.model.decision import Gate, Outcome
from exercise_cds.model.pack import Indicator, Rule, SaidCard

_SEVERITY = {Indicator.CRITICAL: 0, Indicator.WARNING: 1, Indicator.INFO: 2}


def said(speaking: Iterable[Rule]) -> tuple[tuple[str, SaidCard], ...]:
    """Ids and cards of the rules that speak and have one: most serious first, then file order."""
    cards = [(rule.id, rule.card) for rule in speaking if rule.card is not None]
    return tuple(sorted(cards, key=lambda card: _SEVERITY[card[1].indicator])) if cards else ()


def outcome_at_the_gates(about: int, service: int) -> Outcome | None:
    """The outcome where a gate is not open, from the readings of both; None where both are.

    A closed gate of the service wins over a doubt about the patient: nothing would have been said of this moment anyway, so "could not
    be checked" would only be noise.
    """
    if gate_of(about) is Gate.CLOSED:
        return Outcome.NOT_ABOUT_THIS_PATIENT
    if gate_of(service) is Gate.CLOSED:
        return Outcome.NOT_ENOUGH_DATA if wants_record(service) else Outcome.NOTHING_TO_ADVISE
    if Gate.IN_DOUBT in (gate_of(about), gate_of(service)):
        return Outcome.DATA_UNOBTAINABLE
    return None


def outcome_of_rules(
    cards: Sequence[tuple[str, SaidCard]],
    answer: Answer,
    rules: Sequence[PlannedRule],
    readings: Sequence[int],
) -> Outcome:
    """The outcome where the gates are open and the engines agree."""
    if answer.taken_by_doubt and not answer.offered:
        return Outcome.DATA_UNOBTAINABLE
    warned = any(card.indicator is not Indicator.INFO for _, card in cards)
    if warned or (answer.taken_by_fired and all(offer.fallback for offer in answer.offered)):
        return Outcome.WITHHELD
    if cards or answer.offered or answer.in_place:  # what is under way gets its card too
        return Outcome.ADVISED
    return _outcome_of_silence([(readings[one.when], readings[one.unless]) for one in rules if _has_something_to_say(one.rule)])


def _has_something_to_say(rule: Rule) -> bool:
    """A card or an offer; a note says nothing without one."""
    return not rule.silent and (rule.card is not None or bool(rule.offers))


def _outcome_of_silence(hopeful: Sequence[tuple[int, int]]) -> Outcome:
    """Why nothing was given, from `when` and `unless` of the rules that might have spoken.

    A rule that only what is in doubt keeps from speaking makes it "data unobtainable": silence for want of data is never called
    "nothing to advise".
    """
    kept_by_doubt = wanting = False
    for when, unless in hopeful:
        if unless & AS_IT_STANDS:
            continue
        speaks = when & AS_IT_STANDS and not unless & IF_DOUBT
        kept_by_doubt |= bool(when & IF_DOUBT and not speaks)
        wanting |= wants_record(when)
    if kept_by_doubt:
        return Outcome.DATA_UNOBTAINABLE
    return Outcome.NOT_ENOUGH_DATA if wanting else Outcome.NOTHING_TO_ADVISE
