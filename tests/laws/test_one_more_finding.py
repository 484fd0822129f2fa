"""Adding a finding that some row withholds for adds no offer that its own rows do not name (law 1)."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from exercise_cds.model.pack import Rule
from exercise_cds.model.tree import facts_read
from laws.patients import Given, ask, codes_of, every_shard, patients, serving, specs, wordless
from laws.test_one_more_rule import offered

LISTS = {"condition": "conditions", "procedure": "procedures", "medication": "medications"}
MEASURED: tuple[Given, ...] = (
    {"code": "loinc|8310-5", "value": 39.0, "unit": "Cel", "dated": "today"},
    {"code": "loinc|82810-3", "value": "loinc|LA15173-0", "dated": "today"},
)
"""A temperature and a pregnancy status: the measurements that rows withhold for."""


@cache
def named_by_rows_that_read(fact: str) -> frozenset[str]:
    """The programs that some rule or gate which reads this fact offers by itself; the fallback among them."""
    pack = serving().pack
    own = {program for rule in pack.rules if fact in _read(rule) for offer in rule.offers for program in offer.programs}
    return frozenset(own | {pack.if_nothing_left or ""})


def _read(rule: Rule) -> frozenset[str]:
    return facts_read(rule.when) | (facts_read(rule.unless) if rule.unless else frozenset())


@cache
def findings() -> tuple[tuple[str, str], ...]:
    """(list of a case, code) of everything in the chart for which some rule withholds; not what makes or dates back pain."""
    withholding = {fact for rule in serving().pack.rules if rule.withholds for fact in _read(rule)}
    episodes = {code for spec in specs("episode") for code in codes_of(spec)}
    return tuple(
        (key, code)
        for kind, key in LISTS.items()
        for spec in specs(kind)
        if spec.name in withholding and not episodes.intersection(codes_of(spec))
        for code in codes_of(spec)
    )


@cache
def touched(code: str) -> frozenset[str]:
    """The programs that rules name which read any fact of this code."""
    pack = serving().pack
    facts = [spec.name for spec in pack.facts.values() if code in codes_of(spec)]
    return frozenset().union(*(named_by_rows_that_read(fact) for fact in facts))


@every_shard
def test_a_withholding_finding_more_adds_only_what_its_own_rows_name(shard: int) -> None:
    """A finding that some rule withholds for brings no offer but those of rules that ask for that very finding."""
    for one in patients(shard):
        random = one.chance
        if random.random() < 0.1:
            key, finding = "observations", random.choice(MEASURED)
        else:
            key, code = random.choice(findings())
            finding = {"code": code, ("onset" if key == "conditions" else "dated"): random.choice(("3 days ago", "200 days ago"))}
        given = one.patient.given | {key: [*one.patient.given.get(key, ()), finding]}
        after = ask(replace(one.patient, given=given), with_=wordless())
        assert offered(after.decision) - offered(one.decision) <= touched(str(finding["code"])), given
