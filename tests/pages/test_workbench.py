"""The workbench's one question: what it answers, what it refuses, and what it keeps to itself."""

from __future__ import annotations

import io
import json
import logging
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import structlog
from flask.testing import FlaskClient
from pydantic import ValidationError
from werkzeug.test import TestResponse

from builders.served import COMMAND, free_port, served
from builders.tokens import trusting_environment
from exercise_cds.cds_service import CdsService, Serving, prepare
from exercise_cds.errors import Unavailable
from exercise_cds.model.pack import RulePack
from exercise_cds.settings import OperatorsSettings, Settings
from exercise_cds.settings.workbench import WorkbenchSettings
from exercise_cds.web import create_app, for_people, logs
from exercise_cds.web.workbench.blueprint import Asked, Bench
from exercise_cds.web.workbench.markdown import CUT, MOST, html_of

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "fhir_examples"
SERVICE = "low-back-pain-exercise"


def _client(serving: Serving, **settings: Any) -> FlaskClient:
    chosen = Settings(authentication="none", **settings)
    service = CdsService(serving)
    return create_app(service, chosen, pages=for_people.blueprints(chosen, service)).test_client()


@pytest.fixture(scope="module")
def bench(serving: Serving) -> FlaskClient:
    """The application as `make serve` has it."""
    return _client(serving, workbench=WorkbenchSettings(enabled=True, examples=EXAMPLES))


@pytest.fixture(autouse=True)
def log_lines() -> Iterator[io.BytesIO]:
    """What was logged during the test."""
    written = io.BytesIO()
    handlers, level = logging.root.handlers, logging.root.level
    logs.configure("debug", written)
    yield written
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)
    logging.root.handlers, logging.root.level = handlers, level


def ask(bench: FlaskClient, **question: Any) -> TestResponse:
    """One question to the workbench."""
    return bench.post("/workbench/evaluate", json=question)


def answer(bench: FlaskClient, **question: Any) -> dict[str, Any]:
    """The answer, or the sentence that stands in its place."""
    found = ask(bench, **question)
    assert found.json is not None
    assert found.status_code == 200, found.json
    return dict(found.json)


def offered(found: dict[str, Any]) -> set[str]:
    """Programs that are offered."""
    return {program["id"] for program in found["programs"] if program["state"] == "offered"}


def chart(*conditions: dict[str, Any], patient: str = "p1") -> list[dict[str, Any]]:
    """A patient with these conditions."""
    subject = {"subject": {"reference": f"Patient/{patient}"}}
    active = {"clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]}}
    found = [{"resourceType": "Patient", "id": patient, "birthDate": "1980-01-01"}]
    return found + [{"resourceType": "Condition", "id": f"c{n}", **active, **subject, **one} for n, one in enumerate(conditions)]


BACK_PAIN = {
    "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "M54.50"}], "text": "Low back pain"},
    "onsetDateTime": "2026-02-01",
}


@pytest.mark.parametrize("example", sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir()))
def test_every_example_is_answered_on_its_own_day(bench: FlaskClient, example: str) -> None:
    """Each shipped example gets the outcome that its story expects, and an answer that keeps the rules of CDS Hooks."""
    found = answer(bench, example=example, resources=True)
    story = (EXAMPLES / example / "story.yaml").read_text("utf-8")
    assert f"outcome: {found['outcome']}" in story
    assert found["broken"] == []
    assert len(found["details"]) == len(found["response"]["cards"])


def test_what_if_moves_programs_at_the_days_that_rules_name(bench: FlaskClient) -> None:
    """From 13 to 14 days, and from 84 to 85, other programs are offered; between 14 and 27 none changes."""
    by_day = {day: offered(answer(bench, example="thirteen-days", what_if={"back_pain_days": day})) for day in (13, 14, 27, 84, 85)}
    assert by_day[14] - by_day[13] == {"lumbar-stabilization", "mckenzie-mdt", "strengthening"}
    assert by_day[13] - by_day[14] == {"easy-starter"}
    assert by_day[14] == by_day[27] == by_day[84]
    assert by_day[85] - by_day[84] == {"specialist-referral"}


def test_a_switch_withholds(bench: FlaskClient) -> None:
    """Turning on a fever takes every program away and says a warning; turning it off again gives the chart's answer."""
    found = answer(bench, example="fourteen-days", what_if={"coded_fever": True})
    assert (found["outcome"], offered(found)) == ("withheld", set())
    assert answer(bench, example="fourteen-days", what_if={}) == answer(bench, example="fourteen-days")


