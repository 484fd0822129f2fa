"""The one limit of durable-rules that an author can reach (docs/durable-rules.md): in how many ways a rule can be true.

Its other limits (60 different questions held at once, 48 rules, 200 keys) are the engine room's: it splits what is too wide.
"""

from __future__ import annotations

from math import prod

from exercise_cds.model.tree import AllOf, AnyOf, Named, Node, Not
from exercise_cds.model.where import Where
from exercise_cds.rulepack.report import Report

MOST_WAYS = 256
_ENOUGH = 10**9


class Widths:
    """Readings of one pack's trees; a named condition is read once, however often it is named."""

    def __init__(self) -> None:
        self._named: dict[tuple[int, bool], tuple[Node, int]] = {}
        """By identity of the shared tree, which is kept alive here."""

    def check(self, tree: Node, where: Where, report: Report) -> None:
        """Advice for a condition that the engine must take apart to hold."""
        ways = self.ways(tree)
        if ways > MOST_WAYS:
            shown = f"{ways:,}" if ways < _ENOUGH else "a thousand million"
            sentence = f"there are {shown} ways for this to be true; more than {MOST_WAYS} make it slow"
            report.add("wide-condition", where, sentence, "put fewer `any:` beside each other under one `all:`")

    def ways(self, tree: Node, *, negate: bool = False) -> int:
        """In how many ways the tree can be true (with `negate`: false): what durable-rules fires in the worst case."""
        match tree:
            case Named(_, part):
                if (id(part), negate) not in self._named:
                    self._named[id(part), negate] = part, self.ways(part, negate=negate)
                return self._named[id(part), negate][1]
            case Not(part):
                return self.ways(part, negate=not negate)
            case AllOf(parts) | AnyOf(parts):
                ways = [self.ways(part, negate=negate) for part in parts]
                return min(prod(ways) if isinstance(tree, AllOf) is not negate else sum(ways), _ENOUGH)
            case _:
                return 1
