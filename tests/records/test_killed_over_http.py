"""Kill -9 of the serving process in the middle of a thousand feedback posts over HTTP, on both databases."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import requests
from sqlalchemy import select

from builders.served import COMMAND, Served, served
from exercise_cds.records import open_store
from exercise_cds.records.schema import feedback
from records.feedback_writer import entries

POSTS = 1000
KILL_DURING = {137, 391, 640}
HALFWAY = 0.002
"""Seconds after a post was sent: about the middle of its answer."""
SERVICE = "low-back-pain-exercise"


def _workers(running: Served) -> list[int]:
    """The processes that answer: children of the one that was started."""
    pid = running.process.pid
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _body(post: int) -> dict[str, object]:
    return {
        "feedback": [
            {"card": entry.card, "outcome": entry.outcome, "outcomeTimestamp": entry.at.isoformat().replace("+00:00", "Z")}
            for entry in entries(post)
        ],
    }


def _kill(running: Served, killed: set[int]) -> None:
    for worker in _workers(running):
        os.kill(worker, signal.SIGKILL)
        killed.add(worker)


def _post_until_200(line: requests.Session, running: Served, post: int) -> None:
    """Send one post, and again where nobody answered, as a client would."""
    give_up = time.monotonic() + 30
    while True:
        try:
            answer = line.post(f"{running.url}/{SERVICE}/feedback", json=_body(post), timeout=10)
        except requests.ConnectionError:
            assert time.monotonic() < give_up, running.said()
            time.sleep(0.02)
            continue
        assert answer.status_code == 200, answer.text
        return


def test_every_post_that_got_200_is_there_once(url: str, tmp_path: Path) -> None:
    """The answering process is killed three times in a thousand posts: each post that got 200 is there, whole and once."""
    address = url.replace("postgresql://", "postgresql+psycopg://")
    killed: set[int] = set()
    with served(tmp_path, COMMAND, ("serve",), EXERCISE_CDS_DATABASE_URL=address) as running, requests.Session() as line:
        for post in range(POSTS):
            soon = threading.Timer(HALFWAY, _kill, (running, killed))
            if post in KILL_DURING:
                soon.start()
            _post_until_200(line, running, post)
            if post in KILL_DURING:
                soon.join()
    assert len(killed) >= len(KILL_DURING)
    store = open_store(url)
    with store.reading() as connection:
        there = Counter(connection.execute(select(feedback.c.card)).scalars())
    store.close()
    assert there == Counter(entry.card for post in range(POSTS) for entry in entries(post))
