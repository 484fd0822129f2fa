"""From what was prefetched to the Chart: entry by entry, whose it is, who takes it, and only then what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from exercise_cds.errors import BadRequest
from exercise_cds.fhir import drafts, gaps
from exercise_cds.fhir.bundles import OUTCOME, Page, RawEntry, Reader, is_failure
from exercise_cds.fhir.cut import Cut
from exercise_cds.fhir.follow import Bundled, medication_of, takers
from exercise_cds.fhir.later import Unread
from exercise_cds.fhir.limits import Limits
from exercise_cds.fhir.parse import Parser
from exercise_cds.fhir.plan import ReadPlan
from exercise_cds.fhir.prefetch import not_sent
from exercise_cds.fhir.raw import Misshapen
from exercise_cds.fhir.select import NOBODY, Names, Selector
from exercise_cds.fhir.subjects import Patients, Whose, bare_id, normal_base
from exercise_cds.fhir.taken import Held, Taken, held
from exercise_cds.fhir.templates import Query
from exercise_cds.model.chart import Chart, Entry, Gap, Issue, IssueKind, Later, Unreadable
from exercise_cds.model.prefetch import NotObtained, Obtained, Prefetch
from exercise_cds.wire import HookRequest

_ANY_NUMBER = 1_000_000


def read_chart(  # noqa: PLR0913 - what the reading depends on is handed in, not fetched
    plan: ReadPlan,
    prefetch: Prefetch,
    request: HookRequest,
    *,
    today: date,
    zone: ZoneInfo,
    limits: Limits | None = None,
    strict: bool = False,
) -> Chart:
    """The chart of one call. `today` is the calendar date in `zone`; `strict` validates every element of every entry.

    Raises BadRequest for another patient's Patient or draft, for a name that stands twice in what is read, and for nesting beyond
    the limit; TooLarge for too many resources. Everything else that is wrong becomes issues, gaps and doubts.
    """
    limits = limits or Limits()
    flat = request.deepest is not None and request.deepest <= limits.depth  # then no resource in it can be deeper
    reading = _Reading(
        plan=plan,
        zone=zone,
        patients=Patients(bare_id(request.patient_id), normal_base(request.fhir_server)),
        reader=Reader(limits, flat=flat),
        parser=Parser(plan.elements, strict=strict),
    )
    for key, query in plan.queries.items():
        match prefetch.get(key) or not_sent(query):
            case Obtained(text, (), fetched=False, bundle=bundle):
                if bundle is None or not bundle.is_empty:
                    reading.key(query, (text,), bundle)
            case Obtained(text, pages):
                reading.fetched(query, (text, *pages))
            case NotObtained(cause, why):
                reading.gap(query, Gap(key, cause, why))
    if request.drafts:
        reading.drafts(request.drafts, request.selections)
    return reading.chart(today)


@dataclass(slots=True)
class _Reading:
    """One call's reading, while it goes on."""

    plan: ReadPlan
    zone: ZoneInfo
    patients: Patients
    reader: Reader
    parser: Parser
    entries: dict[str, list[Entry]] = field(default_factory=dict)
    later: dict[str, list[Later]] = field(default_factory=dict)
    gaps: dict[str, Gap] = field(default_factory=dict)
    unreadable: list[Unreadable] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    read: dict[bytes | Held, Taken] = field(default_factory=dict)
    """What was taken, by id; where an id comes again with another content, by content. The same resource under two keys is taken once;
    one id with two contents is two resources, both are kept, and their dates and statuses decide."""

    def key(self, query: Query, texts: tuple[bytes, ...], bundle: Cut | None = None) -> None:
        """Everything under one key: the value itself (and what it was cut into, where it was) and the further pages of its search."""
        pages = [self._page(query, text, number, bundle if number == 1 else None) for number, text in enumerate(texts, 1)]
        bundled = Bundled([entry for page in pages for entry in page.entries] if len(pages) > 1 else pages[0].entries)
        selectors, told, strict = self.plan.selectors, self.patients.told, self.parser.strict
        for entry in bundled.entries:
            subject = entry.fields.get("subject")  # nearly always one that was told before: then there is no more to ask
            again = subject is not None and entry.type != "Patient" and told.get(bytes(subject)) is Whose.OURS
            if again or self._is_ours(query, entry, bundled, selectors):
                selector = selectors.get(entry.type)
                names = takers(selector, entry, bundled) if selector is not None else NOBODY
                if names or strict:
                    self._take(entry, names, bundled)
        self._completeness(query, pages, bundled.entries)

    def fetched(self, query: Query, texts: tuple[bytes, ...]) -> None:
        """What our own fetch brought. It has its own bounds, and what is refused whole in a request is no mistake of the caller here:
        a name that stands twice, too deep nesting, somebody else's Patient. What was read before it counts, the rest is missing.
        """  # noqa: D205 - one paragraph
        counted, self.reader = self.reader, Reader(replace(self.reader.limits, entries=_ANY_NUMBER))
        try:
            self.key(query, texts)
        except BadRequest:
            self.gap(query, gaps.unreadable(query))
        finally:
            self.reader = counted

    def drafts(self, text: bytes, selections: tuple[str, ...] | None) -> None:
        """The orders in the hook's context. Another patient's is refused; those that are not selected are background."""
        query = drafts.drafts_query(self.plan.drafts_read)
        bundled = Bundled(self._page(query, text, 1).entries)
        selectors = self.plan.draft_selectors
        ours = [entry for entry in bundled.entries if self._is_ours(query, entry, bundled, selectors)]
        chosen, lost = drafts.selected(ours, selections)
        self.issues += lost
        self.read.clear()  # an order in the chart and the same order as a draft are two findings
        for entry in chosen:
            self._take(entry, takers(selectors[entry.type], entry, bundled) if entry.type in selectors else NOBODY, bundled)

    def _page(self, query: Query, text: bytes, number: int, bundle: Cut | None = None) -> Page:
        place = query.key if number == 1 else f"{query.key}.page[{number}]"
        try:
            page = self.reader.page(text, place, bundle)
        except Misshapen:
            page = Page([], [Issue(IssueKind.NOT_A_RESOURCE, place)])
        if page.faults:
            self.issues += page.faults
            self.gap(query, gaps.unreadable(query))
        return page

    def _is_ours(self, query: Query, entry: RawEntry, bundled: Bundled, selectors: Mapping[str, Selector]) -> bool:
        """Whether a resource is this patient's. What is somebody else's, or nobody knows whose, is counted and never used."""
        if entry.type == "Patient":
            whose = self.patients.of_patient(entry.fields, entry.place)
        elif entry.type in selectors or (query.key == drafts.KEY and "subject" in entry.fields):
            whose = self.patients.of_subject(entry, bundled.fields)
        else:
            return True  # nobody reads it
        if whose is Whose.OURS:
            return True
        if whose is Whose.FOREIGN:
            if query.key == drafts.KEY:
                raise BadRequest("context.draftOrders holds an order for another patient; send orders for context.patientId only.")
            if entry.type == "Patient":
                raise BadRequest(f"The Patient under prefetch {query.key} is not context.patientId; send the Patient with that id.")
        self.issues.append(Issue(IssueKind.FOREIGN if whose is Whose.FOREIGN else IssueKind.UNKNOWN_PATIENT, entry.where))
        self.gap(query, gaps.foreign(query))
        return False

    def _take(self, entry: RawEntry, names: Names, bundled: Bundled) -> None:
        """Give the entry to the facts that take it; under `strict` look at it even where nobody does."""
        if not names:
            if self.parser.strict:
                self.parsed(entry)
            return
        medication = medication_of(entry, bundled) if entry.type == "MedicationRequest" else None
        key: bytes | Held = bytes(entry.fields.get("id", b""))
        read = self.read.get(key)
        if read is not None and read.content != (key := held(entry, medication)):
            read = self.read.get(key)
        if read is None:
            waits = entry.type == "Observation" and not self.parser.strict
            resource = Unread(entry, names, self.zone, self.parsed) if waits else self.parsed(entry, medication)
            self.read[key] = Taken(entry, medication, resource, names)
        else:
            read.names, names = read.names | names, names - read.names
            resource = read.resource
        if isinstance(resource, Issue):
            self.unreadable += [Unreadable(resource, names)] if names else []
        elif isinstance(resource, Later):
            for name in names:
                if name in self.later:
                    self.later[name].append(resource)
                else:
                    self.later[name] = [resource]
        else:
            taken = Entry(resource, entry.type, entry.where, names)
            for name in names:
                self.entries.setdefault(name, []).append(taken)

    def parsed(self, entry: RawEntry, medication: RawEntry | None = None) -> Any | Issue:
        """The validated resource, or what is wrong with it, which is noted."""
        resource = self.parser.parse(entry, medication)
        if isinstance(resource, Issue):
            self.issues.append(resource)
        return resource

    def _completeness(self, query: Query, pages: list[Page], entries: list[RawEntry]) -> None:
        """Whether everything that was asked for is there."""
        for entry in [one for one in entries if one.type == OUTCOME]:
            self.issues.append(Issue(IssueKind.OUTCOME, entry.where))
            if entry.number < 0 or is_failure(entry):
                self.gap(query, gaps.failed(query))
        asked = [entry for entry in entries if entry.type in query.types]
        if entries and not asked and len({entry.type for entry in entries if entry.is_match}) == 1:
            self.gap(query, gaps.other_types(query))  # several types are a whole record, without this one
        if pages[-1].more or (pages[0].total or 0) > len(asked):
            self.issues.append(Issue(IssueKind.MORE_PAGES, query.key))
            self.gap(query, gaps.more_pages(query, asked, self.zone))

    def gap(self, query: Query, gap: Gap) -> None:
        """Note what is missing; one gap per key, and one without a date before one that is complete back to a day."""
        if query.types and self.plan.unchecked.issuperset(query.types):
            return
        known = self.gaps.get(query.key)
        if known is None or (known.complete_back_to is not None and gap.complete_back_to is None):
            self.gaps[query.key] = gap

    def chart(self, today: date) -> Chart:
        """The end of the reading."""
        gaps_of: dict[str, list[Gap]] = {}
        for key, gap in self.gaps.items():
            for name in self.plan.queries[key].facts if key in self.plan.queries else self.plan.drafts_read:
                gaps_of.setdefault(name, []).append(gap)
        return Chart(
            today=today,
            zone=self.zone,
            entries=dict.fromkeys(self.plan.facts, ()) | {name: tuple(found) for name, found in self.entries.items()},
            gaps=self.gaps,
            unreadable=tuple(self.unreadable),
            issues=self.issues,
            unchecked=self.plan.unchecked,
            gaps_of={name: tuple(found) for name, found in gaps_of.items()},
            later={name: tuple(found) for name, found in self.later.items()},
        )
