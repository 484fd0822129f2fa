"""Whether a pack's files have changed: a mark over their content, taken without reading what they say."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from exercise_cds.model.where import Finding
from exercise_cds.rulepack.folder import read_file, read_folder
from exercise_cds.rulepack.report import Report


@dataclass(frozen=True, slots=True)
class Mark:
    """Equal for equal content. A file that stands where none may changes no digest, yet decides whether the pack is served."""

    digest: str
    """The digest that the pack will have."""
    findings: tuple[Finding, ...]


def at_rest(path: Path) -> Path:
    """The path behind every link, so that all that is read below it is of one moment.

    Kubernetes changes a mounted folder by pointing its link `..data` elsewhere; a folder or file may be a link itself.
    """
    data = path / "..data"
    return Path(os.path.realpath(data if data.is_symlink() else path))


def mark(folder: Path, overlay: Path | None = None) -> Mark:
    """The mark of a pack and its overlay. Never raises for anything that stands there."""
    report = Report()
    files = read_folder(folder, report)
    changes = None if overlay is None else read_file(overlay, overlay.name, report)
    return Mark(files.digest(changes), report.findings())
