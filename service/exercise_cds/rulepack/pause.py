"""The kill switch: a site's file that pauses everything, or services, rules and programs by name, without a roll-out.

`paused` makes of a pack the same pack with less to say, so the way of a request has no branches for it. Two laws hold whatever is
paused, and are properties to test: nothing is offered that would not be offered without the pause; and what cannot be understood
pauses everything, since whoever wrote it wanted something to stop.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from exercise_cds.model.pack import Program, Rule, RulePack, Text, Withhold
from exercise_cds.model.paused import Paused
from exercise_cds.model.tree import Always
from exercise_cds.model.where import Finding
from exercise_cds.rulepack.nodes import Place, Table
from exercise_cds.rulepack.report import Report, quoted
from exercise_cds.rulepack.shapes.pause import PauseByName, PauseFile
from exercise_cds.rulepack.shaping import shaped
from exercise_cds.rulepack.yaml_reader import read_yaml

PAUSE_RULE = "paused-by-operators"
"""The rule that withholds what is paused; its name stands in decisions."""
_BECAUSE = Text("paused by the operators of this service", ("paused by the operators of this service",))


@dataclass(frozen=True, slots=True)
class Pause:
    """What a pause file asks for. With findings it asks for everything."""

    everything: bool = False
    services: frozenset[str] = frozenset()
    rules: frozenset[str] = frozenset()
    programs: frozenset[str] = frozenset()
    findings: tuple[Finding, ...] = ()

    def __bool__(self) -> bool:
        return self.everything or bool(self.services or self.rules or self.programs)


NO_PAUSE = Pause()


def read_pause(content: bytes | None, file: str, pack: RulePack) -> Pause:
    """The pause that a file asks for, None where there is no file. A name that the pack has not is a finding like any other."""
    if content is None:
        return NO_PAUSE
    report = Report()
    place = read_yaml(content, file, report)
    if place is None:
        return Pause(everything=True, findings=report.findings())
    there = place / "paused"
    if not isinstance(there.node, Table):
        whole = shaped(place, PauseFile, report)
        if whole is None or report.errors:
            return Pause(everything=True, findings=report.findings())
        return Pause(everything=whole.paused == "all")
    by_name = shaped(place, PauseByName, report)
    if by_name is None or report.errors:
        return Pause(everything=True, findings=report.findings())
    parts = by_name.paused
    services = _known(parts.services, pack.services, there / "services", "service", report)
    rules = _known(parts.rules, {rule.id: rule for rule in pack.rules}, there / "rules", "rule", report)
    programs = _known(parts.programs, pack.programs, there / "programs", "program", report)
    return Pause(everything=bool(report.errors), services=services, rules=rules, programs=programs, findings=report.findings())


def _known(names: list[str], known: Mapping[str, object], place: Place, sort: str, report: Report) -> frozenset[str]:
    for index, name in enumerate(names):
        if name not in known:
            report.add(f"unknown-{sort}", (place / index).where, f"no {sort} named {quoted(name)}", report.did_you_mean(name, known))
    return frozenset(name for name in names if name in known)


def paused(pack: RulePack, pause: Pause) -> RulePack:
    """The pack with what is paused taken out of force; its digest and version say so.

    A paused service answers without cards. A paused rule is evaluated and recorded, and neither speaks nor withholds; programs that a
    paused rule would withhold, in whole or in a step, are paused with it. A paused program is withheld from everybody. Where a rule
    or program that could have been offered is paused, nothing comes in its place: the pack's fallback is not offered.
    """
    if not pause:
        return pack
    services = frozenset(pack.services) if pause.everything else pause.services
    stopped = tuple(rule for rule in pack.rules if rule.id in pause.rules)
    programs = pause.programs | frozenset(_guarded(stopped, pack.programs))
    rules = tuple(replace(rule, silent=True) if rule.id in pause.rules else rule for rule in pack.rules)
    may_leave_nothing = bool(programs) or any(rule.offers for rule in stopped)
    return replace(
        pack,
        version=f"{pack.version}+paused",
        digest=_digest(pack.digest, services, pause.rules, programs),
        rules=(*rules, _withholds(programs)) if programs else rules,
        if_nothing_left=None if may_leave_nothing else pack.if_nothing_left,
        paused=Paused(everything=pause.everything, services=services, rules=pause.rules, programs=programs),
    )


def _guarded(rules: Iterable[Rule], programs: Mapping[str, Program]) -> Iterable[str]:
    """The programs of which a rule may take something: whole, or a step that carries a load."""
    for withhold in (one for rule in rules if not rule.silent for one in rule.withholds):
        yield from withhold.programs
        for name in withhold.within or programs:
            if any(step.loads & withhold.loads for step in programs[name].steps):
                yield name


def _withholds(programs: frozenset[str]) -> Rule:
    return Rule(PAUSE_RULE, "Paused by operators", Always(), None, (), withholds=(Withhold(_BECAUSE, programs),))


def _digest(digest: str, *parts: frozenset[str]) -> str:
    named = "\n".join([digest, *(",".join(sorted(part)) for part in parts)])
    return hashlib.sha256(f"paused\n{named}".encode()).hexdigest()
