"""`exercise-cds call`: an EHR in small, in front of our own service and of others that are not well."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from builders.served import COMMAND, ROOT, Served, process_environment, served
from exercise_cds.cards import broken_invariants

STORY = ROOT / "fhir_examples" / "chronic-low-back-pain"
ORDERS = ROOT / "fhir_examples" / "bed-rest-signed" / "request.json"


def _call(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", COMMAND, "call", *arguments],
        cwd=ROOT,
        env=process_environment(COLUMNS="200"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """`exercise-cds serve`, the real one."""
    folder = tmp_path_factory.mktemp("serve")
    named = "low-back-pain-orders-sign"
    database = f"sqlite:///{folder}/records.sqlite"
    with served(folder, COMMAND, ("serve",), EXERCISE_CDS_NAMED_SERVICES=named, EXERCISE_CDS_DATABASE_URL=database) as process:
        yield process


def test_a_card_is_shown(running: Served) -> None:
    """From a folder with FHIR and a patient's id to the card, as a person reads it."""
    done = _call(f"http://127.0.0.1:{running.port}", "--fhir", str(STORY), "--patient", "example")
    assert done.returncode == 0, done.stderr
    assert "14 prefetch keys sent" in done.stdout
    assert "programs that fit" in done.stdout
    assert "[ ] Lumbar stabilization" in done.stdout
    assert "create ServiceRequest: Draft an order" in done.stdout


def test_for_programs_there_is_json(running: Served) -> None:
    """--json prints what was asked and what was answered, and the answer keeps every rule of CDS Hooks."""
    done = _call(running.url, "--fhir", str(STORY), "--patient", "example", "--json")
    told = json.loads(done.stdout)
    assert told["service"] == "low-back-pain-exercise"
    assert told["request"]["hook"] == "patient-view"
    assert told["request"]["prefetch"]["patient"]["id"] == "example"
    assert told["response"]["cards"]
    assert broken_invariants(told["response"]) == []


def test_a_key_can_be_left_out(running: Served) -> None:
    """Without the conditions the service answers 412, and says what it wants: exit code 1 and its words."""
    done = _call(running.url, "--fhir", str(STORY), "--patient", "example", "--without", "conditions")
    assert done.returncode == 1
    assert "was answered 412" in done.stderr
    assert "Cannot advise without Condition" in done.stderr
    assert "Traceback" not in done.stderr
    less = _call(running.url, "--fhir", str(STORY), "--patient", "example", "--without", "procedures")
    assert "Not sent: procedures (left out, as told)" in less.stdout
    assert "procedures were not sent" in less.stdout


def test_orders_are_drafted(running: Served, tmp_path: Path) -> None:
    """order-sign carries the drafts of a file; without them the command says which option to use."""
    url = f"{running.url}/low-back-pain-orders-sign"
    drafts = tmp_path / "drafts.json"
    drafts.write_text(json.dumps(json.loads(ORDERS.read_bytes())["context"]["draftOrders"]), encoding="utf-8")
    done = _call(url, "--fhir", str(STORY), "--patient", "example", "--drafts", str(drafts), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["request"]["context"]["draftOrders"]["entry"]
    bare = _call(url, "--fhir", str(STORY), "--patient", "example")
    assert bare.returncode == 1
    assert "give them with --drafts FILE" in bare.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("{url}", "--patient", "nobody"), "holds no Patient with the id 'nobody'; it holds the patients example"),
        (("{url}/no-such-service", "--patient", "example"), "there is no service 'no-such-service'; there are low-back-pain-exercise"),
        (("{url}", "--patient", "example", "--service", "x"), "there is no service 'x'"),
        (("nonsense", "--patient", "example"), "'nonsense' is no URL of a CDS service"),
        (("http://127.0.0.1:9", "--patient", "example"), "was not answered: there is no connection"),
        (("{url}", "--patient", "example", "--fhir-server", "https://x"), "--fhir-server and --fhir-token-file belong together"),
    ],
)
def test_what_is_wrong_is_a_sentence(running: Served, arguments: tuple[str, ...], sentence: str) -> None:
    """Exit code 1 and one sentence, never a stack trace."""
    done = _call(*(one.format(url=running.url) for one in arguments), "--fhir", str(STORY))
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


@contextmanager
def _another(discovery: Any, answer: Any = None, status: int = 200) -> Iterator[tuple[str, list[Any]]]:
    """Some other service: what it says, and what it was asked."""
    asked: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(discovery)

        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._say(answer)

        def _say(self, value: Any) -> None:
            body = value if isinstance(value, bytes) else json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing to say."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


