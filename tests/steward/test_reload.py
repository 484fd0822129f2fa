"""Rules and the kill switch changed under a serving process, with real files and the real trial in a child process."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests

from builders.mounted import ROOT, SHIPPED, Mounted
from builders.served import COMMAND, served
from exercise_cds import rulepack
from exercise_cds.authoring.try_pack import Tried, tried, try_in_child
from exercise_cds.cds_service import CdsService, HookResponse, Serving, prepare
from exercise_cds.cli.packs import serving_of
from exercise_cds.engine import corset
from exercise_cds.envelope import read_request
from exercise_cds.model.client import ANONYMOUS
from exercise_cds.model.decision import Outcome
from exercise_cds.model.pack import RulePack
from exercise_cds.settings import Settings
from exercise_cds.web.metrics import Metrics
from exercise_cds.web.reload import Files, Reload

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
STORY = (ROOT / "fhir_examples" / "chronic-low-back-pain" / "request.json").read_bytes()
SERVICE = "low-back-pain-exercise"
REQUEST = read_request(STORY, service=SERVICE, hook="patient-view", depth=64, http_fhir_servers=True)


@dataclass
class House:
    """A steward with its reload, and what happened."""

    files: Files
    metrics: Metrics = field(default_factory=Metrics)
    served: list[RulePack] = field(default_factory=list)
    tried: list[Tried] = field(default_factory=list)
    clock: float = 1_000.0

    def __post_init__(self) -> None:
        pack = rulepack.load(*self.files.at_rest()).pack
        assert pack is not None
        compiled = partial(serving_of, Settings(authentication="none"))
        self.steward = CdsService(compiled(rulepack.paused(pack, self.files.pause_now(pack))))
        self.reload = Reload(
            self.steward, self.files, pack, prepare=compiled, metrics=self.metrics, serves=self.served.append, every=1,
            try_pack=self._try, now=lambda: self.clock,
        )  # fmt: skip

    def _try(self, rules: Path, overlay: Path | None) -> Tried:
        self.tried.append(try_in_child(rules, overlay, seconds=60))
        return self.tried[-1]

    def look(self, times: int = 2) -> None:
        """Let time pass."""
        for _ in range(times):
            self.clock += 1
            self.reload.look_at_pause()
            self.reload.look_at_rules()

    def ask(self) -> HookResponse:
        """One answer."""
        return self.steward.respond(REQUEST, ANONYMOUS, NOW)

    @property
    def version(self) -> str:
        """Of the pack that is served."""
        return self.steward.serving.pack.version

    def number(self, name: str, **labels: str) -> float:
        """One metric."""
        return self.metrics.registry.get_sample_value(f"exercise_cds_{name}", labels) or 0.0


@pytest.fixture
def mounted(tmp_path: Path) -> Mounted:
    """The shipped pack, mounted."""
    return Mounted(tmp_path / "rules")


def test_a_changed_mount_is_served_after_two_looks(mounted: Mounted) -> None:
    """A folder whose link is pointed to a new good pack: tried once in a child, then served whole; the answer carries its digest."""
    house = House(Files(mounted.path))
    before = house.ask().digest
    mounted.version(1)
    house.look(1)
    assert house.version == "2026.11.0", "one look is not enough: somebody may still be writing"
    house.look(2)
    assert house.version == "2026.11.1"
    assert [one.why for one in house.tried] == [""]
    assert [pack.digest for pack in house.served] == [house.ask().digest] != [before]
    assert house.number("pack_reload_successful_timestamp_seconds") == house.number("pack_reload_attempted_timestamp_seconds") > 0


def test_a_broken_pack_leaves_the_last_good_one(mounted: Mounted) -> None:
    """A pack with an error is not served and not tried again while it is unchanged; the next good one is."""
    house = House(Files(mounted.path))
    mounted.broken()
    house.look(6)
    assert house.version == "2026.11.0"
    assert [one.why for one in house.tried] == ["findings"]
    assert house.number("pack_reload_failures_total", why="findings") == 1
    assert house.number("pack_reload_successful_timestamp_seconds") < house.number("pack_reload_attempted_timestamp_seconds")
    assert house.reload.told()["reload"]["failing"] == "findings"
    assert house.ask().outcome is Outcome.ADVISED
    mounted.version(2)
    house.look(2)
    assert house.version == "2026.11.2"
    assert house.reload.told()["reload"]["failing"] == ""


def test_a_return_to_the_served_pack_counts_as_success(mounted: Mounted) -> None:
    """Bad rules, then the identical old ones: the last attempt is successful again, without a swap."""
    house = House(Files(mounted.path))
    serving = house.steward.serving
    mounted.broken()
    house.look(2)
    mounted.change()
    house.look(2)
    assert house.steward.serving is serving
    assert house.number("pack_reload_successful_timestamp_seconds") == house.number("pack_reload_attempted_timestamp_seconds")
    assert house.reload.told()["reload"]["failing"] == ""


def test_a_mistake_that_changes_no_digest_can_be_mended(mounted: Mounted, tmp_path: Path) -> None:
    """A stray file makes new rules unfit; taking it away, which changes no rule, brings them into force."""
    folder = tmp_path / "plain"
    mounted.version(3)
    Path(folder).symlink_to(mounted.path.joinpath("..data").resolve())
    house = House(Files(SHIPPED))
    house.reload._files = Files(folder)
    stray = folder / "rule"
    stray.mkdir()
    (stray / "x.yaml").write_text("rules: []", "utf-8")
    house.look(3)
    assert house.version == "2026.11.0"
    (stray / "x.yaml").unlink()
    house.look(2)
    assert house.version == "2026.11.3"


def test_a_folder_that_is_gone_leaves_the_last_good_pack(mounted: Mounted) -> None:
    """Rules that vanish are a failed attempt, never the packaged rules in their place."""
    house = House(Files(mounted.path))
    mounted.path.rename(mounted.path.with_name("away"))
    house.look(3)
    assert house.version == "2026.11.0"
    assert house.reload.told()["reload"]["failing"] == "findings"


def test_a_trial_that_is_late_or_dies_is_tried_again(mounted: Mounted) -> None:
    """A child that does not end is killed, and the rules are not served; after a minute they are tried again."""
    house = House(Files(mounted.path))
    found = [try_in_child(mounted.path, None, seconds=0.05), Tried("died")]
    house.reload._try_pack = lambda rules, overlay: found.pop(0) if found else try_in_child(rules, overlay, seconds=60)
    mounted.version(4)
    house.look(3)
    assert house.reload.told()["reload"]["failing"] == "late"
    house.clock += 60
    house.look(1)
    assert house.reload.told()["reload"]["failing"] == "died"
    house.clock += 60
    house.look(1)
    assert house.version == "2026.11.4"


def test_a_trial_has_no_more_memory_than_it_is_given(mounted: Mounted) -> None:
    """A child that needs more memory than its limit dies alone: the rules are not served, the former ones are."""
    house = House(Files(mounted.path))
    house.reload._try_pack = lambda rules, overlay: try_in_child(rules, overlay, seconds=60, most_bytes=1024 * 1024)
    mounted.version(4)
    house.look(2)
    assert (house.version, house.reload.told()["reload"]["failing"]) == ("2026.11.0", "died")
    assert house.ask().outcome is Outcome.ADVISED


def test_rules_that_fail_their_trial_are_not_served(mounted: Mounted, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules on which the engines fail (here: compiled without what holds durable-rules together) are refused as `trial`, and counted."""
    house = House(Files(mounted.path))
    house.reload._try_pack = tried  # in this process, which has been led astray
    mounted.version(4)
    with monkeypatch.context() as astray:
        astray.setattr(corset, "MOST_QUESTIONS", 1000)
        astray.setattr(corset, "MOST_STACKED", 1000)
        house.look(2)
    assert (house.version, house.reload.told()["reload"]["failing"]) == ("2026.11.0", "trial")
    assert house.number("pack_reload_failures_total", why="trial") == 1
    assert house.ask().outcome is Outcome.ADVISED


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_of_ours_ends_no_watch(mounted: Mounted, tmp_path: Path) -> None:
    """Compiling fails twice after the kill switch was thrown: it is looked at again each time, and in force in the end."""
    pause = tmp_path / "pause.yaml"
    house = House(Files(mounted.path, pause=pause))
    _fails(house, times=2)
    house.reload.start()
    try:
        pause.write_text("paused: all", "utf-8")
        _until(lambda: house.ask().outcome is Outcome.PAUSED)
        assert house.number("pack_reload_failures_total", why="fault") == 2
    finally:
        house.reload.stop()


