"""Whole patients drawn by chance, held against a second reading of the decision table in a page: what one row does not tell of another."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, NamedTuple

import pytest

from builders.resources import condition, medication, observation, order, procedure, score
from decision_table.running_service import (
    AEROBIC,
    ALL,
    AQUATIC,
    CHOSEN,
    EASY,
    EDUCATION,
    MCKENZIE,
    REFERRAL,
    SCIATICA,
    SIGNED,
    STABILIZATION,
    STRENGTHENING,
    STRETCHING,
    ask,
    years_ago,
)

PATIENTS = int(os.environ.get("LAWS_PATIENTS", "1000"))
SHARDS = 4
EXERCISE = ALL - {EDUCATION, REFERRAL}
TOO_EARLY = frozenset({STRENGTHENING, STABILIZATION, MCKENZIE})
CODES = {
    "plain": ("M54.50", "279039007", "M54.5", "M47.816", "M51.360"),
    "chronic": ("278860009",),
    "sciatica": ("M54.31", "M54.41", "128196005", "M47.26"),
    "chronic sciatica": ("307177001",),
    "herniation": ("M51.26", "202708005"),
    "herniation with sciatica": ("M51.16", "311804006"),
    "stenosis": ("M48.061", "303081002"),
    "slip": ("M43.16", "M43.06", "240221008"),
    "degeneration with leg pain": ("M51.361",),
    "spondyloarthritis": ("M45.6",),
}
CHRONIC, LEG = frozenset({"chronic", "chronic sciatica"}), frozenset({"sciatica", "chronic sciatica", "herniation with sciatica"})
DISC = frozenset({"herniation", "herniation with sciatica"})
DAYS = (0, 5, 13, 14, 27, 28, 60, 84, 85, 400)
AGES = (None, 9, 17, 18, 41, 64, 65, 80)
SCORES = (None, (0, 0), (4, 0), (6.6, 3), (7, 0), (9, 30), (9, 31), (99, 0))
FINDINGS: dict[str, tuple[Callable[[], Any], ...]] = {
    "emergency": (
        lambda: condition("G83.4", onset=1, verification="provisional"),
        lambda: condition("R33.9", recorded=30),
        lambda: condition("M46.26"),
    ),
    "urgent": (
        lambda: condition("C61", onset=900, status="resolved"),
        lambda: condition("R32", onset=30),
        lambda: condition("233985008"),
    ),
    "surgery": (lambda: procedure("50172003", dated=90), lambda: condition("M96.1", onset=30, status="resolved")),
    "heart": (
        lambda: condition("I20.0", onset=400),
        lambda: condition("22298006", onset=60, status="resolved"),
        lambda: condition("I21.9"),
    ),
    "pool": (lambda: condition("125643001", onset=4), lambda: condition("R15.9", onset=900), lambda: condition("G40.919", onset=900)),
    "bone": (
        lambda: condition("M81.0", onset=900),
        lambda: condition("S32.010A", onset=900, status="resolved"),
        lambda: condition("443165006"),
    ),
    "pregnancy": (
        lambda: condition("77386006", onset=300),
        lambda: condition("72892002"),
        lambda: observation("loinc|82810-3", "loinc|LA15173-0"),
    ),
    "falls": (lambda: condition("R29.6", onset=400), lambda: condition("Z91.81")),
    "yellow": (lambda: condition("370143000", onset=900), lambda: observation("loinc|44261-6", 10, dated=180)),
    "under way": (lambda: order("308447003", dated=180), lambda: order("cpt|97161", dated=3, status="on-hold")),
    "nothing": (
        lambda: condition("M17.11", onset=90),
        lambda: condition("84114007", onset=90),
        lambda: condition("R33.9", onset=31),
        lambda: condition("81680005", onset=3),
        lambda: procedure("50172003", dated=91),
        lambda: condition("77386006", onset=301),
        lambda: order("306170007", dated=181),
    ),
}


class Back(NamedTuple):
    """One low-back condition: what it is, when it began, or when it was recorded, and whether it is confirmed."""

    kind: str
    code: str
    onset: int | None
    recorded: int | None
    confirmed: bool


@dataclass(frozen=True)
class Person:
    """One patient in the table's own terms."""

    backs: tuple[Back, ...]
    score: tuple[float, int] | None
    age: int | None
    findings: tuple[str, ...]
    types: tuple[str, ...]
    """The resource type of each finding."""
    chart: tuple[Any, ...] = field(repr=False)

    def has(self, kinds: frozenset[str], *, confirmed: bool = False) -> bool:
        """Whether one of these diagnoses stands; `confirmed`: and not only perhaps."""
        return any(one.kind in kinds and (one.confirmed or not confirmed) for one in self.backs)

    def least(self, kinds: frozenset[str] | None = None) -> int:
        """Days since these diagnoses began, at least; -1 where the chart does not tell."""
        backs = [one for one in self.backs if kinds is None or one.kind in kinds]
        onsets = [one.onset for one in backs if one.onset is not None and one.onset >= 0]
        recorded = [one.recorded for one in backs if one.onset is None and one.recorded is not None]
        return max(onsets or recorded, default=-1)

    @property
    def only_recorded(self) -> bool:
        """Nothing tells when the pain began but the day of recording."""
        return not any(one.onset is not None and one.onset >= 0 for one in self.backs)


