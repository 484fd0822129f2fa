"""Who may knock: names, pages, headers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from builders.hook_requests import a_request
from builders.stand_in import TinySteward
from exercise_cds.model.client import ANONYMOUS
from exercise_cds.settings import Settings
from exercise_cds.web import create_app
from web.conftest import Asked, told


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8080", "localhost:9999", "LOCALHOST", "[::1]", "[::1]:8080", "cds.example.org:443"]
)
def test_own_names_are_accepted(open_doors: Callable[..., Asked], host: str) -> None:
    """Loopback by its three names, on any port, and the names that the site lists are ours."""
    asked = open_doors(allowed_hosts=["cds.example.org"])
    assert asked.client.get("/cds-services", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost.", "127.0.0.2", "", "localhost:80:80", "a b", "localhost, evil.example", "[::2]"],
)
def test_foreign_names_are_refused(asked: Asked, host: str) -> None:
    """A name that an attacker's DNS points at 127.0.0.1 is a 400: without authentication the name is the only lock."""
    answer = asked.client.get("/cds-services", headers={"Host": host})
    assert answer.status_code == 400
    assert "allowed_hosts" in told(answer)


def test_with_authentication_names_are_the_sites_choice() -> None:
    """With authentication any name is taken unless the site lists its own."""
    for listed, status in ([], 200), (["cds.example.org"], 400):
        app = create_app(TinySteward(), Settings(allowed_hosts=listed), authenticate=lambda _headers, _path: ANONYMOUS)
        assert app.test_client().get("/cds-services", headers={"Host": "10.1.2.3"}).status_code == status


FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost:3000"},
    {"Origin": "http://localhost.evil.example"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_pages_of_other_sites_are_refused(asked: Asked, method: str, headers: dict[str, str]) -> None:
    """CH-150, SEC-32: without configured origins no page of another site gets an answer, nor a word that it may read."""
    path = "/cds-services/low-back-pain-exercise" if method == "POST" else "/cds-services"
    answer = asked.client.open(path, method=method, json=a_request() if method == "POST" else None, headers=headers)
    assert answer.status_code == 403
    assert "cors_origins" in told(answer)
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert asked.steward.asked == []


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "http://localhost"}, {"Origin": "https://localhost"}, {"Sec-Fetch-Site": "none"}, {"Sec-Fetch-Site": "same-origin"}],
    ids=str,
)
def test_no_page_or_our_own_page_may_call(asked: Asked, headers: dict[str, str]) -> None:
    """An EHR's server sends no Origin; a page that came from this very service may call it."""
    assert asked.client.post("/cds-services/low-back-pain-exercise", json=a_request(), headers=headers).status_code == 200


@pytest.fixture
def shared(open_doors: Callable[..., Asked]) -> Asked:
    """An application with one configured origin."""
    return open_doors(cors_origins=["https://ehr.example.org"])


@pytest.mark.parametrize("path", ["/cds-services", "/cds-services/low-back-pain-exercise"])
def test_a_preflight_needs_no_token(shared: Asked, path: str) -> None:
    """CH-150, SEC-32: a preflight of a configured origin hears which two methods and two headers it may use, and nothing of credentials."""
    answer = shared.client.options(path, headers={"Origin": "https://ehr.example.org", "Access-Control-Request-Method": "POST"})
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "https://ehr.example.org"
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, POST"
    assert answer.headers["Access-Control-Allow-Headers"] == "authorization, content-type"
    assert answer.headers["Vary"] == "Origin"
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_configured_page_reads_answers_and_errors(shared: Asked) -> None:
    """A page that may call may read the cards, and why it was refused."""
    for body, status in (a_request(), 200), ({}, 400):
        answer = shared.post(body, headers={"Origin": "https://ehr.example.org", "Sec-Fetch-Site": "cross-site"})
        assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (status, "https://ehr.example.org")
    missing = shared.client.get("/nowhere", headers={"Origin": "https://ehr.example.org"})
    assert (missing.status_code, missing.headers["Access-Control-Allow-Origin"]) == (404, "https://ehr.example.org")


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_other_pages_stay_out_where_one_is_configured(shared: Asked, headers: dict[str, str]) -> None:
    """SEC-32: an origin that is not listed is refused, and never mirrored."""
    answer = shared.post(a_request(), headers=headers)
    assert answer.status_code == 403
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_clients_own_origins_count() -> None:
    """Origins may be listed with the EHR that they belong to."""
    client = {"issuer": "https://ehr.example.org", "jku": "https://ehr.example.org/keys", "cors_origins": ["https://pages.ehr.example.org"]}
    app = create_app(TinySteward(), Settings(clients=[client]), authenticate=lambda _headers, _path: ANONYMOUS)
    answer = app.test_client().get("/cds-services", headers={"Origin": "https://pages.ehr.example.org"})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, "https://pages.ehr.example.org")


@pytest.mark.parametrize(("length", "status"), [(8_000, 200), (9_000, 431)])
def test_long_headers_are_refused(asked: Asked, length: int, status: int) -> None:
    """A header line over 8 KiB is a 431, Authorization among them."""
    answer = asked.post(a_request(), headers={"Authorization": "x" * length})
    assert answer.status_code == status


def test_a_forwarded_name_changes_nothing(asked: Asked) -> None:
    """SEC-35: headers that only a proxy should set do not make a foreign name ours, nor an own one foreign."""
    forwarded: dict[str, Any] = {"X-Forwarded-Host": "localhost", "Forwarded": "host=localhost"}
    assert asked.client.get("/cds-services", headers={"Host": "evil.example", **forwarded}).status_code == 400
    assert asked.client.get("/cds-services", headers={"X-Forwarded-Host": "evil.example"}).status_code == 200
