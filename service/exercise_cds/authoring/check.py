"""Everything that can be said of a pack without running it: what loading finds, what the linter advises, what its cases get wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from exercise_cds.model.pack import RulePack
from exercise_cds.model.where import Finding, Level
from exercise_cds.rulepack import Case, lint, load, read_cases

PACK_FILE = "pack.yaml"
UNREADABLE = frozenset({"unreadable-file"})
"""Codes of findings that say: we could not look."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One pack, checked. `pack` is None where it cannot be served, `cases` is empty where they were not read."""

    folder: Path
    overlay: Path | None
    pack: RulePack | None
    cases: tuple[Case, ...]
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> int:
        """How many findings keep the pack from being served, or its cases from being run."""
        return sum(finding.level is Level.ERROR for finding in self.findings)

    @property
    def unreadable(self) -> bool:
        """Whether a file could not be looked at."""
        return any(finding.code in UNREADABLE for finding in self.findings)

    def path(self, finding: Finding) -> Path:
        """The file that a finding is about, as seen from where the command was typed."""
        inside = self.folder / finding.where.file
        if self.overlay is not None and finding.where.file == self.overlay.name and not inside.exists():
            return self.overlay
        return inside


def packs_at(path: Path) -> list[Path]:
    """The packs that a path means: a pack's folder, a folder that holds packs, or a file or folder of a pack; none where there is none."""
    if (path / PACK_FILE).exists():
        return [path]
    held = [] if path.is_file() else sorted(found.parent for found in path.glob(f"*/{PACK_FILE}"))
    if held or not path.exists():
        return held
    above = (*path.parents, *path.resolve().parents)  # as it was typed, where that reaches
    return next(([parent] for parent in above if (parent / PACK_FILE).is_file()), [])


def check(folder: Path, overlay: Path | None = None, *, today: date | None = None) -> Checked:
    """Every finding about a pack, sorted by place. Without `today` no review date is looked at."""
    loaded = load(folder, overlay)
    if loaded.pack is None:
        return Checked(folder, overlay, None, (), loaded.findings)
    cases = read_cases(folder, loaded.pack)
    advice = lint.advice(loaded.pack, loaded.used, today)
    found = sorted({*loaded.findings, *cases.findings, *advice}, key=lambda finding: finding.order)
    return Checked(folder, overlay, loaded.pack, cases.cases, tuple(found))
