"""Nothing about exercise is ever critical, every card keeps the rules of CDS Hooks, and silence always has its name."""

from __future__ import annotations

from exercise_cds.cards import broken_invariants
from exercise_cds.model.decision import Outcome
from exercise_cds.model.pack import Indicator
from laws.patients import every_shard, patients, serving

SILENT = {Outcome.NOTHING_TO_ADVISE, Outcome.NOT_ENOUGH_DATA, Outcome.NOT_ABOUT_THIS_PATIENT, Outcome.NOT_FOR_THIS_USER}


@every_shard
def test_nothing_about_exercise_is_critical(shard: int) -> None:
    """What is said as critical withholds every program, so that nothing is suggested beside it; what suggests is only for information."""
    pack = serving().pack
    critical = {rule.id: rule for rule in pack.rules if rule.card is not None and rule.card.indicator is Indicator.CRITICAL}
    for one in patients(shard):
        for rule in critical.keys() & set(one.decision.said):
            assert any(held.programs == frozenset(pack.programs) for held in critical[rule].withholds), (rule, one.patient)
        cards = one.cards
        assert broken_invariants({"cards": cards}) == [], one.patient
        indicators = {card["indicator"] for card in cards}
        assert indicators <= {"info"} or not any("suggestions" in card for card in cards), one.patient
        assert (not cards) == (one.decision.outcome in SILENT or bool(one.unobtainable)), (one.patient, one.decision)
        assert not one.decision.disagreement
