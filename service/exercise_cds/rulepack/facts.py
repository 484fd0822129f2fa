"""facts.yaml to `FactSpec`s and named conditions: which keys fit the kind, which values fit the keys, what type a condition sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exercise_cds.model.codes import ICD10CM, Stems
from exercise_cds.model.kinds import KINDS, Kind, ValueType
from exercise_cds.model.pack import FactSpec, Matcher, NamedCondition, Overruled, Site, Suspected, Undated
from exercise_cds.rulepack.codings import code_words, system_of
from exercise_cds.rulepack.conditions import Conditions
from exercise_cds.rulepack.durations import days
from exercise_cds.rulepack.nodes import Place, Scalar
from exercise_cds.rulepack.report import listed, quoted
from exercise_cds.rulepack.scope import RESERVED, FactType, Scope
from exercise_cds.rulepack.shapes.facts import FactShape, StemShape
from exercise_cds.rulepack.texts import Spot, Texts
from exercise_cds.rulepack.units import MEASURED, plain_unit

COMMON_KEYS = frozenset({"kind", "says", "tell"})
NUMBER_KEYS = frozenset({"unit", "step"})
"""Keys that every kind whose value is a number has besides."""
_UNITS = {"episode": "days", "age": "years", "score": ""}
"""What numbers of these kinds are counted in, whatever the author says."""
_MATCHING = ("codes", "codes_with_site", "stems", "words")
STATUSES: Mapping[str, tuple[str, ...]] = {
    "condition": ("active", "recurrence", "relapse", "inactive", "remission", "resolved"),
    "procedure": ("preparation", "in-progress", "not-done", "on-hold", "stopped", "completed", "unknown"),
    "medication": ("active", "on-hold", "cancelled", "completed", "stopped", "draft", "unknown"),
    "order": ("draft", "active", "on-hold", "revoked", "completed", "unknown"),
    "care_plan": ("draft", "active", "on-hold", "revoked", "completed", "unknown"),
}
"""Statuses by kind (FHIR R4); what was entered in error never counts and cannot be asked for."""


@dataclass(frozen=True, slots=True)
class WrittenFact:
    """One entry of facts.yaml; `shape` is None where it has findings already."""

    name: str
    shape: FactShape | None
    place: Place

    @property
    def kind(self) -> str:
        """The kind, also where it goes without saying."""
        shape = self.shape
        return "" if shape is None else shape.kind or ("when" if "when" in self.place.names else "")


def keys_of(kind: Kind) -> frozenset[str]:
    """Every key that a fact of this kind may have."""
    if kind.name == "when":
        return frozenset({"kind", "says", "when"})
    return kind.keys | COMMON_KEYS | (NUMBER_KEYS if kind.value is ValueType.NUMBER else frozenset())


def fact_type(fact: WrittenFact) -> FactType:
    """What conditions must know of a fact; made before anything is linked."""
    if fact.shape is None:
        # A broken entry that has `when` is still a named condition: its tree may be whole.
        return FactType(None, named="when" in fact.place.names)
    if fact.kind == "when":
        return FactType(ValueType.YES_NO, named=True)
    if fact.kind not in KINDS:
        return FactType(None)
    words = _words(fact)
    if words and fact.kind != "score":
        return FactType(ValueType.WORD, "", frozenset(words))
    return FactType(KINDS[fact.kind].value, _unit(fact.shape, fact.kind))


def _words(fact: WrittenFact) -> tuple[str, ...]:
    """The author's words among the answers of a fact; none where its answers are numbers."""
    answers = fact.shape.answers if fact.shape else None
    return tuple(answer for answer in answers or () if _number(answer) is None)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < 1e9 else None


def _unit(shape: FactShape, kind: str) -> str:
    if kind in _UNITS:
        return _UNITS[kind]
    return "%" if shape.drop_over else plain_unit(shape.unit or "")


