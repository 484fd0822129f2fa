"""Which elements of each resource type are validated: what facts read, and what always changes its meaning.

The lists are generated from the table of kinds: the elements that a kind's derive function may touch, every other name of a choice
(`onset[x]`), what the type requires, `modifierExtension` and `implicitRules`, and the primitive sibling (`_status`) of each. An
element outside the list is not validated: a vendor's narrative or a broken address must not silence a chart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from exercise_cds.fhir.models import Model, model_of
from exercise_cds.model.kinds import KINDS
from exercise_cds.model.pack import FactSpec

MEANING = frozenset({"implicitRules", "modifierExtension"})
"""Elements that may turn any other into its contrary (FHIR R4, 2.1.0.4 "Modifier extensions")."""
MEDICATION = frozenset({"resourceType", "id", "code", "status", "_id", "_status"}) | MEANING
"""What is kept of a Medication that a MedicationRequest refers to."""


def elements_of(facts: Iterable[FactSpec]) -> Mapping[str, frozenset[str]]:
    """By resource type: the names of the elements to validate."""
    read: dict[str, set[str]] = {}
    for spec in facts:
        for reads in KINDS[spec.kind].reads:
            read.setdefault(reads.type, set()).update(reads.elements)
    return {type_: kept(model_of(type_), names) for type_, names in read.items()}


def kept(model: Model, read: Iterable[str]) -> frozenset[str]:
    """The elements to validate where those of `read` are read."""
    names = set(read) | model.required | MEANING
    names |= {other for name in names for other in model.choices.get(name, ())}
    names |= {f"_{name}" for name in names}
    return frozenset((names | {"resourceType"}) & model.names)
