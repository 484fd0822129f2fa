"""Observations brought to readings: a number in the fact's unit or one of the author's words, with its day, or why it cannot be used."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

from exercise_cds.facts.dates import Moment, moment, period_end
from exercise_cds.facts.look import Look
from exercise_cds.facts.match import Match, Said, keys_of, match, texts_of
from exercise_cds.facts.newest import LeftOut, Reading, Source, Waiting, opened
from exercise_cds.facts.units import convert, is_known, to_base, ucum
from exercise_cds.model.facts import Evidence
from exercise_cds.model.matching import first_word
from exercise_cds.model.pack import FactSpec

_USABLE = frozenset({"final", "amended", "corrected", "preliminary"})
_VAS = ("http://loinc.org", "38214-3")
"""Pain by visual analog scale: charted 0 to 10, or 0 to 100 in millimetres without saying so."""
_SCORE_UNITS = frozenset({"", "1", "{score}", "score", "level"})
"""Units of a score from 0 to 10, in lower case. Any other unit makes the scale ambiguous."""
_BACK_OR_LEG = (
    *("back", "lumbar", "lumbosacral", "sacral", "sacroiliac", "sacrum", "spine", "spinal", "vertebra", "leg", "legs", "lower extremity"),
    *("lower limb", "thigh", "calf", "foot", "feet", "buttock", "buttocks", "hip", "hamstring", "gluteal"),
)
"""Places where back pain is felt: a score given for any other counts with a caveat only."""
_PLAUSIBLE = 10**15
"""Nothing that is measured in a patient is larger; FHIR's decimals may be larger than any float."""
_PLAIN_NUMBER = re.compile(r"\s*(-?\d{1,6}(?:\.\d{1,6})?)\s*(/\s*10)?\s*")


@dataclass(frozen=True, slots=True)
class Number:
    """A number as charted; `comparator` is FHIR's "<" and its like; `unit` and `shown` as the chart spells them."""

    value: Decimal
    unit: str
    comparator: str
    shown: str


@dataclass(frozen=True, slots=True)
class Useless:
    """Why a value cannot be used, in words."""

    why: str
    shown: str


Amount: TypeAlias = "Decimal | Fraction"
"""Exact: decimals as charted, fractions after a conversion."""
Value: TypeAlias = "tuple[float | str, str, str]"
"""The value, the comparator of a number that is not exact, and the value as the chart shows it."""
Understand: TypeAlias = "Callable[[FactSpec, Number, tuple[str, str] | None], Amount | str]"
"""A number as charted -> the fact's number, or why it is none."""


def observed(look: Look) -> list[Source | Waiting]:
    """Every observation with a usable status, with the moment that it holds for; those of a certain day wait until they are asked for."""
    sources: list[Source | Waiting | None] = [_source(look, entry.resource) for entry in look.entries]
    for entry in look.later:
        day = entry.day
        sources.append(opened(entry, look, _source) if day is None else Waiting(day, day, entry, _source))
    return [one for one in sources if one is not None]


def _source(look: Look, observation: Any) -> Source | None:
    return Source(_effective(observation, look), observation) if observation.status in _USABLE else None


def read_score(spec: FactSpec, look: Look, source: Source) -> list[Reading | LeftOut]:
    """The pain scores that an observation holds, with what had to be left out."""
    site = _other_site(source.resource)
    scores = _read(spec, look, source, _score_number)
    if not site:
        return scores
    return [one if isinstance(one, LeftOut) else _with_caveat(one, site) for one in scores]


def read_measurement(spec: FactSpec, look: Look, source: Source) -> list[Reading | LeftOut]:
    """The measurements that an observation holds, in the fact's unit, with what had to be left out."""
    return _read(spec, look, source, _drop_number if spec.drop_over is not None else _measured_number)


def _read(spec: FactSpec, look: Look, source: Source, understand: Understand) -> list[Reading | LeftOut]:
    found = []
    for holder, matched in _holders(spec, look, source.resource):
        if (value := value_of(spec, holder, matched.code, understand)) is not None:
            id_ = source.resource.id
            found.append(reading(value, source.moment, f"Observation/{id_}" if id_ else "Observation", matched.code, matched.remark))
    return found


def reading(value: Value | Useless, when: Moment | None, resource: str, code: tuple[str, str] | None, remark: str) -> Reading | LeftOut:
    """A value with its moment and its evidence, or why it cannot be used."""
    if isinstance(value, Useless):
        return LeftOut(resource, when, value.shown, value.why)
    number, comparator, shown = value
    if when is None:
        return LeftOut(resource, None, shown, "it has no date")
    return Reading(number, comparator, when, code, Evidence(resource, when.shown, shown, remark, code))


def _with_caveat(one: Reading, site: str) -> Reading:
    remark = "; ".join(filter(None, (f"given for: {site}", one.evidence.remark)))
    return replace(one, evidence=replace(one.evidence, remark=remark), caveat=f'it was given for "{site}", not for back or leg')


def _holders(spec: FactSpec, look: Look, observation: Any) -> Iterator[tuple[Any, Match]]:
    """The observation itself and its components, where their code is the fact's."""
    for holder in (observation, *(observation.component or ())):
        if holder.code is not None and (found := match(spec.matcher, Said((holder.code,)), look.terms)) is not None:
            yield holder, found


