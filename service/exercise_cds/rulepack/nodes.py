"""What an author's file holds, with the line and column of every key and value: what both readers (YAML, JSON) make.

A `Place` is a file together with the way to one of its values; it answers `where` for any finding, and lets the stages behind the
readers speak of "the `because` of the second offer" without carrying marks about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from exercise_cds.model.where import Where

Plain: TypeAlias = "str | int | float | bool | list[Plain] | dict[str, Plain] | None"
"""The same content without places: what pydantic reads."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text, number, yes/no or null. `source` is its own spelling: keys are compared by it, so `2:` and `"2":` are one key."""

    value: str | int | float | bool | None
    source: str
    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping (YAML) or object (JSON): key text -> (the key itself, its value), in file order."""

    entries: Mapping[str, tuple[Scalar, Node]]
    line: int = 1
    column: int = 1


Node: TypeAlias = "Scalar | Sequence | Table"
Step: TypeAlias = "str | int"


def plain(node: Node) -> Plain:
    """The node's content without places."""
    match node:
        case Table(entries):
            return {key: plain(value) for key, (_, value) in entries.items()}
        case Sequence(items):
            return [plain(item) for item in items]
        case Scalar(value):
            return value


def _child(node: Node, step: Step) -> Node | None:
    match node:
        case Table(entries) if isinstance(step, str) and step in entries:
            return entries[step][1]
        case Sequence(items) if isinstance(step, int) and step < len(items):
            return items[step]
        case _:
            # A step that the file does not have: the shapes read "one, or a list of them" as a list, so `offer.0` may mean `offer`.
            return node if step == 0 else None


@dataclass(frozen=True, slots=True)
class Place:
    """The value reached by `path` from the root of `file`. `node` is None where the author wrote nothing there."""

    file: str
    node: Node | None
    path: tuple[Step, ...] = ()
    near: Where = field(default_factory=lambda: Where(""))
    """Where to point when there is nothing: the nearest value around it."""

    def __truediv__(self, step: Step) -> Place:
        child = None if self.node is None else _child(self.node, step)
        return Place(self.file, child, (*self.path, step), self.where)

    def down(self, path: tuple[Step, ...]) -> Place:
        """The place several steps further."""
        place = self
        for step in path:
            place = place / step
        return place

    @property
    def where(self) -> Where:
        """File, line and column of the value, or of the nearest one around it."""
        return Where(self.file, self.node.line, self.node.column) if self.node is not None else self.near

    def key(self, key: str) -> Where:
        """Where the key itself stands in this mapping; the mapping's own place where it has no such key."""
        if isinstance(self.node, Table) and key in self.node.entries:
            mark = self.node.entries[key][0]
            return Where(self.file, mark.line, mark.column)
        return self.where

    def __iter__(self) -> Iterator[Place]:
        """The places of the entries of a list or the values of a mapping; a single value counts as a list of one."""
        match self.node:
            case Sequence(items):
                yield from (self / index for index in range(len(items)))
            case Table(entries):
                yield from (self / key for key in entries)
            case Scalar():
                yield self

    @property
    def names(self) -> tuple[str, ...]:
        """The keys of a mapping; none for anything else."""
        return tuple(self.node.entries) if isinstance(self.node, Table) else ()
