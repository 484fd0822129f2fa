"""Every story of fhir_examples/ through the whole house, on its own day."""

from __future__ import annotations

from datetime import UTC, datetime, time
from itertools import count
from pathlib import Path

import pytest

from exercise_cds.authoring.expectations import differences
from exercise_cds.authoring.request_file import read_request_file
from exercise_cds.cards import broken_invariants
from exercise_cds.cds_service import CdsService, Serving, prepare
from exercise_cds.model.client import ANONYMOUS
from exercise_cds.rulepack import load

ROOT = Path(__file__).resolve().parents[2]
STORIES = sorted(path.parent for path in (ROOT / "fhir_examples").glob("*/story.yaml"))


@pytest.fixture(scope="module")
def serving() -> Serving:
    """The shipped pack, every service of it."""
    loaded = load(ROOT / "rules" / "low-back-pain")
    assert loaded.pack is not None, loaded.findings
    return prepare(loaded.pack, named_services=frozenset(loaded.pack.services))


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.name)
def test_a_story_ends_as_it_says(story: Path, serving: Serving) -> None:
    """What the story's last lines expect is what a clinician gets, and its cards keep every rule of CDS Hooks."""
    asked = read_request_file(story / "request.json", serving)
    assert asked.story is not None
    numbers = count(1)
    visit = CdsService(serving, new_uuid=lambda: f"00000000-0000-4000-8000-{next(numbers):012d}", strict=True)
    seen = visit.examine(asked.request, ANONYMOUS, datetime.combine(asked.story.as_of, time(12), UTC))
    assert differences(asked.story.expect, seen) == ()
    assert broken_invariants({"cards": seen.composed.cards}) == []
    assert seen.chart is not None
    assert not seen.chart.issues


def test_every_file_of_the_examples_is_used() -> None:
    """A story is a request and a line of why; nothing else lies there, and there are at least twelve."""
    files = {path.relative_to(ROOT / "fhir_examples") for path in (ROOT / "fhir_examples").rglob("*") if path.is_file()}
    expected = {Path(story.name) / name for story in STORIES for name in ("request.json", "story.yaml")}
    assert files - {Path("README.md")} == expected
    assert len(STORIES) >= 12


def test_every_story_differs_from_every_other() -> None:
    """No two stories are told for the same reason."""
    whys = [(story / "story.yaml").read_text("utf-8").splitlines()[0] for story in STORIES]
    assert len(set(whys)) == len(whys)
