"""The patient's chart as this call knows it: parsed resources, what went wrong, and what could not be obtained."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from exercise_cds.model.facts import Cause


class IssueKind(StrEnum):
    """Kinds of bad patient data, as counted in metrics. No value of the chart is ever in an issue."""

    INVALID = "invalid"
    """fhir.resources refused an element that a fact reads."""
    UNKNOWN_TYPE = "unknown-type"
    NOT_A_RESOURCE = "not-a-resource"
    FOREIGN = "foreign"
    """Refers to another patient."""
    UNKNOWN_PATIENT = "unknown-patient"
    """Its patient cannot be told from its reference."""
    OUTCOME = "operation-outcome"
    MORE_PAGES = "more-pages"


@dataclass(frozen=True, slots=True)
class Issue:
    """Bad patient data (law 8). `place` is a path such as `conditions.entry[3]`, `element` the name of the element: never a value."""

    kind: IssueKind
    place: str
    element: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """What is missing under one prefetch key, and why: it makes the facts that need all of that key doubtful."""

    key: str
    cause: Cause
    why: str
    """Words for the card: "procedures were not sent"."""
    complete_back_to: date | None = None
    """Of a paged bundle in date order: everything of this day and later was obtained, so newest-of facts are not in doubt."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One parsed resource of this patient.

    `resource` is a `fhir.resources.R4B` model of the elements that facts read (all elements under `--strict`). `place` is where it
    stood in the request. `facts` are the names of the facts whose selector took it.
    """

    resource: Any
    type: str
    place: str
    facts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An entry that could not be parsed: the facts that would have read it are in doubt, no others."""

    issue: Issue
    facts: frozenset[str]


class Later(ABC):
    """An entry that is validated when a fact asks for it: one that wants the newest usable reading asks from the newest day down, and
    what is older than its answer is never validated.
    """  # noqa: D205 - one paragraph

    __slots__ = ("found",)

    def __init__(self) -> None:
        self.found: Entry | Unreadable | None = None
        """What validation said, once it was asked."""

    @property
    @abstractmethod
    def day(self) -> date | None:
        """The calendar day, in the client's zone, that it surely holds for; None where that is not certain."""

    @abstractmethod
    def validate(self) -> Entry | Unreadable:
        """The entry, or what is wrong with it."""

    def read(self) -> Entry | Unreadable:
        """The same, validated once, whoever asks."""
        if self.found is None:
            self.found = self.validate()
        return self.found


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything that facts may be derived from. `today` is the calendar date in the client's time zone `zone`."""

    today: date
    zone: ZoneInfo
    entries: Mapping[str, tuple[Entry, ...]]
    """By fact name: the entries that the fact's selector took, in the order of the request, each (type, id) once. Facts of the kind
    `draft_order` find here the orders of the hook's context that this call is about (`order-select`: those selected; `order-sign`: all)."""
    gaps: Mapping[str, Gap] = field(default_factory=dict)
    """By prefetch key; a key that is absent here was fully obtained."""
    unreadable: tuple[Unreadable, ...] = ()
    issues: Sequence[Issue] = ()
    """Bad patient data met so far; grows where an entry of `later` turns out to be bad."""
    unchecked: frozenset[str] = frozenset()
    """Resource types that the site declared as never shared (overlay `unchecked`): not in doubt, but said on each card."""
    gaps_of: Mapping[str, tuple[Gap, ...]] = field(default_factory=dict)
    """By fact name: the gaps of the prefetch keys that the fact reads (gaps of `unchecked` types left out); absent means none."""
    later: Mapping[str, tuple[Later, ...]] = field(default_factory=dict)
    """By fact name: entries that the fact's selector took as well, not validated yet. Only facts of a newest reading have any."""

    def validated(self) -> Chart:
        """The same chart with nothing left for later: for whoever wants to see all of it, not for deriving facts."""
        read = {name: [one.read() for one in found] for name, found in self.later.items()}
        bad = {id(one): one for found in read.values() for one in found if isinstance(one, Unreadable)}
        entries = {name: (*found, *(one for one in read.get(name, ()) if isinstance(one, Entry))) for name, found in self.entries.items()}
        return replace(self, entries=entries, unreadable=(*self.unreadable, *bad.values()), issues=tuple(self.issues), later={})
