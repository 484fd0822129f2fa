"""Tiny builders of R4B models for tests: one function per resource type, dates told as days before a pinned day.

`condition("M54.50", onset=13)` began 13 days before `TODAY`; a text is taken as it stands (`onset="2026-02"`); a negative number is
a day to come. Whatever else FHIR knows goes in by its own name: `condition("M54.50", onsetString="about 3 weeks")`. Codes may be
written `loinc|8310-5`; without a system an ICD-10-CM code is known by its form and digits are SNOMED CT.
"""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from functools import cache
from importlib import import_module
from typing import Any

from exercise_cds.model.codes import CPT, ICD10CM, LOINC, RXNORM, SNOMED

TODAY = date(2026, 3, 2)
"""The day of asking in every test that does not say otherwise."""

When = int | str | None
SYSTEMS = {"snomed": SNOMED, "loinc": LOINC, "icd-10-cm": ICD10CM, "cpt": CPT, "rxnorm": RXNORM}
_ICD10_FORM = re.compile(r"[A-Z]\d[0-9A-Z](\.?[0-9A-Z]{1,4})?", re.IGNORECASE)
_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"


def day(ago: When, today: date = TODAY) -> str | None:
    """The FHIR date of so many days before `today`; a text as it stands."""
    return (today - timedelta(days=ago)).isoformat() if isinstance(ago, int) else ago


def code_of(written: str) -> tuple[str, str]:
    """(system, code) of a code in one word: `loinc|8310-5`, `M54.50`, `279039007`."""
    if "|" in written:
        system, _, code = written.rpartition("|")
        return SYSTEMS.get(system, system), code
    return (ICD10CM if _ICD10_FORM.fullmatch(written) else SNOMED), written


def concept(code: str | None = None, *, text: str | None = None, display: str | None = None) -> dict[str, Any]:
    """A CodeableConcept as JSON, with at most one coding."""
    made: dict[str, Any] = {"text": text} if text else {}
    if code:
        system, bare = code_of(code)
        made["coding"] = [{"system": system, "code": bare} | ({"display": display} if display else {})]
    return made


@cache
def _model(type_: str) -> Any:
    return getattr(import_module(f"fhir.resources.R4B.{type_.lower()}"), type_)


def resource(type_: str, **elements: Any) -> Any:
    """An R4B model of any type; elements that are None are left out."""
    return _model(type_).model_validate({"resourceType": type_} | {name: value for name, value in elements.items() if value is not None})


def as_json(model: Any) -> dict[str, Any]:
    """The resource as an EHR would send it."""
    return {"resourceType": type(model).__name__, **json.loads(model.model_dump_json(exclude_none=True))}


def patient(birth: str | None = "1985-03-02", *, id: str = "p1", **more: Any) -> Any:  # noqa: A002 -- FHIR's own name
    """A Patient; 41 years old today unless told otherwise."""
    return resource("Patient", id=id, birthDate=birth, **more)


def condition(
    code: str | None = "M54.50",
    *,
    onset: When = None,
    recorded: When = None,
    status: str | None = "active",
    verification: str | None = "confirmed",
    abated: When = None,
    text: str | None = None,
    display: str | None = None,
    site: str | None = None,
    id: str | None = "c1",  # noqa: A002 -- FHIR's own name
    subject: str = "Patient/p1",
    **more: Any,
) -> Any:
    """A Condition: low back pain, active and confirmed, without any date, unless told otherwise. `site` is the text of bodySite."""
    elements: dict[str, Any] = {
        "id": id,
        "subject": {"reference": subject},
        "code": concept(code, text=text, display=display) or None,
        "onsetDateTime": day(onset),
        "recordedDate": day(recorded),
        "abatementDateTime": day(abated),
        "clinicalStatus": {"coding": [{"system": _CLINICAL, "code": status}]} if status else None,
        "verificationStatus": {"coding": [{"system": _VERIFICATION, "code": verification}]} if verification else None,
        "bodySite": [{"text": site}] if site else None,
    }
    return resource("Condition", **(elements | more))


