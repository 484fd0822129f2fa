"""What a rule withholds is not offered, and a step with a withheld load is never shown."""

from __future__ import annotations

from exercise_cds.model.decision import Why
from laws.patients import every_shard, patients, serving


@every_shard
def test_what_a_rule_withholds_is_not_offered(shard: int) -> None:
    """No offered program is withheld by any rule, and no step that carries a withheld load is left in it or stands in its order."""
    pack = serving().pack
    rules = {rule.id: rule for rule in pack.rules}
    for one in patients(shard):
        withholds = [held for outcome in one.decision.rules if outcome.withholds in set(Why) for held in rules[outcome.rule].withholds]
        orders = [suggestion["actions"] for card in one.cards for suggestion in card.get("suggestions", ())]
        for offer, order in zip(one.decision.offered, orders, strict=True):
            program = pack.programs[offer.program]
            gone = {
                step.id
                for step in program.steps
                for held in withholds
                if held.loads & step.loads and (not held.within or program.id in held.within)
            }
            assert not any(program.id in held.programs for held in withholds), (program.id, one.patient)
            assert gone.isdisjoint(offer.steps)
            shown = str(order)
            assert [step.id for step in program.steps if (step.text.rstrip(".") in shown) != (step.id not in gone)] == [], (
                program.id,
                one.patient,
            )
