"""Checks that count: what nobody uses, what is never offered, what should have been reviewed, and `not` where `unless` is meant."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date

from exercise_cds.model.kinds import KINDS, ValueType
from exercise_cds.model.pack import RulePack, Text
from exercise_cds.model.tree import Leaf, Named, Node, Not, every, leaves, nodes
from exercise_cds.model.where import Where
from exercise_cds.rulepack.lint.logic import trees
from exercise_cds.rulepack.report import Report, quoted

_AT_HOME = {"valueset": ("value set", "valuesets/{}.json"), "setting": ("setting", "pack.yaml")}


def not_over_number(pack: RulePack, report: Report) -> None:
    """`not` asks for proof of the contrary, which a number that nobody recorded never gives."""
    for tree in trees(pack):
        for node in nodes(tree):
            if isinstance(node, Not) and (leaf := _number_in(node.part, pack)):
                sentence = f"`not` stands over {quoted(leaf.fact)}: it is false where that is not recorded"
                report.add("not-over-number", node.where, sentence, "write `unless:`, or the contrary question (below for at_least)")


def _number_in(node: Node, pack: RulePack) -> Leaf | None:
    for leaf in leaves(node):
        spec = pack.facts.get(leaf.fact)
        if spec is not None and (KINDS[spec.kind].value is not ValueType.YES_NO):
            return leaf
    return None


def program_never_offered(pack: RulePack, report: Report) -> None:
    """A program that no rule offers and that is not the pack's fallback is never seen."""
    offered = {program for rule in pack.rules if not rule.silent for offer in rule.offers for program in offer.programs}
    for name, program in pack.programs.items():
        if name not in offered and name != pack.if_nothing_left:
            report.add("program-never-offered", program.where, f"no rule offers {quoted(name)}", "offer it in a rule, or delete its file")


def review_date_passed(pack: RulePack, today: date, report: Report) -> None:
    """A rule that should have been reviewed by now says so."""
    for rule in pack.rules:
        if rule.review_by and date.fromisoformat(rule.review_by) < today:
            who = f" by {rule.owner}" if rule.owner else ""
            sentence = f"the rule {quoted(rule.id)} was to be reviewed{who} until {rule.review_by}"
            report.add("review-date-passed", rule.where, sentence, "review it, and write the next date")


def unused_facts(pack: RulePack, report: Report) -> None:
    """A fact that no rule, gate, program or text asks about is read for nothing."""
    used = _facts_in_use(pack)
    for name, where in {**{n: f.where for n, f in pack.facts.items()}, **{n: c.where for n, c in pack.named.items()}}.items():
        if name not in used:
            report.add("unused-fact", where, f"nothing asks about the fact {quoted(name)}", "use it, or delete it")


def _facts_in_use(pack: RulePack) -> set[str]:
    used = {spec.name for spec in pack.facts.values() if spec.tell}
    waiting: list[Node] = [pack.about]
    waiting += [service.when for service in pack.services.values() if service.when is not None]
    waiting += [program.in_place_if for program in pack.programs.values() if program.in_place_if is not None]
    for rule in pack.rules:
        waiting += rule.conditions
    used |= {name for text in _texts(pack) for name in text.names}
    for tree in waiting:
        used.update(_asked(tree))
    while more := {spec.overruled_by.fact for name in used if (spec := pack.facts.get(name)) and spec.overruled_by} - used:
        used |= more
    return used


def _asked(tree: Node) -> Iterator[str]:
    """Facts and named conditions of a tree, also behind names."""
    for node in every(tree):
        if isinstance(node, Leaf):
            yield node.fact
        elif isinstance(node, Named):
            yield node.name


def _texts(pack: RulePack) -> Iterator[Text]:
    """Every text that is filled."""
    yield from pack.card.summary
    yield from pack.card.withheld_summary
    for rule in pack.rules:
        yield from (offer.because for offer in rule.offers)
        yield from (note.text for note in rule.notes)
        yield from (withhold.because for withhold in rule.withholds)
        if rule.card is not None:
            yield from rule.card.summary
            if rule.card.detail is not None:
                yield rule.card.detail


def unused_evidence(pack: RulePack, report: Report) -> None:
    """Evidence that no rule and no program cites."""
    cited = {name for rule in pack.rules for name in rule.evidence} | {name for one in pack.programs.values() for name in one.evidence}
    for name, citation in pack.evidence.items():
        if name not in cited:
            report.add("unused-evidence", citation.where, f"no rule and no program cites {quoted(name)}", "cite it, or delete it")


def unused_names(pack: RulePack, used: Collection[tuple[str, str]], report: Report) -> None:
    """Value sets and settings that nothing names; `used` is what the pack's files named."""
    spoken = {name for text in _texts(pack) for name in text.names}
    for name in pack.valuesets:
        if ("valueset", name) not in used:
            report.add(
                "unused-valueset", Where(f"valuesets/{name}.json"), f"no fact names the value set {quoted(name)}", "name it, or delete it"
            )
    for name, setting in pack.settings.items():
        if ("setting", name) not in used and name not in spoken:
            report.add("unused-setting", setting.where, f"nothing names the setting {quoted(name)}", "name it, or delete it")
