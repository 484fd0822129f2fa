"""Prefetch templates and FHIR queries: how the data of a service's facts are asked for (CH-050 to CH-052, CH-063).

Only the token `{{context.patientId}}`; no `:in`, no `_include`, no status or date filters, which would hide history and missing
statuses. Everything is asked by patient alone, but CarePlans by category and Observations by code, one key per fast-changing fact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from exercise_cds.model.kinds import KINDS, Ask, Reads
from exercise_cds.model.pack import FactSpec

TOKEN = "{{context.patientId}}"  # noqa: S105 - a template's token, no secret
LONGEST = 1_500
"""Characters of a template once every reserved one is percent-encoded: servers and proxies cut longer addresses."""
NEWEST_FIRST = "_sort=-date"
PLACES = {
    "Patient": ("patient", "data on the patient"),
    "Condition": ("conditions", "conditions"),
    "Procedure": ("procedures", "procedures"),
    "MedicationRequest": ("medications", "medications"),
    "ServiceRequest": ("orders", "orders"),
    "QuestionnaireResponse": ("answers", "questionnaire answers"),
    "CarePlan": ("care-plans", "care plans"),
    "Observation": ("observations", "readings"),
}
"""By resource type: the prefetch key, and the plural noun that a card says of it. Pieces of a key (`care-plans-2`) and keys of one
fact (`observations-pain_severity`) hold a hyphen, which no fact's name does: keys never collide."""


@dataclass(frozen=True, slots=True)
class Query:
    """One prefetch key: what is asked under it, and which facts it serves."""

    key: str
    template: str
    ask: Ask
    types: tuple[str, ...]
    """The resource types that it is asked for; others (an included Medication) may come with them."""
    facts: frozenset[str]
    noun: str
    """Words for the card, a plural: "procedures" were not sent."""
    in_date_order: bool = field(default=False)
    """Asked for newest first: a page that was not fetched then holds older readings only."""


def queries_of(facts: Mapping[str, FactSpec], replaced: Mapping[str, str]) -> Mapping[str, Query]:
    """By key, in the order of `PLACES`. `replaced` are a site's own templates by key; whether they sort is read from them."""
    asked: dict[str, list[tuple[FactSpec, Reads]]] = {type_: [] for type_ in PLACES}
    for spec in facts.values():
        for reads in KINDS[spec.kind].reads:
            if reads.ask is not Ask.CONTEXT:
                asked[reads.type].append((spec, reads))
    queries = [query for type_, readers in asked.items() if readers for query in _ASKED[readers[0][1].ask](type_, [r[0] for r in readers])]
    return {query.key: _at_site(query, replaced) for query in queries}


def _at_site(query: Query, replaced: Mapping[str, str]) -> Query:
    template = replaced.get(query.key, query.template)
    return replace(query, template=template, in_date_order=NEWEST_FIRST in template.split("?", 1)[-1].split("&"))


def _by_read(type_: str, readers: list[FactSpec]) -> Iterator[Query]:
    key, noun = PLACES[type_]
    yield Query(key, f"{type_}/{TOKEN}", Ask.READ, (type_,), _names(readers), noun)


def _by_patient(type_: str, readers: list[FactSpec]) -> Iterator[Query]:
    key, noun = PLACES[type_]
    yield Query(key, f"{type_}?patient={TOKEN}", Ask.BY_PATIENT, (type_,), _names(readers), noun)


def _by_category(type_: str, readers: list[FactSpec]) -> Iterator[Query]:
    """One key for all categories that any fact reads."""
    key, noun = PLACES[type_]
    categories = sorted({category for spec in readers for category in spec.category})
    for number, values in _pieces(f"{type_}?patient={TOKEN}&category=", categories, ""):
        yield Query(f"{key}{number}", f"{type_}?patient={TOKEN}&category={values}", Ask.BY_CATEGORY, (type_,), _names(readers), noun)


def _by_codes(type_: str, readers: list[FactSpec]) -> Iterator[Query]:
    """One key per list of codes, named for its first fact; facts that ask for the same codes share it."""
    key, plural = PLACES[type_]
    start, end = f"{type_}?patient={TOKEN}&code=", f"&{NEWEST_FIRST}&_count=20"
    sharing: dict[frozenset[tuple[str, str]], list[FactSpec]] = {}
    for spec in readers:
        sharing.setdefault(spec.matcher.codes | spec.matcher.codes_with_site, []).append(spec)
    for codes, specs in sharing.items():
        noun = f"{plural} for “{'” and “'.join(spec.says for spec in specs)}”"
        for number, values in _pieces(start, sorted(codes), end):
            name = f"{key}-{specs[0].name}{number}"
            yield Query(name, f"{start}{values}{end}", Ask.BY_CODES, (type_,), _names(specs), noun)


_ASKED = {Ask.READ: _by_read, Ask.BY_PATIENT: _by_patient, Ask.BY_CATEGORY: _by_category, Ask.BY_CODES: _by_codes}


def _names(facts: Iterable[FactSpec]) -> frozenset[str]:
    return frozenset(spec.name for spec in facts)


def _pieces(start: str, codes: Iterable[tuple[str, str]], end: str) -> Iterator[tuple[str, str]]:
    """The codes as values of a token parameter, in as many pieces as their length asks for: ("", values), ("-2", values), ..."""
    room = LONGEST - len(quote(start + end, safe=""))
    pieces: list[list[str]] = [[]]
    left = room
    for code in codes:
        value = _token(*code)
        length = len(quote(value, safe="")) + len("%2C")
        if length > left and pieces[-1]:
            pieces.append([])
            left = room
        pieces[-1].append(value)
        left -= length
    for number, piece in enumerate(pieces, 1):
        if piece:
            yield ("" if number == 1 else f"-{number}"), ",".join(piece)


def _token(system: str, code: str) -> str:
    """`system|code` as a token value: FHIR's escapes within the code, then percent-encoding of what a query cannot hold."""
    escaped = "".join(f"\\{letter}" if letter in ",|$\\" else letter for letter in code)
    return quote(f"{system}|{escaped}", safe=":/|")
