"""CDS Hooks as EHRs call it: discovery and the service. No logic: the order of looks, then the steward, then the answer.

The order of refusals: how often an address asks, method and path, header size, whose name and whose page, authentication, how often a
client asks, how busy we are, media type, size, JSON, envelope, context. What costs more, or says more, comes later: where discovery is
closed, an unknown service is a 404 after authentication only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, TypeAlias

from flask import Blueprint, Response, g, request
from werkzeug.datastructures import Headers

from exercise_cds.envelope import is_uuid, read_request
from exercise_cds.errors import Unavailable
from exercise_cds.model.client import Client
from exercise_cds.settings import Settings
from exercise_cds.web import answers, perimeter
from exercise_cds.web.metrics import Metrics
from exercise_cds.web.rates import Rate

if TYPE_CHECKING:  # the steward is handed in; its rooms need not be loaded to read this
    from exercise_cds.cds_service import CdsService

Authenticate: TypeAlias = "Callable[[Headers, str], Client]"
"""(headers, path) -> who asks. Raises Unauthorized."""


@dataclass(slots=True)
class Said:
    """What log and counters tell of one request; filled as it is known. Nothing of the request itself is in it."""

    began: float
    service: str = ""
    hook: str = ""
    issuer: str = ""
    outcome: str = ""
    cards: int | None = None
    digest: str = ""
    reason: str = ""
    tenant: str = ""
    jti: str = ""


@dataclass(frozen=True, slots=True)
class Door:
    """What the two endpoints need."""

    service: CdsService
    settings: Settings
    authenticate: Authenticate
    clock: Callable[[], datetime]
    metrics: Metrics
    rate: Rate


def blueprint(door: Door) -> Blueprint:
    """`GET /cds-services` (CH-010) and `POST /cds-services/{id}` (CH-030)."""
    pages = Blueprint("api", __name__)
    room = BoundedSemaphore(door.settings.max_in_flight)

    @pages.get("/cds-services")
    def discovery() -> Response:
        """What is offered, with the prefetch that each service asks for (CH-011 to CH-020)."""
        if not door.settings.open_discovery:
            _who(door, g.said)
        return answers.success({"services": door.service.services()})

    @pages.post("/cds-services/<service>")
    def call(service: str) -> Response:
        """One hook request."""
        said: Said = g.said
        client = _who(door, said)
        if not said.service:
            said.hook, said.service = door.service.hook_of(service), service
        if not room.acquire(blocking=False):
            door.metrics.busy.inc()
            raise Unavailable("The service is busy: ask again in a second.", retry_after=1)
        try:
            with door.metrics.in_flight.track_inprogress():
                return _answer(door, said, client)
        finally:
            room.release()

    return pages


def _who(door: Door, said: Said) -> Client:
    """Who asks, and not too often."""
    client = door.authenticate(request.headers, request.path)
    said.issuer, said.tenant = client.issuer, client.tenant
    door.rate.take(client.issuer)
    return client


def _answer(door: Door, said: Said, client: Client) -> Response:
    settings = door.settings
    perimeter.media_type(request.environ)
    body = perimeter.body(request.stream, request.content_length, settings.limits.body)
    read = read_request(
        body, service=said.service, hook=said.hook, depth=settings.limits.depth, http_fhir_servers=settings.http_fhir_servers
    )
    if not is_uuid(read.hook_instance):
        door.metrics.odd_hook_instances.inc()
    response = door.service.respond(read, client, door.clock())
    said.outcome, said.cards, said.digest = response.outcome.value, len(response.body["cards"]), response.digest
    return answers.success(response.body)
