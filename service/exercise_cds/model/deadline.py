"""When everything that is fetched for one answer must have come: a moment on a clock that only goes forward, and is handed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deadline:
    """`at` is in seconds of `clock`, which is monotonic."""

    clock: Callable[[], float]
    at: float

    @classmethod
    def after(cls, clock: Callable[[], float], seconds: float) -> Deadline:
        """So many seconds from now."""
        return cls(clock, clock() + seconds)

    def left(self) -> float:
        """Seconds until then; negative once it has passed."""
        return self.at - self.clock()
