"""A warning sign that counts leaves no program at all (decision table, section 4)."""

from __future__ import annotations

from dataclasses import replace

from exercise_cds.model.decision import Gate, Outcome
from laws.patients import EXERCISE, ask, codes_of, every_shard, patients, serving

SIGNS = (
    "cauda_equina", "cord_compression", "new_urinary_retention", "new_bowel_incontinence", "new_foot_drop", "spinal_infection",
    "new_urinary_incontinence", "vertebral_fracture", "fracture_not_healing", "recent_healing_fracture", "active_cancer",
    "cancer_history", "weight_loss", "aortic_aneurysm",
)  # fmt: skip


def test_the_signs_are_facts_of_the_pack() -> None:
    """Every sign of the list is read from the chart, and is part of the pack's warning sign."""
    read = serving().pack.facts
    assert [sign for sign in SIGNS if sign not in read] == []


@every_shard
def test_a_warning_sign_leaves_no_program(shard: int) -> None:
    """Whatever else the chart says: a sign of today, confirmed or only suspected, and nothing at all is offered to a back patient."""
    met = 0
    for patient, random in patients(shard):
        spec = serving().pack.facts[random.choice(SIGNS)]
        sign = {"code": random.choice(codes_of(spec)), "onset": "today"}
        if random.random() < 0.5:
            sign["verification"] = random.choice(("confirmed", "provisional", "differential", "unconfirmed"))
        given = patient.given | {"conditions": [*patient.given["conditions"], sign]}
        seen = ask(replace(patient, given=given, service=EXERCISE))
        assert seen.decision.offered == (), (given, sign)
        assert all("suggestions" not in card for card in seen.composed.cards)
        if seen.decision.about is Gate.OPEN:
            met += 1
            assert seen.decision.outcome is Outcome.WITHHELD
            assert seen.composed.cards[0]["indicator"] in {"warning", "critical"}
    assert met > 0
