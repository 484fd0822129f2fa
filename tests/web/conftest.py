"""The application under test: the real one, around a steward in small, in this process."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from builders.stand_in import TinySteward
from exercise_cds.settings import Settings
from exercise_cds.web import create_app, logs

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class Asked:
    """An application, its steward, and the ways to call it."""

    def __init__(self, steward: TinySteward, **settings: Any) -> None:
        self.steward = steward
        self.app = create_app(steward, Settings(authentication="none", **settings), clock=lambda: NOW)
        self.client: FlaskClient = self.app.test_client()

    def post(self, body: Any, service: str = "low-back-pain-exercise", **options: Any) -> TestResponse:
        """POST a hook request; `body` is bytes as they are, or what is written as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.post(f"/cds-services/{service}", data=data, **{"content_type": "application/json", **options})


@pytest.fixture
def open_doors() -> Callable[..., Asked]:
    """Make an application with these settings, and a steward that raises what it is given."""
    return lambda fault=None, **settings: Asked(TinySteward(fault), **settings)


@pytest.fixture
def asked(open_doors: Callable[..., Asked]) -> Asked:
    """An application as `make serve` has it."""
    return open_doors()


@pytest.fixture(autouse=True)
def log_lines() -> Iterator[io.BytesIO]:
    """What was logged during the test, of the most talkative level."""
    written = io.BytesIO()
    handlers, level = logging.root.handlers, logging.root.level
    logs.configure("debug", written)
    yield written
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)
    logging.root.handlers, logging.root.level = handlers, level


def told(answer: TestResponse) -> str:
    """The sentence of a refusal, after its shape was checked (CH-083)."""
    assert answer.content_type == "application/json"
    assert answer.json is not None
    assert answer.json["resourceType"] == "OperationOutcome"
    (issue,) = answer.json["issue"]
    assert issue["severity"] == "error"
    assert issue["code"]
    return str(issue["details"]["text"])