def draw(random: Random) -> Person:
    """A patient by chance."""
    backs = []
    for kind in [random.choice(list(CODES)) for _ in range(random.choice((1, 1, 2, 2, 3)))]:
        when = random.random()
        onset = random.choice(DAYS) if when < 0.75 else -3 if when > 0.95 else None
        recorded = random.choice(DAYS) if 0.75 <= when < 0.9 else None
        backs.append(Back(kind, random.choice(CODES[kind]), onset, recorded, random.random() < 0.8))
    found = random.sample(list(FINDINGS), random.choice((0, 0, 1, 1, 2, 3)))
    if random.random() < 0.7:
        found = [name for name in found if name not in {"emergency", "urgent"}]
    chart = [
        condition(b.code, onset=b.onset, recorded=b.recorded, verification="confirmed" if b.confirmed else "differential") for b in backs
    ]
    made = [random.choice(FINDINGS[name])() for name in found]
    chart += made
    scored = random.choice(SCORES)
    if scored is not None:
        chart.append(score(scored[0], dated=scored[1]))
    random.shuffle(chart)
    types = tuple(type(one).__name__ for one in made)
    return Person(tuple(backs), scored, random.choice(AGES), tuple(found), types, tuple(chart))


def base(person: Person) -> tuple[set[str], set[str], set[str]]:
    """Section 1: offered, what may be added, withheld."""
    chronic, least = person.has(CHRONIC), person.least()
    if chronic or least >= 14:
        offered = {EDUCATION, STRETCHING, AEROBIC, STABILIZATION} | ({REFERRAL} if chronic or least >= 85 else set())
        return offered, {STRENGTHENING, MCKENZIE}, set()
    if least < 0 or person.only_recorded:
        return {EDUCATION}, {EASY}, set(TOO_EARLY)
    return {EDUCATION, STRETCHING, EASY, AEROBIC}, set(), set(TOO_EARLY)


def by_diagnosis(person: Person, *, severe: bool) -> tuple[set[str], set[str]]:
    """Section 3: offered besides, withheld."""
    rows: list[tuple[frozenset[str], set[str]]] = [
        (LEG, {SCIATICA}),
        (DISC, {REFERRAL, MCKENZIE}),
        (frozenset({"stenosis"}), {SCIATICA, AEROBIC, REFERRAL}),
        (frozenset({"slip"}), {STABILIZATION, REFERRAL}),
        (frozenset({"degeneration with leg pain"}), {SCIATICA, STABILIZATION, REFERRAL}),
        (frozenset({"spondyloarthritis"}), {REFERRAL, EDUCATION}),
    ]
    offered = set[str]().union(*(programs for kinds, programs in rows if person.has(kinds, confirmed=True)))
    withheld: set[str] = set()
    if person.has(LEG) and person.least(LEG) < 14 and not person.has(frozenset({"chronic sciatica"})):
        withheld |= {STRENGTHENING, STRETCHING} if severe else {STRENGTHENING}
    new_disc = person.has(DISC) and person.least(DISC) < 14
    withheld |= {STRETCHING, MCKENZIE} if new_disc else set()
    withheld |= {STRETCHING} if person.has(DISC) and severe else set()
    withheld |= {STRENGTHENING} if new_disc and severe else set()
    opposed = person.has(frozenset({"stenosis", "slip"}))
    withheld |= {MCKENZIE} if opposed else set()
    withheld |= {SCIATICA, MCKENZIE} if opposed and person.has(DISC) else set()
    return offered, withheld


def expected(person: Person, *, while_ordering: bool = False) -> set[str]:
    """What the whole table offers this patient. `while_ordering`: the offers of sections 1 to 3, with every withholding."""
    found = frozenset(person.findings)
    if found & {"emergency", "urgent"}:
        return set()
    severe = person.score is not None and 7 <= person.score[0] <= 10 and person.score[1] <= 30
    offered, may, withheld = base(person)
    besides, taken = by_diagnosis(person, severe=severe)
    offered, withheld = offered | besides | ({AQUATIC} if severe else set()), withheld | taken
    old = person.age is not None and person.age >= 65
    if not severe and not found & {"pool", "bone", "pregnancy"} and not ("falls" in found and old):
        offered |= may
    if (person.age is not None and person.age < 18) or "surgery" in found:
        withheld |= ALL - {REFERRAL}
        offered |= {REFERRAL}
    if "heart" in found:
        withheld |= EXERCISE
        offered |= {REFERRAL}
    withheld |= {AQUATIC} if "pool" in found else set()
    withheld |= {MCKENZIE} if "pregnancy" in found else set()
    if "bone" in found:
        withheld |= {STRETCHING} | ({SCIATICA} if person.has(frozenset({"stenosis"})) else set())
    if not while_ordering and ("yellow" in found or ("falls" in found and old)):
        offered |= {REFERRAL}
    return offered - withheld - ({REFERRAL} if "under way" in found else set())


