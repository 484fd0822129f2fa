"""`exercise-cds serve`: read the settings, load the pack, say what is served and to whom, serve."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
from rich.console import Console
from rich.text import Text

from exercise_cds import rulepack
from exercise_cds.cds_service import CdsService
from exercise_cds.cli.fhir_servers import fhir_servers
from exercise_cds.cli.kept import Kept, kept
from exercise_cds.cli.operated import Operated
from exercise_cds.cli.packs import files_of, listing_of, serving_of
from exercise_cds.fhir import Limits, ResourceSource
from exercise_cds.model.pack import RulePack
from exercise_cds.security import Counts, Guard, guard_of
from exercise_cds.settings import Settings, UnusableSettings, load
from exercise_cds.web import create_app, for_people, logs, server
from exercise_cds.web.certificates import certificate_of
from exercise_cds.web.metrics import Metrics
from exercise_cds.web.said import untraced

if TYPE_CHECKING:  # an extra: it need not be installed
    from exercise_cds.web.traces import Traces

EXAMPLE = ("low-back-pain-exercise", Path("fhir_examples/chronic-low-back-pain/request.json"))
"""What the printed `curl` posts, and to which service: a chart that gets a card on any day."""


@click.command()
@click.option("--config", type=click.Path(path_type=Path), help="A YAML file with settings (also EXERCISE_CDS_CONFIG).")
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=int, help="Port to listen on.")
@click.option("--rules", type=click.Path(path_type=Path), help="Folder of the rule pack.")
@click.option("--overlay", type=click.Path(path_type=Path), help="The site's overlay file.")
@click.option("--authentication", help="on, or none: for trying, on loopback only.")
def serve(config: Path | None, **flags: Any) -> None:
    """Serve CDS Hooks.

    Every setting can come from the environment (EXERCISE_CDS_NAME) or from a file; docs/operators/settings.md lists them.
    """
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    try:
        settings = load(config, **flags)
        logs.configure(settings.log_level)
        metrics = Metrics()
        source = fhir_servers(settings, lambda result: metrics.fhir_queries.labels(result).inc())
        server.look_at_port(settings)
        records = kept(settings)
        guard = _guard(settings, records, metrics)
        traces = _traces(settings)
        certificate = certificate_of(settings, metrics.certificate_expires.set)
    except UnusableSettings as fault:
        _stop(console, *fault.sentences)
    except server.PortTaken as fault:
        _stop(console, str(fault))
    pack = _pack(settings, console)
    pause = files_of(settings).pause_now(pack)
    for finding in pause.findings:
        console.print(f"exercise-cds: everything is paused: {finding}", markup=False)
    steward = _steward(settings, rulepack.paused(pack, pause), records, source, metrics)
    try:
        operated = Operated(settings, metrics, records, steward, pack)
    except UnusableSettings as fault:
        _stop(console, *fault.sentences)
    moments = server.Moments(
        ready=lambda: console.print(_greeting(settings)),
        start=lambda: _begin(records, steward, guard, operated, traces),
        stopping=operated.readiness.stop,
        end=lambda: _end(records, operated, traces),
    )
    app = create_app(
        steward,
        settings,
        authenticate=guard,
        lend=guard.lend if guard else None,
        feedback_store=records.feedback if settings.feedback.offered else None,
        metrics=metrics,
        readiness=operated.readiness,
        pages=for_people.blueprints(settings, steward),
        trace=traces.told if traces else untraced,
    )
    server.run(app, settings, moments, certificate=certificate)


def _guard(settings: Settings, records: Kept, metrics: Metrics) -> Guard | None:
    """Who looks at tokens; nobody where the settings say so. Raises UnusableSettings."""
    if settings.authentication == "none":
        return None
    counts = Counts(keys=lambda issuer, result: metrics.key_fetches.labels(issuer, result).inc(), local=metrics.replay_local.inc)
    return guard_of(settings, clock=lambda: datetime.now(UTC), tick=time.monotonic, shared=records.replay.first_sight, counts=counts)


def _traces(settings: Settings) -> Traces | None:
    """Spans, where a collector is named; OpenTelemetry is loaded only then. Raises UnusableSettings."""
    site = settings.traces
    if site.endpoint is None:
        return None
    try:
        made: Traces = import_module("exercise_cds.web.traces").Traces(site.endpoint, site.percent)
    except ImportError:
        sentence = "traces.endpoint is set and OpenTelemetry is not installed: install exercise-cds[traces], or take the setting out"
        raise UnusableSettings((sentence,)) from None
    return made


def _begin(records: Kept, steward: CdsService, guard: Guard | None, operated: Operated, traces: Traces | None) -> None:
    """In the worker, before its first call."""
    if traces is not None:
        traces.begin()
    if guard is not None:
        guard.prewarm()
    records.begin(listing_of(steward.serving.pack))
    operated.begin()


def _end(records: Kept, operated: Operated, traces: Traces | None) -> None:
    """In the worker, after its last call; operators see it to the end."""
    records.end()
    if traces is not None:
        traces.end()
    operated.end()


def _pack(settings: Settings, console: Console) -> RulePack:
    """The pack, loaded. A pack with an error does not serve: every finding is printed. Advice is only counted."""
    loaded = rulepack.load(*files_of(settings).at_rest())
    if loaded.pack is None:
        for finding in loaded.findings:
            console.print(str(finding), markup=False)
        _stop(console, f"the rule pack {settings.rules} has errors, so nothing is served")
    if loaded.findings:
        console.print(f"exercise-cds: {len(loaded.findings)} pieces of advice about {settings.rules}", markup=False)
    return loaded.pack


def _steward(settings: Settings, pack: RulePack, records: Kept, source: ResourceSource, metrics: Metrics) -> CdsService:
    return CdsService(
        serving_of(settings, pack),
        limits=Limits(depth=settings.limits.depth, entries=settings.limits.entries),
        strict=settings.strict,
        record=records.decisions.put,
        observe=metrics.decided,
        tick=time.perf_counter,
        source=source,
        fetch_seconds=settings.deadline_ms / 1_000,
    )


def _stop(console: Console, *sentences: str) -> NoReturn:
    for sentence in sentences:
        console.print(f"exercise-cds: {sentence}", markup=False)
    sys.exit(1)


def _greeting(settings: Settings) -> Text:
    """Where to look first, and what is dangerous about it. No frame around it: the curl is there to be copied."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"http{'s' if settings.tls.cert_file else ''}://{host}:{settings.port}/cds-services"
    words = Text("\n")
    if settings.authentication == "none":
        words.append("  NO AUTHENTICATION: whoever reaches this address may ask about any patient.\n", style="bold red")
        words.append("  For trying only, with made-up patients.\n\n", style="red")
    for client in settings.clients if settings.authentication == "on" else ():
        if client.reuses_tokens:
            words.append(f"  TOKENS OF {client.issuer} MAY BE USED AGAIN until they end (reuses_tokens).\n\n", style="bold red")
    words.append("  Rules      ", style="bold")
    words.append(f"{settings.rules}\n")
    words.append("  Discovery  ", style="bold")
    words.append(f"{address}\n")
    service, example = EXAMPLE
    if settings.authentication == "on":
        words.append("  A card     ", style="bold")
        known_as = f" --token-base {settings.base_url}" if settings.base_url and not address.startswith(f"{settings.base_url}/") else ""
        words.append(
            f"exercise-cds call {address} --fhir FOLDER --patient ID --token-key FILE --token-kid KID --token-issuer ISS{known_as}\n"
        )
    elif example.exists():
        words.append("  A card     ", style="bold")
        words.append(f"curl -s -H 'Content-Type: application/json' --data @{example} {address}/{service}\n")
    words.append("  Stop       ", style="bold")
    words.append("Ctrl-C\n")
    return words
