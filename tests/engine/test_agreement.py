"""Law 4 as a property: on random packs and random charts, durable-rules, our evaluator and Kleene's tables say the same."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders.random_packs import all_true, random_facts, random_node
from exercise_cds.engine.conditions import plain
from exercise_cds.engine.durable import Durable
from exercise_cds.engine.evaluator import compile_readings
from exercise_cds.engine.readings import AS_IT_STANDS, IF_ANYTHING, IF_DOUBT, IF_OPEN, TRUE, read, truth_of
from exercise_cds.model.decision import Truth
from exercise_cds.model.facts import Facts
from exercise_cds.model.kleene import evaluate
from exercise_cds.model.normal import negation_normal
from exercise_cds.model.tree import Node

BATCHES = 10
PACKS_A_BATCH = 100
CHARTS_A_PACK = 105
"""10 x 100 x 105 is 105,000 pairs of a pack and a chart, each of several conditions."""


def random_conditions(random: Random) -> list[Node]:
    """The conditions of a pack: mostly a few, now and then many, some of them deep."""
    return [random_node(random, random.choice((1, 2, 3, 4))) for _ in range(random.choice((2, 4, 6, 6, 8, 40)))]


@pytest.mark.parametrize("batch", range(BATCHES))
def test_both_engines_agree_on_a_hundred_thousand_pairs(batch: int) -> None:
    """Whatever an author writes and a chart says, the same conditions are true in both engines; every tenth pair against Kleene too."""
    random = Random(batch)  # noqa: S311  (a seed tells a failure again)
    for number in range(PACKS_A_BATCH):
        nodes = random_conditions(random)
        conditions = [plain(node) for node in nodes]
        read_all, durable = compile_readings(conditions), Durable(conditions)
        for chart in range(CHARTS_A_PACK):
            facts = all_true(random) if chart % 10 == 0 else random_facts(random)
            readings, true_there = read_all(facts), durable.true_conditions(facts)
            where = (batch, number, chart)
            assert {place for place, reading in enumerate(readings) if reading & AS_IT_STANDS} == true_there, where
            if chart % 10 == 0:
                assert [truth_of(reading) for reading in readings] == [evaluate(node, facts) for node in nodes], where
        durable.close()


@st.composite
def conditions_and_facts(draw: st.DrawFn) -> tuple[Node, Facts]:
    """A condition and a chart, made from a random that hypothesis can shrink."""
    random = draw(st.randoms(use_true_random=False))
    return random_node(random, 3), random_facts(random)


@given(conditions_and_facts())
@settings(max_examples=300, deadline=None)
def test_one_condition_agrees_in_every_reading(pair: tuple[Node, Facts]) -> None:
    """For a single condition the compiled function says all that the plain walk says, and durable-rules says whether it is true."""
    node, facts = pair
    condition = plain(node)
    durable = Durable([condition])
    (reading,) = compile_readings([condition])(facts)
    assert reading == read(condition, facts) == read(negation_normal(node), facts)
    assert truth_of(reading) is evaluate(node, facts)
    assert durable.true_conditions(facts) == ({0} if reading == TRUE else set())
    durable.close()


@given(conditions_and_facts())
@settings(max_examples=500, deadline=None)
def test_pushing_not_to_the_leaves_changes_no_truth(pair: tuple[Node, Facts]) -> None:
    """A condition with negation at its leaves is Kleene-equal to what the author wrote, and so is its contrary."""
    node, facts = pair
    truth = evaluate(node, facts)
    assert evaluate(negation_normal(node), facts) is truth
    contrary = {Truth.TRUE: Truth.FALSE, Truth.FALSE: Truth.TRUE, Truth.UNKNOWN: Truth.UNKNOWN}[truth]
    assert evaluate(negation_normal(node, negate=True), facts) is contrary
    assert evaluate(plain(node), facts) is truth


@given(conditions_and_facts())
@settings(max_examples=500, deadline=None)
def test_each_reading_counts_more_leaves_than_the_one_before(pair: tuple[Node, Facts]) -> None:
    """What is true as it stands stays true if doubts were true, and if open bounds were too, and if everything unknown was."""
    reading = read(plain(pair[0]), pair[1])
    ladder = [bool(reading & bit) for bit in (AS_IT_STANDS, IF_DOUBT, IF_OPEN, IF_ANYTHING)]
    assert ladder == sorted(ladder)
    assert bool(reading & AS_IT_STANDS) is (reading == TRUE)
