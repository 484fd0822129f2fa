"""HTTP connections on which everything runs against one deadline, whatever the other side does.

`requests` without its Session: an adapter alone follows no redirect, keeps no cookie, reads no .netrc and no proxy of the environment.
Its time-outs are for one step each, and a server that sends a byte now and then never meets them; here every step of a socket (its
name, each address, the handshake, each piece of the head and of the body) gets what is left until the deadline, and no more.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.poolmanager import PoolManager

from exercise_cds.model.deadline import Deadline
from exercise_cds.net.names import Names


class _Served(threading.local):
    """The deadline of the call that a thread is about: one at a time, set before its first step."""

    deadline: Deadline

    def left(self) -> float:
        left = self.deadline.left()
        if left <= 0:
            raise TimeoutError
        return left


_served = _Served()


@contextmanager
def within(deadline: Deadline) -> Iterator[None]:
    """Whatever this thread does with a `TimedAdapter` in the block ends with the deadline, reading the answer's body included."""
    _served.deadline = deadline
    try:
        yield
    finally:
        del _served.deadline


class _Timed(socket.socket):
    """A socket whose every step ends with the deadline."""

    def recv_into(self, *where: Any) -> int:
        self.settimeout(_served.left())
        return super().recv_into(*where)

    def sendall(self, *what: Any) -> None:
        self.settimeout(_served.left())
        super().sendall(*what)


class _TimedTls(_Timed, ssl.SSLSocket):
    """The same over TLS."""


def trusting(ca_file: Path | None) -> ssl.SSLContext:
    """TLS towards these authorities, in place of those that requests brings. Raises OSError where the file cannot be read."""
    context = ssl.create_default_context(cafile=str(ca_file) if ca_file else DEFAULT_CA_BUNDLE_PATH)
    context.sslsocket_class = _TimedTls
    return context


def _anywhere(_address: str) -> bool:
    return True


class TimedAdapter(HTTPAdapter):
    """requests' adapter with our connections and one TLS context, made once. Used inside `within` alone."""

    def __init__(
        self, context: ssl.SSLContext, *, connections: int, names: Names, may_be_called: Callable[[str], bool] = _anywhere,
    ) -> None:  # fmt: skip
        """`context` is one of `trusting`. No address is called that `may_be_called` says no to, whatever name led there."""
        self._context = context
        self._pools = _pools(names, may_be_called)
        super().__init__(pool_maxsize=connections, max_retries=0)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Straight ways, with connections of ours."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **options: Any) -> PoolManager:
        """Ways through a proxy, with the same."""
        manager: PoolManager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = self._pools
        return manager

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        """Which pool: that of the host; TLS is the same for all."""
        host, _ = super().build_connection_pool_key_attributes(request, verify, cert)
        return host, {"ssl_context": self._context}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """The context verifies; requests would read the authorities again for every connection."""


def _pools(names: Names, may_be_called: Callable[[str], bool]) -> dict[str, type]:
    """urllib3's pools with connections of ours."""

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _connect(names, may_be_called, self)

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _connect(names, may_be_called, self)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def _connect(names: Names, may_be_called: Callable[[str], bool], asking: HTTPConnection) -> socket.socket:
    """A connection to the first address that takes one. All of them together have what is left; urllib3 gives that to each."""
    fault: OSError = OSError("no address")
    for family, kind, protocol, _, there in names.addresses(asking._dns_host, asking.port, _served.left()):  # noqa: SLF001 - as urllib3's own
        if not may_be_called(str(there[0])):
            fault = OSError("an address that is never called")
            continue
        door = _Timed(family, kind, protocol)
        try:
            for option in asking.socket_options or ():
                door.setsockopt(*option)
            door.settimeout(_served.left())
            door.connect(there)
            door.settimeout(_served.left())
        except OSError as failed:
            door.close()
            fault = failed
        else:
            return door
    raise fault
