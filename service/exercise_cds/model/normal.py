"""Negation pushed to the leaves: what durable-rules, the doubt of law 3 and the linter's intervals need."""

from __future__ import annotations

from exercise_cds.model.tree import AllOf, Always, AnyOf, Leaf, Named, Node, Not, Op

CONTRARY = {
    Op.AT_LEAST: Op.BELOW,
    Op.BELOW: Op.AT_LEAST,
    Op.AT_MOST: Op.ABOVE,
    Op.ABOVE: Op.AT_MOST,
    Op.BETWEEN: Op.OUTSIDE,
    Op.OUTSIDE: Op.BETWEEN,
    Op.IS: Op.IS_NOT,
    Op.IS_NOT: Op.IS,
    Op.ONE_OF: Op.NONE_OF,
    Op.NONE_OF: Op.ONE_OF,
    Op.TRUE: Op.FALSE,
    Op.FALSE: Op.TRUE,
}
"""The contrary of every operator but `known`, whose contrary is the other answer."""

NEVER = AnyOf(())
"""The contrary of `always`: an empty `any`, false whatever is known."""


def contrary(leaf: Leaf) -> Leaf:
    """The leaf that is true where this one is false, and unknown where this one is unknown."""
    if leaf.op is Op.KNOWN:
        return Leaf(leaf.fact, Op.KNOWN, not leaf.value, leaf.setting, leaf.where)
    value = leaf.value
    if leaf.op in (Op.TRUE, Op.FALSE):
        value = not value
    return Leaf(leaf.fact, CONTRARY[leaf.op], value, leaf.setting, leaf.where)


def negation_normal(node: Node, *, negate: bool = False) -> Node:
    """The same condition with every `not` pushed onto single leaves. Kleene-equal to the original for all facts."""
    match node:
        case Not(part):
            return negation_normal(part, negate=not negate)
        case Leaf():
            return contrary(node) if negate else node
        case Named(name, part, where):
            return Named(name, negation_normal(part, negate=negate), where)
        case AllOf(parts, where) | AnyOf(parts, where):
            keeps = isinstance(node, AllOf) is not negate
            kind = AllOf if keeps else AnyOf
            return kind(tuple(negation_normal(part, negate=negate) for part in parts), where)
        case Always():
            return NEVER if negate else node
