"""A pack is tried against the boundaries of its own conditions before it serves."""

from __future__ import annotations

from random import Random

import pytest

from builders.packs import SERVICE, any_of, at_least, below, equals, known, pack, rule, service, yes
from builders.random_packs import random_pack
from exercise_cds.engine import corset, try_out
from exercise_cds.engine.conditions import AskedFact, asked_facts, plan
from exercise_cds.engine.durable import Durable
from exercise_cds.engine.trial import boundary_values, charts
from exercise_cds.model.facts import FALSE, TRUE, Bounds, Fact, Known
from exercise_cds.model.kinds import ValueType


@pytest.mark.parametrize("seed", range(10))
def test_a_sound_pack_passes_its_trial(seed: int) -> None:
    """Random packs have no fault at any of their boundaries."""
    trial = try_out(random_pack(Random(seed)))  # noqa: S311  (a seed tells a failure again)
    assert trial.faults == ()
    assert trial.charts > 50


def values_of(fact: AskedFact) -> list[object]:
    """The exact values among the boundary values."""
    return [value.value for value in boundary_values(fact, None) if isinstance(value, Known)]


def test_each_threshold_is_tried_on_and_on_both_sides() -> None:
    """For a number: on, one step below and above each threshold, bounds on both sides, and both ways of not knowing it."""
    (days,) = asked_facts([at_least("days", 14), below("days", 28)])
    assert values_of(days) == [29, 28, 27, 15, 14, 13]
    assert Bounds(13, 15) in boundary_values(days, None)
    assert Bounds(14, None) in boundary_values(days, None)
    (word,) = asked_facts([equals("word", "daily")])
    assert values_of(word) == ["daily", "a word that no condition asks for"]
    assert (word.type, asked_facts([known("any")])[0].type) == (ValueType.WORD, None)


def test_every_rule_of_a_pack_is_seen_firing_and_not() -> None:
    """The charts of a trial make each simple rule fire, and fail to fire, in both engines."""
    made = pack(
        rule("a", at_least("days", 14)), rule("b", yes("x")), rule("c", equals("w", "daily")), rule("d", known("n", is_known=False))
    )
    asked = plan(made, SERVICE)
    durable = Durable(asked.conditions)
    seen = [durable.true_conditions(chart) for chart in charts(asked_facts(asked.conditions), {})]
    for one in asked.rules:
        assert {one.when in found for found in seen} == {True, False}
    durable.close()


def test_a_trial_finds_what_the_corset_is_there_to_prevent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pack compiled without the corset fails its trial with a sentence, before any patient could meet it."""
    monkeypatch.setattr(corset, "MOST_QUESTIONS", 1000)
    monkeypatch.setattr(corset, "MOST_STACKED", 1000)
    wide = pack(*(rule(f"rule-{number}", any_of(yes(f"a_{number}"), yes(f"b_{number}"))) for number in range(40)))
    assert try_out(wide).faults == (f"{SERVICE}: durable-rules failed: durable_rules_engine.error",)


def test_a_trial_looks_behind_closed_gates() -> None:
    """Conditions behind a gate that a chart does not open are compared all the same, in every service."""
    made = pack(rule("a", yes("x")), about=yes("never_so"), services=[service(), service("orders", "order-select", when=yes("drafted"))])
    first: dict[str, Fact] = next(charts(asked_facts(plan(made, "orders").conditions), {}))
    assert first == {"never_so": TRUE, "drafted": TRUE, "x": TRUE}
    assert FALSE not in first.values()
    assert try_out(made).charts == (4 * (1 + 4 * 2)) + (4 * (1 + 4 * 3))
