"""A bounded pool of threads for one process. It starts with the first work: after the server has forked, never before."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import BoundedSemaphore, Lock
from typing import TypeVar

_Found = TypeVar("_Found")


class Workers:
    """At most `threads` at work, and as many again waiting for one of them."""

    def __init__(self, threads: int, name: str = "fhir") -> None:
        """`name` is what the threads are called."""
        self._threads = threads
        self._name = name
        self._lock = Lock()
        self._started: tuple[int, ThreadPoolExecutor, BoundedSemaphore] | None = None

    def start(self, work: Callable[[], _Found]) -> Future[_Found] | None:
        """Have it done by a thread; None where the pool is full."""
        executor, room = self._here()
        if not room.acquire(blocking=False):
            return None
        future = executor.submit(work)
        future.add_done_callback(lambda _: room.release())
        return future

    def close(self) -> None:
        """Let the threads go; for tests and benchmarks, a process simply ends."""
        with self._lock:
            started, self._started = self._started, None
        if started is not None and started[0] == os.getpid():
            started[1].shutdown(wait=True, cancel_futures=True)

    def _here(self) -> tuple[ThreadPoolExecutor, BoundedSemaphore]:
        """The pool of this very process: threads do not survive a fork."""
        with self._lock:
            if self._started is None or self._started[0] != os.getpid():
                executor = ThreadPoolExecutor(self._threads, thread_name_prefix=self._name)
                self._started = os.getpid(), executor, BoundedSemaphore(2 * self._threads)
            return self._started[1], self._started[2]
