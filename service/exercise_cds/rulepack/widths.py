"""The one limit of durable-rules that an author can reach (docs/durable-rules.md): in how many ways a rule can be true.

Its other limits (60 different questions held at once, 48 rules, 200 keys) are the engine room's: it splits what is too wide.
"""

from __future__ import annotations

from math import prod

from exercise_cds.model.normal import negation_normal
from exercise_cds.model.tree import AllOf, AnyOf, Named, Node
from exercise_cds.model.where import Where
from exercise_cds.rulepack.report import Report

MOST_WAYS = 256


def check_widths(tree: Node, where: Where, report: Report) -> None:
    """Advice for a condition that the engine must take apart to hold."""
    ways = width(negation_normal(tree))
    if ways > MOST_WAYS:
        sentence = f"there are {ways:,} ways for this to be true; more than {MOST_WAYS} make it slow"
        report.add("wide-condition", where, sentence, "put fewer `any:` beside each other under one `all:`")


def width(tree: Node) -> int:
    """In how many ways a tree in negation normal form can be true: what durable-rules fires in the worst case."""
    match tree:
        case Named(_, part):
            return width(part)
        case AnyOf(parts):
            return sum(width(part) for part in parts)
        case AllOf(parts):
            return min(prod(width(part) for part in parts), 10**9)
        case _:
            return 1
