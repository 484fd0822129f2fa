"""The operators' port of a real process: alive while busy, ready or not by name, numbers, and the end after SIGTERM."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from builders.hook_requests import a_request
from builders.served import COMMAND, ROOT, Served, free_port, process_environment, served

STORY = ROOT / "fhir_examples" / "chronic-low-back-pain" / "request.json"
SERVICE = "/low-back-pain-exercise"


def _post(running: Served, body: bytes) -> requests.Response:
    return requests.post(running.url + SERVICE, data=body, headers={"Content-Type": "application/json"}, timeout=10)


def _numbers(port: int) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    text = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text
    families = text_string_to_metric_families(text)
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}


def _of(numbers: dict[tuple[str, tuple[tuple[str, str], ...]], float], name: str, **labels: str) -> float:
    return numbers.get((f"exercise_cds_{name}", tuple(sorted(labels.items()))), 0.0)


def test_the_numbers_of_one_answer(tmp_path: Path) -> None:
    """One answered call is one decision with its cards, programs and stages; the pack is named; /metrics is not on the service's port."""
    port = free_port()
    with served(tmp_path, COMMAND, ("serve",), EXERCISE_CDS_METRICS_PORT=str(port), **_records(tmp_path)) as running:
        answer = _post(running, STORY.read_bytes()).json()
        _post(running, b"{")
        extension = answer["cards"][-1]["extension"]["org.exercise-cds.decision"]
        ready = requests.get(f"http://127.0.0.1:{port}/readyz", headers={"Host": "10.0.0.7"}, timeout=5).json()
        assert ready["ready"] is True
        assert ready["pack"]["digest"] == extension["digest"]
        numbers = _numbers(port)
        assert _of(numbers, "decisions_total", service=SERVICE[1:], outcome="advised") == 1
        assert _of(numbers, "cards_total", indicator="info") == len(answer["cards"])
        assert all(_of(numbers, "programs_offered_total", program=program) == 1 for program in extension["offered"])
        assert all(_of(numbers, "stage_seconds_count", stage=stage) == 1 for stage in ("read", "facts", "engine", "cards", "total"))
        assert _of(numbers, "request_seconds_count", service=SERVICE[1:]) == 2
        assert _of(numbers, "refusals_total", reason="BadRequest") == 1
        assert _of(numbers, "in_flight") == 0
        pack = {"pack": "low-back-pain", "version": extension["version"], "digest": extension["digest"]}
        assert _of(numbers, "pack_info", **pack) == 1
        assert ("process_resident_memory_bytes", ()) in numbers
        assert requests.get(f"http://127.0.0.1:{running.port}/metrics", timeout=5).status_code == 404
        assert running.stop() == 0


def _records(folder: Path) -> dict[str, str]:
    return {"EXERCISE_CDS_DATABASE_URL": f"sqlite:///{folder / 'records.sqlite'}"}


BUSY = "from builders.served import serve_busy; serve_busy()"


def test_a_busy_service_is_alive(tmp_path: Path) -> None:
    """While every thread of the service waits, /livez and /readyz answer within a second on the operators' port."""
    port = free_port()
    settings = {"EXERCISE_CDS_THREADS": "2", "EXERCISE_CDS_MAX_IN_FLIGHT": "2", "SLOW": "2", "EXERCISE_CDS_METRICS_PORT": str(port)}
    with served(tmp_path, BUSY, **settings) as running, ThreadPoolExecutor(6) as pool:
        calls = [pool.submit(requests.post, running.url + SERVICE, json=a_request(), timeout=20) for _ in range(6)]
        time.sleep(0.5)
        for path in ("livez", "readyz", "metrics"):
            assert requests.get(f"http://127.0.0.1:{port}/{path}", timeout=1).status_code == 200
        assert {call.result().status_code for call in calls} <= {200, 503}


def test_sigterm_is_unready_at_once_while_calls_end(tmp_path: Path) -> None:
    """After SIGTERM /readyz says `shutting-down` with 503 while calls under way are answered; then the process ends with 0."""
    port = free_port()
    with served(tmp_path, BUSY, SLOW="2", EXERCISE_CDS_METRICS_PORT=str(port)) as running, ThreadPoolExecutor(2) as pool:
        call = pool.submit(requests.post, running.url + SERVICE, json=a_request(), timeout=20)
        time.sleep(0.5)
        running.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        ready = requests.get(f"http://127.0.0.1:{port}/readyz", timeout=1)
        assert (ready.status_code, "shutting-down" in ready.text) == (503, True)
        assert requests.get(f"http://127.0.0.1:{port}/livez", timeout=1).status_code == 200
        assert call.result().status_code == 200
        assert running.process.wait(20) == 0


def test_draining_still_answers_new_calls(tmp_path: Path) -> None:
    """With drain_seconds new calls are answered after SIGTERM while /readyz is 503 on the service's own port, too; then the end, exit 0."""
    with served(tmp_path, BUSY, EXERCISE_CDS_DRAIN_SECONDS="2") as running:
        running.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert requests.get(f"http://127.0.0.1:{running.port}/readyz", timeout=2).status_code == 503
        assert requests.post(running.url + SERVICE, json=a_request(), timeout=5).status_code == 200
        assert running.process.wait(20) == 0


def test_overload_is_refused_at_once(tmp_path: Path) -> None:
    """Four times as many callers as may be in flight: the ones above it get 503 with Retry-After before any other has its answer."""
    port = free_port()
    settings = {"EXERCISE_CDS_MAX_IN_FLIGHT": "4", "EXERCISE_CDS_THREADS": "8", "SLOW": "1.5", "EXERCISE_CDS_METRICS_PORT": str(port)}

    def call(_number: int) -> tuple[int, float, str]:
        answer = requests.post(running.url + SERVICE, json=a_request(), timeout=20)
        return answer.status_code, time.monotonic(), answer.headers.get("Retry-After", "")

    with served(tmp_path, BUSY, **settings) as running, ThreadPoolExecutor(16) as pool:
        answered = list(pool.map(call, range(16)))
        taken = [ended for status, ended, _ in answered if status == 200]
        refused = [(ended, retry) for status, ended, retry in answered if status == 503]
        assert (len(taken), len(refused)) == (4, 12)
        assert all(retry and ended < min(taken) for ended, retry in refused), (refused, taken)
        assert _of(_numbers(port), "busy_total") == 12


def test_a_taken_operators_port_stops_the_start(tmp_path: Path) -> None:
    """A metrics_port that somebody has is a sentence that names the setting, exit 1."""
    with (
        served(tmp_path) as other,
        pytest.raises(AssertionError) as stopped,
        served(tmp_path, COMMAND, ("serve",), EXERCISE_CDS_METRICS_PORT=str(other.port)),
    ):
        pass
    assert "choose another with the setting metrics_port" in str(stopped.value)


def test_the_page_of_metrics_is_fresh() -> None:
    """docs/operators/metrics.md lists every metric that is exported, with its type and labels."""
    done = subprocess.run(
        [sys.executable, "tools/metrics_page.py", "--check"],
        cwd=ROOT,
        env=process_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    page = (ROOT / "docs" / "operators" / "metrics.md").read_text("utf-8")
    assert "`exercise_cds_decision_log_lost_total`" in page
    assert json.dumps(page).count("exercise_cds_") > 20
