"""The shipped pack behind the real door, and its answers to every shipped example."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from builders.hook_requests import SERVICE_OF
from exercise_cds import rulepack
from exercise_cds.cards import Composer
from exercise_cds.cds_service import CdsService, prepare
from exercise_cds.settings import Settings
from exercise_cds.web import create_app

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
Ask = Callable[[dict[str, Any]], Any]


@pytest.fixture(scope="session")
def house() -> FlaskClient:
    """Every service of the shipped pack, with links to handouts."""
    pack = rulepack.load(ROOT / "rules" / "low-back-pain").pack
    assert pack is not None
    composer = Composer(pack, handouts_base_url="https://clinic.example.org/handouts")
    steward = CdsService(prepare(pack, named_services=frozenset(pack.services), composer=composer))
    return create_app(steward, Settings(authentication="none", rates={"address": 0, "client": 0}), clock=lambda: NOW).test_client()


@pytest.fixture(scope="session")
def ask(house: FlaskClient) -> Ask:
    """Send a request to the service of its hook."""
    return lambda request: house.post(f"/cds-services/{SERVICE_OF[request['hook']]}", json=request)


def example(name: str) -> dict[str, Any]:
    """A shipped request."""
    found: dict[str, Any] = json.loads((ROOT / "fhir_examples" / name / "request.json").read_text("utf-8"))
    return found


@pytest.fixture(scope="session")
def answers(ask: Ask) -> dict[str, Any]:
    """By example, the body of its answer; a 412 is left out."""
    found = {}
    for path in sorted((ROOT / "fhir_examples").glob("*/request.json")):
        answer = ask(example(path.parent.name))
        assert answer.status_code in {200, 412}, path
        if answer.status_code == 200:
            found[path.parent.name] = answer.json
    return found


@pytest.fixture(scope="session")
def cards(answers: dict[str, Any]) -> list[dict[str, Any]]:
    """Every card of every example."""
    found = [card for body in answers.values() for card in body["cards"]]
    assert len(found) > 20
    return found
