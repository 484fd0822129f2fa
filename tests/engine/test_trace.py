"""The tracer explains what the engine decided: the same truths, every fact behind them, and how near a rule came."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random

import pytest

from builders.packs import (
    ALWAYS,
    SERVICE,
    above,
    all_of,
    any_of,
    at_least,
    at_most,
    below,
    between,
    equals,
    fact_spec,
    known,
    named,
    not_,
    offer,
    one_of,
    pack,
    program,
    rule,
    service,
    yes,
)
from builders.random_packs import random_facts, random_pack
from exercise_cds.engine import Engine, NodeTrace, RuleTrace, as_json
from exercise_cds.engine.readings import outcome_of, read, truth_of
from exercise_cds.model.decision import Outcome, Truth
from exercise_cds.model.facts import Bounds, Cause, Evidence, Fact, InDoubt, Known, NotRecorded
from exercise_cds.model.normal import NEVER, negation_normal
from exercise_cds.model.tree import Node

DOUBT = InDoubt(Cause.NOT_OBTAINED, "procedures were not sent")
SEEN = Evidence("Condition/1", "2026-03", "Low back pain")
FACTS: dict[str, Fact] = {
    "back_pain_days": Known(13.0, (SEEN,)),
    "pain": Known(7.0),
    "age": Bounds(17, 18),
    "sciatica": Known(False),
    "wound": Known(True),
    "surgery": DOUBT,
    "score": NotRecorded(("newest pain score is of 2025-11-02: too old",)),
    "smoking": Known("never"),
}


def explained(when: Node, unless: Node | None = None) -> RuleTrace:
    """The trace of one rule for FACTS."""
    specs = [fact_spec("back_pain_days", [at_least("back_pain_days", 14)], unit="days"), fact_spec("pain", [above("pain", 1)], step=0.1)]
    with Engine(pack(rule("a-rule", when, unless), facts=specs)) as engine:
        return engine.trace(SERVICE, FACTS).rules[0]


def nodes(trace: NodeTrace) -> Iterator[NodeTrace]:
    """Every node of a traced tree."""
    yield trace
    for part in trace.parts:
        yield from nodes(part)


@pytest.mark.parametrize("seed", range(20))
def test_the_tracer_says_what_the_engine_says(seed: int) -> None:
    """On random packs and charts, traced truths, rule outcomes and decisions are those of the compiled engines."""
    random = Random(seed)  # noqa: S311  (a seed tells a failure again)
    made = random_pack(random)
    with Engine(made) as engine:
        for _ in range(20):
            facts = random_facts(random)
            trace, decision = engine.trace(SERVICE, facts), engine.decide(SERVICE, facts)
            assert trace.decision == decision
            assert len(trace.rules) == len(made.rules)
            for written, traced in zip(made.rules, trace.rules, strict=True):
                when = read(negation_normal(written.when), facts)
                unless = read(negation_normal(written.unless or NEVER), facts)
                assert traced.when.truth is truth_of(when)
                assert traced.unless is None or traced.unless.truth is truth_of(unless)
                fired = outcome_of(written.id, when, unless, silent=written.silent).fired
                assert fired is (traced.outcome.fired if traced.outcome else fired)
                assert traced.miss is None or not fired
                assert all(traced.miss.leaves) if traced.miss else True
            json.dumps(as_json(trace))


def test_every_node_keeps_its_kind_name_and_truth() -> None:
    """The author's tree is shown as written, each node with its own truth."""
    tree = all_of(named("a_warning", any_of(yes("wound"), yes("sciatica"))), not_(yes("surgery")), ALWAYS)
    shown = [(node.kind, node.name, node.truth) for node in nodes(explained(tree).when)]
    t, f, u = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN
    assert shown == [
        ("all", "", u),
        ("named", "a_warning", t),
        ("any", "", t),
        ("leaf", "", t),
        ("leaf", "", f),
        ("not", "", u),
        ("leaf", "", u),
        ("always", "", t),
    ]


def test_a_leaf_shows_its_fact_and_where_it_comes_from() -> None:
    """Value, evidence, bounds, doubt and what there was instead of a record stand beside the question."""
    tree = all_of(at_least("back_pain_days", 14), below("age", 18), yes("surgery"), at_least("score", 7))
    days, age, surgery, score = (node.leaf for node in explained(tree).when.parts)
    assert days is not None
    assert (days.state, days.answer, days.evidence, days.in_doubt, days.left_open) == ("known", 13.0, (SEEN,), False, False)
    assert age is not None
    assert (age.state, age.least, age.most, age.left_open) == ("within bounds", 17, 18, True)
    assert surgery is not None
    assert (surgery.state, surgery.why, surgery.in_doubt) == ("in doubt", "not obtained: procedures were not sent", True)
    assert score is not None
    assert (score.state, score.remarks) == ("not recorded", ("newest pain score is of 2025-11-02: too old",))


