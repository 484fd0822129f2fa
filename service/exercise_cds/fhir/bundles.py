"""From the JSON text under a prefetch key to its entries, each with its members still unread.

A value is a Bundle of any type, or one resource, which then is its only entry. What is no resource (an entry without one, null, a
string, a nested Bundle, a type that FHIR does not know) is a fault of its place, and never stops the reading of the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from msgspec import UNSET, Raw, Struct

from exercise_cds.errors import TooLarge
from exercise_cds.fhir.cut import Around, Cut, Member, cut
from exercise_cds.fhir.limits import Limits
from exercise_cds.fhir.models import is_fhir_name
from exercise_cds.fhir.raw import Fields, Misshapen, check_depth, fields_of, is_deeper, objects_of, value_of
from exercise_cds.model.chart import Issue, IssueKind

OUTCOME = "OperationOutcome"
_NULL = b"null"
_NOT_MATCHES = frozenset({"include", "outcome"})
_ALONE = Around()
_OUTSIDE = 3
"""Levels of a Bundle around each of its resources: itself, its list of entries, the entry."""
_names: dict[bytes, str] = {}
"""Names of FHIR types by their JSON text: no more of them than FHIR has."""


Content: TypeAlias = "tuple[tuple[str, ...], bytes]"
"""The names of a resource's members, and their texts as they were sent."""


class RawEntry(Struct, frozen=True, gc=False):
    """One resource, not read yet: its FHIR type, its members, and where it stands.

    A msgspec.Struct, because one is made for each of thousands of entries and this takes a fifth of a dataclass's time.
    """

    place: str
    number: int
    """In its Bundle, from 0; -1 for a resource that stands alone."""
    type: str
    fields: Fields
    around: Around
    """The Bundle entry that holds it."""

    @property
    def where(self) -> str:
        """The path of the entry: `conditions.entry[3]`."""
        return self.place if self.number < 0 else f"{self.place}.entry[{self.number}]"

    @property
    def content(self) -> Content:
        """All that the resource says."""
        return tuple(self.fields), b",".join(self.fields.values())

    @property
    def full_url(self) -> str | None:
        """Entry.fullUrl."""
        found = _value(self.around.full_url, self.where)
        return found if isinstance(found, str) else None

    @property
    def mode(self) -> str | None:
        """Entry.search.mode: match, include, outcome."""
        search = _value(self.around.search, self.where)
        mode = search.get("mode") if isinstance(search, dict) else None
        return mode if isinstance(mode, str) else None

    @property
    def is_match(self) -> bool:
        """Whether the entry is what was searched for, rather than something that came along."""
        return self.type != OUTCOME and self.mode not in _NOT_MATCHES


@dataclass(slots=True)
class Page:
    """One Bundle, or a resource standing alone."""

    entries: list[RawEntry]
    faults: list[Issue] = field(default_factory=list)
    """Places that hold no resource that could be read."""
    more: bool = False
    """A further page exists (`link` with relation next)."""
    total: int | None = None


