"""Kleene's three values, written out: what a leaf says of each state of a fact, and what `all`, `any` and `not` make of it."""

from __future__ import annotations

import pytest

from builders.packs import above, all_of, any_of, at_least, at_most, below, between, equals, known, named, not_, one_of, yes
from exercise_cds.model.decision import Truth
from exercise_cds.model.facts import Bounds, Cause, Fact, InDoubt, Known, NotRecorded
from exercise_cds.model.kleene import FactMissing, FactOfWrongType, evaluate, leaf_truth
from exercise_cds.model.normal import NEVER, contrary
from exercise_cds.model.tree import AllOf, Always, Leaf, Node, Op

T, F, U = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN
DOUBT = InDoubt(Cause.NOT_OBTAINED, "procedures were not sent")
FACTS: dict[str, Fact] = {"t": Known(True), "f": Known(False), "u": NotRecorded()}
LEAF = {T: yes("t"), F: yes("f"), U: yes("u")}

TABLES = """
    left  right  all  any
    T     T      T    T
    T     U      U    T
    T     F      F    T
    U     T      U    T
    U     U      U    U
    U     F      F    U
    F     T      F    T
    F     U      F    U
    F     F      F    F
"""
LETTERS = {"T": T, "F": F, "U": U}
ROWS = [tuple(LETTERS[letter] for letter in line.split()) for line in TABLES.split("\n")[2:-1]]


@pytest.mark.parametrize(("left", "right", "every", "some"), ROWS)
def test_all_and_any_follow_kleene(left: Truth, right: Truth, every: Truth, some: Truth) -> None:
    """`all` is false as soon as one part is, `any` is true as soon as one part is, and otherwise the unknown stays unknown."""
    assert evaluate(all_of(LEAF[left], LEAF[right]), FACTS) is every
    assert evaluate(any_of(LEAF[left], LEAF[right]), FACTS) is some


@pytest.mark.parametrize(("truth", "contrary_truth"), [(T, F), (F, T), (U, U)])
def test_not_asks_for_proof(truth: Truth, contrary_truth: Truth) -> None:
    """`not` is true only where the contrary is proven; a name changes nothing."""
    assert evaluate(not_(LEAF[truth]), FACTS) is contrary_truth
    assert evaluate(named("a_name", LEAF[truth]), FACTS) is truth


def test_nothing_asked_is_true_and_no_way_is_false() -> None:
    """`always` and an empty `all` are true whatever is known; an empty `any` is false."""
    assert evaluate(Always(), {}) is T
    assert evaluate(AllOf(()), {}) is T
    assert evaluate(NEVER, {}) is F


def within(least: float | None, most: float | None) -> Bounds:
    """A number within bounds."""
    return Bounds(least, most)


NUMBERS: list[tuple[Leaf, Fact, Truth]] = [
    (at_least("d", 14), Known(13.0), F),
    (at_least("d", 14), Known(14.0), T),
    (at_least("d", 14), within(14, None), T),
    (at_least("d", 14), within(9, None), U),
    (at_least("d", 14), within(None, 13), F),
    (at_least("d", 14), within(9, 14), U),
    (above("d", 14), Known(14.0), F),
    (above("d", 14), within(14, None), U),
    (above("d", 14), within(14.5, 20), T),
    (above("d", 14), within(None, 14), F),
    (at_most("d", 14), Known(14.0), T),
    (at_most("d", 14), within(None, 14), T),
    (at_most("d", 14), within(14, 20), U),
    (at_most("d", 14), within(15, None), F),
    (below("d", 7), Known(6.6), T),
    (below("d", 7), Known(7.0), F),
    (below("d", 7), within(None, 6.9), T),
    (below("d", 7), within(7, None), F),
    (below("d", 7), within(6, 8), U),
    (between("d", 18, 64), Known(18.0), T),
    (between("d", 18, 64), Known(64.0), T),
    (between("d", 18, 64), Known(65.0), F),
    (between("d", 18, 64), within(18, 64), T),
    (between("d", 18, 64), within(17, 20), U),
    (between("d", 18, 64), within(65, None), F),
    (between("d", 18, 64), within(None, 17), F),
    (equals("d", 3), Known(3.0), T),
    (equals("d", 3), within(3, None), U),
    (equals("d", 3), within(4, None), F),
    (Leaf("d", Op.ONE_OF, (1.0, 3.0)), Known(3.0), T),
    (Leaf("d", Op.ONE_OF, (1.0, 3.0)), within(1.5, 2.5), F),
    (Leaf("d", Op.ONE_OF, (1.0, 3.0)), within(2, 4), U),
]


