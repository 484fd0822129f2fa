"""Could not look is not the same as not there: what is offered blind would be offered with full sight (law 3)."""

from __future__ import annotations

from dataclasses import replace

from laws.patients import ask, every_shard, patients, serving

BLINDABLE = ("Condition", "Procedure", "MedicationRequest", "ServiceRequest", "Observation", "CarePlan")


@every_shard
def test_what_is_offered_blind_would_be_offered_with_full_sight(shard: int) -> None:
    """Take away any resource types: nothing new is offered, save the fallback and what is already under way."""
    for patient, random in patients(shard):
        sighted = ask(replace(patient, missing=frozenset()))
        blind = ask(replace(patient, missing=frozenset(random.sample(BLINDABLE, random.randrange(1, 5)))))
        offered = {offer.program for offer in sighted.decision.offered} | set(sighted.decision.in_place)
        added = {offer.program for offer in blind.decision.offered if not offer.fallback} - offered
        assert (
            added - {serving().pack.if_nothing_left if blind.decision.offered and all(o.fallback for o in blind.decision.offered) else ""}
            == set()
        )


@every_shard
def test_doubts_alone_never_bring_the_fallback(shard: int) -> None:
    """The referral that stands in where everything is withheld is never there because something could not be checked."""
    for patient, _ in patients(shard):
        seen = ask(patient)
        if any(offer.fallback for offer in seen.decision.offered):
            fired = {held.program for held in seen.decision.withheld if held.why.value == "fired"}
            assert fired, patient
