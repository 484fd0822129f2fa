"""Selection on raw JSON: which facts take an entry, told from the few elements that can decide it, before anything is validated.

Selection keeps whatever it cannot judge: an element that decides and is absent or misshapen is taken by every fact of its type, and
validation then says what is wrong. It may take more than the derive functions will use (it asks neither for a site nor for a status);
it never takes less, which a property test compares with reading everything.

The verdict on an element that holds codes is kept: the same code comes with thousands of patients. One of vocabulary alone, as `intern.py`
tells it, is kept by its bytes; one that may hold words of a patient under a digest, keyed with a secret of this process: of a patient
nothing stays but sixteen bytes that nobody can turn back, and the names of the pack's facts. Both memories are bounded and live as
long as the plan.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, TypeAlias

from exercise_cds.fhir.intern import is_vocabulary
from exercise_cds.fhir.raw import Fields, value_of
from exercise_cds.model.codes import Stems
from exercise_cds.model.kinds import KINDS, Ask
from exercise_cds.model.matching import first_word, normal_code
from exercise_cds.model.pack import FactSpec

Names: TypeAlias = "frozenset[str]"
NOBODY: Names = frozenset()
MOST_REMEMBERED = 8_192
"""Verdicts kept per element; then it begins anew. A whole chart's vocabulary is some hundreds."""
_SECRET = blake2b(key=secrets.token_bytes(32), digest_size=16)


@dataclass(frozen=True, slots=True)
class Selector:
    """Which facts take an entry of one resource type."""

    type: str
    everybody: Names
    """Every fact that reads the type."""
    unasking: Names = NOBODY
    """Facts that take every entry: of the Patient, of a plan without codes."""
    codes: Mapping[tuple[str, str], Names] = field(default_factory=dict)
    stems: tuple[tuple[Stems, Names], ...] = ()
    words: tuple[tuple[tuple[str, ...], Names], ...] = ()
    any_words: tuple[str, ...] = ()
    """All words of all facts."""
    link_ids: Mapping[str, Names] = field(default_factory=dict)
    looks: tuple[Look, ...] = ()
    """The elements to look at: those of the type, without those that only words would be looked for in where no fact has words."""
    decides: Names = NOBODY
    """Elements of which one must be there for an entry to be judged at all."""
    usual: str = ""
    """The one of them that nearly every entry has."""
    refers: str = ""
    """The element that leads to other resources which decide as well (`follow.py`)."""

    def take(self, fields: Fields, place: str) -> Names:
        """The facts that take this entry. Raises BadRequest where an element that is looked at holds a name twice."""
        if self.usual not in fields and self.decides and fields.keys().isdisjoint(self.decides):
            return self.everybody
        taken = self.unasking
        for look in self.looks:
            raw = fields.get(look.element)
            if raw is None:
                continue
            text = bytes(raw)
            names = look.known.get(text)
            if names is None:
                names = look.verdict(self, text, place)
            if names:
                taken = taken | names if taken else names
        return taken

    def of_coding(self, system: str | None, code: str | None) -> Names:
        """The facts that a coding may belong to."""
        if not code:
            return NOBODY
        system, code = normal_code(system, code)
        names = self.codes.get((system, code), NOBODY)
        for stems, facts in self.stems:
            if stems.hold(system, code):
                names |= facts
        return names

    def of_concept(self, value: Any) -> Names:
        """The facts that may take an entry for this CodeableConcept, in the entry itself or in what it refers to."""
        return _concept(self, value)

    def of_words(self, value: Any) -> Names:
        """The facts whose words stand in any string of the value."""
        if not self.any_words:
            return NOBODY
        texts = list(_strings(value))
        if first_word(self.any_words, texts) is None:
            return NOBODY
        return NOBODY.union(*(facts for words, facts in self.words if first_word(words, texts)))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for member in value.values():
            yield from _strings(member)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _concept(selector: Selector, value: Any) -> Names:
    """A CodeableConcept by its codings and its words; one that says nothing, or is none, cannot be judged."""
    if not isinstance(value, dict) or not isinstance(text := value.get("text", ""), str):
        return selector.everybody
    if not isinstance(codings := value.get("coding", []), list):
        return selector.everybody
    taken, says = NOBODY, bool(text)
    for coding in codings:
        if not isinstance(coding, dict) or not all(isinstance(coding.get(part, ""), str) for part in ("system", "code", "display")):
            return selector.everybody
        says = says or bool(coding.get("code") or coding.get("display"))
        taken |= selector.of_coding(coding.get("system"), coding.get("code"))
    return taken | selector.of_words(value) if says else selector.everybody


