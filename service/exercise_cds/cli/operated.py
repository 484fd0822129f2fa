"""What operators see and steer of a serving process: their port, readiness and its checks, changed rules, the kill switch."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from exercise_cds.cds_service import CdsService
from exercise_cds.cli.kept import Kept
from exercise_cds.cli.packs import files_of, listing_of, serving_of
from exercise_cds.model.pack import RulePack
from exercise_cds.settings import Settings
from exercise_cds.web import for_people
from exercise_cds.web.metrics import Metrics
from exercise_cds.web.ops import OperatorsPort, Readiness, operators_app
from exercise_cds.web.reload import Reload
from exercise_cds.web.sign_on import sign_on_of

_ASKED_AGAIN = 2.0
"""Seconds that an answer of the database about itself is believed: probes must not become its load."""


class Operated:
    """Made before the fork; `begin` and `end` are called in the worker."""

    def __init__(self, settings: Settings, metrics: Metrics, records: Kept, steward: CdsService, pack: RulePack) -> None:
        """`pack` is what is served, before any pause. Raises UnusableSettings for a sign-on that is none."""
        self._steward = steward
        self._metrics = metrics
        self._log_of_decisions = records.decisions
        self._reload = Reload(
            steward,
            files_of(settings),
            pack,
            prepare=partial(serving_of, settings),
            metrics=metrics,
            serves=lambda served: records.decisions.served(listing_of(served)),
            every=settings.reload_seconds,
        )
        checks: dict[str, Callable[[], bool]] = {}
        if settings.decision_log.on_failure == "refuse":
            checks["decision log"] = _remembered(records.store.writable)
        self.readiness = Readiness(checks, self._told)
        self._port = self._opened(settings, steward, records)

    def _opened(self, settings: Settings, steward: CdsService, records: Kept) -> OperatorsPort | None:
        """The port, where the settings name one. Raises UnusableSettings."""
        if settings.metrics_port is None:
            return None
        pages = for_people.operators_blueprints(settings, steward, records.store)
        site, proxies = settings.operators, settings.rates.trusted_proxies
        sign_on = sign_on_of(site, tick=time.monotonic, in_front=proxies) if site.sign_on else None
        return OperatorsPort(
            settings.host, settings.metrics_port, operators_app(self.readiness, self._metrics, pages=pages, sign_on=sign_on)
        )

    def begin(self) -> None:
        """Say what is served, and answer operators."""
        self._metrics.decision_log.state = lambda: self._log_of_decisions.state
        self._metrics.serves(self._steward.serving.pack)
        self._reload.start()
        if self._port is not None:
            self._port.start()

    def end(self) -> None:
        """Look and answer no more."""
        self._reload.stop()
        if self._port is not None:
            self._port.stop()

    def _told(self) -> Mapping[str, Any]:
        pack = self._steward.serving.pack
        told: dict[str, Any] = {"pack": {"id": pack.id, "version": pack.version, "digest": pack.digest}}
        if pack.unchecked:
            told["unchecked"] = [one.type for one in pack.unchecked]
        return told | self._reload.told()


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
