"""`/workbench/live/`: what the last change of the pack's files did. Streams to two pages at most; every other page asks again and again.

A stream keeps a thread of the process, and threads are for cards: so there are two, each ends after some seconds, and its page
begins another.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import orjson
from flask import Blueprint, Response, request

from exercise_cds.authoring.live import Live
from exercise_cds.errors import CdsError, Unavailable
from exercise_cds.web.pages import Pages, guarded, say_in_pages

NAME = "live"
STREAMS = 2
_LOOK_SECONDS = 0.5
_STREAM_SECONDS = 20.0
_IDLE_SECONDS = 60.0
"""Nobody has asked for so long: the files are left alone until somebody does."""


class Follower:
    """One thread that looks at the files while somebody looks at the page."""

    def __init__(self, live: Live) -> None:
        self.live = live
        live.told = self._tell
        self._changed = threading.Condition()
        self._asked = 0.0
        self._thread: threading.Thread | None = None

    def ask(self) -> None:
        """Somebody looks: follow the files."""
        with self._changed:
            self._asked = time.monotonic()
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="live", daemon=True)
                self._thread.start()

    def wait(self, after: int, seconds: float) -> bool:
        """Whether there is a state newer than `after` within so many seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self.live.state.number > after, seconds)

    def _run(self) -> None:
        while time.monotonic() - self._asked < _IDLE_SECONDS:
            self.live.look()
            time.sleep(_LOOK_SECONDS)

    def _tell(self) -> None:
        with self._changed:
            self._changed.notify_all()


def blueprint(live: Live, serves: Callable[[], str]) -> Blueprint:
    """The page, its state, its stream. `serves` says the digest of the pack that EHRs are answered with."""
    pages = Blueprint(NAME, __name__)
    look = Pages(Path(__file__).parent)
    follower = Follower(live)

    def told() -> bytes:
        return orjson.dumps({**asdict(live.state), "serves": serves()})

    streams = threading.BoundedSemaphore(STREAMS)

    @pages.get("/workbench/live/")
    def page() -> Response:
        """The page."""
        return look.page("live.html")

    @pages.get("/workbench/live/<name>")
    def asset(name: str) -> Response:
        """Its files."""
        return look.asset(name)

    @pages.get("/workbench/live/state")
    def state() -> Response:
        """What is known now, at once."""
        follower.ask()
        return guarded(Response(told(), content_type="application/json"))

    @pages.get("/workbench/live/events")
    def events() -> Response:
        """Every change as it is found, for two pages."""
        if not streams.acquire(blocking=False):
            raise Unavailable("Two pages follow already; this one asks again and again.", retry_after=1)
        after = request.headers.get("Last-Event-ID", "0")
        answer = Response(_events(follower, int(after) if after.isdigit() else 0, told, serves), content_type="text/event-stream")
        answer.call_on_close(streams.release)
        return guarded(answer)

    say_in_pages(pages, _said)
    return pages


def _events(follower: Follower, after: int, told: Callable[[], bytes], serves: Callable[[], str]) -> Iterator[bytes]:
    """Events until the stream has lasted long enough; a comment now and then finds out whether anybody listens."""
    end, served = time.monotonic() + _STREAM_SECONDS, ""
    yield b"retry: 300\n\n"
    while time.monotonic() < end:
        follower.ask()
        if served != serves() or follower.wait(after, 2.0):
            after, served = follower.live.state.number, serves()
            yield b"id: %d\ndata: %s\n\n" % (after, told())
        else:
            yield b": here\n\n"


def _said(fault: CdsError) -> Response:
    return guarded(Response(orjson.dumps({"error": fault.sentence}), fault.status, content_type="application/json"))
