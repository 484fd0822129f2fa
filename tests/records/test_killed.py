"""Kill -9 in the middle of a thousand feedback posts, with real processes on both databases."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

from sqlalchemy import select

from exercise_cds import __file__ as package
from exercise_cds.records.schema import feedback
from exercise_cds.records.store import open_store
from records import feedback_writer
from records.feedback_writer import entries

POSTS = 1000
KILL_AFTER = (137, 391, 640)


def _writing(url: str, first: int) -> subprocess.Popen[str]:
    command = [sys.executable, str(Path(feedback_writer.__file__)), url, str(first), str(POSTS)]
    environment = os.environ | {"PYTHONPATH": str(Path(package).parents[1])}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def test_every_acknowledged_post_is_there_once(url: str) -> None:
    """A writer is killed three times in a thousand posts: each post that it acknowledged is there, whole and once."""
    acknowledged: list[int] = []
    first, kills, repeated = 0, 0, 0
    while first < POSTS:
        with _writing(url, first) as writer:
            assert writer.stdout is not None
            for line in writer.stdout:
                word, post = line.split()[0], line.split()[-1]
                if word not in {"stored", "again"}:
                    continue
                acknowledged.append(int(post))
                repeated += word == "again"
                if kills < len(KILL_AFTER) and int(post) >= KILL_AFTER[kills]:
                    writer.send_signal(signal.SIGKILL)
                    kills += 1
        assert writer.returncode in {0, -signal.SIGKILL}
        # the next process begins with the first post that was not acknowledged, as a client would
        first = acknowledged[-1] + 1
    assert kills == len(KILL_AFTER)
    assert acknowledged == list(range(POSTS))
    assert repeated <= kills
    store = open_store(url)
    with store.reading() as connection:
        there = Counter(connection.execute(select(feedback.c.card)).scalars())
    store.close()
    assert there == Counter(entry.card for post in range(POSTS) for entry in entries(post))
