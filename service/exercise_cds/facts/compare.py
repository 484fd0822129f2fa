"""A condition over one exact value: all that `overruled_by` needs. Rules are evaluated by the engine, not here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from exercise_cds.model.facts import Scalar
from exercise_cds.model.tree import AllOf, Always, AnyOf, Leaf, Named, Node, Not, Op

_HOLDS: dict[Op, Callable[[Any, Any], bool]] = {
    Op.AT_LEAST: lambda value, asked: value >= asked,
    Op.AT_MOST: lambda value, asked: value <= asked,
    Op.ABOVE: lambda value, asked: value > asked,
    Op.BELOW: lambda value, asked: value < asked,
    Op.BETWEEN: lambda value, asked: asked[0] <= value <= asked[1],
    Op.OUTSIDE: lambda value, asked: not asked[0] <= value <= asked[1],
    Op.IS: lambda value, asked: value == asked,
    Op.IS_NOT: lambda value, asked: value != asked,
    Op.ONE_OF: lambda value, asked: value in asked,
    Op.NONE_OF: lambda value, asked: value not in asked,
    Op.TRUE: lambda value, asked: value is asked,
    Op.FALSE: lambda value, asked: value is asked,
    Op.KNOWN: lambda _, asked: bool(asked),
}


def holds(node: Node, value: Scalar) -> bool:
    """Whether the condition is true of the value, which stands for every fact that the condition names."""
    match node:
        case Leaf(_, op, asked):
            return _HOLDS[op](value, asked)
        case AllOf(parts):
            return all(holds(part, value) for part in parts)
        case AnyOf(parts):
            return any(holds(part, value) for part in parts)
        case Not(part):
            return not holds(part, value)
        case Named(_, part):
            return holds(part, value)
        case Always():
            return True
