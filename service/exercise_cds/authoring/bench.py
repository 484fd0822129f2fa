"""The workbench's one question: what is seen, decided and said of this request, on this day, with these facts otherwise.

The steward is asked as it is for an EHR; everything that a page shows of the answer is one JSON object. Values of the chart stand in it:
it goes back to whoever asked, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import count
from typing import Any, TypeAlias

from exercise_cds.authoring.pasted import Resource
from exercise_cds.authoring.reads import controls, facts_read
from exercise_cds.authoring.timeline import timeline
from exercise_cds.cards import broken_invariants, rule_sentence, sentence
from exercise_cds.cds_service import CdsService, Examination, Serving
from exercise_cds.engine import LeafTrace, MissedLeaf, NodeTrace, RuleTrace, as_json
from exercise_cds.errors import BadRequest
from exercise_cds.model.client import ANONYMOUS
from exercise_cds.model.decision import Truth, Why
from exercise_cds.model.facts import Bounds, Evidence, Fact, InDoubt, Known, NotRecorded
from exercise_cds.model.kinds import KINDS, ValueType
from exercise_cds.model.pack import FactSpec, Rule, RulePack
from exercise_cds.model.tree import Leaf
from exercise_cds.wire import HookRequest

Shown: TypeAlias = "dict[str, Any]"
WhatIf: TypeAlias = "Mapping[str, bool | float | str | None]"
"""Fact -> its value instead of the chart's; None: not recorded."""
NOON = time(12, tzinfo=UTC)
NEARLY = 1
"""A rule nearly fired where so many leaves, or fewer, kept it."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. `said` are sentences about how the request came about."""

    request: HookRequest
    resources: tuple[Resource, ...]
    on: date
    what_if: WhatIf
    said: tuple[str, ...] = ()


def ask(serving: Serving, question: Question) -> Shown:
    """The answer, ready for a page. Raises CdsError."""
    instead = facts_instead(serving.pack, question.what_if)
    numbers = count(1)
    visit = CdsService(serving, new_uuid=lambda: f"00000000-0000-4000-8000-{next(numbers):012d}")
    seen = visit.examine(question.request, ANONYMOUS, datetime.combine(question.on, NOON), instead=instead)
    return _shown(serving, question, seen)


def facts_instead(pack: RulePack, what_if: WhatIf) -> dict[str, Fact]:
    """Facts in the place of the chart's. Raises BadRequest for a fact or a value that the pack does not have."""
    found: dict[str, Fact] = {}
    for name, value in what_if.items():
        spec = pack.facts.get(name)
        if spec is None:
            raise BadRequest("What if: the pack has no fact of that name.")
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        fits = isinstance(value, bool) if KINDS[spec.kind].value is ValueType.YES_NO else is_number
        if spec.answers and isinstance(value, str):
            fits = value in spec.answers.values()
        if value is None:
            found[name] = Known(value=False) if KINDS[spec.kind].value is ValueType.YES_NO else NotRecorded()
        elif fits:
            found[name] = Known(float(value) if is_number and not isinstance(value, str) else value)
        else:
            raise BadRequest("What if: a fact is given a value that it cannot have.")
    return found


def _shown(serving: Serving, question: Question, seen: Examination) -> Shown:
    pack, service = serving.pack, question.request.service
    body = {"cards": seen.composed.cards}
    read = facts_read(pack, service)
    return {
        "outcome": seen.decision.outcome.value,
        "status": 412 if seen.unobtainable else 200,
        "unobtainable": list(seen.unobtainable),
        "said": list(question.said),
        "date": question.on.isoformat(),
        "pack": {"id": pack.id, "version": pack.version, "status": pack.status},
        "facts": [_fact(pack.facts[name], fact, name in read) for name, fact in (seen.facts or {}).items()],
        "gaps": [gap.why for gap in seen.chart.gaps.values()] if seen.chart else [],
        "issues": [as_json(issue) for issue in seen.chart.issues] if seen.chart else [],
        "programs": _programs(pack, seen),
        "rules": list(_rules(pack, seen)),
        "gates": _gates(pack, seen),
        "controls": controls(pack, service),
        "timeline": timeline(pack, service, question.resources, question.on),
        "response": body,
        "broken": broken_invariants(body),
        "rule_of": {given.uuid: given.rule for given in seen.composed.given},
    }


def _fact(spec: FactSpec, fact: Fact, read: bool) -> Shown:  # noqa: FBT001 - a mark of the row
    shown: Shown = {"name": spec.name, "says": spec.says, "unit": spec.unit, "read": read, "remarks": []}
    match fact:
        case Known(value, _, remarks):
            shown |= {"state": "known", "value": value, "remarks": list(remarks)}
        case Bounds(least, most, _, remarks):
            shown |= {"state": "within bounds", "least": least, "most": most, "remarks": list(remarks)}
        case NotRecorded(remarks):
            shown |= {"state": "not recorded", "remarks": list(remarks)}
        case InDoubt(cause, why):
            shown |= {"state": "in doubt", "why": f"{cause.value}: {why}"}
    return shown | {"evidence": [_evidence(one) for one in fact.evidence]}


