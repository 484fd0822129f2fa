"""A warning sign that counts leaves no program at all (decision table, section 4)."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from exercise_cds.model.decision import Gate, Outcome
from exercise_cds.model.tree import facts_read
from laws.patients import EXERCISE, Given, ask, codes_of, every_shard, patients, serving

SUSPECTED = ("confirmed", "provisional", "differential", "unconfirmed")
BY_THEMSELVES = (
    "cauda_equina",
    "cord_compression",
    "new_urinary_retention",
    "new_bowel_incontinence",
    "new_foot_drop",
    "new_paraplegia",
    "spinal_infection",
    "ruptured_aneurysm",
    "new_aortic_dissection",
    "new_urinary_incontinence",
    "vertebral_fracture",
    "fracture_not_healing",
    "recent_healing_fracture",
    "active_cancer",
    "cancer_history",
    "weight_loss",
    "aortic_aneurysm",
)
"""Signs that one condition of today makes, confirmed or only suspected."""
TOGETHER: tuple[dict[str, list[Given]], ...] = (
    {"conditions": [{"code": "R20.0", "body_site": "saddle"}]},
    {"conditions": [{"code": "26544005", "body_site": "both legs", "onset": "today"}]},
    {
        "conditions": [
            {"code": "26544005", "body_site": "left leg", "onset": "today"},
            {"code": "26544005", "body_site": "right leg", "onset": "today"},
        ]
    },
    {"observations": [{"code": "loinc|8310-5", "value": 39.4, "unit": "Cel", "dated": "today"}]},
    {"observations": [{"code": "loinc|8310-5", "value": 103, "unit": "[degF]", "dated": "today"}], "conditions": [{"code": "226034001"}]},
    {"conditions": [{"code": "1912002", "onset": "3 days ago"}, {"code": "M81.0", "onset": "800 days ago"}]},
    {"conditions": [{"code": "1912002", "onset": "3 days ago", "status": "resolved"}, {"code": "Z79.52"}]},
    {"conditions": [{"code": "1912002", "onset": "today"}], "medications": [{"code": "rxnorm|8640", "dated": "200 days ago"}]},
    {"conditions": [{"text": "Prostate cancer"}]},
    {"conditions": [{"code": "C61", "onset": "800 days ago", "status": "resolved"}]},
    {"conditions": [{"code": "I71.02", "onset": "800 days ago"}]},
    {"conditions": [{"code": "R33.9"}]},
)
"""Signs that more than one datum, another resource, words, a place or a missing date make."""


def test_the_signs_are_all_that_the_pack_knows() -> None:
    """Every sign by itself is read from the chart, and every warning sign of the pack that one condition makes is among them."""
    facts = serving().pack.facts
    assert [sign for sign in BY_THEMSELVES if sign not in facts] == []
    read = facts_read(serving().pack.named["warning_sign"].condition)
    undated = {name for name in read if name.startswith("undated_")}
    made_of_more = {
        "saddle_numbness",
        "new_weakness_both_sides",
        "new_weakness_left",
        "new_weakness_right",
        "temperature",
        "coded_fever",
        "iv_drug_use",
        "immunosuppression",
        "steroid_therapy",
        "steroid_order",
        "lumbar_surgery",
        "after_lumbar_surgery",
        "recent_fall",
        "osteoporosis",
        "age",
        "active_cancer_in_words",
        "cancer_history_in_words",
        "older_aortic_dissection",
    }
    assert read - undated - made_of_more == set(BY_THEMSELVES)


TYPES = {"conditions": "Condition", "observations": "Observation", "medications": "MedicationRequest"}


def with_a_sign(given: Given, random: Random) -> tuple[Given, set[str]]:
    """The chart and one sign more, and the resource types without which it cannot be seen."""
    if random.random() < 0.6:
        spec = serving().pack.facts[random.choice(BY_THEMSELVES)]
        sign: dict[str, Any] = {"code": random.choice(codes_of(spec)), "onset": "today"}
        if random.random() < 0.5:
            sign["verification"] = random.choice(SUSPECTED)
        return given | {"conditions": [*given["conditions"], sign]}, {"Condition"}
    signs = random.choice(TOGETHER)
    return given | {key: [*given.get(key, ()), *more] for key, more in signs.items()}, {TYPES[key] for key in signs}


@every_shard
def test_a_warning_sign_leaves_no_program(shard: int) -> None:
    """Whatever else the chart says: a sign, confirmed or only suspected, and nothing at all is offered to a back patient."""
    met = 0
    for one in patients(shard):
        given, needed = with_a_sign(one.patient.given, one.chance)
        seen = ask(replace(one.patient, given=given, service=EXERCISE))
        assert seen.decision.offered == (), given
        assert all("suggestions" not in card for card in seen.composed.cards)
        if seen.decision.about is Gate.OPEN and not needed & one.patient.missing:
            met += 1
            assert seen.decision.outcome is Outcome.WITHHELD, given
            assert seen.composed.cards[0]["indicator"] in {"warning", "critical"}
    assert met > 0
