"""Codes and value sets: what a coded element of FHIR is compared with. Extensional: a code is in the set or it is not."""

from __future__ import annotations

from dataclasses import dataclass, field

SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
CPT = "http://www.ama-assn.org/go/cpt"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


@dataclass(frozen=True, slots=True, order=True)
class Code:
    """A Coding that we wrote: `display` is our own plain words where the terminology's licence asks for it."""

    system: str
    code: str
    display: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class ValueSet:
    """One `valuesets/*.json`. `unverified` are the members that carry the property of that name (matched, and said so)."""

    name: str
    title: str
    codes: tuple[Code, ...]
    unverified: frozenset[Code] = frozenset()
    keys: frozenset[tuple[str, str]] = frozenset()
    """(system, code) of every member: what matching looks up."""


@dataclass(frozen=True, slots=True)
class Stems:
    """The one place where a range of ICD-10-CM categories is matched (malignancy, C00 to C96 but C44); categories are three characters."""

    system: str
    first: str
    last: str
    but: frozenset[str] = frozenset()

    def hold(self, system: str, code: str) -> bool:
        """Whether the code's three-character category lies in the range."""
        category = code[:3].upper()
        return system == self.system and len(category) == 3 and self.first <= category <= self.last and category not in self.but
