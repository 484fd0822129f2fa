"""`exercise-cds serve` with authentication, as real processes: tokens enter once."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from builders.served import COMMAND, ROOT, Served, free_port, served
from builders.tokens import BASE, DISCOVERY, FEEDBACK, ISSUER, SERVICE, bearer, fresh_token, trusting_environment

BODY = (ROOT / "fhir_examples/chronic-low-back-pain/request.json").read_bytes()
KEYLESS = "https://keyless.example.org"
ENTRY = {"card": "5c0a8b9e-0000-4000-8000-000000000001", "outcome": "overridden", "outcomeTimestamp": "2026-03-02T11:00:00Z"}


def _call(process: Served, token: str) -> requests.Response:
    url = f"http://127.0.0.1:{process.port}{SERVICE}"
    return requests.post(url, data=BODY, headers={"Content-Type": "application/json", **bearer(token)}, timeout=20)


def _report(process: Served, token: str, *entries: Any) -> requests.Response:
    return requests.post(f"http://127.0.0.1:{process.port}{FEEDBACK}", json={"feedback": list(entries)}, headers=bearer(token), timeout=20)


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One process with its own memory of used tokens; one of its clients may use tokens again, the keys of another cannot be had."""
    folder = tmp_path_factory.mktemp("guarded")
    environment = trusting_environment(folder)
    (first,) = json.loads(environment["EXERCISE_CDS_CLIENTS"])
    second = {**first, "issuer": "https://retries.example.org", "reuses_tokens": True}
    third = {"issuer": KEYLESS, "jku": f"https://127.0.0.1:{free_port()}/keys"}
    environment["EXERCISE_CDS_CLIENTS"] = json.dumps([first, second, third])
    environment["EXERCISE_CDS_METRICS_PORT"] = str(free_port())
    with served(folder, COMMAND, ("serve",), **environment) as running:
        running.operators_port = int(environment["EXERCISE_CDS_METRICS_PORT"])
        yield running


def test_a_token_is_a_card_once(process: Served) -> None:
    """CH-131, SEC-10: a signed call gets the card of the example; the same token again, and no token, are 401."""
    token = fresh_token()
    answer = _call(process, token)
    assert answer.status_code == 200, answer.text
    assert answer.json()["cards"]
    assert _call(process, token).status_code == 401
    refused = requests.post(
        f"http://127.0.0.1:{process.port}{SERVICE}", data=BODY, headers={"Content-Type": "application/json"}, timeout=20
    )
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert requests.get(process.url, timeout=20).status_code == 200


def test_feedback_on_a_given_card_is_stored(process: Served) -> None:
    """CH-127: the card that was given is reported on with a token of its own, and repeated, and both answers are 200."""
    (card, *_) = _call(process, fresh_token()).json()["cards"]
    entry = {**ENTRY, "card": card["uuid"]}
    token = fresh_token(FEEDBACK)
    assert _report(process, token, entry).status_code == 200
    assert _report(process, token, entry).status_code == 401
    assert _report(process, fresh_token(FEEDBACK), entry, entry).status_code == 200
    assert _report(process, fresh_token(SERVICE), entry).status_code == 401


def test_the_greeting_says_what_can_be_typed(process: Served) -> None:
    """Where tokens are asked for, the greeting has a command that signs, with the address that tokens name, and no curl that is refused."""
    assert f"exercise-cds call {process.url} --fhir FOLDER --patient ID --token-key FILE" in process.said()
    assert f"--token-base {BASE}" in process.said()
    assert "curl" not in process.said()


def test_an_excepted_client_is_shouted_at_the_start(process: Served) -> None:
    """SEC-10: a client whose tokens may be used again is named in the greeting, and its retry is answered."""
    assert "TOKENS OF https://retries.example.org MAY BE USED AGAIN" in process.said()
    assert f"TOKENS OF {ISSUER}" not in process.said()
    token = fresh_token(iss="https://retries.example.org")
    assert [_call(process, token).status_code for _ in range(2)] == [200, 200]


def test_operators_see_whose_keys_cannot_be_had(process: Served) -> None:
    """SEC-07: every key set is read at the start, and the numbers say for each issuer whether that went well."""
    for wanted in (
        f'exercise_cds_key_fetches_total{{issuer="{ISSUER}",result="obtained"}} 1.0',
        f'exercise_cds_key_fetches_total{{issuer="{KEYLESS}",result="unreachable"}} 1.0',
    ):
        give_up = time.monotonic() + 10
        while wanted not in requests.get(f"http://127.0.0.1:{process.operators_port}/metrics", timeout=20).text:
            assert time.monotonic() < give_up, wanted
            time.sleep(0.05)
    assert '"reason":"unreachable"' in process.said()


def test_no_part_of_a_token_is_written_anywhere(process: Served) -> None:
    """SEC-23, CH-139: after good and refused calls neither output of the process has any part of a token."""
    tokens = [fresh_token(), fresh_token(aud="x"), fresh_token(iss="https://evil.example")]
    for token in tokens:
        _call(process, token)
        _call(process, token)
    said = process.said()
    assert '"reason":"replayed"' in said
    assert not any(part in said for token in tokens for part in token.split(".")[1:])


def test_two_processes_without_a_shared_store_do_not_start(tmp_path: Path) -> None:
    """SEC-10: memory with several processes is refused at the start, with what to set."""
    environment = {**trusting_environment(tmp_path), "EXERCISE_CDS_PROCESSES": "2"}
    with pytest.raises(AssertionError, match=r"set replay\.store to database"), served(tmp_path, COMMAND, ("serve",), **environment):
        pytest.fail("it started")


def test_discovery_can_be_closed(tmp_path: Path) -> None:
    """CH-024, SEC-12: with open_discovery false discovery needs a token for discovery."""
    with served(tmp_path, COMMAND, ("serve",), **trusting_environment(tmp_path), EXERCISE_CDS_OPEN_DISCOVERY="false") as running:
        assert requests.get(running.url, timeout=20).status_code == 401
        assert requests.get(running.url, headers=bearer(fresh_token(DISCOVERY)), timeout=20).status_code == 200
        assert requests.get(running.url, headers=bearer(fresh_token(aud=BASE)), timeout=20).status_code == 401
