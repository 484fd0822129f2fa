"""Conditions laced into rule sets that durable-rules 2.0.28 evaluates correctly: every limit of docs/durable-rules.md is kept here.

The engine fails silently or kills the process when a limit is passed, so nothing is left to luck: the network that it will build is
rehearsed node by node (`Network`), for a chart in which everything is true, before a rule set is given to it. A condition that is
too wide is split: at an outermost `any` into parts that report one number, at an outermost `all` into parts that must all be
reported. So every condition fits, however an author wrote it. Pure: knows texts and numbers, never the engine itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from math import prod
from string import ascii_letters, digits

from exercise_cds.engine.conditions import asked_facts
from exercise_cds.engine.flat_fact import yes_no_first
from exercise_cds.engine.questions import SORTS, Ask, Both, Question, Spelling, asks_in, both, either
from exercise_cds.model.normal import NEVER
from exercise_cds.model.tree import AllOf, Always, AnyOf, Leaf, Node

MOST_QUESTIONS = 60
"""Distinct questions in one rule set; the engine's own stack holds 64 that are satisfied at once (error 303 beyond)."""
MOST_STACKED = 60
"""Entries of that stack that the rehearsal may need: alternatives wait on it while others are followed, so it can outgrow the questions."""
MOST_RULES = 48
MOST_KEYS = 200
"""Keys of one flat fact; the engine counts properties in one byte (error 302 at 252)."""
MOST_GROUPS = 15
"""`$and` and `$or` of one rule; the engine notes begin and end of each in a row of 32 (error 113)."""
MOST_WAYS = 64
"""Ways to make one rule true, each of which fires: five `any`s of five would be 3,125 ways and took 64 ms. A draft's widest was 51."""
MOST_FOLLOWERS = 100
"""`$or`s that continue from one node: the engine's list of them holds 128 and is read past its end when full."""

LETTERS = ascii_letters + digits
"""Names of rules inside a rule set: one letter each, so that the third character of an answer says which rule fired."""
PROBE = "!"
"""The rule that every rule set has besides: it fires for the probe fact that opens a session id, so that the id was used once."""
ANCHOR = Ask("$ex", "q", "1")
"""What every condition is anchored to: only our own facts have this key, never the engine's message about its state."""
_PROBED = Ask("$ex", "p", "1")
RESERVED = ("id", "sid", "$s", "q", "p", "$forward")


@dataclass(slots=True)
class _Alpha:
    """One node of the engine's network: the questions that follow it, and the `$or`s that continue from it."""

    following: dict[Ask, int] = field(default_factory=dict)
    joined: list[int] = field(default_factory=list)


class Network:
    """The engine's network for one rule set, rehearsed: which nodes it makes, shares and joins (createAlpha, findAlpha)."""

    def __init__(self) -> None:
        self._nodes = [_Alpha()]

    def _new(self) -> int:
        self._nodes.append(_Alpha())
        return len(self._nodes) - 1

    def _reach(self, start: int, question: Question) -> int:
        """The node at which the question is answered yes, coming from `start`."""
        if isinstance(question, Ask):
            following = self._nodes[start].following
            if question not in following:
                following[question] = self._new()
            return following[question]
        if isinstance(question, Both):
            for part in question.parts:
                start = self._reach(start, part)
            return start
        meeting = self._new()
        for part in question.parts:
            self._nodes[self._reach(start, part)].joined.append(meeting)
        return meeting

    def add(self, question: Question) -> None:
        """One more rule."""
        self._reach(0, question)

    def worst(self) -> int:
        """The height of the engine's stack for a chart in which every question is answered yes."""
        height = [0] * len(self._nodes)
        for number in self._deepest_first():
            after = [*self._nodes[number].following.values(), *self._nodes[number].joined]
            height[number] = max([len(after), *(len(after) - 1 + height[one] for one in after)])
        return height[0]

    def _deepest_first(self) -> list[int]:
        """Every node after all that follow it."""
        order: list[int] = []
        seen: set[int] = set()
        waiting = [(0, False)]
        while waiting:
            number, done = waiting.pop()
            if done:
                order.append(number)
            elif number not in seen:
                seen.add(number)
                waiting.append((number, True))
                waiting += [(one, False) for one in (*self._nodes[number].following.values(), *self._nodes[number].joined)]
        return order

    @property
    def most_joined(self) -> int:
        """The longest list of `$or`s that continue from one node."""
        return max(len(node.joined) for node in self._nodes)


