"""The condition tree: what `when` and `unless` become (law 5: one tree, many readings).

The tree is built once by `rulepack/conditions.py`. It is read by the three-valued evaluator, the tracer, the compiler to
durable-rules, the linter and the writer of sentences; a new reading is a new function over these seven nodes. A tree that has
been *linked* holds no names any more: settings are numbers, named conditions are inlined under a `Named` node that
only remembers what the author called them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from exercise_cds.model.where import NOWHERE, Where


class Op(StrEnum):
    """What a leaf asks of a fact. The words are the author's words."""

    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    ABOVE = "above"
    BELOW = "below"
    BETWEEN = "between"
    """Both ends included: `between: [18, 64]`."""
    IS = "is"
    ONE_OF = "one_of"
    TRUE = "true"
    """A bare name: this yes/no fact is true."""
    KNOWN = "known"
    """`known: true` / `known: false`: something usable is recorded, or we looked and there is nothing."""
    # The four below are never written by an author; pushing `not` to the leaves makes them.
    IS_NOT = "is_not"
    NONE_OF = "none_of"
    OUTSIDE = "outside"
    """The contrary of `between`."""
    FALSE = "false"


Operand: TypeAlias = "float | str | bool | tuple[float, float] | tuple[str, ...] | tuple[float, ...]"
"""A number (at_least ... below, is), two numbers (between, outside), a word (is), words (one_of), yes or no (true, false, known)."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One question about one fact. `setting` keeps the name under which the author wrote the number, for sentences and mutation."""

    fact: str
    op: Op
    value: Operand
    setting: str | None = None
    where: Where = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class AllOf:
    """True when every part is true."""

    parts: tuple[Node, ...]
    where: Where = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True when at least one part is true."""

    parts: tuple[Node, ...]
    where: Where = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary, proven: true only when the part is false. Unknown stays unknown."""

    part: Node
    where: Where = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Named:
    """A named condition of facts.yaml (kind `when`), inlined: `part` decides, `name` is for sentences and traces."""

    name: str
    part: Node
    where: Where = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Always:
    """`when: always`: true whatever is known."""

    where: Where = field(default=NOWHERE, compare=False)


Node: TypeAlias = "Leaf | AllOf | AnyOf | Not | Named | Always"


def nodes(node: Node) -> Iterator[Node]:
    """The tree and its parts as they are written, without what stands behind names."""
    yield node
    match node:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from nodes(part)
        case Not(part):
            yield from nodes(part)
        case Leaf() | Named() | Always():
            return


def every(node: Node) -> Iterator[Node]:
    """The tree and all its parts, also behind names."""
    for one in nodes(node):
        yield one
        if isinstance(one, Named):
            yield from every(one.part)


def leaves(node: Node) -> Iterator[Leaf]:
    """Every leaf of the tree, left to right, repeated ones repeatedly."""
    match node:
        case Leaf():
            yield node
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part) | Named(_, part):
            yield from leaves(part)
        case Always():
            return


def facts_read(node: Node) -> frozenset[str]:
    """The names of all facts that the tree asks about."""
    return frozenset(leaf.fact for leaf in leaves(node))