def _concepts(selector: Selector, value: Any) -> Names:
    """A list of CodeableConcepts."""
    if not isinstance(value, list):
        return selector.everybody
    return NOBODY.union(*(_concept(selector, item) for item in value))


def _words(selector: Selector, value: Any) -> Names:
    """An element that is looked at for words only; codes in it decide nothing."""
    return selector.of_words(value)


def _components(selector: Selector, value: Any) -> Names:
    """Observation.component: the code of each."""
    if not isinstance(value, list):
        return selector.everybody
    return NOBODY.union(*(_concept(selector, item.get("code")) if isinstance(item, dict) else selector.everybody for item in value))


def _activities(selector: Selector, value: Any) -> Names:
    """CarePlan.activity: the code of its detail; one without a code, or that refers to another resource, cannot be judged."""
    if not isinstance(value, list):
        return selector.everybody
    taken = selector.of_words(value)
    for item in value:
        detail = item.get("detail") if isinstance(item, dict) else None
        if not isinstance(detail, dict) or "reference" in item:
            return selector.everybody
        taken |= _concept(selector, detail.get("code"))
    return taken


def _items(selector: Selector, value: Any) -> Names:
    """QuestionnaireResponse.item, at every depth, by linkId and by the code of an answer."""
    if not isinstance(value, list):
        return selector.everybody
    taken = NOBODY
    for member in _objects(value):
        link_id, code, system = member.get("linkId"), member.get("code"), member.get("system")
        taken |= selector.link_ids.get(link_id, NOBODY) if isinstance(link_id, str) else NOBODY
        if isinstance(code, str):
            taken |= selector.of_coding(system if isinstance(system, str) else None, code)
    return taken


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for member in value.values():
            yield from _objects(member)
    elif isinstance(value, list):
        for item in value:
            yield from _objects(item)


Judge: TypeAlias = "Callable[[Selector, Any], Names]"
_LOOKS: Mapping[str, dict[str, Judge]] = {
    "Patient": {},
    "Condition": {"code": _concept, "bodySite": _words},
    "Observation": {"code": _concept, "component": _components},
    "Procedure": {"code": _concept, "bodySite": _words},
    "MedicationRequest": {"medicationCodeableConcept": _concept, "medicationReference": _words},
    "ServiceRequest": {"code": _concept, "orderDetail": _concepts, "bodySite": _words},
    "CarePlan": {"category": _concepts, "activity": _activities, "title": _words, "description": _words, "note": _words},
    "QuestionnaireResponse": {"item": _items},
}
"""By resource type: the elements that can decide who takes an entry, and how each is judged. `hasMember` of an Observation and
`medicationReference` of a MedicationRequest lead to other resources: `follow.py` goes there."""
_DRAFT_LOOKS: Mapping[str, dict[str, Judge]] = {
    "MedicationRequest": {"dosageInstruction": _words},
    "ServiceRequest": {"note": _words},
}
"""What is looked at besides in the orders of the hook's context, whose prose counts; of the chart's own orders it does not."""
_REMEMBERED = frozenset({"code", "medicationCodeableConcept", "category", "bodySite", "orderDetail"})
"""Elements that hold vocabulary, so that the same bytes come again. Verdicts on the others are not kept."""
_DECIDES: Mapping[str, Names] = {
    "Condition": frozenset({"code"}),
    "Observation": frozenset({"code"}),
    "Procedure": frozenset({"code"}),
    "MedicationRequest": frozenset({"medicationCodeableConcept", "medicationReference"}),
    "ServiceRequest": frozenset({"code"}),
    "CarePlan": frozenset({"activity"}),
}
_REFERS: Mapping[str, str] = {"Observation": "hasMember", "MedicationRequest": "medicationReference"}


