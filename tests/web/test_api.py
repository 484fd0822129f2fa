"""Discovery and the service as an EHR sees them."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from werkzeug.datastructures import Headers

from builders.hook_requests import GONE, a_request, an_authorization
from builders.stand_in import CARD, TinySteward, missing_data, nothing_at_all
from exercise_cds.errors import Unauthorized
from exercise_cds.model.client import Client
from exercise_cds.settings import Settings
from exercise_cds.web import create_app
from exercise_cds.web.ops import Readiness
from web.conftest import NOW, Asked, told


def test_discovery_lists_what_the_steward_serves(asked: Asked) -> None:
    """CH-010, CH-011, CH-012: GET /cds-services is a 200 with the array `services`, as JSON."""
    answer = asked.client.get("/cds-services")
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    assert answer.json == {"services": asked.steward.services()}


def test_nothing_served_is_an_empty_list() -> None:
    """CH-013: hosting nothing is 200 and an empty array."""
    app = create_app(nothing_at_all(), Settings(authentication="none"))
    assert app.test_client().get("/cds-services").json == {"services": []}


@pytest.mark.parametrize(
    ("hook", "service"),
    [("patient-view", "low-back-pain-exercise"), ("order-select", "low-back-pain-orders"), ("order-sign", "low-back-pain-orders-sign")],
)
def test_a_call_is_answered_with_cards(asked: Asked, hook: str, service: str) -> None:
    """CH-030, CH-080: POST of a hook request is a 200 with the array `cards`; the steward got the request, the client and the time."""
    answer = asked.post(a_request(hook), service)
    assert (answer.status_code, answer.content_type, answer.json) == (200, "application/json", {"cards": [CARD]})
    assert (asked.steward.asked[0].hook, asked.steward.asked[0].service, asked.steward.times) == (hook, service, [NOW])


def test_the_same_call_twice_is_answered_twice(asked: Asked) -> None:
    """CH-038: a clinician who opens the chart again is answered again."""
    assert asked.post(a_request()).json == asked.post(a_request()).json


def test_callers_without_a_zone_are_in_that_of_the_service(open_doors: Callable[..., Asked]) -> None:
    """Without authentication every caller counts days in the service's time zone."""
    asked = open_doors(time_zone="America/Chicago")
    asked.post(a_request())
    assert asked.steward.clients[0].zone.key == "America/Chicago"


@pytest.mark.parametrize("media_type", ["application/json", "application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"'])
def test_json_is_accepted_under_its_names(asked: Asked, media_type: str) -> None:
    """CH-006: application/json, with or without the charset that it has anyway."""
    assert asked.post(a_request(), content_type=media_type).status_code == 200


@pytest.mark.parametrize(
    "media_type",
    [
        "",
        "text/plain",
        "application/fhir+json",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin-1",
        "application/jsonp",
    ],
)
def test_other_media_types_are_refused(asked: Asked, media_type: str) -> None:
    """CH-006: FHIR's own media type, a form's and none at all are a 415."""
    answer = asked.post(a_request(), content_type=media_type)
    assert answer.status_code == 415
    assert "application/json" in told(answer)


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity, gzip"])
def test_compressed_bodies_are_refused(asked: Asked, encoding: str) -> None:
    """A compressed body is a 415: nothing here is unpacked."""
    assert asked.post(a_request(), headers={"Content-Encoding": encoding}).status_code == 415
    assert asked.post(a_request(), headers={"Content-Encoding": "identity"}).status_code == 200


def test_the_body_may_be_as_large_as_the_limit_and_no_larger(open_doors: Callable[..., Asked]) -> None:
    """SEC-33: a body of exactly the limit is read, one byte more is a 413 that names the limit."""
    asked = open_doors(limits={"body": 2048})
    body = json.dumps(a_request()).encode().ljust(2048)
    assert asked.post(body).status_code == 200
    answer = asked.post(body + b" ")
    assert answer.status_code == 413
    assert "2048 bytes" in told(answer)


def test_a_body_that_is_too_large_is_not_kept(open_doors: Callable[..., Asked]) -> None:
    """A body far beyond the limit is refused after a bounded part of it."""
    assert open_doors(limits={"body": 2048}).post(b" " * 200_000).status_code == 413


def test_depth_is_a_setting(open_doors: Callable[..., Asked]) -> None:
    """SEC-33: nesting beyond the site's limit is a 400."""
    deep: Any = None
    for _ in range(20):
        deep = [deep]
    assert open_doors(limits={"depth": 8}).post(a_request(extension=deep)).status_code == 400
    assert open_doors().post(a_request(extension=deep)).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/", 404, ""),
        ("GET", "/cds-services/", 404, ""),
        ("GET", "//cds-services", 404, ""),
        ("GET", "/CDS-services", 404, ""),
        ("POST", "/cds-services/low-back-pain-exercise/", 404, ""),
        ("POST", "/cds-services/no-such-service", 404, ""),
        ("POST", "/cds-services/..%2f..%2fetc", 404, ""),
        ("POST", "/cds-services/low-back-pain-exercise/analytics", 404, ""),
        ("POST", "/cds-services", 405, "GET, HEAD, OPTIONS"),
        ("DELETE", "/cds-services", 405, "GET, HEAD, OPTIONS"),
        ("GET", "/cds-services/low-back-pain-exercise", 405, "OPTIONS, POST"),
        ("HEAD", "/cds-services/low-back-pain-exercise", 405, "OPTIONS, POST"),
        ("PUT", "/cds-services/low-back-pain-exercise", 405, "OPTIONS, POST"),
        ("POST", "/readyz", 405, "GET, HEAD, OPTIONS"),
    ],
)
def test_wrong_paths_and_methods(asked: Asked, method: str, path: str, status: int, allow: str) -> None:
    """CH-032, CH-082: an unknown path or id is a 404, another method a 405 that lists those that are taken; nobody is sent elsewhere."""
    answer = asked.client.open(path, method=method)
    assert answer.status_code == status
    assert ", ".join(sorted(part.strip() for part in answer.headers.get("Allow", "").split(",") if part)) == allow
    if method != "HEAD":
        told(answer)


