"""Facts otherwise than the chart has them: as an author types them (`--what-if`), and the nearest ones that would change the offers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from exercise_cds.engine import Alone
from exercise_cds.errors import BadRequest
from exercise_cds.model.decision import Decision
from exercise_cds.model.facts import FALSE, TRUE, Bounds, Cause, Fact, Facts, InDoubt, Known, NotRecorded
from exercise_cds.model.kinds import KINDS, ValueType
from exercise_cds.model.pack import FactSpec, RulePack
from exercise_cds.model.tree import Leaf, leaves
from exercise_cds.rulepack.lint.states import WHOLE_NUMBERS, numbers_of, range_of
from exercise_cds.rulepack.report import Report, listed

HOW = "write FACT=VALUE: back_pain_days=14, pain_severity=5..7, back_pain_days=20.., sciatica=yes, pain_severity=unknown, fever=doubt"
_SPAN = re.compile(r"(?P<low>-?\d+(\.\d+)?)?\.\.(?P<high>-?\d+(\.\d+)?)?")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_YES_NO = {"yes": TRUE, "true": TRUE, "no": FALSE, "false": FALSE}
_ASKED = InDoubt(Cause.NOT_OBTAINED, "as asked: what if")


def facts_of(pack: RulePack, written: Iterable[str]) -> dict[str, Fact]:
    """The facts that are written. Raises BadRequest with a sentence that says what to write."""
    found = {}
    for text in written:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals:
            raise BadRequest(f"{text!r} is no FACT=VALUE; {HOW}.")
        if name not in pack.facts:
            other = ", it is a named condition: change the facts that it asks about" if name in pack.named else ""
            hint = "" if other else Report().did_you_mean(name, pack.facts)
            raise BadRequest(f"The pack has no fact {name!r}{other}{f': {hint}' if hint else '.'}")
        found[name] = _fact(pack.facts[name], value)
    return found


def _fact(spec: FactSpec, value: str) -> Fact:
    if value in ("doubt", "in doubt"):
        return _ASKED
    if KINDS[spec.kind].value is ValueType.YES_NO:
        if value.lower() not in _YES_NO:
            raise BadRequest(f"{spec.name!r} is a yes or a no: write {spec.name}=yes, {spec.name}=no or {spec.name}=doubt.")
        return _YES_NO[value.lower()]
    if value in ("unknown", "not recorded", ""):
        return NotRecorded()
    if words := words_of(spec):
        if value not in words:
            raise BadRequest(f"{spec.name!r} is one of {listed(words)}, unknown or doubt.")
        return Known(value)
    if _NUMBER.fullmatch(value):
        return Known(float(value))
    span = _SPAN.fullmatch(value)
    if span is None or not (span["low"] or span["high"]):
        raise BadRequest(f"{spec.name!r} is a number: write {spec.name}=14, {spec.name}=10..20, {spec.name}=unknown or {spec.name}=doubt.")
    low, high = (float(end) if end else None for end in (span["low"], span["high"]))
    if low is not None and high is not None and low >= high:
        raise BadRequest(f"{value!r}: the first number must be the lower one.")
    return Bounds(low, high)


def words_of(spec: FactSpec) -> tuple[str, ...]:
    """The words that a fact's value can be; none for numbers."""
    return () if spec.kind == "score" else tuple(sorted({answer for answer in spec.answers.values() if isinstance(answer, str)}))


@dataclass(frozen=True, slots=True)
class Change:
    """One fact otherwise, and what it does to the offers."""

    fact: str
    was: Fact
    now: Fact
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    outcome: str
    steps: float
    """How far away it is: in the fact's own steps for numbers, else by how much must be learnt."""


_FLIP, _LEARN, _FORGET = 50.0, 80.0, 120.0
"""What another yes or no, a value that was never recorded, and a value that is lost count for beside steps of a number."""


def nearest(pack: RulePack, service: str, facts: Facts) -> list[Change]:
    """The changes of one fact that would change the offers or their order, nearest first; per fact the nearest for each effect."""
    alone = Alone(pack)
    base = alone.decide(service, alone.readings(service, facts))
    asked: dict[str, list[Leaf]] = {}
    for condition in alone.slots(service).conditions:
        for leaf in leaves(condition):
            asked.setdefault(leaf.fact, []).append(leaf)
    found: dict[tuple[object, ...], Change] = {}
    for name, mine in asked.items():
        spec, was = pack.facts[name], facts[name]
        for now, steps in _others(spec, was, mine):
            changed = alone.decide(service, alone.readings(service, {**facts, name: now}))
            if _offers(changed) != _offers(base):
                change = _change(name, was, now, base, changed, steps)
                key = (name, _offers(changed))
                if key not in found or found[key].steps > steps:
                    found[key] = change
    return sorted(found.values(), key=lambda change: (change.steps, change.fact))


def _offers(decision: Decision) -> tuple[str, ...]:
    return tuple(offer.program for offer in decision.offered)


def _change(name: str, was: Fact, now: Fact, base: Decision, changed: Decision, steps: float) -> Change:  # noqa: PLR0913, PLR0917 - one row
    before, after = _offers(base), _offers(changed)
    gained, lost = tuple(one for one in after if one not in before), tuple(one for one in before if one not in after)
    return Change(name, was, now, gained, lost, changed.outcome.value, steps)


def _others(spec: FactSpec, was: Fact, asked: Sequence[Leaf]) -> Iterator[tuple[Fact, float]]:
    """What else a fact could be, as far as the pack's questions can tell, with how far away each is."""
    if KINDS[spec.kind].value is ValueType.YES_NO:
        yield (FALSE if isinstance(was, Known) and was.value is True else TRUE), _FLIP
        if isinstance(was, InDoubt):
            yield FALSE, _FLIP
        return
    if words := words_of(spec):
        yield from ((Known(word), _FLIP if isinstance(was, Known) else _LEARN) for word in words if was != Known(word))
        return
    least, most = range_of(spec)
    edges = {edge for mark in numbers_of(asked) for edge in _edges(mark, spec)}
    for number in sorted(edge for edge in edges if least <= edge <= most):
        if isinstance(was, Known) and not isinstance(was.value, str):
            if number != was.value:
                yield Known(number), abs(number - float(was.value)) / spec.step
        else:
            yield Known(number), _LEARN
    if isinstance(was, Known):
        yield NotRecorded(), _FORGET


def _edges(mark: float, spec: FactSpec) -> tuple[float, ...]:
    step = 1.0 if spec.kind in WHOLE_NUMBERS else spec.step
    return round(mark - step, 6), mark, round(mark + step, 6)
