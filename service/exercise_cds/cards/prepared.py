"""What of a pack's cards can be made ready once: sources, links, actions, which facts a service reads, each rule as cards see it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from exercise_cds.cards.actions import OrderMaker, coding
from exercise_cds.cards.markdown import escape, plain
from exercise_cds.cards.texts import clean, clip
from exercise_cds.model.codes import Code
from exercise_cds.model.normal import negation_normal
from exercise_cds.model.pack import Citation, FactSpec, Link, Program, Rule, RulePack, Source, Text, Withhold
from exercise_cds.model.tree import Node, facts_read
from exercise_cds.wire import CardLink, CardSource, Coding

_TYPE_WORDS = {
    "CarePlan": "care plans", "Condition": "problems and diagnoses", "MedicationRequest": "medication orders",
    "Observation": "observations", "Patient": "patient data", "Procedure": "procedures",
    "QuestionnaireResponse": "questionnaires", "ServiceRequest": "service orders",
}  # fmt: skip
"""Resource types as a clinician names them."""
SHORT_TITLE = 32
"""Longest title, and longest strength, of a citation in short."""
DRAFT = "Draft: not yet reviewed by a clinician."


def type_words(name: str) -> str:
    """A FHIR resource type in a clinician's words."""
    return _TYPE_WORDS.get(name, name)


@dataclass(frozen=True, slots=True)
class RuleView:
    """One rule as cards see it: `when` with negation at the leaves, its offers by program, its card's source and links."""

    rule: Rule
    when: Node
    because: Mapping[str, tuple[Text, ...]]
    source: CardSource
    links: list[CardLink]
    evidence: tuple[tuple[str, str], ...]
    """Each citation in full and in short, escaped."""

    def withholding(self, program: Program) -> tuple[Withhold, ...]:
        """Those of the rule's withholdings that touch a program, whole or in steps."""
        loads: frozenset[str] = frozenset().union(*(step.loads for step in program.steps))
        return tuple(
            one
            for one in self.rule.withholds
            if program.id in one.programs or (one.loads & loads and (not one.within or program.id in one.within))
        )


@dataclass(frozen=True, slots=True)
class ProgramView:
    """One program as cards see it."""

    program: Program
    title: str
    orders: OrderMaker
    step_titles: Mapping[str, str]
    in_place_facts: tuple[str, ...]
    evidence: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ServiceView:
    """Which facts a service's cards speak of: those always told, and all that its rules and gates read, in the pack's order."""

    told: tuple[FactSpec, ...]
    read: tuple[FactSpec, ...]
    gate: frozenset[str] = field(default_factory=frozenset)
    """Facts of the service's own condition."""


