"""One flat fact: how a request's facts and a condition's leaves are spelled for durable-rules.

A number is two keys, the least and the most that it may be (an exact one has both equal); a yes/no fact and "is it known" are one key
each; a word travels as a small number, so that no text of an author or a chart ever reaches the engine. What is unknown has no key, and
a question about an absent key is never true there, which is all that the engine is asked: which conditions are *true*. A key is sent
only where some leaf reads it, a `false` only where some leaf asks for false.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import TypeAlias, cast

from exercise_cds.engine.conditions import AskedFact
from exercise_cds.model.facts import Bounds, Fact, Facts, InDoubt, Known, NotRecorded
from exercise_cds.model.kinds import ValueType
from exercise_cds.model.kleene import FactMissing, FactOfWrongType, finite_number
from exercise_cds.model.tree import Leaf, Op


@dataclass(frozen=True, slots=True)
class Ask:
    """One question of the engine's own: an operator, a key, and the operand as JSON text. Equal questions are one node there."""

    operator: str
    key: str
    operand: str


@dataclass(frozen=True, slots=True)
class Both:
    """`$and`: every part, two or more, none of them a `Both`."""

    parts: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """`$or`: at least one part, two or more, none of them an `Either`."""

    parts: tuple[Question, ...]


Question: TypeAlias = "Ask | Both | Either"


def both(*parts: Question) -> Question:
    """`$and` of the parts, flat."""
    flat = tuple(dict.fromkeys(inner for part in parts for inner in (part.parts if isinstance(part, Both) else (part,))))
    return flat[0] if len(flat) == 1 else Both(flat)


def either(*parts: Question) -> Question:
    """`$or` of the parts, flat."""
    flat = tuple(dict.fromkeys(inner for part in parts for inner in (part.parts if isinstance(part, Either) else (part,))))
    return flat[0] if len(flat) == 1 else Either(flat)


def decimal(number: float) -> str:
    """A finite number as the engine reads it: always with a point (an integer would overflow), never with an exponent (error 204)."""
    text = repr(float(number))
    if "e" in text:
        text = format(Decimal(text), "f")
    return text if "." in text else text + ".0"


SORTS = "lmtwk"
"""First letters of keys: least, most, true or false, word, known."""
_ONE_SIDED = {Op.AT_LEAST: ("l", "$gte"), Op.ABOVE: ("l", "$gt"), Op.AT_MOST: ("m", "$lte"), Op.BELOW: ("m", "$lt")}


