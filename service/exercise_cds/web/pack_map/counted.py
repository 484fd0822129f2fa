"""The marks of the pack's cases, counted in a process of their own when somebody looks, once for each state of pack and cases."""

from __future__ import annotations

import threading
from pathlib import Path

from exercise_cds.authoring.marks import Marks, read_in_child
from exercise_cds.authoring.watching import Stamp, stamp


class Counted:
    """Knows the marks of the pack that was last looked at, or has them counted."""

    def __init__(self, folder: Path, overlay: Path | None) -> None:
        self._folder, self._overlay = folder, overlay
        self._lock = threading.Lock()
        self._begun: tuple[str, Stamp] | None = None
        self._known: Marks | None = None

    def of(self, digest: str) -> Marks | None:
        """The marks of this pack as far as they are known; the first to ask has them counted."""
        asked = digest, stamp(self._folder / "tests")
        with self._lock:
            if self._begun != asked:
                self._begun, self._known = asked, None
                threading.Thread(target=self._count, args=asked, name="marks", daemon=True).start()
            known = self._known
        return known if known is not None and known.digest == digest else None

    def _count(self, digest: str, cases: Stamp) -> None:
        for marks in read_in_child(self._folder, self._overlay):
            with self._lock:
                if self._begun != (digest, cases):
                    return
                self._known = marks
