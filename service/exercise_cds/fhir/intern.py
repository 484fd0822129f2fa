"""CodeableConcepts already validated, by their exact bytes: status codes and diagnoses repeat in every chart.

Only vocabulary is kept: a concept whose `text`, if it has one, is the display of one of its codings, and that holds nothing but codings
of system, version, code and display. Free text is validated each time and never kept. The memory is bounded.
"""

from __future__ import annotations

from typing import Any

from fhir.resources.R4B.codeableconcept import CodeableConcept
from pydantic import ValidationError

from exercise_cds.fhir.raw import value_of

CONCEPTS = frozenset({"code", "clinicalStatus", "verificationStatus", "medicationCodeableConcept"})
"""Elements, in the types that facts read, that hold one CodeableConcept of vocabulary."""
MOST_KEPT = 1_024
"""About 3 MB; then it begins anew."""
_CODING = frozenset({"system", "version", "code", "display", "userSelected"})
_kept: dict[bytes, CodeableConcept] = {}


def concept(text: bytes, place: str) -> CodeableConcept | None:
    """The validated concept; None where it is not valid. Raises BadRequest where a name stands twice."""
    known = _kept.get(text)
    if known is not None:
        return known
    value = value_of(text, place)
    try:
        made = CodeableConcept.model_validate(value)
    except ValidationError:
        return None
    if is_vocabulary(value):
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        _kept[text] = made
    return made


def is_vocabulary(value: Any) -> bool:
    """Whether a CodeableConcept, or each of a list of them, holds codes and their displays and nothing else."""
    if isinstance(value, list):
        return all(map(is_vocabulary, value))
    if not isinstance(value, dict) or not value.keys() <= {"coding", "text"}:
        return False
    codings = value.get("coding") or []
    if not isinstance(codings, list) or not all(isinstance(one, dict) and one.keys() <= _CODING for one in codings):
        return False
    text = value.get("text")
    return text is None or any(text == coding.get("display") for coding in codings)
