"""What operators see of a serving process: the port of their own, readiness and its checks."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from exercise_cds.cds_service import CdsService
from exercise_cds.cli.kept import Kept
from exercise_cds.settings import Settings
from exercise_cds.web.metrics import Metrics
from exercise_cds.web.ops import OperatorsPort, Readiness, operators_app

_ASKED_AGAIN = 2.0
"""Seconds that an answer of the database about itself is believed: probes must not become its load."""


class Operated:
    """Made before the fork; `begin` and `end` are called in the worker."""

    def __init__(self, settings: Settings, metrics: Metrics, records: Kept, steward: CdsService) -> None:
        self._steward = steward
        self._metrics = metrics
        self._log_of_decisions = records.decisions
        checks: dict[str, Callable[[], bool]] = {}
        if settings.decision_log.on_failure == "refuse":
            checks["decision log"] = _remembered(records.store.writable)
        self.readiness = Readiness(checks, self._told)
        port = settings.metrics_port
        self._port = OperatorsPort(settings.host, port, operators_app(self.readiness, metrics)) if port else None

    def begin(self) -> None:
        """Say what is served, and answer operators."""
        self._metrics.decision_log.state = lambda: self._log_of_decisions.state
        self._metrics.serves(self._steward.serving.pack)
        if self._port is not None:
            self._port.start()

    def end(self) -> None:
        """Answer no more."""
        if self._port is not None:
            self._port.stop()

    def _told(self) -> Mapping[str, Any]:
        pack = self._steward.serving.pack
        told: dict[str, Any] = {"pack": {"id": pack.id, "version": pack.version, "digest": pack.digest}}
        if pack.unchecked:
            told["unchecked"] = [one.type for one in pack.unchecked]
        return told


def _remembered(ask: Callable[[], bool]) -> Callable[[], bool]:
    """The same question, asked at most every two seconds."""
    last: tuple[float, bool] = (float("-inf"), False)

    def remembered() -> bool:
        nonlocal last
        now = time.monotonic()
        if now - last[0] > _ASKED_AGAIN:
            last = now, ask()
        return last[1]

    return remembered