def test_rules_that_met_a_fault_of_ours_are_tried_again(mounted: Mounted) -> None:
    """Compiling fails once for good new rules: the former ones are served, /readyz says `fault`, and a minute later the new ones are."""
    house = House(Files(mounted.path))
    _fails(house, times=1)
    mounted.version(9)
    with pytest.raises(RuntimeError):
        house.look(2)
    assert (house.version, house.reload.told()["reload"]["failing"]) == ("2026.11.0", "fault")
    house.clock += 60
    house.look(1)
    assert (house.version, house.reload.told()["reload"]["failing"]) == ("2026.11.9", "")


def _fails(house: House, times: int) -> None:
    compiled, left = house.reload._prepare, [RuntimeError("a bug of ours")] * times

    def compiling(pack: RulePack) -> Serving:
        if left:
            raise left.pop()
        return compiled(pack)

    house.reload._prepare = compiling


def test_rules_that_move_while_they_are_read_are_not_served(mounted: Mounted) -> None:
    """The pack that is served has the digest that was tried, or it is not served."""
    house = House(Files(mounted.path))

    def tried_and_moved(rules: Path, overlay: Path | None) -> Tried:
        found = try_in_child(rules, overlay, seconds=60)
        mounted.version(6)
        return found

    house.reload._try_pack = tried_and_moved
    mounted.version(5)
    house.look(2)
    assert house.version == "2026.11.0"
    assert house.reload.told()["reload"]["failing"] == "moved"
    house.reload._try_pack = house._try
    house.look(2)
    assert house.version == "2026.11.6"


