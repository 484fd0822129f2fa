"""The application as a process: gunicorn with one worker of several threads (DECISIONS.md), its talk turned into our log lines.

gunicorn refuses what is no HTTP before the application sees it, in HTML and with the offending text in its log. Here such a refusal
is an OperationOutcome like every other, and what it logs is a word of ours: its own texts may hold what was sent.
"""

from __future__ import annotations

import gc
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from flask import Flask
from gunicorn import util
from gunicorn.app.base import BaseApplication
from gunicorn.http import errors
from gunicorn.workers import gthread

from exercise_cds.settings import Settings
from exercise_cds.web import answers, logs
from exercise_cds.web.certificates import Certificate
from exercise_cds.web.lines import Line, SecureLine

_KEEP_ALIVE_SECONDS = 75
"""An idle line stays open longer than proxies keep theirs (60 s is usual): else one sends a call into a line that is just being closed."""
_FIRST_WORD_SECONDS = 0.05
"""How long a thread waits for the first byte of a new connection, which mostly is there with it."""
_LAST_CHANCE_SECONDS = 1.0
"""The same after SIGTERM, when nobody waits in the poller any more."""
_LINGER_SECONDS = 0.2
"""How long a closed line is still listened to, so that the last words of an answer are not cut off by a reset."""
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - the heartbeat of the worker, no data
_STATUS = {
    errors.LimitRequestHeaders: (
        431,
        "Request Header Fields Too Large",
        "too-long",
        "A header is too long, or there are too many: send less.",
    ),
    errors.LimitRequestLine: (414, "URI Too Long", "too-long", "The path is too long."),
    errors.ExpectationFailed: (417, "Expectation Failed", "not-supported", "The header Expect is only understood as 100-continue."),
    errors.UnsupportedTransferCoding: (
        501,
        "Not Implemented",
        "not-supported",
        "This transfer coding is not understood; send chunked or none.",
    ),
}
_BAD_REQUEST = (400, "Bad Request", "invalid", "This is no HTTP/1.1 request that can be read.")
_EVENTS = {
    "Starting gunicorn": "starting",
    "Listening at": "listening",
    "Booting worker": "worker started",
    "Worker exiting": "worker stopped",
    "Handling signal": "signal",
    "Shutting down": "stopped",
    "WORKER TIMEOUT": "worker timeout",
    "Worker (pid": "worker ended",
}
_NOT_TOLD = ("Using worker",)


class PortTaken(Exception):
    """Says in one sentence which setting to change."""


def look_at_port(settings: Settings) -> None:
    """Raise PortTaken where nobody can listen there; gunicorn would try for five seconds and say less."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    for name, port in (("port", settings.port), ("metrics_port", settings.metrics_port)):
        if port is None:
            continue
        with socket.socket(family) as door:
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                door.bind((settings.host, port))
            except OSError as fault:
                raise PortTaken(
                    f"port {port} on {settings.host} cannot be used ({fault.strerror}): choose another with the setting {name}"
                ) from None


def _nothing() -> None:
    return


@dataclass(frozen=True, slots=True)
class Moments:
    """What is called when: `ready` in the parent once it listens, the others in the worker. No thread starts before `start`.

    `stopping` is called in the handler of SIGTERM, while calls are still answered: it may set a flag and no more.
    """

    ready: Callable[[], None] = _nothing
    start: Callable[[], None] = _nothing
    stopping: Callable[[], None] = _nothing
    end: Callable[[], None] = _nothing


def run(app: Flask, settings: Settings, moments: Moments | None = None, *, certificate: Certificate | None = None) -> None:
    """Serve until SIGTERM or SIGINT; calls under way get `graceful_seconds` to end. Does not return: it exits, 0 after a signal."""
    threading.excepthook = logs.thread_failed
    gc.collect()
    gc.freeze()  # what is loaded now is shared with the worker and not looked through again
    _Server(app, settings, moments or Moments(), certificate).run()


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn, configured here and nowhere else: no file, no variable of its own."""

    def __init__(self, app: Flask, settings: Settings, moments: Moments, certificate: Certificate | None = None) -> None:
        self._app, self._settings, self._moments, self._certificate = app, settings, moments, certificate
        self.silence_seconds = settings.silence_seconds
        self.drain_seconds = settings.drain_seconds
        self.stopping = moments.stopping
        super().__init__()

    def load_config(self) -> None:
        """Every setting of gunicorn that we change, with why where it does not say."""
        site = self._settings
        host = f"[{site.host}]" if ":" in site.host else site.host
        for name, value in {
            "bind": f"{host}:{site.port}",
            "workers": 1,  # one process: one pack, one set of counters; more capacity is more replicas
            "worker_class": Worker,
            "threads": site.threads,
            "preload_app": True,
            "timeout": 30,
            "graceful_timeout": site.drain_seconds + site.graceful_seconds,
            "keepalive": _KEEP_ALIVE_SECONDS,
            "worker_tmp_dir": str(_SHARED_MEMORY) if _SHARED_MEMORY.is_dir() else None,
            "logger_class": ServerLog,
            "control_socket_disable": True,  # it would write beside the home folder
            "limit_request_field_size": 2 * site.limits.header,  # up to here our own 431, above it the worker's
            "http_parser": "python",
            "proc_name": "exercise-cds",
            "when_ready": lambda _arbiter: self._moments.ready(),
            "post_worker_init": lambda _worker: self._moments.start(),
            "worker_exit": lambda _arbiter, _worker: self._moments.end(),
        }.items():
            self.cfg.set(name, value)
        if (certificate := self._certificate) is not None:
            self.cfg.set("certfile", str(site.tls.cert_file))  # gunicorn's word for "TLS"; the context is ours
            self.cfg.set("keyfile", str(site.tls.key_file))
            self.cfg.set("ssl_context", lambda _settings, _usual: certificate.context())

    def load(self) -> Callable[..., Any]:
        """The application, made before the fork."""

        def application(environ: dict[str, Any], start_response: Any) -> Any:
            environ["wsgi.input"] = _Body(environ["wsgi.input"])
            return self._app(environ, start_response)

        return application


