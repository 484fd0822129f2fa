"""Where key sets come from: a file, or one configured https URL. No redirect, no cookie, no proxy, no credentials (SEC-06)."""

from __future__ import annotations

import ipaddress
import os
import socket
import threading
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from exercise_cds.security.keys import LARGEST_SET, KeysUnavailable

_PIECE = 8 * 1024
_JSON = frozenset({"application/json", "application/jwk-set+json"})
_HEADERS = {"Accept": "application/jwk-set+json, application/json", "Accept-Encoding": "identity"}
_METADATA = frozenset(
    map(
        ipaddress.ip_address,
        ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254"),
    )
)
"""Where clouds tell a machine its secrets, beside the link-local addresses; a configured private address is the operator's word."""


def from_file(path: Path) -> bytes:
    """The bytes of a file, read anew at each refresh: a mounted ConfigMap changes under us."""
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST_SET + 1)
    except OSError:
        raise KeysUnavailable("file") from None
    return _bounded(text)


def from_url(url: str, *, seconds: float = 2.0, ca_file: Path | None = None) -> bytes:
    """The body of a 200 of JSON at exactly this URL, everything within `seconds` but the look-up of its name. Raises KeysUnavailable."""
    if not url.startswith("https://"):
        raise KeysUnavailable("not-https")
    lines: list[socket.socket] = []
    clock = threading.Timer(seconds, _cut, (lines,))
    clock.daemon = True
    clock.start()
    try:
        return _read(url, seconds, ca_file, lines)
    except (requests.RequestException, HTTPError, OSError):
        raise KeysUnavailable("unreachable") from None
    finally:
        clock.cancel()
        for line in lines:
            line.close()


def may_be_called(address: str) -> bool:
    """Whether keys may be fetched there: never from link-local, multicast, unspecified or metadata addresses."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return not (found.is_link_local or found.is_multicast or found.is_unspecified or found in _METADATA)


def _read(url: str, seconds: float, ca_file: Path | None, lines: list[socket.socket]) -> bytes:
    with requests.Session() as session:
        session.trust_env = False  # no .netrc, no proxy, no variable of the environment
        session.mount("https://", _Adapter(lines))
        verify: bool | str = str(ca_file) if ca_file else True
        with session.get(url, headers=_HEADERS, timeout=seconds, allow_redirects=False, stream=True, verify=verify) as answer:
            if answer.status_code != 200:
                raise KeysUnavailable("status")
            if answer.headers.get("Content-Type", "").partition(";")[0].strip().lower() not in _JSON:
                raise KeysUnavailable("not-json")
            if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
                raise KeysUnavailable("encoded")
            return _body(answer.raw)


def _body(raw: HTTPResponse) -> bytes:
    pieces, total = [], 0
    for piece in raw.stream(_PIECE, decode_content=False):
        total += len(piece)
        if total > LARGEST_SET:
            raise KeysUnavailable("too-large")
        pieces.append(piece)
    return b"".join(pieces)


def _bounded(text: bytes) -> bytes:
    if len(text) > LARGEST_SET:
        raise KeysUnavailable("too-large")
    return text


def _cut(lines: list[socket.socket]) -> None:
    """The time is over: whoever waits on one of these lines hears its end. A server that drips bytes meets no other limit."""
    for line in lines:
        try:
            line.shutdown(socket.SHUT_RDWR)
        except OSError:  # it has ended by itself
            continue


class _Adapter(HTTPAdapter):
    """requests' adapter, whose connections are looked at before a byte is sent, and can be cut from outside."""

    def __init__(self, lines: list[socket.socket]) -> None:
        self._lines = lines
        super().__init__(max_retries=0)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        lines = self._lines

        class Connection(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                line = super()._new_conn()
                if not may_be_called(str(line.getpeername()[0])):
                    line.close()
                    raise OSError("an address that is never called")
                lines.append(socket.socket(fileno=os.dup(line.fileno())))  # TLS takes the first one over
                return line

        class Pool(HTTPSConnectionPool):
            ConnectionCls = Connection

        self.poolmanager.pool_classes_by_scheme = {"https": Pool}
