"""Whether feedback is taken (CH-127 to CH-129). Only when asked: it is written somewhere."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from exercise_cds.conformance.report import Report
from exercise_cds.conformance.visitor import ENDPOINT, Visitor

_TAKEN = frozenset({200, 201, 202, 204})


def look_at_feedback(visitor: Visitor, report: Report, service: Mapping[str, Any], uuids: list[str], now: datetime) -> None:
    """Report on the cards that were given, on others, again, and badly."""
    path = f"{ENDPOINT}/{service['id']}/feedback"
    at = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    unknown = {"card": str(uuid4()), "outcome": "overridden", "outcomeTimestamp": at}
    entry = {**unknown, "card": uuids[0]} if uuids else unknown
    first = visitor.post(path, {"feedback": [entry]})
    if not report.look("CH-127", first.status not in {404, 405, 501}, f"{path} is answered {first.status}: feedback is not offered"):
        return
    report.look("CH-128", first.status in _TAKEN, f"an overridden card is answered {first.status}")
    accepted = {**entry, "outcome": "accepted", "acceptedSuggestions": [{"id": str(uuid4())}]}
    status = visitor.post(path, {"feedback": [accepted]}).status
    report.look("CH-128", status in _TAKEN, f"an accepted suggestion is answered {status}")
    reason = {"code": "patient-preference", "system": "http://example.org/reasons"}
    for says, why in (("a reason without display", {"reason": reason}), ("a comment alone", {"userComment": "made up"})):
        status = visitor.post(path, {"feedback": [{**entry, "overrideReason": why}]}).status
        report.look("CH-128", status in _TAKEN, f"{says} is answered {status}")
    status = visitor.post(path, {"feedback": [entry, unknown, entry]}).status
    report.look("CH-129", status in _TAKEN, f"a batch with repeats and an unknown card is answered {status}")
    for says, bad in (("a body without feedback", {}), ("an entry that is a text", {"feedback": ["card"]})):
        status = visitor.post(path, bad).status
        report.look("CH-128", 400 <= status < 500, f"{says} is answered {status}")
