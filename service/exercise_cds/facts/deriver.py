"""From the chart to the facts: one derive function per row of the table of kinds. Pure: the chart brings the day of asking with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
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


class Deriver:
    """Derives a pack's facts. Made once per pack; holds what does not change from chart to chart."""

    def __init__(self, pack: RulePack) -> None:
        self._specs = dict(pack.facts)
        self._terms = _terms(pack)
        self._idle = {name: FALSE if KINDS[spec.kind].value is ValueType.YES_NO else _NOTHING for name, spec in pack.facts.items()}
        self._types = {
            name: frozenset(reads.type for reads in KINDS[spec.kind].reads if reads.ask is not Ask.CONTEXT)
            for name, spec in pack.facts.items()
        }

    def derive(self, chart: Chart, only: frozenset[str] | None = None) -> Facts:
        """Every fact of the pack by name, or of `only` those."""
        unreadable = Counter(name for one in chart.unreadable for name in one.facts) if chart.unreadable else Counter[str]()
        facts: dict[str, Fact] = {}
        for name, spec in self._specs.items():
            if only is not None and name not in only:
                continue
            if chart.entries.get(name) or name in chart.gaps_of or name in unreadable:
                facts[name] = DERIVE[spec.kind](spec, self._look(chart, spec, unreadable))
            else:
                facts[name] = self._idle[name]
        return facts

    def _look(self, chart: Chart, spec: FactSpec, unreadable: Counter[str]) -> Look:
        """The fact's view of the chart. A type that the site never shares is never in doubt: each card says so instead."""
        name = spec.name
        unchecked = bool(chart.unchecked) and bool(self._types[name]) and self._types[name] <= chart.unchecked

        return Look(
            today=chart.today,
            zone=chart.zone,
            entries=chart.entries.get(name, ()),
            gaps=() if unchecked else chart.gaps_of.get(name, ()),
            unreadable=0 if unchecked else unreadable[name],
            terms=self._terms,
            newest=self._newest(chart, spec.overruled_by.fact, unreadable) if spec.overruled_by is not None else None,
        )

    def _newest(self, chart: Chart, name: str, unreadable: Counter[str]) -> Newest:
        """The newest reading of another fact, for `overruled_by`."""
        other = self._specs[name]
        return _NEWEST[other.kind](other, self._look(chart, other, unreadable))


def _terms(pack: RulePack) -> Terms:
    """What the pack's value sets say of their codes."""
    codes = [(code, (code.system, code.code)) for valueset in pack.valuesets.values() for code in valueset.codes]
    setting = pack.settings.get("chronic_from_days")
    return Terms(
        unverified=frozenset((code.system, code.code) for valueset in pack.valuesets.values() for code in valueset.unverified),
        chronic=frozenset(key for code, key in codes if first_word(("chronic",), [code.display])),
        acute=frozenset(key for code, key in codes if first_word(("acute",), [code.display])),
        chronic_from=setting.value if setting is not None else Terms().chronic_from,
    )
