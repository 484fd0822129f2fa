"""Units of measurement: what charts write, and exact conversion between them (fractions, so that 100.4 degF is 38 Cel and no less)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit by its dimension: `base value = value * factor + offset`. The base units are Cel, kg, m, kg/m2 and %."""

    dimension: str
    factor: Fraction = Fraction(1)
    offset: Fraction = Fraction(0)


_POUND = Fraction("0.45359237")
_UNITS = {
    "Cel": Unit("temperature"),
    "[degF]": Unit("temperature", Fraction(5, 9), Fraction(-160, 9)),
    "K": Unit("temperature", Fraction(1), Fraction("-273.15")),
    "kg": Unit("mass"),
    "g": Unit("mass", Fraction(1, 1000)),
    "[lb_av]": Unit("mass", _POUND),
    "[oz_av]": Unit("mass", _POUND / 16),
    "m": Unit("length"),
    "cm": Unit("length", Fraction(1, 100)),
    "mm": Unit("length", Fraction(1, 1000)),
    "[in_i]": Unit("length", Fraction("0.0254")),
    "[ft_i]": Unit("length", Fraction("0.3048")),
    "kg/m2": Unit("body mass index"),
    "%": Unit("share"),
    "1": Unit("count"),
}
_SPELLINGS = {
    spelling: unit
    for unit, spellings in {
        "Cel": ("cel", "c", "°c", "degc", "deg c", "celsius", "degrees c", "degrees celsius"),
        "[degF]": ("[degf]", "f", "°f", "degf", "deg f", "fahrenheit", "degrees f", "degrees fahrenheit"),
        "K": ("kelvin",),
        "kg": ("kg", "kgs", "kilogram", "kilograms"),
        "g": ("gram", "grams"),
        "[lb_av]": ("[lb_av]", "lb_av", "lb", "lbs", "pound", "pounds"),
        "[oz_av]": ("[oz_av]", "oz_av", "oz", "ounce", "ounces"),
        "[in_i]": ("[in_i]", "in", "inch", "inches"),
        "[ft_i]": ("[ft_i]", "ft", "foot", "feet"),
        "kg/m2": ("kg/m2", "kg/m^2", "kg/m²", "kg/(m2)", "kg/(m^2)"),
        "%": ("percent",),
        "1": ("", "score", "level", "{score}", "points"),
    }.items()
    for spelling in spellings
}
"""What charts write instead of UCUM, in lower case. K and m are UCUM's own only: a lower-case k or an upper-case M means nothing."""
_ANNOTATION = re.compile(r"\{[^{}]*\}")
"""UCUM: an annotation alone is the number one, whatever it says."""


def is_known(written: str | None) -> bool:
    """Whether a chart's spelling names a unit that can be converted; nothing at all names none."""
    return bool(written and written.strip()) and ucum(written) in _UNITS


def ucum(written: str | None) -> str:
    """The UCUM code of what a chart or an author wrote; what is not known stays as it stands. No unit at all is a bare number."""
    written = (written or "").strip()
    if written in _UNITS:
        return written
    if (unit := _SPELLINGS.get(written.lower())) is not None:
        return unit
    return "1" if _ANNOTATION.fullmatch(written) else written


def to_base(value: Decimal, unit: str) -> Fraction | None:
    """The value in the base unit of its dimension; None for a unit that is not known, and for bare numbers."""
    known = _UNITS.get(unit)
    return Fraction(value) * known.factor + known.offset if known is not None and known.dimension != "count" else None


def convert(value: Decimal, unit: str, target: str) -> Decimal | Fraction | None:
    """The value in the target's unit, exactly; None where the two do not measure the same thing. Both are UCUM codes."""
    if unit == target:
        return value
    known, wanted = _UNITS.get(unit), _UNITS.get(target)
    if known is None or wanted is None or known.dimension != wanted.dimension:
        return None
    return (Fraction(value) * known.factor + known.offset - wanted.offset) / wanted.factor
