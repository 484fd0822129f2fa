"""Law 7, from outside: a patient's name, id, birthday, values and tokens go through every endpoint and every error path, and stay nowhere.

Looked through afterwards: everything that the processes wrote (the server's own log too), /metrics, /readyz, traces, the body and the
headers of every refusal, the database's files, an export in both forms, and a report with its tables.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from builders.collector import Collector
from builders.fhir_server import Asked, FhirServer, Line
from builders.served import COMMAND, ROOT, Served, free_port, process_environment, served
from builders.tokens import FEEDBACK, SERVICE, bearer, fresh_token, trusting_environment

NAME, ID, DAY, VALUE, SECRET = "Zyxwvutcanary", "kanarie-77f3", "1949-09-17", "41.82731", "tokencanary55"
CANARIES = (NAME, ID, DAY, VALUE, SECRET)
STORY = json.loads((ROOT / "fhir_examples" / "chronic-low-back-pain" / "request.json").read_text("utf-8"))
_POST = f"POST {SERVICE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


def _patient() -> dict[str, Any]:
    name = {"family": NAME, "given": [NAME], "text": NAME}
    address = {"line": [NAME], "city": NAME}
    identifier = {"system": f"urn:{NAME}", "value": ID}
    return {
        "resourceType": "Patient", "id": ID, "name": [name], "birthDate": DAY, "identifier": [identifier], "address": [address],
        "telecom": [{"value": NAME}], "text": {"status": "generated", "div": f"<div>{NAME}</div>"},
    }  # fmt: skip


def a_call(**changes: Any) -> dict[str, Any]:
    """The story of chronic low back pain, told of the canary, with these keys replaced."""
    told = json.loads(
        json.dumps(STORY).replace('"Patient/example"', f'"Patient/{ID}"').replace('"Practitioner/example"', f'"Practitioner/{ID}"')
    )
    told["context"] = {"userId": f"Practitioner/{ID}", "patientId": ID, "encounterId": ID}
    told["prefetch"]["patient"] = _patient()
    for value in told["prefetch"].values():
        for entry in value.get("entry", []):
            resource = entry["resource"]
            resource["note"] = [{"text": f"{NAME} {DAY}"}]
            resource["text"] = {"status": "generated", "div": f"<div>{NAME}</div>"}
            resource["id"] = ID
            if resource["resourceType"] == "Observation":
                resource["valueQuantity"] = {"value": float(VALUE), "unit": NAME}
    return told | changes


def bodies() -> Iterator[bytes]:
    """A call that is answered, and calls that are refused for every reason that a body can give."""
    whole = a_call()
    yield json.dumps(whole).encode()
    yield json.dumps(a_call(hookInstance=NAME)).encode()
    yield json.dumps(whole)[:-40].encode()
    yield json.dumps(whole).replace('"hook"', f'"hook": "{NAME}", "hook"').encode()
    yield json.dumps(whole).replace(VALUE, "NaN").encode() + NAME.encode()
    yield json.dumps(whole).encode("utf-16")
    yield b"\xff\xfe" + json.dumps(whole).encode()
    yield json.dumps(a_call(hook=NAME)).encode()
    yield json.dumps(a_call(context={"patientId": ID})).encode()
    yield json.dumps(a_call(context={"userId": NAME, "patientId": {NAME: ID}})).encode()
    yield json.dumps(a_call(context={"userId": f"Patient/{ID}", "patientId": ID})).encode()
    yield json.dumps(a_call(context={"userId": f"Practitioner/{ID}", "patientId": f"{ID}/../{NAME}"})).encode()
    yield json.dumps(a_call(prefetch=[NAME])).encode()
    yield json.dumps(a_call(prefetch={})).encode()
    yield json.dumps(a_call(prefetch={"patient": _patient() | {"id": f"{ID}-other"}, "conditions": NAME})).encode()
    yield json.dumps(a_call(prefetch=whole["prefetch"] | {"conditions": {"resourceType": "OperationOutcome", "issue": NAME}})).encode()
    yield json.dumps(a_call(prefetch=whole["prefetch"] | {"patient": _patient() | {"birthDate": f"{DAY}x"}})).encode()
    yield json.dumps(a_call(fhirServer=f"https://{NAME}.example.org/{ID}", fhirAuthorization=_authorization())).encode()
    yield json.dumps(a_call(fhirServer="not an address", fhirAuthorization=NAME)).encode()
    yield json.dumps([[[[NAME]]]] * 3).encode()
    yield (b"[" * 200) + NAME.encode()
    yield json.dumps(whole).encode() + b" " * 6_000_000


def _authorization() -> dict[str, Any]:
    return {"access_token": SECRET, "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.rs", "subject": NAME, "patient": ID}


def feedback(card: str) -> Iterator[bytes]:
    """Feedback that is stored, and feedback that is refused."""
    entry = {"card": card, "outcome": "overridden", "outcomeTimestamp": "2026-03-02T12:00:00Z"}
    yield json.dumps({"feedback": [entry | {"overrideReason": {"userComment": f"{NAME} {DAY}"}}]}).encode()
    yield json.dumps({"feedback": [entry | {"outcome": NAME}]}).encode()
    yield json.dumps({"feedback": [entry | {"outcomeTimestamp": f"{DAY} {NAME}"}]}).encode()
    yield json.dumps({"feedback": NAME}).encode()
    yield f'{{"feedback": [{NAME}'.encode()


class Looked:
    """Everything that came out, save answers with cards, which are the patient's own."""

    def __init__(self) -> None:
        self.texts: list[tuple[str, str]] = []
        self.statuses: set[int] = set()

    def at(self, what: str, text: str | bytes) -> None:
        """Keep a text for the end."""
        self.texts.append((what, text if isinstance(text, str) else text.decode("latin-1")))

    def answer(self, answer: requests.Response) -> requests.Response:
        """Keep what is not a success, and the headers of everything."""
        self.statuses.add(answer.status_code)
        self.at(f"headers of {answer.status_code}", str(answer.headers))
        if answer.status_code != 200:
            self.at(f"a body of {answer.status_code}", answer.text)
        return answer

    def files(self, folder: Path) -> None:
        """Keep every file."""
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.name != "keys.json":
                self.at(str(path.relative_to(folder)), path.read_bytes())

    def found(self) -> list[tuple[str, str]]:
        """Where a canary sings."""
        return [(what, canary) for what, text in self.texts for canary in CANARIES if canary.lower() in text.lower()]


