"""The five readings, and what law 3 makes of them for one rule."""

from __future__ import annotations

import pytest

from builders.packs import ALWAYS, SERVICE, above, all_of, any_of, at_least, below, known, not_, pack, rule, withhold, yes
from exercise_cds.engine import Engine
from exercise_cds.engine.readings import gate_of, read, truth_of, wants_record
from exercise_cds.model.decision import Gate, RuleOutcome, Truth, Why
from exercise_cds.model.facts import Bounds, Cause, Fact, InDoubt, Known, NotRecorded
from exercise_cds.model.normal import negation_normal
from exercise_cds.model.tree import Node

DOUBT = InDoubt(Cause.NOT_OBTAINED, "procedures were not sent")
FACTS: dict[str, Fact] = {
    "fever": Known(True),
    "sciatica": Known(False),
    "surgery": DOUBT,
    "pain": NotRecorded(),
    "age": Bounds(17, 18),
    "days": Bounds(9, None),
}


def outcome(when: Node, unless: Node | None = None, *, silent: bool = False) -> RuleOutcome:
    """What the whole engine says of one rule for FACTS."""
    with Engine(pack(rule("a-rule", when, unless, withholds=[withhold("aquatic")], silent=silent))) as engine:
        return engine.decide(SERVICE, FACTS).rules[0]


WITHHOLDING: list[tuple[str, Node, Node | None, Why | None]] = [
    ("fired", yes("fever"), None, Why.FIRED),
    ("a leaf in doubt counts as true", yes("surgery"), None, Why.IN_DOUBT),
    ("and so does its contrary", not_(yes("surgery")), None, Why.IN_DOUBT),
    ("a leaf left open by bounds counts as true", below("age", 18), None, Why.IN_DOUBT),
    ("under 14 days, known only as at least 9", below("days", 14), None, Why.IN_DOUBT),
    ("what is not recorded withholds nothing", at_least("pain", 7), None, None),
    ("nor together with a doubt", all_of(yes("surgery"), at_least("pain", 7)), None, None),
    ("but one doubtful way is enough", any_of(yes("surgery"), at_least("pain", 7)), None, Why.IN_DOUBT),
    ("a row that cannot apply withholds nothing", all_of(yes("sciatica"), yes("surgery")), None, None),
    ("whether it is known is in doubt too", known("surgery", is_known=False), None, Why.IN_DOUBT),
    ("excused", yes("fever"), yes("fever"), None),
    ("a doubtful excuse excuses nothing", yes("fever"), yes("surgery"), Why.FIRED),
    ("an open excuse excuses nothing", yes("fever"), at_least("days", 14), Why.FIRED),
    ("an unrecorded excuse excuses nothing", yes("fever"), at_least("pain", 7), Why.FIRED),
    ("always, unless at least 14 days, known only as at least 9", ALWAYS, at_least("days", 14), Why.FIRED),
    ("in doubt, and surely excused", yes("surgery"), yes("fever"), None),
]


@pytest.mark.parametrize(("when", "unless", "why"), [row[1:] for row in WITHHOLDING], ids=[row[0] for row in WITHHOLDING])
def test_a_doubt_withholds_and_the_unrecorded_does_not(when: Node, unless: Node | None, why: Why | None) -> None:
    """In `when`, what is in doubt or left open counts as true for withholding; in `unless` it does not."""
    assert outcome(when, unless).withholds is why


SPEAKING: list[tuple[str, Node, Node | None, bool]] = [
    ("true", yes("fever"), None, True),
    ("in doubt", yes("surgery"), None, False),
    ("left open", below("age", 18), None, False),
    ("not recorded", at_least("pain", 7), None, False),
    ("excused", yes("fever"), yes("fever"), False),
    ("perhaps excused by what is in doubt", yes("fever"), yes("surgery"), False),
    ("perhaps excused by not having what is in doubt", yes("fever"), not_(yes("surgery")), False),
    ("an excuse left open does not block", yes("fever"), at_least("days", 14), True),
    ("an excuse not recorded does not block", yes("fever"), at_least("pain", 7), True),
    ("an excuse that needs the doubt and something known to be absent", yes("fever"), all_of(yes("surgery"), yes("sciatica")), True),
    ("an excuse that needs the doubt and something open", yes("fever"), all_of(yes("surgery"), at_least("days", 14)), True),
]


@pytest.mark.parametrize(("when", "unless", "speaks"), [row[1:] for row in SPEAKING], ids=[row[0] for row in SPEAKING])
def test_a_rule_speaks_only_where_no_doubt_could_excuse_it(when: Node, unless: Node | None, *, speaks: bool) -> None:
    """Cards, offers and notes need `when` true, and `unless` not true whatever the facts in doubt are."""
    assert outcome(when, unless).speaks is speaks


def test_a_silent_rule_is_evaluated_and_does_nothing() -> None:
    """A silent rule fires, and neither speaks nor withholds."""
    loud, silent = outcome(yes("fever")), outcome(yes("fever"), silent=True)
    assert loud.fired
    assert silent.fired
    assert (loud.speaks, loud.withholds) == (True, Why.FIRED)
    assert (silent.speaks, silent.withholds) == (False, None)


def test_when_and_unless_are_reported_as_they_stand() -> None:
    """A decision tells Kleene's value of both conditions, so that an unfired rule can be explained."""
    found = outcome(yes("surgery"), at_least("pain", 7))
    assert (found.when, found.unless, found.fired) == (Truth.UNKNOWN, Truth.UNKNOWN, False)
    assert outcome(yes("sciatica")).unless is Truth.FALSE


GATES: list[tuple[Node, Gate, bool]] = [
    (yes("fever"), Gate.OPEN, False),
    (yes("sciatica"), Gate.CLOSED, False),
    (yes("surgery"), Gate.IN_DOUBT, False),
    (not_(yes("surgery")), Gate.IN_DOUBT, False),
    (at_least("pain", 1), Gate.CLOSED, True),
    (at_least("days", 14), Gate.CLOSED, False),
    (all_of(at_least("pain", 1), yes("surgery")), Gate.CLOSED, True),
    (any_of(at_least("pain", 1), yes("surgery")), Gate.IN_DOUBT, True),
    (any_of(at_least("pain", 1), at_least("days", 14)), Gate.CLOSED, True),
    (all_of(at_least("pain", 1), at_least("days", 14)), Gate.CLOSED, True),
    (all_of(at_least("pain", 1), yes("sciatica")), Gate.CLOSED, False),
    (above("days", 8), Gate.OPEN, False),
]


@pytest.mark.parametrize(("node", "gate", "wanting"), GATES)
def test_a_gate_is_in_doubt_only_where_doubts_could_open_it(node: Node, gate: Gate, *, wanting: bool) -> None:
    """A gate that only an unrecorded fact or open bounds keep shut is closed; want of record is told apart from a plain no."""
    reading = read(negation_normal(node), FACTS)
    assert gate_of(reading) is gate
    assert wants_record(reading) is wanting


@pytest.mark.parametrize("node", [row[0] for row in GATES])
def test_the_first_and_the_last_bit_are_kleenes_value(node: Node) -> None:
    """A reading holds Kleene's value: true as it stands, false if it could not become true, else unknown."""
    assert truth_of(read(negation_normal(node), FACTS)) is outcome(node).when
