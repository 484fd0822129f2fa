"""What made a rule true, and what leaves one open: readings of the tree for `{found}` and for "could not be checked".

It decides nothing: truth is Kleene's (`model/kleene.py`), and what follows from it stands in the Decision.
"""

from __future__ import annotations

from collections.abc import Iterable

from exercise_cds.model.decision import Truth
from exercise_cds.model.facts import FALSE, Bounds, Facts, InDoubt
from exercise_cds.model.kleene import FactOfWrongType, leaf_truth
from exercise_cds.model.normal import negation_normal
from exercise_cds.model.tree import AllOf, Always, AnyOf, Leaf, Named, Node, Not, Op, leaves

_NEGATIVE = frozenset({Op.FALSE, Op.IS_NOT, Op.NONE_OF})
"""Leaves that are true because something is not there: they name nothing that was found."""


def truth(leaf: Leaf, facts: Facts) -> Truth:
    """What a leaf says of the facts. A fact that is not there, or at which an engine stumbles (law 4), is unknown: cards still come."""
    fact = facts.get(leaf.fact)
    if fact is None:
        return Truth.UNKNOWN
    try:
        return leaf_truth(leaf, fact)
    except FactOfWrongType:
        return Truth.UNKNOWN


def _names_something(leaf: Leaf) -> bool:
    return leaf.op not in _NEGATIVE and not (leaf.op is Op.KNOWN and not leaf.value)


def _leaf_proven(leaf: Leaf, facts: Facts, into: dict[str, None]) -> bool:
    if facts.get(leaf.fact) is FALSE and leaf.op is Op.TRUE:
        return False  # what most leaves of most charts are
    if truth(leaf, facts) is not Truth.TRUE:
        return False
    if _names_something(leaf):
        into[leaf.fact] = None
    return True


def _proven(node: Node, facts: Facts, into: dict[str, None]) -> bool:
    """Whether the condition is true; if so, the names of the facts that make it so are added to `into`, left to right."""
    match node:
        case Leaf():
            return _leaf_proven(node, facts, into)
        case AnyOf(parts):
            met = [_proven(part, facts, into) for part in parts]  # every part is asked: all that is found is named
            return any(met)
        case AllOf(parts):
            mine: dict[str, None] = {}
            if not all(_proven(part, facts, mine) for part in parts):
                return False
            into.update(mine)
            return True
        case Named(_, part):
            return _proven(part, facts, into)
        case Always():
            return True
        case Not(part):
            return _proven(negation_normal(part, negate=True), facts, into)


def found_facts(when: Node, facts: Facts) -> tuple[str, ...]:
    """The facts that made `when` true, left to right. Where it is not proven (the engines differ), what holds of it on its own."""
    into: dict[str, None] = {}
    if not _proven(when, facts, into):
        into = {leaf.fact: None for leaf in leaves(when) if _names_something(leaf) and truth(leaf, facts) is Truth.TRUE}
    return tuple(into)


def _could_be(node: Node, facts: Facts, into: dict[str, None]) -> bool:
    """Whether the condition is true, or would be if what is open were; then the facts that leave it open are added to `into`."""
    match node:
        case Leaf():
            answer = truth(node, facts)
            if answer is Truth.UNKNOWN and isinstance(facts.get(node.fact), (InDoubt, Bounds)):
                into[node.fact] = None
                return True
            return answer is Truth.TRUE
        case AnyOf(parts):
            return _one_could_be(parts, facts, into)
        case AllOf(parts):
            mine: dict[str, None] = {}
            if not all(_could_be(part, facts, mine) for part in parts):
                return False
            into.update(mine)
            return True
        case Named(_, part):
            return _could_be(part, facts, into)
        case Always():
            return True
        case Not(part):
            return _could_be(negation_normal(part, negate=True), facts, into)


def _one_could_be(parts: Iterable[Node], facts: Facts, into: dict[str, None]) -> bool:
    all_of_them: dict[str, None] = {}
    could = False
    for part in parts:
        mine: dict[str, None] = {}
        if _could_be(part, facts, mine):
            if not mine:
                return True  # true as it stands: whatever else is open does not matter
            could = True
            all_of_them |= mine
    into.update(all_of_them)
    return could


def open_facts(when: Node, facts: Facts) -> tuple[str, ...]:
    """The facts that leave `when` open and could make it true: in doubt, or a number whose bounds leave a leaf undecided (law 3)."""
    into: dict[str, None] = {}
    _could_be(when, facts, into)
    return tuple(into)
