"""The thread that keeps the store tidy while the service runs: retention, expired tokens, bounds of unknown feedback."""

from __future__ import annotations

import os
import threading
import weakref

import structlog

from exercise_cds.records.feedback import FeedbackStore
from exercise_cds.records.replay import ReplayStore
from exercise_cds.records.retention import DAYS, purge
from exercise_cds.records.store import Store, StoreUnreachable

_log = structlog.get_logger(__name__)


class Upkeep:
    """Started once in each serving process, after any fork; every process may run one, since removals happen under a lock."""

    def __init__(self, store: Store, feedback: FeedbackStore, *, days: int = DAYS, every: float = 600.0, tidy_each: int = 6) -> None:
        """`every`: seconds between two rounds. Each forgets expired tokens; every `tidy_each`th also removes old records."""
        self._store = store
        self._feedback = feedback
        self._replay = ReplayStore(store)
        self._days = days
        self._every = every
        self._tidy_each = tidy_each
        self._begin_anew()
        begin_anew = weakref.WeakMethod(self._begin_anew)
        os.register_at_fork(after_in_child=lambda: (method := begin_anew()) and method())

    def _begin_anew(self) -> None:
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; the first round comes after one interval, so that a start is not slowed."""
        self._thread = threading.Thread(target=self._run, name="records-upkeep", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop after the round that is under way."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(10)

    def _run(self) -> None:
        rounds = 0
        while not self._closing.wait(self._every):
            self.round(tidy=rounds % self._tidy_each == 0)
            rounds += 1

    def round(self, *, tidy: bool) -> None:
        """One round. A database that is away is left to the next one; under a legal hold (0 days) only tokens go."""
        try:
            self._replay.purge()
            if tidy and self._days > 0:
                removed = purge(self._store, days=self._days)
                unknown = self._feedback.purge_unknown()
                if removed or unknown:
                    _log.info("records_removed", removed=removed.decisions + removed.feedback + unknown)
        except StoreUnreachable as error:
            _log.error("records_upkeep_failing", reason=error.trouble)
