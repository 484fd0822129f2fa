"""`exercise-cds watch` asks again only what a save can have touched, and says what a run from the beginning would say."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from exercise_cds.authoring.watching import Saved, look

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "rules" / "low-back-pain"
FILES_OF_CASES = ("duration.yaml", "severity.yaml", "doubt.yaml")

SAVES = (
    # file, what stands there, what is written instead
    ("tests/severity.yaml", "cases:\n", "cases:\n  # more to come\n"),
    ("tests/duration.yaml", "exactly: [education-stay-active, aerobic-low-impact, stretching, easy-starter]", "exactly: []"),
    ("tests/duration.yaml", "exactly: []", "exactly: [education-stay-active, aerobic-low-impact, stretching, easy-starter]"),
    ("tests/duration.yaml", "onset: 13 days ago}", "onset: 16 days ago}"),
    ("tests/duration.yaml", "says: founding article", "says: no such words"),
    ("tests/duration.yaml", "says: no such words", "says: founding article"),
    ("rules/duration.yaml", "title: Lumbar stabilization", "title: Trunk stabilization"),
    ("pack.yaml", "strengthen_from_days: {default: 14", "strengthen_from_days: {default: 15"),
    ("rules/duration.yaml", "    unless: chronic_pain\n", ""),
    ("rules/duration.yaml", "Subacute pain (4 to 12 weeks)", "Pain of some weeks"),
    ("rules/severity.yaml", "      first: true\n", ""),
    ("rules/severity.yaml", "    when: severe_pain\n", "    when: severe_pain\n    silent: true\n"),
    ("pack.yaml", "pain_score_days: {default: 30", "pain_score_days: {default: 20"),
    ("facts.yaml", "says: newest pain score", "says: how bad it is"),
    ("valuesets/sciatica.json", '"M54.30"', '"M54.99"'),
    ("pack.yaml", "required: [Patient, Condition]", "required: [Patient, Condition, Procedure]"),
    ("pack.yaml", "about: {all: [active_back_pain, {not: deceased}]}", "about: active_back_pain"),
    ("programs/stretching.yaml", "title: ", "title: Every day "),
    ("pack.yaml", "  - lumbar-stabilization\n  - mckenzie-mdt\n", "  - mckenzie-mdt\n  - lumbar-stabilization\n"),
)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """The shipped pack with a part of its cases."""
    copy = Path(shutil.copytree(SHIPPED, tmp_path / "pack"))
    for file in (copy / "tests").glob("*.yaml"):
        if file.name not in FILES_OF_CASES:
            file.unlink()
    return copy


def _save(pack: Path, file: str, was: str, now: str) -> None:
    before = (pack / file).read_text("utf-8")
    assert was in before, (file, was)
    (pack / file).write_text(before.replace(was, now, 1), "utf-8")


def _told(saved: Saved) -> list[tuple[str, str, tuple[str, ...]]]:
    """What is shown of each case: its name, its place, what differs."""
    assert saved.state.results is not None, [str(finding) for finding in saved.state.checked.findings]
    return [(ran.case.name, str(ran.case.where), ran.differences) for ran in saved.state.results.ran]


def _whole(saved: Saved) -> int:
    assert saved.state.rerun is not None
    return saved.state.rerun.whole


def test_nothing_kept_is_otherwise_than_from_the_beginning(pack: Path) -> None:
    """After each of many saves (cases, rules, settings, texts, facts, value sets, the gate) every case is told as a first look tells it."""
    kept = look(pack, None)
    failures = set()
    for number, save in enumerate(SAVES):
        _save(pack, *save)
        kept = look(pack, None, kept.state)
        failures |= kept.state.failed
        if number % 6 == 0:  # what is kept wrongly stays wrong
            assert _told(kept) == _told(look(pack, None)), save
    assert len(SAVES) % 6 == 1, "the last save is looked at"
    assert len(failures) > 10, "saves that no case notices prove nothing"


def test_a_save_asks_only_what_it_can_have_touched(pack: Path) -> None:
    """A comment asks no case again, another expectation one; another title decides from the facts that are known; a value set asks all."""
    first = look(pack, None)
    assert first.state.results is not None
    every = len(first.state.results.ran)
    assert _whole(first) == every
    _save(pack, "tests/severity.yaml", "cases:\n", "cases:\n  # more to come\n")
    second = look(pack, None, first.state)
    assert _whole(second) == 0
    _save(pack, "tests/duration.yaml", "outcome: advised", "outcome: withheld")
    third = look(pack, None, second.state)
    assert (_whole(third), len(third.state.failed)) == (1, 1)
    _save(pack, "rules/duration.yaml", "title: Lumbar stabilization", "title: Trunk stabilization")
    fourth = look(pack, None, third.state)
    unobtainable = sum(ran.seen.facts is None or bool(ran.seen.unobtainable) for ran in first.state.results.ran)
    assert _whole(fourth) == 1 + unobtainable, "the one that fails is asked whole, so that its trace is new"
    _save(pack, "valuesets/sciatica.json", '"M54.30"', '"M54.99"')
    assert _whole(look(pack, None, fourth.state)) == every


def test_a_state_is_held_against_once(pack: Path) -> None:
    """A look that comes late, after another one, keeps nothing of a state whose engines are closed, and says the same."""
    first = look(pack, None)
    _save(pack, "pack.yaml", "strengthen_from_days: {default: 14", "strengthen_from_days: {default: 15")
    second = look(pack, None, first.state)
    again = look(pack, None, first.state)
    assert _told(again) == _told(second)
    assert again.fails_now == second.fails_now != frozenset()
