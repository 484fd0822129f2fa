"""What made a rule true, and what leaves it open."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from builders.packs import ALWAYS, all_of, any_of, at_least, known, named, not_, yes
from exercise_cds.cards.found import found_facts, open_facts
from exercise_cds.model.decision import Truth
from exercise_cds.model.facts import FALSE, TRUE, Bounds, Cause, Fact, InDoubt, Known, NotRecorded
from exercise_cds.model.kleene import evaluate
from exercise_cds.model.normal import negation_normal
from exercise_cds.model.tree import Node

DOUBT = InDoubt(Cause.NOT_OBTAINED, "not sent")
FEVER = all_of(yes("fever"), any_of(yes("iv_drugs"), yes("immunosuppression")))


def test_only_what_made_the_rule_true_is_named() -> None:
    """Of a rule with many signs, those that stand in the chart are named; half of a pair that is not complete is not."""
    when = any_of(yes("cauda_equina"), yes("retention"), FEVER)
    facts: dict[str, Fact] = {"cauda_equina": TRUE, "retention": FALSE, "fever": TRUE, "iv_drugs": FALSE, "immunosuppression": DOUBT}
    assert found_facts(when, facts) == ("cauda_equina",)
    assert found_facts(when, facts | {"iv_drugs": TRUE}) == ("cauda_equina", "fever", "iv_drugs")


def test_absence_is_not_found() -> None:
    """What makes a rule true by not being there, or by being unknown, is not named."""
    when = all_of(yes("sciatica"), not_(yes("herniation")), known("pain", is_known=False), ALWAYS)
    facts: dict[str, Fact] = {"sciatica": TRUE, "herniation": FALSE, "pain": NotRecorded()}
    assert found_facts(negation_normal(when), facts) == ("sciatica",)
    assert found_facts(when, facts) == ("sciatica",)


def test_where_the_engines_differ_what_holds_on_its_own_is_named() -> None:
    """A rule that only one engine calls true still names what is in the chart."""
    assert found_facts(FEVER, {"fever": TRUE, "iv_drugs": FALSE, "immunosuppression": FALSE}) == ("fever",)
    assert found_facts(at_least("fever", 38), {"fever": TRUE}) == ()
    assert found_facts(yes("nobody"), {}) == ()


def test_what_leaves_a_rule_open_is_what_could_make_it_true() -> None:
    """A doubt beside something that is false, or beside something that is true already, leaves nothing open."""
    fall = all_of(yes("fall"), any_of(yes("steroids"), yes("osteoporosis")))
    doubted: dict[str, Fact] = {"fall": TRUE, "steroids": DOUBT, "osteoporosis": FALSE}
    assert open_facts(fall, doubted) == ("steroids",)
    assert open_facts(fall, doubted | {"fall": FALSE}) == ()
    assert open_facts(fall, doubted | {"osteoporosis": TRUE}) == ()
    assert open_facts(named("risk", not_(yes("fall"))), {"fall": DOUBT}) == ("fall",)
    assert open_facts(all_of(yes("fall"), at_least("age", 65)), {"fall": TRUE, "age": Bounds(64, 65)}) == ("age",)
    assert open_facts(all_of(yes("fall"), at_least("age", 65)), {"fall": TRUE, "age": NotRecorded()}) == ()
    assert open_facts(ALWAYS, {}) == ()


NAMES = ("a", "b", "c", "d")
LEAVES = st.one_of(st.sampled_from(NAMES).map(yes), st.sampled_from(NAMES).map(known))
TREES: st.SearchStrategy[Node] = st.recursive(
    LEAVES,
    lambda parts: st.one_of(
        st.lists(parts, max_size=3).map(lambda several: all_of(*several)),
        st.lists(parts, max_size=3).map(lambda several: any_of(*several)),
        parts.map(not_),
        parts.map(lambda part: named("n", part)),
    ),
    max_leaves=8,
)
FACTS = st.fixed_dictionaries({name: st.sampled_from([TRUE, FALSE, NotRecorded(), DOUBT]) for name in NAMES})


@settings(max_examples=500, deadline=None)
@given(TREES, FACTS)
def test_what_is_found_is_enough_to_make_the_rule_true(when: Node, facts: dict[str, Fact]) -> None:
    """Where a rule is true, it stays true if every yes/no fact that was not named, and not absent, were taken away."""
    if evaluate(when, facts) is not Truth.TRUE:
        return
    named_ones = found_facts(negation_normal(when), facts)
    fewer = {name: fact if name in named_ones or fact != TRUE else NotRecorded() for name, fact in facts.items()}
    positive = negation_normal(when)
    if "known" not in str(positive):
        assert evaluate(positive, fewer) is Truth.TRUE
    assert all(isinstance(facts[name], Known) for name in named_ones)


@settings(max_examples=500, deadline=None)
@given(TREES, FACTS)
def test_what_leaves_open_is_in_doubt_and_settles_it(when: Node, facts: dict[str, Fact]) -> None:
    """Facts named as open are in doubt; a rule that is true, or that no doubt could make true, names none."""
    positive = negation_normal(when)
    named_ones = open_facts(positive, facts)
    assert all(facts[name] == DOUBT for name in named_ones)
    if evaluate(positive, facts) is not Truth.UNKNOWN:
        assert named_ones == ()
