"""What keeping costs: `python bench_records.py URL` on an empty database. Prints; asserts nothing.

Bind it to one core (`taskset -c 0`) to compare with the promises of docs/operators/records.md.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from exercise_cds.model.record import FeedbackEntry
from exercise_cds.records import DecisionLog, FeedbackStore, Key, KeyRing, ReplayStore, Store, TokenUse, open_store
from records.made_up import Practice

KEYS = KeyRing((Key("bench", b"k" * 32),))


def _each(count: int, work: Callable[[int], object]) -> tuple[float, float]:
    """Median and 99th percentile of one piece of work, in microseconds."""
    spent = []
    for number in range(count):
        began = time.perf_counter()
        work(number)
        spent.append((time.perf_counter() - began) * 1e6)
    return statistics.median(spent), statistics.quantiles(spent, n=100)[98]


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def put(store: Store) -> None:
    """What the log costs a request, and the processor time of request and writer together."""
    practice = Practice(20_000)
    records = [practice.record(number) for number in range(20_000)]
    log = DecisionLog(store, bound=30_000)
    used = time.process_time()
    median, p99 = _each(len(records), lambda number: log.put(records[number]))
    log.close(60)
    both = (time.process_time() - used) / len(records) * 1e6
    _say(f"put: median {median:.1f} us, p99 {p99:.1f} us; with its writing {both:.1f} us of processor; lost {log.state.lost}")


def feedback(store: Store) -> None:
    """Batches of 20, each on disk before the next."""
    adding, now = FeedbackStore(store), datetime.now(UTC)
    batches = [[FeedbackEntry(str(uuid4()), "accepted", now, (str(uuid4()),)) for _ in range(20)] for _ in range(300)]
    began = time.perf_counter()
    median, p99 = _each(len(batches), lambda number: adding.add(batches[number], issuer="i", tenant="t", service="s"))
    rate = len(batches) * 20 / (time.perf_counter() - began)
    _say(f"feedback: {rate:.0f} entries a second in batches of 20; a batch takes {median / 1000:.2f} ms, p99 {p99 / 1000:.2f} ms")


def replay(store: Store) -> None:
    """One insert a request."""
    seen, soon = ReplayStore(store), datetime.now(UTC) + timedelta(minutes=5)
    median, p99 = _each(1000, lambda _: seen.first_sight("i", TokenUse(str(uuid4()), soon)))
    _say(f"replay: median {median:.0f} us, p99 {p99:.0f} us")


def main() -> None:
    """All three."""
    store = open_store(sys.argv[1], keys=KEYS)
    for measure in (put, feedback, replay):
        measure(store)
    store.close()


if __name__ == "__main__":
    main()
