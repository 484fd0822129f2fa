"""`POST /cds-services/{id}/feedback` (CH-127 to CH-129): what clinicians did with cards, checked entry by entry, on disk before it is 200.

Strict about what is required, liberal about the rest. An entry that is malformed refuses its whole batch, with its index, so that a
client knows what to mend and nothing is stored twice; a card that we do not know is no mistake: it may be hours old.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from flask import Blueprint, Response, g, request
from werkzeug.datastructures import Headers

from exercise_cds import strict_json
from exercise_cds.errors import BadRequest, Forbidden, TooLarge, Unavailable
from exercise_cds.model.client import Admission
from exercise_cds.model.record import FeedbackEntry
from exercise_cds.settings import Settings
from exercise_cds.web import perimeter
from exercise_cds.web.metrics import Metrics
from exercise_cds.web.rates import Rate

if TYPE_CHECKING:  # the store is handed in; its room need not be loaded to read this
    from exercise_cds.records import FeedbackStore

Lend: TypeAlias = "Callable[[Headers, str], AbstractContextManager[Admission]]"
"""(headers, path) -> who asks, with a token that counts as used once the block has ended well. Raises Unauthorized."""
MOST = 1_000
"""Entries of one call."""
_PATIENCE = 0.25
"""Seconds that a batch waits for others to be stored; that takes milliseconds each, while the database is well."""
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)")
_YEARS = range(1970, 9999)


class _Said(Protocol):
    """What this endpoint fills of the request's log line."""

    service: str
    issuer: str
    tenant: str
    outcome: str


@dataclass(frozen=True, slots=True)
class FeedbackDoor:
    """What the endpoint needs."""

    store: FeedbackStore
    settings: Settings
    lend: Lend
    rate: Rate
    metrics: Metrics
    hook_of: Callable[[str], str]
    """Raises NotFound for a service that is not served."""


def blueprint(door: FeedbackDoor) -> Blueprint:
    """The endpoint. While the database hangs, feedback keeps no more threads than hook calls leave over."""
    pages = Blueprint("feedback", __name__)
    room = BoundedSemaphore(max(door.settings.threads - door.settings.max_in_flight, 1))

    @pages.post("/cds-services/<service>/feedback")
    def feedback(service: str) -> Response:
        """One batch; 200 without a body once it is stored."""
        said: _Said = g.said
        settings = door.settings
        with door.lend(request.headers, request.path) as admitted:
            client = admitted.client
            said.issuer, said.tenant = client.issuer, client.tenant
            door.rate.take(client.issuer)
            if not said.service:
                door.hook_of(service)
                said.service = service
            if client.services and said.service not in client.services:
                raise Forbidden("This client may not call this service.")
            perimeter.media_type(request.environ)
            body = perimeter.body(request.stream, request.content_length, settings.limits.body)
            entries = read_feedback(body, depth=settings.limits.depth, keep_comments=settings.feedback.keep_comments)
            if not room.acquire(timeout=_PATIENCE):
                raise Unavailable("The service is busy storing feedback: send the same request again later.", retry_after=5)
            try:
                stored = door.store.add(entries, issuer=client.issuer, tenant=client.tenant, service=said.service, jti=admitted.use)
            finally:
                room.release()
        said.outcome = "stored"
        for kind, count in (("new", stored.new), ("repeated", stored.repeated), ("unknown-card", stored.unknown)):
            door.metrics.feedback_entries.labels(kind).inc(count)
        return Response(status=200)

    return pages


def read_feedback(body: bytes, *, depth: int, keep_comments: bool) -> list[FeedbackEntry]:
    """The entries of a batch. Raises BadRequest with the index of the first that is malformed, TooLarge for more than `MOST`."""
    whole = strict_json.whole(body, depth)
    if "feedback" not in whole:
        raise BadRequest("feedback is missing: send a JSON object with an array 'feedback'.")
    listed = strict_json.value(whole["feedback"], "feedback")
    if not isinstance(listed, list):
        raise BadRequest("feedback must be an array of entries.")
    if len(listed) > MOST:
        raise TooLarge(f"feedback has more than {MOST} entries: send them in several calls.")
    return [_entry(entry, f"feedback[{index}]", keep_comments=keep_comments) for index, entry in enumerate(listed)]


def _entry(entry: Any, where: str, *, keep_comments: bool) -> FeedbackEntry:
    if not isinstance(entry, dict):
        raise BadRequest(f"{where} must be an object.")
    card = _text(entry.get("card"), f"{where}.card", "the uuid of a card")
    outcome = entry.get("outcome")
    at = _instant(entry.get("outcomeTimestamp"), f"{where}.outcomeTimestamp")
    if outcome == "accepted":
        return FeedbackEntry(card, outcome, at, _accepted(entry.get("acceptedSuggestions"), f"{where}.acceptedSuggestions"))
    if outcome == "overridden":
        reason, comment = _why(entry.get("overrideReason"), f"{where}.overrideReason")
        return FeedbackEntry(card, outcome, at, reason=reason, comment=comment if keep_comments else "")
    raise BadRequest(f"{where}.outcome must be accepted or overridden.")


def _accepted(listed: Any, where: str) -> tuple[str, ...]:
    """CH-128: which suggestions were accepted."""
    if not isinstance(listed, list) or not listed:
        raise BadRequest(f"{where} must list the accepted suggestions, each with its id.")
    return tuple(
        _text(one.get("id") if isinstance(one, dict) else None, f"{where}[{index}].id", "the uuid of a suggestion")
        for index, one in enumerate(listed)
    )


def _why(found: Any, where: str) -> tuple[tuple[str, str] | None, str]:
    """Reason and comment, either or both; a reason is known by system and code, its display is not needed (CH-129)."""
    if found is None:
        return None, ""
    if not isinstance(found, dict):
        raise BadRequest(f"{where} must be an object.")
    reason, comment = found.get("reason"), found.get("userComment")
    if comment is not None and not isinstance(comment, str):
        raise BadRequest(f"{where}.userComment must be a text.")
    if reason is None:
        return None, comment or ""
    if not isinstance(reason, dict):
        raise BadRequest(f"{where}.reason must be an object.")
    code = _text(reason.get("code"), f"{where}.reason.code", "the code of a reason")
    return (_text(reason.get("system"), f"{where}.reason.system", "the system of the code"), code), comment or ""


def _text(found: Any, where: str, what: str) -> str:
    if not isinstance(found, str) or not found.strip():
        raise BadRequest(f"{where} must be {what}.")
    return found


def _instant(found: Any, where: str) -> datetime:
    """RFC 3339, of any offset; kept in UTC."""
    if isinstance(found, str) and _TIME.fullmatch(found):
        try:
            at = datetime.fromisoformat(found.upper())
        except ValueError:
            at = None
        if at is not None and at.year in _YEARS:
            return at.astimezone(UTC)
    raise BadRequest(f"{where} must be a time with an offset, such as 2026-03-02T12:00:00Z.")
