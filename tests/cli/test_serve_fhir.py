"""`exercise-cds serve` in front of a FHIR server: settings, the fork, the deadline, and what is written down."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from builders.certificates import TestAuthority, make_authority
from builders.ehr import SAFE, TOKEN, story
from builders.fhir_server import Asked, FhirServer, Line
from builders.served import COMMAND, ROOT, process_environment, served


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TestAuthority:
    """The authority that signs for the FHIR servers of this module."""
    return make_authority(tmp_path_factory.mktemp("authority"))


def _settings(authority: TestAuthority, server: FhirServer, folder: Path, **more: str) -> dict[str, str]:
    return {
        "EXERCISE_CDS_FHIR__SERVERS": server.base,
        "EXERCISE_CDS_FHIR__CA_FILE": str(authority.ca_file),
        "EXERCISE_CDS_DATABASE_URL": f"sqlite:///{folder}/records.sqlite",
        **more,
    }


def _request(server: FhirServer, patient: str = "example") -> dict[str, Any]:
    return {
        "hook": "patient-view",
        "hookInstance": "5e0a1c52-7d1f-4d3b-9a51-000000000001",
        "context": {"userId": "Practitioner/d1", "patientId": patient},
        "fhirServer": server.base,
        "fhirAuthorization": {
            "access_token": TOKEN,
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "patient/*.read",
            "subject": "client-1",
        },
    }


def test_cards_without_any_prefetch(authority: TestAuthority, tmp_path: Path) -> None:
    """The worker, forked from the process that loaded the pack, fetches all by itself, many calls at once; nothing is written of it."""
    patient = "patient-whom-nobody-may-see"
    resources = json.loads(json.dumps(list(story().resources)).replace('"Patient/example"', f'"Patient/{patient}"'))
    resources[0]["id"] = patient
    with (
        FhirServer(resources, tls=authority.server, delay=0.02) as fhir,
        served(
            tmp_path,
            COMMAND,
            ("serve",),
            **_settings(authority, fhir, tmp_path, EXERCISE_CDS_LOG_LEVEL="debug", EXERCISE_CDS_DEADLINE_MS="3000"),
        ) as process,
    ):
        url = f"{process.url}/low-back-pain-exercise"
        with ThreadPoolExecutor(4) as callers:
            answers = list(callers.map(lambda _: requests.post(url, json=_request(fhir, patient), timeout=10), range(12)))
        assert {answer.status_code for answer in answers} == {200}
        assert all("programs that fit" in answer.json()["cards"][0]["summary"] for answer in answers)
        assert len(fhir.asked) == 12 * 14
        assert process.stop() == 0
        said = process.said()
    assert TOKEN not in said
    assert patient not in said
    assert "fhirServer" not in said
    assert str(fhir.port) not in said
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("records.sqlite*"))
    assert TOKEN.encode() not in written
    assert patient.encode() not in written


def _silent(line: Line, _asked: Asked) -> None:
    line.sleep(30)


@pytest.mark.parametrize(
    ("slow", "status"), [(("Condition",), 412), (("Procedure", "MedicationRequest", "ServiceRequest", "CarePlan", "Observation"), 200)]
)
def test_at_the_deadline_there_is_an_answer(authority: TestAuthority, tmp_path: Path, slow: tuple[str, ...], status: int) -> None:
    """Required data that are late are a 412 that names them (CH-057); other data are in doubt, and the card says so (law 3, CH-084)."""
    with (
        FhirServer(story().resources, tls=authority.server, plays=dict.fromkeys(slow, _silent)) as fhir,
        served(tmp_path, COMMAND, ("serve",), **_settings(authority, fhir, tmp_path, EXERCISE_CDS_DEADLINE_MS="200")) as process,
    ):
        url = f"{process.url}/low-back-pain-exercise"
        took = []
        for _ in range(4):
            began = time.monotonic()
            answer = requests.post(url, json=_request(fhir), timeout=10)
            took.append(time.monotonic() - began)
            assert answer.status_code == status
            if status == 412:
                assert "Cannot advise without Condition" in answer.json()["issue"][0]["details"]["text"]
            else:
                assert "were not answered in time" in answer.json()["cards"][0]["detail"]
    assert min(took) < 0.2 + SAFE


def test_only_servers_of_the_settings_are_called(authority: TestAuthority, tmp_path: Path) -> None:
    """Without authentication, too, fhirServer is called only where the site has named it (SEC-20)."""
    with (
        FhirServer(story().resources, tls=authority.server) as fhir,
        FhirServer(story().resources, tls=authority.server) as other,
        served(tmp_path, COMMAND, ("serve",), **_settings(authority, fhir, tmp_path)) as process,
    ):
        answer = requests.post(f"{process.url}/low-back-pain-exercise", json=_request(other), timeout=10)
        assert answer.status_code == 412
        assert other.lines == 0


@pytest.mark.parametrize("make", [lambda folder: folder / "missing.pem", lambda folder: _written(folder / "no.pem")])
def test_authorities_that_cannot_be_read_stop_the_start(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    """A file of authorities that is not there, or holds none, is a sentence at the start, not a fault of every call."""
    path = make(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, "serve", "--authentication", "none"],
        cwd=ROOT,
        env=process_environment(EXERCISE_CDS_FHIR__CA_FILE=str(path)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert f"fhir.ca_file: {path} cannot be used" in done.stderr
    assert "Traceback" not in done.stderr


def _written(path: Path) -> Path:
    path.write_text("no certificate\n", encoding="utf-8")
    return path