def _pages(base: str, looked: Looked, running: Served, headers: Callable[[str], dict[str, str]]) -> None:
    """Paths, methods, headers and lines that are refused, or are no HTTP."""
    for path in (
        f"/cds-services?patient={ID}&name={NAME}",
        f"/cds-services/{NAME}",
        f"/{ID}",
        f"/handouts/{NAME}?without={ID}",
        "/livez?x=" + NAME,
    ):
        for method in ("GET", "POST", "PUT", NAME.upper()):
            looked.answer(requests.request(method, base + path, headers=headers(SERVICE), data=json.dumps(_patient()), timeout=10))
    call = json.dumps(a_call()).encode()
    for extra in (
        {"Content-Type": NAME}, {"Content-Encoding": NAME}, {"Origin": f"https://{NAME}.org"}, {"Host": NAME}, {"X-Forwarded-For": NAME},
        {"Referer": f"https://x/{ID}"}, {"Cookie": f"a={SECRET}"}, {"traceparent": NAME}, {"X-Long": NAME * 900}, {"Sec-Fetch-Site": NAME},
    ):  # fmt: skip
        whole = {"Content-Type": "application/json", **headers(SERVICE), **extra}
        looked.answer(requests.post(base + SERVICE, data=call, headers=whole, timeout=10))
    for line in (
        f"GET /{ID}?patient={NAME} HTTP/1.1\r\nHost: localhost\r\nReferer: {NAME}\r\n\r\n", f"{NAME} / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        f"GET / HTTP/{NAME}\r\n\r\n", f"GET / HTTP/1.1\r\nHost: {NAME}\r\n{NAME}\r\n\r\n", f"GET / HTTP/1.1\r\n{NAME} {ID}: 1\r\n\r\n",
        f"{_POST}Content-Length: 900\r\n\r\n{NAME}", f"{_POST}Transfer-Encoding: chunked\r\n\r\nZZ\r\n{NAME}\r\n",
    ):  # fmt: skip
        looked.at("a raw answer", running.raw(line.encode()))


