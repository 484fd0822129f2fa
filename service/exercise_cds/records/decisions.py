"""The decision log: one row for each answered request, written off the hot path.

`put` costs the request some ten microseconds: pseudonyms are made and the record joins a bounded queue. One thread, started at the
first `put` of a process (so after a fork), writes what has gathered. What cannot be kept is counted, and leaves a gap in the numbers
that `verify` shows.
"""

from __future__ import annotations

import os
import socket
import threading
import time
import weakref
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import orjson
import structlog
from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError, StatementError

from exercise_cds import __version__
from exercise_cds.errors import Unavailable
from exercise_cds.model.record import DecisionRecord
from exercise_cds.records.decision_rows import Batches, Waiting, waiting
from exercise_cds.records.schema import packs, processes
from exercise_cds.records.store import Store, StoreUnreachable

_PAUSES = (0.25, 0.5, 1.0, 2.0, 5.0)
"""Seconds between tries while the database cannot be written; the last one repeats."""
_RETRY_AFTER = 5
_NOT_STORABLE = (StatementError, UnicodeError, orjson.JSONEncodeError)
"""What a record that no database takes raises, once the database's own troubles have become StoreUnreachable."""
_log = structlog.get_logger(__name__)


class OnFailure(StrEnum):
    """What a request meets while decisions cannot be kept: CONTINUE answers and counts the loss, REFUSE answers 503."""

    CONTINUE = "continue"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class LogState:
    """What metrics and readiness show of the log in this process."""

    queued: int
    written: int
    lost: int
    failing: str
    """What is wrong with the database, in one of the words of `connection.TROUBLES`, "gone" or "stopped"; "" while all is well."""


@dataclass(frozen=True, slots=True)
class PackListing:
    """What a report has to know of a pack that was served: what it could have said. Titles by id; no patient data."""

    pack: str
    version: str
    digest: str
    rules: Mapping[str, str]
    programs: Mapping[str, str]
    silent: frozenset[str] = field(default_factory=frozenset)
    """Ids of the rules that are evaluated and recorded only."""