@pytest.mark.parametrize(("leaf", "fact", "truth"), NUMBERS)
def test_a_number_within_bounds_is_asked_honestly(leaf: Leaf, fact: Fact, truth: Truth) -> None:
    """A leaf is true where every possible value meets it, false where none does, else unknown; the contrary leaf says the contrary."""
    assert leaf_truth(leaf, fact) is truth
    assert leaf_truth(contrary(leaf), fact) is {T: F, F: T, U: U}[truth]


WORDS: list[tuple[Leaf, Fact, Truth]] = [
    (equals("w", "pregnant"), Known("pregnant"), T),
    (equals("w", "pregnant"), Known("not-pregnant"), F),
    (one_of("w", "never", "daily"), Known("daily"), T),
    (one_of("w", "never", "daily"), Known("weekly"), F),
    (yes("w"), Known(True), T),
    (yes("w"), Known(False), F),
]


@pytest.mark.parametrize(("leaf", "fact", "truth"), WORDS)
def test_words_and_findings_are_compared_exactly(leaf: Leaf, fact: Fact, truth: Truth) -> None:
    """A word is or is not one of those asked for; a finding is there or not."""
    assert leaf_truth(leaf, fact) is truth
    assert leaf_truth(contrary(leaf), fact) is {T: F, F: T}[truth]


@pytest.mark.parametrize("leaf", [at_least("x", 1), between("x", 1, 2), equals("x", "a"), one_of("x", "a"), yes("x"), not_(yes("x"))])
@pytest.mark.parametrize("fact", [NotRecorded(), DOUBT])
def test_what_is_not_known_is_unknown_for_every_question(leaf: Node, fact: Fact) -> None:
    """Not recorded and in doubt are neither true nor false, whatever is asked."""
    assert evaluate(leaf, {"x": fact}) is U


@pytest.mark.parametrize(
    ("fact", "is_known"),
    [(Known(False), T), (Known("a"), T), (Known(0.0), T), (Bounds(1, None), T), (NotRecorded(), F), (DOUBT, U)],
)
def test_known_tells_the_four_states_apart(fact: Fact, is_known: Truth) -> None:
    """`known: true` is true for a value and for bounds, false for not recorded, unknown for what could not be looked at."""
    assert leaf_truth(known("x"), fact) is is_known
    assert leaf_truth(known("x", is_known=False), fact) is {T: F, F: T, U: U}[is_known]


def test_a_fact_that_nobody_derived_is_a_bug() -> None:
    """A condition about a fact that is missing raises; it never counts as false."""
    with pytest.raises(FactMissing, match="fever"):
        evaluate(any_of(yes("t"), yes("fever")), FACTS)


@pytest.mark.parametrize(
    ("leaf", "fact"),
    [
        (at_least("x", 5), Known("7")),
        (at_least("x", 5), Known(True)),
        (at_least("x", 5), Known(float("nan"))),
        (at_least("x", 5), Known(float("inf"))),
        (equals("x", "a"), Known(3.0)),
        (equals("x", 3), Known("3")),
        (one_of("x", "a"), Known(True)),
        (yes("x"), Known("true")),
        (yes("x"), Known(1.0)),
        (yes("x"), Bounds(1, None)),
    ],
)
def test_a_question_of_the_wrong_type_is_a_bug(leaf: Leaf, fact: Fact) -> None:
    """A number is never asked of a word, nor yes of a number; the error names the fact and not its value."""
    with pytest.raises(FactOfWrongType, match="'x'") as raised:
        leaf_truth(leaf, fact)
    assert "7" not in str(raised.value)
