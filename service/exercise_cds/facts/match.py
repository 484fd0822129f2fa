"""Does an entry speak of what the fact asks for? By code, by code at a site, by category, by words; `not_words` take away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from exercise_cds.facts.look import Terms
from exercise_cds.model.matching import code_matches, first_word, normal_code
from exercise_cds.model.pack import Matcher, Site


class Said(NamedTuple):
    """What an entry says of itself.

    `labels` are names of the thing besides the concepts (a reference's display, a title). `prose` is free text around it (a note):
    words are looked for there too, but of it only the found words are ever shown.
    """

    concepts: Sequence[Any]
    sites: Sequence[Any] = ()
    labels: Sequence[str | None] = ()
    prose: Sequence[str | None] = ()

    def is_silent(self) -> bool:
        """Whether it does not say at all what it is: neither code nor text nor label."""
        return not any(self.labels) and not any(concept.text or concept.coding for concept in self.concepts)

    def names(self) -> list[str | None]:
        """code.text and every display, and the labels."""
        return [*texts_of(self.concepts), *self.labels]


class Match(NamedTuple):
    """Why an entry counts: the matched code (None by words), the words to show for it, and what a reader must know."""

    shown: str
    code: tuple[str, str] | None
    remark: str


def texts_of(concepts: Sequence[Any]) -> list[str | None]:
    """Every text and display of CodeableConcepts."""
    texts = [concept.text for concept in concepts]
    texts += [coding.display for concept in concepts for coding in concept.coding or ()]
    return texts


def keys_of(concept: Any) -> list[tuple[str, str]]:
    """(system, code) of every coding, as value sets hold them."""
    return [normal_code(coding.system, coding.code) for coding in concept.coding or ()] if concept is not None else []


def match(matcher: Matcher, said: Said, terms: Terms) -> Match | None:
    """The entry's match with the fact, or None."""
    at_site = matcher.site is not None and _at(matcher.site, said)
    found = _by_code(matcher, said, terms, at_site=at_site) or _by_words(matcher, said, at_site=at_site)
    if found and matcher.not_words and first_word(matcher.not_words, [*said.names(), *said.prose]):
        return None
    return found


def _by_code(matcher: Matcher, said: Said, terms: Terms, *, at_site: bool) -> Match | None:
    for concept in said.concepts:
        for coding in concept.coding or ():
            system, code = normal_code(coding.system, coding.code)
            if code_matches(matcher, system, code, at_site=at_site):
                remark = "matched by an unverified code" if (system, code) in terms.unverified else ""
                return Match(concept.text or coding.display or code, (system, code), remark)
    return None


def _by_words(matcher: Matcher, said: Said, *, at_site: bool) -> Match | None:
    """`site` without `codes_with_site` is asked of words as well; with them it is asked of those codes only."""
    if not matcher.words or (matcher.site is not None and not matcher.codes_with_site and not at_site):
        return None
    for name in said.names():
        if first_word(matcher.words, [name]):
            return Match(name or "", None, "matched by words")
    word = first_word(matcher.words, said.prose)
    return Match(word, None, "matched by words") if word else None


def _at(site: Site, said: Said) -> bool:
    """The part of the body is named in code.text, a display or bodySite, or coded in bodySite."""
    if first_word(site.words, [*said.names(), *texts_of(said.sites)]):
        return True
    return any(key in site.codes for concept in said.sites for key in keys_of(concept))