class Prepared:
    """A pack made ready for cards. Immutable after it is made; shared by all requests."""

    def __init__(self, pack: RulePack, link_hosts: frozenset[str], handouts_base_url: str) -> None:
        if handouts_base_url and not _https(handouts_base_url):
            raise ValueError("The base URL of handouts must be an absolute https:// address, since cards link to nothing else (SEC-30).")
        self.pack = pack
        self._hosts = link_hosts
        self._handouts = handouts_base_url.rstrip("/")
        self.facts: Mapping[str, FactSpec] = {name: replace(spec, says=clean(spec.says)) for name, spec in pack.facts.items()}
        """The pack's facts, what they say brought to one line."""
        self.about = facts_read(pack.about)
        self.back = tuple(name for name, spec in pack.facts.items() if name in self.about or spec.kind == "episode")
        """The facts whose evidence names the patient's back conditions: those that open the gate, and the episodes."""
        self.source = self._source(pack.card.source)
        self.links = self._links(pack.card.links)
        self.override_reasons = [reason for code in pack.card.override_reasons if (reason := _reason(code))]
        self.citations = {name: _cited(citation) for name, citation in pack.evidence.items()}
        self.programs = {name: self._program(program) for name, program in pack.programs.items()}
        self.rules = {rule.id: self._rule(rule) for rule in pack.rules}
        self.services = {name: self._service(name) for name in pack.services}
        self.footer_lines = tuple(cleaned for line in _footer(pack) if (cleaned := clip(clean(line), 300)))
        self.footer = " ".join(escape(line) for line in self.footer_lines)

    def handout(self, program: Program, loads_withheld: Iterable[str]) -> CardLink | None:
        """The link to a program's patient page, which leaves out what is withheld; None where there is no such page."""
        if not self._handouts or not program.handout:
            return None
        without = ",".join(sorted(loads_withheld))
        query = f"?without={without}" if without else ""
        return {"label": plain(f"Handout: {clean(program.handout)}"), "url": f"{self._handouts}/{program.id}{query}", "type": "absolute"}

    def _allowed(self, url: str) -> bool:
        return _https(url) and (not self._hosts or (urlsplit(url).hostname or "") in self._hosts)

    def _links(self, links: Iterable[Link]) -> list[CardLink]:
        return [{"label": plain(clean(link.label)), "url": link.url, "type": "absolute"} for link in links if self._allowed(link.url)]

    def _source(self, source: Source) -> CardSource:
        """Card.source, its topic always given: the source's own, the pack's, else the pack itself (CH-099)."""
        pack = self.pack
        topic = source.topic or pack.card.source.topic or Code("http://exercise-cds.org/fhir/pack", pack.id, pack.title)
        made: CardSource = {"label": plain(clean(source.label)) or plain(clean(pack.title)) or pack.id, "topic": _coding(topic)}
        if self._allowed(source.url):
            made["url"] = source.url
        return made

    def _rule(self, rule: Rule) -> RuleView:
        because: dict[str, tuple[Text, ...]] = {}
        for offer in rule.offers:
            for program in offer.programs:
                because[program] = (*because.get(program, ()), offer.because)
        card = rule.card
        return RuleView(
            rule=rule,
            when=negation_normal(rule.when),
            because=because,
            source=self._source(card.source) if card is not None and card.source is not None else self.source,
            links=self._links(card.links) if card is not None else [],
            evidence=tuple(self.citations[name] for name in rule.evidence if name in self.citations),
        )

    def _program(self, program: Program) -> ProgramView:
        return ProgramView(
            program=program,
            title=plain(clean(program.title)) or program.id,
            orders=OrderMaker(program),
            step_titles={step.id: clean(step.title) for step in program.steps},
            in_place_facts=tuple(sorted(facts_read(program.in_place_if))) if program.in_place_if is not None else (),
            evidence=tuple(self.citations[name] for name in program.evidence if name in self.citations),
        )

    def _service(self, name: str) -> ServiceView:
        pack = self.pack
        own = pack.services[name].when
        gate = facts_read(own) if own is not None else frozenset()
        read = set(self.about | gate)
        for rule in pack.rules_of(name):
            if not rule.silent and rule.id not in pack.disabled:
                read.update(*map(facts_read, rule.conditions))
        return ServiceView(
            told=tuple(spec for spec in self.facts.values() if spec.tell),
            read=tuple(spec for spec in self.facts.values() if spec.name in read and not spec.tell),
            gate=gate,
        )


def _https(url: str) -> bool:
    """An absolute https address without credentials (SEC-30, CH-120)."""
    if not url.startswith("https://") or any(sign.isspace() or sign in '<>"\\' for sign in url):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.hostname) and "@" not in parts.netloc


def _coding(code: Code) -> Coding:
    made = coding(code)
    concept: Coding = {"code": made["code"], "system": made["system"]}
    if "display" in made:
        concept["display"] = made["display"]
    return concept


def _reason(code: Code) -> Coding | None:
    """An override reason: code, system and display, without which it cannot be shown (CH-097)."""
    made = _coding(code)
    made.setdefault("display", code.code)
    return made if code.code and code.system else None


def _cited(citation: Citation) -> tuple[str, str]:
    """Escaped, in full and in short, the strength in the source's own scale: WHO guideline 2023 (conditional, low certainty)."""
    title, strength = clean(citation.title), clean(citation.strength).replace(" (", ", ").replace(")", "")
    full = f"{title} {citation.year}"
    short = f"{clip(title, SHORT_TITLE)} {citation.year}"
    both = (f"{full} ({strength})", f"{short} ({clip(strength, SHORT_TITLE)})") if strength else (full, short)
    return escape(both[0]), escape(both[1])


def _footer(pack: RulePack) -> Iterable[str]:
    yield pack.card.coded_data_only
    if pack.unchecked:
        yield f"Never shared with this service here, so not checked: {', '.join(type_words(one.type) for one in pack.unchecked)}."
    if not pack.approved_by:
        yield DRAFT