@dataclass(frozen=True, slots=True)
class Look:
    """One element that is looked at, how it is judged, and the verdicts so far (`seen` None: not kept)."""

    element: str
    judge: Judge
    seen: dict[bytes, Names] | None = field(default=None, compare=False, repr=False)
    """By digest."""
    known: dict[bytes, Names] = field(default_factory=dict, compare=False, repr=False)
    """By the bytes of vocabulary."""

    def verdict(self, selector: Selector, text: bytes, place: str) -> Names:
        """The facts that take an entry with this element, which is not known yet."""
        if self.seen is None:
            return self.judge(selector, value_of(text, place))
        digest = _SECRET.copy()
        digest.update(text)
        key = digest.digest()
        names = self.seen.get(key)
        if names is None:
            value = value_of(text, place)
            names = self.judge(selector, value)
            if is_vocabulary(value):
                _remember(self.known, text, names)
            else:
                _remember(self.seen, key, names)
        return names


def _remember(memory: dict[bytes, Names], key: bytes, names: Names) -> None:
    if len(memory) >= MOST_REMEMBERED:
        memory.clear()
    memory[key] = names


def selectors_of(facts: Iterable[FactSpec], *, drafts: bool) -> Mapping[str, Selector]:
    """By resource type: the selector for the facts that read it, under the prefetch keys or, with `drafts`, in the hook's context."""
    readers: dict[str, list[FactSpec]] = {}
    for spec in facts:
        for reads in KINDS[spec.kind].reads:
            if (reads.ask is Ask.CONTEXT) is drafts:
                readers.setdefault(reads.type, []).append(spec)
    return {type_: _selector(type_, specs, _LOOKS[type_] | (_DRAFT_LOOKS[type_] if drafts else {})) for type_, specs in readers.items()}


def _selector(type_: str, facts: list[FactSpec], looks: Mapping[str, Judge]) -> Selector:
    codes: dict[tuple[str, str], Names] = {}
    link_ids: dict[str, Names] = {}
    stems: list[tuple[Stems, Names]] = []
    words: list[tuple[tuple[str, ...], Names]] = []
    for spec in facts:
        name = frozenset({spec.name})
        for code in (*spec.matcher.codes, *spec.matcher.codes_with_site, *spec.category):
            codes[code] = codes.get(code, NOBODY) | name
        for link_id in spec.link_ids:
            link_ids[link_id] = link_ids.get(link_id, NOBODY) | name
        stems += [(stem, name) for stem in spec.matcher.stems]
        words += [(spec.matcher.words, name)] if spec.matcher.words else []
    return Selector(
        type=type_,
        everybody=frozenset(spec.name for spec in facts),
        unasking=frozenset(spec.name for spec in facts if not _asks(type_, spec)),
        codes=codes,
        stems=tuple(stems),
        words=tuple(words),
        any_words=tuple(dict.fromkeys(word for some, _ in words for word in some)),
        link_ids=link_ids,
        looks=tuple(
            Look(element, judge, {} if element in _REMEMBERED else None) for element, judge in looks.items() if words or judge is not _words
        ),
        decides=_DECIDES.get(type_, NOBODY),
        usual=next((element for element in looks if element in _DECIDES.get(type_, NOBODY)), ""),
        refers=_REFERS.get(type_, ""),
    )


def _asks(type_: str, spec: FactSpec) -> bool:
    """Whether the fact chooses among entries of the type. A plan's category alone is what was asked for, so it chooses nothing."""
    matcher = spec.matcher
    return type_ != "Patient" and bool(matcher.codes or matcher.codes_with_site or matcher.stems or matcher.words or spec.link_ids)
