"""What is offered for each length and each severity of pain, diagnosis by diagnosis: found by asking the engine, not by reading rules.

Lengths and severities are cut where the service's rules compare them, so that a cell holds for everything in it; the engine is asked at
both ends of each cell, and a cell whose ends differ would say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from exercise_cds.authoring.reads import facts_read
from exercise_cds.cds_service import Serving
from exercise_cds.engine import Engine
from exercise_cds.model.decision import Decision
from exercise_cds.model.facts import FALSE, TRUE, Fact, Known, NotRecorded
from exercise_cds.model.kinds import KINDS, ValueType
from exercise_cds.model.pack import FactSpec, RulePack
from exercise_cds.model.tree import AllOf, AnyOf, Leaf, Named, Node, Op

AGE = 45.0
"""Of the person that is asked about: an adult below every rule's upper age."""
LONGEST = 365.0


@dataclass(frozen=True, slots=True)
class Span:
    """From `least` to `most`, both included; both None: not recorded."""

    least: float | None
    most: float | None
    words: str


@dataclass(frozen=True, slots=True)
class Cell:
    """What is offered, in order; programs of which steps are withheld; why there is nothing."""

    offered: tuple[str, ...]
    partly: frozenset[str]
    outcome: str
    uneven: bool = False
    """The two ends of the cell differ: the cuts do not tell everything."""


@dataclass(frozen=True, slots=True)
class Heat:
    """One diagnosis: rows of severity, the worst first, and columns of length."""

    fact: str
    says: str
    lengths: tuple[Span, ...]
    severities: tuple[Span, ...]
    cells: tuple[tuple[Cell, ...], ...]


def drafts_of(pack: RulePack, service: str) -> tuple[str, ...]:
    """The drafted orders that a service's rules ask about; none for a service that is asked while a chart is opened."""
    return tuple(name for name in facts_read(pack, service) if pack.facts[name].kind == "draft_order")


def heat_of(serving: Serving, service: str, draft: str = "") -> tuple[Heat, ...]:
    """A table for back pain alone, and one for each diagnosis for which a rule offers something; while `draft` is being ordered."""
    pack = serving.pack
    read = facts_read(pack, service)
    episodes = [name for name in read if pack.facts[name].kind == "episode"]
    scores = [name for name in read if pack.facts[name].kind == "score"]
    lengths = _spans({cut for name in episodes for cut in read[name] if cut <= LONGEST}, 0, LONGEST, "days")
    *measured, unknown = _spans({cut for name in scores for cut in read[name]}, 0, 10, "of 10")
    severities = (*reversed(measured), unknown)
    base = {**_nobody(pack), **({draft: TRUE} if draft else {})}
    made = []
    for fact in ("", *_diagnoses(pack, service)):
        chart = {**base, **({fact: TRUE} if fact else {})}
        lasting = [name for name in episodes if _lasts(pack, name, fact)]
        rows = tuple(
            tuple(_cell(serving.engine, service, chart, lasting, scores, length, severity) for length in lengths) for severity in severities
        )
        made.append(Heat(fact, pack.facts[fact].says if fact else "low back pain and no more", lengths, severities, rows))
    return tuple(made)


def _spans(cuts: Iterable[float], least: float, most: float, unit: str) -> tuple[Span, ...]:
    starts = [least, *sorted(cut for cut in cuts if least < cut <= most)]
    found = [Span(low, high - 1, f"{low:g} to {high - 1:g} {unit}") for low, high in pairwise(starts)]
    last = f"{starts[-1]:g} {unit} and more" if unit == "days" else f"{starts[-1]:g} to {most:g} {unit}"
    return (*found, Span(starts[-1], most, last), Span(None, None, "not recorded"))


def _nobody(pack: RulePack) -> dict[str, Fact]:
    """An adult with back pain of whom nothing else is known to be so."""
    found: dict[str, Fact] = {
        name: FALSE if KINDS[spec.kind].value is ValueType.YES_NO else NotRecorded() for name, spec in pack.facts.items()
    }
    found |= {name: Known(AGE) for name, spec in pack.facts.items() if spec.kind == "age"}
    return found | {leaf.fact: TRUE for leaf in _asked(pack.about) if leaf.op is Op.TRUE}


def _diagnoses(pack: RulePack, service: str) -> tuple[str, ...]:
    """Yes/no findings that a rule with an offer asks for."""
    found: dict[str, None] = {}
    about = {leaf.fact for leaf in _asked(pack.about)}
    for rule in pack.rules_of(service):
        if rule.offers and not rule.silent:
            names = (leaf.fact for leaf in _asked(rule.when) if leaf.op is Op.TRUE and leaf.fact not in about)
            found |= {name: None for name in names if pack.facts[name].kind == "condition"}
    return tuple(found)


def _asked(node: Node) -> list[Leaf]:
    """The leaves that are asked for as they stand; what is asked under a `not` is no diagnosis."""
    match node:
        case Leaf():
            return [node]
        case AllOf(parts) | AnyOf(parts):
            return [leaf for part in parts for leaf in _asked(part)]
        case Named(_, part):
            return _asked(part)
    return []


def _lasts(pack: RulePack, episode: str, diagnosis: str) -> bool:
    """Whether this length is known of somebody with the diagnosis: the back pain's own, and those of its codes."""
    spec = pack.facts[episode]
    gate = [pack.facts[leaf.fact] for leaf in _asked(pack.about) if leaf.fact in pack.facts]
    return any(_covers(spec, one) for one in gate) or (bool(diagnosis) and bool(_codes(spec) & _codes(pack.facts[diagnosis])))


def _covers(spec: FactSpec, other: FactSpec) -> bool:
    return bool(_codes(other)) and len(_codes(spec) & _codes(other)) > len(_codes(other)) / 2


def _codes(spec: FactSpec) -> frozenset[tuple[str, str]]:
    return spec.matcher.codes | spec.matcher.codes_with_site


def _cell(  # noqa: PLR0913, PLR0917 - what one cell is asked of
    engine: Engine,
    service: str,
    chart: Mapping[str, Fact],
    lasting: list[str],
    scores: list[str],
    length: Span,
    severity: Span,
) -> Cell:
    ends = [
        engine.decide(service, {**chart, **_put(lasting, days), **_put(scores, pain)})
        for days, pain in ((length.least, severity.least), (length.most, severity.most))
    ]
    first, last = ends
    return Cell(
        _names(first), frozenset(one.program for one in first.offered if one.steps_withheld), first.outcome.value, _differ(first, last)
    )


def _put(names: list[str], value: float | None) -> dict[str, Fact]:
    return {} if value is None else {name: Known(value) for name in names}


def _names(decision: Decision) -> tuple[str, ...]:
    return tuple(offer.program for offer in decision.offered)


def _differ(first: Decision, last: Decision) -> bool:
    return _names(first) != _names(last) or first.outcome is not last.outcome
