"""Used tokens shared by two processes of the real service, on both databases."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import requests

from builders.served import COMMAND, ROOT, Served, served
from builders.tokens import FEEDBACK, SERVICE, bearer, fresh_token, trusting_environment

BODY = (ROOT / "fhir_examples/chronic-low-back-pain/request.json").read_bytes()
ENTRY = {"card": "5c0a8b9e-0000-4000-8000-000000000001", "outcome": "overridden", "outcomeTimestamp": "2026-03-02T11:00:00Z"}


def _call(process: Served, token: str) -> int:
    headers = {"Content-Type": "application/json", **bearer(token)}
    return requests.post(f"http://127.0.0.1:{process.port}{SERVICE}", data=BODY, headers=headers, timeout=20).status_code


def _report(process: Served, token: str) -> int:
    answer = requests.post(f"http://127.0.0.1:{process.port}{FEEDBACK}", json={"feedback": [ENTRY]}, headers=bearer(token), timeout=20)
    return answer.status_code


def test_of_two_processes_one_answers(url: str, tmp_path: Path) -> None:
    """SEC-10: of two processes that get one token at the same moment exactly one answers, twenty times over, for cards and for feedback."""
    environment = {
        **trusting_environment(tmp_path),
        "EXERCISE_CDS_DATABASE_URL": url.replace("postgresql://", "postgresql+psycopg://"),
        "EXERCISE_CDS_REPLAY__STORE": "database",
        "EXERCISE_CDS_PROCESSES": "2",
    }
    with (
        served(tmp_path, COMMAND, ("serve",), **environment) as one,
        served(tmp_path, COMMAND, ("serve",), **environment) as other,
        ThreadPoolExecutor(4) as pool,
    ):
        for _ in range(20):
            token = fresh_token()
            calls = [pool.submit(_call, process, token) for process in (one, other, one, other)]
            assert sorted(call.result() for call in calls) == [200, 401, 401, 401]
        for _ in range(20):
            token = fresh_token(FEEDBACK)
            reports = [pool.submit(_report, process, token) for process in (one, other)]
            assert sorted(report.result() for report in reports) == [200, 401]


def test_a_database_that_hangs_costs_a_call_its_deadline(postgresql_url: str, tmp_path: Path) -> None:
    """SEC-10: while used tokens are locked away, a call is refused 503 at its own deadline, before the database gives up (2 s).

    Once it answers again, calls get their cards; feedback, which waits for the database itself, may be sent again as it was.
    """
    environment = {
        **trusting_environment(tmp_path),
        "EXERCISE_CDS_DATABASE_URL": postgresql_url.replace("postgresql://", "postgresql+psycopg://"),
        "EXERCISE_CDS_REPLAY__STORE": "database",
        "EXERCISE_CDS_DEADLINE_MS": "200",
    }
    with served(tmp_path, COMMAND, ("serve",), **environment) as process, psycopg.connect(postgresql_url) as other:
        other.execute("LOCK TABLE tokens")
        assert _call(process, fresh_token()) == 503
        report = fresh_token(FEEDBACK)
        assert _report(process, report) == 503
        lines = [json.loads(line) for line in process.said().splitlines() if '"status":503' in line]
        assert [line["reason"] for line in lines] == ["ReplayUnreachable", "StoreUnreachable"]
        other.rollback()
        assert _call(process, fresh_token()) == 200
        assert [_report(process, report) for _ in range(2)] == [200, 401]
