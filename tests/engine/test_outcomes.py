"""Law 6: every answer has one named outcome, the first that holds, and silence is never without a reason."""

from __future__ import annotations

import pytest

from builders.packs import SERVICE, all_of, any_of, at_least, card, offer, pack, program, rule, service, withhold, yes
from exercise_cds.engine import Engine
from exercise_cds.model.decision import Decision, Gate, Outcome
from exercise_cds.model.facts import Bounds, Cause, Fact, InDoubt, Known, NotRecorded
from exercise_cds.model.pack import Rule, RulePack
from exercise_cds.model.tree import Node

FACTS: dict[str, Fact] = {
    "yes": Known(True),
    "no": Known(False),
    "perhaps": InDoubt(Cause.UNREADABLE, "an entry could not be read"),
    "pain": NotRecorded(),
    "days": Bounds(9, None),
}


def decide(made: RulePack) -> Decision:
    """The decision for FACTS."""
    with Engine(made) as engine:
        return engine.decide(SERVICE, FACTS)


OFFERS = rule("offers", offers=[offer("walking")])
OFFERS_BOTH = rule("offers-both", offers=[offer("walking", "aquatic")])
FIRED_TAKES = rule("fired-takes", withholds=[withhold("walking")])
DOUBT_TAKES = rule("doubt-takes", yes("perhaps"), withholds=[withhold("walking")])
SAYS = rule("says", says=card("info"))
WARNS = rule("warns", says=card("warning"))
SILENT = rule("silent", says=card("critical"), offers=[offer("aquatic")], withholds=[withhold("walking")], silent=True)
UNRECORDED = rule("unrecorded", at_least("pain", 7), offers=[offer("aquatic")])
DOUBTFUL = rule("doubtful", yes("perhaps"), offers=[offer("aquatic")])
PERHAPS_EXCUSED = rule("perhaps-excused", yes("yes"), yes("perhaps"), offers=[offer("aquatic")])
OPEN = rule("open", at_least("days", 14), offers=[offer("aquatic")])

PRECEDENCE: list[tuple[str, list[Rule], Outcome]] = [
    ("a doubt took the only program", [OFFERS, DOUBT_TAKES], Outcome.DATA_UNOBTAINABLE),
    ("a doubt took the last program, though a warning was said", [OFFERS, DOUBT_TAKES, WARNS], Outcome.DATA_UNOBTAINABLE),
    ("a doubt took one, another is left", [OFFERS_BOTH, DOUBT_TAKES], Outcome.ADVISED),
    ("a rule that fired took the only program", [OFFERS, FIRED_TAKES], Outcome.WITHHELD),
    ("fired and doubtful took the same program", [OFFERS, FIRED_TAKES, DOUBT_TAKES], Outcome.WITHHELD),
    ("a rule that fired took one, another is left", [OFFERS_BOTH, FIRED_TAKES], Outcome.ADVISED),
    ("a warning was said beside a program", [OFFERS, WARNS], Outcome.WITHHELD),
    ("a warning alone", [WARNS], Outcome.WITHHELD),
    ("an info card alone", [SAYS], Outcome.ADVISED),
    ("a program alone", [OFFERS], Outcome.ADVISED),
    ("a program, and a rule that lacks a record", [OFFERS, UNRECORDED], Outcome.ADVISED),
    ("nothing, for want of a record", [UNRECORDED], Outcome.NOT_ENOUGH_DATA),
    ("nothing, for want of a record and of what is in doubt", [UNRECORDED, DOUBTFUL], Outcome.DATA_UNOBTAINABLE),
    ("nothing, because it is in doubt", [DOUBTFUL], Outcome.DATA_UNOBTAINABLE),
    ("nothing, because a doubt may excuse it", [PERHAPS_EXCUSED], Outcome.DATA_UNOBTAINABLE),
    ("nothing, because bounds leave it open", [OPEN], Outcome.NOTHING_TO_ADVISE),
    ("nothing, because nothing applies", [rule("no", yes("no"), offers=[offer("walking")])], Outcome.NOTHING_TO_ADVISE),
    ("only a withholding lacks its record", [rule("w", at_least("pain", 7), withholds=[withhold("x")])], Outcome.NOTHING_TO_ADVISE),
    ("excused for certain, whatever the record", [rule("e", at_least("pain", 7), yes("yes"), says=card())], Outcome.NOTHING_TO_ADVISE),
    ("excused for certain, whatever the doubt", [rule("e", yes("perhaps"), yes("yes"), says=card())], Outcome.NOTHING_TO_ADVISE),
    ("for want of a record, perhaps excused", [rule("e", at_least("pain", 7), yes("perhaps"), says=card())], Outcome.NOT_ENOUGH_DATA),
    ("silent rules alone", [SILENT], Outcome.NOTHING_TO_ADVISE),
    ("a silent rule changes nothing", [OFFERS, SILENT], Outcome.ADVISED),
    ("no rule at all", [], Outcome.NOTHING_TO_ADVISE),
]