def test_every_rule_stands_in_one_group(bench: FlaskClient, serving: Serving) -> None:
    """Each rule of the service is shown once: fired, in doubt, nearly or not; at 13 days the two-week rule is nearly there."""
    found = answer(bench, example="thirteen-days")
    assert sorted(rule["id"] for rule in found["rules"]) == sorted(rule.id for rule in serving.pack.rules_of(SERVICE))
    groups = {rule["id"]: rule["group"] for rule in found["rules"]}
    assert groups["stay-active"] == "fired"
    assert groups["stabilize-from-two-weeks"] == "nearly"
    assert [rule["group"] for rule in found["rules"]] == sorted(groups.values(), key=["fired", "in doubt", "nearly", "not"].index)


@pytest.mark.parametrize("shape", ["bundle", "list", "one by one"])
def test_pasted_resources_are_asked_as_a_whole_chart(bench: FlaskClient, shape: str) -> None:
    """A Bundle or a list of resources is a chart; a single condition without its patient is one, too."""
    resources = chart(BACK_PAIN)
    whole: Any = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}
    pasted = {"bundle": whole, "list": resources, "one by one": resources[1]}[shape]
    found = answer(bench, pasted=json.dumps(pasted), service=SERVICE, date="2026-03-02", resources=True)
    assert found["outcome"] == "advised"
    assert "lumbar-stabilization" in offered(found)
    assert len(found["resources"]) == (1 if shape == "one by one" else 2)


def test_the_token_of_a_pasted_request_is_dropped_and_that_is_said(bench: FlaskClient) -> None:
    """The fhirServer and fhirAuthorization are thrown away before anything else; the page says so; they stand in no answer."""
    request = json.loads((EXAMPLES / "fourteen-days" / "request.json").read_text("utf-8"))
    secret = {"access_token": "s3cret", "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.read", "subject": "x"}
    request |= {"fhirServer": "https://fhir.invalid/r4", "fhirAuthorization": secret}
    found = ask(bench, pasted=json.dumps(request), service=SERVICE, date="2026-03-02", resources=True)
    text = found.get_data(as_text=True)
    assert found.status_code == 200
    assert "fhirServer was dropped" in text
    assert "fhirAuthorization was dropped" in text
    assert "s3cret" not in text
    assert "fhir.invalid" not in text


REFUSED = [
    ("", "Nothing was pasted"),
    ("{", "is not JSON"),
    ("nonsense", "is not JSON"),
    ("[1, 2]", "Entry 1 is no FHIR resource"),
    ('{"a": 1}', "Entry 1 is no FHIR resource"),
    ('"text"', "must be a JSON object"),
    ("\ud800", "could not be read"),
    (json.dumps(chart() + chart(patient="p2")), "There are 2 patients"),
    ('{"a":' * 70 + "1" + "}" * 70, "nested more than 64 levels"),
    (json.dumps([{"resourceType": "Basic"}] * 5001), "paste at most 5000"),
    ('{"hook": "order-sign"}', "another hook"),
    ('{"hook": "patient-view"}', "hookInstance is missing"),
]


@pytest.mark.parametrize(("pasted", "sentence"), REFUSED, ids=[sentence for _, sentence in REFUSED])
def test_nonsense_gets_a_sentence(bench: FlaskClient, pasted: str, sentence: str) -> None:
    """What cannot be read is refused with a sentence that says what to change."""
    found = ask(bench, pasted=pasted, service=SERVICE)
    assert found.status_code in {400, 413}
    assert found.json is not None
    assert sentence in found.json["error"]


def test_more_than_ten_megabytes_are_refused(bench: FlaskClient) -> None:
    """A pasted text above 10 MB is refused, whatever is in it."""
    for size in (10 * 1024 * 1024 + 1, 32 * 1024 * 1024):
        found = ask(bench, pasted=" " * size, service=SERVICE)
        assert found.status_code == 413
        assert found.json == {"error": "This is larger than 10 MB: paste fewer resources."}


def test_a_question_gets_two_seconds_and_two_are_worked_on_at_once(serving: Serving) -> None:
    """What takes longer is given up with a sentence; while two such are worked on, a third is told to come again."""
    slow = threading.Event()

    @contextmanager
    def answering() -> Iterator[Serving]:
        slow.wait(10)
        yield serving

    bench = Bench(answering, EXAMPLES)
    with ThreadPoolExecutor(2) as callers:
        calls = [callers.submit(bench.answer, Asked(example="fever")) for _ in range(2)]
        time.sleep(0.3)
        with pytest.raises(Unavailable, match="at work on other questions"):
            bench.answer(Asked(example="fever"))
        for call in calls:
            with pytest.raises(Unavailable, match="longer than two seconds"):
                call.result()
    slow.set()


