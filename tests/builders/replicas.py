"""Replicas of the real service that share one database, and clinicians' work that goes on in front of them.

`Work` keeps calling while replicas come and go: hooks and feedback, each over a connection and with a token of its own, some of them
slow because the EHR's FHIR server is. What was answered, and what was not, is kept for the test to judge.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from builders.ehr import Story, story
from builders.fhir_server import FhirServer
from builders.served import COMMAND, Served, served
from builders.tokens import FEEDBACK, SERVICE, a_jwk, bearer, fresh_token, trusting_environment
from exercise_cds.records import open_store
from exercise_cds.records.schema import feedback

GRACE = 25
"""Seconds from SIGTERM to the end: graceful_seconds, and some to write what is queued."""
_REPORT_EVERY = 4


@dataclass
class Replicas:
    """Where processes of one site are started and stopped."""

    folder: Path
    environment: dict[str, str]
    fhir: FhirServer
    _open: dict[int, ExitStack] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path, url: str, fhir: FhirServer) -> Replicas:
        """Two that share the database at `url` and trust one EHR."""
        shared = {
            "EXERCISE_CDS_DATABASE_URL": url.replace("postgresql://", "postgresql+psycopg://"),
            "EXERCISE_CDS_REPLAY__STORE": "database",
            "EXERCISE_CDS_PROCESSES": "2",
            "EXERCISE_CDS_DEADLINE_MS": "10000",
            "EXERCISE_CDS_HTTP_FHIR_SERVERS": "true",
            "EXERCISE_CDS_FHIR__THREADS": "128",
            "EXERCISE_CDS_RATES__CLIENT": "0",
            "EXERCISE_CDS_RATES__ADDRESS": "0",
        }
        trusted = trusting_environment(folder, jwks=(a_jwk("P-256"),), algorithms=["ES256"], fhir_servers=[fhir.base])
        return cls(folder, trusted | shared, fhir)

    def start(self) -> Served:
        """One more, ready."""
        with ExitStack() as stack:
            running = stack.enter_context(served(self.folder, COMMAND, ("serve",), **self.environment))
            self._open[running.port] = stack.pop_all()
        return running

    def ended(self, replica: Served) -> str:
        """Wait for the end of one that was told to; it ends with 0, within the grace. Returns what it wrote."""
        assert replica.process.wait(GRACE) == 0, replica.said()
        self._open.pop(replica.port).close()
        return replica.said()

    def end_all(self) -> None:
        """Leave nothing behind."""
        for stack in self._open.values():
            stack.close()


@dataclass(frozen=True)
class Sent:
    """One call: what was sent, when, and what came of it."""

    path: str
    body: bytes
    token: str
    slow: bool
    began: float
    ended: float = 0.0
    status: int = 0
    """0: the line broke."""
    answer: bytes = b""

    @property
    def card(self) -> str:
        """The uuid of a card that was given, or that was reported on."""
        whole = json.loads(self.answer) if self.path == SERVICE else json.loads(self.body)
        return str(whole["cards"][-1]["uuid"] if self.path == SERVICE else whole["feedback"][0]["card"])


class Work:
    """Threads that call `port` until they are told that it is enough; every so many calls of a thread is a slow one."""

    def __init__(self, port: int, fhir: FhirServer, *, threads: int = 8, slow_every: int = 40) -> None:
        self._port, self._slow_every = port, slow_every
        self._quick, self._slow = hook_call(), hook_call(fhir)
        self.done: list[Sent] = []
        """Every call that has ended."""
        self._enough = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(slow_every * one // threads,)) for one in range(threads)]
        for thread in self._threads:
            thread.start()

    def until(self, calls: int, seconds: float = 120) -> None:
        """Wait until so many calls have ended."""
        end = time.monotonic() + seconds
        while len(self.done) < calls:
            assert time.monotonic() < end, f"{len(self.done)} calls in {seconds} s: {self.statuses()}"
            time.sleep(0.05)

    def last_calls(self) -> None:
        """Begin no further call."""
        self._enough.set()

    def enough(self) -> None:
        """The same, and wait for those under way."""
        self.last_calls()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()

    def statuses(self) -> Counter[int]:
        """How many calls ended in which way."""
        return Counter(sent.status for sent in self.done)

    def unlike(self, *statuses: int) -> list[tuple[int, str, bytes]]:
        """What else came, in short."""
        return [(sent.status, sent.path, sent.answer[:200]) for sent in self.done if sent.status not in statuses][:10]

    def reported(self) -> list[str]:
        """The cards whose feedback was answered 200, each as often as it was."""
        return [sent.card for sent in self.done if sent.path == FEEDBACK and sent.status == 200]

    def again(self, lost: list[Sent]) -> set[int]:
        """Send the same calls with the same tokens, one after the other; how they ended."""
        now = [self._send(Sent(sent.path, sent.body, sent.token, sent.slow, time.monotonic())) for sent in lost]
        self.done += now
        return {sent.status for sent in now}

    def _work(self, number: int) -> None:
        card = ""
        while not self._enough.is_set():
            number += 1
            if card and number % _REPORT_EVERY == 0:
                self.done.append(self._send(_new(FEEDBACK, report(card))))
                card = ""
                continue
            slow = number % self._slow_every == self._slow_every - 1
            sent = self._send(_new(SERVICE, self._slow if slow else self._quick, slow=slow))
            card = sent.card if sent.status == 200 else ""
            self.done.append(sent)

    def _send(self, sent: Sent) -> Sent:
        line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        headers = {"Content-Type": "application/json", "Connection": "close", **bearer(sent.token)}
        try:
            line.request("POST", sent.path, sent.body, headers)
            answer = line.getresponse()
            status, content = answer.status, answer.read()
        except (OSError, http.client.HTTPException) as fault:
            status, content = 0, repr(fault).encode()
        finally:
            line.close()
        return Sent(sent.path, sent.body, sent.token, sent.slow, sent.began, time.monotonic(), status, content)


def an_ehr(seconds: float) -> FhirServer:
    """A FHIR server that takes its time, and knows the story's patient."""
    told: Story = story()
    return FhirServer(resources=told.resources, delay=seconds)


def _new(path: str, body: bytes, *, slow: bool = False) -> Sent:
    return Sent(path, body, fresh_token(path, key="P-256", algorithm="ES256"), slow, time.monotonic())


def hook_call(fhir: FhirServer | None = None) -> bytes:
    """The story's hook call with all of its prefetch, or with none of it and the way to the FHIR server."""
    request = story().request
    whole: dict[str, Any] = {
        "hook": request.hook,
        "hookInstance": request.hook_instance,
        "context": {"userId": request.user_id, "patientId": request.patient_id},
    }
    if fhir is None:
        whole["prefetch"] = {key: json.loads(text) for key, text in request.prefetch.items()}
    else:
        authorization = {
            "access_token": "opaque", "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.rs", "subject": "client-1",
            "patient": request.patient_id,
        }  # fmt: skip
        whole |= {"fhirServer": fhir.base, "fhirAuthorization": authorization}
    return json.dumps(whole).encode()


def report(card: str) -> bytes:
    """Feedback on a card."""
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return json.dumps({"feedback": [{"card": card, "outcome": "overridden", "outcomeTimestamp": now}]}).encode()


def stored_cards(url: str) -> Counter[str]:
    """How often feedback on each card is in the database."""
    store = open_store(url)
    with store.reading() as connection:
        there = Counter(connection.execute(select(feedback.c.card)).scalars())
    store.close()
    return there
