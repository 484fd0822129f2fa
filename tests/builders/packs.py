"""Small builders of rule packs for tests: write the condition and what is at stake, everything else has a plain default.

    pack(rule("stretch-early", at_least("back_pain_days", 14), offers=[offer("stretching")]))

Facts, programs and the service are filled in from what the rules name. Nothing here reads a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from exercise_cds.model.pack import (
    CardTexts,
    Citation,
    Created,
    Dosing,
    FactSpec,
    Indicator,
    NamedCondition,
    Note,
    Offer,
    OrderTemplate,
    Program,
    Rank,
    Rule,
    RulePack,
    SaidCard,
    Service,
    Source,
    Step,
    Text,
    Withhold,
)
from exercise_cds.model.tree import AllOf, Always, AnyOf, Leaf, Named, Node, Not, Op, leaves

ALWAYS = Always()
SERVICE = "low-back-pain-exercise"
"""The id of the one service that `pack` makes unless told otherwise."""


# Conditions ---------------------------------------------------------------------------------------------------------------------


def yes(fact: str) -> Leaf:
    """A bare name: this yes/no fact is true."""
    return Leaf(fact, Op.TRUE, True)


def at_least(fact: str, number: float) -> Leaf:
    """`{fact: {at_least: number}}`."""
    return Leaf(fact, Op.AT_LEAST, float(number))


def at_most(fact: str, number: float) -> Leaf:
    """`{fact: {at_most: number}}`."""
    return Leaf(fact, Op.AT_MOST, float(number))


def above(fact: str, number: float) -> Leaf:
    """`{fact: {above: number}}`."""
    return Leaf(fact, Op.ABOVE, float(number))


def below(fact: str, number: float) -> Leaf:
    """`{fact: {below: number}}`."""
    return Leaf(fact, Op.BELOW, float(number))


def between(fact: str, low: float, high: float) -> Leaf:
    """`{fact: {between: [low, high]}}`, both ends included."""
    return Leaf(fact, Op.BETWEEN, (float(low), float(high)))


def equals(fact: str, value: float | str) -> Leaf:
    """`{fact: {is: value}}`, a number or a word."""
    return Leaf(fact, Op.IS, value if isinstance(value, str) else float(value))


def one_of(fact: str, *words: str) -> Leaf:
    """`{fact: {one_of: [words]}}`."""
    return Leaf(fact, Op.ONE_OF, words)


def known(fact: str, *, is_known: bool = True) -> Leaf:
    """`{fact: {known: true}}` or `{fact: {known: false}}`."""
    return Leaf(fact, Op.KNOWN, is_known)


def all_of(*parts: Node) -> AllOf:
    """`all: [...]`."""
    return AllOf(parts)


def any_of(*parts: Node) -> AnyOf:
    """`any: [...]`."""
    return AnyOf(parts)


def not_(part: Node) -> Not:
    """`not: ...`."""
    return Not(part)


def named(name: str, part: Node) -> Named:
    """A named condition, inlined."""
    return Named(name, part)


# Rules --------------------------------------------------------------------------------------------------------------------------


def text(source: str) -> Text:
    """An author's text with `{name}` placeholders."""
    return Text(source, tuple(re.split(r"\{(\w+)\}", source)))


def card(indicator: str = "info", summary: str = "Something to know", detail: str | None = None) -> SaidCard:
    """What a rule says."""
    return SaidCard(Indicator(indicator), (text(summary),), text(detail) if detail else None)


def offer(*programs: str, rank: str = "plain", because: str = "it fits") -> Offer:
    """Programs that a rule offers; `rank` is first, plain or weak."""
    return Offer(programs, text(because), Rank(rank))


def note(says: str = "Go gently", program: str | None = None, start_with: str | None = None) -> Note:
    """A line on a program, or on the card itself."""
    return Note(text(says), program, start_with)


def withhold(*programs: str, loads: Iterable[str] = (), within: Iterable[str] = (), because: str = "not now") -> Withhold:
    """Programs, and steps with loads, that a rule takes away. Programs are named one by one, as they are in a loaded pack."""
    return Withhold(text(because), frozenset(programs), frozenset(loads), frozenset(within))


def rule(  # one argument for each key that an author may write
    name: str,
    when: Node = ALWAYS,
    unless: Node | None = None,
    *,
    says: SaidCard | None = None,
    offers: Sequence[Offer] = (),
    notes: Sequence[Note] = (),
    withholds: Sequence[Withhold] = (),
    services: Iterable[str] = (),
    silent: bool = False,
) -> Rule:
    """One rule; its title is its id."""
    return Rule(
        id=name,
        title=name,
        when=when,
        unless=unless,
        evidence=("a-source",),
        card=says,
        offers=tuple(offers),
        notes=tuple(notes),
        withholds=tuple(withholds),
        services=frozenset(services),
        silent=silent,
    )


