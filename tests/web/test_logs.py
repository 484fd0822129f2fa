"""Log lines: one for each request, of listed fields, and nothing of a patient."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable
from typing import Any

from builders.hook_requests import a_request, an_authorization
from exercise_cds.web import logs
from web.conftest import Asked

CANARY = "Zyxwvut-canary"


def _lines(written: io.BytesIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_a_request_is_one_line(asked: Asked, log_lines: io.BytesIO) -> None:
    """An answered call is one JSON line: when, what, how long, with which outcome, from which pack."""
    asked.post(a_request())
    (line,) = _lines(log_lines)
    spent, when = line.pop("latency_ms"), line.pop("ts")
    assert spent > 0
    assert when.endswith("Z")
    assert line == {
        "level": "info",
        "event": "request",
        "method": "POST",
        "service": "low-back-pain-exercise",
        "hook": "patient-view",
        "status": 200,
        "outcome": "advised",
        "cards": 1,
        "digest": "0" * 64,
    }


def test_a_refusal_is_one_line_with_its_class(asked: Asked, log_lines: io.BytesIO) -> None:
    """A refused call says which class of mistake it was; probes say nothing."""
    asked.post(b"{")
    asked.client.get("/livez")
    asked.client.get("/readyz")
    (line,) = _lines(log_lines)
    assert (line["status"], line["reason"]) == (400, "BadRequest")


def test_nothing_that_was_sent_is_logged(open_doors: Callable[..., Asked], log_lines: io.BytesIO) -> None:
    """Law 7: a patient's name in every field, path, query, header and error path appears in no log line."""
    request = a_request(
        hookInstance=CANARY,
        fields={"patientId": CANARY, "userId": f"Practitioner/{CANARY}", "encounterId": CANARY, CANARY: CANARY},
        prefetch={CANARY: {"resourceType": "Patient", "name": [{"text": CANARY}]}},
        fhirServer=f"https://fhir.example.org/{CANARY}",
        fhirAuthorization=an_authorization(access_token=CANARY, patient=CANARY, subject=CANARY),
        extension={CANARY: CANARY},
    )
    headers = {
        "X-Canary": CANARY,
        "User-Agent": CANARY,
        "Referer": f"https://ehr.example.org/{CANARY}",
        "Authorization": f"Bearer {CANARY}",
    }
    for fault in (None, ValueError(CANARY), KeyError(CANARY)):
        asked = open_doors(fault)
        assert asked.post(request, headers=headers).status_code in {200, 500}
        for wrong in ({CANARY: CANARY}, {**request, "hook": CANARY}, {**request, "fhirServer": CANARY}, CANARY.encode()):
            assert asked.post(wrong, headers=headers).status_code == 400
        for method, path in [
            ("GET", f"/{CANARY}"),
            ("POST", f"/cds-services/{CANARY}"),
            ("GET", f"/cds-services?patient={CANARY}"),
            ("PUT", f"/cds-services/x?{CANARY}"),
            (CANARY.upper(), "/cds-services"),
        ]:
            asked.client.open(path, method=method, headers=headers)
        asked.client.get("/cds-services", headers={"Host": CANARY, "Origin": f"https://{CANARY}"})
    assert len(_lines(log_lines)) > 20
    assert CANARY.encode().lower() not in log_lines.getvalue().lower()


def test_libraries_are_named_not_quoted(log_lines: io.BytesIO) -> None:
    """What a library logs is written as its name and place; its words may hold a URL with a patient's id."""
    logging.getLogger("urllib3.connectionpool").warning("Retrying /Patient/%s", CANARY)
    logging.getLogger("urllib3.connectionpool").debug("GET /Patient/%s", CANARY)
    logging.getLogger("py.warnings").warning(CANARY)
    first, second = _lines(log_lines)
    assert (first["event"], first["source"], first["level"]) == ("library", "urllib3.connectionpool", "warning")
    assert second["source"] == "py.warnings"
    assert CANARY.encode() not in log_lines.getvalue()


def test_a_field_that_is_not_listed_is_dropped(log_lines: io.BytesIO) -> None:
    """A field that nobody put on the list is not written, whoever sends it."""
    logs.log().info("request", patient="p1", status=200)
    (line,) = _lines(log_lines)
    assert set(line) == {"ts", "level", "event", "status"}


def test_the_level_is_a_setting() -> None:
    """With the level warning no line is written for what went well."""
    written = io.BytesIO()
    logs.configure("warning", written)
    logs.log().info("request", status=200)
    logs.log().warning("worker timeout")
    assert [line["event"] for line in _lines(written)] == ["worker timeout"]
