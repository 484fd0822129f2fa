"""Withholding always wins: adding a rule that withholds never adds an offer (law 1)."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from random import Random

from exercise_cds.cds_service import Serving, prepare
from exercise_cds.model.decision import Decision
from exercise_cds.model.pack import Rule, Text, Withhold
from exercise_cds.model.tree import Always, Leaf, Node, Op
from laws.patients import ask, every_shard, patients, serving, specs, without_words

BECAUSE = Text("tried by a test", ("tried by a test",))
RULES_TRIED = 24


@cache
def with_one_more_rule(number: int) -> Serving:
    """The shipped pack and one withholding rule more, drawn by chance."""
    random = Random(f"rule {number}")  # noqa: S311 - chance, no secret
    pack = serving().pack
    when: Node = Always()
    if random.random() < 0.8:
        spec = random.choice([*specs("condition"), pack.facts["back_pain_days"], pack.facts["pain_severity"]])
        when = (
            Leaf(spec.name, Op.TRUE, value=True)
            if spec.kind == "condition"
            else Leaf(spec.name, Op.AT_LEAST, float(random.randrange(1, 100)))
        )
    programs = frozenset(random.sample(list(pack.programs), random.randrange(0, 10)))
    loads = frozenset(random.sample(["extension", "loaded-flexion", "prone"], 1)) if not programs else frozenset()
    rule = Rule("one-more", "One more", when, None, ("project-decision",), withholds=(Withhold(BECAUSE, programs, loads),))
    return without_words(prepare(replace(pack, rules=(*pack.rules, rule)), named_services=frozenset(pack.services)))


def offered(decision: Decision) -> set[str]:
    """Program ids; the fallback is not among them."""
    return {offer.program for offer in decision.offered if not offer.fallback}


@every_shard
def test_a_withholding_rule_more_never_adds_an_offer(shard: int) -> None:
    """With any withholding rule added, nothing is offered that was not offered before, save the fallback referral."""
    for number, one in enumerate(patients(shard)):
        after = ask(one.patient, with_=with_one_more_rule(number % RULES_TRIED))
        assert offered(after.decision) <= offered(one.decision), one.patient