# Programs, services, the pack ----------------------------------------------------------------------------------------------------


def step(name: str, *loads: str) -> Step:
    """One step and what it does to the spine."""
    return Step(name, name, f"Do {name}.", frozenset(loads))


def program(
    name: str,
    *steps: Step,
    options: Mapping[str, str] | None = None,
    in_place_if: Node | None = None,
    creates: Created = Created.CARE_PLAN,
) -> Program:
    """One program; without steps it is something that others do, such as a referral."""
    return Program(
        id=name,
        title=name,
        summary=f"{name} in a line",
        dosing=Dosing("daily", "easy", "10 minutes", "exercise"),
        steps=steps,
        stop_if=("it hurts more",),
        not_for=(),
        order=OrderTemplate(creates, (), name),
        options=dict(options or {}),
        in_place_if=in_place_if,
    )


def service(name: str = SERVICE, hook: str = "patient-view", when: Node | None = None) -> Service:
    """One service of the pack."""
    return Service(name, hook, name, f"What {name} does", when)


def fact_spec(name: str, asked: Iterable[Leaf] = (), **fields: object) -> FactSpec:
    """A fact whose kind fits what the leaves ask of it: a measurement, with answers where words are asked, else a condition."""
    asked = tuple(asked)
    words = {word for leaf in asked for word in (leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)) if isinstance(word, str)}
    numeric = any(leaf.op not in (Op.TRUE, Op.FALSE, Op.KNOWN) for leaf in asked)
    made: dict[str, object] = {"kind": "measurement" if numeric else "condition", "says": name.replace("_", " ")}
    if words:
        made["answers"] = {("http://loinc.org", f"LA{number}"): word for number, word in enumerate(sorted(words))}
    return FactSpec(name=name, **(made | fields))  # type: ignore[arg-type]


def _conditions(rules: Iterable[Rule], programs: Iterable[Program], services: Iterable[Service], about: Node) -> list[Node]:
    found: list[Node | None] = [about]
    for one in rules:
        found += [one.when, one.unless]
    found += [one.in_place_if for one in programs]
    found += [one.when for one in services]
    return [node for node in found if node is not None]


def _names(node: Node) -> Iterable[Named]:
    match node:
        case Named(_, part):
            yield node
            yield from _names(part)
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from _names(part)
        case Not(part):
            yield from _names(part)
        case Leaf() | Always():
            return


def _programs_named(rules: Iterable[Rule], fallback: str | None) -> list[str]:
    found = [name for one in rules for offered in one.offers for name in offered.programs]
    found += [name for one in rules for held in one.withholds for name in sorted(held.programs | held.within)]
    found += [written.program for one in rules for written in one.notes if written.program]
    return list(dict.fromkeys(found + ([fallback] if fallback else [])))


def pack(
    *rules: Rule,
    about: Node = ALWAYS,
    programs: Iterable[Program] = (),
    services: Iterable[Service] = (),
    fallback: str | None = None,
    facts: Iterable[FactSpec] = (),
    name: str = "low-back-pain",
) -> RulePack:
    """A whole pack of these rules. Programs and facts that are only named are made; given ones come first, in their order."""
    services = tuple(services) or (service(),)
    given = {one.id: one for one in programs}
    all_programs = given | {one: program(one) for one in _programs_named(rules, fallback) if one not in given}
    conditions = _conditions(rules, all_programs.values(), services, about)
    asked: dict[str, list[Leaf]] = {}
    for node in conditions:
        for leaf in leaves(node):
            asked.setdefault(leaf.fact, []).append(leaf)
    specs = {one.name: one for one in facts}
    specs |= {fact: fact_spec(fact, leaves_of) for fact, leaves_of in asked.items() if fact not in specs}
    inlined = {one.name: NamedCondition(one.name, one.name, one.part) for node in conditions for one in _names(node)}
    return RulePack(
        id=name,
        version="2026.1.0",
        digest="0" * 64,
        status="draft",
        approved_by="",
        title=name,
        about=about,
        required=("Patient", "Condition"),
        if_nothing_left=fallback,
        settings={},
        facts=specs,
        named=inlined,
        rules=tuple(rules),
        programs=all_programs,
        groups={},
        services={one.id: one for one in services},
        evidence={"a-source": Citation("a-source", "A source", 2020, "it helps", "should")},
        valuesets={},
        card=CardTexts(
            (text("Programs that fit"),), Source("A source", "https://example.org"), (), "Red flags were checked in coded data only."
        ),
    )
