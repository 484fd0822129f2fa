"""The pool of threads: bounded, started late, and of one process."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest

from exercise_cds.net.workers import Workers


@pytest.fixture
def workers() -> Iterator[Workers]:
    """Two threads."""
    made = Workers(2)
    yield made
    made.close()


def test_no_thread_before_the_first_query() -> None:
    """A pool that is made before a server forks has nothing that a fork would lose."""
    before = threading.active_count()
    made = Workers(4)
    assert threading.active_count() == before
    made.close()


def test_a_full_pool_takes_no_more(workers: Workers) -> None:
    """Two at work and two waiting are full; once they are done there is room again."""
    gate = threading.Event()
    started = [workers.start(lambda: gate.wait(10) and None) for _ in range(4)]
    assert all(started)
    assert workers.start(lambda: None) is None
    gate.set()
    for future in started:
        assert future is not None
        future.result(10)
    later = workers.start(lambda: None)
    assert later is not None
    later.result(10)


def test_what_waits_can_be_given_up(workers: Workers) -> None:
    """A query that no thread has come to is cancelled, and its place is free."""
    gate = threading.Event()
    started = [workers.start(lambda: gate.wait(10) and None) for _ in range(4)]
    waiting = [future for future in started if future is not None and future.cancel()]
    assert len(waiting) == 2
    assert workers.start(lambda: None) is not None
    gate.set()


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # Python 3.12 warns of just what is tried here
def test_a_fork_has_threads_of_its_own(workers: Workers) -> None:
    """A process forked from one whose pool was used gets a new pool, not one whose threads are gone."""
    first = workers.start(lambda: None)
    assert first is not None
    first.result(10)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        future = workers.start(lambda: os.write(write, b"done") and None)
        if future is not None:
            future.result(10)
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as told:
        assert told.read() == b"done"
    assert os.waitpid(child, 0)[1] == 0
