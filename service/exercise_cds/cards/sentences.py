"""The writer of sentences: a condition in plain English, from its tree (law 5: one tree, many readings). For `explain`, docs and traces.

all: [back_pain: {at_least: 14}, pain: {below: 7}, any: [sciatica, disc_herniation]]
-> "back pain for at least 14 days, and pain below 7, and either sciatica or disc herniation"
"""

from __future__ import annotations

from collections.abc import Sequence

from exercise_cds.cards.texts import number, quantity, scalar, since
from exercise_cds.model.normal import contrary, negation_normal
from exercise_cds.model.pack import FactSpec, RulePack
from exercise_cds.model.tree import AllOf, Always, AnyOf, Leaf, Named, Node, Not, Op, Operand

_COMPARED = {Op.AT_LEAST: "at least", Op.AT_MOST: "at most"}
_BEYOND = {Op.ABOVE: ("more than", "above"), Op.BELOW: ("less than", "below")}
"""Of a time and of any other number: "less than 14 days since", "pain below 7"."""
_ARTICLES = ("a ", "an ", "the ", "any ")


def sentence(node: Node, pack: RulePack) -> str:
    """A condition in plain English, without capital or full stop."""
    return _say(node, pack, inside=None)


def rule_sentence(when: Node, unless: Node | None, pack: RulePack) -> str:
    """A rule's condition: "when back pain for at least 14 days, unless a warning sign"."""
    said = "always" if isinstance(when, Always) else f"when {sentence(when, pack)}"
    return f"{said}, unless {sentence(unless, pack)}" if unless is not None else said


def _say(node: Node, pack: RulePack, inside: type[AllOf | AnyOf] | None) -> str:
    match node:
        case Always() | AllOf(()):
            return "always"
        case Leaf():
            return _leaf(node, pack)
        case Named(name, part):
            named = pack.named.get(name)
            return named.says if named is not None and named.says else _say(part, pack, inside)
        case Not(part):
            return _contrary(part, pack, inside)
        case AnyOf(()):
            return "never"
        case AllOf((only,)) | AnyOf((only,)):
            return _say(only, pack, inside)
        case AllOf(parts):
            said = [_say(part, pack, AllOf) for part in parts]
            if inside is None:
                return ", and ".join(said)
            return f"both {said[0]} and {said[1]}" if _short(parts) else f"({', and '.join(said)})"
        case AnyOf(parts):
            return _any(parts, pack, inside)


def _any(parts: Sequence[Node], pack: RulePack, inside: type[AllOf | AnyOf] | None) -> str:
    said = [_say(part, pack, AnyOf) for part in parts]
    if not all(isinstance(part, (Leaf, Named)) for part in parts):
        return f"({', or '.join(said)})" if inside else ", or ".join(said)
    if inside is None:
        return _listed(said, "or")
    return f"either {said[0]} or {said[1]}" if len(said) == 2 else f"at least one of {_listed(said, 'and')}"


def _short(parts: Sequence[Node]) -> bool:
    return len(parts) == 2 and all(isinstance(part, (Leaf, Named)) for part in parts)


def _listed(said: Sequence[str], joint: str) -> str:
    """Written a, b or c; with semicolons where a part holds a comma of its own."""
    comma = "; " if any(", " in part for part in said[:-1]) else ", "
    return said[0] if len(said) == 1 else f"{comma.join(said[:-1])} {joint} {said[-1]}"


def _contrary(part: Node, pack: RulePack, inside: type[AllOf | AnyOf] | None) -> str:
    """The contrary of a part, in the nearest English: "no sciatica", "none of a, b and c"."""
    match part:
        case Leaf():
            return _leaf(contrary(part), pack)
        case Named(name, within):
            named = pack.named.get(name)
            return _no(named.says) if named is not None and named.says else _contrary(within, pack, inside)
        case AnyOf((_, _, *_) as parts) if all(isinstance(one, (Leaf, Named)) for one in parts):
            said = [_say(one, pack, AnyOf) for one in parts]
            return f"neither {said[0]} nor {said[1]}" if len(said) == 2 else f"none of {_listed(said, 'and')}"
        case _:
            return _say(negation_normal(part, negate=True), pack, inside)