def _offers(**prefetch: str) -> dict[str, Any]:
    return {"services": [{"id": "a", "hook": "patient-view", "description": "x", "prefetch": prefetch}]}


def test_prefetch_of_another_service(tmp_path: Path) -> None:
    """Tokens of the user are filled, a read of what is not there is null, and what is not understood is left out and said."""
    offers = _offers(
        who="Patient/{{context.patientId}}",
        user="Practitioner/{{userPractitionerId}}",
        role="PractitionerRole/{{userPractitionerRoleId}}",
        new="Condition?patient={{ context.patientId }}&recorded-date=gt{{today()}}",
        odd="Condition?onset=x",
    )
    (tmp_path / "p.json").write_text('{"resourceType": "Patient", "id": "p"}', encoding="utf-8")
    with _another(offers, {"cards": []}) as (url, asked):
        done = _call(url, "--fhir", str(tmp_path), "--patient", "p")
    assert done.returncode == 0, done.stderr
    assert "No card." in done.stdout
    assert asked[0]["prefetch"] == {"who": {"resourceType": "Patient", "id": "p"}, "user": None}
    for words in ("role (the token userPractitionerRoleId", "new (the token today()", "odd (the search parameter onset"):
        assert f"Not sent: {words}" in done.stdout


def test_the_way_to_a_fhir_server_is_passed_and_not_printed(tmp_path: Path) -> None:
    """The token goes to the service and nowhere else: --json leaves it out."""
    (tmp_path / "p.json").write_text('{"resourceType": "Patient", "id": "p"}', encoding="utf-8")
    token = tmp_path / "token.txt"
    token.write_text("secret-token\n", encoding="utf-8")
    access = ("--fhir-server", "https://ehr.example.org/fhir", "--fhir-token-file", str(token))
    with _another(_offers(), {"cards": []}) as (url, asked):
        done = _call(url, "--fhir", str(tmp_path), "--patient", "p", "--json", *access)
    assert asked[0]["fhirServer"] == "https://ehr.example.org/fhir"
    assert asked[0]["fhirAuthorization"]["access_token"] == "secret-token"
    assert asked[0]["fhirAuthorization"]["patient"] == "p"
    assert "secret-token" not in done.stdout + done.stderr


CARD = {"summary": "\x1b[31mred\x1b[0m \u202eback", "indicator": "info", "source": {"label": "x\x07"}, "detail": "a\x1b]0;title\x07b"}


@pytest.mark.parametrize(
    ("card", "shown"),
    [
        (CARD, "[31mred[0m back"),
        ({}, "(no summary)"),
        ({"summary": 7, "detail": [], "suggestions": "x", "links": [3], "source": None, "indicator": None}, "(no summary)"),
        ({"summary": "[bold]not markup[/bold]", "links": [{"label": "guide", "url": "https://x.example"}]}, "[bold]not markup[/bold]"),
    ],
)
def test_cards_of_strangers_do_not_steer_the_terminal(tmp_path: Path, card: dict[str, Any], shown: str) -> None:
    """Control characters are taken out, and a card of any shape is shown as far as it goes."""
    (tmp_path / "p.json").write_text('{"resourceType": "Patient", "id": "p"}', encoding="utf-8")
    with _another(_offers(), {"cards": [card]}) as (url, _):
        done = _call(url, "--fhir", str(tmp_path), "--patient", "p")
    assert done.returncode == 0, done.stderr
    assert shown in done.stdout
    assert not set("\x1b\x07\u202e").intersection(done.stdout)


@pytest.mark.parametrize(
    ("discovery", "answer", "status", "sentence"),
    [
        ({"services": {}}, None, 200, "discovery has no list of services"),
        ({"services": [{"id": "a"}]}, None, 200, "discovery has no list of services"),
        ({"services": []}, None, 200, "no service answers patient-view"),
        (b"<html>", None, 200, "was answered with something that is no JSON object"),
        ({"services": []}, None, 500, "was answered 500"),
        (_offers(), {"cards": 3}, 200, "the answer has no list of cards"),
        (_offers(), [], 200, "was answered with something that is no JSON object"),
    ],
)
def test_a_service_that_is_not_well_is_a_sentence(tmp_path: Path, discovery: Any, answer: Any, status: int, sentence: str) -> None:
    """What another service does wrong is told, and no stack trace."""
    (tmp_path / "p.json").write_text('{"resourceType": "Patient", "id": "p"}', encoding="utf-8")
    with _another(discovery, answer, status) as (url, _):
        done = _call(url, "--fhir", str(tmp_path), "--patient", "p")
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