def _evidence(one: Evidence) -> Shown:
    return {"resource": one.resource, "words": ", ".join(filter(None, (one.shown, one.date, one.remark)))}


def _programs(pack: RulePack, seen: Examination) -> list[Shown]:
    """Every program of the pack, the offered ones first, in the order of the card."""
    decision = seen.decision
    held: dict[str, list[Shown]] = {}
    for entry in decision.withheld:
        held.setdefault(entry.program, []).append({"rule": entry.rule, "why": entry.why.value})
    offers = {offer.program: offer for offer in decision.offered}
    rows = []
    for name in [*offers, *(name for name in pack.programs if name not in offers)]:
        state = "offered" if name in offers else "in place" if name in decision.in_place else "withheld" if name in held else "not offered"
        row: Shown = {"id": name, "title": pack.programs[name].title, "state": state, "withheld_by": held.get(name, [])}
        if offer := offers.get(name):
            row |= {"offered_by": list(offer.offered_by), "steps_withheld": list(offer.steps_withheld), "loads": list(offer.loads_withheld)}
        rows.append(row)
    return rows


def _rules(pack: RulePack, seen: Examination) -> Iterator[Shown]:
    """Every rule of the service: those that fired, those that withhold in doubt, those that nearly fired, the rest; nearest first."""
    trace = seen.trace
    if trace is None:
        return
    by_id = {rule.id: rule for rule in pack.rules}
    for traced in sorted(trace.rules, key=_place):
        rule = by_id[traced.rule]
        yield {
            "id": traced.rule,
            "title": traced.title,
            "where": traced.where,
            "group": _GROUPS[_place(traced)[0]],
            "does": _does(rule),
            "sentence": rule_sentence(rule.when, rule.unless, pack),
            "miss": traced.miss.words if traced.miss else "",
            "when": _node(traced.when, pack),
            "unless": None if traced.unless is None else _node(traced.unless, pack),
        }


_GROUPS = ("fired", "in doubt", "nearly", "not")


def _place(rule: RuleTrace) -> tuple[int, int, float]:
    if rule.outcome and rule.outcome.fired:
        return 0, 0, 0.0
    if rule.outcome and rule.outcome.withholds is Why.IN_DOUBT:
        return 1, 0, 0.0
    if rule.miss is None:
        return 3, 99, 0.0
    leaves = rule.miss.leaves
    near = len(leaves) <= NEARLY and all(map(_is_near, leaves))
    return 2 if near else 3, len(leaves), sum(leaf.distance or 0.0 for leaf in leaves)


def _is_near(leaf: MissedLeaf) -> bool:
    """Short of its number by less than half of it: 13 days are nearly 14, and no age of 46 is nearly a child's."""
    asked = leaf.value if isinstance(leaf.value, int | float) else None
    return leaf.distance is not None and asked is not None and leaf.distance <= abs(asked) / 2


def _does(rule: Rule) -> list[str]:
    done = [f"says a card ({rule.card.indicator.value})"] if rule.card else []
    done += [f"offers {', '.join(offer.programs)}" for offer in rule.offers]
    done += ["notes" for _ in rule.notes[:1]]
    done += ["withholds" for _ in rule.withholds[:1]]
    return done


def _gates(pack: RulePack, seen: Examination) -> list[Shown]:
    trace = seen.trace
    if trace is None:
        return []
    gates = [{"label": "Is this about the patient?", "node": _node(trace.about, pack)}]
    return gates + ([{"label": "Is it the moment?", "node": _node(trace.gate, pack)}] if trace.gate else [])


_WORDS = {"all": "all of", "any": "any of", "not": "not", "always": "always"}


def _node(node: NodeTrace, pack: RulePack) -> Shown:
    """A condition's node in words, with its truth and its parts."""
    shown: Shown = {"kind": node.kind, "truth": node.truth.name.lower()}
    if node.leaf is not None:
        leaf = node.leaf
        words = sentence(Leaf(leaf.fact, leaf.op, leaf.value, leaf.setting), pack)
        return shown | {"words": words, "fact": leaf.fact, "answer": _answer(leaf)}
    if node.kind == "named":
        named = pack.named.get(node.name)
        shown["words"] = named.says if named is not None and named.says else node.name.replace("_", " ")
    else:
        shown["words"] = _WORDS[node.kind]
    parts = sorted(node.parts, key=lambda part: part.truth is Truth.FALSE) if node.kind == "any" else node.parts
    return shown | {"parts": [_node(part, pack) for part in parts]}


def _answer(leaf: LeafTrace) -> str:
    if leaf.state == "known":
        if isinstance(leaf.answer, bool):
            return "yes" if leaf.answer else "no"
        return f"{leaf.answer:g}" if isinstance(leaf.answer, float) else str(leaf.answer)
    if leaf.state == "within bounds":
        return f"{'?' if leaf.least is None else f'{leaf.least:g}'} to {'?' if leaf.most is None else f'{leaf.most:g}'}"
    return f"{leaf.state}{f' ({leaf.why})' if leaf.why else ''}"
