"""One prefetch key looked up at the FHIR server: its query, and the further pages of its search, one after the other (CH-055).

What was read when the deadline comes, or a page fails, is kept: the last page that was read still says that there is another, and the
chart's gap comes from there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from exercise_cds.errors import BadRequest
from exercise_cds.fhir.addresses import next_address
from exercise_cds.fhir.bundles import OUTCOME, Page, RawEntry, Reader, type_of
from exercise_cds.fhir.connections import Budget
from exercise_cds.fhir.faults import Fault
from exercise_cds.fhir.gaps import complete_back_to, last_possible_day
from exercise_cds.fhir.limits import Limits
from exercise_cds.fhir.prefetch import judged
from exercise_cds.fhir.raw import Misshapen, fields_of, value_of
from exercise_cds.fhir.subjects import Patients, Whose
from exercise_cds.fhir.templates import Query
from exercise_cds.model.kinds import Ask
from exercise_cds.model.pack import FactSpec
from exercise_cds.model.prefetch import NotObtained, Obtained, PrefetchValue

Get: TypeAlias = "Callable[[str], bytes | Fault]"
_ANY_SIZE = Limits(depth=1_000, entries=1_000_000)
"""Depth is judged when the chart is read, and entries by the budget."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What all lookups of one call have in common."""

    base: str
    patient_id: str
    pages: int
    """The most that are fetched of one search."""
    today: date
    zone: ZoneInfo


@dataclass(slots=True)
class Lookup:
    """One key while it is looked up. A thread fills it; whoever waits may ask for its `value` at any moment."""

    query: Query
    facts: tuple[FactSpec, ...]
    address: str
    sent: Obtained | None = None
    """A first page that the EHR sent itself: only what follows it is fetched."""
    fault: Fault | None = None
    failed: NotObtained | None = None
    pages: list[bytes] = field(default_factory=list)

    def value(self) -> PrefetchValue:
        """What is known by now."""
        pages = tuple(self.pages)
        if self.sent is not None:
            return Obtained(self.sent.text, pages) if pages else self.sent
        if pages:
            return Obtained(pages[0], pages[1:], fetched=True)
        return self.failed or (self.fault or Fault.LATE).of(self.query)

    @property
    def result(self) -> str:
        """For the metrics: what is known by now, in a word."""
        if self.fault is not None:
            return self.fault.value.label
        if self.failed is not None:
            return Fault.FAILED.value.label
        return "obtained" if self.pages else Fault.LATE.value.label

    def run(self, get: Get, terms: Terms, budget: Budget) -> None:
        """Fetch the address and what follows it, as far as it is needed and allowed."""
        address: str | None = self.address
        entries = _entries_of(self.query, self.sent)
        called: set[str] = set()
        while address is not None and address not in called and len(called) < terms.pages:
            called.add(address)
            text = get(address)
            page = text if isinstance(text, Fault) else self._page(text, terms.patient_id)
            if isinstance(page, NotObtained):
                self.failed = page
                return
            if isinstance(page, Page) and not budget.take(entries=len(page.entries) + len(page.faults)):
                page = Fault.TOO_LARGE
            if isinstance(page, Fault):
                self.fault = page
                return
            assert isinstance(text, bytes)
            self.pages.append(text)
            entries += [entry for entry in page.entries if entry.type in self.query.types]
            enough = self.query.ask is Ask.READ or _reaches_back(self.query, self.facts, entries, terms)
            address = None if enough or not page.more else next_address(terms.base, next_link(text, self.query.key))

    def _page(self, text: bytes, patient_id: str) -> Page | Fault | NotObtained:
        """The text as the page that was asked for. A server that answers null, or one resource for a search, gave no answer."""
        try:
            fields = fields_of(text, self.query.key)
            type_ = type_of(fields, self.query.key)
            if type_ not in {OUTCOME, *(self.query.types if self.query.ask is Ask.READ else ("Bundle",))}:
                return Fault.NO_FHIR
            value = judged(self.query, text)
            if isinstance(value, NotObtained):
                return value
            if self.query.ask is Ask.READ and Patients(patient_id, None).of_patient(fields, self.query.key) is not Whose.OURS:
                return Fault.FOREIGN
            return Reader(_ANY_SIZE).page(text, self.query.key)
        except (Misshapen, BadRequest):  # of the server, not of the caller
            return Fault.UNREADABLE


def next_link(text: bytes, place: str) -> object:
    """The url of a Bundle's link with relation next; None where it has none. Raises BadRequest as reading does."""
    link = fields_of(text, place).get("link")
    found = value_of(link, place) if link is not None else None
    for one in found if isinstance(found, list) else ():
        if isinstance(one, dict) and one.get("relation") == "next":
            return one.get("url")
    return None


def _entries_of(query: Query, sent: Obtained | None) -> list[RawEntry]:
    if sent is None or not query.in_date_order:
        return []
    return [entry for entry in Reader(_ANY_SIZE).page(sent.text, query.key).entries if entry.type in query.types]


def _reaches_back(query: Query, facts: tuple[FactSpec, ...], entries: list[RawEntry], terms: Terms) -> bool:
    """Whether a search of newest readings can be left where it is. To stop early is safe: a fact that needs more is in doubt then.

    It is enough where everything of the facts' windows was obtained; and for the newest of all, where the search went back to the day
    before that of the first entry. Only a fact that compares with former readings needs its window whole.
    """
    if not query.in_date_order or query.ask is not Ask.BY_CODES or not entries:
        return False
    whole = complete_back_to(entries, terms.zone)
    newest = last_possible_day(entries[0], terms.zone)
    if whole is None or newest is None:
        return False
    return all(_window_is_whole(spec, whole, terms.today) or (spec.drop_over is None and newest >= whole) for spec in facts)


def _window_is_whole(spec: FactSpec, whole: date, today: date) -> bool:
    days = [days for days in (spec.within, spec.drop_over) if days is not None]
    return bool(days) and whole <= today - timedelta(days=max(days))
