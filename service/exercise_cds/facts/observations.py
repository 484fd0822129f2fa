"""The kinds `score` and `measurement`: the newest usable value. Law: docs/authors/facts.md."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from exercise_cds.facts.look import Look, in_order, newest_doubt
from exercise_cds.facts.newest import Newest, Reading, Waiting, as_fact, newest
from exercise_cds.facts.readings import observed, read_measurement, read_score
from exercise_cds.model.facts import Fact, Known, NotRecorded
from exercise_cds.model.pack import FactSpec


def derive_score(spec: FactSpec, look: Look) -> Fact:
    """A pain score on the fact's scale, decimals kept."""
    return as_fact(newest_score(spec, look))


def derive_measurement(spec: FactSpec, look: Look) -> Fact:
    """A number in the fact's unit, or one of the author's words; with `drop_over` how far it has fallen."""
    if spec.drop_over is not None:
        return _drop(spec, look, spec.drop_over)
    return as_fact(newest_measurement(spec, look))


def newest_score(spec: FactSpec, look: Look) -> Newest:
    """The newest reading itself, for `overruled_by`."""
    return newest(spec, look, observed(look), read_score)


def newest_measurement(spec: FactSpec, look: Look) -> Newest:
    """The newest reading itself, for `overruled_by`."""
    return newest(spec, look, observed(look), read_measurement)


def _drop(spec: FactSpec, look: Look, days: int) -> Fact:
    """Percent from the highest reading of the last `days` to the newest; a rise is 0; readings of one moment alone tell nothing."""
    sources = observed(look)
    found = newest(spec, look, sources, read_measurement)
    if found.reading is None or isinstance(found.reading.value, str):
        return found.doubt or NotRecorded(found.remarks, found.evidence)
    last = found.reading
    start = look.today - timedelta(days=days)
    compared = [one.opened(look) if isinstance(one, Waiting) else one for one in sources if start <= one.day <= last.day]
    earlier = [one for one in compared if one is not None and one.moment is not None and one.moment != last.moment]
    values = [one for source in earlier for one in read_measurement(spec, look, source) if isinstance(one, Reading)]
    before = [one for one in values if start <= one.day <= last.day]
    if in_doubt := newest_doubt(look, max(days, spec.within or 0), None, found.evidence):
        return in_doubt
    if not before:
        return NotRecorded((*found.remarks, f"{spec.says}: one value alone"), found.evidence)
    highest = max(before, key=lambda one: (float(one.value), one.evidence.resource))
    most, now = float(highest.value), float(last.value)
    fallen = max(0.0, round((most - now) / most * 100, 9)) if most > 0 else 0.0  # rounded: 5 % of pounds must not come out as 4.999
    told = replace(highest.evidence, remark="the highest")
    return Known(fallen, in_order([*found.evidence, told]), found.remarks)