@pytest.mark.parametrize(("rules", "outcome"), [row[1:] for row in PRECEDENCE], ids=[row[0] for row in PRECEDENCE])
def test_the_outcome_is_the_first_that_holds(rules: list[Rule], outcome: Outcome) -> None:
    """Doubts that left no program, then a warning or nothing left, then a card or a program, then why nothing was said."""
    assert decide(pack(*rules)).outcome is outcome


def test_everything_under_way_is_advised() -> None:
    """Where the only program is already in place a card says so, and an answer with a card is never called nothing."""
    lacking = rule("lacking", at_least("pain", 7), offers=[offer("water")])
    for rules in ([OFFERS], [OFFERS, lacking]):
        decision = decide(pack(*rules, programs=[program("walking", in_place_if=yes("yes")), program("water")]))
        assert (decision.outcome, decision.in_place) == (Outcome.ADVISED, ("walking",))


AT_THE_GATE: list[tuple[Node, Node, Outcome, Gate, Gate]] = [
    (yes("no"), yes("yes"), Outcome.NOT_ABOUT_THIS_PATIENT, Gate.CLOSED, Gate.OPEN),
    (yes("no"), yes("perhaps"), Outcome.NOT_ABOUT_THIS_PATIENT, Gate.CLOSED, Gate.IN_DOUBT),
    (at_least("pain", 1), yes("yes"), Outcome.NOT_ABOUT_THIS_PATIENT, Gate.CLOSED, Gate.OPEN),
    (at_least("days", 14), yes("yes"), Outcome.NOT_ABOUT_THIS_PATIENT, Gate.CLOSED, Gate.OPEN),
    (yes("perhaps"), yes("no"), Outcome.NOTHING_TO_ADVISE, Gate.IN_DOUBT, Gate.CLOSED),
    (yes("perhaps"), yes("yes"), Outcome.DATA_UNOBTAINABLE, Gate.IN_DOUBT, Gate.OPEN),
    (yes("yes"), yes("perhaps"), Outcome.DATA_UNOBTAINABLE, Gate.OPEN, Gate.IN_DOUBT),
    (yes("yes"), any_of(at_least("pain", 7), yes("perhaps")), Outcome.DATA_UNOBTAINABLE, Gate.OPEN, Gate.IN_DOUBT),
    (yes("yes"), yes("no"), Outcome.NOTHING_TO_ADVISE, Gate.OPEN, Gate.CLOSED),
    (yes("yes"), at_least("days", 14), Outcome.NOTHING_TO_ADVISE, Gate.OPEN, Gate.CLOSED),
    (yes("yes"), at_least("pain", 7), Outcome.NOT_ENOUGH_DATA, Gate.OPEN, Gate.CLOSED),
    (yes("yes"), all_of(at_least("pain", 7), yes("perhaps")), Outcome.NOT_ENOUGH_DATA, Gate.OPEN, Gate.CLOSED),
    (yes("yes"), yes("yes"), Outcome.WITHHELD, Gate.OPEN, Gate.OPEN),
]


@pytest.mark.parametrize(("about", "when", "outcome", "about_gate", "service_gate"), AT_THE_GATE)
def test_the_gates_answer_before_any_rule(about: Node, when: Node, outcome: Outcome, about_gate: Gate, service_gate: Gate) -> None:
    """Behind a gate that is not open no rule is evaluated, nothing is said, offered or withheld, and the outcome says which gate it was."""
    decision = decide(pack(OFFERS, FIRED_TAKES, WARNS, about=about, services=[service(when=when)]))
    assert (decision.outcome, decision.about, decision.service_gate) == (outcome, about_gate, service_gate)
    if outcome is not Outcome.WITHHELD:
        assert decision == Decision(outcome, about_gate, service_gate)


def test_rules_speak_only_in_their_services() -> None:
    """A rule with `services` is neither evaluated nor reported elsewhere."""
    made = pack(
        rule("everywhere", offers=[offer("walking")]),
        rule("orders-only", at_least("fact-of-another-service", 1), offers=[offer("aquatic")], services=["orders"]),
        services=[service(), service("orders", "order-select")],
    )
    with Engine(made) as engine:
        assert [one.rule for one in engine.decide(SERVICE, FACTS).rules] == ["everywhere"]
        with pytest.raises(LookupError, match="fact-of-another-service"):
            engine.decide("orders", FACTS)
        with pytest.raises(LookupError, match="no-such-service"):
            engine.decide("no-such-service", FACTS)


def test_services_that_ask_the_same_share_one_compilation() -> None:
    """The twin of a service on another hook costs no memory; a service with a gate of its own is compiled by itself."""
    services = [service("orders", "order-select"), service("orders-sign", "order-sign"), service("gated", "order-sign", when=yes("yes"))]
    with Engine(pack(OFFERS, services=services)) as engine:
        assert engine.service("orders") is engine.service("orders-sign")
        assert engine.service("orders") is not engine.service("gated")
