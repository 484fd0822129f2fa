"""A condition reads as an English sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders.packs import (
    ALWAYS,
    above,
    all_of,
    any_of,
    at_least,
    at_most,
    below,
    between,
    equals,
    fact_spec,
    known,
    named,
    not_,
    one_of,
    pack,
    yes,
)
from exercise_cds.cards import rule_sentence, sentence
from exercise_cds.model.normal import NEVER, negation_normal
from exercise_cds.model.pack import NamedCondition
from exercise_cds.model.tree import AllOf, Leaf, Node, Op

FACTS = (
    fact_spec("back_pain", kind="episode", unit="days", says="back pain"),
    fact_spec("days", kind="episode", unit="days", says="since the current episode of back pain began"),
    fact_spec("pain", kind="score", says="pain"),
    fact_spec("age", kind="age", unit="years", says="age"),
    fact_spec("temperature", kind="measurement", unit="Cel", says="newest temperature"),
    fact_spec("pregnancy", kind="measurement", says="pregnancy status"),
    fact_spec("sciatica", says="sciatica"),
    fact_spec("herniation", says="disc herniation"),
    fact_spec("stenosis", says="lumbar spinal stenosis"),
    fact_spec("fall", says="a fall in the last 14 days"),
    fact_spec("dead", kind="deceased", says="the patient has died"),
)
WARNING = named("warning_sign", any_of(yes("fall"), yes("stenosis")))
PACK = replace(
    pack(facts=FACTS),
    named={"warning_sign": NamedCondition("warning_sign", "a warning sign that must be assessed first", WARNING.part)},
)
LEG = any_of(yes("sciatica"), yes("herniation"))
THREE = any_of(yes("sciatica"), yes("herniation"), yes("stenosis"))


@pytest.mark.parametrize(
    ("condition", "reads"),
    [
        (ALWAYS, "always"),
        (NEVER, "never"),
        (AllOf(()), "always"),
        (yes("sciatica"), "sciatica"),
        (not_(yes("sciatica")), "no sciatica"),
        (not_(yes("fall")), "no fall in the last 14 days"),
        (at_least("back_pain", 14), "back pain for at least 14 days"),
        (below("back_pain", 14), "back pain for less than 14 days"),
        (at_most("back_pain", 1), "back pain for at most 1 day"),
        (between("back_pain", 14, 84), "back pain for 14 to 84 days"),
        (not_(between("back_pain", 14, 84)), "back pain for less than 14 or more than 84 days"),
        (equals("back_pain", 14), "back pain for exactly 14 days"),
        (at_least("days", 14), "at least 14 days since the current episode of back pain began"),
        (below("days", 14), "less than 14 days since the current episode of back pain began"),
        (known("days"), "the time since the current episode of back pain began is recorded"),
        (known("back_pain", is_known=False), "the time of back pain is not recorded"),
        (below("pain", 7), "pain below 7"),
        (at_least("pain", 7), "pain of at least 7"),
        (above("pain", 6.6), "pain above 6.6"),
        (between("pain", 4, 6), "pain between 4 and 6"),
        (equals("pain", 0), "pain exactly 0"),
        (not_(equals("pain", 0)), "pain other than 0"),
        (known("pain", is_known=False), "pain is not recorded"),
        (not_(known("pain")), "pain is not recorded"),
        (below("age", 18), "age below 18 years"),
        (at_least("temperature", 38), "newest temperature of at least 38 °C"),
        (equals("pregnancy", "not-pregnant"), "pregnancy status is not pregnant"),
        (not_(equals("pregnancy", "pregnant")), "pregnancy status is not pregnant"),
        (one_of("pregnancy", "pregnant", "unknown"), "pregnancy status is pregnant or unknown"),
        (not_(one_of("pregnancy", "pregnant", "possible", "unknown")), "pregnancy status is none of pregnant, possible and unknown"),
        (Leaf("pain", Op.ONE_OF, (1.0, 2.0, 3.0)), "pain is 1, 2 or 3"),
        (yes("dead"), "the patient has died"),
        (not_(yes("dead")), "the patient is alive"),
        (LEG, "sciatica or disc herniation"),
        (THREE, "sciatica, disc herniation or lumbar spinal stenosis"),
        (not_(LEG), "neither sciatica nor disc herniation"),
        (not_(THREE), "none of sciatica, disc herniation and lumbar spinal stenosis"),
        (WARNING, "a warning sign that must be assessed first"),
        (not_(WARNING), "no warning sign that must be assessed first"),
        (all_of(at_least("back_pain", 14), below("pain", 7)), "back pain for at least 14 days, and pain below 7"),
        (
            all_of(at_least("back_pain", 14), below("pain", 7), LEG),
            "back pain for at least 14 days, and pain below 7, and either sciatica or disc herniation",
        ),
        (
            all_of(below("pain", 7), THREE),
            "pain below 7, and at least one of sciatica, disc herniation and lumbar spinal stenosis",
        ),
        (all_of(below("pain", 7), not_(LEG)), "pain below 7, and neither sciatica nor disc herniation"),
        (
            any_of(yes("sciatica"), all_of(yes("fall"), at_least("age", 65))),
            "sciatica, or both a fall in the last 14 days and age of at least 65 years",
        ),
        (
            any_of(yes("sciatica"), all_of(yes("fall"), at_least("age", 65), below("pain", 7))),
            "sciatica, or (a fall in the last 14 days, and age of at least 65 years, and pain below 7)",
        ),
        (
            all_of(yes("stenosis"), any_of(yes("sciatica"), all_of(yes("fall"), yes("herniation")))),
            "lumbar spinal stenosis, and (sciatica, or both a fall in the last 14 days and disc herniation)",
        ),
        (not_(all_of(yes("sciatica"), below("pain", 7))), "no sciatica or pain of at least 7"),
        (not_(not_(yes("sciatica"))), "sciatica"),
        (not_(ALWAYS), "never"),
        (any_of(yes("sciatica")), "sciatica"),
    ],
)
def test_a_condition_reads_as_english(condition: Node, reads: str) -> None:
    """Every operator and every nesting has its words."""
    assert sentence(condition, PACK) == reads


@pytest.mark.parametrize(
    ("when", "unless", "reads"),
    [
        (ALWAYS, None, "always"),
        (yes("sciatica"), None, "when sciatica"),
        (ALWAYS, at_least("back_pain", 14), "always, unless back pain for at least 14 days"),
        (yes("sciatica"), WARNING, "when sciatica, unless a warning sign that must be assessed first"),
    ],
)
def test_a_rule_reads_as_english(when: Node, unless: Node | None, reads: str) -> None:
    """The sentence of a rule says when it speaks and what silences it."""
    assert rule_sentence(when, unless, PACK) == reads


def test_every_operator_has_words() -> None:
    """No operator, negated or not, is left without a sentence, also for a fact that the pack does not know."""
    numbers: dict[Op, object] = {Op.BETWEEN: (1.0, 2.0), Op.OUTSIDE: (1.0, 2.0), Op.ONE_OF: (1.0, 2.0), Op.NONE_OF: (1.0,), Op.KNOWN: True}
    for op in Op:
        value = numbers.get(op, True if op in (Op.TRUE, Op.FALSE) else 3.0)
        leaf = Leaf("nobody", op, value)  # type: ignore[arg-type]
        for node in (leaf, negation_normal(leaf, negate=True)):
            assert "nobody" in sentence(node, PACK)
