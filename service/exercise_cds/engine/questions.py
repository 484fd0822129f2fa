"""Leaves as durable-rules' own questions to the keys of one flat fact.

A number is two keys, the least and the most that it may be (an exact one has both equal); a yes/no fact and "is it known" are one key
each; a word travels as a small number, so that no text of an author or a chart ever reaches the engine. What is unknown has no key, and
a question about an absent key is never true there, which is all that the engine is asked: which conditions are *true*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import TypeAlias, cast

from exercise_cds.engine.conditions import AskedFact
from exercise_cds.model.kinds import ValueType
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


def asks_in(question: Question) -> tuple[Ask, ...]:
    """Every question to a single key, left to right."""
    if isinstance(question, Ask):
        return (question,)
    return tuple(ask for part in question.parts for ask in asks_in(part))


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
    """The keys of one fact, and its leaves as questions to them.

    `letter` is a short text that no other fact has; a key is one of `SORTS` with it.
    """

    def __init__(self, fact: AskedFact, letter: str) -> None:
        self.fact = fact
        self.letter = letter
        self.words: Mapping[str, int] = {}
        """The words that leaves ask for, each with the number that stands for it; 0 stands for every other word."""
        if fact.type is ValueType.WORD:
            asked = {word for leaf in fact.leaves if leaf.op is not Op.KNOWN for word in self._operands(leaf)}
            self.words = {word: number for number, word in enumerate(sorted(asked), start=1)}
        asks = {ask for leaf in fact.leaves for ask in asks_in(self.question(leaf))}
        self.keys = frozenset(ask.key for ask in asks)
        self._answers = frozenset((ask.key, ask.operand) for ask in asks)

    @staticmethod
    def _operands(leaf: Leaf) -> tuple[str, ...]:
        return cast("tuple[str, ...]", leaf.value if isinstance(leaf.value, tuple) else (leaf.value,))

    def question(self, leaf: Leaf) -> Question:
        """The leaf in the engine's words; true there exactly where the leaf is true."""
        key = self.letter
        match leaf.op:
            case Op.KNOWN:
                return Ask("$eq", "k" + key, "true" if leaf.value else "false")
            case Op.TRUE:
                return Ask("$eq", "t" + key, "true")
            case Op.FALSE:
                return Ask("$eq", "t" + key, "false")
        if self.fact.type is ValueType.WORD:
            numbers = [str(self.words[word]) for word in self._operands(leaf)]
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
        return Ask(operator, side + self.letter, decimal(operand))

    def member(self, sort: str, answer: str) -> str:
        """`,"key":answer` for the flat fact, or "" where no leaf asks for this answer."""
        return f',"{sort}{self.letter}":{answer}' if (sort + self.letter, answer) in self._answers else ""