def observation(
    code: str,
    value: float | str | None = None,
    *,
    unit: str | None = None,
    dated: When = 0,
    status: str = "final",
    display: str | None = None,
    site: str | None = None,
    id: str | None = "o1",  # noqa: A002 -- FHIR's own name
    subject: str = "Patient/p1",
    **more: Any,
) -> Any:
    """An Observation of today. A number becomes a Quantity, `loinc|LA6113-0` a CodeableConcept; other values come in by FHIR's name."""
    elements: dict[str, Any] = {
        "id": id,
        "subject": {"reference": subject},
        "status": status,
        "code": concept(code, display=display),
        "effectiveDateTime": day(dated),
        "bodySite": {"text": site} if site else None,
    }
    return resource("Observation", **(elements | value_of(value, unit) | more))


def value_of(value: float | str | None, unit: str | None = None) -> dict[str, Any]:
    """`value[x]` of an Observation or of one of its components, as JSON."""
    if value is None:
        return {}
    if isinstance(value, str):
        return {"valueCodeableConcept": concept(value)}
    return {"valueQuantity": {"value": value} | ({"unit": unit, "code": unit} if unit else {})}


def score(value: float | str | None, *, code: str = "loinc|72514-3", unit: str | None = "{score}", **more: Any) -> Any:
    """A pain score of 0 to 10 of today."""
    return observation(code, value, unit=unit if not isinstance(value, str) else None, **more)


def component(code: str, value: float | str | None, *, unit: str | None = None, **more: Any) -> dict[str, Any]:
    """One component of a panel, as JSON."""
    return {"code": concept(code)} | value_of(value, unit) | more


def procedure(
    code: str | None,
    *,
    dated: When = None,
    status: str | None = "completed",
    text: str | None = None,
    id: str | None = "pr1",  # noqa: A002 -- FHIR's own name
    **more: Any,
) -> Any:
    """A Procedure, completed, without any date unless told otherwise."""
    elements: dict[str, Any] = {
        "id": id,
        "subject": {"reference": "Patient/p1"},
        "status": status,
        "code": concept(code, text=text),
        "performedDateTime": day(dated),
    }
    return resource("Procedure", **(elements | more))


def medication(
    code: str | None = None,
    *,
    text: str | None = None,
    display: str | None = None,
    dated: When = None,
    status: str | None = "active",
    intent: str = "order",
    id: str | None = "m1",  # noqa: A002 -- FHIR's own name
    **more: Any,
) -> Any:
    """A MedicationRequest with a medicationCodeableConcept (give `medicationReference` to have that instead)."""
    elements: dict[str, Any] = {
        "id": id,
        "subject": {"reference": "Patient/p1"},
        "status": status,
        "intent": intent,
        "authoredOn": day(dated),
        "medicationCodeableConcept": None if "medicationReference" in more else concept(code, text=text, display=display),
    }
    return resource("MedicationRequest", **(elements | more))


def order(
    code: str | None = None,
    *,
    text: str | None = None,
    dated: When = None,
    status: str | None = "active",
    intent: str = "order",
    id: str | None = "s1",  # noqa: A002 -- FHIR's own name
    **more: Any,
) -> Any:
    """A ServiceRequest."""
    elements: dict[str, Any] = {
        "id": id,
        "subject": {"reference": "Patient/p1"},
        "status": status,
        "intent": intent,
        "authoredOn": day(dated),
        "code": concept(code, text=text) or None,
    }
    return resource("ServiceRequest", **(elements | more))


def care_plan(
    category: str | None = None,
    *,
    activities: tuple[str, ...] = (),
    dated: When = None,
    status: str | None = "active",
    intent: str = "plan",
    id: str | None = "cp1",  # noqa: A002 -- FHIR's own name
    **more: Any,
) -> Any:
    """A CarePlan; `activities` are codes of activity.detail, each in progress."""
    elements: dict[str, Any] = {
        "id": id,
        "subject": {"reference": "Patient/p1"},
        "status": status,
        "intent": intent,
        "category": [concept(category)] if category else None,
        "period": {"start": day(dated)} if dated is not None else None,
        "activity": [{"detail": {"status": "in-progress", "code": concept(code)}} for code in activities] or None,
    }
    return resource("CarePlan", **(elements | more))


def answers(
    *items: dict[str, Any],
    dated: When = 0,
    status: str = "completed",
    id: str | None = "q1",  # noqa: A002 -- FHIR's own name
    **more: Any,
) -> Any:
    """A QuestionnaireResponse of today; each item as JSON: `{"linkId": "total", "answer": [{"valueInteger": 5}]}`."""
    return resource("QuestionnaireResponse", id=id, status=status, authored=day(dated), item=list(items) or None, **more)
