"""The kind `answer`: the newest answer to a questionnaire item, wherever in the response the item stands."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

from exercise_cds.facts.dates import moment
from exercise_cds.facts.look import Look
from exercise_cds.facts.newest import LeftOut, Newest, Reading, Source, as_fact, newest
from exercise_cds.facts.readings import Number, Useless, Value, boolean, coded, quantity, reading, understood
from exercise_cds.facts.units import convert, ucum
from exercise_cds.model.facts import Fact
from exercise_cds.model.matching import normal_code
from exercise_cds.model.pack import FactSpec

_USABLE = frozenset({"completed", "amended"})


def derive_answer(spec: FactSpec, look: Look) -> Fact:
    """A number, or one of the author's words."""
    return as_fact(newest_answer(spec, look))


def newest_answer(spec: FactSpec, look: Look) -> Newest:
    """The newest answer itself, for `overruled_by`."""
    responses = [entry.resource for entry in look.entries]
    sources = [Source(moment(one.authored, look.zone), one) for one in responses if one.status in _USABLE]
    return newest(spec, look, sources, _read)


def _read(spec: FactSpec, _: Look, source: Source) -> list[Reading | LeftOut]:
    """The answers that a response holds to the items of the fact's linkIds."""
    response = source.resource
    resource = f"QuestionnaireResponse/{response.id}" if response.id else "QuestionnaireResponse"
    values = [_value(spec, answer) for answer in _answers(response.item, spec.link_ids)]
    return [reading(value, source.moment, resource, None, "") for value in values if value is not None]


def _answers(items: list[Any] | None, link_ids: tuple[str, ...]) -> Iterator[Any]:
    """The answers to the items of these linkIds, items nested in items and in answers included."""
    for item in items or ():
        for answer in item.answer or ():
            if item.linkId in link_ids:
                yield answer
            yield from _answers(answer.item, link_ids)
        yield from _answers(item.item, link_ids)


def _value(spec: FactSpec, answer: Any) -> Value | Useless | None:
    if (coding := answer.valueCoding) is not None:
        return coded(spec, [normal_code(coding.system, coding.code)], [coding.display])
    if answer.valueBoolean is not None:
        return boolean(spec, said=answer.valueBoolean)
    number = _number(answer)
    return understood(spec, number, None, _in_unit) if number is not None else None


def _number(answer: Any) -> Number | None:
    if (value := answer.valueQuantity) is not None:
        return quantity(value)
    for value in (answer.valueInteger, answer.valueDecimal):
        if value is not None:
            return Number(Decimal(value), "", "", str(value))
    return None


def _in_unit(spec: FactSpec, number: Number, _: tuple[str, str] | None) -> Decimal | Fraction | str:
    """A bare number is believed to be in the fact's unit; a Quantity is converted."""
    if not number.unit:
        return number.value
    value = convert(number.value, ucum(number.unit), ucum(spec.unit))
    return f"its unit is not {spec.unit or 'a bare number'}" if value is None else value
