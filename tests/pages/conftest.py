"""The shipped pack, its pages, and the browser that looks at them.

Without Chromium the browser's tests are skipped, and say so; where MUST_HAVE_CHROMIUM=1 (continuous integration) they fail instead.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, sync_playwright

from builders.looked import FLAGS
from exercise_cds.cds_service import CdsService, Serving, prepare
from exercise_cds.model.pack import RulePack
from exercise_cds.rulepack import load
from exercise_cds.settings import Settings
from exercise_cds.web import create_app, handouts

ROOT = Path(__file__).resolve().parents[2]
PACK = ROOT / "rules" / "low-back-pain"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


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


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A browser, or a plain word that there is none."""
    if CHROMIUM is None:
        assert not os.environ.get("MUST_HAVE_CHROMIUM"), "Chromium is not installed, and here it must be: apt-get install chromium"
        pytest.skip("Chromium is not installed, so no page was looked at in a browser: apt-get install chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
