"""One flat fact: what a request's facts say under the keys that `questions` asks, as JSON text for durable-rules.

A key is sent only where some leaf reads it, a `false` only where some leaf asks for false, the unknown never. Types are guarded here once
more: the engine compares "7" with 5 without complaint.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from exercise_cds.engine.questions import Spelling, decimal
from exercise_cds.model.facts import Bounds, Fact, Facts, InDoubt, Known, NotRecorded
from exercise_cds.model.kinds import ValueType
from exercise_cds.model.kleene import FactMissing, FactOfWrongType, finite_number


def yes_no_first(spelling: Spelling) -> bool:
    """The order of spellings that `FlatFact` wants: facts that are yes or no, most of all facts, are written in a loop of their own."""
    return spelling.fact.type is not ValueType.YES_NO


class FlatFact:
    """The writer of flat facts for one plan. `shares` has one text per spelling: JSON members each after a comma, or ""."""

    def __init__(self, spellings: Sequence[Spelling]) -> None:
        """The spellings, those of yes/no facts first."""
        self._names = [spelling.fact.name for spelling in spellings]
        self._yes_no: list[tuple[str, str, str, str]] = []
        self._others: list[Callable[[Fact], str]] = []
        for spelling in spellings:
            known, missing = spelling.member("k", "true"), spelling.member("k", "false")
            if spelling.fact.type is ValueType.YES_NO:
                yes, no = known + spelling.member("t", "true"), known + spelling.member("t", "false")
                self._yes_no.append((spelling.fact.name, yes, no, missing))
            else:
                self._others.append(_writer(spelling, known, missing))

    def shares(self, facts: Facts) -> list[str]:
        """What each fact says. Raises FactMissing and FactOfWrongType, bugs of ours."""
        try:
            fetched = [facts[name] for name in self._names]
        except KeyError as missing_name:
            raise FactMissing(missing_name.args[0]) from None
        shares: list[str] = []
        for fact, (name, yes, no, missing) in zip(fetched, self._yes_no, strict=False):
            value = fact.value if isinstance(fact, Known) else None
            if value is True:
                shares.append(yes)
            elif value is False:
                shares.append(no)
            elif isinstance(fact, (NotRecorded, InDoubt)):
                shares.append(missing if isinstance(fact, NotRecorded) else "")
            else:
                raise FactOfWrongType(name, "yes or no")
        shares += [write(fact) for fact, write in zip(fetched[len(shares) :], self._others, strict=True)]
        return shares


def _writer(spelling: Spelling, known: str, missing: str) -> Callable[[Fact], str]:
    """The writer of a fact that is a number or a word, or of which only `known` is asked."""
    writers = {ValueType.NUMBER: _number_writer, ValueType.WORD: _word_writer}
    write = writers[spelling.fact.type](spelling) if spelling.fact.type else lambda _: ""

    def share(fact: Fact) -> str:
        state = fact.__class__
        if state is InDoubt:
            return ""
        return missing if state is NotRecorded else known + write(fact)

    return share


def _number_writer(spelling: Spelling) -> Callable[[Fact], str]:
    name = spelling.fact.name
    least, most = (f',"{side}{spelling.letter}":' if side + spelling.letter in spelling.keys else "" for side in "lm")

    def write(fact: Fact) -> str:
        if isinstance(fact, Known):
            exact = decimal(finite_number(name, fact.value))
            return (least and least + exact) + (most and most + exact)
        if not isinstance(fact, Bounds):
            raise FactOfWrongType(name, "one of the four states of a fact")
        low = least + decimal(finite_number(name, fact.least)) if least and fact.least is not None else ""
        return low + (most + decimal(finite_number(name, fact.most)) if most and fact.most is not None else "")

    return write


def _word_writer(spelling: Spelling) -> Callable[[Fact], str]:
    name, words = spelling.fact.name, spelling.words
    key = f',"w{spelling.letter}":' if "w" + spelling.letter in spelling.keys else ""

    def write(fact: Fact) -> str:
        if not isinstance(fact, Known) or not isinstance(fact.value, str):
            raise FactOfWrongType(name, "a word")
        return key + str(words.get(fact.value, 0))

    return write
