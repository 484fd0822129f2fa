"""A pack's parts and how they hang together: one entry for each rule, program, fact, value set and piece of evidence, cross-linked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from exercise_cds.cards import rule_sentence, sentence
from exercise_cds.model.pack import FactSpec, Rule, RulePack
from exercise_cds.model.tree import leaves

KINDS = {
    "rules": "Rules",
    "programs": "Programs",
    "facts": "Facts",
    "valuesets": "Value sets",
    "evidence": "Evidence",
}
"""The chapters of the map, in order."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A link to another entry."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One page of the map: lines of (label, text), lists of (label, links), and rows of a table."""

    kind: str
    id: str
    title: str
    lines: tuple[tuple[str, str], ...] = ()
    refs: tuple[tuple[str, tuple[Ref, ...]], ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    head: tuple[str, ...] = ()
    url: str = ""
    words: str = field(default="", compare=False)
    """Everything that the search looks at, in small letters."""


class PackMap:
    """Every entry of one pack, by kind and id."""

    def __init__(self, pack: RulePack) -> None:
        self.pack = pack
        self._asked = {rule.id: _facts_of(rule) for rule in pack.rules}
        self._in_place = {
            program.id: dict.fromkeys(leaf.fact for leaf in leaves(program.in_place_if)) if program.in_place_if is not None else {}
            for program in pack.programs.values()
        }
        self.entries = {kind: {entry.id: entry for entry in make(self)} for kind, make in _CHAPTERS.items()}

    def find(self, words: str) -> list[Entry]:
        """Entries that hold every word, those whose title holds them first."""
        wanted = words.lower().split()
        found = [entry for chapter in self.entries.values() for entry in chapter.values() if all(word in entry.words for word in wanted)]
        return sorted(found, key=lambda entry: not all(word in f"{entry.id} {entry.title}".lower() for word in wanted)) if wanted else []

    def rules(self) -> Iterator[Entry]:
        """Rules, with what they ask and do."""
        for rule in self.pack.rules:
            programs = dict.fromkeys(name for offer in rule.offers for name in offer.programs)
            held = dict.fromkeys(name for one in rule.withholds for name in sorted(one.programs))
            loads = sorted({load for one in rule.withholds for load in one.loads})
            lines = [("asks", rule_sentence(rule.when, rule.unless, self.pack)), ("stands at", str(rule.where))]
            lines += [("says a card", f"{rule.card.indicator.value}: {rule.card.summary[0].source}")] if rule.card else []
            lines += [("offers because", offer.because.source) for offer in rule.offers]
            lines += [("notes", note.text.source) for note in rule.notes]
            lines += [("withholds because", one.because.source) for one in rule.withholds]
            lines += [("takes away steps that load", ", ".join(loads))] if loads else []
            lines += [("services", ", ".join(sorted(rule.services)) or "all")]
            refs = [
                ("offers", _refs("programs", programs)),
                ("withholds", _refs("programs", held)),
                ("asks of", _refs("facts", self._asked[rule.id])),
                ("evidence", _refs("evidence", rule.evidence)),
            ]
            yield _entry("rules", rule.id, rule.title, lines, refs)

    def programs(self) -> Iterator[Entry]:
        """Programs, with who offers and withholds them, and their steps."""
        for program in self.pack.programs.values():
            offering = [rule.id for rule in self.pack.rules if any(program.id in offer.programs for offer in rule.offers)]
            holding = [rule.id for rule in self.pack.rules if any(program.id in one.programs for one in rule.withholds)]
            dose = program.dosing
            lines = [("summary", program.summary), ("frequency", dose.frequency), ("intensity", dose.intensity), ("time", dose.time)]
            lines += [("progress", dose.progress)] if dose.progress else []
            lines += [("stop if", "; ".join(program.stop_if)), ("not for", "; ".join(program.not_for))]
            lines += [("orders", f"{program.order.creates.value}: {program.order.text}")]
            refs = [
                ("offered by", _refs("rules", offering)),
                ("withheld by", _refs("rules", holding)),
                ("already in place if", _refs("facts", self._in_place[program.id])),
                ("evidence", _refs("evidence", program.evidence)),
            ]
            rows = [(step.title, step.text, ", ".join(sorted(step.loads)) or "none") for step in program.steps]
            yield _entry("programs", program.id, program.title, lines, refs, ("step", "text", "loads"), rows)

    def facts(self) -> Iterator[Entry]:
        """Facts, with the value sets that they match and the rules that ask them."""
        for name, spec in self.pack.facts.items():
            asked = [rule.id for rule in self.pack.rules if name in self._asked[rule.id]]
            lines = [("says", spec.says), ("kind", spec.kind), ("stands at", str(spec.where))]
            lines += [("unit", spec.unit)] if spec.unit else []
            lines += [("counts for", f"{spec.within} days")] if spec.within else []
            lines += [("words", ", ".join(spec.matcher.words))] if spec.matcher.words else []
            lines += [("suspected", spec.suspected.value), ("undated", spec.undated.value)]
            refs = [
                ("asked by", _refs("rules", asked)),
                ("value sets", _refs("valuesets", self._valuesets_of(spec))),
                ("tells that a program is in place", _refs("programs", [one for one, facts in self._in_place.items() if name in facts])),
            ]
            yield _entry("facts", name, spec.says, lines, refs)
        for name, named in self.pack.named.items():
            lines = [("says", named.says), ("is", sentence(named.condition, self.pack)), ("stands at", str(named.where))]
            parts = dict.fromkeys(leaf.fact for leaf in leaves(named.condition))
            yield _entry("facts", name, named.says, lines, [("made of", _refs("facts", parts))])

    def valuesets(self) -> Iterator[Entry]:
        """Value sets, with their codes and the facts that read them."""
        for name, valueset in self.pack.valuesets.items():
            readers = [fact for fact, spec in self.pack.facts.items() if name in self._valuesets_of(spec)]
            rows = [(code.system, code.code, code.display, "unverified" if code in valueset.unverified else "") for code in valueset.codes]
            yield _entry(
                "valuesets", name, valueset.title, [], [("read by", _refs("facts", readers))], ("system", "code", "display", ""), rows
            )

    def evidence(self) -> Iterator[Entry]:
        """Sources, with the rules and programs that rest on them."""
        for name, cited in self.pack.evidence.items():
            lines = [("year", str(cited.year)), ("says", cited.says), ("strength", cited.strength)]
            lines += [("note", cited.note)] if cited.note else []
            refs = [
                ("rules", _refs("rules", [rule.id for rule in self.pack.rules if name in rule.evidence])),
                ("programs", _refs("programs", [one.id for one in self.pack.programs.values() if name in one.evidence])),
            ]
            yield _entry("evidence", name, cited.title, lines, refs, url=cited.url)

    def _valuesets_of(self, spec: FactSpec) -> list[str]:
        """Value sets that lie wholly within what the fact matches; the pack keeps codes, not the names of their sets."""
        codes = spec.matcher.codes | spec.matcher.codes_with_site
        return [name for name, valueset in self.pack.valuesets.items() if valueset.keys and valueset.keys <= codes]


_CHAPTERS = {
    "rules": PackMap.rules,
    "programs": PackMap.programs,
    "facts": PackMap.facts,
    "valuesets": PackMap.valuesets,
    "evidence": PackMap.evidence,
}


def _facts_of(rule: Rule) -> dict[str, None]:
    return dict.fromkeys(leaf.fact for node in rule.conditions for leaf in leaves(node))


def _refs(kind: str, ids: Iterable[str]) -> tuple[Ref, ...]:
    return tuple(Ref(kind, one) for one in ids)


def _entry(  # noqa: PLR0913, PLR0917 - the parts of a page
    kind: str,
    name: str,
    title: str,
    lines: list[tuple[str, str]],
    refs: list[tuple[str, tuple[Ref, ...]]],
    head: tuple[str, ...] = (),
    rows: Sequence[tuple[str, ...]] = (),
    *,
    url: str = "",
) -> Entry:
    words = " ".join([name, title, *(text for _, text in lines), *(" ".join(row) for row in rows)]).lower()
    shown = tuple((label, text) for label, text in lines if text)
    return Entry(kind, name, title, shown, tuple((label, found) for label, found in refs if found), tuple(rows), head, url, words)
