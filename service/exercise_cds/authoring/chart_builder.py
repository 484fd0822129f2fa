"""From the short spelling of a pack's test case to FHIR R4 resources: `{code: M54.50, onset: 13 days ago}` becomes a Condition.

Only what an author writes is set; the rest stays absent, as in a real chart. Dates are the author's: `today`, `13 days ago`, `3 weeks ago`,
`in 2 days`, or any FHIR date or dateTime, partial ones included. A code without a system is ICD-10-CM where it has that
form, SNOMED CT where it is digits only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import count
from typing import Any

from exercise_cds.model.codes import CPT, ICD10CM, LOINC, RXNORM, SNOMED

PATIENT = "example"
SYSTEMS = {"snomed": SNOMED, "loinc": LOINC, "icd-10-cm": ICD10CM, "cpt": CPT, "rxnorm": RXNORM}
_UCUM = "http://unitsofmeasure.org"
_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_RELATIVE = re.compile(r"(?P<n>\d+) (?P<unit>day|week)s? ago|in (?P<ahead>\d+) (?P<ahead_unit>day|week)s?")
_DAYS = {"day": 1, "week": 7}

Item = Mapping[str, Any]


def resources_of(case: Item, today: date) -> list[dict[str, Any]]:
    """Every resource of the case's chart, the Patient first."""
    ids = count(1)
    built = [_patient(case.get("patient") or {}, today)]
    for key, make in _BUILDERS.items():
        built += [make(item, today) for item in case.get(key) or ()]
    for resource in built[1:]:
        resource.setdefault("id", f"{resource['resourceType'].lower()}-{next(ids)}")
        resource.setdefault("subject", {"reference": f"Patient/{PATIENT}"})
    return built


def drafts_of(case: Item, today: date) -> list[dict[str, Any]]:
    """The drafted orders of the hook's context."""
    drafts = []
    for number, item in enumerate(case.get("drafts") or (), 1):
        medication = "medication" in item
        resource: dict[str, Any] = {
            "resourceType": "MedicationRequest" if medication else "ServiceRequest",
            "id": f"draft-{number}",
            "status": item.get("status", "draft"),
            "intent": item.get("intent", "order"),
            "subject": {"reference": f"Patient/{PATIENT}"},
            "authoredOn": today.isoformat(),
        }
        code = concept(item.get("medication") if medication else item.get("code"), item.get("text"))
        resource["medicationCodeableConcept" if medication else "code"] = code
        if item.get("do_not_perform"):
            resource["doNotPerform"] = True
        drafts.append(resource)
    return drafts


def concept(code: str | int | Sequence[str | int] | None, text: str | None = None, display: str | None = None) -> dict[str, Any]:
    """A CodeableConcept of one code or several, with the chart's words where the case gives them."""
    codes = [] if code is None else [code] if isinstance(code, str | int) else list(code)
    built: dict[str, Any] = {}
    if codes:
        built["coding"] = [coding(one) | ({"display": display} if display else {}) for one in codes]
    if text:
        built["text"] = text
    return built


def coding(code: str | int) -> dict[str, str]:
    """A Coding from `system|code`, or from the code's form alone."""
    written = str(code)
    system, bar, bare = written.rpartition("|")
    if bar:
        return {"system": SYSTEMS.get(system, system), "code": bare}
    return {"system": SNOMED if written.isdigit() else ICD10CM, "code": written}


def day(written: object, today: date) -> str:
    """The FHIR spelling of an author's date."""
    text = str(written).strip()
    if text == "today":
        return today.isoformat()
    found = _RELATIVE.fullmatch(text)
    if not found:
        return text
    if found["n"]:
        return (today - timedelta(days=int(found["n"]) * _DAYS[found["unit"]])).isoformat()
    return (today + timedelta(days=int(found["ahead"]) * _DAYS[found["ahead_unit"]])).isoformat()


def _years_before(today: date, years: int) -> str:
    """The birth date of somebody who is `years` old today and has had this year's birthday."""
    try:
        return today.replace(year=today.year - years).isoformat()
    except ValueError:  # 29 February
        return today.replace(year=today.year - years, day=28).isoformat()


def _patient(item: Item, today: date) -> dict[str, Any]:
    built: dict[str, Any] = {"resourceType": "Patient", "id": PATIENT}
    if "age" in item:
        built["birthDate"] = _years_before(today, int(item["age"]))
    if "birth_date" in item:
        built["birthDate"] = day(item["birth_date"], today)
    deceased = item.get("deceased")
    if isinstance(deceased, bool):
        built["deceasedBoolean"] = deceased
    elif deceased is not None:
        built["deceasedDateTime"] = day(deceased, today)
    return built


