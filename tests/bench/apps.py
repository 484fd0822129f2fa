"""What is measured, each as a process: the ceilings and ours, on one and the same server.

    python -m bench.apps NAME PORT WORKERS (gunicorn | granian) [FOLDER]

The ceilings (`bare-orjson`, `bare-json`) are Flask alone: the body is decoded, a card of a fixed size goes back. `ours` is the whole
service with its limits of rates, log line, all counters and the source that completes what prefetch lacks; `ours-kept` writes the
decision log too; `ours-es384` and `ours-rs384` verify a token that FOLDER has the key for. On gunicorn all of them run on the service's
own server class and its threads, so that only the application differs.
"""

from __future__ import annotations

import functools
import gc
import json
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from flask import Flask, Response, request

from builders.charts import TODAY
from exercise_cds.cds_service import CdsService, Serving
from exercise_cds.cli.fhir_servers import fhir_servers
from exercise_cds.cli.kept import Kept, kept
from exercise_cds.cli.packs import serving_of
from exercise_cds.records import PackListing
from exercise_cds.rulepack import load
from exercise_cds.security import guard_of
from exercise_cds.settings import Settings
from exercise_cds.web import create_app, logs, server
from exercise_cds.web.metrics import Metrics

ROOT = Path(__file__).resolve().parents[2]
ISSUER = "https://ehr.example.org"
_MOST = 10_000_000
"""Requests a minute: rates are counted as at a site, and never reached."""
NOW = datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=UTC)
CARD = {
    "uuid": "0",
    "summary": "Exercise programs that fit",
    "indicator": "info",
    "source": {"label": "x"},
    "detail": "a line of it. " * 110,
}
"""A third of the answers of ours holds a card of this size and an eighth of it more; the ceiling always sends it."""


def bare(decode: Callable[[bytes], Any]) -> Flask:
    """The ceiling."""
    app = Flask("bare", static_folder=None)
    answer = orjson.dumps({"cards": [CARD]})

    @app.get("/readyz")
    def ready() -> str:
        return ""

    @app.post("/cds-services/<_service>")
    def call(_service: str) -> Response:
        decode(request.get_data(cache=False))
        return Response(answer, 200, content_type="application/json")

    return app


def settings_of(port: int, folder: Path | None, algorithm: str) -> Settings:
    """Those of a first trial; with `algorithm` those of a site with one client, whose key is in the folder."""
    base: dict[str, Any] = {"port": port, "rates": {"client": _MOST, "address": _MOST}}
    if folder is not None:
        base["database_url"] = f"sqlite:///{folder / f'records-{port}.sqlite'}"
    if not algorithm or folder is None:
        return Settings(authentication="none", **base)
    client = {"issuer": ISSUER, "jwks_file": folder / f"{algorithm}.json", "algorithms": [algorithm], "reuses_tokens": True}
    return Settings(base_url="http://127.0.0.1:8080", clients=[client], **base)


def ours(settings: Settings, records: Kept | None, serving: Serving | None = None) -> Flask:
    """The service as `exercise-cds serve` wires it, but for a clock that stands on the day of the charts."""
    metrics = Metrics()
    guard = None
    if settings.authentication == "on":
        guard = guard_of(settings, clock=lambda: datetime.now(UTC), tick=time.monotonic)
    steward = CdsService(
        serving or compiled(settings),
        record=records.decisions.put if records else None,
        observe=metrics.decided,
        tick=time.perf_counter,
        source=fhir_servers(settings, lambda result: metrics.fhir_queries.labels(result).inc()),
        fetch_seconds=settings.deadline_ms / 1_000,
    )
    lend = guard.lend if guard else None
    return create_app(steward, settings, authenticate=guard, lend=lend, clock=lambda: NOW, metrics=metrics)


def compiled(settings: Settings) -> Serving:
    """The shipped pack, its first-use costs paid."""
    loaded = load(ROOT / "rules" / "low-back-pain")
    if loaded.pack is None:
        raise SystemExit("the shipped pack does not load")
    return serving_of(settings, loaded.pack)


def application(name: str, port: int, folder: Path | None) -> tuple[Flask, Settings, server.Moments]:
    """By name."""
    algorithm = name.removeprefix("ours-").upper() if name.endswith("384") else ""
    settings = settings_of(port, folder, algorithm)
    if name.startswith("bare"):
        return bare(orjson.loads if name == "bare-orjson" else json.loads), settings, server.Moments()
    logs.configure("info", Path(os.devnull).open("wb"))  # noqa: SIM115 - as long as the process lives
    records = kept(settings) if name == "ours-kept" else None
    app = ours(settings, records)
    if records is None:
        return app, settings, server.Moments()
    app.extensions["metrics"].decision_log.state = lambda: records.decisions.state
    listing = PackListing("low-back-pain", "0", "0" * 64, {}, {}, frozenset())
    return app, settings, server.Moments(start=lambda: records.begin(listing), end=records.end)


class Measured(server._Server):
    """The service's server with so many workers."""

    workers = 1

    def load_config(self) -> None:
        """As ours, but for the workers."""
        super().load_config()
        self.cfg.set("workers", self.workers)


@functools.cache
def on_granian() -> Flask:
    """The factory that granian's worker calls."""
    folder = Path(sys.argv[5]) if len(sys.argv) > 5 else None
    return application(sys.argv[1], int(sys.argv[2]), folder)[0]


def main() -> None:
    """Serve until SIGTERM."""
    name, port, workers, kind = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    folder = Path(sys.argv[5]) if len(sys.argv) > 5 else None
    if kind == "gunicorn":
        app, settings, moments = application(name, port, folder)
        Measured.workers = workers
        gc.collect()
        gc.freeze()  # as `server.run` does
        Measured(app, settings, moments).run()
        return
    from granian import Granian  # noqa: PLC0415 - an alternative, in the venv of the benchmark alone
    from granian.constants import Interfaces  # noqa: PLC0415

    threads = Settings(authentication="none").threads
    serve = Granian(
        "bench.apps:on_granian", port=port, interface=Interfaces.WSGI, workers=workers, blocking_threads=threads, factory=True,
        log_enabled=False,
    )  # fmt: skip
    serve.serve()


if __name__ == "__main__":
    main()