def _no(says: str) -> str:
    """From "a warning sign" to "no warning sign"."""
    for article in _ARTICLES:
        if says.startswith(article):
            return f"no {says.removeprefix(article)}"
    return f"no {says}"


def _leaf(leaf: Leaf, pack: RulePack) -> str:
    spec = pack.facts.get(leaf.fact)
    if spec is None:
        spec = FactSpec(leaf.fact, "condition", leaf.fact.replace("_", " "))
    if spec.kind == "deceased" and leaf.op in (Op.TRUE, Op.FALSE):
        return "the patient has died" if leaf.op is Op.TRUE else "the patient is alive"
    match leaf.op:
        case Op.TRUE:
            return spec.says
        case Op.FALSE:
            return _no(spec.says)
        case Op.KNOWN:
            return f"{_thing(spec)} is {'' if leaf.value else 'not '}recorded"
        case _:
            return _compared(leaf, spec)


def _thing(spec: FactSpec) -> str:
    if since(spec):
        return f"the time {spec.says}"
    return f"the time of {spec.says}" if spec.kind == "episode" else spec.says


def _compared(leaf: Leaf, spec: FactSpec) -> str:
    words = _words(leaf, spec)
    if words is not None:
        return f"{spec.says} {words}"
    timed = since(spec) or spec.kind == "episode"
    amount = _amount(leaf, spec, timed=timed)
    if since(spec):
        return f"{amount} {spec.says}"
    if timed:
        return f"{spec.says} for {amount}"
    return f"{spec.says} {'of ' if leaf.op in _COMPARED else ''}{amount}"


def _words(leaf: Leaf, spec: FactSpec) -> str | None:
    """What a leaf says of a word or of one of several values; None for comparisons of a number."""
    match leaf.op, leaf.value:
        case Op.IS, str(value):
            return f"is {scalar(value)}"
        case Op.IS_NOT, str(value):
            return f"is not {scalar(value)}"
        case Op.ONE_OF, tuple(values):
            return f"is {_listed(_values(values, spec), 'or')}"
        case Op.NONE_OF, tuple(values):
            said = _values(values, spec)
            return f"is not {said[0]}" if len(said) == 1 else f"is none of {_listed(said, 'and')}"
        case _:
            return None


def _values(values: Sequence[float | str], spec: FactSpec) -> list[str]:
    return [scalar(value, spec.unit) for value in values]


def _amount(leaf: Leaf, spec: FactSpec, *, timed: bool) -> str:
    """The compared number in words: "at least 14 days", "below 7", "between 4 and 6"."""
    low, high = _ends(leaf.value)
    value = quantity(low, spec.unit)
    match leaf.op:
        case Op.AT_LEAST | Op.AT_MOST:
            return f"{_COMPARED[leaf.op]} {value}"
        case Op.ABOVE | Op.BELOW:
            return f"{_BEYOND[leaf.op][0 if timed else 1]} {value}"
        case Op.BETWEEN:
            return f"{number(low)} to {quantity(high, spec.unit)}" if timed else f"between {number(low)} and {quantity(high, spec.unit)}"
        case Op.OUTSIDE:
            apart = f"{number(low)} or {_BEYOND[Op.ABOVE][0 if timed else 1]} {quantity(high, spec.unit)}"
            return f"{_BEYOND[Op.BELOW][0 if timed else 1]} {apart}"
        case Op.IS_NOT:
            return f"other than {value}"
        case _:
            return f"exactly {value}"


def _ends(value: Operand) -> tuple[float, float]:
    match value:
        case (float() | int() as low, float() | int() as high):
            return low, high
        case float() | int():
            return value, value
        case _:
            return 0.0, 0.0


__all__ = ["rule_sentence", "sentence"]
