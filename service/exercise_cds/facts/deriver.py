"""From the chart to the facts: one derive function per row of the table of kinds. Pure: the chart brings the day of asking with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from exercise_cds.facts.answers import derive_answer, newest_answer
from exercise_cds.facts.episode import derive_episode
from exercise_cds.facts.findings import (
    derive_care_plan,
    derive_condition,
    derive_draft_order,
    derive_medication,
    derive_order,
    derive_procedure,
)
from exercise_cds.facts.look import Look, Terms
from exercise_cds.facts.newest import Newest
from exercise_cds.facts.observations import derive_measurement, derive_score, newest_measurement, newest_score
from exercise_cds.facts.onset import Standing
from exercise_cds.facts.person import derive_age, derive_deceased
from exercise_cds.model.chart import Chart
from exercise_cds.model.facts import FALSE, Fact, Facts, NotRecorded
from exercise_cds.model.kinds import KINDS, Ask, ValueType
from exercise_cds.model.matching import first_word
from exercise_cds.model.pack import FactSpec, RulePack

DERIVE: Mapping[str, Callable[[FactSpec, Look], Fact]] = MappingProxyType({
    "episode": derive_episode,
    "score": derive_score,
    "measurement": derive_measurement,
    "condition": derive_condition,
    "procedure": derive_procedure,
    "medication": derive_medication,
    "order": derive_order,
    "draft_order": derive_draft_order,
    "answer": derive_answer,
    "age": derive_age,
    "deceased": derive_deceased,
    "care_plan": derive_care_plan,
})  # fmt: skip
"""Every kind of `model/kinds` but `when`, which is inlined in the trees."""

_NEWEST: Mapping[str, Callable[[FactSpec, Look], Newest]] = MappingProxyType(
    {"score": newest_score, "measurement": newest_measurement, "answer": newest_answer},
)
"""The kinds that `overruled_by` may name."""

_NOTHING = NotRecorded()
_NONE: Facts = MappingProxyType({})


class Deriver:
    """Derives a pack's facts. Made once per pack; holds what does not change from chart to chart."""

    def __init__(self, pack: RulePack) -> None:
        self._specs = dict(pack.facts)
        self._terms = _terms(pack)
        self._idle: dict[str, Fact] = {
            name: FALSE if KINDS[spec.kind].value is ValueType.YES_NO else _NOTHING for name, spec in pack.facts.items()
        }
        self._types = {
            name: frozenset(reads.type for reads in KINDS[spec.kind].reads if reads.ask is not Ask.CONTEXT)
            for name, spec in pack.facts.items()
        }

    def alike(self, other: Deriver) -> bool:
        """Whether both derive the same facts of every chart that was read alike."""
        return (self._specs, self._terms) == (other._specs, other._terms)

    def derive(self, chart: Chart, only: frozenset[str] | None = None, *, known: Facts = _NONE) -> Facts:
        """Every fact of the pack by name, or of `only` those. `known` are facts that were derived of the same chart before."""
        facts = dict(self._idle) if only is None else {name: fact for name, fact in self._idle.items() if name in only}
        facts |= known
        reading = _Reading(self._specs, self._types, self._terms, chart)
        for name in reading.busy(facts):
            if name not in known:
                spec = self._specs[name]
                facts[name] = DERIVE[spec.kind](spec, reading.look(spec))
        return facts


class _Reading:
    """One call's reading of one chart: what every fact of it may look at."""

    def __init__(self, specs: Mapping[str, FactSpec], types: Mapping[str, frozenset[str]], terms: Terms, chart: Chart) -> None:
        self._specs = specs
        self._types = types
        self._terms = terms
        self._chart = chart
        self._unreadable = Counter(name for one in chart.unreadable for name in one.facts)
        self._standings: dict[int, Standing] = {}

    def busy(self, names: Iterable[str]) -> list[str]:
        """Those of the facts for which the chart holds anything, or lacks something."""
        chart, unreadable = self._chart, self._unreadable
        entries, later, gaps = chart.entries, chart.later, chart.gaps_of
        return [name for name in names if entries.get(name) or name in later or name in gaps or name in unreadable]

    def look(self, spec: FactSpec) -> Look:
        """The fact's view of the chart. A type that the site never shares is never in doubt: each card says so instead."""
        chart, name = self._chart, spec.name
        unchecked = bool(chart.unchecked) and bool(self._types[name]) and self._types[name] <= chart.unchecked
        return Look(
            chart.today,
            chart.zone,
            self._terms,
            chart.entries.get(name, ()),
            () if unchecked else chart.gaps_of.get(name, ()),
            0 if unchecked else self._unreadable[name],
            self._standings,
            self._newest(spec.overruled_by.fact) if spec.overruled_by is not None else None,
            chart.later.get(name, ()),
            set(),
        )

    def _newest(self, name: str) -> Newest:
        """The newest reading of another fact, for `overruled_by`."""
        other = self._specs[name]
        return _NEWEST[other.kind](other, self.look(other))


def _terms(pack: RulePack) -> Terms:
    """What the pack's value sets say of their codes."""
    codes = [(code, (code.system, code.code)) for valueset in pack.valuesets.values() for code in valueset.codes]
    setting = pack.settings.get("chronic_from_days")
    return Terms(
        unverified=frozenset((code.system, code.code) for valueset in pack.valuesets.values() for code in valueset.unverified),
        calls={word: frozenset(key for code, key in codes if first_word((word,), [code.display])) for word in ("chronic", "acute")},
        chronic_from=setting.value if setting is not None else Terms().chronic_from,
    )