def test_the_kill_switch(mounted: Mounted, tmp_path: Path) -> None:
    """A pause file written, changed and taken away changes the next answers, with no restart, and is shown and counted."""
    pause = tmp_path / "pause.yaml"
    house = House(Files(mounted.path, pause=pause))
    offered = _offered(house.ask())
    pause.write_text(f"paused: {{programs: [{offered[0]}]}}", "utf-8")
    house.look(2)
    assert _offered(house.ask()) == offered[1:]
    assert house.version == "2026.11.0+paused"
    assert house.number("paused", what="programs") == 1
    assert house.reload.told()["paused"] == {"programs": [offered[0]]}
    pause.write_text("paused: all", "utf-8")
    house.look(2)
    assert (house.ask().outcome, house.ask().body) == (Outcome.PAUSED, {"cards": []})
    assert house.reload.told()["paused"] == "all"
    pause.unlink()
    house.look(2)
    assert _offered(house.ask()) == offered
    assert house.number("paused", what="everything") == 0


def test_a_mistake_in_the_pause_file_pauses_everything(mounted: Mounted, tmp_path: Path) -> None:
    """A misspelt rule in the kill switch stops everything, and /readyz says where the mistake is."""
    pause = tmp_path / "pause.yaml"
    house = House(Files(mounted.path, pause=pause))
    pause.write_text("paused: {rules: [pregnanci]}", "utf-8")
    house.look(2)
    assert house.ask().outcome is Outcome.PAUSED
    assert house.number("pause_findings") == 1
    assert "pause.yaml:1:18" in house.reload.told()["pause file"][0]


