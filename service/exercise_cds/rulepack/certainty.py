"""What the truth of a condition makes certain: the facts that are known in every way that it can be true."""

from __future__ import annotations

from exercise_cds.model.tree import AllOf, AnyOf, Leaf, Named, Node, Op


def certainly_known(tree: Node) -> frozenset[str]:
    """The facts that are known (exactly or within bounds) in every way that the tree can be true. The tree is in negation normal form."""
    match tree:
        case Leaf(fact, Op.KNOWN, value):
            return frozenset({fact}) if value else frozenset()
        case Leaf(fact):
            return frozenset({fact})
        case AllOf(parts):
            return frozenset().union(*(certainly_known(part) for part in parts))
        case AnyOf(parts) if parts:
            return frozenset.intersection(*(certainly_known(part) for part in parts))
        case Named(_, part):
            return certainly_known(part)
        case _:
            return frozenset()
