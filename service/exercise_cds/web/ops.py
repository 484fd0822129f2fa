"""What the platform asks: whether the process lives, whether it may get requests, and its numbers. No patient, no input.

The same pages stand on the operators' port, which has a thread of its own: a service whose threads are all busy still answers there,
and is not killed for being busy. That port asks for no name in `Host`, since a probe calls a pod by its address. Pages for people stand
there too, behind a sign-on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, Flask, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from werkzeug.exceptions import HTTPException
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from exercise_cds.errors import CdsError, Unavailable
from exercise_cds.web import answers, failures
from exercise_cds.web.metrics import Metrics
from exercise_cds.web.sign_on import SignOn, gate

_SILENCE_SECONDS = 5
_STOPPING = "shutting-down"


def _nothing() -> dict[str, Any]:
    return {}


class Readiness:
    """Which checks stand against readiness, by name. `told` is shown beside: which pack, what is paused, how the last reload went."""

    def __init__(self, checks: Mapping[str, Callable[[], bool]] | None = None, told: Callable[[], Mapping[str, Any]] = _nothing) -> None:
        self._checks = dict(checks or {})
        self.told = told
        self.stopping = False

    def stop(self) -> None:
        """From now on the process wants no new requests; called in a signal handler."""
        self.stopping = True

    def failing(self) -> tuple[str, ...]:
        """The names of what fails."""
        if self.stopping:
            return (_STOPPING,)
        return tuple(name for name, holds in self._checks.items() if not holds())


def blueprint(readiness: Readiness, metrics: Metrics | None = None) -> Blueprint:
    """`/livez` and `/readyz`, and `/metrics` where `metrics` are given."""
    pages = Blueprint("ops", __name__)

    @pages.get("/livez")
    def livez() -> Response:
        """The process answers; nothing else is looked at."""
        return answers.success({"live": True})

    @pages.get("/readyz")
    def readyz() -> Response:
        """Ready, or which checks fail, by name."""
        if names := readiness.failing():
            raise Unavailable(f"Not ready: {', '.join(names)}.", retry_after=1)
        return answers.success({"ready": True, **readiness.told()})

    if metrics is not None:

        @pages.get("/metrics")
        def numbers() -> Response:
            """Everything that is counted, as Prometheus reads it."""
            return Response(generate_latest(metrics.registry), content_type=CONTENT_TYPE_LATEST)

    return pages


def operators_app(readiness: Readiness, metrics: Metrics, *, pages: Sequence[Blueprint] = (), sign_on: SignOn | None = None) -> Flask:
    """The application of the operators' port. `pages` are for people who have signed on; without a `sign_on` there are none."""
    if pages and sign_on is None:
        raise ValueError("pages for people on the operators' port need a sign-on")
    app = Flask("exercise_cds.operators", static_folder=None)
    app.register_error_handler(CdsError, answers.refusal)
    app.register_error_handler(HTTPException, answers.of_framework)
    app.register_error_handler(Exception, failures.told_by_id(metrics))
    if sign_on is not None:
        app.before_request(gate(frozenset(page.name for page in pages), sign_on))
    for one in (blueprint(readiness, metrics), *pages):
        app.register_blueprint(one)

    @app.after_request
    def safe(answer: Response) -> Response:
        for name, text in answers.SAFE_HEADERS.items():
            answer.headers[name] = text
        return answer

    return app


class OperatorsPort:
    """A small server beside the service, started in the process that serves. A request has a thread of its own, and five seconds."""

    def __init__(self, host: str, port: int, app: Flask) -> None:
        self._address, self._app = (host, port), app
        self._server: BaseWSGIServer | None = None

    def start(self) -> None:
        """Listen, in a thread that ends with the process."""
        self._server = make_server(*self._address, self._app, threaded=True, request_handler=_Quiet)
        threading.Thread(target=self._server.serve_forever, name="operators-port", daemon=True).start()

    def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()


class _Quiet(WSGIRequestHandler):
    """Says nothing of what is asked, and waits for nobody long."""

    timeout = _SILENCE_SECONDS

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
        """Not written: its messages quote the request line."""

    def version_string(self) -> str:
        """Not told."""
        return "exercise-cds"
