"""Checks that reason: conditions that can never be true, that are always true, that say what another says already, and gaps."""

from __future__ import annotations

from collections.abc import Iterator

from exercise_cds.model.normal import negation_normal
from exercise_cds.model.pack import Rule, RulePack
from exercise_cds.model.tree import AllOf, Always, AnyOf, Leaf, Named, Node, Not, leaves, nodes
from exercise_cds.rulepack.lint.solver import Solver, Wanted
from exercise_cds.rulepack.lint.states import TooMany
from exercise_cds.rulepack.report import Report, quoted


def fires(rule: Rule) -> tuple[Wanted, ...]:
    """What it takes for a rule to fire."""
    wanted = Wanted(rule.when)
    return (wanted,) if rule.unless is None else (wanted, Wanted(rule.unless, true=False))


def asked(rule: Rule) -> frozenset[str]:
    """The facts that a rule asks about."""
    return frozenset(leaf.fact for tree in rule.conditions for leaf in leaves(tree))


def never_true(pack: RulePack, solver: Solver, report: Report) -> None:
    """A rule that no chart can make fire, or none of a patient and a moment that the pack speaks of, is a mistake."""
    for rule in pack.rules:
        try:
            if not solver.possible([Wanted(rule.when)]):
                asks = f"what it asks of {quoted(solver.conflict)} contradicts itself" if solver.conflict else "it contradicts itself"
                report.add("never-true", rule.where, f"the rule {quoted(rule.id)} can never be true: {asks}", "mend its `when`")
            elif not solver.possible(fires(rule)):
                sentence = f"the rule {quoted(rule.id)} can never fire: whenever its `when` is true, its `unless` is true as well"
                report.add("never-true", rule.where, sentence, "mend its `unless`")
            elif not any(solver.possible([*fires(rule), *gates]) for gates in _gates(pack, rule)):
                sentence = (
                    f"the rule {quoted(rule.id)} can never fire: `about` in pack.yaml, or its service's `when`, keeps its patients out"
                )
                report.add("never-true", rule.where, sentence, "mend its `when`, or the gate")
        except TooMany:
            continue


def _gates(pack: RulePack, rule: Rule) -> Iterator[list[Wanted]]:
    """What the pack and each service of the rule ask before any rule is asked."""
    for name, service in pack.services.items():
        if not rule.services or name in rule.services:
            yield [Wanted(pack.about), *([Wanted(service.when)] if service.when is not None else [])]


def always_withheld(pack: RulePack, solver: Solver, report: Report) -> None:
    """A program that is withheld whenever it is offered is never offered."""
    taking: dict[str, list[Rule]] = {}
    for rule in pack.rules:
        if not rule.silent and not isinstance(rule.when, Always):  # withheld from everybody: said where rules are linked
            for program in {program for withhold in rule.withholds for program in withhold.programs}:
                taking.setdefault(program, []).append(rule)
    facts = {rule.id: asked(rule) for rule in pack.rules}
    for rule in pack.rules:
        takers: dict[str, bool] = {}
        for given, program in [(offer, program) for offer in rule.offers for program in offer.programs]:
            for other in taking.get(program, ()):
                if other.id not in takers:
                    covers = not other.services or bool(rule.services and rule.services <= other.services)
                    takers[other.id] = covers and bool(facts[rule.id] & facts[other.id]) and _whenever(rule, other, solver)
                if takers[other.id]:
                    sentence = f"{quoted(program)} is offered, but whenever {quoted(rule.id)} fires, {quoted(other.id)} withholds it"
                    hint = "give one of the two another condition, or drop the offer"
                    report.add("always-withheld", given.because.where, sentence, hint)


def _whenever(rule: Rule, other: Rule, solver: Solver) -> bool:
    """Whether the other fires whenever the rule does, and the rule fires at all."""
    try:
        if solver.possible([*fires(rule), Wanted(other.when, true=False)]):
            return False
        if other.unless is not None and solver.possible([*fires(rule), Wanted(other.unless)]):
            return False
        return solver.possible(fires(rule))
    except TooMany:
        return False


def always_true(pack: RulePack, solver: Solver, report: Report) -> None:
    """A `when` that holds whatever number or word the chart holds is meant as `always`, or asks the wrong question."""
    for rule in pack.rules:
        if isinstance(rule.when, Always):
            continue
        try:
            if not solver.possible([Wanted(rule.when, true=False)], recorded=True):
                sentence = f"the `when` of {quoted(rule.id)} is true whatever is recorded"
                report.add("always-true", rule.where, sentence, "write `when: always`, or `known: true` where that is meant")
        except TooMany:
            continue


