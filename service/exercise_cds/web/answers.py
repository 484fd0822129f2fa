"""How answers leave: JSON bytes, the same safe headers on every one, and an OperationOutcome on all that is no success (CH-083)."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response
from werkzeug.exceptions import HTTPException

from exercise_cds.errors import CdsError, NotAllowed, Unauthorized

JSON = "application/json"
SAFE_HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
_SENTENCES = {
    404: ("not-found", "There is nothing at this path; GET /cds-services lists the services."),
    405: ("not-supported", "This path does not take this method; the header Allow lists those that it takes."),
}


def success(body: Any) -> Response:
    """A 200 with this body."""
    return Response(orjson.dumps(body), 200, content_type=JSON)


def outcome(code: str, sentence: str, diagnostics: str = "") -> bytes:
    """An OperationOutcome. Neither sentence nor diagnostics ever hold what was sent."""
    issue: dict[str, Any] = {"severity": "error", "code": code, "details": {"text": sentence}}
    if diagnostics:
        issue["diagnostics"] = diagnostics
    return orjson.dumps({"resourceType": "OperationOutcome", "issue": [issue]})


def refusal(fault: CdsError) -> Response:
    """A caller's mistake, with the status that its class has."""
    answer = Response(outcome(fault.code, fault.sentence), fault.status, content_type=JSON)
    if fault.retry_after is not None:
        answer.headers["Retry-After"] = str(fault.retry_after)
    if isinstance(fault, NotAllowed):
        answer.headers["Allow"] = ", ".join(fault.allow)
    if isinstance(fault, Unauthorized):
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def of_framework(fault: HTTPException) -> Response:
    """What Flask itself refuses: unknown paths, other methods, bodies that break off."""
    status = fault.code or 500
    code, sentence = _SENTENCES.get(status, ("invalid", "The request could not be read."))
    answer = Response(outcome(code, sentence), status, content_type=JSON)
    for name, text in fault.get_headers():
        if name.lower() == "allow":
            answer.headers["Allow"] = text
    return answer


def our_fault(error_id: str) -> Response:
    """An exception that nobody foresaw: the id is all that leaves (law 8)."""
    body = outcome("exception", "The service failed; nothing was decided. Tell its operator the error id.", f"error id {error_id}")
    return Response(body, 500, content_type=JSON)