def _effective(observation: Any, look: Look) -> Moment | None:
    """The moment that a reading holds for: dateTime, instant, or the end of its period. `issued` is no such moment."""
    return (
        moment(observation.effectiveDateTime, look.zone)
        or moment(observation.effectiveInstant, look.zone)
        or period_end(observation.effectivePeriod, look.zone)
    )


def _other_site(observation: Any) -> str:
    """What bodySite names, where that is not back or leg; empty where there is none."""
    site = observation.bodySite
    if site is None:
        return ""
    texts = [text for text in texts_of((site,)) if text]
    if first_word(_BACK_OR_LEG, texts):
        return ""
    return texts[0] if texts else next((code for _, code in keys_of(site)), "")


def value_of(
    spec: FactSpec,
    holder: Any,
    code: tuple[str, str] | None,
    understand: Understand,
) -> Value | Useless | None:
    """(value, comparator, as shown); None where there is no value at all, as with a dataAbsentReason."""
    if (concept := holder.valueCodeableConcept) is not None:
        return coded(spec, keys_of(concept), texts_of((concept,)))
    if holder.valueBoolean is not None:
        return boolean(spec, said=holder.valueBoolean)
    number = _number(holder)
    if not isinstance(number, Number):
        return number
    return understood(spec, number, code, understand)


def understood(
    spec: FactSpec,
    number: Number,
    code: tuple[str, str] | None,
    understand: Understand,
) -> Value | Useless:
    """A number of the chart as the fact's number."""
    if is_word(spec):
        return Useless("a word is expected, not a number", number.shown)
    if abs(number.value) > _PLAUSIBLE:
        return Useless("it is no plausible number", number.shown[:40])
    value = understand(spec, number, code)
    return Useless(value, number.shown) if isinstance(value, str) else (float(value), number.comparator, number.shown)


def is_word(spec: FactSpec) -> bool:
    """Whether the fact's values are the author's words."""
    return any(isinstance(meaning, str) for meaning in spec.answers.values())


def coded(spec: FactSpec, keys: list[tuple[str, str]], texts: list[str | None]) -> Value | Useless:
    """An answer by its code, never by its display: LA6113-0 reads "2 or more" and means 2."""
    shown = next((text for text in texts if text), None) or next((code for _, code in keys), "")
    for key in keys:
        if (meaning := spec.answers.get(key)) is not None:
            return meaning if isinstance(meaning, str) else float(meaning), "", shown
    return Useless("the answer's code is not known", shown)


def boolean(spec: FactSpec, *, said: bool) -> Value | Useless:
    """Yes and no are the words of that name, where the author has them."""
    word = "yes" if said else "no"
    return (word, "", word) if word in spec.answers.values() else Useless("yes and no are no answers here", word)


def quantity(value: Any) -> Number | None:
    """A Quantity's number; its UCUM code is believed before its unit."""
    if value.value is None:
        return None
    unit = value.unit or value.code or ""
    believed = value.code if value.code == value.unit or is_known(value.code) else value.unit or value.code
    return Number(value.value, believed or "", value.comparator or "", f"{value.comparator or ''}{value.value} {unit}".strip())


def _number(holder: Any) -> Number | Useless | None:
    if (value := holder.valueQuantity) is not None:
        return quantity(value)
    if (integer := holder.valueInteger) is not None:
        return Number(Decimal(integer), "", "", str(integer))
    if text := holder.valueString:
        found = _PLAIN_NUMBER.fullmatch(text)
        return Number(Decimal(found[1]), "", "", text.strip()) if found else Useless("its text is no number", text.strip()[:40])
    return None


def _score_number(spec: FactSpec, number: Number, code: tuple[str, str] | None) -> Amount | str:
    """A score on the fact's scale. Millimetres, and a visual analog scale over 10, are tenths of a scale from 0 to 10."""
    unit, value = number.unit.strip().lower(), number.value
    least, most = spec.scale
    hundred = unit == "mm" or (value > 10 and (unit == "%" or (code == _VAS and unit in _SCORE_UNITS)))
    if hundred and (least, most) == (0, 10) and 0 <= value <= 100:
        value /= 10
    elif unit not in _SCORE_UNITS:
        return f"a score in {number.unit} is ambiguous"
    return value if least <= value <= most else f"it is outside {least:g} to {most:g}"


def _measured_number(spec: FactSpec, number: Number, _: tuple[str, str] | None) -> Amount | str:
    """The number in the fact's unit. A temperature without a unit is Celsius where it can be nothing else."""
    target, unit = ucum(spec.unit), ucum(number.unit)
    if target == "Cel" and unit == "1" and 30 <= number.value <= 45:
        unit = "Cel"
    value = convert(number.value, unit, target)
    if value is None:
        return f"its unit is not {spec.unit or 'a bare number'}"
    return _valid(spec, value)


def _drop_number(spec: FactSpec, number: Number, _: tuple[str, str] | None) -> Amount | str:
    """The number in the base unit of its own dimension: a drop in percent is the same in every unit."""
    value = to_base(number.value, ucum(number.unit))
    if value is None:
        return "its unit is missing or not known"
    return "it is not an exact number" if number.comparator else _valid(spec, value)


def _valid(spec: FactSpec, value: Amount) -> Amount | str:
    if spec.valid is not None and not spec.valid[0] <= value <= spec.valid[1]:
        return f"it is outside {spec.valid[0]:g} to {spec.valid[1]:g}"
    return value
