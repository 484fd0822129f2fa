"""The rule pack as the rooms see it: loaded, linked, checked, immutable. Made by `rulepack/`, one per digest, swapped whole.

Durations are whole days, numbers are floats in the fact's unit. Every text is the author's, with `{name}` placeholders whose names
were checked. Everything that an author wrote at a place keeps its `where`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from exercise_cds.model.codes import Code, Stems, ValueSet
from exercise_cds.model.paused import NOTHING_PAUSED, Paused
from exercise_cds.model.tree import Node
from exercise_cds.model.where import NOWHERE, Where


class Suspected(StrEnum):
    """What a provisional, differential or unconfirmed finding means for a fact."""

    DOUBT = "doubt"
    COUNTS = "counts"


class Undated(StrEnum):
    """What a finding without any date means for a fact that asks for one."""

    DOUBT = "doubt"
    COUNTS = "counts"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Site:
    """A part of the body by name: words looked for in code.text, display and bodySite (whole words, case-insensitive)."""

    name: str
    words: tuple[str, ...]
    codes: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Matcher:
    """Which entries a fact takes: by code, by code together with a site, by ICD-10-CM category, or by words; `not_words` take away.

    `codes_with_site` count only where `site` is named; with `site` and no `codes_with_site`, the site is asked of every match.
    """

    codes: frozenset[tuple[str, str]] = frozenset()
    codes_with_site: frozenset[tuple[str, str]] = frozenset()
    stems: tuple[Stems, ...] = ()
    words: tuple[str, ...] = ()
    not_words: tuple[str, ...] = ()
    site: Site | None = None


@dataclass(frozen=True, slots=True)
class Overruled:
    """`overruled_by`: a reading of `fact` as new or newer than the finding, and meeting `condition`, makes the finding false."""

    fact: str
    condition: Node


@dataclass(frozen=True, slots=True)
class FactSpec:
    """One fact of facts.yaml, for every kind but `when`. Which fields mean something is the kind's row in `model/kinds`."""

    name: str
    kind: str
    says: str
    matcher: Matcher = Matcher()
    unit: str = ""
    """How the number is counted and shown: "days", "years", "Cel", "kg/m2", "%", "" for a score."""
    step: float = 1.0
    """The smallest step of the number: for mutation, and for "one day short of 14"."""
    tell: bool = False
    """`tell: always`: the program card shows it even when it is unknown."""
    within: int | None = None
    """Newest-of kinds: readings older than this many days do not count."""
    new_within: int | None = None
    begun_before: int | None = None
    status: frozenset[str] | None = None
    """Allowed statuses; None is the kind's default (docs/authors/facts.md); `any` is the empty set."""
    suspected: Suspected = Suspected.DOUBT
    undated: Undated = Undated.DOUBT
    dated: bool = True
    """False: asks for just those findings that have no date."""
    overruled_by: Overruled | None = None
    answers: Mapping[tuple[str, str], str | float] = field(default_factory=dict)
    """(system, code) of an answer -> the author's word, or the number that it stands for."""
    valid: tuple[float, float] | None = None
    """Numbers outside are no measurement (a temperature of 380)."""
    scale: tuple[float, float] = (0.0, 10.0)
    prefer: tuple[tuple[str, str], ...] = ()
    """Score codes from the most to the least telling, for readings of one instant."""
    drop_over: int | None = None
    """Days: the value is the drop in percent from the highest reading of that time to the newest."""
    link_ids: tuple[str, ...] = ()
    category: tuple[tuple[str, str], ...] = ()
    where: Where = field(default=NOWHERE, compare=False)


class Indicator(StrEnum):
    """Card.indicator (CH-093). Nothing about exercise is ever `critical`."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Link:
    """Card.link of type absolute (CH-120)."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Text:
    """An author's text: literal pieces and the names between braces, in order. `pieces` alternate literal, name, literal, ..."""

    source: str
    pieces: tuple[str, ...]
    where: Where = field(default=NOWHERE, compare=False)

    @property
    def names(self) -> frozenset[str]:
        """The facts and settings that the text needs (and `found`)."""
        return frozenset(self.pieces[1::2])


@dataclass(frozen=True, slots=True)
class SaidCard:
    """What a rule says: a card of its own. `summary` is a list: the first text whose facts are all known is taken."""

    indicator: Indicator
    summary: tuple[Text, ...]
    detail: Text | None = None
    links: tuple[Link, ...] = ()
    source: Source | None = None


class Rank(StrEnum):
    """Where an offer stands among the suggestions: `first` beats plain and plain beats `weak`."""

    FIRST = "first"
    PLAIN = "plain"
    WEAK = "weak"


@dataclass(frozen=True, slots=True)
class Offer:
    """Programs that a rule offers, and why."""

    programs: tuple[str, ...]
    because: Text
    rank: Rank = Rank.PLAIN


@dataclass(frozen=True, slots=True)
class Note:
    """A line on a program's suggestion, or on the card itself where `program` is None. `start_with` chooses one of its options."""

    text: Text
    program: str | None = None
    start_with: str | None = None


