"""Who is let in (CH-130 to CH-136): looked at only with a key, since without one nothing but a refusal can be seen."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import date
from typing import Any

from exercise_cds.conformance.patient import request_for
from exercise_cds.conformance.report import Report
from exercise_cds.conformance.visitor import ENDPOINT, Visitor

_REFUSED = frozenset({401, 403})


def look_at_trust(visitor: Visitor, report: Report, service: Mapping[str, Any], today: date) -> None:
    """Send tokens that nobody should take, each with a whole request."""
    path, whole = f"{ENDPOINT}/{service['id']}", request_for(service, today)
    signer = visitor.signer
    if signer is None:
        unsigned = visitor.post(path, whole).status
        report.look("CH-130", unsigned in _REFUSED, f"a call without a token is answered {unsigned}")
        return

    def status(token: str) -> int:
        return visitor.post(path, whole, Authorization=f"Bearer {token}" if token else "").status

    report.look("CH-130", (found := status("")) in _REFUSED, f"a call without a token is answered {found}")
    first = signer.token(visitor.audience(path))
    report.look("CH-130", (found := status(first)) in {200, 412}, f"a call with a token is answered {found}: is the key known there?")
    report.look("SEC-10", (found := status(first)) in _REFUSED, f"the same token again is answered {found}")
    other = signer.token(visitor.audience(f"{path}-other"))
    report.look("CH-135", (found := status(other)) in _REFUSED, f"a token for another address is answered {found}")
    payload = signer.token(visitor.audience(path)).split(".")[1]
    for algorithm in ("none", "HS384", "HS256"):
        found = status(_unsafe(algorithm, payload))
        report.look("CH-136", found in _REFUSED, f"a token with alg {algorithm} is answered {found}")


def _unsafe(algorithm: str, payload: str) -> str:
    header = _part(f'{{"alg":"{algorithm}","typ":"JWT","kid":"conformance"}}'.encode())
    if algorithm == "none":
        return f"{header}.{payload}."
    digest = hashlib.sha384 if algorithm == "HS384" else hashlib.sha256
    return f"{header}.{payload}.{_part(hmac.new(b'secret', f'{header}.{payload}'.encode(), digest).digest())}"


def _part(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()
