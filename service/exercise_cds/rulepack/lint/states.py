"""Every state that a fact can be in, as far as a few questions can tell them apart: what the solver searches through.

Numbers fall into cells: the numbers that the questions name, and what lies between them and beyond. One number stands for a cell, and a
pair of them for a number that is known within bounds only. What a question says of a state is asked of the reference reading
(`model.kleene`), so that the linter cannot mean anything else than the engine does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, inf

from exercise_cds.model.decision import Truth
from exercise_cds.model.facts import Bounds, Cause, Fact, InDoubt, Known, NotRecorded
from exercise_cds.model.kinds import KINDS, ValueType
from exercise_cds.model.kleene import leaf_truth
from exercise_cds.model.pack import FactSpec
from exercise_cds.model.tree import Leaf

WHOLE_NUMBERS = frozenset({"episode", "age"})
"""Kinds that count whole days and years."""
MOST_CELLS = 41
"""Numbers that stand for cells; bounds are pairs of them."""
_DOUBT = InDoubt(Cause.NOT_OBTAINED, "")


class TooMany(Exception):
    """More states or steps than the linter takes: whoever asked stays silent."""


@dataclass(frozen=True, slots=True)
class States:
    """The states of one fact. A set of states is a number with one bit for each: `all` has every bit."""

    facts: tuple[Fact, ...]
    recorded: int
    """Those in which a value is recorded, exactly or within bounds that lie inside the fact's range."""

    @property
    def all(self) -> int:
        """Every state."""
        return (1 << len(self.facts)) - 1

    def true(self, leaf: Leaf) -> int:
        """The states in which the leaf is true."""
        return sum(1 << bit for bit, fact in enumerate(self.facts) if leaf_truth(leaf, fact) is Truth.TRUE)


def numbers_of(leaves: Iterable[Leaf]) -> tuple[float, ...]:
    """The numbers that leaves name, sorted."""
    named: set[float] = set()
    for leaf in leaves:
        values = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
        named.update(float(value) for value in values if isinstance(value, int | float) and not isinstance(value, bool))
    return tuple(sorted(named))


def range_of(spec: FactSpec) -> tuple[float, float]:
    """The least and the greatest number that a fact can be."""
    if spec.kind == "score":
        return spec.scale
    if spec.drop_over is not None:
        return 0.0, 100.0
    if spec.valid is not None:
        return spec.valid
    return (0.0, inf) if spec.kind in WHOLE_NUMBERS else (-inf, inf)


def cells(spec: FactSpec, named: Collection[float]) -> tuple[float, ...]:
    """One number for each cell that the named numbers make, sorted, within the fact's range."""
    least, most = range_of(spec)
    ends = [end for end in (least, most) if end not in (-inf, inf)]
    marks = sorted({*named, *ends}) or [0.0]
    between = [(low + high) / 2 for low, high in pairwise(marks)]
    found = {marks[0] - 1, *marks, *between, marks[-1] + 1}
    if spec.kind in WHOLE_NUMBERS:
        around = {float(whole) for mark in marks for whole in (floor(mark) - 1, floor(mark), ceil(mark), ceil(mark) + 1)}
        found = around | {float(floor(number)) for number in found}
    return tuple(sorted(number for number in found if least <= number <= most))


def states(spec: FactSpec, leaves: Collection[Leaf]) -> States:
    """The states of a fact as far as these leaves can tell them apart. Raises TooMany."""
    words = sorted({answer for answer in spec.answers.values() if isinstance(answer, str)})
    if KINDS[spec.kind].value is ValueType.YES_NO:  # of which the chart has nothing it is false: there is no "not recorded"
        return States((Known(value=True), Known(value=False), _DOUBT), 0b011)
    if words and spec.kind != "score":
        return States((*(Known(word) for word in words), NotRecorded(), _DOUBT), (1 << len(words)) - 1)
    found = cells(spec, numbers_of(leaves))
    if len(found) > MOST_CELLS:
        raise TooMany
    least, most = range_of(spec)
    closed: list[tuple[float | None, float | None]] = [(low, high) for index, low in enumerate(found) for high in found[index + 1 :]]
    from_below: list[tuple[float | None, float | None]] = [(None, high) for high in found]
    to_above: list[tuple[float | None, float | None]] = [(low, None) for low in found]
    inside = closed + (from_below if least == -inf else []) + (to_above if most == inf else [])
    outside = (from_below if least != -inf else []) + (to_above if most != inf else [])
    within = [Bounds(low, high) for low, high in (*inside, *outside)]
    return States((*(Known(number) for number in found), *within, NotRecorded(), _DOUBT), (1 << len(found) + len(inside)) - 1)