def _anchored(question: Question | None) -> Question:
    return ANCHOR if question is None else both(ANCHOR, question)


def _groups(question: Question) -> int:
    return 0 if isinstance(question, Ask) else 1 + sum(_groups(part) for part in question.parts)


def _ways(question: Question) -> int:
    """In how many ways the question can be answered yes; each way is one firing."""
    if isinstance(question, Ask):
        return 1
    counts = [_ways(part) for part in question.parts]
    return prod(counts) if isinstance(question, Both) else sum(counts)


def _fits_alone(question: Question) -> bool:
    """Whether a rule set could hold this condition if it held nothing else."""
    anchored = _anchored(question)
    if len(set(asks_in(anchored))) > MOST_QUESTIONS or _groups(anchored) > MOST_GROUPS:
        return False
    network = Network()
    network.add(anchored)
    return network.worst() <= MOST_STACKED and network.most_joined <= MOST_FOLLOWERS


@dataclass(frozen=True, slots=True)
class Joint:
    """A condition that was split: true where `all`, or any, of its parts are. A part is a number that a rule reports, or a Joint."""

    all: bool
    parts: tuple[int | Joint, ...]

    def holds(self, reported: set[int]) -> bool:
        """Whether the condition is true, given the numbers that were reported."""
        answers = (part in reported if isinstance(part, int) else part.holds(reported) for part in self.parts)
        return all(answers) if self.all else any(answers)


class _Rules:
    """The engine's rules for a plan: each a question that fits and the number that it reports. Numbers of parts follow the conditions'."""

    def __init__(self, conditions: int) -> None:
        self.written: list[tuple[int, Question]] = []
        self._next = count(conditions)

    def write(self, question: Question, number: int) -> int | Joint:
        """Write the question as one rule that reports `number`, or as several. Returns what must be reported for it to be true."""
        if isinstance(question, Ask) or (_ways(question) <= MOST_WAYS and _fits_alone(question)):
            self.written.append((number, question))
            return number
        middle = len(question.parts) // 2
        halves = question.parts[:middle], question.parts[middle:]
        if isinstance(question, Both):
            return Joint(True, tuple(self.write(both(*half), next(self._next)) for half in halves))
        parts = tuple(dict.fromkeys(self.write(either(*half), number) for half in halves))
        return parts[0] if len(parts) == 1 else Joint(False, parts)


def _as_json(question: Question) -> str:
    if isinstance(question, Ask):
        return f'{{"{question.operator}":{{"{question.key}":{question.operand}}}}}'
    parts = ",".join(_as_json(part) for part in question.parts)
    return f'{{"{"$and" if isinstance(question, Both) else "$or"}":[{parts}]}}'


@dataclass(frozen=True, slots=True)
class Shard:
    """One rule set: its definition, which condition each of its rules reports, and which facts (by position) its flat fact holds."""

    definition: str
    reports: Mapping[str, int]
    facts: tuple[int, ...]


