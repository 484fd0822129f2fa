"""A caller's connection, whose thread it cannot keep: neither by silence, nor by sending a byte now and then."""

from __future__ import annotations

import socket
import ssl
import struct
import time

WHOLE = 2
"""Times the longest silence, in which a request must have come whole."""
_NEVER = float("inf")


class Line(socket.socket):
    """A blocking socket that is given up after so many seconds of silence, and when its request takes too long.

    Reading then raises BlockingIOError or TimeoutError, which are both OSErrors.
    """

    silence: float = _NEVER
    until: float = _NEVER

    @classmethod
    def of(cls, taken: socket.socket, silence: float) -> Line:
        """The same connection; `taken` is empty afterwards."""
        line = cls(fileno=taken.detach())
        line.silence = silence
        # a line that is dead, not closed, would keep a thread that writes for ever
        line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _interval(silence))
        return line

    def begin(self) -> None:
        """A request is expected now: its time runs."""
        self.until = time.monotonic() + WHOLE * self.silence

    def recv(self, size: int, flags: int = 0) -> bytes:
        """The next bytes, b"" at the end."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _interval(min(self.silence, left)))
        return super().recv(size, flags)


class SecureLine(ssl.SSLSocket):
    """The same over TLS. A context makes them by itself, so `silence` is its class's."""

    silence: float = _NEVER
    until: float = _NEVER

    def begin(self) -> None:
        """A request is expected now: its time runs."""
        self.until = time.monotonic() + WHOLE * self.silence

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - the library's signature
        """Its time is the first request's."""
        self.begin()
        self.settimeout(self.silence)
        super().do_handshake(block)

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        """The next bytes, b"" at the end. Whoever set a shorter time keeps it."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.settimeout(min(self.silence, left, self.gettimeout() or _NEVER))
        return super().recv(buflen, flags)


def _interval(seconds: float) -> bytes:
    """As the kernel takes it; nothing at all would be for ever."""
    whole = int(seconds)
    return struct.pack("@ll", whole, max(int((seconds - whole) * 1_000_000), 0 if whole else 1))