@dataclass(frozen=True, slots=True)
class Withhold:
    """What a rule takes away: programs (expanded, `except` applied), and steps that carry any of `loads`, in `within` programs only."""

    because: Text
    programs: frozenset[str] = frozenset()
    loads: frozenset[str] = frozenset()
    within: frozenset[str] = frozenset()
    """`in:` of the YAML; empty means wherever such a step stands."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, linked. `services` empty means every service."""

    id: str
    title: str
    when: Node
    unless: Node | None
    evidence: tuple[str, ...]
    card: SaidCard | None = None
    offers: tuple[Offer, ...] = ()
    notes: tuple[Note, ...] = ()
    withholds: tuple[Withhold, ...] = ()
    services: frozenset[str] = frozenset()
    silent: bool = False
    owner: str = ""
    review_by: str = ""
    where: Where = field(default=NOWHERE, compare=False)

    @property
    def conditions(self) -> tuple[Node, ...]:
        """`when`, and `unless` where there is one."""
        return (self.when,) if self.unless is None else (self.when, self.unless)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a program. `loads` say what it does to the spine (extension, loaded-flexion, ...): what a rule may withhold."""

    id: str
    title: str
    text: str
    loads: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Dosing:
    """FITT: frequency, intensity, time, type, and how to progress. The author's words."""

    frequency: str
    intensity: str
    time: str
    type: str
    progress: str = ""


@dataclass(frozen=True, slots=True)
class ForPatients:
    """A program's lines of the handout, in everyday words. Where one is empty, the clinician's own line stands in its place."""

    about: str = ""
    frequency: str = ""
    intensity: str = ""
    time: str = ""
    progress: str = ""


class Created(StrEnum):
    """What accepting a suggestion creates in the EHR (SEC-31: nothing else is ever created)."""

    SERVICE_REQUEST = "ServiceRequest"
    CARE_PLAN = "CarePlan"


@dataclass(frozen=True, slots=True)
class OrderTemplate:
    """The draft that a suggestion creates: a ServiceRequest for what is ordered, a CarePlan for a home program (CH-118)."""

    creates: Created
    codes: tuple[Code, ...]
    text: str
    category: tuple[Code, ...] = ()
    priority: str = "routine"


@dataclass(frozen=True, slots=True)
class Program:
    """One `programs/*.yaml`."""

    id: str
    title: str
    summary: str
    dosing: Dosing
    steps: tuple[Step, ...]
    stop_if: tuple[str, ...]
    not_for: tuple[str, ...]
    order: OrderTemplate
    evidence: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    """Ways to do it that a note may choose: `{cycling: "stationary bike"}`."""
    in_place_if: Node | None = None
    handout: str = ""
    for_patients: ForPatients = ForPatients()
    where: Where = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Source:
    """Card.source (CH-094, CH-099, CH-100): the primary clinical source, not our product."""

    label: str
    url: str = ""
    topic: Code | None = None


@dataclass(frozen=True, slots=True)
class CardTexts:
    """What pack.yaml says of the program card, of the card that says what could not be checked, and of every card."""

    summary: tuple[Text, ...]
    source: Source
    override_reasons: tuple[Code, ...]
    coded_data_only: str
    """Said on every card: red flags were looked for in coded data only."""
    withheld_summary: tuple[Text, ...] = ()
    """The info card where doubts left no program."""
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Setting:
    """A number that a site may change, within bounds, with its reason. `value` is the default or the overlay's."""

    name: str
    default: float
    value: float
    unit: str
    least: float
    most: float
    says: str
    where: Where = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Service:
    """One CDS service (CH-014 to CH-019). `when` not true: nothing to advise. `if_named`: served only where the settings name it."""

    id: str
    hook: str
    title: str
    description: str
    when: Node | None = None
    if_named: bool = False
    usage: str = ""


@dataclass(frozen=True, slots=True)
class Citation:
    """One entry of evidence.yaml: what the source says, with the strength in the source's own scale."""

    id: str
    title: str
    year: int
    says: str
    strength: str
    url: str = ""
    note: str = ""
    checked: str = ""
    where: Where = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Unchecked:
    """Overlay: a resource type that the site never shares. Not in doubt then, but said on each card, in /readyz and every decision."""

    type: str
    because: str
    approved_by: str


@dataclass(frozen=True, slots=True)
class RulePack:
    """A whole pack, linked. `digest` is the SHA-256 (hex) over every file of pack and overlay, by name and bytes."""

    id: str
    version: str
    digest: str
    status: str
    approved_by: str
    title: str
    about: Node
    """The gate: not true -> "not about this patient"; in doubt -> one info card, no offers."""
    required: tuple[str, ...]
    if_nothing_left: str | None
    settings: Mapping[str, Setting]
    facts: Mapping[str, FactSpec]
    named: Mapping[str, NamedCondition]
    rules: tuple[Rule, ...]
    programs: Mapping[str, Program]
    """In the order of pack.yaml: the default order of suggestions."""
    groups: Mapping[str, tuple[str, ...]]
    services: Mapping[str, Service]
    evidence: Mapping[str, Citation]
    valuesets: Mapping[str, ValueSet]
    card: CardTexts
    unchecked: tuple[Unchecked, ...] = ()
    disabled: Mapping[str, str] = field(default_factory=dict)
    """Rules that the overlay switches off: id -> because."""
    prefetch: Mapping[str, str] = field(default_factory=dict)
    """Overlay: prefetch template by key, in place of ours."""
    paused: Paused = NOTHING_PAUSED
    sites: tuple[str, ...] = ()
    """Names of the parts of the body that facts may ask for; what each means stands in the facts."""

    def rules_of(self, service: str) -> tuple[Rule, ...]:
        """The rules that speak in a service, in file order."""
        return tuple(rule for rule in self.rules if not rule.services or service in rule.services)


@dataclass(frozen=True, slots=True)
class NamedCondition:
    """A fact of kind `when`, linked."""

    name: str
    says: str
    condition: Node
    where: Where = field(default=NOWHERE, compare=False)
