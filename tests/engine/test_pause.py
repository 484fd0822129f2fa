"""The kill switch as a property: random packs, random charts, random pauses."""

from __future__ import annotations

from random import Random

import pytest

from builders.random_packs import PROGRAMS, random_pack
from engine.test_laws import CHARTS_A_PACK, PACKS_A_SEED, SEEDS, decide_all, doubtful_facts
from exercise_cds.model.decision import Decision
from exercise_cds.model.pack import RulePack
from exercise_cds.rulepack import Pause, paused


def _random_pause(random: Random, pack: RulePack) -> Pause:
    rules = random.sample([rule.id for rule in pack.rules], random.randrange(0, 4))
    programs = random.sample(PROGRAMS, random.randrange(0, 3))
    return Pause(rules=frozenset(rules), programs=frozenset(programs))


def _steps(decision: Decision) -> set[tuple[str, str]]:
    return {(one.program, step) for one in decision.offered for step in one.steps}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_pause_never_offers_more(seed: int) -> None:
    """Whatever is paused, no program and no step is offered that is not offered without the pause; no fallback either."""
    random = Random(4000 + seed)  # noqa: S311  (a seed tells a failure again)
    fewer = 0
    for _ in range(PACKS_A_SEED):
        pack = random_pack(random)
        pause = _random_pause(random, pack)
        after_pause = paused(pack, pause)
        charts = [doubtful_facts(random) for _ in range(CHARTS_A_PACK)]
        for before, after in zip(decide_all(pack, charts), decide_all(after_pause, charts), strict=True):
            assert {one.program for one in after.offered} <= {one.program for one in before.offered}, pause
            assert _steps(after) <= _steps(before), pause
            assert not {one.program for one in after.offered} & after_pause.paused.programs
            fewer += _steps(after) < _steps(before)
    assert fewer > 5, "the property was hardly asked"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_paused_rule_is_still_evaluated(seed: int) -> None:
    """A paused rule's truth is in the decision as before; it says, offers and withholds nothing."""
    random = Random(5000 + seed)  # noqa: S311  (a seed tells a failure again)
    for _ in range(5):
        pack = random_pack(random)
        stopped = random.choice(pack.rules).id
        charts = [doubtful_facts(random) for _ in range(CHARTS_A_PACK)]
        after_pause = paused(pack, Pause(rules=frozenset({stopped})))
        for before, after in zip(decide_all(pack, charts), decide_all(after_pause, charts), strict=True):
            truths = {one.rule: (one.when, one.unless) for one in after.rules}
            assert all(truths[one.rule] == (one.when, one.unless) for one in before.rules)
            assert stopped not in after.said
            assert all(stopped not in one.offered_by for one in after.offered)
            assert all(one.rule != stopped for one in after.withheld)
