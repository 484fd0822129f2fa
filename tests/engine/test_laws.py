"""Laws 1 and 3 as properties: random packs, random charts, every doubt resolved in every way that chance finds."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from builders import packs
from builders.random_packs import DOUBT, PROGRAMS, random_fact, random_facts, random_node, random_pack, random_rule
from exercise_cds.engine import Alone, Engine
from exercise_cds.model.decision import Decision, Gate, Outcome
from exercise_cds.model.facts import Fact, InDoubt
from exercise_cds.model.pack import RulePack

SEEDS = range(12)
PACKS_A_SEED = 25
CHARTS_A_PACK = 12


def decide_all(made: RulePack, charts: list[dict[str, Fact]]) -> list[Decision]:
    """The decisions of one pack for many charts."""
    with Engine(made) as engine:
        return [engine.decide(packs.SERVICE, chart) for chart in charts]


def offers(decision: Decision) -> set[str]:
    """Programs offered, the fallback not counted."""
    return {one.program for one in decision.offered if not one.fallback}


def doubtful_facts(random: Random) -> dict[str, Fact]:
    """A chart of which much could not be looked at."""
    return {name: DOUBT if random.random() < 0.3 else fact for name, fact in random_facts(random).items()}


def resolved(random: Random, facts: dict[str, Fact]) -> dict[str, Fact]:
    """The same chart had everything been obtained: each fact in doubt turns out somehow, or is not recorded."""

    def turned_out(name: str, fact: Fact) -> Fact:
        while isinstance(fact, InDoubt):
            fact = random_fact(random, name)
        return fact

    return {name: turned_out(name, fact) for name, fact in facts.items()}


@pytest.mark.parametrize("seed", SEEDS)
def test_adding_a_withholding_rule_never_adds_an_offer(seed: int) -> None:
    """Whatever a further rule withholds, nothing is offered that was not offered before, save the pack's fallback."""
    random = Random(seed)  # noqa: S311  (a seed tells a failure again)
    for _ in range(PACKS_A_SEED):
        before = random_pack(random)
        taking = packs.withhold(*random.sample(PROGRAMS, 2), loads=random.sample(("extension", "rotation"), 1))
        added = packs.rule("added", random_node(random, 2), random_node(random, 1), withholds=[taking])
        charts = [doubtful_facts(random) for _ in range(CHARTS_A_PACK)]
        after = replace(before, rules=(*before.rules, added))
        for less, more in zip(decide_all(before, charts), decide_all(after, charts), strict=True):
            new = {one.program for one in more.offered} - {one.program for one in less.offered}
            assert new <= {one.program for one in more.offered if one.fallback}


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_offered_blind_would_be_offered_with_full_sight(seed: int) -> None:
    """Had all been obtained, whatever it said, every program offered now would be offered, save the fallback and what is in place."""
    random = Random(1000 + seed)  # noqa: S311  (a seed tells a failure again)
    seen = 0
    for _ in range(PACKS_A_SEED):
        made = random_pack(random)
        blind = [doubtful_facts(random) for _ in range(CHARTS_A_PACK)]
        sighted = [[resolved(random, chart) for _ in range(4)] for chart in blind]
        decisions = decide_all(made, blind)
        for decision, charts in zip(decisions, sighted, strict=True):
            for full in decide_all_open(made, charts) if decision.offered else ():
                seen += 1
                assert offers(decision) <= offers(full) | set(full.in_place)
                steps = {one.program: set(one.steps) for one in full.offered}
                assert all(set(one.steps) <= steps.get(one.program, set(one.steps)) for one in decision.offered if not one.fallback)
    assert seen > 100, "the property was hardly asked"


def decide_all_open(made: RulePack, charts: list[dict[str, Fact]]) -> list[Decision]:
    """The same, with the claim that a gate which was open stays open."""
    found = decide_all(made, charts)
    assert all(decision.about is Gate.OPEN and decision.service_gate is Gate.OPEN for decision in found)
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_silent_rules_change_nothing(seed: int) -> None:
    """A pack with its silent rules and without them decides the same; the silent ones are only reported."""
    random = Random(2000 + seed)  # noqa: S311  (a seed tells a failure again)
    for _ in range(PACKS_A_SEED):
        base = random_pack(random)
        silent = tuple(replace(random_rule(random, f"silent-{number}"), silent=True) for number in range(3))
        mixed = replace(base, rules=(*silent[:1], *base.rules, *silent[1:]))
        charts = [doubtful_facts(random) for _ in range(CHARTS_A_PACK)]
        for without, with_silent in zip(decide_all(base, charts), decide_all(mixed, charts), strict=True):
            reported = tuple(one for one in with_silent.rules if not one.rule.startswith("silent-"))
            assert replace(with_silent, rules=reported) == without
            assert all(not one.speaks and one.withholds is None for one in with_silent.rules if one.rule.startswith("silent-"))


@pytest.mark.parametrize("seed", SEEDS)
def test_random_decisions_keep_the_engines_promises(seed: int) -> None:
    """Both engines agree, nothing withheld is offered, said rules speak, and the outcome fits what is given."""
    random = Random(3000 + seed)  # noqa: S311  (a seed tells a failure again)
    for _ in range(PACKS_A_SEED):
        made = random_pack(random)
        for decision in decide_all(made, [doubtful_facts(random) for _ in range(CHARTS_A_PACK)]):
            assert not decision.disagreement
            assert decision.outcome is not Outcome.RULE_ERROR
            given = {one.program for one in decision.offered}
            assert not given & {one.program for one in decision.withheld}
            assert not given & set(decision.in_place)
            speaks = {one.rule for one in decision.rules if one.speaks}
            assert set(decision.said) <= speaks
            assert {rule for rule, _ in decision.notes} <= speaks
            assert {by for one in decision.offered for by in one.offered_by} <= speaks
            silent = not decision.offered and not decision.said and not decision.in_place
            assert silent or decision.outcome in (Outcome.ADVISED, Outcome.WITHHELD, Outcome.DATA_UNOBTAINABLE)
            assert decision.outcome is not Outcome.ADVISED or not silent


@pytest.mark.parametrize("seed", SEEDS)
def test_our_evaluator_alone_decides_as_both_engines_do(seed: int) -> None:
    """What mutation asks of our evaluator alone, condition by condition, is what the serving engine decides."""
    random = Random(4000 + seed)  # noqa: S311  (a seed tells a failure again)
    for _ in range(PACKS_A_SEED):
        made = random_pack(random)
        charts = [doubtful_facts(random) for _ in range(CHARTS_A_PACK)]
        alone = Alone(made)
        assert [alone.decide(packs.SERVICE, alone.readings(packs.SERVICE, chart)) for chart in charts] == decide_all(made, charts)