class Spelling:
    """The keys of one fact: what its leaves ask of them, and what a request's fact says under them.

    `letter` is a short text that no other fact has; a key is one of `SORTS` with it.
    """

    def __init__(self, fact: AskedFact, letter: str) -> None:
        self.fact = fact
        self._letter = letter
        self._words: Mapping[str, int] = {}
        if fact.type is ValueType.WORD:
            asked = {word for leaf in fact.leaves if leaf.op is not Op.KNOWN for word in self._operands(leaf)}
            self._words = {word: number for number, word in enumerate(sorted(asked), start=1)}
        asks = {ask for leaf in fact.leaves for ask in asks_in(self.question(leaf))}
        self.keys = frozenset(ask.key for ask in asks)
        self._answers = frozenset((ask.key, ask.operand) for ask in asks)

    @staticmethod
    def _operands(leaf: Leaf) -> tuple[str, ...]:
        return cast("tuple[str, ...]", leaf.value if isinstance(leaf.value, tuple) else (leaf.value,))

    def question(self, leaf: Leaf) -> Question:
        """The leaf in the engine's words; true there exactly where the leaf is true."""
        key = self._letter
        match leaf.op:
            case Op.KNOWN:
                return Ask("$eq", "k" + key, "true" if leaf.value else "false")
            case Op.TRUE:
                return Ask("$eq", "t" + key, "true")
            case Op.FALSE:
                return Ask("$eq", "t" + key, "false")
        if self.fact.type is ValueType.WORD:
            numbers = [str(self._words[word]) for word in self._operands(leaf)]
            if leaf.op in (Op.IS, Op.ONE_OF):
                return either(*(Ask("$eq", "w" + key, number) for number in numbers))
            return both(*(Ask("$neq", "w" + key, number) for number in numbers))
        return self._number_question(leaf)

    def _number_question(self, leaf: Leaf) -> Question:
        if leaf.op in _ONE_SIDED:
            return self._asks(*_ONE_SIDED[leaf.op], cast("float", leaf.value))
        values = cast("tuple[float, ...]", leaf.value if isinstance(leaf.value, tuple) else (leaf.value,))
        first, last = values[0], values[-1]
        match leaf.op:
            case Op.BETWEEN:
                return both(self._asks("l", "$gte", first), self._asks("m", "$lte", last))
            case Op.OUTSIDE:
                return either(self._asks("m", "$lt", first), self._asks("l", "$gt", last))
            case Op.IS | Op.ONE_OF:
                return either(*(both(self._asks("l", "$gte", value), self._asks("m", "$lte", value)) for value in values))
            case _:  # none of them: below the first, above the last, or wholly in a gap between two
                gaps = [both(self._asks("l", "$gt", low), self._asks("m", "$lt", high)) for low, high in pairwise(values)]
                return either(self._asks("m", "$lt", first), *gaps, self._asks("l", "$gt", last))

    def _asks(self, side: str, operator: str, operand: float) -> Ask:
        return Ask(operator, side + self._letter, decimal(operand))

    def _member(self, key: str, answer: str) -> str:
        """`,"key":answer`, or "" where no leaf asks for this answer."""
        return f',"{key}":{answer}' if (key, answer) in self._answers else ""

    def says(self) -> Callable[[Fact], str]:
        """The writer of this fact's share of the flat fact: JSON members, each after a comma, or "" where nothing is to be said."""
        known = self._member("k" + self._letter, "true")
        missing = self._member("k" + self._letter, "false")
        value = {ValueType.YES_NO: self._yes_no, ValueType.NUMBER: self._number, ValueType.WORD: self._word}
        write = value[self.fact.type]() if self.fact.type else lambda _: ""

        def share(fact: Fact) -> str:
            state = fact.__class__
            if state is InDoubt:
                return ""
            if state is NotRecorded:
                return missing
            return known + write(fact)

        return share

    def _yes_no(self) -> Callable[[Fact], str]:
        name, key = self.fact.name, "t" + self._letter
        true, false = self._member(key, "true"), self._member(key, "false")

        def write(fact: Fact) -> str:
            value = fact.value if isinstance(fact, Known) else None
            if value is True:
                return true
            if value is False:
                return false
            raise FactOfWrongType(name, "yes or no")

        return write

    def _number(self) -> Callable[[Fact], str]:
        name = self.fact.name
        least, most = (f',"{side}{self._letter}":' if side + self._letter in self.keys else None for side in "lm")

        def write(fact: Fact) -> str:
            if isinstance(fact, Known):
                low: object | None = fact.value
                high = low
            elif isinstance(fact, Bounds):
                low, high = fact.least, fact.most
            else:
                raise FactOfWrongType(name, "one of the four states of a fact")
            text = ""
            if least and low is not None:
                text = least + decimal(finite_number(name, low))
            if most and high is not None:
                text += most + decimal(finite_number(name, high))
            return text

        return write

    def _word(self) -> Callable[[Fact], str]:
        name, key, numbers = self.fact.name, f',"w{self._letter}":', self._words

        def write(fact: Fact) -> str:
            if not isinstance(fact, Known) or not isinstance(fact.value, str):
                raise FactOfWrongType(name, "a word")
            return key + str(numbers.get(fact.value, 0))

        return write


def asks_in(question: Question) -> tuple[Ask, ...]:
    """Every question to a single key, left to right."""
    if isinstance(question, Ask):
        return (question,)
    return tuple(ask for part in question.parts for ask in asks_in(part))


def fetch(facts: Facts, name: str) -> Fact:
    """A fact by name; one that nobody derived is a bug of ours."""
    fact = facts.get(name)
    if fact is None:
        raise FactMissing(name)
    return fact
