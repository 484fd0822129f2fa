"""The marks of the pack's cases, counted in a process of their own when somebody first looks, once for each digest."""

from __future__ import annotations

import threading
from pathlib import Path

from exercise_cds.authoring.marks import Marks, read_in_child


class Counted:
    """Knows the marks of the pack that was last looked at, or has them counted."""

    def __init__(self, folder: Path, overlay: Path | None) -> None:
        self._folder, self._overlay = folder, overlay
        self._lock = threading.Lock()
        self._begun = ""
        self._known: Marks | None = None

    def of(self, digest: str) -> Marks | None:
        """The marks of this pack as far as they are known; the first to ask has them counted."""
        with self._lock:
            if self._begun != digest:
                self._begun, self._known = digest, None
                threading.Thread(target=self._count, args=(digest,), name="marks", daemon=True).start()
            known = self._known
        return known if known is not None and known.digest == digest else None

    def _count(self, digest: str) -> None:
        for marks in read_in_child(self._folder, self._overlay):
            with self._lock:
                if self._begun != digest:
                    return
                self._known = marks
