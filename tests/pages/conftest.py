"""The shipped pack, and its pages as a browser asks for them."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from exercise_cds.cds_service import CdsService, Serving, prepare
from exercise_cds.model.pack import RulePack
from exercise_cds.rulepack import load
from exercise_cds.settings import Settings
from exercise_cds.web import create_app, handouts

ROOT = Path(__file__).resolve().parents[2]
PACK = ROOT / "rules" / "low-back-pain"


@pytest.fixture(scope="session")
def pack() -> RulePack:
    """The shipped pack."""
    loaded = load(PACK)
    assert loaded.pack is not None, loaded.findings
    return loaded.pack


@pytest.fixture(scope="session")
def serving(pack: RulePack) -> Serving:
    """The pack, ready to answer, with every service of it."""
    return prepare(pack, named_services=frozenset(pack.services))


@pytest.fixture(scope="session")
def patient_pages(serving: Serving) -> FlaskClient:
    """The application with the handouts, in this process."""
    pages = [handouts.blueprint(lambda: serving.pack)]
    return create_app(CdsService(serving), Settings(authentication="none"), pages=pages).test_client()
