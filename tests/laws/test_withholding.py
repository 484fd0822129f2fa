"""Withholding always wins: adding a rule or a finding that withholds never adds an offer that nobody meant (law 1)."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from random import Random

from exercise_cds.cds_service import Examination, Serving, prepare
from exercise_cds.model.decision import Why
from exercise_cds.model.pack import Rule, Text, Withhold
from exercise_cds.model.tree import Always, Leaf, Node, Op, facts_read
from laws.patients import ask, codes_of, every_shard, patients, serving, specs

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
    programs = frozenset(random.sample(list(pack.programs), random.randrange(0, 6)))
    loads = frozenset(random.sample(["extension", "loaded-flexion", "prone"], 1)) if not programs else frozenset()
    rule = Rule("one-more", "One more", when, None, ("project-decision",), withholds=(Withhold(BECAUSE, programs, loads),))
    return prepare(replace(pack, rules=(*pack.rules, rule)), named_services=frozenset(pack.services))


def offered(seen: Examination) -> set[str]:
    """Program ids; the fallback is not among them."""
    return {offer.program for offer in seen.decision.offered if not offer.fallback}


@every_shard
def test_a_withholding_rule_more_never_adds_an_offer(shard: int) -> None:
    """With any withholding rule added, nothing is offered that was not offered before, save the fallback referral."""
    for number, (patient, _) in enumerate(patients(shard)):
        before, after = ask(patient), ask(patient, with_=with_one_more_rule(number % RULES_TRIED))
        assert offered(after) <= offered(before), patient


@cache
def named_by_rows_that_read(fact: str) -> frozenset[str]:
    """The programs that some rule or gate which reads this fact offers by itself; the fallback among them."""
    pack = serving().pack
    own = {program for rule in pack.rules if fact in _read(rule) for offer in rule.offers for program in offer.programs}
    return frozenset(own | {pack.if_nothing_left or ""})


def _read(rule: Rule) -> frozenset[str]:
    return facts_read(rule.when) | (facts_read(rule.unless) if rule.unless else frozenset())


@every_shard
def test_a_withholding_finding_more_adds_only_what_its_own_rows_name(shard: int) -> None:
    """A finding that some rule withholds for brings no offer but those of rules that ask for that very finding."""
    pack = serving().pack
    withholding = {fact for rule in pack.rules if rule.withholds for fact in _read(rule)}
    episodes = {code for spec in specs("episode") for code in codes_of(spec)}
    findings = [spec for spec in specs("condition") if spec.name in withholding and not episodes.intersection(codes_of(spec))]
    for patient, random in patients(shard):
        code = random.choice(codes_of(random.choice(findings)))
        touched = [spec.name for spec in pack.facts.values() if code in codes_of(spec)]
        given = patient.given | {"conditions": [*patient.given["conditions"], {"code": code, "onset": "3 days ago"}]}
        before, after = ask(patient), ask(replace(patient, given=given))
        allowed = {program for fact in touched for program in named_by_rows_that_read(fact)}
        assert offered(after) - offered(before) <= allowed, (code, given)


@every_shard
def test_what_a_rule_withholds_is_not_offered(shard: int) -> None:
    """No offered program is withheld by any rule, and no step that carries a withheld load is left in it or stands in its order."""
    pack = serving().pack
    rules = {rule.id: rule for rule in pack.rules}
    for patient, _ in patients(shard):
        seen = ask(patient)
        withholds = [held for outcome in seen.decision.rules if outcome.withholds in set(Why) for held in rules[outcome.rule].withholds]
        for offer in seen.decision.offered:
            program = pack.programs[offer.program]
            gone = {
                step.id
                for step in program.steps
                for held in withholds
                if held.loads & step.loads and (not held.within or program.id in held.within)
            }
            assert not any(program.id in held.programs for held in withholds), (program.id, patient)
            assert gone.isdisjoint(offer.steps)
            shown = str([card.get("suggestions") for card in seen.composed.cards])
            left = {step.text for step in program.steps if step.id not in gone}
            assert not any(step.text in shown for step in program.steps if step.id in gone and step.text not in left)