@pytest.mark.parametrize(
    ("path", "allow"), [("/cds-services", {"GET", "HEAD", "OPTIONS"}), ("/cds-services/low-back-pain-exercise", {"POST", "OPTIONS"})]
)
def test_options_lists_the_methods(asked: Asked, path: str, allow: set[str]) -> None:
    """OPTIONS says what a path takes; HEAD of discovery is GET without its body."""
    answer = asked.client.options(path)
    assert (answer.status_code, set(answer.allow or ())) == (200, allow)
    head = asked.client.head("/cds-services")
    assert (head.status_code, head.data) == (200, b"")


def test_a_wrong_hook_is_refused(asked: Asked) -> None:
    """CH-032: a hook that the service is not advertised for is a 400 that names the right one."""
    answer = asked.post(a_request("order-sign"))
    assert answer.status_code == 400
    assert "patient-view" in told(answer)


def test_a_request_without_prefetch_reaches_the_steward(asked: Asked) -> None:
    """CH-035, CH-058: prefetch is an option; what is missing is the steward's affair."""
    assert asked.post(a_request(prefetch=GONE)).status_code == 200
    assert asked.steward.asked[0].prefetch == {}


def test_unobtainable_data_is_a_412(open_doors: Callable[..., Asked]) -> None:
    """CH-057, CH-084: where required data cannot be had the answer is 412 with what is missing, never an empty 200."""
    answer = open_doors(missing_data()).post(a_request())
    assert answer.status_code == 412
    assert answer.json is not None
    assert answer.json["issue"][0]["code"] == "required"
    assert "Condition" in told(answer)


def test_our_own_fault_is_a_500_with_an_id_and_nothing_else(open_doors: Callable[..., Asked], log_lines: Any) -> None:
    """CH-083, law 8: an exception that nobody foresaw shows neither its words nor its stack; the id leads to class and place in the log."""
    answer = open_doors(ValueError("Zyxwvut of patient p1")).post(a_request())
    assert answer.status_code == 500
    assert "Zyxwvut" not in answer.text
    assert "Traceback" not in answer.text
    told(answer)
    assert answer.json is not None
    error_id = answer.json["issue"][0]["diagnostics"].removeprefix("error id ")
    assert re.fullmatch(r"[0-9a-f]{32}", error_id)
    written = log_lines.getvalue().decode()
    assert "Zyxwvut" not in written
    line = next(json.loads(line) for line in written.splitlines() if '"failure"' in line)
    assert (line["error"], line["error_id"]) == ("ValueError", error_id)
    assert re.fullmatch(r"exercise_cds\.web\.hook_calls:\d+", line["where"])


def test_who_may_not_call_hears_nothing_but_that() -> None:
    """CH-139, SEC-01: a 401 is the same for every reason, before the body is looked at; the reason is for the log."""

    def nobody(_headers: Headers, _path: str) -> Client:
        raise Unauthorized("expired")

    steward = TinySteward()
    client = create_app(steward, Settings(), authenticate=nobody, clock=lambda: NOW).test_client()
    answer = client.post("/cds-services/low-back-pain-exercise", data=b"\xff", content_type="text/plain")
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert told(answer) == "Authentication is required."
    assert "expired" not in answer.text
    assert steward.asked == []
    assert client.get("/cds-services").status_code == 200


def test_authentication_cannot_be_forgotten() -> None:
    """SEC-12: settings that ask for authentication do not make an application that asks nobody."""
    with pytest.raises(ValueError, match="needs an authenticate"):
        create_app(TinySteward(), Settings())


