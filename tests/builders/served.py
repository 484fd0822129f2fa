"""A real server process on loopback, with the steward in small or as `exercise-cds serve` starts it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parents[2]
SMALL = "from builders.served import serve_small; serve_small()"
COMMAND = "from exercise_cds.cli import main; main(prog_name='exercise-cds')"


@dataclass
class Served:
    """A process that answers."""

    process: subprocess.Popen[bytes]
    port: int
    written: Path
    operators_port: int = 0

    @property
    def url(self) -> str:
        """Where discovery is."""
        return f"http://127.0.0.1:{self.port}/cds-services"

    def raw(self, request: bytes) -> bytes:
        """Send bytes as they are, and read until the other side closes or is silent."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as line:
            line.sendall(request)
            line.settimeout(1)
            answer = b""
            try:
                while piece := line.recv(65536):
                    answer += piece
            except TimeoutError:
                pass
            return answer

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def said(self) -> str:
        """Everything that it wrote, to both outputs."""
        return self.written.read_text(encoding="utf-8")


@contextmanager
def served(folder: Path, code: str = SMALL, arguments: tuple[str, ...] = (), **settings: str) -> Iterator[Served]:
    """Start a process, wait until it is ready, and see to it that it is gone afterwards."""
    port = free_port()
    written = folder / f"written-{port}.txt"
    environment = process_environment(**{"EXERCISE_CDS_AUTHENTICATION": "none", **settings, "EXERCISE_CDS_PORT": str(port)})
    with written.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-c", code, *arguments], cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        running = Served(process, port, written)
        # the operators' port speaks HTTP, whatever the other does
        _wait(running, int(settings["EXERCISE_CDS_METRICS_PORT"]) if "EXERCISE_CDS_TLS__CERT_FILE" in settings else port)
        yield running
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(30)


def process_environment(**settings: str) -> dict[str, str]:
    """The environment of a process of ours, without what a person's own shell sets for it."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("EXERCISE_CDS_")}
    return {**kept, "PYTHONPATH": os.pathsep.join((str(ROOT / "service"), str(ROOT / "tests"))), **settings}


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def _wait(running: Served, port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert running.process.poll() is None, running.said()
        try:
            if requests.get(f"http://127.0.0.1:{port}/readyz", timeout=5).status_code == 200:
                return
        except requests.ConnectionError:
            time.sleep(0.05)
    raise AssertionError(f"not ready after 30 s: {running.said()}")


def serve_small() -> None:
    """The process itself: the real server and application around the steward in small, which takes SLOW seconds for a call."""
    from builders.stand_in import TinySteward  # noqa: PLC0415 - only the started process needs them
    from exercise_cds.settings import load  # noqa: PLC0415
    from exercise_cds.web import create_app, logs, server  # noqa: PLC0415

    class Slow(TinySteward):
        def respond(self, *arguments: Any, **named: Any) -> object:
            time.sleep(float(os.environ.get("SLOW", "0")))
            return super().respond(*arguments, **named)

    settings = load()
    logs.configure(settings.log_level)
    server.run(create_app(Slow(), settings), settings)


def serve_busy() -> None:
    """The same with the operators' port and readiness, as `exercise-cds serve` has them; with FAIL every call is a bug of ours."""
    from builders.stand_in import TinySteward  # noqa: PLC0415 - only the started process needs them
    from exercise_cds.settings import load  # noqa: PLC0415
    from exercise_cds.web import create_app, logs, ops, server  # noqa: PLC0415
    from exercise_cds.web.metrics import Metrics  # noqa: PLC0415

    class Slow(TinySteward):
        def respond(self, *arguments: Any, **named: Any) -> object:
            time.sleep(float(os.environ.get("SLOW", "0")))
            if "FAIL" in os.environ:
                raise RuntimeError(repr(arguments))
            return super().respond(*arguments, **named)

    settings = load()
    logs.configure(settings.log_level)
    metrics, readiness = Metrics(), ops.Readiness()
    port = ops.OperatorsPort(settings.host, settings.metrics_port, ops.operators_app(readiness, metrics)) if settings.metrics_port else None
    moments = server.Moments(start=port.start if port else lambda: None, stopping=readiness.stop)
    server.run(create_app(Slow(), settings, metrics=metrics, readiness=readiness), settings, moments)
