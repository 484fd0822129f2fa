"""How codes and words of a chart are compared with an author's: one place, used by selection on raw JSON and by the derive functions.

Codes are compared exactly, except that ICD-10-CM codes are brought to upper case and to their dot, because charts write `m5450`.
Words are whole words, case-insensitive; a space in an author's words stands for any run of spaces, hyphens or underscores, so that
"low back" finds "low-back". There are no patterns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from exercise_cds.model.codes import ICD10CM
from exercise_cds.model.pack import Matcher

_SPELLINGS = {
    "urn:oid:2.16.840.1.113883.6.90": ICD10CM,
    "http://hl7.org/fhir/sid/icd-10-cm/": ICD10CM,
    "urn:oid:2.16.840.1.113883.6.96": "http://snomed.info/sct",
    "urn:oid:2.16.840.1.113883.6.1": "http://loinc.org",
    "urn:oid:2.16.840.1.113883.6.88": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "urn:oid:2.16.840.1.113883.6.12": "http://www.ama-assn.org/go/cpt",
}
"""Spellings of code systems seen in charts, by what we write."""


def normal_code(system: str | None, code: str | None) -> tuple[str, str]:
    """(system, code) as value sets hold them; missing parts are empty and match nothing."""
    system = (system or "").strip()
    system = _SPELLINGS.get(system, system)
    code = (code or "").strip()
    if system == ICD10CM:
        code = code.upper()
        if len(code) > 3 and "." not in code:
            code = f"{code[:3]}.{code[3:]}"
    return system, code


@lru_cache(maxsize=4096)
def _search(words: tuple[str, ...]) -> re.Pattern[str]:
    """A compiled search for any of an author's words. Bounded by the pack: authors' words only, never a chart's."""
    spelled = (r"[\s_-]+".join(re.escape(part) for part in word.split()) for word in words)
    return re.compile(rf"(?<!\w)(?:{'|'.join(spelled)})(?!\w)", re.IGNORECASE)


def first_word(words: tuple[str, ...], texts: Iterable[str | None]) -> str | None:
    """The first of an author's `words` that stands in any of the `texts`, as the chart spells it; None where none does."""
    if not words:
        return None
    search = _search(words)
    for text in texts:
        if text and (found := search.search(text)):
            return found.group(0)
    return None


def code_matches(matcher: Matcher, system: str, code: str, *, at_site: bool) -> bool:
    """Whether a normalised coding is one that the fact takes. `at_site`: the entry names the matcher's site."""
    key = (system, code)
    if key in matcher.codes:
        return at_site or matcher.site is None or bool(matcher.codes_with_site)
    if key in matcher.codes_with_site:
        return at_site
    return any(stem.hold(system, code) for stem in matcher.stems)
