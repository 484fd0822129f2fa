"""Durations as authors write them (`30 days`, `6 weeks`, a setting's name) to whole days."""

from __future__ import annotations

from exercise_cds.rulepack.nodes import Place
from exercise_cds.rulepack.report import quoted
from exercise_cds.rulepack.scope import Scope
from exercise_cds.rulepack.units import plain_unit

MOST_DAYS = 40_000
"""A little more than a life."""
_DAYS = {"day": 1, "days": 1, "week": 7, "weeks": 7}


def days(written: str, place: Place, scope: Scope) -> int | None:
    """Whole days, or None with a finding. The shape has checked the spelling."""
    number, _, unit = written.partition(" ")
    if unit:
        found = int(number) * _DAYS[unit]
        if found > MOST_DAYS:
            scope.report.add("bad-duration", place.where, f"{quoted(written)} is longer than a life", f"at most {MOST_DAYS:,} days")
            return None
        return found
    if scope.settings is None or not scope.knows("setting", written, place.where):
        return None
    setting = scope.settings[written]
    if setting is None:
        return None
    if plain_unit(setting.unit) != "days":
        sentence = f"the setting {quoted(written)} counts {setting.unit or 'a score'}, not days"
        scope.report.add("unit-mismatch", place.where, sentence, "use a setting whose unit is days")
        return None
    if not setting.value.is_integer() or not 1 <= setting.value <= MOST_DAYS:
        sentence = f"the setting {quoted(written)} is {setting.value:g}, no whole number of days"
        scope.report.add("bad-duration", place.where, sentence, "write a whole number of days")
        return None
    return int(setting.value)
