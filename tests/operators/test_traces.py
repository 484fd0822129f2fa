"""Traces for a collector: a span for each request with its stages below it, of listed fields only."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import requests

from builders.collector import Collector, attributes
from builders.served import COMMAND, ROOT, served

STORY = (ROOT / "fhir_examples" / "chronic-low-back-pain" / "request.json").read_bytes()
SERVICE = "/low-back-pain-exercise"
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
ALLOWED = {
    "http.request.method", "http.response.status_code", "http.route", "exercise_cds.service", "exercise_cds.hook", "exercise_cds.outcome",
    "exercise_cds.cards", "exercise_cds.digest", "exercise_cds.reason",
}  # fmt: skip


def _settings(folder: Path, collector: Collector, **more: str) -> dict[str, str]:
    database = f"sqlite:///{folder / 'records.sqlite'}"
    return {"EXERCISE_CDS_DATABASE_URL": database, "EXERCISE_CDS_TRACES__ENDPOINT": collector.endpoint, **more}


def test_a_call_is_a_span_with_its_stages(tmp_path: Path) -> None:
    """A call is one span below the caller's, its stages lie within it in their order, and its log line has the trace's id."""
    with Collector() as collector, served(tmp_path, COMMAND, ("serve",), **_settings(tmp_path, collector)) as running:
        headers = {"Content-Type": "application/json", "traceparent": f"00-{TRACE}-{PARENT}-01"}
        assert requests.post(running.url + SERVICE, data=STORY, headers=headers, timeout=10).status_code == 200
        assert running.stop() == 0
        spans = [span for span in collector.spans() if span.trace_id.hex() == TRACE]
        lines = [json.loads(line) for line in running.said().splitlines() if line.startswith("{")]
    (call,) = [span for span in spans if span.parent_span_id.hex() == PARENT]
    stages = sorted((span for span in spans if span.parent_span_id == call.span_id), key=lambda span: span.start_time_unix_nano)
    assert call.name == "POST /cds-services/<service>"
    assert [stage.name for stage in stages] == ["fetch", "read", "facts", "engine", "cards"]
    edges = [edge for stage in stages for edge in (stage.start_time_unix_nano, stage.end_time_unix_nano)]
    assert edges == sorted(edges)
    assert call.start_time_unix_nano <= edges[0]
    assert edges[-1] <= call.end_time_unix_nano
    said = attributes(call)
    assert (said["exercise_cds.service"], said["exercise_cds.outcome"]) == (SERVICE[1:], "advised")
    assert said["http.response.status_code"] == 200
    assert [line["trace_id"] for line in lines if line.get("service") == SERVICE[1:]] == [TRACE]


def test_spans_hold_listed_fields_only(tmp_path: Path) -> None:
    """Queries, odd paths, odd headers: spans have listed attributes, a route for a name, and nothing that was sent."""
    with Collector() as collector, served(tmp_path, COMMAND, ("serve",), **_settings(tmp_path, collector)) as running:
        for parent in ("", "canary", f"00-{TRACE}-{PARENT}", f"00-{'0' * 32}-{PARENT}-01", f"00-{TRACE}-{PARENT}-01, canary"):
            for path in ("", "?patient=canary", "/canary", f"{SERVICE}/canary?x=canary"):
                requests.get(running.url + path, headers={"traceparent": parent, "baggage": "name=canary"}, timeout=10)
        requests.post(running.url + "/canary", data=b"canary", timeout=10)
        requests.post(running.url + SERVICE, data=b'{"canary"', headers={"Content-Type": "application/json"}, timeout=10)
        assert running.stop() == 0
        spans = collector.spans()
    assert len(spans) == 22
    assert {name for span in spans for name in attributes(span)} <= ALLOWED
    assert {span.name for span in spans} == {"GET /cds-services", "GET", "POST /cds-services/<service>"}
    assert not any(span.events or span.links or span.trace_id.hex() == TRACE for span in spans)
    assert b"canary" not in b"".join(collector.bodies)


def test_no_percent_sends_nothing(tmp_path: Path) -> None:
    """With `percent` 0 nothing is sent, whatever the caller wishes, and log lines have no trace."""
    with (
        Collector() as collector,
        served(tmp_path, COMMAND, ("serve",), **_settings(tmp_path, collector, EXERCISE_CDS_TRACES__PERCENT="0")) as running,
    ):
        requests.get(running.url, headers={"traceparent": f"00-{TRACE}-{PARENT}-01"}, timeout=10)
        assert running.stop() == 0
        assert collector.bodies == []
        assert "trace_id" not in running.said()


def test_a_collector_that_is_gone_costs_nobody_an_answer(tmp_path: Path) -> None:
    """With nobody at the collector's address calls are answered, and the process ends with 0."""
    with Collector() as collector:
        settings = _settings(tmp_path, collector)
    with served(tmp_path, COMMAND, ("serve",), **settings) as running:
        answer = requests.post(running.url + SERVICE, data=STORY, headers={"Content-Type": "application/json"}, timeout=10)
        assert answer.status_code == 200
        assert running.stop() == 0


def test_without_opentelemetry_the_setting_stops_the_start(tmp_path: Path) -> None:
    """A collector is named, and the extra is not installed: a sentence that says what to install, exit 1."""
    without = f"import sys; sys.modules['opentelemetry'] = None; {COMMAND}"
    with (
        pytest.raises(AssertionError) as stopped,
        Collector() as collector,
        served(tmp_path, without, ("serve",), **_settings(tmp_path, collector)),
    ):
        pass
    assert "traces.endpoint is set and OpenTelemetry is not installed: install exercise-cds[traces]" in str(stopped.value).replace(
        "\n", " "
    )
