"""Law 4: where the engines differ, or one of them fails, warnings and withholdings stand and no program is offered."""

from __future__ import annotations

import pytest

from builders.packs import SERVICE, any_of, at_least, below, card, note, offer, pack, program, rule, service, withhold, yes
from exercise_cds.engine import Engine, corset
from exercise_cds.engine.durable import Durable
from exercise_cds.model.decision import Decision, Gate, Outcome, Truth, Why, Withheld
from exercise_cds.model.facts import Fact, Known
from exercise_cds.model.pack import RulePack
from exercise_cds.model.tree import Leaf, Node

FACTS: dict[str, Fact] = {"days": Known(14.0), "wound": Known(False), "back_pain": Known(True), "ordered": Known(False)}
PACK = pack(
    rule("base", yes("back_pain"), offers=[offer("walking", "aquatic")], notes=[note("a line"), note("another", "walking")]),
    rule("fever", at_least("days", 15), says=card("warning"), withholds=[withhold("walking")]),
    rule("wound", yes("wound"), at_least("days", 14), says=card("critical"), withholds=[withhold("aquatic")]),
    about=yes("back_pain"),
    services=[service(when=at_least("days", 10))],
    programs=[program("walking"), program("aquatic", in_place_if=yes("ordered"))],
    fallback="referral",
)


def shifted(node: Node, fact: str, by: float) -> Node:
    """The same condition with every threshold on a fact moved: a compiler that made a mistake."""
    if isinstance(node, Leaf):
        return Leaf(node.fact, node.op, node.value + by) if node.fact == fact and isinstance(node.value, float) else node
    parts = getattr(node, "parts", None)
    return type(node)(tuple(shifted(part, fact, by) for part in parts)) if parts else node  # type: ignore[call-arg]


def with_wrong_shard(made: RulePack, facts: dict[str, Fact], fact: str, by: float, *, gates: bool = False) -> Decision:
    """The decision where durable-rules was given conditions with moved thresholds."""
    with Engine(made) as engine:
        compiled = engine.service(SERVICE)
        right = compiled._durable_gates if gates else compiled._durable
        asked = compiled.plan.gates if gates else compiled.plan.conditions
        wrong = Durable([shifted(node, fact, by) for node in asked])
        if gates:
            compiled._durable_gates = wrong
        else:
            compiled._durable = wrong
        right.close()
        return engine.decide(SERVICE, facts)


def test_the_engines_agree_about_this_pack() -> None:
    """Without a fault planted, this patient is offered both programs."""
    with Engine(PACK) as engine:
        decision = engine.decide(SERVICE, FACTS)
    assert decision.outcome is Outcome.ADVISED
    assert [one.program for one in decision.offered] == ["walking", "aquatic"]


def test_a_rule_that_only_durable_rules_says_is_true_stands() -> None:
    """A planted shard that fires at 14 days instead of 15: the warning is said, its withholding stands, nothing is offered."""
    decision = with_wrong_shard(PACK, FACTS, "days", -1)
    assert decision.outcome is Outcome.RULE_ERROR
    assert decision.disagreement == {"fever": "durable-rules"}
    assert decision.said == ("fever",)
    assert decision.withheld == (Withheld("walking", "fever", Why.FIRED),)
    assert decision.offered == ()
    assert decision.fired == ("base", "fever")
    assert decision.engine_error == ""


def test_a_rule_that_only_we_say_is_true_stands() -> None:
    """The other way round, the card and the withholding of the rule stand as well."""
    decision = with_wrong_shard(PACK, FACTS | {"days": Known(15.0)}, "days", 1)
    assert decision.disagreement == {"fever": "evaluator"}
    assert (decision.said, decision.offered) == (("fever",), ())
    assert [one.program for one in decision.withheld] == ["walking"]
    assert decision.outcome is Outcome.RULE_ERROR


def test_as_many_true_on_both_sides_is_no_agreement() -> None:
    """One rule that only durable-rules says is true and one that only we say: both are told, and both stand."""
    made = pack(*PACK.rules, rule("early", below("days", 15), says=card("info")), programs=PACK.programs.values())
    decision = with_wrong_shard(made, FACTS, "days", -1)
    assert decision.disagreement == {"fever": "durable-rules", "early": "evaluator"}
    assert decision.said == ("fever", "early")


def test_a_rule_that_is_excused_there_does_not_count_as_fired() -> None:
    """Where durable-rules says that `when` is true and `unless` too, and we say that neither fired, nothing of the rule stands."""
    made = pack(rule("excused", at_least("days", 15), at_least("days", 10), says=card("warning"), withholds=[withhold("walking")]))
    decision = with_wrong_shard(made, FACTS, "days", -1)
    assert decision.disagreement == {"excused": "durable-rules"}
    assert (decision.outcome, decision.fired, decision.said, decision.withheld) == (Outcome.RULE_ERROR, (), (), ())