def test_the_order_of_refusals(open_doors: Callable[..., Asked]) -> None:
    """Of many mistakes the first counts: path, header, host, page, media type, size, JSON, envelope, context."""
    asked = open_doors(limits={"body": 1024, "header": 1024})
    headers = {"X-Long": "x" * 2000, "Host": "evil.example", "Origin": "https://evil.example"}
    statuses = []
    body: Any = b"{" * 2000
    for mend in ("path", "X-Long", "Host", "Origin", "type", "size", "JSON", "envelope", "context", "nothing"):
        service = "no-such-service" if mend == "path" else "low-back-pain-exercise"
        kind = "text/plain" if mend in {"path", "X-Long", "Host", "Origin", "type"} else "application/json"
        if mend == "JSON":
            body = b"{"
        if mend == "envelope":
            body = a_request(fields={"patientId": GONE}, hookInstance=GONE)
        if mend == "context":
            body = a_request(fields={"patientId": GONE})
        if mend == "nothing":
            body = a_request()
        answer = asked.post(body, service, headers=headers, content_type=kind)
        statuses.append((mend, answer.status_code, told(answer)[:20] if answer.status_code != 200 else ""))
        headers.pop(mend, None)
    assert statuses == [
        ("path", 404, "There is no CDS serv"),
        ("X-Long", 431, "A header is longer t"),
        ("Host", 400, "Host is not a name o"),
        ("Origin", 403, "Pages of other sites"),
        ("type", 415, "Content-Type must be"),
        ("size", 413, "The body is larger t"),
        ("JSON", 400, "The body is not JSON"),
        ("envelope", 400, "hookInstance is miss"),
        ("context", 400, "context.patientId is"),
        ("nothing", 200, ""),
    ]


def test_a_busy_service_says_so_at_once(open_doors: Callable[..., Asked]) -> None:
    """Above max_in_flight the answer is 503 with Retry-After at once, and the next call after that is answered."""
    asked = open_doors(max_in_flight=1)
    inside, leave = threading.Event(), threading.Event()

    class Slow(TinySteward):
        def respond(self, request: Any, client: Client, now: datetime, **named: Any) -> Any:
            inside.set()
            leave.wait(10)
            return super().respond(request, client, now, **named)

    slow = create_app(Slow(), Settings(authentication="none", max_in_flight=1), clock=lambda: datetime.now(UTC))
    first = threading.Thread(target=lambda: Asked.post(_with(asked, slow), a_request()))
    first.start()
    assert inside.wait(10)
    busy = Asked.post(_with(asked, slow), a_request())
    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "1")
    told(busy)
    leave.set()
    first.join()
    assert Asked.post(_with(asked, slow), a_request()).status_code == 200


def _with(asked: Asked, app: Any) -> Asked:
    asked.client = app.test_client()
    return asked


def test_odd_hook_instances_are_counted(asked: Asked) -> None:
    """CH-031, CH-036: a hookInstance that is no UUID is answered, and counted for the operator."""
    asked.post(a_request(hookInstance="42"))
    asked.post(a_request())
    registry = asked.app.extensions["metrics"].registry
    assert registry.get_sample_value("exercise_cds_odd_hook_instances_total") == 1
    assert (
        registry.get_sample_value(
            "exercise_cds_requests_total", {"service": "low-back-pain-exercise", "status": "200", "outcome": "advised"}
        )
        == 2
    )


def test_the_token_passed_for_fhir_reaches_the_steward_and_no_one_else(asked: Asked, log_lines: Any) -> None:
    """CH-072: the passed token goes to the steward; it is in no answer and no log line."""
    answer = asked.post(a_request(fhirServer="https://fhir.example.org/r4", fhirAuthorization=an_authorization()))
    authorization = asked.steward.asked[0].fhir_authorization
    assert authorization is not None
    assert authorization.access_token == "opaque-token"
    assert "opaque-token" not in answer.text + log_lines.getvalue().decode()


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/cds-services"), ("POST", "/cds-services/low-back-pain-exercise"), ("GET", "/nowhere"), ("GET", "/livez")]
)
def test_every_answer_has_the_safe_headers(asked: Asked, method: str, path: str) -> None:
    """Answers are not cached, not sniffed, and pass no referrer."""
    headers = asked.client.open(path, method=method).headers
    assert (headers["X-Content-Type-Options"], headers["Cache-Control"], headers["Referrer-Policy"]) == (
        "nosniff",
        "no-store",
        "no-referrer",
    )


def test_liveness_and_readiness() -> None:
    """/livez answers whatever fails; /readyz names what fails, and is 503 until nothing does."""
    failing: list[str] = ["pack"]
    client = create_app(TinySteward(), Settings(authentication="none"), readiness=Readiness({"pack": lambda: not failing})).test_client()
    assert client.get("/livez").json == {"live": True}
    not_ready = client.get("/readyz")
    assert (not_ready.status_code, told(not_ready)) == (503, "Not ready: pack.")
    failing.clear()
    assert (client.get("/readyz").status_code, client.get("/readyz").json) == (200, {"ready": True})