_ASKED = ("Patient", "Condition", "Observation", "Procedure", "MedicationRequest", "ServiceRequest", "CarePlan", "QuestionnaireResponse")


def _lying(line: Line, asked: Asked) -> None:
    """A FHIR server that tells of the canary, and of itself, in every wrong way."""
    kind = asked.type
    if kind == "Condition":
        line.body(json.dumps({"resourceType": "OperationOutcome", "issue": [{"diagnostics": NAME}]}).encode(), 500, X=NAME)
    elif kind == "Observation":
        line.body(f"<html>{NAME} {ID}</html>".encode(), 200)
    elif kind == "Procedure":
        line.body(f'{{"resourceType": "Bundle", "entry": [{NAME}'.encode(), 200)
    elif kind == "Patient":
        line.json(_patient())
    else:
        line.json({"resourceType": "Bundle", "type": "searchset", "link": [{"relation": "next", "url": f"https://{NAME}.example/{ID}"}]})


def _tokens() -> Iterator[str]:
    """Headers that are refused, each naming the canary."""
    yield f"Bearer {SECRET}"
    yield f"Basic {SECRET}"
    yield f"Bearer {fresh_token(SERVICE, iss=NAME)}"
    yield f"Bearer {fresh_token(SERVICE, aud=f'https://{NAME}')}"
    yield f"Bearer {fresh_token(SERVICE, sub=NAME, exp=1)}"
    yield f"Bearer {fresh_token(SERVICE, sub=NAME)[:-9]}"
    yield f"Bearer {fresh_token(SERVICE, header={'kid': NAME})}"


def _commands(folder: Path, environment: dict[str, str], looked: Looked) -> None:
    """What the command line writes from the records."""
    for arguments in (
        ("report", "--out", str(folder / "report.html"), "--show-small-counts"),
        ("export", str(folder / "ndjson")), ("export", str(folder / "csv"), "--format", "csv"), ("verify",),
    ):  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-c", COMMAND, *arguments],
            cwd=ROOT,
            env=process_environment(**environment),
            capture_output=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        looked.at(f"what {arguments[0]} says", done.stdout + done.stderr)


def test_the_canary_is_nowhere_with_tokens(tmp_path: Path) -> None:
    """With tokens: calls, feedback, fetches from a lying FHIR server, refused tokens, what is no HTTP; then report and export."""
    looked, port = Looked(), free_port()
    (tmp_path / "pseudonyms.txt").write_text(f"k1 {'a' * 64}\n", "utf-8")
    with FhirServer(plays=dict.fromkeys(_ASKED, _lying)) as fhir, Collector() as collector:
        environment = trusting_environment(tmp_path, fhir_servers=[fhir.base]) | {
            "EXERCISE_CDS_METRICS_PORT": str(port), "EXERCISE_CDS_HTTP_FHIR_SERVERS": "true", "EXERCISE_CDS_LOG_LEVEL": "debug",
            "EXERCISE_CDS_DECISION_LOG__KEYS_FILE": str(tmp_path / "pseudonyms.txt"), "EXERCISE_CDS_TRACES__ENDPOINT": collector.endpoint,
        }  # fmt: skip
        with served(tmp_path, COMMAND, ("serve",), **environment) as running:
            base = f"http://127.0.0.1:{running.port}"

            def headers(path: str) -> dict[str, str]:
                return bearer(fresh_token(path, sub=NAME)) | {"Content-Type": "application/json"}

            fetched = a_call(fhirServer=fhir.base, fhirAuthorization=_authorization(), prefetch={"patient": _patient()})
            cards: list[Any] = []
            for body in (*bodies(), json.dumps(fetched).encode()):
                answer = looked.answer(requests.post(base + SERVICE, data=body, headers=headers(SERVICE), timeout=20))
                cards += answer.json().get("cards", []) if answer.status_code == 200 else []
            assert cards
            assert len({asked.type for asked in fhir.asked}) > 3, "the FHIR server was hardly asked"
            for body in feedback(cards[0]["uuid"]):
                looked.answer(requests.post(base + FEEDBACK, data=body, headers=headers(FEEDBACK), timeout=10))
            for token in _tokens():
                looked.answer(requests.post(base + SERVICE, data=json.dumps(a_call()), headers={"Authorization": token}, timeout=10))
            _pages(base, looked, running, lambda path: bearer(fresh_token(path)))
            for page in ("metrics", "readyz", "livez", NAME):
                looked.at(page, requests.get(f"http://127.0.0.1:{port}/{page}", headers={"X": NAME}, timeout=5).text)
            assert running.stop() == 0
            assert running.said().count('"event":"request"') > 60
            assert len(collector.spans()) > 60
            looked.at("traces", b"".join(collector.bodies).decode("latin-1"))
    assert {200, 400, 401, 404, 405, 412, 413, 415, 431} <= looked.statuses
    _commands(tmp_path, environment, looked)
    looked.files(tmp_path)
    assert any(what.endswith("records.sqlite") for what, _ in looked.texts)
    assert looked.found() == []


