"""Kill -9 of the serving process in the middle of a thousand feedback posts over HTTP, on both databases."""

from __future__ import annotations

import os
import signal
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
KILL_AFTER = {137, 391, 640}
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


def _post_until_200(line: requests.Session, running: Served, post: int) -> int:
    """Send one post, and again where nobody answered, as a client would; returns how often it had to be sent."""
    give_up = time.monotonic() + 30
    for tries in range(1, 10_000):
        try:
            answer = line.post(f"{running.url}/{SERVICE}/feedback", json=_body(post), timeout=10)
        except requests.ConnectionError:
            assert time.monotonic() < give_up, running.said()
            time.sleep(0.02)
            continue
        assert answer.status_code == 200, answer.text
        return tries
    raise AssertionError(running.said())


def test_every_post_that_got_200_is_there_once(url: str, tmp_path: Path) -> None:
    """The answering process is killed three times in a thousand posts: each post that got 200 is there, whole and once."""
    address = url.replace("postgresql://", "postgresql+psycopg://")
    again = 0
    with served(tmp_path, COMMAND, ("serve",), EXERCISE_CDS_DATABASE_URL=address) as running, requests.Session() as line:
        for post in range(POSTS):
            again += _post_until_200(line, running, post) > 1
            if post in KILL_AFTER:
                for worker in _workers(running):
                    os.kill(worker, signal.SIGKILL)
        assert again >= len(KILL_AFTER)
    store = open_store(url)
    with store.reading() as connection:
        there = Counter(connection.execute(select(feedback.c.card)).scalars())
    store.close()
    assert there == Counter(entry.card for post in range(POSTS) for entry in entries(post))