class DecisionLog:
    """Thread-safe. `close` writes what is queued; a process that is killed loses what was queued, at most `bound` records."""

    def __init__(
        self,
        store: Store,
        *,
        on_failure: OnFailure | str = OnFailure.CONTINUE,
        bound: int = 10_000,
        batch: int = 500,
        linger: float = 0.25,
    ) -> None:
        """`linger`: seconds that the thread lets records gather before it writes up to `batch` of them in one transaction."""
        self._store = store
        self._refuse = OnFailure(on_failure) is OnFailure.REFUSE
        self._bound = bound
        self._batch = batch
        self._linger = linger
        self._begin_anew()
        begin_anew = weakref.WeakMethod(self._begin_anew)
        os.register_at_fork(after_in_child=lambda: (method := begin_anew()) and method())

    def _begin_anew(self) -> None:
        """A process has a queue, a thread and numbers of its own; what a parent had queued is the parent's to write."""
        self._lock = threading.Lock()
        self._queue: deque[Waiting] = deque()
        self._in_hand: deque[Waiting] = deque()
        self._awake = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._batches = Batches(self._store)
        self._process: int | None = None
        self._pending_packs: list[PackListing] = []
        self._sequence = self._written = self._lost = 0
        self._failing = ""
        self._give_up = 0.0

    @property
    def state(self) -> LogState:
        """A snapshot."""
        return LogState(self._unwritten(), self._written, self._lost, self._failing)

    def put(self, record: DecisionRecord) -> None:
        """Queue a record. Raises Unavailable (503) where the site asked for REFUSE and the record could not be kept."""
        with self._lock:
            full = self._unwritten() >= self._bound or self._closing.is_set()
            if self._refuse and (full or self._failing):
                raise Unavailable(
                    "The service cannot record decisions at the moment, and must not answer without.", retry_after=_RETRY_AFTER
                )
            self._sequence += 1
            if full:
                self._lose("queue_full", 1)
                return
            self._queue.append(waiting(record, self._sequence, self._store.keys))
        self._wake()

    def served(self, listing: PackListing) -> None:
        """Say that this pack is served from now on; written with the next batch."""
        with self._lock:
            self._pending_packs.append(listing)
        self._wake()

    def close(self, timeout: float = 10.0) -> None:
        """Write what is queued, for at most `timeout` seconds; what is left then is lost, counted and logged."""
        self._give_up = time.monotonic() + timeout
        self._closing.set()
        self._awake.set()
        if self._thread is not None:
            self._thread.join(timeout + 1)
        with self._lock:
            if left := self._unwritten():
                self._lose("closed_before_written", left)
                self._queue.clear()
                self._in_hand = deque()

    def _unwritten(self) -> int:
        return len(self._queue) + len(self._in_hand)

    def _wake(self) -> None:
        if self._awake.is_set():
            return
        with self._lock:
            if self._thread is None and not self._closing.is_set():
                self._thread = threading.Thread(target=self._run, name="decision-log", daemon=True)
                self._thread.start()
        self._awake.set()

    def _lose(self, reason: str, count: int) -> None:
        """Under the lock. One line when losing begins and at each power of ten: a flood of losses must not flood the log too."""
        before, self._lost = self._lost, self._lost + count
        if len(str(before)) != len(str(self._lost)) or not before:
            _log.error("decisions_lost", reason=reason, lost=self._lost)

    def _run(self) -> None:
        try:
            self._write_until_closed()
        finally:
            if not self._closing.is_set():
                # our own bug, which the traceback shows: readiness says so, and the next `put` tries again with what is queued
                self._failing = "stopped"
                self._thread = None
                self._awake.clear()
                _log.error("decision_log_stopped", queued=self._unwritten())

    def _write_until_closed(self) -> None:
        """The writer: waits until something is queued, lets more gather, writes until nothing is left."""
        while True:
            self._awake.wait()
            self._closing.wait(self._linger)
            self._awake.clear()
            failures = 0
            while self._unwritten() or self._pending_packs:
                if self._written_some():
                    failures = 0
                    continue
                if self._closing.is_set() and time.monotonic() > self._give_up:
                    return
                pause = _PAUSES[min(failures, len(_PAUSES) - 1)]
                failures += 1
                if self._closing.is_set():
                    time.sleep(_PAUSES[0])
                else:
                    self._closing.wait(pause)
            if self._closing.is_set():
                self._say_goodbye()
                return

    def _written_some(self) -> bool:
        """Write one batch; False where the database is at fault, and then nothing has left the queue."""
        try:
            if self._process is None:
                self._process = self._register()
            self._write_packs()
            self._write_batch(self._process)
        except StoreUnreachable as error:
            if not self._failing:
                _log.error("decision_log_failing", reason=error.trouble, queued=self._unwritten())
            self._failing = error.trouble
            # the database that comes back may be an older copy: nothing is taken to be there
            self._batches.forget()
            return False
        if self._failing:
            _log.warning("decision_log_recovered", queued=self._unwritten(), lost=self._lost)
            self._failing = ""
        return True

    def _register(self) -> int:
        """In a transaction of its own: were it repeated with the first batch, that batch could be written twice under two numbers."""
        row = {"started_at": self._store.clock(), "host": socket.gethostname(), "pid": os.getpid(), "release": __version__}
        with self._store.writing() as connection:
            number: int = connection.execute(insert(processes).values(row).returning(processes.c.id)).scalar_one()
        return number

    def _write_packs(self) -> None:
        while self._pending_packs:
            listing = self._pending_packs[0]
            row = {
                "digest": listing.digest,
                "pack": listing.pack,
                "version": listing.version,
                "first_served_at": self._store.clock(),
                "rules": orjson.dumps([(rule, title, rule in listing.silent) for rule, title in listing.rules.items()]).decode(),
                "programs": orjson.dumps(list(listing.programs.items())).decode(),
            }
            with self._store.writing() as connection:
                connection.execute(self._store.insert_new(packs), row)
            self._pending_packs.pop(0)

    def _write_batch(self, process: int) -> None:
        with self._lock:
            batch = self._in_hand
            while self._queue and len(batch) < self._batch:
                batch.append(self._queue.popleft())
        if not batch:
            return
        try:
            self._batches.write(batch, process=process, lost=self._lost)
        except _NOT_STORABLE:
            self._write_singly(batch, process)
        else:
            self._written += len(batch)
            batch.clear()

    def _write_singly(self, batch: deque[Waiting], process: int) -> None:
        """One record of the batch cannot be stored as it is (a NUL in a tenant's name): it must not hold up the others for ever."""
        self._batches.forget()
        while batch:
            try:
                self._batches.write([batch[0]], process=process, lost=self._lost)
            except _NOT_STORABLE as error:
                with self._lock:
                    self._lose("conflict" if isinstance(error, IntegrityError) else "not_storable", 1)
            else:
                self._written += 1
            batch.popleft()

    def _say_goodbye(self) -> None:
        """A process that closed in order says how far it counted; one that was killed does not, and `verify` shows that."""
        if self._process is None:
            return
        farewell = update(processes).where(processes.c.id == self._process)
        try:
            with self._store.writing() as connection:
                connection.execute(farewell.values(assigned=self._sequence, lost=self._lost, closed_at=self._store.clock()))
        except StoreUnreachable as error:
            _log.error("decision_log_failing", reason=error.trouble, queued=0)
