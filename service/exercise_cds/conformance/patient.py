"""A made-up patient, and hook requests about it: an adult with low back pain for half a year. Nobody's data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from exercise_cds.fhir.searches import NotUnderstood, answer
from exercise_cds.model.hooks import HOOKS

PATIENT = "conformance-example"
USER = "Practitioner/conformance-example"
_TERMS = "http://terminology.hl7.org/CodeSystem"
_TOKEN = re.compile(r"{{\s*(?:context\.)?(\w+)\s*}}")


def chart(today: date) -> list[dict[str, Any]]:
    """Its FHIR R4 resources."""
    subject = {"reference": f"Patient/{PATIENT}"}
    began = (today - timedelta(days=180)).isoformat()
    condition = {
        "resourceType": "Condition",
        "id": "c1",
        "clinicalStatus": {"coding": [{"system": f"{_TERMS}/condition-clinical", "code": "active"}]},
        "verificationStatus": {"coding": [{"system": f"{_TERMS}/condition-ver-status", "code": "confirmed"}]},
        "category": [{"coding": [{"system": f"{_TERMS}/condition-category", "code": "problem-list-item"}]}],
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "M54.50", "display": "Low back pain, unspecified"}]},
        "subject": subject,
        "onsetDateTime": began,
        "recordedDate": began,
    }
    pain = {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "72514-3"}]},
        "subject": subject,
        "effectiveDateTime": (today - timedelta(days=3)).isoformat(),
        "valueQuantity": {"value": 5, "unit": "{score}", "system": "http://unitsofmeasure.org", "code": "{score}"},
    }
    return [{"resourceType": "Patient", "id": PATIENT, "gender": "female", "birthDate": f"{today.year - 46}-06-14"}, condition, pain]


def playable(hook: str) -> bool:
    """Whether we know what a request for this hook looks like."""
    return hook in HOOKS


def request_for(service: Mapping[str, Any], today: date) -> dict[str, Any]:
    """A whole request for a service, its prefetch filled as far as its templates are understood."""
    hook = HOOKS[str(service["hook"])]
    context: dict[str, Any] = {"userId": USER, "patientId": PATIENT}
    if hook.drafts:
        order = {
            "resourceType": "ServiceRequest",
            "id": "draft-1",
            "status": "draft",
            "intent": "order",
            "code": {"coding": [{"system": "http://snomed.info/sct", "code": "241646009", "display": "MRI of spine"}]},
            "subject": {"reference": f"Patient/{PATIENT}"},
        }
        context[hook.drafts] = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": order}]}
    if hook.selections:
        context[hook.selections] = ["ServiceRequest/draft-1"]
    whole: dict[str, Any] = {"hook": hook.name, "hookInstance": str(uuid4()), "context": context}
    if prefetch := _filled(service.get("prefetch"), today):
        whole["prefetch"] = prefetch
    return whole


def _filled(templates: Any, today: date) -> dict[str, Any]:
    resources = chart(today)
    words = {"patientId": PATIENT, "userId": USER, "userPractitionerId": USER.partition("/")[2]}
    values: dict[str, Any] = {}
    for key, template in templates.items() if isinstance(templates, Mapping) else ():
        try:
            values[key] = answer(resources, _TOKEN.sub(lambda found: words.get(found.group(1), ""), str(template)))
        except (NotUnderstood, ValueError):
            continue
    return values