def test_the_canary_is_nowhere_without_tokens(tmp_path: Path) -> None:
    """Without authentication, as on a laptop: every page for people is served, too, and /metrics stands on the service's port."""
    looked = Looked()
    environment = {"EXERCISE_CDS_DATABASE_URL": f"sqlite:///{tmp_path / 'records.sqlite'}", "EXERCISE_CDS_WORKBENCH__ENABLED": "true"}
    with served(tmp_path, COMMAND, ("serve",), EXERCISE_CDS_LOG_LEVEL="debug", **environment) as running:
        base = f"http://127.0.0.1:{running.port}"
        for body in bodies():
            looked.answer(requests.post(base + SERVICE, data=body, headers={"Content-Type": "application/json"}, timeout=20))
        _pages(base, looked, running, lambda _path: {})
        for path in ("/workbench/", f"/workbench/{NAME}", "/workbench/evaluate", f"/workbench/map/{ID}/{NAME}"):
            looked.answer(requests.get(base + path, timeout=10))
            for body in (json.dumps(a_call()), json.dumps({"request": a_call()}), NAME):
                answer = requests.post(base + path, data=body, headers={"Content-Type": "application/json"}, timeout=20)
                looked.at("headers of the workbench", str(answer.headers))
        looked.at("metrics", requests.get(f"{base}/metrics", timeout=5).text)
        looked.at("readyz", requests.get(f"{base}/readyz", timeout=5).text)
        assert running.stop() == 0
    _commands(tmp_path, environment | {"EXERCISE_CDS_AUTHENTICATION": "none"}, looked)
    looked.files(tmp_path)
    assert looked.found() == []


def test_a_planted_canary_is_heard(tmp_path: Path) -> None:
    """The test itself: a name in a log line, or an id inside a database's file, is found."""
    looked = Looked()
    looked.at("a log line", f'{{"reason":"{NAME}"}}')
    (tmp_path / "records.sqlite").write_bytes(b"\x00\x01" + ID.encode() + b"\x00")
    looked.files(tmp_path)
    assert looked.found() == [("a log line", NAME), ("records.sqlite", ID)]


@pytest.mark.parametrize("level", ["debug", "error"])
def test_a_bug_of_ours_tells_nothing_of_the_patient(tmp_path: Path, level: str) -> None:
    """A call that ends in an exception whose text is the whole request: 500 with an id; class and place in the log, and no canary."""
    looked, port = Looked(), free_port()
    code = "from builders.served import serve_busy; serve_busy()"
    with served(tmp_path, code, FAIL="1", EXERCISE_CDS_METRICS_PORT=str(port), EXERCISE_CDS_LOG_LEVEL=level) as running:
        for body in bodies():
            looked.answer(
                requests.post(running.url + "/low-back-pain-exercise", data=body, headers={"Content-Type": "application/json"}, timeout=10)
            )
        numbers = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text
        looked.at("metrics", numbers)
        assert "exercise_cds_failures_total 0.0" not in numbers
        assert running.stop() == 0
    assert 500 in looked.statuses
    assert '"error":"RuntimeError"' in running.said()
    looked.files(tmp_path)
    assert looked.found() == []
