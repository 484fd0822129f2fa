"""What a save changes: the pack is checked and run again, and held against how it stood before. For `exercise-cds watch`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from exercise_cds.authoring.check import Checked, check
from exercise_cds.authoring.packs_compared import Line, changes
from exercise_cds.authoring.rerun import Rerun
from exercise_cds.authoring.results import Results
from exercise_cds.rulepack.folder import is_passed_over

Stamp = frozenset[tuple[str, int, int]]


@dataclass(frozen=True, slots=True)
class State:
    """How a pack stands: what was found, and what came of its cases (None where they were not run)."""

    checked: Checked
    results: Results | None
    rerun: Rerun | None = None
    """What the next look may keep."""

    @property
    def failed(self) -> frozenset[str]:
        """The names of the cases that fail."""
        return frozenset(one.case.name for one in self.results.failed) if self.results is not None else frozenset()


@dataclass(frozen=True, slots=True)
class Saved:
    """One save: the new state, what changed in meaning, and which cases fail now or no longer."""

    state: State
    changes: tuple[Line, ...] = ()
    fails_now: frozenset[str] = frozenset()
    passes_now: frozenset[str] = frozenset()


def stamp(folder: Path, overlay: Path | None = None) -> Stamp:
    """Name, size and time of every file: what differs after a save."""
    found = set()
    for path in (*folder.rglob("*"), *([overlay] if overlay is not None else [])):
        try:
            status = path.stat()
        except OSError:
            continue  # gone between the listing and the look: an editor's own file
        hidden = path != overlay and any(is_passed_over(part) for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden:
            found.add((str(path), status.st_size, status.st_mtime_ns))
    return frozenset(found)


def look(folder: Path, overlay: Path | None, before: State | None = None) -> Saved:
    """Check and run a pack, and hold it against the last state that could be served."""
    checked = check(folder, overlay)
    if checked.errors or checked.pack is None:
        return Saved(State(checked, None))
    rerun = Rerun(checked, None if before is None else before.rerun)
    state = State(checked, rerun.run(), rerun)
    if before is None or before.checked.pack is None:
        return Saved(state)
    meaning = changes(before.checked.pack, checked.pack)
    return Saved(state, meaning, state.failed - before.failed, before.failed - state.failed)
