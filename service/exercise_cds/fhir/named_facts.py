"""Which facts one service can read: all that its rules, their texts and their programs name, and what those lead to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from exercise_cds.model.pack import FactSpec, Program, Rule, RulePack, Text
from exercise_cds.model.tree import Node, facts_read


def facts_of_service(pack: RulePack, service_id: str) -> Mapping[str, FactSpec]:
    """The facts of a service by name, in the order of facts.yaml.

    They are what the gate, the service's `when`, its rules (`when`, `unless`, texts), the programs that those rules offer
    (`in_place_if`), the pack's own card texts and `tell: always` name, and the readings that overrule any of these.
    """
    names = set(_named(pack, service_id))
    names |= {spec.name for spec in pack.facts.values() if spec.tell}
    waiting = list(names)
    while waiting:
        spec = pack.facts.get(waiting.pop())
        if spec is None or spec.overruled_by is None:
            continue
        more = {spec.overruled_by.fact, *facts_read(spec.overruled_by.condition)} - names
        names |= more
        waiting += more
    return {name: spec for name, spec in pack.facts.items() if name in names}


def _named(pack: RulePack, service_id: str) -> Iterator[str]:
    rules = pack.rules_of(service_id)
    programs = [pack.programs[name] for name in _programs(pack, rules)]
    for node in _conditions(pack, service_id, rules, programs):
        yield from facts_read(node)
    for text in _texts(pack, rules):
        for name in text.names:
            if condition := pack.named.get(name):
                yield from facts_read(condition.condition)
            else:
                yield name


def _programs(pack: RulePack, rules: Iterable[Rule]) -> set[str]:
    offered = {program for rule in rules for offer in rule.offers for program in offer.programs}
    return (offered | {pack.if_nothing_left or ""}) & pack.programs.keys()


def _conditions(pack: RulePack, service_id: str, rules: Iterable[Rule], programs: Iterable[Program]) -> Iterator[Node]:
    yield pack.about
    service = pack.services[service_id]
    yield from [service.when] if service.when else []
    for rule in rules:
        yield from rule.conditions
    yield from (program.in_place_if for program in programs if program.in_place_if)


def _texts(pack: RulePack, rules: Iterable[Rule]) -> Iterator[Text]:
    yield from pack.card.summary
    yield from pack.card.withheld_summary
    for rule in rules:
        if rule.card:
            yield from rule.card.summary
            yield from [rule.card.detail] if rule.card.detail else []
        yield from (offer.because for offer in rule.offers)
        yield from (note.text for note in rule.notes)
        yield from (withhold.because for withhold in rule.withholds)
