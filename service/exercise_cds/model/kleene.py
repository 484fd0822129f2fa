"""Three-valued truth, written out: what one leaf says of one fact, and what a tree says of all of them (law 2).

This is the reference reading: short enough to be checked against the tables by eye, and what the tracer shows. The engine's fast
readings are tested against it on many random pairs.
"""

from __future__ import annotations

from math import inf, isfinite

from exercise_cds.model.decision import Truth
from exercise_cds.model.facts import Bounds, Fact, Facts, InDoubt, Known, NotRecorded
from exercise_cds.model.tree import AllOf, Always, AnyOf, Leaf, Named, Node, Not, Op

CONTRARY_TRUTH = {Truth.TRUE: Truth.FALSE, Truth.FALSE: Truth.TRUE, Truth.UNKNOWN: Truth.UNKNOWN}


class FactMissing(LookupError):
    """A condition asks about a fact that nobody derived: a bug of ours, never the chart's fault."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The fact {name!r} was not derived.")


class FactOfWrongType(TypeError):
    """A condition asks a number of a word, or the like: a bug of ours. Names the fact, never its value (law 7)."""

    def __init__(self, name: str, expected: str) -> None:
        super().__init__(f"The fact {name!r} is not {expected}.")


def finite_number(name: str, value: object) -> float:
    """The value of a number fact, for whoever compares it: yes/no, text, NaN and infinity are no numbers. Raises FactOfWrongType."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
        raise FactOfWrongType(name, "a finite number")
    return float(value)


def _truth(*, certain: bool, possible: bool) -> Truth:
    """TRUE where every value that the fact may have meets the leaf, FALSE where none does."""
    return Truth.TRUE if certain else Truth.UNKNOWN if possible else Truth.FALSE


def _number_truth(leaf: Leaf, least: float, most: float) -> Truth:
    """A leaf on a number that lies somewhere in `least`..`most`, both included; an exact number is both."""
    match leaf.op, leaf.value:
        case Op.AT_LEAST, (int() | float()) as n:
            return _truth(certain=least >= n, possible=most >= n)
        case Op.AT_MOST, (int() | float()) as n:
            return _truth(certain=most <= n, possible=least <= n)
        case Op.ABOVE, (int() | float()) as n:
            return _truth(certain=least > n, possible=most > n)
        case Op.BELOW, (int() | float()) as n:
            return _truth(certain=most < n, possible=least < n)
        case Op.BETWEEN, (int() | float() as low, int() | float() as high):
            return _truth(certain=low <= least and most <= high, possible=low <= most and least <= high)
        case Op.IS, (int() | float()) as n:
            return _truth(certain=least == most == n, possible=least <= n <= most)
        case Op.ONE_OF, tuple(values):
            among = any(least <= n <= most for n in values if not isinstance(n, str))
            return _truth(certain=among and least == most, possible=among)
        case ((Op.OUTSIDE | Op.IS_NOT | Op.NONE_OF), value):
            op = {Op.OUTSIDE: Op.BETWEEN, Op.IS_NOT: Op.IS, Op.NONE_OF: Op.ONE_OF}[leaf.op]
            return CONTRARY_TRUTH[_number_truth(Leaf(leaf.fact, op, value), least, most)]
        case _:
            raise FactOfWrongType(leaf.fact, f"something that can be asked `{leaf.op}`")


def _word_truth(leaf: Leaf, value: str) -> Truth:
    match leaf.op:
        case Op.IS if isinstance(leaf.value, str):
            return Truth.TRUE if value == leaf.value else Truth.FALSE
        case Op.IS_NOT if isinstance(leaf.value, str):
            return Truth.FALSE if value == leaf.value else Truth.TRUE
        case Op.ONE_OF if isinstance(leaf.value, tuple):
            return Truth.TRUE if value in leaf.value else Truth.FALSE
        case Op.NONE_OF if isinstance(leaf.value, tuple):
            return Truth.FALSE if value in leaf.value else Truth.TRUE
        case _:
            raise FactOfWrongType(leaf.fact, f"something that can be asked `{leaf.op}`")


def leaf_truth(leaf: Leaf, fact: Fact) -> Truth:
    """What one leaf says of one fact. Not recorded and in doubt are UNKNOWN for every operator but `known`."""
    if leaf.op is Op.KNOWN:
        if isinstance(fact, InDoubt):
            return Truth.UNKNOWN
        return Truth.TRUE if isinstance(fact, NotRecorded) is not leaf.value else Truth.FALSE
    match fact:
        case NotRecorded() | InDoubt():
            return Truth.UNKNOWN
        case Bounds(least, most):
            return _number_truth(leaf, -inf if least is None else least, inf if most is None else most)
        case Known(bool() as value):
            if leaf.op not in (Op.TRUE, Op.FALSE):
                raise FactOfWrongType(leaf.fact, f"something that can be asked `{leaf.op}`")
            return Truth.TRUE if value is (leaf.op is Op.TRUE) else Truth.FALSE
        case Known(str() as value):
            return _word_truth(leaf, value)
        case Known(value):
            number = finite_number(leaf.fact, value)
            return _number_truth(leaf, number, number)
    raise FactOfWrongType(leaf.fact, "one of the four states of a fact")


def evaluate(node: Node, facts: Facts) -> Truth:
    """The truth of a condition: `all` is the least of its parts, `any` the greatest, `not` the contrary. Raises FactMissing."""
    match node:
        case Leaf():
            fact = facts.get(node.fact)
            if fact is None:
                raise FactMissing(node.fact)
            return leaf_truth(node, fact)
        case AllOf(parts):
            return min((evaluate(part, facts) for part in parts), default=Truth.TRUE)
        case AnyOf(parts):
            return max((evaluate(part, facts) for part in parts), default=Truth.FALSE)
        case Not(part):
            return CONTRARY_TRUTH[evaluate(part, facts)]
        case Named(_, part):
            return evaluate(part, facts)
        case Always():
            return Truth.TRUE
