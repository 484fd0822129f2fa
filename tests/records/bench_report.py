"""A report over a million decisions: seconds and megabytes. `python bench_report.py FOLDER [DECISIONS]` keeps the database it made.

`python bench_report.py URL [DECISIONS]` uses another database, for example on PostgreSQL.
"""

from __future__ import annotations

import os
import subprocess
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

REPORT = """
import resource, sys, time
from exercise_cds.records.reports.files import as_json
from exercise_cds.records.reports.page import as_page
from exercise_cds.records.reports.report import gather
from exercise_cds.records.store import open_store

store = open_store(sys.argv[1])
began, used = time.perf_counter(), time.process_time()
report = gather(store)
page, numbers = as_page(report), as_json(report)
wall, cpu = time.perf_counter() - began, time.process_time() - used
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(f"report over {report.totals.answers} answers: {wall:.1f} s ({cpu:.1f} s of processor), peak {peak} MB, page {len(page) // 1024} kB")
"""
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
    store.close()
    # a process of its own: its memory is the report's
    measured = subprocess.run([sys.executable, "-c", REPORT, url], check=True, capture_output=True, text=True, env=os.environ)
    sys.stdout.write(measured.stdout)


if __name__ == "__main__":
    main()