class Facts:
    """Links the facts of one pack."""

    def __init__(self, scope: Scope, sites: Mapping[str, Site], conditions: Conditions, texts: Texts) -> None:
        self.scope = scope
        self.report = scope.report
        self.sites = sites
        self.conditions = conditions
        self.texts = texts

    def name_is_free(self, fact: WrittenFact, above: Place) -> None:
        """Names that conditions or texts could not tell apart are refused."""
        if fact.name in RESERVED:
            sentence = f"{quoted(fact.name)} is a word of conditions and texts"
            self.report.add("reserved-name", above.key(fact.name), sentence, "choose another name")
        if fact.name in (self.scope.settings or ()):
            sentence = f"{quoted(fact.name)} is a fact and a setting"
            self.report.add("name-clash", above.key(fact.name), sentence, "rename one of them: texts name both in the same way")

    def named(self, fact: WrittenFact) -> NamedCondition | None:
        """A named condition."""
        self._keys(fact)
        tree = self.conditions.named(fact.name)
        if tree is None or fact.shape is None:
            return None
        says = self.texts.shown(fact.shape.says, fact.place / "says", Spot(), "says")
        return NamedCondition(fact.name, says, tree, fact.place.where)

    def spec(self, fact: WrittenFact) -> FactSpec | None:
        """Any other fact."""
        shape, place = fact.shape, fact.place
        if shape is None or not self._keys(fact):
            return None
        self._contradictions(fact)
        scale = self._pair(shape.scale, place / "scale") or (0.0, 10.0)
        return FactSpec(
            name=fact.name,
            kind=fact.kind,
            says=self.texts.shown(shape.says, place / "says", Spot(), "says"),
            matcher=self._matcher(fact),
            unit=self._checked_unit(fact),
            step=shape.step or 1.0,
            tell=shape.tell is not None,
            within=self._days(shape.within, place / "within"),
            new_within=self._days(shape.new_within, place / "new_within"),
            begun_before=self._days(shape.begun_before, place / "begun_before"),
            status=self._statuses(fact),
            suspected=Suspected(shape.suspected or "doubt"),
            undated=Undated(shape.undated or "doubt"),
            dated=shape.dated is not False,
            overruled_by=self._overruled(fact),
            answers=self._answers(fact),
            valid=self._pair(shape.valid, place / "valid"),
            scale=scale,
            prefer=self._prefer(fact),
            drop_over=self._days(shape.drop_over, place / "drop_over"),
            link_ids=tuple(shape.link_ids or ()),
            category=code_words(shape.category, place / "category", self.report),
            where=place.where,
        )

    def _keys(self, fact: WrittenFact) -> bool:
        """Whether the kind exists and the keys fit it."""
        place, name = fact.place, fact.kind
        if fact.shape is None:
            return False
        if not name:
            self.report.add(
                "missing-key", place.where, f"{quoted(fact.name)} has no kind", "write `kind:`, or `when:` for a named condition"
            )
            return False
        if name not in KINDS:
            self.report.add("unknown-kind", (place / "kind").where, f"no kind named {quoted(name)}", self.report.did_you_mean(name, KINDS))
            return False
        kind = KINDS[name]
        allowed = keys_of(kind)
        written = set(place.names)
        for key in sorted(written - allowed):
            sentence = f"a fact of kind {quoted(name)} has no key {quoted(key)}"
            self.report.add("key-not-for-kind", place.key(key), sentence, f"it has {listed(allowed, 20)}")
        for key in sorted(kind.needs - written):
            self.report.add("missing-key", place.where, f"{quoted(fact.name)} of kind {quoted(name)} needs `{key}`", f"write `{key}:`")
        if "words" in kind.keys and not kind.needs and not written & set(_MATCHING):
            sentence = f"{quoted(fact.name)} has nothing that could match"
            self.report.add("matches-nothing", place.where, sentence, f"write {listed(_MATCHING)}")
        return not (written - allowed) and kind.needs <= written

    def _contradictions(self, fact: WrittenFact) -> None:
        shape, place = fact.shape, fact.place
        assert shape is not None
        if shape.codes_with_site and not shape.site:
            self.report.add("missing-key", place.key("codes_with_site"), "'codes_with_site' needs a site", "write `site:`")
        asking = [key for key in ("new_within", "begun_before", "undated") if key in place.names]
        if shape.dated is False and asking:
            other = asking[0]
            sentence = f"'dated: false' asks for findings without a date, '{other}' says what to do with dates"
            self.report.add("keys-exclude", place.key("dated"), sentence, f"drop '{other}', or 'dated: false'")

    def _matcher(self, fact: WrittenFact) -> Matcher:
        shape, place = fact.shape, fact.place
        assert shape is not None
        site = self.sites.get(shape.site) if shape.site and self.scope.knows("site", shape.site, (place / "site").where) else None
        return Matcher(
            codes=self.valuesets(shape.codes, place / "codes"),
            codes_with_site=self.valuesets(shape.codes_with_site, place / "codes_with_site"),
            stems=tuple(self._stems(stem, place / "stems" / index) for index, stem in enumerate(shape.stems or ())),
            words=tuple(shape.words or ()),
            not_words=tuple(shape.not_words or ()),
            site=site,
        )

    def valuesets(self, names: list[str] | None, place: Place) -> frozenset[tuple[str, str]]:
        """All codes of the value sets named."""
        found: set[tuple[str, str]] = set()
        for index, name in enumerate(names or ()):
            if self.scope.knows("valueset", name, (place / index).where):
                valueset = (self.scope.valuesets or {}).get(name)
                found |= valueset.keys if valueset else frozenset()
        return frozenset(found)

    def _stems(self, shape: StemShape, place: Place) -> Stems:
        system = system_of(shape.system, (place / "system").where, self.report)
        if system not in ("", ICD10CM):
            self.report.add("bad-value", (place / "system").where, "ranges are matched in icd-10-cm only", "list the codes in a value set")
        if shape.first > shape.last:
            sentence = f"nothing lies between {shape.first} and {shape.last}"
            self.report.add("bounds-unordered", (place / "first").where, sentence, "write the lower category first")
        return Stems(system, shape.first, shape.last, frozenset(shape.but))

    def _checked_unit(self, fact: WrittenFact) -> str:
        shape = fact.shape
        assert shape is not None
        unit = _unit(shape, fact.kind)
        where = (fact.place / "unit").where
        if shape.unit is None:
            if fact.kind == "measurement" and not shape.answers and not shape.drop_over:
                self.report.add("missing-key", fact.place.where, f"{quoted(fact.name)} needs a unit", f"one of: {listed(MEASURED)}")
        elif fact.kind in _UNITS or shape.drop_over:
            if plain_unit(shape.unit) != unit:
                self.report.add("unknown-unit", where, f"{quoted(fact.name)} is counted in {unit or 'a score'}", "drop the unit")
        elif fact.kind in ("measurement", "answer") and unit and shape.unit not in MEASURED:
            sentence = f"{quoted(shape.unit)} is no unit that is understood"
            self.report.add("unknown-unit", where, sentence, self.report.did_you_mean(shape.unit, MEASURED))
        return unit

    def _days(self, written: str | None, place: Place) -> int | None:
        return None if written is None else days(written, place, self.scope)

    def _statuses(self, fact: WrittenFact) -> frozenset[str] | None:
        shape = fact.shape
        assert shape is not None
        if shape.status is None:
            return None
        if shape.status == ["any"]:
            return frozenset()
        known = STATUSES.get(fact.kind, ())
        for index, status in enumerate(shape.status):
            if status not in known:
                where = (fact.place / "status" / index).where
                hint = self.report.did_you_mean(status, (*known, "any"))
                self.report.add("unknown-status", where, f"{quoted(status)} is no status of a {fact.kind}", hint)
        return frozenset(shape.status)

    def _overruled(self, fact: WrittenFact) -> Overruled | None:
        shape, place = fact.shape, fact.place / "overruled_by"
        assert shape is not None
        if not shape.overruled_by:
            return None
        (other,) = shape.overruled_by
        kind = (self.scope.facts or {}).get(other)
        if kind is not None and kind.value is not None and (kind.named or kind.value is ValueType.YES_NO):
            self.report.add(
                "operator-unfit", place.key(other), f"{quoted(other)} is no reading with a date", "name a measurement or a score"
            )
            return None
        condition = self.conditions.asks(place)
        return None if condition is None else Overruled(other, condition)

    def _answers(self, fact: WrittenFact) -> Mapping[tuple[str, str], str | float]:
        shape, place = fact.shape, fact.place / "answers"
        assert shape is not None
        words = _words(fact)
        if words and (len(words) < len(shape.answers or ()) or fact.kind == "score"):
            hint = "a score's answers are numbers" if fact.kind == "score" else "either all are numbers, or none is"
            self.report.add("mixed-answers", place.key(words[0]), f"{quoted(words[0])} is a word among numbers", hint)
        found: dict[tuple[str, str], str | float] = {}
        for answer, written in (shape.answers or {}).items():
            number = None if words else _number(answer)
            for index, key in enumerate(code_words(written, place / answer, self.report)):
                where = (place / answer / index).where
                if key in found:
                    self.report.add("duplicate-code", where, f"{quoted(key[1])} stands for two answers", "keep one of them")
                found[key] = answer if number is None else number
        return found

    def _prefer(self, fact: WrittenFact) -> tuple[tuple[str, str], ...]:
        shape, place = fact.shape, fact.place / "prefer"
        assert shape is not None
        found = code_words(shape.prefer, place, self.report)
        read = self.valuesets(shape.codes, Place("", None)) if shape.codes and all(self._has(name) for name in shape.codes) else None
        for index, key in enumerate(found):
            if read is not None and key not in read:
                sentence = f"{quoted(key[1])} is in none of the fact's value sets"
                self.report.add("unpreferred-code", (place / index).where, sentence, "add it to the value set, or drop it here")
        return found

    def _has(self, valueset: str) -> bool:
        return (self.scope.valuesets or {}).get(valueset) is not None

    def _pair(self, pair: list[float] | None, place: Place) -> tuple[float, float] | None:
        if pair is None:
            return None
        least, most = float(pair[0]), float(pair[1])
        if least >= most:
            self.report.add("bounds-unordered", place.where, f"nothing lies between {least:g} and {most:g}", "write the lower number first")
        return least, most


def named_places(facts: Mapping[str, WrittenFact]) -> dict[str, Place]:
    """The places of the named conditions."""
    return {name: fact.place / "when" for name, fact in facts.items() if fact_type(fact).named}


def texts_of_keys(place: Place) -> tuple[str, ...]:
    """The texts of a list's scalars, whatever else is wrong with the file."""
    return tuple(str(item.node.value) for item in place if isinstance(item.node, Scalar) and isinstance(item.node.value, str))
