"""`exercise-cds watch`: a save is answered with its mistakes, its meaning and the cases that fail of it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from exercise_cds.authoring.starts import new_pack
from exercise_cds.authoring.watching import look, stamp

ROOT = Path(__file__).resolve().parents[2]
COMMAND = "from exercise_cds.cli import main; main()"


def _pack(folder: Path) -> Path:
    new_pack(folder / "knees")
    return folder / "knees"


def _save(pack: Path, file: str, good: str, bad: str) -> None:
    before = (pack / file).read_text("utf-8")
    assert before.count(good) == 1
    (pack / file).write_text(before.replace(good, bad), "utf-8")


def test_a_save_is_told_in_its_meaning(tmp_path: Path) -> None:
    """A setting moved by a day: the rule is wider, and the case at the boundary fails; moved back, it passes again."""
    pack = _pack(tmp_path)
    first = look(pack, None)
    assert first.changes == ()
    _save(pack, "pack.yaml", "default: 14", "default: 15")
    second = look(pack, None, first.state)
    assert {(line.sort, line.name) for line in second.changes} == {("rule", "gently-at-first"), ("setting", "early_days")}
    assert second.fails_now == {"pain of two weeks gets a walk"}
    _save(pack, "pack.yaml", "default: 15", "default: 14")
    assert look(pack, None, second.state).passes_now == second.fails_now


def test_a_mistake_is_said_and_the_last_good_state_is_kept(tmp_path: Path) -> None:
    """A pack with a mistake is not run."""
    pack = _pack(tmp_path)
    _save(pack, "facts.yaml", "kind: episode", "kind: episde")
    saved = look(pack, None)
    assert saved.state.results is None
    assert {finding.code for finding in saved.state.checked.findings} >= {"unknown-kind"}


def test_only_files_of_the_pack_are_watched(tmp_path: Path) -> None:
    """Hidden files of editors and the schemas change nothing."""
    pack = _pack(tmp_path)
    before = stamp(pack)
    (pack / ".swap").write_text("x", "utf-8")
    assert stamp(pack) == before
    (pack / "README.md").write_text("x", "utf-8")
    assert stamp(pack) != before


def test_the_command_answers_a_save(tmp_path: Path) -> None:
    """The command sees the save, says what it means, and ends after as many saves as asked."""
    pack = _pack(tmp_path)
    environment = {"PYTHONPATH": str(ROOT / "service"), "PYTHONUNBUFFERED": "1"}
    watching = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "watch", str(pack), "--saves", "1"], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert watching.stdout is not None
    assert "4 cases passed" in watching.stdout.readline()
    time.sleep(0.5)
    _save(pack, "pack.yaml", "default: 14", "default: 15")
    out, _ = watching.communicate(timeout=60)
    assert watching.returncode == 0
    assert "gently-at-first: widened" in out
    assert "1 of 4 cases failed" in out
