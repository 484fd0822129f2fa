"""Could not look is not the same as not there: what is offered blind would be offered with full sight (law 3)."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from exercise_cds.cds_service import Serving, prepare
from exercise_cds.model.decision import Why
from laws.patients import ask, every_shard, patients, serving, without_words, wordless

BLINDABLE = ("Condition", "Procedure", "MedicationRequest", "ServiceRequest", "Observation", "CarePlan")


@every_shard
def test_what_is_offered_blind_would_be_offered_with_full_sight(shard: int) -> None:
    """Take away any resource types: nothing new is offered, save the fallback and what is already under way."""
    for one in patients(shard):
        patient, random = one.patient, one.chance
        sighted = one.decision if not patient.missing else ask(replace(patient, missing=frozenset()), with_=wordless()).decision
        blind = ask(replace(patient, missing=frozenset(random.sample(BLINDABLE, random.randrange(1, 5)))), with_=wordless()).decision
        offered = {offer.program for offer in sighted.offered} | set(sighted.in_place)
        added = {offer.program for offer in blind.offered if not offer.fallback} - offered
        alone = {serving().pack.if_nothing_left} if blind.offered and all(offer.fallback for offer in blind.offered) else set()
        assert added - alone == set(), patient


@cache
def without_referrals() -> Serving:
    """The shipped pack, no rule of which offers the fallback by itself: there it is seen at work."""
    pack = serving().pack
    rules = tuple(
        replace(rule, offers=tuple(replace(offer, programs=left) for offer in rule.offers if (left := _others(offer.programs))))
        for rule in pack.rules
    )
    return without_words(prepare(replace(pack, rules=rules), named_services=frozenset(pack.services)))


def _others(programs: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(program for program in programs if program != serving().pack.if_nothing_left)


@every_shard
def test_doubts_alone_never_bring_the_fallback(shard: int) -> None:
    """The referral that stands in where everything is withheld is there only where rules that fired withhold all that was offered."""
    met = 0
    offers = {rule.id: {program for offer in rule.offers for program in offer.programs} for rule in without_referrals().pack.rules}
    for one in patients(shard):
        decision = ask(one.patient, with_=without_referrals()).decision
        if any(offer.fallback for offer in decision.offered):
            met += 1
            wanted = set[str]().union(*(offers[rule.rule] for rule in decision.rules if rule.speaks))
            assert wanted <= {held.program for held in decision.withheld if held.why is Why.FIRED}, one.patient
    assert met > 0