class _Open:
    """A rule set to which rules are still added."""

    def __init__(self, owners: Mapping[str, int], keys: Sequence[frozenset[str]]) -> None:
        self._owners = owners
        self._keys = keys
        self._rules: list[tuple[int, Question]] = []
        self._network = self._rehearsed()
        self.asks: set[Ask] = {ANCHOR}

    def _rehearsed(self) -> Network:
        network = Network()
        for question in (_PROBED, *(question for _, question in self._rules)):
            network.add(question)
        return network

    def take(self, number: int, question: Question) -> bool:
        """Add a rule if the set still holds it; the first always fits, for it was cut to fit."""
        asks = self.asks | set(asks_in(question))
        if len(asks) > MOST_QUESTIONS or len(self._rules) == MOST_RULES or self._count_keys(asks) > MOST_KEYS:
            return False
        self._network.add(question)
        if self._rules and (self._network.worst() > MOST_STACKED or self._network.most_joined > MOST_FOLLOWERS):
            self._network = self._rehearsed()
            return False
        self.asks = asks
        self._rules.append((number, question))
        return True

    def _facts(self, asks: set[Ask]) -> tuple[int, ...]:
        return tuple(sorted({self._owners[ask.key] for ask in asks if ask != ANCHOR}))

    def _count_keys(self, asks: set[Ask]) -> int:
        return sum(len(self._keys[fact]) for fact in self._facts(asks))

    def close(self) -> Shard:
        """The finished rule set."""
        rules = [(PROBE, _PROBED), *((letter, question) for letter, (_, question) in zip(LETTERS, self._rules, strict=False))]
        members = ",".join(f'"{name}":{{"all":[{{"m":{_as_json(question)}}}]}}' for name, question in rules)
        reports = {letter: number for letter, (number, _) in zip(LETTERS, self._rules, strict=False)}
        return Shard(f"{{{members}}}", reports, self._facts(self.asks))


def name_hash(name: str) -> int:
    """The engine's 32-bit hash of a name (FNV-1a)."""
    value = 0x811C9DC5
    for byte in name.encode():
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return value


def _letters() -> Iterator[str]:
    """Endings for the keys of one fact after another, such that the engine can tell all keys apart: it compares hashes only."""
    used = {name_hash(name) for name in RESERVED}
    for number in count():
        hashes = {name_hash(f"{sort}{number:x}") for sort in SORTS}
        if len(hashes) == len(SORTS) and not hashes & used:
            used |= hashes
            yield f"{number:x}"


@dataclass(frozen=True, slots=True)
class Laced:
    """All that is needed to put conditions to the engine: how facts are spelled, the rule sets, and what was split (by number)."""

    spellings: tuple[Spelling, ...]
    shards: tuple[Shard, ...]
    split: Mapping[int, Joint]


def _question(node: Node, spellings: Mapping[str, Spelling]) -> Question | None:
    """A plain condition in the engine's words; None for `always`. `never` has no words, see `lace`."""
    match node:
        case Leaf():
            return spellings[node.fact].question(node)
        case AllOf(parts):
            return both(*(one for part in parts if (one := _question(part, spellings)) is not None))
        case AnyOf(parts):
            return either(*(one for part in parts if (one := _question(part, spellings)) is not None))
        case Always():
            return None
        case _:
            raise ValueError("only plain conditions are compiled: see engine.conditions")


def _shards(written: Sequence[tuple[int, Question | None]], spellings: Sequence[Spelling]) -> list[Shard]:
    """As few rule sets as a greedy hand needs: the widest rules first, each to the set that must learn the fewest new questions."""
    keys = [spelling.keys for spelling in spellings]
    owners = {key: position for position, mine in enumerate(keys) for key in mine}
    sets: list[_Open] = []
    anchored = [(number, _anchored(question)) for number, question in written]
    for number, question in sorted(anchored, key=lambda rule: -len(asks_in(rule[1]))):
        asks = set(asks_in(question))
        nearest = sorted(sets, key=lambda one: (len(asks - one.asks), -len(one.asks)))
        if not any(one.take(number, question) for one in nearest):
            sets.append(_Open(owners, keys))
            sets[-1].take(number, question)
    return [one.close() for one in sets]


def lace(conditions: Sequence[Node]) -> Laced:
    """Lace plain conditions into rule sets that report their numbers. `never` is in none: it is never reported."""
    made = (Spelling(fact, letter) for fact, letter in zip(asked_facts(conditions), _letters(), strict=False))
    spellings = {spelling.fact.name: spelling for spelling in sorted(made, key=yes_no_first)}
    rules = _Rules(len(conditions))
    always: list[tuple[int, Question | None]] = []
    split: dict[int, Joint] = {}
    for number, node in enumerate(conditions):
        if node == NEVER:
            continue
        if (question := _question(node, spellings)) is None:
            always.append((number, None))
        elif isinstance(true_where := rules.write(question, number), Joint):
            split[number] = true_where
    shards = _shards([*always, *rules.written], tuple(spellings.values()))
    return Laced(tuple(spellings.values()), tuple(shards), split)