@pytest.mark.parametrize("shard", range(SHARDS), ids=[f"shard{number}" for number in range(SHARDS)])
def test_whole_patients_get_what_the_whole_table_offers_them(shard: int) -> None:
    """Neither a program more nor one less, signs said before all, water first in severe pain, and what may be added last."""
    random = Random(f"whole patients {shard}")  # noqa: S311 - chance, no secret
    for _ in range(PATIENTS // SHARDS):
        person = draw(random)
        got = ask(*person.chart, born=None if person.age is None else years_ago(person.age, and_days=40))
        assert set(got.offered) == expected(person), person
        assert ("critical" in got.indicators) == ("emergency" in person.findings), person
        assert ("warning" in got.indicators) == ("urgent" in person.findings), person
        assert AQUATIC not in got.offered or got.offered[0] == AQUATIC, person
        assert got.cards, person


DRAFTS = {
    "imaging": order("cpt|72148", status="draft"),
    "opioid": medication("rxnorm|10689", status="draft"),
    "rest": order(None, text="Strict bed rest", status="draft"),
    "blood count": order("cpt|85025", status="draft"),
}


def speaks_of(draft: str, person: Person) -> bool:
    """Section 6, but for warning signs: whether anything is said of this order."""
    if (person.age is not None and person.age < 18) or {"surgery", "heart"} & set(person.findings):
        return False
    early = not person.has(CHRONIC) and not person.only_recorded and person.least() < 42
    return draft in {"opioid", "rest"} or (draft == "imaging" and early)


@pytest.mark.parametrize("shard", range(SHARDS), ids=[f"shard{number}" for number in range(SHARDS)])
def test_whole_patients_while_an_order_is_written(shard: int) -> None:
    """The section 4 card alone, or the order's own card beside the offers of sections 1 to 3, or nothing."""
    random = Random(f"whole patients, ordering {shard}")  # noqa: S311 - chance, no secret
    for _ in range(PATIENTS // SHARDS):
        person, draft = draw(random), random.choice(list(DRAFTS))
        born = None if person.age is None else years_ago(person.age, and_days=40)
        got = ask(*person.chart, born=born, service=random.choice((CHOSEN, SIGNED)), drafts=(DRAFTS[draft],))
        if {"emergency", "urgent"} & set(person.findings):
            assert got.offered == (), (draft, person)
            assert bool(got.cards) == (draft != "blood count"), (draft, person)
            assert "info" not in got.indicators, (draft, person)
        elif not speaks_of(draft, person):
            assert got.cards == [], (draft, person)
        else:
            assert got.indicators == ("info", "info"), (draft, person)
            assert set(got.offered) == expected(person, while_ordering=True), (draft, person)
            assert draft != "rest" or got.offered[0] == EDUCATION, (draft, person)


MISSING = ("Procedure", "MedicationRequest", "ServiceRequest", "CarePlan", "observations-temperature")


@pytest.mark.parametrize("shard", range(SHARDS), ids=[f"shard{number}" for number in range(SHARDS)])
def test_whole_patients_of_whom_not_everything_could_be_had(shard: int) -> None:
    """Without temperatures nothing is offered, without procedures a referral at most, without the rest all as ever; and it is said."""
    random = Random(f"whole patients, blind {shard}")  # noqa: S311 - chance, no secret
    for _ in range(PATIENTS // SHARDS):
        person, missing = draw(random), frozenset(random.sample(MISSING, random.choice((1, 1, 2, 3))))
        born = None if person.age is None else years_ago(person.age, and_days=40)
        got = ask(*person.chart, born=born, not_sent=missing)
        seen = [name for name, type_ in zip(person.findings, person.types, strict=True) if type_ not in missing]
        offered = expected(replace(person, findings=tuple(seen)))
        if "observations-temperature" in missing:
            offered = set()
        elif "Procedure" in missing:
            offered &= {REFERRAL}
        assert set(got.offered) == offered, (missing, person)
        assert got.cards, (missing, person)
        if not {"emergency", "urgent"} & set(seen) and missing & {"Procedure", "observations-temperature"}:
            assert "ould not be checked" in got.words, (missing, person)
            assert set(got.indicators) == {"info"}, (missing, person)
