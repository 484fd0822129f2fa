"""Limits of durable-rules that an author can reach (docs/durable-rules.md): ways of being true, and different questions in one rule."""

from __future__ import annotations

from math import prod

from exercise_cds.model.normal import negation_normal
from exercise_cds.model.tree import AllOf, AnyOf, Leaf, Named, Node, leaves
from exercise_cds.model.where import Where
from exercise_cds.rulepack.report import Report

MOST_LEAVES = 60
"""Different questions that the engine holds at once."""
MOST_WAYS = 256


def check_widths(tree: Node, where: Where, report: Report) -> None:
    """Findings for a condition that the engine cannot hold, or holds slowly."""
    normal = negation_normal(tree)
    if not _fits(normal, frozenset()):
        sentence = f"this asks more than {MOST_LEAVES} different questions that must be held at once"
        report.add("too-many-leaves", where, sentence, "split the rule: one rule for each part of the outermost `any`")
    ways = width(normal)
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


def _fits(tree: Node, beside: frozenset[Leaf]) -> bool:
    """Whether the tree, together with leaves that stand beside it, can be split at its outermost `any`s into parts that fit."""
    if len(frozenset(leaves(tree)) | beside) <= MOST_LEAVES:
        return True
    match tree:
        case Named(_, part):
            return _fits(part, beside)
        case AnyOf(parts):
            return all(_fits(part, beside) for part in parts)
        case AllOf(parts):
            # The widest part is split; what stands beside it is needed in each of the parts.
            widest = max(parts, key=lambda part: len(frozenset(leaves(part))))
            rest = frozenset(leaf for part in parts if part is not widest for leaf in leaves(part))
            return not isinstance(widest, Leaf) and _fits(widest, beside | rest)
        case _:
            return False
