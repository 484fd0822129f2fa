"""Hook calls are answered before Flask, with the same looks and last words as whatever Flask answers."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import request_started

from builders.hook_requests import a_request
from web.conftest import Asked

PATH = "/cds-services/low-back-pain-exercise"


def test_flask_is_not_asked_for_a_hook_call(asked: Asked) -> None:
    """A hook call never enters Flask; other methods on its path, and other paths, do."""
    entered: list[str] = []
    with request_started.connected_to(lambda _sender, **_rest: entered.append("Flask"), asked.app):
        assert asked.post(a_request()).status_code == 200
        assert entered == []
        assert asked.client.get(PATH).status_code == 405
        assert asked.client.post(f"{PATH}/").status_code == 404
    assert entered == ["Flask", "Flask"]


@pytest.mark.parametrize("origin", ["https://ehr.example.org", "https://other.example.org", ""])
def test_both_doors_say_the_same_last_words(open_doors: Callable[..., Asked], origin: str) -> None:
    """Whatever page asks, a hook call and discovery answer with the same headers and the same refusal."""
    asked = open_doors(cors_origins=["https://ehr.example.org"])
    headers = {"Origin": origin} if origin else {}
    call, discovery = asked.post(a_request(), headers=headers), asked.client.get("/cds-services", headers=headers)
    assert call.status_code == discovery.status_code
    unlike = {"Content-Length"}
    assert {name: text for name, text in call.headers if name not in unlike} == {
        name: text for name, text in discovery.headers if name not in unlike
    }
    if call.status_code != 200:
        assert call.get_json() == discovery.get_json()


def test_a_body_that_breaks_off_is_refused(asked: Asked) -> None:
    """Behind a server that leaves the end of a body to us, one that ends early is a 400 with an OperationOutcome."""
    told: list[Any] = []
    body = json.dumps(a_request()).encode()
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": PATH,
        "HTTP_HOST": "localhost",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body) + 1),
        "wsgi.input": io.BytesIO(body),
    }
    said = b"".join(asked.app.wsgi_app(environ, lambda status, headers: told.append((status, dict(headers)))))
    assert told[0][0].startswith("400 ")
    assert told[0][1]["Content-Length"] == str(len(said))
    assert json.loads(said)["resourceType"] == "OperationOutcome"
