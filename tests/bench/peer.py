"""The peer: HealthChain from PyPI, as its own documents show it, on uvicorn. Runs in the venv of requirements/bench.txt.

    python peer.py (dicts | typed) PORT WORKERS

`dicts` reads what came as the dictionaries that HealthChain hands over and validates no FHIR; `typed` makes an R4B model of every
resource first. Both look for an active low back pain and say one card of about the size of ours.
"""

from __future__ import annotations

import sys
from typing import Any

import uvicorn
from healthchain.fhir import r4b
from healthchain.gateway import CDSHooksService, HealthChainAPI
from healthchain.models.requests.cdsrequest import CDSRequest
from healthchain.models.responses.cdsresponse import Card, CDSResponse

DETAIL = "**Read:** low back pain. " * 60


def _says(found: bool) -> CDSResponse:  # noqa: FBT001 - a peer in small
    if not found:
        return CDSResponse(cards=[])
    card = Card(summary="Exercise programs that fit", indicator="info", source={"label": "Exercise programs"}, detail=DETAIL)
    return CDSResponse(cards=[card])


def _resources(request: CDSRequest) -> list[dict[str, Any]]:
    found = []
    for value in (request.prefetch or {}).values():
        found += [entry["resource"] for entry in value.get("entry", ())] if value["resourceType"] == "Bundle" else [value]
    return found


def by_dicts(request: CDSRequest) -> CDSResponse:
    """Active low back pain, in dictionaries."""
    return _says(
        any(
            one["resourceType"] == "Condition"
            and any(coding.get("code") == "M54.50" for coding in one["code"]["coding"])
            and any(coding.get("code") == "active" for coding in one["clinicalStatus"]["coding"])
            for one in _resources(request)
        ),
    )


def by_models(request: CDSRequest) -> CDSResponse:
    """Active low back pain, in models: every resource is validated."""
    models = [getattr(r4b, one["resourceType"]).model_validate(one) for one in _resources(request)]
    return _says(
        any(
            isinstance(one, r4b.Condition)
            and any(coding.code == "M54.50" for coding in one.code.coding)
            and any(coding.code == "active" for coding in one.clinicalStatus.coding)
            for one in models
        ),
    )


def application() -> HealthChainAPI:
    """The API with one service."""
    service = CDSHooksService(use_events=False)
    service.hook("patient-view", id="peer")(by_dicts if sys.argv[1] == "dicts" else by_models)
    api = HealthChainAPI(enable_events=False)
    api.register_service(service)
    return api


if __name__ == "__main__":
    uvicorn.run("peer:application", factory=True, port=int(sys.argv[2]), workers=int(sys.argv[3]), log_level="error", access_log=False)
