"""What a service's rules ask: which facts, compared with which numbers, and how a person may turn each of them."""

from __future__ import annotations

from typing import Any

from exercise_cds.model.kinds import KINDS, ValueType
from exercise_cds.model.pack import FactSpec, RulePack
from exercise_cds.model.tree import leaves

_RANGES = {"days": (0.0, 120.0), "years": (0.0, 100.0), "Cel": (35.0, 41.0), "%": (0.0, 30.0), "kg/m2": (15.0, 60.0)}
"""Where a slider begins and ends, by unit."""
_FURTHEST = 400
"""Numbers beyond this mark no turn on a slider of days: a window of a hundred years is no length of pain."""


def facts_read(pack: RulePack, service: str) -> dict[str, list[float]]:
    """Every fact that a service's rules ask about, with the numbers that they compare it to, in order."""
    found: dict[str, set[float]] = {}
    for rule in pack.rules_of(service):
        for node in rule.conditions:
            for leaf in leaves(node):
                values = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
                numbers = {float(one) for one in values if isinstance(one, int | float) and not isinstance(one, bool)}
                found.setdefault(leaf.fact, set()).update(numbers)
    for leaf in leaves(pack.about):
        found.setdefault(leaf.fact, set())
    return {name: sorted(numbers) for name, numbers in found.items()}


def controls(pack: RulePack, service: str) -> list[dict[str, Any]]:
    """A slider or a switch for each fact that the rules ask, those that every card tells first."""
    read = facts_read(pack, service)
    gate = {leaf.fact for leaf in leaves(pack.about)}
    rows = [
        _control(pack.facts[name], numbers, main=_is_main(pack.facts[name], gate)) for name, numbers in read.items() if name in pack.facts
    ]
    return sorted(rows, key=lambda row: (not row["main"], row["type"] != "number", row["unit"] != "days"))


def _is_main(spec: FactSpec, gate: set[str]) -> bool:
    return spec.tell or spec.kind == "age" or (spec.name in gate and spec.kind != "deceased")


def _control(spec: FactSpec, numbers: list[float], *, main: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"name": spec.name, "says": spec.says, "unit": spec.unit, "main": main}
    if KINDS[spec.kind].value is ValueType.YES_NO:
        return row | {"type": "yes/no"}
    words = [answer for answer in dict.fromkeys(spec.answers.values()) if isinstance(answer, str)]
    if words:
        return row | {"type": "word", "words": words}
    least, most = _RANGES.get(spec.unit, spec.scale)
    if numbers and max(numbers) <= _FURTHEST:
        most = max(most, *numbers)
    step = min(1.0, spec.step)
    return row | {"type": "number", "least": least, "most": most, "step": step, "turns": [one for one in numbers if least < one < most]}