def test_a_pause_outlives_a_change_of_rules(mounted: Mounted, tmp_path: Path) -> None:
    """New rules are served with the pause that is in force."""
    pause = tmp_path / "pause.yaml"
    pause.write_text("paused: {rules: [pregnancy]}", "utf-8")
    house = House(Files(mounted.path, pause=pause))
    mounted.version(7)
    house.look(2)
    assert house.version == "2026.11.7+paused"
    assert "pregnancy" in house.steward.serving.pack.paused.rules


def _offered(answer: HookResponse) -> list[str]:
    found: list[str] = answer.body["cards"][-1]["extension"]["org.exercise-cds.decision"]["offered"]
    return found


def test_eight_threads_and_a_mount_that_changes(mounted: Mounted) -> None:
    """While the mounted rules change under eight asking threads, every answer is of one pack: version and digest belong together."""
    house = House(Files(mounted.path))
    house.reload._try_pack = lambda rules, overlay: Tried("", rulepack.mark(rules, overlay).digest)  # the child is tried elsewhere
    house.reload._prepare = prepare
    stop, wrong, pairs = threading.Event(), [], set()

    def ask() -> None:
        while not stop.is_set():
            answer = house.ask()
            shown: Any = answer.body["cards"][-1]["extension"]["org.exercise-cds.decision"]
            pairs.add((shown["version"], shown["digest"]))
            if shown["digest"] != answer.digest:
                wrong.append(shown)
            stop.wait(0.01)  # or the swaps would wait for a turn of the interpreter

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for number in range(20):
        if number % 2 == 0:
            mounted.version(number)
            house.look(2)
        else:
            house.reload._serve(house.reload._pack, rulepack.NO_PAUSE)
    stop.set()
    for thread in threads:
        thread.join(30)
    assert not wrong
    assert len(house.served) >= 19
    assert len({version for version, _ in pairs}) == len(pairs), pairs


def test_a_served_process_takes_changes_up(tmp_path: Path) -> None:
    """`exercise-cds serve` on a mounted folder: changed rules, broken ones, the kill switch; /readyz tells each, the records too."""
    mounted = Mounted(tmp_path / "rules")
    pause = tmp_path / "pause.yaml"
    settings = {
        "EXERCISE_CDS_RULES": str(mounted.path), "EXERCISE_CDS_RELOAD_SECONDS": "1", "EXERCISE_CDS_PAUSE_FILE": str(pause),
        "EXERCISE_CDS_DATABASE_URL": f"sqlite:///{tmp_path / 'records.sqlite'}",
    }  # fmt: skip
    with served(tmp_path, COMMAND, ("serve",), **settings) as running:

        def ready() -> dict[str, Any]:
            found: dict[str, Any] = requests.get(f"http://127.0.0.1:{running.port}/readyz", timeout=5).json()
            return found

        mounted.version(8)
        _until(lambda: ready()["pack"]["version"] == "2026.11.8")
        mounted.broken()
        _until(lambda: ready()["reload"]["failing"] == "findings")
        assert ready()["pack"]["version"] == "2026.11.8"
        pause.write_text("paused: all", "utf-8")
        _until(lambda: ready().get("paused") == "all")
        answer = requests.post(f"{running.url}/{SERVICE}", data=STORY, headers={"Content-Type": "application/json"}, timeout=5)
        assert answer.json() == {"cards": []}
        numbers = requests.get(f"http://127.0.0.1:{running.port}/metrics", timeout=5).text
        assert f'exercise_cds_decisions_total{{outcome="paused",service="{SERVICE}"}} 1.0' in numbers
        assert running.stop() == 0
        kept = sqlite3.connect(tmp_path / "records.sqlite")
        with closing(kept):
            listed = {version for (version,) in kept.execute("SELECT version FROM packs")}
        assert listed == {"2026.11.0", "2026.11.8", "2026.11.8+paused"}
        refused = [line for line in map(json.loads, filter(_is_json, running.said().splitlines())) if line["event"] == "rules refused"]
    assert [(line["reason"], line["where"].split(":")[0]) for line in refused] == [("findings", "pack.yaml")]


def _is_json(line: str) -> bool:
    return line.startswith("{")


def _until(holds: Any) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.2)