def test_a_difference_about_unless_is_told_by_its_name() -> None:
    """Where the engines differ about an `unless`, the rule counts as fired if either engine says so."""
    decision = with_wrong_shard(PACK, FACTS | {"wound": Known(True)}, "days", 1)
    assert decision.disagreement == {"unless: wound": "evaluator"}
    assert decision.said == ("wound",)
    assert [one.rule for one in decision.withheld] == ["wound"]
    wound = decision.rules[2]
    assert (wound.when, wound.unless, wound.withholds) == (Truth.TRUE, Truth.FALSE, Why.FIRED)


def test_a_difference_about_a_gate_is_a_rule_error() -> None:
    """A gate that only one engine holds open: rules are evaluated, warnings stand, nothing is offered."""
    facts = FACTS | {"days": Known(9.0)}
    decision = with_wrong_shard(PACK, facts, "days", -1, gates=True)
    assert decision.disagreement == {"gate: service": "durable-rules"}
    assert (decision.outcome, decision.service_gate, decision.offered) == (Outcome.RULE_ERROR, Gate.CLOSED, ())
    assert decision.fired == ("base",)
    closed = with_wrong_shard(PACK, facts | {"back_pain": Known(False)}, "days", -1, gates=True)
    assert (closed.outcome, closed.about, closed.rules) == (Outcome.RULE_ERROR, Gate.CLOSED, ())


def test_a_difference_about_what_is_in_place_is_a_rule_error() -> None:
    """A condition that only decides whether a program is under way is compared too."""
    made = pack(rule("base", offers=[offer("aquatic")]), programs=[program("aquatic", in_place_if=at_least("days", 15))])
    decision = with_wrong_shard(made, FACTS, "days", -1)
    assert decision.disagreement == {"in place: aquatic": "durable-rules"}
    assert decision.offered == ()


def test_notes_on_the_card_itself_stay_in_a_rule_error() -> None:
    """No program is offered, so only notes that name none are left."""
    assert with_wrong_shard(PACK, FACTS, "days", -1).notes == (("base", 0),)


def test_a_silent_rule_stays_silent_in_a_rule_error() -> None:
    """A rule on a silent roll-out that only one engine says is true makes a rule error, and says and withholds nothing."""
    quiet = rule("quiet", at_least("days", 15), says=card("critical"), withholds=[withhold("walking")], silent=True)
    decision = with_wrong_shard(pack(quiet), FACTS, "days", -1)
    assert (decision.disagreement, decision.said, decision.withheld) == ({"quiet": "durable-rules"}, (), ())
    assert decision.fired == ("quiet",)


def test_an_engine_that_fails_holds_programs_back_and_recovers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests on which durable-rules fails are rule errors with our own evaluator's cards; every request between them is right.

    The pack is compiled without the corset, so that a chart in which all is true overflows the engine's stack (error 303).
    """
    monkeypatch.setattr(corset, "MOST_QUESTIONS", 1000)
    monkeypatch.setattr(corset, "MOST_STACKED", 1000)
    findings = [f"finding_{number}" for number in range(80)]
    made = pack(
        *(
            rule(f"rule-{number}", any_of(yes(findings[number]), yes(findings[number + 40])), offers=[offer("walking")], says=card("info"))
            for number in range(40)
        ),
    )
    nothing: dict[str, Fact] = {name: Known(False) for name in findings}
    with Engine(made) as engine:
        for turn in range(200):
            some = {findings[turn % 80], findings[(turn * 7 + 1) % 80]}
            good = engine.decide(SERVICE, nothing | {name: Known(True) for name in some})
            assert good.outcome is Outcome.ADVISED
            assert set(good.fired) == {f"rule-{findings.index(name) % 40}" for name in some}
            bad = engine.decide(SERVICE, {name: Known(True) for name in findings})
            assert (bad.outcome, bad.engine_error, bad.offered) == (Outcome.RULE_ERROR, "durable_rules_engine.error", ())
            assert len(bad.said) == 40


@pytest.mark.parametrize("gates", [True, False])
def test_a_closed_gate_with_a_failing_engine_is_a_rule_error(*, gates: bool) -> None:
    """A fault of the engine is never taken for "not about this patient"."""
    with Engine(PACK) as engine:
        compiled = engine.service(SERVICE)
        failing = (compiled._durable_gates if gates else compiled._durable)._rule_sets[0]
        handle, failing._handle = failing._handle, 131_000
        decision = engine.decide(SERVICE, FACTS | {"back_pain": Known(not gates)})
        failing._handle = handle
    assert (decision.outcome, decision.engine_error, decision.offered) == (Outcome.RULE_ERROR, "durable_rules_engine.error", ())