MISSES: list[tuple[Node, Node | None, str]] = [
    (at_least("back_pain_days", 14), None, "back_pain_days 13, one day short of 14"),
    (at_least("back_pain_days", 28), None, "back_pain_days 13, 15 days short of 28"),
    (above("back_pain_days", 13), None, "back_pain_days 13, not above 13"),
    (below("pain", 6.6), None, "pain 7, 0.4 over 6.6"),
    (below("pain", 7), None, "pain 7, not below 7"),
    (at_most("pain", 5), None, "pain 7, 2 over 5"),
    (between("back_pain_days", 14, 84), None, "back_pain_days 13, one day short of 14"),
    (between("back_pain_days", 3, 10), None, "back_pain_days 13, 3 days over 10"),
    (not_(between("back_pain_days", 10, 20)), None, "back_pain_days 13, 3 days from 10"),
    (equals("pain", 4), None, "pain 7, 3 from 4"),
    (yes("sciatica"), None, "sciatica is no"),
    (not_(yes("wound")), None, "wound is yes"),
    (equals("smoking", "daily"), None, "smoking is never, asked for daily"),
    (one_of("smoking", "daily", "weekly"), None, "smoking is never, asked for one of daily or weekly"),
    (below("age", 18), None, "age is at least 17 and at most 18, asked for below 18"),
    (at_least("score", 7), None, "score is not recorded"),
    (known("score"), None, "score is not recorded"),
    (known("surgery"), None, "surgery is in doubt"),
    (known("pain", is_known=False), None, "pain is recorded"),
    (yes("surgery"), None, "surgery is in doubt: procedures were not sent"),
    (all_of(yes("wound"), at_least("back_pain_days", 14)), None, "back_pain_days 13, one day short of 14"),
    (any_of(yes("sciatica"), at_least("back_pain_days", 14)), None, "back_pain_days 13, one day short of 14"),
    (any_of(at_least("back_pain_days", 28), below("pain", 6.9)), None, "pain 7, 0.1 over 6.9"),
    (any_of(at_least("back_pain_days", 14), below("pain", 6.4)), None, "back_pain_days 13, one day short of 14"),
    (any_of(all_of(yes("sciatica"), yes("surgery")), at_least("back_pain_days", 85)), None, "back_pain_days 13, 72 days short of 85"),
    (all_of(yes("sciatica"), yes("surgery")), None, "sciatica is no; surgery is in doubt: procedures were not sent"),
    (yes("wound"), yes("wound"), "wound is yes"),
    (yes("wound"), any_of(yes("surgery"), yes("wound")), "wound is yes"),
    (yes("sciatica"), at_most("back_pain_days", 13), "sciatica is no; back_pain_days 13, not above 13"),
]


@pytest.mark.parametrize(("when", "unless", "words"), MISSES)
def test_a_rule_that_did_not_fire_tells_how_near_it_came(when: Node, unless: Node | None, words: str) -> None:
    """The fewest leaves that kept it, the nearest of them first in the fact's own steps, in words with the unit."""
    miss = explained(when, unless).miss
    assert miss is not None
    assert miss.words == words


def test_a_miss_measures_the_distance() -> None:
    """The distance stands beside the words, for programs; an excuse is told apart from a `when` that was not met."""
    miss = explained(at_least("back_pain_days", 14)).miss
    assert miss is not None
    assert (miss.leaves[0].fact, miss.leaves[0].distance, miss.by_unless) == ("back_pain_days", 1.0, False)
    excused = explained(yes("wound"), below("back_pain_days", 14)).miss
    assert excused is not None
    assert (excused.leaves[0].distance, excused.by_unless) == (1.0, True)


@pytest.mark.parametrize("when", [yes("wound"), ALWAYS, NEVER, all_of(yes("wound"), not_(ALWAYS))])
def test_there_is_no_miss_where_nothing_was_missing_or_nothing_would_do(when: Node) -> None:
    """A rule that fired missed nothing; one that no chart can make fire has no nearest miss."""
    assert explained(when).miss is None


def test_a_trace_outside_the_gates_still_shows_the_rules() -> None:
    """Behind a closed gate no rule has an outcome, and its tree is shown all the same, with the gates and what is in place."""
    made = pack(
        rule("base", yes("wound"), offers=[offer("walking")]),
        about=yes("sciatica"),
        services=[service(when=yes("wound"))],
        programs=[program("walking", in_place_if=yes("surgery")), program("unoffered", in_place_if=yes("wound"))],
    )
    with Engine(made) as engine:
        trace = engine.trace(SERVICE, FACTS)
    assert trace.decision.outcome is Outcome.NOT_ABOUT_THIS_PATIENT
    assert trace.about.truth is Truth.FALSE
    assert trace.gate is not None
    assert trace.gate.truth is Truth.TRUE
    assert [(one.rule, one.outcome, one.when.truth) for one in trace.rules] == [("base", None, Truth.TRUE)]
    assert {name: node.truth for name, node in trace.in_place.items()} == {"walking": Truth.UNKNOWN}


def test_a_trace_is_spelled_for_programs() -> None:
    """As JSON a trace holds texts, numbers and lists only, and truth in words."""
    spelled = as_json(explained(all_of(at_least("back_pain_days", 14), yes("surgery"))))
    assert json.loads(json.dumps(spelled)) == spelled
    assert spelled["when"]["truth"] == "false"
    assert spelled["when"]["parts"][1]["truth"] == "unknown"
    assert spelled["when"]["parts"][0]["leaf"]["evidence"][0]["resource"] == "Condition/1"
    assert spelled["outcome"]["withholds"] is None
