"""A report over a million decisions: seconds and megabytes. `python bench_report.py FOLDER [DECISIONS]` keeps the database it made.

`python bench_report.py URL [DECISIONS]` uses another database, for example on PostgreSQL.
"""

from __future__ import annotations

import sys
import time
from itertools import islice
from pathlib import Path

from sqlalchemy import func, insert, select

from exercise_cds.records.decision_rows import Batches, waiting
from exercise_cds.records.decisions import DecisionLog
from exercise_cds.records.feedback import FeedbackStore
from exercise_cds.records.pseudonyms import Key, KeyRing
from exercise_cds.records.schema import decisions, processes
from exercise_cds.records.store import Store, open_store
from records.made_up import Practice, listings

KEYS = KeyRing((Key("bench", b"k" * 32),))


def fill(store: Store, count: int) -> None:
    """Write decisions and feedback, and say how long it took."""
    practice = Practice(count)
    log = DecisionLog(store)
    for listing in listings():
        log.served(listing)
    log.close()
    with store.writing() as connection:
        row = {"started_at": store.clock(), "host": "bench", "pid": 1, "release": "bench"}
        process: int = connection.execute(insert(processes).values(row).returning(processes.c.id)).scalar_one()
    batches, feedback = Batches(store), FeedbackStore(store)
    records = (practice.record(number) for number in range(count))
    spent, done = 0.0, 0
    while batch := list(islice(records, 2000)):
        queued = [waiting(record, done + place, KEYS) for place, record in enumerate(batch, 1)]
        began = time.perf_counter()
        batches.write(queued, process=process, lost=0)
        spent += time.perf_counter() - began
        done += len(batch)
        by_client: dict[tuple[str, str, str], list[object]] = {}
        for record in batch:
            by_client.setdefault((record.issuer, record.tenant, record.service), []).extend(practice.feedback(record))
        for (issuer, tenant, service), entries in by_client.items():
            feedback.add(entries, issuer=issuer, tenant=tenant, service=service)  # type: ignore[arg-type]
    sys.stdout.write(f"{count} decisions written in {spent:.1f} s\n")


def main() -> None:
    """Fill where needed, then report in a process of its own, so that its memory is its own."""
    where, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    url = where if "://" in where else f"sqlite:///{Path(where)}/bench.db"
    store = open_store(url)
    with store.reading() as connection:
        there = connection.execute(select(func.count()).select_from(decisions)).scalar_one()
    if not there:
        fill(store, count)


if __name__ == "__main__":
    main()
