"""Hook requests as an EHR sends them, whole, to be changed by a test."""

from __future__ import annotations

import copy
from typing import Any

from exercise_cds.model.hooks import HOOKS

SERVICE_OF = {"patient-view": "low-back-pain-exercise", "order-select": "low-back-pain-orders", "order-sign": "low-back-pain-orders-sign"}
GONE = object()
"""As a value: the field is taken away."""

_PATIENT = {"resourceType": "Patient", "id": "p1", "birthDate": "1980-02-03"}
_DRAFTS = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {
            "resource": {
                "resourceType": "ServiceRequest",
                "id": "o1",
                "status": "draft",
                "intent": "order",
                "subject": {"reference": "Patient/p1"},
            }
        }
    ],
}


def a_request(hook: str = "patient-view", /, *, fields: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A request that every door accepts, with these changes; `fields` changes single fields of its context."""
    context: dict[str, Any] = {"userId": "Practitioner/d1", "patientId": "p1"}
    if HOOKS[hook].drafts:
        context["draftOrders"] = copy.deepcopy(_DRAFTS)
    if HOOKS[hook].selections:
        context["selections"] = ["ServiceRequest/o1"]
    whole = {
        "hook": hook,
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": _changed(context, fields or {}),
        "prefetch": {"patient": copy.deepcopy(_PATIENT), "conditions": None},
    }
    return _changed(whole, changes)


def an_authorization(**changes: Any) -> dict[str, Any]:
    """A fhirAuthorization (CH-073)."""
    whole = {
        "access_token": "opaque-token",
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/*.rs",
        "subject": "client-1",
        "patient": "p1",
    }
    return _changed(whole, changes)


def _changed(whole: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**whole, **changes}.items() if value is not GONE}
