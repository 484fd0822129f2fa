"""Whether conditions can be true together: an exact search over the states of facts, with a bound on its steps.

A condition becomes a `Demand`: a literal is a fact and the set of states that it allows; `all` and `any` are as ever. The search fixes what
must hold, and tries the ways of one `any` after the other. It never guesses: beyond the bound it raises TooMany, and nothing is said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from exercise_cds.model.facts import FALSE, Fact
from exercise_cds.model.normal import negation_normal
from exercise_cds.model.pack import FactSpec
from exercise_cds.model.tree import AllOf, Always, AnyOf, Leaf, Named, Node, Not, leaves
from exercise_cds.rulepack.lint.states import States, TooMany, states

MOST_STEPS = 4_000
"""Ways tried in one search."""
MOST_TOGETHER = 400_000
"""Ways tried for one pack."""


class Lit(NamedTuple):
    """A fact is in one of the states of `mask`."""

    fact: str
    mask: int


class Every(NamedTuple):
    """All of them."""

    parts: tuple[Demand, ...]


class Some(NamedTuple):
    """At least one of them."""

    parts: tuple[Demand, ...]


Demand: TypeAlias = "Lit | Every | Some"


class Wanted(NamedTuple):
    """A condition and what is wanted of it: `true`, or that it is not true (false or unknown)."""

    node: Node
    true: bool = True


class Solver:
    """Answers questions about the conditions of one pack."""

    def __init__(self, specs: Mapping[str, FactSpec]) -> None:
        self._specs = specs
        self._left = MOST_TOGETHER
        self._normal: dict[int, tuple[Node, Node]] = {}
        self._masks: dict[tuple[Leaf, int], int] = {}
        self._states: dict[tuple[str, tuple[Leaf, ...]], States] = {}
        self.conflict = ""
        """The fact of which the last search without result asked what cannot be; "" where it was not one fact alone."""

    def normal(self, node: Node) -> Node:
        """The condition with negation at the leaves, made once."""
        if id(node) not in self._normal:
            self._normal[id(node)] = node, negation_normal(node)
        return self._normal[id(node)][1]

    def possible(self, wanted: Iterable[Wanted], *, recorded: bool = False) -> bool:
        """Whether some chart gives all that is wanted. Raises TooMany.

        `recorded`: of every fact something is recorded, unless it is asked whether it is.
        """
        return self._solve(wanted, recorded=recorded) is not None

    def example(self, wanted: Iterable[Wanted]) -> dict[str, Fact] | None:
        """A chart that gives all that is wanted, the plainest state of each fact; None where there is none. Raises TooMany."""
        found = self._solve(wanted, recorded=False)
        if found is None:
            return None
        domains, room = found
        return {fact: domains[fact].facts[_plainest(mask, domains[fact])] for fact, mask in room.items()}

    def _solve(self, wanted: Iterable[Wanted], *, recorded: bool) -> tuple[dict[str, States], dict[str, int]] | None:
        asked = [(self.normal(one.node), one.true) for one in wanted]
        found: dict[str, dict[Leaf, None]] = {}
        for node, _ in asked:
            for leaf in leaves(node):
                found.setdefault(leaf.fact, {})[leaf] = None
        domains = {fact: self._domain(fact, tuple(mine)) for fact, mine in found.items() if fact in self._specs}
        if len(domains) < len(found):
            raise TooMany  # a fact whose own description is broken
        room = {fact: domain.all for fact, domain in domains.items()}
        for fact, domain in domains.items():
            if recorded and (asks := [leaf for leaf in found[fact] if leaf.op != "known"]):
                room[fact] = domain.recorded if len(asks) == len(found[fact]) else domain.recorded | 1 << len(domain.facts) - 2
        self._steps = min(MOST_STEPS, self._left)
        self._left -= self._steps
        self.conflict = ""
        try:
            end = self._search([self._demand(node, domains, true=true) for node, true in asked], room)
        finally:
            self._left += self._steps
        return None if end is None else (domains, end)

    def _domain(self, fact: str, asked: tuple[Leaf, ...]) -> States:
        key = fact, asked
        if key not in self._states:
            self._states[key] = states(self._specs[fact], asked)
        return self._states[key]

    def _demand(self, node: Node, domains: Mapping[str, States], *, true: bool) -> Demand:
        match node:
            case Leaf():
                domain = domains[node.fact]
                key = node, id(domain)
                if key not in self._masks:
                    self._masks[key] = domain.true(node)
                mask = self._masks[key]
                return Lit(node.fact, mask if true else domain.all & ~mask)
            case Named(_, part):
                return self._demand(part, domains, true=true)
            case AllOf(parts) | AnyOf(parts):
                inner = tuple(self._demand(part, domains, true=true) for part in parts)
                return Every(inner) if isinstance(node, AllOf) is true else Some(inner)
            case Always():
                return Every(()) if true else Some(())
            case Not():
                raise ValueError("push `not` to the leaves first: see model.normal")

    def _search(self, demands: list[Demand], room: dict[str, int]) -> dict[str, int] | None:
        """The room that is left once all demands are met, or None where they cannot be."""
        self._steps -= 1
        if self._steps < 0:
            raise TooMany
        choices = self._fix(demands, room)
        if choices is None:
            return None
        alone = Counter(fact for choice in choices for fact in {lit.fact for lit in _literals(choice)})
        open_choices = []
        for choice in choices:
            free = _free(choice, alone, room)
            if free is None:
                open_choices.append(choice)
            else:
                room[free.fact] &= free.mask
        if not open_choices:
            return room
        first = min(open_choices, key=lambda choice: len(choice.parts))
        rest: list[Demand] = [choice for choice in open_choices if choice is not first]
        tries = (self._search([way, *rest], dict(room)) for way in first.parts)
        return next((found for found in tries if found is not None), None)

    def _fix(self, demands: list[Demand], room: dict[str, int]) -> list[Some] | None:
        """Apply whatever must hold; the choices that remain, or None where nothing can."""
        waiting, choices = list(demands), list[Some]()
        while waiting:
            found = self._apply(waiting, room)
            if found is None:
                return None
            waiting, choices, open_choices = [], [], [*choices, *found]
            for choice in open_choices:
                ways = tuple(way for way in choice.parts if _may_be(way, room))
                if not ways:
                    return None
                if len(ways) == 1:
                    waiting += ways
                elif not any(_holds(way, room) for way in ways):
                    choices.append(Some(ways))
        return choices

    def _apply(self, waiting: list[Demand], room: dict[str, int]) -> list[Some] | None:
        """Narrow the room by every literal that must hold; the choices among the demands, or None where a fact has no state left."""
        choices = []
        while waiting:
            match waiting.pop():
                case Lit(fact, mask):
                    room[fact] &= mask
                    if not room[fact]:
                        self.conflict = self.conflict or fact
                        return None
                case Every(parts):
                    waiting += parts
                case Some() as choice:
                    choices.append(choice)
        return choices


def _may_be(way: Demand, room: Mapping[str, int]) -> bool:
    match way:
        case Lit(fact, mask):
            return bool(room[fact] & mask)
        case Every(parts):
            return all(_may_be(part, room) for part in parts)
        case Some(parts):
            return any(_may_be(part, room) for part in parts)


def _holds(way: Demand, room: Mapping[str, int]) -> bool:
    """Whether it is so already."""
    match way:
        case Lit(fact, mask):
            return not room[fact] & ~mask
        case Every(parts):
            return all(_holds(part, room) for part in parts)
        case Some(parts):
            return any(_holds(part, room) for part in parts)


def _literals(demand: Demand) -> Iterator[Lit]:
    if isinstance(demand, Lit):
        yield demand
    else:
        for part in demand.parts:
            yield from _literals(part)


def _free(choice: Some, alone: Mapping[str, int], room: Mapping[str, int]) -> Lit | None:
    """A way that asks of a fact of which no other choice asks: taking it costs nothing."""
    for way in choice.parts:
        if isinstance(way, Lit) and alone[way.fact] == 1 and room[way.fact] & way.mask:
            return way
    return None


def _plainest(mask: int, domain: States) -> int:
    """The bit of the state to show: "no" for a yes/no fact that may be anything, else the first, which is an exact value."""
    if mask & 0b010 and domain.facts[1] == FALSE:
        return 1
    return (mask & -mask).bit_length() - 1