@dataclass(slots=True)
class Reader:
    """Reads the pages of one call and counts their entries against the limit."""

    limits: Limits
    entries: int = 0
    flat: bool = False
    """Whether the depth of every text is known to be within the limit."""

    def page(self, text: bytes, place: str, bundle: Cut | None = None) -> Page:
        """The value under a key; `bundle` is what it was cut into, where that was done before.

        Raises Misshapen where it is no resource at all; TooLarge, BadRequest for what is refused whole.
        """
        bundle = bundle or cut(text)
        if bundle is None or not (self.flat or not is_deeper(text, self.limits.depth + _OUTSIDE)):
            return self._by_hand(text, place)
        page = Page([], [])
        if bundle.link is not UNSET:
            page.more = _has_next(value_of(bundle.link, f"{place}.link"))
        if bundle.total is not UNSET:
            page.total = _total(value_of(bundle.total, f"{place}.total"))
        found = () if bundle.entry is UNSET else bundle.entry
        self._count(len(found))
        entries, faults, names = page.entries, page.faults, _names
        for number, around in enumerate(found):
            fields = around.resource
            raw = fields.get("resourceType") if fields else None
            type_ = names.get(bytes(raw)) if raw is not None else None
            if type_ is None and fields:
                type_ = type_of(fields, place)
            if not fields or type_ is None or type_ == "Bundle":
                faults.append(_fault(place, number, around))
            else:
                entries.append(RawEntry(place, number, type_, fields, around))
        return page

    def _by_hand(self, text: bytes, place: str) -> Page:
        """The same page, one object after the other, for what cannot be cut up at once."""
        fields = fields_of(text, place)
        type_ = type_of(fields, place)
        if type_ is None:
            raise Misshapen
        if type_ != "Bundle":
            self._count(1)
            if not self.flat:
                check_depth(text, self.limits.depth, place)
            return Page([RawEntry(place, -1, type_, fields, _ALONE)])
        entry = fields.get("entry")
        page = Page([], [], _has_next(_member(fields, "link", place)), _total(_member(fields, "total", place)))
        if entry is not None and bytes(entry) != _NULL:
            try:
                found, are_objects = objects_of(entry, f"{place}.entry")
            except Misshapen:
                page.faults.append(Issue(IssueKind.NOT_A_RESOURCE, place, "entry"))
                return page
            self._count(len(found))
            for number, (around, is_object) in enumerate(zip(found, are_objects, strict=True)):
                self._entry(page, place, number, around if is_object else {})
        return page

    def _count(self, entries: int) -> None:
        self.entries += entries
        if self.entries > self.limits.entries:
            raise TooLarge(f"More than {self.limits.entries} resources in prefetch and drafts together; send fewer.")

    def _entry(self, page: Page, place: str, number: int, members: Fields) -> None:
        around = Around(full_url=members.get("fullUrl", UNSET), search=members.get("search", UNSET))
        text = members.get("resource", _NULL)
        try:
            fields = fields_of(text, place)
        except Misshapen:
            page.faults.append(_fault(place, number, around))
            return
        if not self.flat:
            check_depth(bytes(text), self.limits.depth, place)
        type_ = type_of(fields, place)
        if type_ is None or type_ == "Bundle":
            page.faults.append(Issue(IssueKind.UNKNOWN_TYPE, f"{place}.entry[{number}]", "resourceType"))
            return
        page.entries.append(RawEntry(place, number, type_, fields, around))


def _fault(place: str, number: int, around: Around) -> Issue:
    """What is wrong with an entry that holds no resource, or one of a type that FHIR does not know or that none may hold."""
    if around.resource is UNSET:
        return Issue(IssueKind.NOT_A_RESOURCE, f"{place}.entry[{number}]", "resource")
    return Issue(IssueKind.UNKNOWN_TYPE, f"{place}.entry[{number}]", "resourceType")


def type_of(fields: Fields, place: str) -> str | None:
    """The resource's type; None where it has none that FHIR knows."""
    raw = fields.get("resourceType")
    if raw is None:
        return None
    text = bytes(raw)
    known = _names.get(text)
    if known is None:
        told = value_of(text, place)
        known = told if isinstance(told, str) and is_fhir_name(told) else None
        if known is not None and text == b'"%b"' % known.encode():
            _names[text] = known
    return known


def _has_next(links: object) -> bool:
    return isinstance(links, list) and any(isinstance(link, dict) and link.get("relation") == "next" for link in links)


def _total(total: object) -> int | None:
    return total if isinstance(total, int) and not isinstance(total, bool) else None


def _member(fields: Fields, name: str, place: str) -> object:
    raw: Raw | None = fields.get(name)
    return value_of(raw, f"{place}.{name}") if raw is not None else None


def _value(raw: Member, place: str) -> object:
    return None if raw is UNSET else value_of(raw, place)


def severities(entry: RawEntry) -> Iterator[str]:
    """The severities of an OperationOutcome; "fatal" where one cannot be read, so that a fault is never taken for a remark."""
    issues = _member(entry.fields, "issue", entry.where)
    if not isinstance(issues, list) or not issues:
        yield "fatal"
        return
    for issue in issues:
        severity = issue.get("severity") if isinstance(issue, dict) else None
        yield severity if isinstance(severity, str) else "fatal"


def is_failure(entry: RawEntry) -> bool:
    """Whether an OperationOutcome says that something went wrong: error or fatal (or a word that FHIR does not have)."""
    return any(severity not in {"warning", "information"} for severity in severities(entry))
