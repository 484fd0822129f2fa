"""Replicas restarted under load, behind nginx: done in order nothing is lost; what comes without warning is counted."""

from __future__ import annotations

import signal
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from builders.nginx import Nginx
from builders.replicas import Replicas, Work, stored_cards

pytestmark = pytest.mark.usefixtures("nginx")

CALLS = 5_000
REPORTS = 800
_SURELY_THERE = 0.5
"""Seconds after which a call is with the service, on a busy machine too; a slow one takes more than twice as long."""


def test_a_rolling_restart_loses_nothing(tmp_path: Path, replicas: Replicas, postgresql_url: str) -> None:
    """Two replicas, each restarted twice out of nginx's sight, under 5,000 calls: all 200, and each feedback that got 200 is there once."""
    serving = [replicas.start(), replicas.start()]
    with Nginx(tmp_path, [one.port for one in serving]) as nginx:
        work = Work(nginx.port, replicas.fhir)
        said = []
        for turn in range(4):
            work.until(CALLS // 8 * (2 * turn + 1))
            leaving, staying = serving[turn % 2], serving[1 - turn % 2]
            nginx.lead_to(staying.port)
            leaving.process.send_signal(signal.SIGTERM)
            said.append(replicas.ended(leaving))
            serving[turn % 2] = replicas.start()
            nginx.lead_to(*(one.port for one in serving))
        work.until(CALLS)
        work.enough()
        said += [one.said() for one in serving]
        assert work.statuses() == Counter({200: len(work.done)}), work.unlike(200)
        assert nginx.said() == ""
    assert len(work.done) >= CALLS
    assert sum(sent.slow for sent in work.done) >= CALLS // 50
    assert all('"event":"request"' in words for words in said), "a replica was asked nothing"
    assert len(work.reported()) >= REPORTS
    assert stored_cards(postgresql_url) == Counter(work.reported())


def test_sigterm_without_warning_loses_only_what_was_not_begun(tmp_path: Path, replicas: Replicas, postgresql_url: str) -> None:
    """SIGTERM to a replica that nginx still leads to: calls under way are answered; a lost one was never begun, so its token is good."""
    leaving, staying = replicas.start(), replicas.start()
    with Nginx(tmp_path, (leaving.port, staying.port)) as nginx:
        work = Work(nginx.port, replicas.fhir)
        work.until(400)
        under_way = Work(leaving.port, replicas.fhir, threads=2, slow_every=1)
        time.sleep(_SURELY_THERE)
        under_way.last_calls()
        moment = time.monotonic()
        leaving.process.send_signal(signal.SIGTERM)
        replicas.ended(leaving)
        nginx.lead_to(staying.port)
        back = time.monotonic()
        work.until(len(work.done) + 400)
        work.enough()
        under_way.enough()
        assert under_way.statuses() == Counter({200: 2}), under_way.unlike(200)
        assert all(sent.ended > moment for sent in under_way.done)
        lost = [sent for sent in work.done if sent.status != 200]
        assert {sent.status for sent in lost} <= {502}, work.unlike(200, 502)
        assert all(moment - _SURELY_THERE < sent.began < back for sent in lost)
        met = [sent for sent in work.done if sent.ended > moment and sent.began < back]
        sys.stdout.write(f"lost: {len(lost)} of {len(met)} calls in the {back - moment:.1f} s until nginx led elsewhere\n")
        assert lost, "nothing was lost: this test no longer shows what it says"
        assert work.again(lost) == {200}
    assert stored_cards(postgresql_url) == Counter(work.reported())