class _Body:
    """gunicorn's body; chunks that are no chunks become the OSError that any broken line is, so that the application need not know it."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most `size`."""
        try:
            return bytes(self._body.read(size))
        except errors.ParseException as fault:
            raise OSError(type(fault).__name__) from None


class Worker(gthread.ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Threads that no silent caller keeps, and refusals that are OperationOutcomes."""

    def handle_exit(self, sig: int, frame: Any) -> None:
        """SIGTERM: unready at once, and closed to new calls when whoever looks at /readyz had time to see it."""
        self.app.stopping()
        if not self.app.drain_seconds or not self.alive:
            super().handle_exit(sig, frame)
            return
        drain = threading.Timer(self.app.drain_seconds, super().handle_exit, (sig, None))
        drain.daemon = True
        drain.start()

    def set_accept_enabled(self, enabled: bool) -> None:  # noqa: FBT001 - gunicorn's signature
        """At the end, take in whoever stands at the door, then close it. gunicorn leaves it open: callers would wait there for nobody."""
        super().set_accept_enabled(enabled)
        if enabled or self.alive:
            return
        for listener in self.sockets:
            for _ in range(self.cfg.backlog):
                before = self.nr_conns
                self.accept(listener)
                if self.nr_conns == before:
                    break
            listener.close()

    def enqueue_req(self, conn: Any) -> None:
        """Hand a connection to a thread, as a line that cannot keep it."""
        if not isinstance(conn.sock, Line | SecureLine):
            conn.sock = Line.of(conn.sock, self.app.silence_seconds)
        super().enqueue_req(conn)

    def handle(self, conn: Any) -> Any:
        """Serve one request of a connection, and close it here where it ends: gunicorn would linger in the thread that accepts."""
        result = self._served(conn)
        if result is False:
            util.close_graceful(conn.sock, timeout=_LINGER_SECONDS)
            conn.close = _closed_already
        return result

    def _served(self, conn: Any) -> Any:
        """Who connects and says nothing waits without a thread; gunicorn would give it one for five seconds."""
        if not conn.initialized and not conn.wait_for_data(_FIRST_WORD_SECONDS if self.alive else _LAST_CHANCE_SECONDS):
            return gthread._DEFER if self.alive else False  # noqa: SLF001 - gunicorn's word for "wait in the poller"
        conn.sock.begin()
        return super().handle(conn)

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:  # noqa: ARG002 - gunicorn's signature
        """Answer what could not be read as HTTP; `exc` and its text stay here."""
        if isinstance(exc, ssl.SSLError):  # no TLS, or none that we speak: there is no line to answer on
            logs.log().info("request", reason=type(exc).__name__)
            return
        if isinstance(exc, errors.ParseException) and not isinstance(exc, errors.ConfigurationProblem):
            status, reason, code, sentence = _STATUS.get(type(exc), _BAD_REQUEST)
            body = answers.outcome(code, sentence)
            logs.log().info("request", status=status, reason=type(exc).__name__)
        else:
            error_id = uuid4().hex
            status, reason = 500, "Internal Server Error"
            body = answers.our_fault(error_id).get_data()
            logs.log().error("failure", error=type(exc).__name__, where=logs.place(exc.__traceback__), error_id=error_id)
        lines = [f"HTTP/1.1 {status} {reason}", "Connection: close", f"Content-Type: {answers.JSON}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {text}" for name, text in answers.SAFE_HEADERS.items()]
        try:
            util.write_nonblock(client, "\r\n".join([*lines, "", ""]).encode("ascii") + body)
        except OSError:
            logs.log().debug("request", reason="disconnected")


def _closed_already(*, graceful: bool = False) -> None:
    """Stands where gunicorn closes a connection a second time."""


class ServerLog:
    """Stands where gunicorn expects its logger: known messages become events of ours, others only their level."""

    def __init__(self, cfg: Any) -> None:
        self.cfg = cfg

    def setup(self, cfg: Any) -> None:
        """Nothing to set up: the process has configured its log lines."""

    def info(self, message: object, *_values: object, **_options: object) -> None:
        """What goes well."""
        self._write("info", message)

    def debug(self, message: object, *_values: object, **_options: object) -> None:
        """Chatter: not written."""

    def warning(self, message: object, *_values: object, **_options: object) -> None:
        """What may matter."""
        self._write("warning", message)

    def error(self, message: object, *_values: object, **_options: object) -> None:
        """What failed."""
        self._write("error", message)

    def critical(self, message: object, *_values: object, **_options: object) -> None:
        """What stops a worker."""
        self._write("error", message)

    def exception(self, _message: object, *_values: object, **_options: object) -> None:
        """What failed, by class and place; a line that broke is the caller's affair."""
        kind, _, traceback = sys.exc_info()
        if kind and issubclass(kind, OSError):
            logs.log().info("request", reason=kind.__name__)
            return
        logs.log().error("failure", error=kind.__name__ if kind else "", where=logs.place(traceback))

    def access(self, *_values: object) -> None:
        """Our own line says what was asked."""

    def reopen_files(self) -> None:
        """There are none."""

    def close_on_exec(self) -> None:
        """There are none."""

    def _write(self, level: str, message: object) -> None:
        if str(message).startswith(_NOT_TOLD):
            return
        event = next((ours for theirs, ours in _EVENTS.items() if str(message).startswith(theirs)), "server")
        getattr(logs.log(), level)(event, source="gunicorn")