def trees(pack: RulePack) -> Iterator[Node]:
    """Every condition of the pack that an author wrote, each named one once."""
    yield pack.about
    yield from (service.when for service in pack.services.values() if service.when is not None)
    yield from (named.condition for named in pack.named.values())
    yield from (program.in_place_if for program in pack.programs.values() if program.in_place_if is not None)
    for rule in pack.rules:
        yield from rule.conditions


def implied(pack: RulePack, solver: Solver, report: Report) -> None:
    """A part of an `all` that follows from another part, and a part of an `any` that another part covers, say nothing."""
    for tree in trees(pack):
        for node in nodes(tree):
            if isinstance(node, AllOf | AnyOf) and not (isinstance(node, AllOf) and _from_one_mapping(node)):
                _implied_parts(node, solver, report)


def _from_one_mapping(node: AllOf) -> bool:
    """Whether an author wrote one question with two settings (`between`), which becomes two leaves."""
    return len(node.parts) == 2 and all(isinstance(part, Leaf) and part.setting for part in node.parts)


def _implied_parts(node: AllOf | AnyOf, solver: Solver, report: Report) -> None:
    facts = [frozenset(leaf.fact for leaf in leaves(part)) for part in node.parts]
    spare: set[int] = set()
    for index, part in enumerate(node.parts):
        for other, beside in enumerate(node.parts):
            if other == index or other in spare or not facts[index] & facts[other]:
                continue
            strong, weak = (beside, part) if isinstance(node, AllOf) else (part, beside)
            if _follows(weak, strong, solver) and not (other > index and _follows(strong, weak, solver)):
                spare.add(index)
                words = "follows from" if isinstance(node, AllOf) else "is covered by"
                sentence = f"this part {words} another one of the same `{'all' if isinstance(node, AllOf) else 'any'}` ({_place(beside)})"
                report.add("implied-condition", part.where, sentence, "leave it out, or mend its numbers")
                break


def _place(node: Node) -> str:
    return f"line {node.where.line}, column {node.where.column}"


def _follows(weak: Node, strong: Node, solver: Solver) -> bool:
    """Whether the weak one is true where the strong one is, and the strong one false where the weak one is: then it changes nothing.

    The second half leaves `known: true` beside a comparison alone: it makes "unknown" false, and authors mean that.
    """
    try:
        if not solver.possible([Wanted(strong)]) or solver.possible([Wanted(strong), Wanted(weak, true=False)]):
            return False
        return not solver.possible([Wanted(Not(weak)), Wanted(Not(strong), true=False)])
    except TooMany:
        return False


def same_rules(pack: RulePack, solver: Solver, report: Report) -> None:  # noqa: ARG001 - one signature for all checks
    """Two rules with the same condition that offer, withhold, note or say the same are one rule."""
    first: dict[tuple[object, ...], Rule] = {}
    for rule in pack.rules:
        condition = _form(negation_normal(rule.when)), None if rule.unless is None else _form(negation_normal(rule.unless))
        for effect in effects(rule):
            before = first.setdefault((rule.services, rule.silent, *condition, effect), rule)
            if before is not rule:
                where = f"{before.where.file}, line {before.where.line}"
                sentence = f"the rule {quoted(rule.id)} says under the same condition what {quoted(before.id)} says ({where})"
                report.add("same-rules", rule.where, sentence, "keep one of them")
                break


def effects(rule: Rule) -> Iterator[tuple[object, ...]]:
    """What a rule does, one entry an effect, without the reasons that it gives."""
    for offer in rule.offers:
        yield from (("offer", program, offer.rank) for program in offer.programs)
    for withhold in rule.withholds:
        yield from (("withhold", program) for program in sorted(withhold.programs))
        yield from (("withhold load", load, withhold.within) for load in sorted(withhold.loads))
    yield from (("note", note.program, note.start_with, note.text.source) for note in rule.notes)
    if rule.card is not None:
        yield ("card", rule.card.indicator, tuple(text.source for text in rule.card.summary))


def _form(node: Node) -> tuple[object, ...]:
    """A condition in a form that is equal for trees that differ in order, nesting and names only; negation stands at the leaves."""
    match node:
        case Leaf():
            return ("leaf", node.fact, node.op, repr(node.value))
        case Named(_, part):
            return _form(part)
        case AllOf(parts) | AnyOf(parts):
            kind = "all" if isinstance(node, AllOf) else "any"
            inner: set[tuple[object, ...]] = set()
            for part in parts:
                form = _form(part)
                inner.update(form[1:] if form[0] == kind else (form,))  # type: ignore[arg-type]  # the parts of a nested one
            return next(iter(inner)) if len(inner) == 1 else (kind, *sorted(inner, key=repr))
        case _:
            return ("always",)
