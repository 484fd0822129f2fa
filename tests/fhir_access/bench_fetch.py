"""How long an answer takes that needs FHIR queries. It asserts nothing.

    PYTHONPATH=service:tests python tests/fhir_access/bench_fetch.py [CALLS]

Three processes on one machine: `exercise-cds serve`; a FHIR server of ours, over TLS, that waits 50 ms before every answer; and
this one, which posts and looks at the clock. The goal: three queries of 50 ms each in under 120 ms.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import orjson
import requests

from builders.certificates import make_authority
from builders.ehr import TOKEN, story
from builders.fhir_server import FhirServer
from builders.served import COMMAND, served

DELAY = 0.05
CALLS = int(sys.argv[1]) if len(sys.argv) > 1 else 200


def say(line: str) -> None:
    """To whoever started the script."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def fhir_process(folder: Path, told: Any) -> None:
    """The FHIR server, for as long as the benchmark runs."""
    authority = make_authority(folder)
    with FhirServer(story().resources, tls=authority.server, delay=DELAY) as server:
        told.send(server.base)
        told.recv()


def request(base: str, missing: tuple[str, ...]) -> dict[str, Any]:
    """A request with everything prefetched but these keys."""
    prefetch = {key: orjson.loads(text) for key, text in story().request.prefetch.items() if key not in missing}
    access = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.rs", "subject": "x"}
    return {
        "hook": "patient-view",
        "hookInstance": "5e0a1c52-7d1f-4d3b-9a51-000000000001",
        "context": {"userId": "Practitioner/d1", "patientId": "example"},
        "prefetch": prefetch,
        "fhirServer": base,
        "fhirAuthorization": access,
    }


def measure(url: str, body: dict[str, Any]) -> list[float]:
    """Milliseconds of each call, over one kept connection."""
    took = []
    with requests.Session() as session:
        for _ in range(CALLS):
            began = time.perf_counter()
            answer = session.post(url, json=body, timeout=10)
            took.append((time.perf_counter() - began) * 1_000)
            assert answer.status_code == 200, answer.text
            assert answer.json()["cards"]
    return took


def main() -> None:
    """Three queries, all fourteen, and none."""
    told, ours = multiprocessing.Pipe()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fhir = multiprocessing.get_context("fork").Process(target=fhir_process, args=(folder, ours))
        fhir.start()
        base = told.recv()
        settings = {"EXERCISE_CDS_FHIR__SERVERS": base, "EXERCISE_CDS_FHIR__CA_FILE": str(folder / "ca.pem")}
        settings["EXERCISE_CDS_DATABASE_URL"] = f"sqlite:///{folder}/records.sqlite"
        keys = tuple(story().request.prefetch)
        with served(folder, COMMAND, ("serve",), **settings) as process:
            url = f"{process.url}/low-back-pain-exercise"
            say(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}, {CALLS} calls, one after the other; milliseconds")
            say(f"{'queries of 50 ms':<18}{'first':>8}{'median':>8}{'p95':>8}{'p99':>8}{'most':>8}")
            for missing in (("conditions", "procedures", "medications"), keys, ()):
                took = measure(url, request(base, missing))
                rest = sorted(took[1:])
                row = (took[0], median(rest), rest[int(len(rest) * 0.95)], rest[int(len(rest) * 0.99)], rest[-1])
                say(f"{len(missing):<18}" + "".join(f"{one:>8.1f}" for one in row))
        told.send("done")
        fhir.join()


if __name__ == "__main__":
    main()
