"""GET, and nothing else, over pooled connections on which everything runs against one deadline (`net/`).

Faults are returned, not raised: exceptions of these libraries carry addresses and headers.
"""

from __future__ import annotations

import threading
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import requests
from requests.utils import get_environ_proxies
from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError, ProtocolError

from exercise_cds import __version__
from exercise_cds.fhir.faults import Fault, fault_of_status
from exercise_cds.model.deadline import Deadline
from exercise_cds.net import Names, TimedAdapter, trusting, within

_JSON = frozenset({"application/fhir+json", "application/json", "application/json+fhir", "text/json"})
_CHARSETS = frozenset({"", "utf-8", "utf8", "us-ascii"})
_PIECE = 64 * 1024
_HEADERS = {"Accept": "application/fhir+json", "Accept-Encoding": "gzip", "User-Agent": f"exercise-cds/{__version__}"}
_GZIP = 31
"""zlib's word for "with the header and the checksum of gzip"."""


@dataclass(slots=True)
class Budget:
    """What all queries of one call may bring home together."""

    bytes: int
    """Unpacked."""
    entries: int
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def take(self, *, bytes: int = 0, entries: int = 0) -> bool:  # noqa: A002 - they are bytes
        """Whether there was room for that much."""
        with self._lock:
            self.bytes -= bytes
            self.entries -= entries
            return self.bytes >= 0 and self.entries >= 0


class Connections:
    """Connections to FHIR servers, shared by the threads of one process. Nothing is opened before the first `get`."""

    def __init__(
        self, *, most: int, ca_file: Path | None = None, environment_proxies: bool = False, names: Names | None = None,
    ) -> None:  # fmt: skip
        """`ca_file`: the authorities that are trusted, in place of those that requests brings. Raises OSError where it cannot be read."""
        self._adapter = TimedAdapter(trusting(ca_file), connections=most, names=names or Names())
        self._environment_proxies = environment_proxies

    def get(self, address: str, token: str, deadline: Deadline, budget: Budget) -> bytes | Fault:
        """The body of a 200 that says it is FHIR's JSON, whole and unpacked; or what went wrong, by the deadline at the latest."""
        if deadline.left() <= 0:
            return Fault.LATE
        try:
            with within(deadline):
                raw = self._sent(address, token, deadline)
                try:
                    fault = fault_of_status(raw.status) or _fault_of_kind(raw)
                    return fault or _body(raw, deadline, budget)
                finally:
                    raw.close()  # what was read whole is back in the pool by now
        except (requests.RequestException, HTTPError, OSError):
            return Fault.LATE if deadline.left() <= 0 else Fault.UNREACHABLE

    def _sent(self, address: str, token: str, deadline: Deadline) -> HTTPResponse:
        """The answer, its body unread. A connection of the pool that the server had closed is replaced, once."""
        proxies = get_environ_proxies(address) if self._environment_proxies else {}
        try:
            return self._send(address, token, deadline, proxies)
        except requests.ConnectionError as fault:
            if not _was_closed(fault):
                raise
        return self._send(address, token, deadline, proxies)

    def _send(self, address: str, token: str, deadline: Deadline, proxies: dict[str, str]) -> HTTPResponse:
        request = requests.Request("GET", address, headers=_HEADERS | {"Authorization": f"Bearer {token}"}).prepare()
        left = max(deadline.left(), 0.001)
        raw: HTTPResponse = self._adapter.send(request, stream=True, timeout=left, proxies=proxies).raw
        return raw


def _was_closed(fault: requests.ConnectionError) -> bool:
    """Whether the other side closed before it answered, as it does with a connection that was idle for long."""
    cause = fault.args[0] if fault.args else None
    return isinstance(cause, ProtocolError) and len(cause.args) > 1 and isinstance(cause.args[1], ConnectionError)


def _fault_of_kind(raw: HTTPResponse) -> Fault | None:
    """Pages for people, XML, and packings that we did not ask for."""
    media, _, parameters = raw.headers.get("Content-Type", "").lower().partition(";")
    charset = parameters.partition("charset=")[2].partition(";")[0].strip(' "')
    packed = raw.headers.get("Content-Encoding", "").strip().lower()
    fits = media.strip() in _JSON and charset in _CHARSETS and packed in {"", "identity", "gzip", "x-gzip"}
    return None if fits else Fault.NO_FHIR


def _body(raw: HTTPResponse, deadline: Deadline, budget: Budget) -> bytes | Fault:
    """The body in pieces, each against the clock and the budget, so that neither a slow one nor a gzip bomb is ever held whole."""
    packed = raw.headers.get("Content-Encoding", "").strip().lower() in {"gzip", "x-gzip"}
    unpack = zlib.decompressobj(_GZIP) if packed else None
    pieces: list[bytes] = []
    for piece in raw.stream(_PIECE, decode_content=False):
        rest = piece
        while rest:
            if deadline.left() <= 0:
                return Fault.LATE
            try:
                text, rest = (unpack.decompress(rest, _PIECE), unpack.unconsumed_tail) if unpack else (rest, b"")
            except zlib.error:
                return Fault.UNREADABLE
            if not budget.take(bytes=len(text)):
                return Fault.TOO_LARGE
            pieces.append(text)
    if unpack and (not unpack.eof or unpack.unused_data):
        return Fault.UNREADABLE
    return b"".join(pieces)
