"""Facts of a pack and charts for them, in one line each: `derive(fact("condition", codes=["G83.4"]), condition("G83.4"))`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from builders.guarded import Guarded
from builders.resources import TODAY, code_of
from exercise_cds.facts import Deriver
from exercise_cds.model.chart import Chart, Entry, Gap, Issue, IssueKind, Unreadable
from exercise_cds.model.codes import ICD10CM, Code, Stems, ValueSet
from exercise_cds.model.facts import Cause, Fact
from exercise_cds.model.kinds import KINDS, Ask
from exercise_cds.model.pack import CardTexts, FactSpec, Matcher, RulePack, Setting, Site, Source
from exercise_cds.model.tree import Always

LOW_BACK = Site("low-back", ("low back", "lumbar", "lower back"), frozenset({code_of("37822005")}))


def fact(kind: str, name: str = "the_fact", **keys: Any) -> FactSpec:
    """A FactSpec. `codes`, `codes_with_site`, `stems`, `words`, `not_words`, `site` make its matcher; `answers` is code -> meaning."""
    matcher = Matcher(
        codes=frozenset(code_of(code) for code in keys.pop("codes", ())),
        codes_with_site=frozenset(code_of(code) for code in keys.pop("codes_with_site", ())),
        stems=tuple(Stems(ICD10CM, first, last, frozenset(but)) for first, last, but in keys.pop("stems", ())),
        words=tuple(keys.pop("words", ())),
        not_words=tuple(keys.pop("not_words", ())),
        site=keys.pop("site", None),
    )
    if "answers" in keys:
        keys["answers"] = {code_of(code): meaning for code, meaning in keys["answers"].items()}
    for name_of_list in ("prefer", "category"):
        if name_of_list in keys:
            keys[name_of_list] = tuple(code_of(code) for code in keys[name_of_list])
    if isinstance(keys.get("status"), str):
        keys["status"] = frozenset() if keys["status"] == "any" else frozenset(keys["status"].split())
    return FactSpec(name=name, kind=kind, says=keys.pop("says", name.replace("_", " ")), matcher=matcher, **keys)


def pack_of(*facts: FactSpec, valuesets: Iterable[ValueSet] = (), settings: Mapping[str, float] | None = None) -> RulePack:
    """The smallest pack that holds these facts."""
    return RulePack(
        id="test-pack",
        version="2026.3.0",
        digest="0" * 64,
        status="draft",
        approved_by="",
        title="",
        about=Always(),
        required=(),
        if_nothing_left=None,
        settings={name: Setting(name, value, value, "days", 0, 1000, "") for name, value in (settings or {}).items()},
        facts={spec.name: spec for spec in facts},
        named={},
        rules=(),
        programs={},
        groups={},
        services={},
        evidence={},
        valuesets={valueset.name: valueset for valueset in valuesets},
        card=CardTexts((), Source(""), (), ""),
    )


def value_set(name: str, *codes: tuple[str, str], unverified: Iterable[str] = ()) -> ValueSet:
    """A value set of (code in one word, display)."""
    made = tuple(Code(*code_of(code), display) for code, display in codes)
    doubted = {code_of(code) for code in unverified}
    keys = frozenset((code.system, code.code) for code in made)
    return ValueSet(name, name, made, frozenset(code for code in made if (code.system, code.code) in doubted), keys)


def chart_of(
    facts: Iterable[FactSpec],
    *resources: Any,
    drafts: Iterable[Any] = (),
    today: date = TODAY,
    zone: str = "UTC",
    gaps: Iterable[Gap] = (),
    unreadable: int = 0,
    unchecked: Iterable[str] = (),
    guarded: bool = True,
) -> Chart:
    """A chart whose every fact is given every resource of the types that its kind reads: the superset that selection promises.

    `gaps` and `unreadable` entries concern all facts. Each resource is shown through `Guarded` unless told otherwise.
    """
    entries: dict[str, tuple[Entry, ...]] = {}
    for spec in facts:
        from_context = {reads.type for reads in KINDS[spec.kind].reads if reads.ask is Ask.CONTEXT}
        from_chart = {reads.type for reads in KINDS[spec.kind].reads} - from_context
        taken = [one for one in resources if type(one).__name__ in from_chart] + [
            one for one in drafts if type(one).__name__ in from_context
        ]
        entries[spec.name] = tuple(
            Entry(Guarded(one, spec.kind) if guarded else one, type(one).__name__, f"entry[{n}]", frozenset({spec.name}))
            for n, one in enumerate(taken)
        )
    names = frozenset(entries)
    issue = Issue(IssueKind.INVALID, "entry[0]")
    return Chart(
        today=today,
        zone=ZoneInfo(zone),
        entries=entries,
        gaps={gap.key: gap for gap in gaps},
        gaps_of={name: tuple(gaps) for name in names} if gaps else {},
        unreadable=tuple(Unreadable(issue, names) for _ in range(unreadable)),
        unchecked=frozenset(unchecked),
    )


def derive(spec: FactSpec, *resources: Any, others: Iterable[FactSpec] = (), **keys: Any) -> Fact:
    """The one fact's value over a chart of these resources (`others`: facts that it names)."""
    pack_keys = {name: keys.pop(name) for name in ("valuesets", "settings") if name in keys}
    facts = (spec, *others)
    keys["gaps"] = tuple(keys.get("gaps", ()))
    return Deriver(pack_of(*facts, **pack_keys)).derive(chart_of(facts, *resources, **keys))[spec.name]


def gap(key: str = "conditions", cause: Cause = Cause.NOT_OBTAINED, why: str = "they were not sent", *, back_to: date | None = None) -> Gap:
    """What is missing under a prefetch key."""
    return Gap(key, cause, why, back_to)
