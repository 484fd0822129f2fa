"""What the truth of a condition makes certain: the facts that are known in every way that it can be true."""

from __future__ import annotations

from exercise_cds.model.normal import contrary
from exercise_cds.model.tree import AllOf, Always, AnyOf, Leaf, Named, Node, Not, Op

_NOTHING: frozenset[str] = frozenset()


class Certainty:
    """Readings of one pack's trees; a named condition is read once, however often it is named."""

    def __init__(self) -> None:
        self._named: dict[tuple[int, bool], tuple[Node, frozenset[str]]] = {}
        """By identity of the shared tree, which is kept alive here."""

    def known(self, tree: Node, *, negate: bool = False) -> frozenset[str]:
        """The facts that are known, exactly or within bounds, whenever the tree is true (with `negate`: whenever it is false)."""
        match tree:
            case Leaf():
                leaf = contrary(tree) if negate else tree
                return _NOTHING if leaf.op is Op.KNOWN and not leaf.value else frozenset({leaf.fact})
            case Not(part):
                return self.known(part, negate=not negate)
            case Named(_, part):
                if (id(part), negate) not in self._named:
                    self._named[id(part), negate] = part, self.known(part, negate=negate)
                return self._named[id(part), negate][1]
            case AllOf(parts) | AnyOf(parts):
                sets = [self.known(part, negate=negate) for part in parts]
                # True `all`: each part is; true `any`: some part is. The contrary turns one into the other.
                return (
                    _NOTHING.union(*sets)
                    if isinstance(tree, AllOf) is not negate
                    else _NOTHING
                    if not sets
                    else frozenset.intersection(*sets)
                )
            case Always():
                return _NOTHING
