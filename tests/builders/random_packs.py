"""Random conditions, facts and rules from a seed: for properties that must hold whatever an author writes and whatever a chart says.

Values are drawn from the thresholds themselves and from just beside them, so that boundaries are hit often. All of it is made from one
`Random`, so that a seed tells a failure again.
"""

from __future__ import annotations

from random import Random

from builders import packs
from exercise_cds.model.facts import Bounds, Cause, Fact, InDoubt, Known, NotRecorded
from exercise_cds.model.pack import Rule, RulePack
from exercise_cds.model.tree import AllOf, AnyOf, Leaf, Named, Node, Not, Op

YES_NO = tuple(f"finding_{letter}" for letter in "abcdefgh")
NUMBERS = ("back_pain_days", "pain_severity", "age", "temperature")
WORDS = ("pregnancy", "smoking")
THRESHOLDS = (0.0, 6.6, 7.0, 14.0, 38.0, 85.0, 0.00001, -3.5, 1e16)
VOCABULARY = ("pregnant", "not-pregnant", "never", "daily", 'it"s', "süß, \\ 7")
PROGRAMS = ("aquatic", "stretching", "strengthening", "walking", "referral")
LOADS = ("extension", "loaded-flexion", "rotation")
DOUBT = InDoubt(Cause.NOT_OBTAINED, "procedures were not sent")

_COMPARISONS = (Op.AT_LEAST, Op.AT_MOST, Op.ABOVE, Op.BELOW, Op.IS)


def random_leaf(random: Random) -> Leaf:
    """Any question that an author may ask, and some that only `not` makes."""
    sort = random.random()
    if sort < 0.45:
        return packs.yes(random.choice(YES_NO))
    if sort < 0.55:
        return packs.known(random.choice(YES_NO + NUMBERS + WORDS), is_known=random.random() < 0.5)
    if sort < 0.65:
        fact = random.choice(WORDS)
        if random.random() < 0.5:
            return packs.equals(fact, random.choice(VOCABULARY))
        return packs.one_of(fact, *random.sample(VOCABULARY, random.randint(1, 3)))
    fact = random.choice(NUMBERS)
    if random.random() < 0.15:
        return packs.between(fact, *sorted(random.sample(THRESHOLDS, 2)))
    if random.random() < 0.1:
        return Leaf(fact, Op.ONE_OF, tuple(random.sample(THRESHOLDS, random.randint(1, 3))))
    return Leaf(fact, random.choice(_COMPARISONS), random.choice(THRESHOLDS))


def random_node(random: Random, depth: int = 3) -> Node:
    """Any condition, up to so many levels of `all`, `any`, `not` and names."""
    sort = random.random()
    if depth == 0 or sort < 0.35:
        return packs.ALWAYS if sort < 0.01 else random_leaf(random)
    if sort < 0.47:
        return Not(random_node(random, depth - 1))
    if sort < 0.52:
        return Named("a_name", random_node(random, depth - 1))
    parts = tuple(random_node(random, depth - 1) for _ in range(random.choice((0, 1, 2, 2, 2, 3, 3, 4))))
    return (AllOf if random.random() < 0.5 else AnyOf)(parts)


def random_number(random: Random) -> float:
    """A threshold, or a number just beside one."""
    return random.choice(THRESHOLDS) + random.choice((0.0, 0.0, 0.1, -0.1, 1.0, -1.0, 0.000001))


def random_fact(random: Random, name: str, *, known: float = 0.6) -> Fact:
    """A fact of the type that the name stands for, in any of its states; `known` is how often it is known exactly."""
    if random.random() >= known:
        if name in NUMBERS and random.random() < 0.5:
            least, most = sorted((random_number(random), random_number(random)))
            bounds = random.choice(((least, None), (None, most), (least, most)))
            return Known(least) if least == most else Bounds(*bounds)
        return random.choice((NotRecorded(), DOUBT))
    if name in NUMBERS:
        value = random_number(random)
        return Known(int(value) if value.is_integer() and random.random() < 0.3 else value)
    if name in WORDS:
        return Known(random.choice((*VOCABULARY, "a word that nobody asks")))
    return Known(random.random() < 0.5)


def random_facts(random: Random, *, known: float | None = None) -> dict[str, Fact]:
    """A value for every fact that a random condition may read."""
    share = random.choice((0.0, 0.5, 0.8, 1.0)) if known is None else known
    return {name: random_fact(random, name, known=share) for name in YES_NO + NUMBERS + WORDS}


def all_true(random: Random) -> dict[str, Fact]:
    """A chart in which every yes/no fact is true: the widest that an evaluation gets."""
    return random_facts(random, known=1.0) | {name: Known(True) for name in YES_NO}


def random_rule(random: Random, name: str, depth: int = 3) -> Rule:
    """A rule that says, offers, notes and withholds whatever."""
    programs = random.sample(PROGRAMS, random.randint(1, 3))
    return packs.rule(
        name,
        random_node(random, depth),
        random_node(random, depth - 1) if random.random() < 0.4 else None,
        says=packs.card(random.choice(("info", "warning", "critical"))) if random.random() < 0.2 else None,
        offers=[packs.offer(*programs, rank=random.choice(("first", "plain", "plain", "weak")))] if random.random() < 0.6 else [],
        notes=[packs.note("a line", random.choice((None, programs[0])))] if random.random() < 0.2 else [],
        withholds=_random_withholds(random, programs) if random.random() < 0.3 else [],
        silent=random.random() < 0.1,
    )


def _random_withholds(random: Random, programs: list[str]) -> list[packs.Withhold]:
    if random.random() < 0.5:
        return [packs.withhold(*programs)]
    within = random.sample(PROGRAMS, 1) if random.random() < 0.3 else ()
    return [packs.withhold(loads=random.sample(LOADS, random.randint(1, 2)), within=within)]


def random_pack(random: Random, rules: int = 8, depth: int = 3) -> RulePack:
    """A pack of random rules over five programs with steps, a fallback, and sometimes gates."""
    programs = [
        packs.program(
            name,
            *(packs.step(f"step-{number}", *random.sample(LOADS, random.randint(0, 2))) for number in range(random.randint(0, 3))),
            options={"pool": "in water", "land": "on land"},
            in_place_if=random_node(random, 1) if random.random() < 0.3 else None,
        )
        for name in PROGRAMS
    ]
    gated = random.random() < 0.3
    return packs.pack(
        *(random_rule(random, f"rule-{number}", depth) for number in range(rules)),
        about=random_node(random, 1) if gated else packs.ALWAYS,
        services=[packs.service(when=random_node(random, 1) if random.random() < 0.3 else None)],
        programs=programs,
        fallback="referral" if random.random() < 0.7 else None,
    )
