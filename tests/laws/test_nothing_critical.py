"""Nothing about exercise is ever critical, every card keeps the rules of CDS Hooks, and silence always has its name."""

from __future__ import annotations

from exercise_cds.cards import broken_invariants
from exercise_cds.model.decision import Outcome
from laws.patients import ask, every_shard, patients

SILENT = {Outcome.NOTHING_TO_ADVISE, Outcome.NOT_ENOUGH_DATA, Outcome.NOT_ABOUT_THIS_PATIENT, Outcome.NOT_FOR_THIS_USER}


@every_shard
def test_nothing_about_exercise_is_critical(shard: int) -> None:
    """A critical card suggests nothing, and a card that suggests something is only for information."""
    for patient, _ in patients(shard):
        seen = ask(patient)
        assert broken_invariants({"cards": seen.composed.cards}) == [], patient
        for card in seen.composed.cards:
            assert card["indicator"] == "info" or "suggestions" not in card
        assert (not seen.composed.cards) == (seen.decision.outcome in SILENT or bool(seen.unobtainable)), (patient, seen.decision)
        assert not seen.decision.disagreement
