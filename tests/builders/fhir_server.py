"""A small FHIR server of ours on loopback. By itself it answers well; a test tells it what to do instead: be slow, fail, lie.

It writes bytes as they are told, so that it can break HTTP, TLS and JSON where a library would not let it.
"""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, NoReturn, Self, TypeAlias
from urllib.parse import parse_qsl, urlencode

from exercise_cds.fhir import searches

FHIR = "application/fhir+json"


@dataclass(frozen=True)
class Asked:
    """One request, as it came."""

    method: str
    target: str
    headers: Mapping[str, str]
    """Names in lower case."""
    line: int
    """Which connection it came on, from 1."""

    @property
    def relative(self) -> str:
        """Behind the base: `Condition?patient=x`."""
        return self.target.removeprefix("/fhir/")

    @property
    def type(self) -> str:
        """The resource type that is asked for, "" for a next page."""
        return self.relative.partition("?")[0].partition("/")[0] if self.target.startswith("/fhir/") else ""


@dataclass
class Line:
    """The connection, towards the client."""

    socket: socket.socket
    server: FhirServer

    def raw(self, text: bytes) -> None:
        """These very bytes."""
        self.socket.sendall(text)

    def drip(self, text: bytes, every: float = 0.1) -> None:
        """A byte at a time."""
        for number in range(len(text)):
            self.raw(text[number : number + 1])
            if self.server.stopped.wait(every):
                return

    def head(self, status: int = 200, **headers: str) -> None:
        """A status line and headers; `content_type` is written Content-Type."""
        written = {"content_type": FHIR} | headers
        lines = [f"{name.replace('_', '-').title()}: {text}" for name, text in written.items()]
        self.raw("\r\n".join([f"HTTP/1.1 {status} Told", *lines, "", ""]).encode())

    def body(self, body: bytes, status: int = 200, **headers: str) -> None:
        """A whole answer."""
        self.head(status, **({"content_length": str(len(body))} | headers))
        self.raw(body)

    def json(self, value: Any, status: int = 200, **headers: str) -> None:
        """A whole answer of JSON."""
        self.body(json.dumps(value).encode(), status, **headers)

    def reset(self) -> NoReturn:
        """Close with a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        raise ConnectionResetError

    def sleep(self, seconds: float) -> None:
        """Say nothing for so long, or until the server is stopped."""
        self.server.stopped.wait(seconds)


Play: TypeAlias = "Callable[[Line, Asked], None]"


@dataclass
class FhirServer:
    """`resources` are what it knows. `plays` says, by resource type (or "" for next pages), what it does in place of answering well."""

    resources: Iterable[Mapping[str, Any]] = ()
    tls: ssl.SSLContext | None = None
    delay: float = 0.0
    """Seconds before every good answer."""
    page: int = 1_000
    """The most entries on a page."""
    sorts: bool = True
    """Whether it heeds `_sort`."""
    plays: dict[str, Play] = field(default_factory=dict)
    greet: Callable[[socket.socket], None] | None = None
    """In place of everything, TLS included: what is done with a new connection."""
    asked: list[Asked] = field(default_factory=list)
    lines: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)
    port: int = 0
    """Where it listens."""

    def __enter__(self) -> Self:
        """Listen."""
        self._door = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = int(self._door.getsockname()[1])
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._welcome, daemon=True)]
        self._threads[0].start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        """Stop."""
        self.stop()

    def stop(self) -> None:
        """Stop listening, and hang up on everybody."""
        self.stopped.set()
        with suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        self.hang_up()
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()

    @property
    def base(self) -> str:
        """Its FHIR base URL."""
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}/fhir"

    def hang_up(self) -> None:
        """Close every connection, as a server does with those that were idle for long."""
        for line in list(self._open):
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def _welcome(self) -> None:
        while not self.stopped.is_set():
            try:
                client, _ = self._door.accept()
            except OSError:
                return
            self.lines += 1
            thread = threading.Thread(target=self._serve, args=(client, self.lines), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, client: socket.socket, number: int) -> None:
        self._open.add(client)
        try:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.greet is not None:
                self.greet(client)
                return
            if self.tls is not None:
                self._open.discard(client)
                client = self.tls.wrap_socket(client, server_side=True)
                self._open.add(client)
            with client.makefile("rb") as words:
                while (asked := _read(words, number)) is not None:
                    self.asked.append(asked)
                    self.plays.get(asked.type, good)(Line(client, self), asked)
        except (OSError, ValueError):  # the client went away, or we closed the line ourselves
            pass
        finally:
            self._open.discard(client)
            client.close()

    def good(self, line: Line, asked: Asked) -> None:
        """The answer of a server that does as it should, in pages."""
        time.sleep(self.delay)
        relative, _, parameters = asked.relative.partition("?")
        if asked.headers.get("authorization", "").partition(" ")[0] != "Bearer":
            line.json(outcome("login"), 401)
        elif not parameters:
            resource = searches.answer(self.resources, relative)
            line.json(resource, 200) if resource else line.json(outcome("not-found"), 404)
        else:
            asked_for = dict(parse_qsl(parameters))
            start = int(asked_for.pop("_start", 0))
            if not self.sorts:
                asked_for.pop("_sort", None)
            matches, count = searches.found(self.resources, relative, asked_for.items())
            end = start + min(count or self.page, self.page)
            bundle = searches.bundle(matches[start:end]) | {"total": len(matches)}
            if end < len(matches):
                url = f"{self.base}/{relative}?{urlencode(asked_for | {'_start': end})}"
                bundle["link"] = [{"relation": "self", "url": f"{self.base}/{asked.relative}"}, {"relation": "next", "url": url}]
            line.json(bundle)


def good(line: Line, asked: Asked) -> None:
    """What a server does that does as it should."""
    line.server.good(line, asked)


def outcome(code: str, severity: str = "error") -> dict[str, Any]:
    """An OperationOutcome."""
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": code}]}


def _read(words: Any, number: int) -> Asked | None:
    first = words.readline()
    if not first.strip():
        return None
    method, target, _ = first.decode("latin-1").split(" ", 2)
    headers: dict[str, str] = {}
    while text := words.readline().decode("latin-1").strip():
        name, _, value = text.partition(":")
        headers[name.strip().lower()] = value.strip()
    return Asked(method, target, headers, number)
