"""The change in meaning between two versions of a pack: rules added, removed, widened, narrowed; texts, evidence, settings and so on.

Widened and narrowed are reasoned, not sampled: a rule is wider where some chart makes the new one fire and not the old. Where the search
would be too long, only "changed" is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from exercise_cds.cards import rule_sentence
from exercise_cds.model.facts import Bounds, Facts, InDoubt, Known, NotRecorded
from exercise_cds.model.pack import FactSpec, Rule, RulePack
from exercise_cds.model.tree import leaves
from exercise_cds.rulepack.lint.logic import effects, fires
from exercise_cds.rulepack.lint.solver import Solver, Wanted
from exercise_cds.rulepack.lint.states import TooMany


@dataclass(frozen=True, slots=True)
class Line:
    """One change: of what sort, of what, and what it is."""

    sort: str
    """rule, text, evidence, setting, program, fact, pack."""
    name: str
    change: str


def changes(old: RulePack, new: RulePack) -> tuple[Line, ...]:
    """Every change, rules first."""
    return (*_rules(old, new), *_settings(old, new), *_programs(old, new), *_facts(old, new), *_evidence(old, new), *_pack(old, new))


def _rules(old: RulePack, new: RulePack) -> Iterator[Line]:
    before, after = {rule.id: rule for rule in old.rules}, {rule.id: rule for rule in new.rules}
    solver = Solver({**old.facts, **new.facts})
    for name, rule in after.items():
        if name not in before:
            yield Line("rule", name, f"added: {rule_sentence(rule.when, rule.unless, new)}")
            continue
        yield from _rule(before[name], rule, solver, (old, new))
    for name, rule in before.items():
        if name not in after:
            yield Line("rule", name, f"removed: it fired {rule_sentence(rule.when, rule.unless, old)}")


def _rule(old: Rule, new: Rule, solver: Solver, packs: tuple[RulePack, RulePack]) -> Iterator[Line]:
    said = rule_sentence(old.when, old.unless, packs[0]), rule_sentence(new.when, new.unless, packs[1])
    if (old.when, old.unless) != (new.when, new.unless):
        how, example = reach(old, new, solver)
        if how != SAME:
            words = said[1] if said[0] == said[1] else f"{said[0]} -> {said[1]}"
            yield Line("rule", new.id, f"{how}: {words}{f' (for one: {example})' if example else ''}")
    was, now = set(effects(old)), set(effects(new))
    for effect in sorted(map(_effect, now - was)):
        yield Line("rule", new.id, f"does besides: {effect}")
    for effect in sorted(map(_effect, was - now)):
        yield Line("rule", new.id, f"does no longer: {effect}")
    for key, text in _texts(new).items():
        if (other := _texts(old).get(key)) is not None and other != text:
            yield Line("text", new.id, f"{key}: {other!r} -> {text!r}")
    if set(old.evidence) != set(new.evidence):
        yield Line("evidence", new.id, f"cites {', '.join(old.evidence)} -> {', '.join(new.evidence)}")
    for name in ("silent", "services", "review_by", "owner"):
        if getattr(old, name) != getattr(new, name):
            yield Line("rule", new.id, f"{name}: {_plain(getattr(old, name))} -> {_plain(getattr(new, name))}")


SAME = "the same"
_HOW = {(True, True): "moved", (True, False): "widened", (False, True): "narrowed", (False, False): SAME}


def reach(old: Rule, new: Rule, solver: Solver) -> tuple[str, str]:
    """Whether the new rule fires for more charts, for fewer, for others, or for the very same; and one such chart in words."""
    try:
        more, fewer = _fires_without(new, old, solver), _fires_without(old, new, solver)
    except TooMany:
        return "changed", ""
    return _HOW[more is not None, fewer is not None], _chart(more if more is not None else fewer or {})


def _fires_without(one: Rule, other: Rule, solver: Solver) -> Facts | None:
    """A chart that makes the one fire and not the other; None where there is none."""
    found = solver.example([*fires(one), Wanted(other.when, true=False)])
    if found is None and other.unless is not None:
        found = solver.example([*fires(one), Wanted(other.unless)])
    return found


def _chart(facts: Facts) -> str:
    """What a chart holds, in a few words; what is not there goes without saying."""
    said = []
    for name, fact in facts.items():
        match fact:
            case Known(bool() as value):
                said += [name] if value else []
            case Known(value):
                said.append(f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}")
            case Bounds(least, most):
                said.append(f"{name} {'' if least is None else f'{least:g}'}..{'' if most is None else f'{most:g}'}")
            case InDoubt():
                said.append(f"{name} in doubt")
            case NotRecorded():
                said.append(f"{name} not recorded")
    return ", ".join(said[:6])


def _effect(effect: tuple[object, ...]) -> str:
    return " ".join(_plain(part) for part in effect if part)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, frozenset | set | tuple):
        return ", ".join(sorted(map(str, value))) or "none"
    return str(value) or "none"


def _texts(rule: Rule) -> dict[str, str]:
    found = {"title": rule.title}
    found |= {f"offer {index} because": offer.because.source for index, offer in enumerate(rule.offers, 1)}
    found |= {f"withhold {index} because": one.because.source for index, one in enumerate(rule.withholds, 1)}
    if rule.card is not None:
        found["card detail"] = rule.card.detail.source if rule.card.detail else ""
    return found


def _settings(old: RulePack, new: RulePack) -> Iterator[Line]:
    for name, setting in new.settings.items():
        before = old.settings.get(name)
        if before is None:
            yield Line("setting", name, f"added: {setting.value:g} {setting.unit}")
        elif (before.value, before.unit) != (setting.value, setting.unit):
            amounts = f"{_counted(before.value, before.unit)} -> {_counted(setting.value, setting.unit)}"
            yield Line("setting", name, f"{amounts}; asked by {_plain(_asking(new, name))}")
        elif (before.least, before.most) != (setting.least, setting.most):
            yield Line("setting", name, f"bounds {before.least:g} to {before.most:g} -> {setting.least:g} to {setting.most:g}")
    yield from (Line("setting", name, "removed") for name in old.settings if name not in new.settings)


def _counted(value: float, unit: str) -> str:
    return f"{value:g} {unit}".strip()


def _asking(pack: RulePack, setting: str) -> frozenset[str]:
    """The rules that compare with a setting."""
    asked = ((rule.id, tree) for rule in pack.rules for tree in rule.conditions)
    return frozenset(rule for rule, tree in asked for leaf in leaves(tree) if leaf.setting == setting)


def _by_name(sort: str, old: Mapping[str, Any], new: Mapping[str, Any], skip: tuple[str, ...] = ("where",)) -> Iterator[Line]:
    """Added, removed, and which parts of what is in both differ."""
    for name, one in new.items():
        if name not in old:
            yield Line(sort, name, "added")
            continue
        other = old[name]
        parts = [part.name for part in fields(one) if part.name not in skip and getattr(one, part.name) != getattr(other, part.name)]
        if parts:
            yield Line(sort, name, f"other {', '.join(parts)}")
    yield from (Line(sort, name, "removed") for name in old if name not in new)


def _programs(old: RulePack, new: RulePack) -> Iterator[Line]:
    yield from _by_name("program", old.programs, new.programs)
    kept = [name for name in old.programs if name in new.programs]
    if kept != [name for name in new.programs if name in old.programs]:
        yield Line("program", "order of suggestions", " > ".join(new.programs))


def _facts(old: RulePack, new: RulePack) -> Iterator[Line]:
    yield from _by_name("fact", old.facts, new.facts, ("where", "matcher"))
    for name, spec in new.facts.items():
        if name in old.facts:
            yield from _codes(name, old.facts[name], spec)
    yield from _by_name("fact", old.named, new.named)


def _codes(name: str, old: FactSpec, new: FactSpec) -> Iterator[Line]:
    if old.matcher == new.matcher:
        return
    was, now = old.matcher.codes | old.matcher.codes_with_site, new.matcher.codes | new.matcher.codes_with_site
    more, fewer = sorted(code for _, code in now - was), sorted(code for _, code in was - now)
    said = [f"reads {', '.join(more[:8])}{' and more' if len(more) > 8 else ''}"] if more else []
    said += [f"no longer reads {', '.join(fewer[:8])}{' and more' if len(fewer) > 8 else ''}"] if fewer else []
    yield Line("fact", name, "; ".join(said) or "matches otherwise (words, sites or code ranges)")


def _evidence(old: RulePack, new: RulePack) -> Iterator[Line]:
    yield from _by_name("evidence", old.evidence, new.evidence)


def _pack(old: RulePack, new: RulePack) -> Iterator[Line]:
    for name in ("version", "status", "approved_by", "about", "required", "if_nothing_left", "unchecked", "disabled"):
        if getattr(old, name) != getattr(new, name):
            shown = "changed" if name in ("about", "unchecked") else f"{_plain(getattr(old, name))} -> {_plain(getattr(new, name))}"
            yield Line("pack", name, shown)
    yield from _by_name("service", old.services, new.services)
    if old.card != new.card:
        yield Line("text", "program card", "other words")
