"""`POST /cds-services/{id}` (CH-030), answered before Flask: the one call that a clinician waits for, and Flask would be a tenth of it.

No logic: the order of looks, then the steward, then the answer. The order of refusals: how often an address asks, which service,
header size, whose name and whose page, authentication, how often a client asks, how busy we are, media type, size, JSON, envelope,
context. What costs more, or says more, comes later. Whatever is no hook call goes on to Flask, which has the same looks (app.py).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, TypeAlias

import orjson
from flask import Response
from werkzeug.datastructures import EnvironHeaders, Headers
from werkzeug.exceptions import HTTPException
from werkzeug.wsgi import get_content_length, get_input_stream

from exercise_cds.envelope import is_uuid, read_request
from exercise_cds.errors import CdsError, NotFound, Unavailable
from exercise_cds.model.client import Client
from exercise_cds.settings import Settings
from exercise_cds.web import answers, perimeter
from exercise_cds.web.metrics import Metrics
from exercise_cds.web.rates import AddressRate, Rate
from exercise_cds.web.said import Said, Trace, untraced

if TYPE_CHECKING:  # the steward is handed in; its rooms need not be loaded to read this
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from exercise_cds.cds_service import CdsService

Authenticate: TypeAlias = "Callable[[Headers, str], Client]"
"""(headers, path) -> who asks. Raises Unauthorized."""
_PATH = re.compile(r"/cds-services/([^/]+)")
_ROUTE = "/cds-services/<service>"
"""As Flask writes its routes."""


@dataclass(frozen=True, slots=True)
class Door:
    """What discovery and hook calls need."""

    service: CdsService
    settings: Settings
    authenticate: Authenticate
    clock: Callable[[], datetime]
    metrics: Metrics
    perimeter: perimeter.Doors
    addresses: AddressRate
    clients: Rate
    trace: Trace = untraced

    def who(self, environ: WSGIEnvironment, said: Said) -> Client:
        """Who asks, and not too often."""
        client = self.authenticate(EnvironHeaders(environ), environ["PATH_INFO"])
        said.issuer, said.tenant = client.issuer, client.tenant
        self.clients.take(client.issuer)
        return client

    def hook_of(self, name: str, said: Said) -> None:
        """Note the service that is called, and its hook. Raises NotFound."""
        said.hook, said.service = self.service.hook_of(name), name

    def hook_if_served(self, name: str, said: Said) -> None:
        """The same before it is known who asks. Raises NotFound only where discovery is open: elsewhere what is served is a secret."""
        try:
            self.hook_of(name, said)
        except NotFound:
            if self.settings.open_discovery:
                raise

    def refuse(self, fault: CdsError, said: Said) -> Response:
        """The answer to a caller's mistake: why goes to log and counters; of a 401 the caller hears nothing (CH-139)."""
        said.refused(fault)
        self.metrics.refusals.labels(said.reason).inc()
        return answers.refusal(fault)


class HookCalls:
    """A WSGI application around another one, which gets what is no hook call."""

    def __init__(self, door: Door, rest: WSGIApplication, failed: Callable[[Exception], Response]) -> None:
        """`failed` is the answer to an exception that nobody foresaw: the same as `rest` has."""
        self._door, self._rest, self._failed = door, rest, failed
        self._room = BoundedSemaphore(door.settings.max_in_flight)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """One request."""
        called = _PATH.fullmatch(environ.get("PATH_INFO", ""))
        if called is None or environ["REQUEST_METHOD"] != "POST":
            return self._rest(environ, start_response)
        said = Said()
        status, headers, body = self._told(environ, called[1], said)
        metrics, service, code = self._door.metrics, said.service or "none", int(status[:3])
        metrics.requests.labels(service, code, said.outcome or "none").inc()
        traceparent = environ.get("HTTP_TRACEPARENT", "")
        spent = said.tell("POST", code, route=_ROUTE, traceparent=traceparent, trace=self._door.trace)
        metrics.request_seconds.labels(service).observe(spent)
        start_response(status, [*headers, ("Content-Length", str(len(body))), *self._door.perimeter.of_answer(environ)])
        return (body,)

    def _told(self, environ: WSGIEnvironment, name: str, said: Said) -> tuple[str, list[tuple[str, str]], bytes]:
        """Status, headers and body, whatever happens."""
        try:
            return "200 OK", [("Content-Type", answers.JSON)], self._answer(environ, name, said)
        except CdsError as fault:
            refusal = self._door.refuse(fault, said)
        except HTTPException as fault:  # the body broke off
            refusal = answers.of_framework(fault)
        except Exception as fault:  # noqa: BLE001 - law 8: our bug is answered, with an id, as Flask does with those of its own requests
            refusal = self._failed(fault)
        return refusal.status, [*refusal.headers], refusal.get_data()

    def _answer(self, environ: WSGIEnvironment, name: str, said: Said) -> bytes:
        """The body of a 200. Raises CdsError."""
        door, settings = self._door, self._door.settings
        door.addresses.take(environ)
        door.hook_if_served(name, said)
        perimeter.header_size(environ, settings.limits.header)
        door.perimeter.host(environ)
        door.perimeter.page(environ)
        began = time.perf_counter()
        client = door.who(environ, said)
        spent = time.perf_counter() - began
        if not said.service:
            door.hook_of(name, said)
        if not self._room.acquire(blocking=False):
            door.metrics.busy.inc()
            raise Unavailable("The service is busy: ask again in a second.", retry_after=1)
        try:
            with door.metrics.in_flight.track_inprogress():
                return self._decided(environ, said, client, spent)
        finally:
            self._room.release()

    def _decided(self, environ: WSGIEnvironment, said: Said, client: Client, spent: float) -> bytes:
        """`spent`: seconds of the call's deadline that asking who it is has taken; how long a caller sends is not held against it."""
        door, settings = self._door, self._door.settings
        perimeter.media_type(environ)
        body = perimeter.body(get_input_stream(environ), get_content_length(environ), settings.limits.body)
        asked = read_request(
            body, service=said.service, hook=said.hook, depth=settings.limits.depth, http_fhir_servers=settings.http_fhir_servers
        )
        if not is_uuid(asked.hook_instance):
            door.metrics.odd_hook_instances.inc()
        response = door.service.respond(asked, client, door.clock(), spent=spent)
        said.outcome, said.cards, said.digest = response.outcome.value, len(response.body["cards"]), response.digest
        said.stages, said.decided = response.milliseconds, time.perf_counter()
        return orjson.dumps(response.body)
