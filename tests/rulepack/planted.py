"""Planted mistakes: `bad/<code>.yaml` lists small changes of the small pack, each with a mark where the finding must point."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ruamel.yaml import YAML

from exercise_cds.model.where import Finding, Where
from exercise_cds.rulepack import lint, load, read_cases

HERE = Path(__file__).parent
SMALL = HERE / "packs" / "small"
BAD = HERE / "bad"
MARK = "⟦"
OVERLAY = "overlay.yaml"
TODAY = date(2026, 3, 2)


@dataclass(frozen=True)
class Planted:
    """One mistake: the finding's code, the change as written, and its number in the file of its code."""

    code: str
    number: int
    change: dict[str, Any]

    @property
    def name(self) -> str:
        """What a test run calls it."""
        return f"{self.code}-{self.number}"


@cache
def planted() -> tuple[Planted, ...]:
    """Every planted mistake."""
    yaml = YAML(typ="safe", pure=True)
    found = []
    for path in sorted(BAD.glob("*.yaml")):
        found += [Planted(path.stem, number, change) for number, change in enumerate(yaml.load(path.read_text("utf-8")), 1)]
    return tuple(found)


@cache
def said(code: str, number: int) -> tuple[tuple[Finding, ...], Where]:
    """What is said of one planted mistake, and where it must be said."""
    (mistake,) = (one for one in planted() if (one.code, one.number) == (code, number))
    with TemporaryDirectory() as folder:
        pack, overlay, where = plant(mistake, Path(folder))
        return (*findings(pack, overlay), *advice(pack, code)), where


def plant(mistake: Planted, folder: Path) -> tuple[Path, Path | None, Where]:
    """A copy of the small pack with the mistake in it: (pack, overlay or None, where the finding must point)."""
    change = mistake.change
    pack = copy_of_small(folder)
    if "delete" in change:
        (pack / change["delete"]).unlink()
    where = _where(change["at"]) if "at" in change else None
    if "bad" in change:
        where = _write(change, pack) if where is None else _write(change, pack) and where
    assert where is not None
    overlay = pack / OVERLAY
    if not overlay.exists():
        return pack, None, where
    overlay.rename(folder / OVERLAY)
    return pack, folder / OVERLAY, where


def copy_of_small(folder: Path) -> Path:
    """The small pack, to be changed."""
    return Path(shutil.copytree(SMALL, folder / "small"))


def _where(written: str) -> Where:
    file, line, column = written.split(":")
    return Where(file, int(line), int(column))


def _write(change: dict[str, Any], pack: Path) -> Where:
    """Put the bad text in the place of the good one (or into a file of its own); the place of the mark."""
    path = pack / change["in"]
    bad = change["bad"]
    text = bad
    if "good" in change:
        before = path.read_text("utf-8")
        assert before.count(change["good"]) == 1, f"the good text stands {before.count(change['good'])} times in {change['in']}"
        text = before.replace(change["good"], bad)
    path.parent.mkdir(parents=True, exist_ok=True)
    index = text.find(MARK)
    assert text.count(MARK) <= 1
    path.write_bytes(text.replace(MARK, "").encode(change.get("encoding", "utf-8")))
    before = text[: max(index, 0)]
    return Where(change["in"], before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)


def findings(pack: Path, overlay: Path | None = None) -> tuple[Finding, ...]:
    """Everything that is said of a pack and, where it loads, of its cases."""
    loaded = load(pack, overlay)
    if loaded.pack is None:
        return loaded.findings
    return (*loaded.findings, *read_cases(pack, loaded.pack).findings)


def advice(pack: Path, code: str = "") -> tuple[Finding, ...]:
    """What the linter advises under one code (or any), on the day of the tests; nothing for a pack that does not load."""
    loaded = load(pack)
    if loaded.pack is None:
        return ()
    return tuple(finding for finding in lint.advice(loaded.pack, loaded.used, TODAY) if code in ("", finding.code))