PAGES = (
    "/handouts/stretching",
    "/handouts/nobody",
    "/workbench/",
    "/workbench/main.js",
    "/workbench/map/",
    "/workbench/map/nothing/x",
    "/workbench/live/",
)


@pytest.mark.parametrize("path", [*PAGES, "/workbench/live/state", "/workbench/nothing"])
def test_every_page_has_the_headers_of_a_page(bench: FlaskClient, path: str) -> None:
    """Each page, file and fault of a page: a policy without unsafe-* or a foreign host, no frame, no cache, no referrer, no guess."""
    headers = bench.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in policy
    assert not {"unsafe", "http", "*", "data:"} & set(re.split(r"[-:\s;/]", policy))
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in headers


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ({"example": "../../etc"}, "no such example"),
        ({"example": "fever", "service": "nothing"}, "no such service"),
        ({"example": "fever", "date": "2026-02-30"}, "no day of the calendar"),
        ({"example": "fever", "what_if": {"nothing": 1}}, "no fact of that name"),
        ({"example": "fever", "what_if": {"back_pain_days": "soon"}}, "cannot have"),
        ({"example": "fever", "what_if": {"coded_fever": 7}}, "cannot have"),
        ({"example": "fever", "more": 1}, "could not be read"),
    ],
)
def test_a_question_that_makes_no_sense_gets_a_sentence(bench: FlaskClient, question: dict[str, Any], sentence: str) -> None:
    """Unknown examples, services, days, facts and values are each told."""
    found = ask(bench, **question)
    assert found.json is not None
    assert sentence in found.json["error"]


def test_nothing_of_what_is_pasted_is_logged(bench: FlaskClient, log_lines: io.BytesIO) -> None:
    """No word of a pasted chart, good or broken, reaches a log line."""
    pain = {**BACK_PAIN, "code": {**BACK_PAIN["code"], "text": "Zebrastripe"}}  # type: ignore[dict-item]  # the builder's own shape
    ask(bench, pasted=json.dumps(chart(pain, patient="zebra-patient")), service=SERVICE)
    ask(bench, pasted='{"zebra": ', service=SERVICE)
    assert b"request" in log_lines.getvalue()
    assert b"ebra" not in log_lines.getvalue()


def test_it_is_off_unless_asked_for(serving: Serving) -> None:
    """Without its setting there is no workbench; handouts are there."""
    client = _client(serving)
    assert client.get("/workbench/").status_code == 404
    assert client.get("/handouts/stretching").status_code == 200


@pytest.mark.parametrize("settings", [{"authentication": "on"}, {"authentication": "none", "host": "192.0.2.1"}])
def test_off_this_machine_it_needs_a_port_and_a_sign_on(settings: dict[str, str]) -> None:
    """With authentication on, or on an address that others can reach, a process with the workbench needs operators who sign on."""
    asked = {"workbench": WorkbenchSettings(enabled=True), "unauthenticated_beyond_loopback": True, **settings}
    with pytest.raises(ValidationError, match="set metrics_port"):
        Settings(**asked)
    with pytest.raises(ValidationError, match="nobody can sign on"):
        Settings(**asked, metrics_port=9090)
    site = Settings(**asked, metrics_port=9090, operators=OperatorsSettings(passwords_file=Path("people")))
    assert not site.workbench_for_anybody


def test_in_production_it_is_on_the_operators_port_alone(tmp_path: Path) -> None:
    """With authentication on, the service's port has no workbench; the operators' port has it for who signed on, answers and all."""
    people, port = tmp_path / "people", free_port()
    people.write_text("ada a long enough password\n", "utf-8")
    settings = {
        "EXERCISE_CDS_AUTHENTICATION": "on",
        "EXERCISE_CDS_DATABASE_URL": f"sqlite:///{tmp_path / 'records.sqlite'}",
        "EXERCISE_CDS_WORKBENCH__ENABLED": "true",
        "EXERCISE_CDS_METRICS_PORT": str(port),
        "EXERCISE_CDS_OPERATORS__PASSWORDS_FILE": str(people),
        **trusting_environment(tmp_path),
    }
    paths = ("/workbench/", "/workbench/main.js", "/workbench/map/", "/handouts/stretching")
    with served(tmp_path, COMMAND, ("serve",), **settings) as running:
        theirs, ours = f"http://127.0.0.1:{running.port}", f"http://127.0.0.1:{port}"
        assert [_see(theirs + path) for path in paths] == [404, 404, 404, 200]
        assert _see(f"{theirs}/workbench/evaluate", json={"example": "fever"}) == 404
        assert [_see(ours + path, auth=None) for path in paths] == [401] * 4
        assert _see(f"{ours}/workbench/evaluate", json={"example": "fever"}, auth=None) == 401
        assert [_see(ours + path) for path in paths] == [200] * 4
        assert _see(f"{ours}/workbench/live/") == 404
        assert _see(f"{ours}/workbench/evaluate", json={"example": "fever"}) == 200
        foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
        assert _see(f"{ours}/workbench/evaluate", json={"example": "fever"}, headers=foreign) == 403
        assert _see(f"{ours}/workbench/evaluate", data="x" * 32_000_000, headers={"Content-Type": "application/json"}) == 413