def _status(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def _condition(item: Item, today: date) -> dict[str, Any]:
    built: dict[str, Any] = {"resourceType": "Condition", "code": concept(item.get("code"), item.get("text"), item.get("display"))}
    if (status := item.get("status", "active")) != "missing":
        built["clinicalStatus"] = _status(_CLINICAL, status)
    if "verification" in item:
        built["verificationStatus"] = _status(_VERIFICATION, item["verification"])
    if item.get("verification") == "entered-in-error":
        built.pop("clinicalStatus", None)  # con-5: the two never stand together
    for key, element in (("onset", "onsetDateTime"), ("recorded", "recordedDate"), ("abated", "abatementDateTime")):
        if key in item:
            built[element] = day(item[key], today)
    if "body_site" in item:
        built["bodySite"] = [{"text": item["body_site"]}]
    return built | _other_onset(item, today)


def _other_onset(item: Item, today: date) -> dict[str, Any]:
    """The rarer spellings of onset[x]."""
    if "onset_age" in item:
        return {"onsetAge": _years(item["onset_age"])}
    if "onset_text" in item:
        return {"onsetString": item["onset_text"]}
    if "onset_period" in item:
        return {"onsetPeriod": {"start": day(item["onset_period"], today)}}
    if "onset_range" in item:
        low, high = item["onset_range"]
        return {"onsetRange": {"low": _years(low), "high": _years(high)}}
    return {}


def _years(value: float) -> dict[str, Any]:
    return {"value": value, "unit": "years", "system": _UCUM, "code": "a"}


def _observation(item: Item, today: date, *, code: str = "", unit: str = "") -> dict[str, Any]:
    built: dict[str, Any] = {
        "resourceType": "Observation",
        "status": item.get("status", "final"),
        "code": concept(item.get("code", code), item.get("text")),
    }
    if "dated" in item:
        built["effectiveDateTime"] = day(item["dated"], today)
    if "body_site" in item:
        built["bodySite"] = {"text": item["body_site"]}
    match item.get("value"):
        case None:
            built["dataAbsentReason"] = {"text": item.get("absent", "unknown")}
        case str() as answer:
            built["valueCodeableConcept"] = concept(answer)
        case number:
            quantity = {"value": number}
            if shown := item.get("unit", unit):
                quantity |= {"unit": shown, "system": _UCUM, "code": shown}
            built["valueQuantity"] = quantity
    return built


def _score(item: Item, today: date) -> dict[str, Any]:
    return _observation(item, today, code="loinc|72514-3", unit="{score}")


def _procedure(item: Item, today: date) -> dict[str, Any]:
    built = {
        "resourceType": "Procedure",
        "status": item.get("status", "completed"),
        "code": concept(item.get("code"), item.get("text"), item.get("display")),
    }
    return built | ({"performedDateTime": day(item["dated"], today)} if "dated" in item else {})


def _order(item: Item, today: date) -> dict[str, Any]:
    built = {
        "resourceType": "ServiceRequest",
        "status": item.get("status", "active"),
        "intent": item.get("intent", "order"),
        "code": concept(item.get("code"), item.get("text"), item.get("display")),
    }
    return built | ({"authoredOn": day(item["dated"], today)} if "dated" in item else {})


def _medication(item: Item, today: date) -> dict[str, Any]:
    built = {
        "resourceType": "MedicationRequest",
        "status": item.get("status", "active"),
        "intent": item.get("intent", "order"),
        "medicationCodeableConcept": concept(item.get("code"), item.get("text"), item.get("display")),
    }
    return built | ({"authoredOn": day(item["dated"], today)} if "dated" in item else {})


def _plan(item: Item, today: date) -> dict[str, Any]:
    built: dict[str, Any] = {
        "resourceType": "CarePlan",
        "status": item.get("status", "active"),
        "intent": item.get("intent", "plan"),
        "category": [_status("http://hl7.org/fhir/us/core/CodeSystem/careplan-category", "assess-plan")],
        "activity": [{"detail": {"status": item.get("activity", "in-progress"), "code": concept(item.get("code"), item.get("text"))}}],
    }
    return built | ({"period": {"start": day(item["dated"], today)}} if "dated" in item else {})


def _answers(item: Item, today: date) -> dict[str, Any]:
    value = item["value"]
    answer = {"valueCoding": coding(value)} if isinstance(value, str) else {"valueDecimal": value}
    built = {
        "resourceType": "QuestionnaireResponse",
        "status": item.get("status", "completed"),
        "item": [{"linkId": str(item["link_id"]), "answer": [answer]}],
    }
    return built | ({"authored": day(item["dated"], today)} if "dated" in item else {})


_BUILDERS = {
    "conditions": _condition,
    "scores": _score,
    "observations": _observation,
    "procedures": _procedure,
    "medications": _medication,
    "orders": _order,
    "plans": _plan,
    "answers": _answers,
}


def bundle(resources: Iterable[Item]) -> dict[str, Any]:
    """A searchset of the resources; without any, no `entry` at all (as FHIR servers answer)."""
    entries = [{"resource": dict(resource)} for resource in resources]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(entries)} | ({"entry": entries} if entries else {})
