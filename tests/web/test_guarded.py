"""The application behind a real guard: what a caller without a good token hears and learns, which is nothing."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from builders.hook_requests import a_request
from builders.stand_in import TinySteward
from builders.tokens import DISCOVERY, FEEDBACK, ISSUER, SERVICE, a_token, bearer, trusting
from exercise_cds.errors import Unavailable
from exercise_cds.model.client import TokenUse
from exercise_cds.records import FeedbackStore, open_store
from exercise_cds.security import REASONS, FirstSight, guard_of
from exercise_cds.settings import Settings
from exercise_cds.web import create_app
from web.conftest import NOW

PAGE = "https://pages.ehr.example.org"


class Behind:
    """An application whose callers need tokens."""

    def __init__(self, folder: Path, shared: FirstSight | None = None, **settings: Any) -> None:
        self.settings = Settings(**{**trusting(folder, cors_origins=[PAGE]), **settings})
        guard = guard_of(self.settings, clock=lambda: NOW, tick=time.monotonic, shared=shared)
        self.steward = TinySteward()
        store = FeedbackStore(open_store(f"sqlite:///{folder}/records.db"))
        app = create_app(self.steward, self.settings, authenticate=guard, lend=guard.lend, feedback_store=store, clock=lambda: NOW)
        self.metrics = app.extensions["metrics"]
        self.client: FlaskClient = app.test_client()


@pytest.fixture
def behind(tmp_path: Path) -> Behind:
    """An application with one client."""
    return Behind(tmp_path)


BAD = {
    "none": {},
    "malformed": {"Authorization": "Bearer x"},
    "unknown issuer": bearer(a_token(iss="https://evil.example")),
    "expired": bearer(a_token(iat=0, exp=60)),
    "another key": bearer(a_token(key="other P-384")),
    "for discovery": bearer(a_token(DISCOVERY)),
}


@pytest.mark.parametrize("headers", BAD.values(), ids=BAD)
def test_every_401_is_the_same(behind: Behind, headers: dict[str, str]) -> None:
    """CH-082, CH-083, CH-139, SEC-01: whatever is wrong with a token, status, headers and body are the same, and nothing is asked."""
    answer = behind.client.post(SERVICE, json=a_request(), headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json == {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": "login", "details": {"text": "Authentication is required."}}],
    }
    assert behind.steward.asked == []


def test_the_body_is_not_read_before_the_token(behind: Behind) -> None:
    """SEC-01: a body that is too large, of another kind or no JSON is a 401 as long as nobody said who asks."""
    for data, kind in ((b"x" * 6_000_000, "application/json"), (b"<xml/>", "text/xml"), (b"{", "application/json")):
        assert behind.client.post(SERVICE, data=data, content_type=kind).status_code == 401


def test_a_good_token_gets_cards_once(behind: Behind) -> None:
    """CH-131, SEC-10: one token is one call; what the steward hears of it is the configured client."""
    headers = bearer(a_token(tenant="north"))
    assert behind.client.post(SERVICE, json=a_request(), headers=headers).status_code == 200
    assert behind.client.post(SERVICE, json=a_request(), headers=headers).status_code == 401
    (client,) = behind.steward.clients
    assert (client.issuer, client.tenant) == (ISSUER, "north")


def test_discovery_is_open_unless_it_is_closed(behind: Behind, tmp_path: Path) -> None:
    """CH-024, CH-130, SEC-12: discovery holds nothing of a patient and is open; a site may close it, and its token is then its own."""
    assert behind.client.get(DISCOVERY).status_code == 200
    assert behind.client.get(DISCOVERY, headers=bearer("what a sandbox sends")).status_code == 200
    closed = Behind(tmp_path, open_discovery=False)
    assert closed.client.get(DISCOVERY).status_code == 401
    assert closed.client.get(DISCOVERY, headers=bearer(a_token(SERVICE))).status_code == 401
    assert closed.client.get(DISCOVERY, headers=bearer(a_token(DISCOVERY))).status_code == 200


@pytest.mark.parametrize("path", [f"{DISCOVERY}/no-such-service", f"{DISCOVERY}/no-such-service/feedback"])
def test_what_is_served_is_told_with_the_list_alone(behind: Behind, tmp_path: Path, path: str) -> None:
    """SEC-01, SEC-12, CH-032: an unknown service is a 404; where discovery is closed, only for whom a token lets in.

    Without one it cannot be told from a service that there is, by nobody's call and by no page's preflight.
    """
    assert behind.client.post(path, json={}).status_code == 404
    closed = Behind(tmp_path, open_discovery=False)
    known = SERVICE if path.endswith("service") else FEEDBACK
    for headers in ({}, bearer("x"), bearer(a_token(DISCOVERY)), {"Origin": PAGE}):
        answers = [closed.client.post(each, json={}, headers=headers) for each in (path, known)]
        assert [(answer.status_code, answer.data) for answer in answers] == [(401, answers[0].data)] * 2
    preflight = {"Origin": PAGE, "Access-Control-Request-Method": "POST"}
    assert {closed.client.options(each, headers=preflight).status_code for each in (path, known)} == {204}
    assert closed.client.post(path, json={}, headers=bearer(a_token(path))).status_code == 404


def test_the_log_has_the_reason_and_never_the_token(behind: Behind, log_lines: io.BytesIO) -> None:
    """SEC-01, SEC-23, CH-139: the line of a 401 has its reason code and, where it is ours, the issuer; no part of any token."""
    tokens = [headers["Authorization"].removeprefix("Bearer ") for headers in BAD.values() if headers]
    for headers in BAD.values():
        behind.client.post(SERVICE, json=a_request(), headers=headers)
    good = a_token(jti="used-twice", tenant="north")
    for _ in range(2):
        behind.client.post(SERVICE, json=a_request(), headers=bearer(good))
    written = log_lines.getvalue().decode()
    lines = [json.loads(line) for line in written.splitlines()]
    refused = [line for line in lines if line.get("status") == 401]
    assert [line["reason"] for line in refused] == ["no-token", "malformed", "issuer", "expired", "signature", "audience", "replayed"]
    assert {line["reason"] for line in refused} <= set(REASONS)
    assert [line.get("issuer") for line in refused] == [None, None, None, ISSUER, ISSUER, ISSUER, ISSUER]
    assert (refused[-1]["tenant"], refused[-1]["jti"]) == ("north", "used-twice")
    assert "evil.example" not in written
    for token in [*tokens, good]:
        if "." in token:
            assert not any(part in written for part in token.split("."))


def test_refusals_are_counted_by_reason(behind: Behind) -> None:
    """A 401 is counted under its reason code, and nothing that a caller can choose is a label."""
    behind.client.post(SERVICE, json=a_request())
    assert behind.metrics.registry.get_sample_value("exercise_cds_refusals_total", {"reason": "no-token"}) == 1


@pytest.mark.parametrize("path", [DISCOVERY, SERVICE, FEEDBACK])
def test_preflights_need_no_token(behind: Behind, path: str) -> None:
    """CH-150, SEC-32: on all three endpoints a preflight of a configured page is answered without a token, once for GET and POST."""
    answer = behind.client.options(
        path,
        headers={"Origin": PAGE, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization, content-type"},
    )
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert answer.headers["Access-Control-Allow-Headers"] == "authorization, content-type"
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_page_reads_why_it_was_refused(behind: Behind) -> None:
    """CH-150: a 401 carries the CORS header, so that the page hears 401 and not a network error."""
    answer = behind.client.post(SERVICE, json=a_request(), headers={"Origin": PAGE})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (401, PAGE)


def test_waiting_for_trust_is_counted_against_the_deadline(tmp_path: Path) -> None:
    """One deadline for a call: what looking at its token has waited for is taken off what may be waited for FHIR servers."""

    def slow(_issuer: str, _use: TokenUse) -> bool:
        time.sleep(0.05)
        return True

    behind = Behind(tmp_path, shared=slow, replay={"store": "database"}, deadline_ms=5000)
    assert behind.client.post(SERVICE, json=a_request(), headers=bearer(a_token())).status_code == 200
    assert behind.steward.spent[0] >= 0.05


def test_two_authorization_headers_are_none(behind: Behind) -> None:
    """CH-131: a request with two tokens is refused, whichever is good."""
    token = bearer(a_token())["Authorization"]
    answer = behind.client.post(SERVICE, json=a_request(), headers=[("Authorization", token), ("Authorization", token)])
    assert answer.status_code == 401


def _gone(_issuer: str, _use: TokenUse) -> bool:
    raise Unavailable("The service cannot keep records at the moment; send the same request again later.", retry_after=5)


def test_a_replay_store_that_is_gone_is_a_503(tmp_path: Path) -> None:
    """SEC-10: while used tokens cannot be looked up, a good token is a 503 with Retry-After and no card, a bad one still a 401."""
    behind = Behind(tmp_path, shared=_gone, replay={"store": "database"})
    answer = behind.client.post(SERVICE, json=a_request(), headers=bearer(a_token()))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert behind.steward.asked == []
    assert behind.client.post(SERVICE, json=a_request(), headers=bearer(a_token(key="other P-384"))).status_code == 401
    assert behind.metrics.registry.get_sample_value("exercise_cds_refusals_total", {"reason": "Unavailable"}) == 1


def test_a_site_may_go_on_without_the_replay_store(tmp_path: Path) -> None:
    """SEC-10: with replay.on_failure local the same failure is answered with cards, and each token still once in this process."""
    behind = Behind(tmp_path, shared=_gone, replay={"store": "database", "on_failure": "local"})
    headers = bearer(a_token())
    assert [behind.client.post(SERVICE, json=a_request(), headers=headers).status_code for _ in range(2)] == [200, 401]


def test_a_full_memory_of_tokens_is_a_503(tmp_path: Path) -> None:
    """SEC-10: where a client has as many living tokens as are remembered, its next call is a 503 with Retry-After; none is forgotten."""
    behind = Behind(tmp_path, replay={"most": 100})
    tokens = [a_token() for _ in range(101)]
    answers = [behind.client.post(SERVICE, json=a_request(), headers=bearer(token)) for token in tokens]
    assert [answer.status_code for answer in answers] == [200] * 100 + [503]
    assert answers[-1].headers["Retry-After"] == "5"
    assert behind.client.post(SERVICE, json=a_request(), headers=bearer(tokens[0])).status_code == 401
    assert behind.metrics.registry.get_sample_value("exercise_cds_refusals_total", {"reason": "ReplayFull"}) == 1