def _see(address: str, **options: Any) -> int:
    """The status of a page, or of a question, for somebody who has signed on."""
    usual: dict[str, Any] = {"auth": ("ada", "a long enough password"), **options}
    return requests.request("POST" if {"json", "data"} & usual.keys() else "GET", address, timeout=20, **usual).status_code


def test_a_pack_that_takes_its_place_ends_no_answer(pack: RulePack) -> None:
    """While packs are swapped under it, the workbench answers every question: each with the pack that it began with."""
    services = frozenset(pack.services)
    steward = CdsService(prepare(pack, named_services=services))
    chosen = Settings(authentication="none", workbench=WorkbenchSettings(enabled=True, examples=EXAMPLES))
    client = create_app(steward, chosen, pages=for_people.blueprints(chosen, steward)).test_client()
    swapped = threading.Event()

    def swap() -> None:
        for _ in range(8):
            steward.swap(prepare(pack, named_services=services))
        swapped.set()

    swapping = threading.Thread(target=swap)
    swapping.start()
    asked = 0
    while not swapped.is_set() or asked < 5:
        assert ask(client, example="fourteen-days").status_code == 200
        assert client.get(f"/workbench/map/offered/{SERVICE}").status_code == 200
        asked += 1
    swapping.join()


def test_a_foreign_page_may_not_ask(bench: FlaskClient) -> None:
    """Another site's page that a browser on this machine shows can neither ask nor read."""
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert bench.post("/workbench/evaluate", json={"example": "fever"}, headers=headers).status_code == 403
    assert bench.post("/workbench/evaluate", data='{"example": "fever"}', content_type="text/plain").status_code == 415


def test_the_page_loads_only_its_own_files(bench: FlaskClient) -> None:
    """The page and its files weigh less than 200 kB, and nothing else is named in it."""
    page = bench.get("/workbench/")
    total = len(page.data)
    for path in sorted((ROOT / "service/exercise_cds/web/workbench").iterdir()):
        if path.suffix in {".js", ".css", ".svg"}:
            found = bench.get(f"/workbench/{path.name}")
            assert found.headers["Content-Security-Policy"]
            total += len(found.data)
    assert total < 200_000
    assert b"http://" not in page.data
    assert b"https://" not in page.data
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert bench.get("/workbench/blueprint.py").status_code == 404


HOSTILE = {
    "<script>alert(1)</script>": ("<script",),
    "<img src=x onerror=alert(1)>": ("<img",),
    "![x](https://evil.example/x.png)": ("<img",),
    "[x](javascript:alert(1))": ("<a",),
    "[x](data:text/html,x)": ("<a",),
    "[x](http://plain.example)": ("<a",),
    "https://bare.example and www.bare.example": ("<a",),
    '<https://auto.example"onclick=x>': ('"onclick', " onclick"),
    "<svg/onload=alert(1)>": ("<svg",),
    "[x](https:evil)": ("<a",),
}


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_lets_nothing_through(text: str) -> None:
    """HTML, images, bare addresses and links other than https stay words."""
    shown = html_of(text)
    assert not [tag for tag in HOSTILE[text] if tag in shown.replace("&lt;", "")]


def test_a_good_link_opens_beside_the_page() -> None:
    """An https link is a link; it tells the other side nothing."""
    assert html_of("[APTA](https://www.jospt.org/x)") == (
        '<p><a href="https://www.jospt.org/x" rel="noreferrer noopener" target="_blank">APTA</a></p>\n'
    )


@pytest.mark.parametrize("piece", ["[", "*", "`", "> ", "_a", "[a](", "**a ", "![", "|a", "- ", "&amp;", "~~", "\\", "<"])
def test_the_worst_markdown_is_rendered_in_time(piece: str) -> None:
    """Ten megabytes of what parsers fear are cut and rendered in less than two seconds."""
    began = time.perf_counter()
    shown = html_of(piece * (10 * 1024 * 1024 // len(piece)))
    assert time.perf_counter() - began < 2
    assert len(shown) < 60 * (MOST + len(CUT))
