"""What a text may name: facts that are known in every way that a rule can be true. Checked against Kleene's truth on random trees."""

from __future__ import annotations

from random import Random

from builders.random_packs import random_facts, random_node
from exercise_cds.model.decision import Truth
from exercise_cds.model.facts import Bounds, Known
from exercise_cds.model.kleene import evaluate
from exercise_cds.model.tree import AllOf, AnyOf, Leaf, Not, Op
from exercise_cds.rulepack.certainty import Certainty
from exercise_cds.rulepack.widths import Widths

DAYS = Leaf("days", Op.AT_LEAST, 14.0)
PAIN = Leaf("pain", Op.ABOVE, 7.0)
SICK = Leaf("sick", Op.TRUE, value=True)


def test_all_adds_and_any_keeps_what_is_common() -> None:
    """`all` makes the facts of each part certain, `any` only those that every part makes certain."""
    certain = Certainty().known
    assert certain(AllOf((DAYS, PAIN))) == {"days", "pain"}
    assert certain(AnyOf((DAYS, PAIN))) == set()
    assert certain(AnyOf((AllOf((DAYS, PAIN)), DAYS))) == {"days"}
    assert certain(Not(AnyOf((DAYS, PAIN)))) == {"days", "pain"}
    assert certain(Not(AllOf((DAYS, PAIN)))) == set()


def test_asking_whether_a_fact_is_unknown_makes_nothing_certain() -> None:
    """`known: false` is true where nothing is recorded; `known: true` is proof."""
    certain = Certainty().known
    assert certain(Leaf("days", Op.KNOWN, value=False)) == set()
    assert certain(Leaf("days", Op.KNOWN, value=True)) == {"days"}
    assert certain(Not(Leaf("days", Op.KNOWN, value=False))) == {"days"}


def test_what_is_called_certain_is_known_whenever_the_tree_is_true() -> None:
    """On 20,000 random trees and charts: a true condition never leaves a fact unknown that a text may name there."""
    random = Random(20260302)  # noqa: S311 - repeatable, not secret
    true = 0
    for _ in range(20_000):
        tree, facts = random_node(random), random_facts(random)
        if evaluate(tree, facts) is Truth.TRUE:
            true += 1
            for name in Certainty().known(tree):
                assert isinstance(facts[name], Known | Bounds), (tree, name)
    assert true > 2_000


def test_ways_multiply_in_all_and_add_in_any() -> None:
    """Three `any`s of two under one `all` can be true in eight ways; the contrary in three times one."""
    ways = Widths().ways
    tree = AllOf((AnyOf((DAYS, PAIN)),) * 3)
    assert ways(tree) == 8
    assert ways(Not(tree)) == 3
    assert ways(SICK) == 1
