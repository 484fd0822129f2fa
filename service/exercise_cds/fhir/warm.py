"""First-use costs paid before the first patient: models imported, their schemas built, words compiled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from exercise_cds.fhir.chart import read_chart
from exercise_cds.fhir.plan import ReadPlan
from exercise_cds.fhir.prefetch import take_prefetch
from exercise_cds.wire import HookRequest

_CONCEPT = {"coding": [{"system": "http://example.org", "code": "warm-up", "display": "warm-up"}], "text": "warm-up"}
_DAY = "2026-01-01"
_AGE = {"value": 40, "unit": "years", "system": "http://unitsofmeasure.org", "code": "a"}
_PERIOD = {"start": _DAY, "end": "2026-01-02T10:00:00Z"}
_RANGE = {"low": {"value": 1}, "high": {"value": 2}}
_TIMING = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}
_ORDER = {"intent": "order", "status": "active", "authoredOn": _DAY, "note": [{"text": "warm-up"}]}
_RICH: Mapping[str, tuple[dict[str, Any], ...]] = {
    "Patient": ({"birthDate": _DAY, "deceasedBoolean": False}, {"deceasedDateTime": _DAY}),
    "Condition": (
        {"code": _CONCEPT, "bodySite": [_CONCEPT], "clinicalStatus": _CONCEPT, "verificationStatus": _CONCEPT, "recordedDate": _DAY},
        {"code": _CONCEPT, "onsetAge": _AGE, "abatementAge": _AGE},
        {"code": _CONCEPT, "onsetPeriod": _PERIOD, "abatementPeriod": _PERIOD},
        {"code": _CONCEPT, "onsetRange": _RANGE, "abatementRange": _RANGE},
        {"code": _CONCEPT, "onsetDateTime": "2026-01-01T10:00:00+01:00", "abatementString": "warm-up"},
    ),
    "Observation": (
        {"status": "final", "code": _CONCEPT, "effectiveDateTime": _DAY, "valueQuantity": {"value": 1.5, "unit": "Cel"}},
        {"status": "final", "code": _CONCEPT, "effectivePeriod": _PERIOD, "valueCodeableConcept": _CONCEPT},
        {"status": "final", "code": _CONCEPT, "component": [{"code": _CONCEPT, "valueQuantity": {"value": 1}}]},
        {"status": "final", "code": _CONCEPT, "hasMember": [{"reference": "Observation/warm"}], "dataAbsentReason": _CONCEPT},
    ),
    "Procedure": ({"status": "completed", "code": _CONCEPT, "performedPeriod": _PERIOD}, {"status": "completed", "code": _CONCEPT}),
    "MedicationRequest": (
        _ORDER | {"medicationCodeableConcept": _CONCEPT, "dosageInstruction": [{"text": "warm-up", "timing": _TIMING}]},
        _ORDER | {"medicationReference": {"reference": "#m"}, "contained": [{"resourceType": "Medication", "id": "m", "code": _CONCEPT}]},
    ),
    "ServiceRequest": (_ORDER | {"code": _CONCEPT, "occurrenceTiming": _TIMING}, _ORDER | {"code": _CONCEPT, "bodySite": [_CONCEPT]}),
    "CarePlan": (
        {"status": "active", "intent": "plan", "category": [_CONCEPT], "period": _PERIOD, "title": "warm-up"}
        | {"activity": [{"detail": {"status": "completed", "code": _CONCEPT, "description": "warm-up"}}]},
    ),
    "QuestionnaireResponse": (
        {"status": "completed", "authored": _DAY, "item": [{"linkId": "warm", "answer": [{"valueInteger": 1}, {"valueCoding": {}}]}]},
    ),
}
"""Resources that touch what facts read: the spellings of dates, values and codes whose models are made on first use."""


def warm_up(plan: ReadPlan) -> None:
    """Read a rich chart of nobody once. Call it before a process forks or says that it is ready; any number of times."""
    raw = {key: _bundle(type_ for type_ in query.types) for key, query in plan.queries.items()}
    request = HookRequest("", "", "nobody", drafts=_bundle(plan.draft_selectors))
    read_chart(plan, take_prefetch(plan, raw), request, today=date(2026, 1, 3), zone=ZoneInfo("UTC"), strict=True)


def _bundle(types: Any) -> bytes:
    """All samples of some types, of the patient `nobody`."""
    resources = [
        {"resourceType": type_, "id": f"w{number}" if type_ != "Patient" else "nobody"} | sample
        for type_ in types
        for number, sample in enumerate(_RICH[type_])
    ]
    for resource in resources:
        if resource["resourceType"] != "Patient":
            resource["subject"] = {"reference": "Patient/nobody"}
    return json.dumps({"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one} for one in resources]}).encode()
