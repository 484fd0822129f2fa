"""Five readings of one condition, side by side in five bits: as it stands, and with one sort of the unknown counted as true.

Once negation stands at the leaves, a condition is made of `all` and `any` alone: making a leaf true can never make it false. So
whether it *could become true* is asked by counting some unknown leaves as true and reading it again. The readings that law 3 and law 6
need are five; a leaf carries its answer to each in one bit, `all` is `&`, `any` is `|`, and one walk answers all five.
"""

from __future__ import annotations

from functools import reduce
from operator import and_, or_

from exercise_cds.model.decision import Gate, RuleOutcome, Truth, Why
from exercise_cds.model.facts import Bounds, Fact, Facts, NotRecorded
from exercise_cds.model.kleene import FactMissing, leaf_truth
from exercise_cds.model.tree import AllOf, Always, AnyOf, Leaf, Named, Node, Not

AS_IT_STANDS = 1
"""True whatever is unknown: what both engines must agree on."""
IF_DOUBT = 2
"""True if every leaf on a fact in doubt were true."""
IF_OPEN = 4
"""True if every leaf on a fact in doubt, and every leaf that bounds leave open, were true."""
IF_RECORDED = 8
"""True if every leaf on a fact that is not recorded were true."""
IF_ANYTHING = 16
"""True if every unknown leaf were true: without this bit the condition is false."""

TRUE = AS_IT_STANDS | IF_DOUBT | IF_OPEN | IF_RECORDED | IF_ANYTHING
FALSE = 0
DOUBTFUL = IF_DOUBT | IF_OPEN | IF_ANYTHING
"""A leaf on a fact in doubt."""
LEFT_OPEN = IF_OPEN | IF_ANYTHING
"""A leaf that the bounds of its fact leave undecided."""
UNRECORDED = IF_RECORDED | IF_ANYTHING
"""A leaf on a fact that is not recorded."""


def read_leaf(leaf: Leaf, fact: Fact) -> int:
    """One leaf's five bits."""
    truth = leaf_truth(leaf, fact)
    if truth is not Truth.UNKNOWN:
        return TRUE if truth is Truth.TRUE else FALSE
    if isinstance(fact, Bounds):
        return LEFT_OPEN
    return UNRECORDED if isinstance(fact, NotRecorded) else DOUBTFUL


def read(node: Node, facts: Facts) -> int:
    """A condition's five bits, by the plain walk. Negation must stand at the leaves (`model.normal.negation_normal`)."""
    match node:
        case Leaf():
            if node.fact not in facts:
                raise FactMissing(node.fact)
            return read_leaf(node, facts[node.fact])
        case AllOf(parts):
            return reduce(and_, (read(part, facts) for part in parts), TRUE)
        case AnyOf(parts):
            return reduce(or_, (read(part, facts) for part in parts), FALSE)
        case Named(_, part):
            return read(part, facts)
        case Always():
            return TRUE
        case Not():
            raise ValueError("push `not` to the leaves first: see model.normal")


def truth_of(reading: int) -> Truth:
    """Kleene's value of a reading."""
    return Truth.TRUE if reading & AS_IT_STANDS else Truth.UNKNOWN if reading & IF_ANYTHING else Truth.FALSE


def gate_of(reading: int) -> Gate:
    """OPEN when true; IN_DOUBT when facts in doubt could make it true; else CLOSED, unknown for any other reason included."""
    return Gate.OPEN if reading & AS_IT_STANDS else Gate.IN_DOUBT if reading & IF_DOUBT else Gate.CLOSED


def wants_record(reading: int) -> bool:
    """Unknown because facts are not recorded: they alone could settle it, or without them nothing could."""
    unknown = reading & IF_ANYTHING and not reading & AS_IT_STANDS
    return bool(unknown and (reading & IF_RECORDED or not reading & IF_OPEN))


def outcome_of(rule: str, when: int, unless: int, *, silent: bool) -> RuleOutcome:
    """A rule's truth, whether it speaks and whether it withholds (law 3). A silent rule is evaluated, and does neither.

    `withholds`: in `when`, what is in doubt or left open counts as true; in `unless`, it does not.
    `speaks`: fired, and `unless` is not true even if what is in doubt were.
    """
    not_excused = not unless & AS_IT_STANDS
    fired = bool(when & AS_IT_STANDS) and not_excused
    why = Why.FIRED if fired else Why.IN_DOUBT if when & IF_OPEN and not_excused else None
    return RuleOutcome(
        rule=rule,
        when=truth_of(when),
        unless=truth_of(unless),
        speaks=fired and not unless & IF_DOUBT and not silent,
        withholds=None if silent else why,
    )
