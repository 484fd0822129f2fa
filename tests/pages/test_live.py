"""Live authoring: what a change of the pack's files shows, and that those who look take nothing from the cards."""

from __future__ import annotations

import gc
import json
import re
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from builders.served import COMMAND, Served, served
from exercise_cds.authoring.live import Live, State
from exercise_cds.engine import Engine

ROOT = Path(__file__).resolve().parents[2]
PACK = ROOT / "rules" / "low-back-pain"
EXAMPLES = ROOT / "fhir_examples"
CASES = "ordering.yaml"
"""The one file of cases that is kept here: the others are run elsewhere."""
MORE = """today: 2026-03-02
cases:
  - case: one more
    service: low-back-pain-exercise
    conditions: [{code: M54.50, onset: 20 days ago}]
    expect: {outcome: advised}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped pack, with a few of its cases."""
    copy = tmp_path / "pack"
    shutil.copytree(PACK, copy)
    for path in (copy / "tests").glob("*.yaml"):
        if path.name != CASES:
            path.unlink()
    return copy


def _change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_a_change_shows_which_cards_of_which_examples_changed(folder: Path) -> None:
    """Saving nothing new shows nothing; moving the two-week rule to twelve days gives the thirteen-days example other cards."""
    live = Live(folder, EXAMPLES)
    assert live.look()
    assert (live.state.broken, live.state.failures, live.state.changes) == (False, (), ())
    assert live.state.cases > 5
    assert not live.look()
    _change(folder / "pack.yaml", "strengthen_from_days: {default: 14", "strengthen_from_days: {default: 12")
    assert live.look()
    changed = {change.example: change for change in live.state.changes}
    assert "thirteen-days" in changed
    assert any("Lumbar stabilization" in line for line in changed["thirteen-days"].now)
    assert "fever" not in changed


def test_a_broken_pack_shows_its_findings_and_the_last_good_one_stays(folder: Path) -> None:
    """A mistake is shown at its line with the line itself; cases and digest of the last good pack stay; mending it ends the trouble."""
    live = Live(folder, EXAMPLES)
    live.look()
    good = live.state
    _change(folder / "pack.yaml", "about: {all:", "about: {alll:")
    assert live.look()
    assert live.state.broken
    assert (live.state.digest, live.state.cases) == (good.digest, good.cases)
    found = live.state.findings[0]
    assert found.where.startswith("pack.yaml:")
    assert "about: {alll:" in found.line
    _change(folder / "pack.yaml", "about: {alll:", "about: {all:")
    assert live.look()
    assert not live.state.broken
    assert live.state.changes == ()


def test_a_case_that_fails_is_told_with_its_place(folder: Path) -> None:
    """A case whose expectation is not met is shown by name, file and line, with what differs."""
    (folder / "tests" / "mine.yaml").write_text(
        "today: 2026-03-02\ncases:\n  - case: nobody is offered anything\n    service: low-back-pain-exercise\n"
        "    conditions: [{code: M54.50, onset: 20 days ago}]\n    expect: {exactly: []}\n",
        "utf-8",
    )
    live = Live(folder, EXAMPLES)
    live.look()
    assert [failure.case for failure in live.state.failures] == ["nobody is offered anything"], live.state.findings
    assert live.state.failures[0].where.startswith("tests/mine.yaml:3")
    assert "expected exactly: nothing" in live.state.failures[0].differences[0]


def test_findings_come_first_then_cards_then_cases(folder: Path) -> None:
    """Each step is told as it is known: findings while nothing ran, changed cards before the first case, then all cases."""
    for name in ("duration.yaml", "precautions.yaml"):
        shutil.copy(PACK / "tests" / name, folder / "tests" / name)
    live = Live(folder, EXAMPLES)
    live.look()
    _change(folder / "pack.yaml", "strengthen_from_days: {default: 14", "strengthen_from_days: {default: 12")
    told: list[State] = []
    live.told = lambda: told.append(live.state)
    live.look()
    first, second, *_, last = told
    assert first.running
    assert (second.running, second.cases, bool(second.changes)) == (True, 0, True)
    assert not last.running
    assert last.cases == last.of > 100
    assert last.failures
    assert [state.number for state in told] == sorted({state.number for state in told})
    live.look()
    failed = [failure.case for failure in last.failures]
    again: list[State] = []
    live.told = lambda: again.append(live.state)
    (folder / "tests" / "more.yaml").write_text(MORE, "utf-8")
    live.look()
    assert sorted(failure.case for failure in again[-1].failures) == sorted(failed)
    assert again[-1].of == last.of + 1


def test_nothing_stays_open_behind_a_look(folder: Path) -> None:
    """After each change the engines of that look are closed: their number in the process does not grow."""
    live = Live(folder, EXAMPLES)
    live.look()
    counts = []
    for days in ("12", "13", "14"):
        path = folder / "pack.yaml"
        path.write_text(
            re.sub(r"strengthen_from_days: \{default: \d+", f"strengthen_from_days: {{default: {days}", path.read_text()), "utf-8"
        )
        live.look()
        gc.collect()
        counts.append(sum(isinstance(one, Engine) for one in gc.get_objects()))
    assert len(set(counts)) == 1


@pytest.fixture
def running(folder: Path, tmp_path: Path) -> Iterator[Served]:
    """A process that serves the copy, with its workbench."""
    settings = {
        "EXERCISE_CDS_WORKBENCH__ENABLED": "true",
        "EXERCISE_CDS_RULES": str(folder),
        "EXERCISE_CDS_DATABASE_URL": f"sqlite:///{tmp_path / 'records.sqlite'}",
    }
    with served(tmp_path, COMMAND, ("serve",), **settings) as process:
        yield process


def test_ten_pages_that_look_take_nothing_from_the_cards(running: Served) -> None:
    """Of ten streams two are given and eight are told to ask again and again; cards are answered meanwhile, one after the other."""
    address = f"http://127.0.0.1:{running.port}/workbench/live"
    streams = [requests.get(f"{address}/events", stream=True, timeout=30) for _ in range(10)]
    assert sorted(stream.status_code for stream in streams) == [200] * 2 + [503] * 8
    body = (EXAMPLES / "fourteen-days" / "request.json").read_bytes()

    def call(_: int) -> int:
        answered = requests.post(
            f"{running.url}/low-back-pain-exercise", data=body, headers={"Content-Type": "application/json"}, timeout=10
        )
        return answered.status_code

    with ThreadPoolExecutor(4) as callers:
        assert set(callers.map(call, range(40))) == {200}
    given = next(stream for stream in streams if stream.status_code == 200)
    told = next(line for line in given.iter_lines() if line.startswith(b"data: "))
    assert json.loads(told.removeprefix(b"data: "))["broken"] is False
    for stream in streams:
        stream.close()


def test_a_page_that_asks_again_hears_of_a_change(running: Served, folder: Path) -> None:
    """Without a stream the state is there to be asked for, and a broken pack is told within seconds."""
    address = f"http://127.0.0.1:{running.port}/workbench/live/state"
    _until(address, lambda state: bool(state["digest"]) and not state["running"])
    _change(folder / "pack.yaml", "about: {all:", "about: {alll:")
    state = _until(address, lambda state: bool(state["broken"]))
    assert state["findings"]


def _until(address: str, holds: object) -> dict[str, object]:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        state: dict[str, object] = requests.get(address, timeout=10).json()
        if holds(state):  # type: ignore[operator]  # a small function of the tests above
            return state
        time.sleep(0.2)
    raise AssertionError("it was never told")
