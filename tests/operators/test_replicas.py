"""Several replicas on one PostgreSQL: what one has acknowledged outlives it, and what one has seen the other knows."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from pathlib import Path

import requests

from builders.replicas import Replicas, Work, hook_call, report, stored_cards
from builders.served import Served
from builders.tokens import FEEDBACK, SERVICE, bearer, fresh_token


def _kill(replica: Served) -> None:
    """-9 to all of its processes, the one that answers first."""
    pid = replica.process.pid
    for process in (*Path(f"/proc/{pid}/task/{pid}/children").read_text().split(), pid):
        os.kill(int(process), signal.SIGKILL)


def test_killing_a_replica_loses_no_acknowledged_feedback(replicas: Replicas, postgresql_url: str) -> None:
    """One of two is killed under load: each feedback that got 200 is there once, and what broke can be sent to the other."""
    killed, other = replicas.start(), replicas.start()
    at_killed, at_other = Work(killed.port, replicas.fhir, threads=4), Work(other.port, replicas.fhir, threads=4)
    at_killed.until(300)
    _kill(killed)
    before = len(at_other.done)
    at_killed.last_calls()
    at_other.until(before + 300)
    for work in (at_killed, at_other):
        work.enough()
    assert at_other.statuses() == Counter({200: len(at_other.done)}), at_other.unlike(200)
    assert set(at_killed.statuses()) == {200, 0}, at_killed.unlike(200, 0)
    acknowledged = at_killed.reported() + at_other.reported()
    assert len(acknowledged) > 100
    there = stored_cards(postgresql_url)
    assert there & Counter(acknowledged) == Counter(acknowledged)
    # its answer may have been lost, not its entry: then the token is used, and the entry there
    broken = [sent for sent in at_killed.done if sent.status == 0 and sent.path == FEEDBACK]
    assert at_other.again(broken) <= {200, 401}
    assert stored_cards(postgresql_url) == Counter(acknowledged) + Counter(sent.card for sent in broken)


SKEWS = [
    ("the EHR's clock is 45 s ahead", {"iat": 45, "exp": 300}, [200, 401]),
    ("the EHR's clock is 45 s behind, and the token has just ended", {"iat": -300, "exp": -45}, [200, 401]),
    ("nbf is 45 s in the future", {"iat": 0, "nbf": 45, "exp": 300}, [200, 401]),
    ("the EHR's clock is 90 s ahead", {"iat": 90, "exp": 300}, [401, 401]),
    ("the token ended 90 s ago", {"iat": -300, "exp": -90}, [401, 401]),
]


def test_clocks_may_differ_by_the_leeway(replicas: Replicas) -> None:
    """A token of a clock that differs by less than the leeway is taken by one replica and known to the other as used; beyond, by none."""
    one, other = replicas.start(), replicas.start()
    for says, offsets, expected in SKEWS:
        for path, body in ((SERVICE, hook_call()), (FEEDBACK, report("5c0a8b9e-0000-4000-8000-000000000001"))):
            now = int(time.time())
            token = fresh_token(path, key="P-256", algorithm="ES256", **{claim: now + offset for claim, offset in offsets.items()})
            headers = {"Content-Type": "application/json", **bearer(token)}
            answers = [requests.post(f"http://127.0.0.1:{each.port}{path}", body, headers=headers, timeout=20) for each in (one, other)]
            assert [answer.status_code for answer in answers] == expected, (says, path)
