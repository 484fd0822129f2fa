"""Why a rule did or did not fire, in lines of plain text; and which rules a case's difference is about."""

from __future__ import annotations

from collections.abc import Iterator

from exercise_cds.authoring.runner import Ran
from exercise_cds.cards import sentence
from exercise_cds.engine import LeafTrace, NodeTrace, RuleTrace
from exercise_cds.model.decision import Truth, Why
from exercise_cds.model.pack import Rule, RulePack
from exercise_cds.model.tree import Leaf

MARKS = {Truth.TRUE: "yes", Truth.FALSE: "no", Truth.UNKNOWN: "?"}
MOST_RULES = 3
"""More traces than these hide what they are to show."""


def rule_lines(rule: RuleTrace, pack: RulePack) -> Iterator[str]:
    """One rule: what became of it, and its tree with the answer to every question."""
    yield f"{rule.rule} ({rule.where}): {verdict(rule)}"
    yield from _node_lines(rule.when, pack, 1, "when")
    if rule.unless is not None:
        yield from _node_lines(rule.unless, pack, 1, "unless")
    if rule.miss is not None and not (rule.outcome and rule.outcome.fired):
        yield f"  nearest: {rule.miss.words}"


def verdict(rule: RuleTrace) -> str:
    """What became of a rule, in a few words."""
    outcome = rule.outcome
    if outcome is None:
        return "was not asked, because a gate is not open"
    if outcome.fired:
        return "fired" if outcome.speaks or rule.silent else "fired, but `unless` is in doubt, so it says nothing"
    return "did not fire, but withholds because something is in doubt" if outcome.withholds is Why.IN_DOUBT else "did not fire"


def _node_lines(node: NodeTrace, pack: RulePack, depth: int, label: str = "") -> Iterator[str]:
    words = {"all": "all of", "any": "any of", "not": "not", "always": "always", "named": node.name}.get(node.kind, "")
    if node.leaf is not None:
        words = leaf_words(node.leaf, pack)
    yield f"{'  ' * depth}{MARKS[node.truth]:>3} {f'{label} ' if label else ''}{words}"
    if node.truth is Truth.FALSE and node.kind in {"any", "named"}:
        return  # thirty signs that are not there say no more than their name
    for part in node.parts:
        if not (node.kind == "any" and node.truth is Truth.TRUE and part.truth is Truth.FALSE):
            yield from _node_lines(part, pack, depth + 1)


def leaf_words(leaf: LeafTrace, pack: RulePack) -> str:
    """A question in English, and what the chart answered."""
    asked = sentence(Leaf(leaf.fact, leaf.op, leaf.value, leaf.setting), pack)
    answer = leaf.state
    if leaf.state == "known":
        answer = scalar(leaf.answer)
    elif leaf.state == "within bounds":
        answer = span(leaf.least, leaf.most)
    why = f": {leaf.why}" if leaf.why else ""
    return f"{asked}  [{leaf.fact}: {answer}{why}]"


def scalar(value: object) -> str:
    """A value as it is read aloud."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def span(least: float | None, most: float | None) -> str:
    """Bounds as they are read aloud."""
    if most is None:
        return f"at least {least:g}"
    return f"at most {most:g}" if least is None else f"{least:g} to {most:g}"


def disagreeing(ran: Ran, pack: RulePack) -> list[RuleTrace]:
    """The rules that a case's difference is about: those it names, and those that offer or withhold the programs at stake."""
    trace, expect, decision = ran.seen.trace, ran.case.expect, ran.seen.decision
    if trace is None:
        return []
    offered = {offer.program for offer in decision.offered}
    missing = {program for program in (*(expect.offers or ()), *(expect.exactly or ())) if program not in offered}
    too_many = {program for program in expect.never or () if program in offered}
    if expect.exactly is not None:
        too_many |= offered - set(expect.exactly)
    fired = set(decision.fired)
    named = {rule for rule in expect.fired or () if rule not in fired} | {rule for rule in expect.not_fired or () if rule in fired}
    named |= {card.rule for card in expect.cards or () if card.rule and card.rule not in decision.said}
    held = {(one.program, one.rule) for one in decision.withheld}
    for program, rules in (expect.withheld or {}).items():
        named |= {rule for rule in rules if (program, rule) not in held}
    named |= {one.rule for one in decision.withheld if one.program in missing}
    named |= {rule for offer in decision.offered if offer.program in too_many for rule in offer.offered_by}
    speaking = {rule.rule for rule in decision.rules if rule.speaks}
    wanted = missing - {one.program for one in decision.withheld}
    named |= {rule.id for rule in pack.rules if rule.id not in speaking and _offers(rule) & wanted}
    return [rule for rule in trace.rules if rule.rule in named][:MOST_RULES]


def _offers(rule: Rule) -> set[str]:
    return {program for offer in rule.offers for program in offer.programs}
