"""The web application: made from a steward and settings, with no global state. What every request goes through stands here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import Blueprint, Flask, Response, g, request
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException

from exercise_cds.errors import CdsError
from exercise_cds.model.client import ANONYMOUS, Admission
from exercise_cds.settings import Settings
from exercise_cds.web import answers, api, failures, feedback, ops, perimeter
from exercise_cds.web.hook_calls import Authenticate, Door, HookCalls
from exercise_cds.web.metrics import Metrics
from exercise_cds.web.rates import Addresses, AddressRate, Rate
from exercise_cds.web.said import Said, Trace, untraced

if TYPE_CHECKING:  # the steward is handed in; its rooms need not be loaded to read this
    from exercise_cds.cds_service import CdsService
    from exercise_cds.records import FeedbackStore

_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "authorization, content-type",
    "Access-Control-Max-Age": "600",
}
"""SEC-32: no more than what a call needs, and never credentials."""
_LINKED_TO = frozenset({"handouts"})
"""Blueprints that pages of other sites link to."""


def _now() -> datetime:
    return datetime.now(UTC)


def anybody(settings: Settings) -> Authenticate:
    """Without authentication every caller is the same one, in the service's own time zone."""
    client = replace(ANONYMOUS, zone=settings.zone, fhir_servers=frozenset(settings.fhir.servers))
    return lambda _headers, _path: client


def _lend_to_anybody(settings: Settings) -> feedback.Lend:
    admission = Admission(anybody(settings)(Headers(), ""))
    return lambda _headers, _path: nullcontext(admission)


def create_app(  # noqa: PLR0913 - all wiring comes in here, by name
    service: CdsService,
    settings: Settings,
    *,
    authenticate: Authenticate | None = None,
    lend: feedback.Lend | None = None,
    feedback_store: FeedbackStore | None = None,
    clock: Callable[[], datetime] = _now,
    readiness: ops.Readiness | None = None,
    metrics: Metrics | None = None,
    pages: Iterable[Blueprint] = (),
    trace: Trace = untraced,
) -> Flask:
    """The application.

    `authenticate` tells who asks, and `lend` the same for feedback (both are the guard's); without them, `settings` must say that
    nobody is asked. Without `feedback_store` there is no feedback endpoint. `pages` are for people. `trace` is told of every request.
    """
    if authenticate is None:
        if settings.authentication != "none":
            raise ValueError("authentication is on, so create_app needs an authenticate")
        authenticate, lend = anybody(settings), _lend_to_anybody(settings)
    app = Flask("exercise_cds", static_folder=None)
    app.url_map.merge_slashes = False  # a path is right or wrong; nobody is sent elsewhere
    metrics = metrics or Metrics()  # handed in where others count on them too
    app.extensions["metrics"] = metrics
    addresses = AddressRate(Addresses(settings.rates.trusted_proxies), Rate(settings.rates.address, time.monotonic))
    rates = Rate(settings.rates.client, time.monotonic)
    door = Door(service, settings, authenticate, clock, metrics, perimeter.Doors(settings), addresses, rates, trace)
    app.before_request(_first_looks(door))
    app.after_request(_last_words(door))
    app.register_error_handler(CdsError, lambda fault: door.refuse(fault, g.said))
    app.register_error_handler(HTTPException, answers.of_framework)
    failed = failures.told_by_id(metrics)
    app.register_error_handler(Exception, failed)
    app.register_blueprint(api.blueprint(door))
    app.wsgi_app = HookCalls(door, app.wsgi_app, failed)  # type: ignore[method-assign]  # Flask's own way to put something before it
    if feedback_store is not None:
        if lend is None:
            raise ValueError("feedback is stored, so create_app needs a lend beside its authenticate")
        app.register_blueprint(feedback.blueprint(feedback.FeedbackDoor(feedback_store, settings, lend, rates, metrics, service.hook_of)))
    trying = settings.authentication == "none" and settings.metrics_port is None
    app.register_blueprint(ops.blueprint(readiness or ops.Readiness(), metrics if trying else None))
    for blueprint in pages:
        app.register_blueprint(blueprint)
    return app


def _first_looks(door: Door) -> Callable[[], Response | None]:
    """What is looked at on every path but that of hook calls, which have the same looks, before authentication."""
    settings, doors = door.settings, door.perimeter

    def look() -> Response | None:
        said = g.said = Said()
        if request.blueprint != "ops":
            door.addresses.take(request.environ)
        if request.routing_exception is not None:
            raise request.routing_exception
        if (name := (request.view_args or {}).get("service")) is not None:
            door.hook_if_served(name, said)
        environ = request.environ
        perimeter.header_size(environ, settings.limits.header)
        doors.host(environ)
        if request.blueprint in _LINKED_TO:
            return None  # whoever follows a card's link comes from the EHR's page, and finds nothing about anybody
        if doors.page(environ) and request.method == "OPTIONS":
            return Response(status=204, headers=_PREFLIGHT)
        return None

    return look


def _last_words(door: Door) -> Callable[[Response], Response]:
    """What every answer gets, whatever it says."""

    def finish(answer: Response) -> Response:
        said: Said = g.said
        for name, text in door.perimeter.of_answer(request.environ):
            answer.headers[name] = text
        door.metrics.requests.labels(said.service or "none", answer.status_code, said.outcome or "none").inc()
        if request.endpoint not in {"ops.livez", "ops.readyz", "ops.numbers"}:
            route = request.url_rule.rule if request.url_rule is not None else ""
            traceparent = request.headers.get("traceparent", "")
            said.tell(request.method, answer.status_code, route=route, traceparent=traceparent, trace=door.trace)
        return answer

    return finish
