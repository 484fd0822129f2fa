"""Host names to addresses, with a limit of time that the system's resolver does not have.

`getaddrinfo` cannot be interrupted: whoever asks a resolver that hangs waits for as long as it likes, often half a minute. So a thread of
its own asks, and callers wait for it until their deadline. The hard case is the resolver that hangs while calls go on: a name is asked
for once at a time however many wait for it, and so many names at most, so the threads that hang are few and do not grow.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeAlias

Address: TypeAlias = "tuple[int, int, int, str, Any]"
"""Family, kind, protocol, canonical name, and where: what `getaddrinfo` gives of each."""
Resolve: TypeAlias = "Callable[[str, int], list[Address]]"
_KEPT_SECONDS = 5.0
"""How long an answer is believed. It lets an answer that came too late for its asker serve the next; resolvers tell no life of a name."""
_MOST = 16
"""Names looked up at once. All names that are ever called stand in the settings, so there are few."""


def system(host: str, port: int) -> list[Address]:
    """The system's resolver, for connections."""
    return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))


@dataclass(slots=True)
class _Lookup:
    answer: Future[list[Address]]
    ended: float = float("inf")


class Names:
    """The addresses of names. Thread-safe; no thread before the first name; after a fork the child asks anew."""

    def __init__(self, resolve: Resolve = system, *, tick: Callable[[], float] = time.monotonic, most: int = _MOST) -> None:
        """`tick` is a monotonic clock in seconds."""
        self._resolve = resolve
        self._tick = tick
        self._most = most
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._lookups: dict[tuple[str, int], _Lookup] = {}

    def addresses(self, host: str, port: int, seconds: float) -> list[Address]:
        """Where a name is. Raises TimeoutError where that is not known after `seconds`, OSError where there is no such name."""
        if _is_address(host):
            return self._resolve(host, port)
        return self._lookup(host, port).answer.result(max(seconds, 0))

    def _lookup(self, host: str, port: int) -> _Lookup:
        """The answer that is still believed, the look-up that is under way, or a new one."""
        with self._lock:
            if self._process != os.getpid():  # threads do not survive a fork
                self._process, self._lookups = os.getpid(), {}
            now = self._tick()
            self._lookups = {name: one for name, one in self._lookups.items() if now - one.ended < _KEPT_SECONDS}
            known = self._lookups.get((host, port))
            if known is not None:
                return known
            if sum(not one.answer.done() for one in self._lookups.values()) >= self._most:
                raise OSError("too many names are being looked up")
            new = self._lookups[host, port] = _Lookup(Future())
        # never waited for at the end of the process, as a pool's threads are
        threading.Thread(target=self._ask, args=(host, port, new), name="names", daemon=True).start()
        return new

    def _ask(self, host: str, port: int, lookup: _Lookup) -> None:
        try:
            found = self._resolve(host, port)
        except (OSError, UnicodeError) as fault:  # a name that no resolver could hold is one that does not exist
            with self._lock:
                self._lookups.pop((host, port), None)  # what failed is asked for again by the next
            lookup.answer.set_exception(OSError(type(fault).__name__))
            return
        lookup.ended = self._tick()
        lookup.answer.set_result(found)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
