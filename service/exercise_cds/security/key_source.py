"""Where key sets come from: a file, or one configured https URL. No redirect, no cookie, no proxy, no credentials (SEC-06)."""

from __future__ import annotations

import ipaddress
import time
from contextlib import closing
from pathlib import Path

import requests
from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError

from exercise_cds import __version__
from exercise_cds.model.deadline import Deadline
from exercise_cds.net import Names, TimedAdapter, trusting, within
from exercise_cds.security.keys import LARGEST_SET, KeysUnavailable

_PIECE = 8 * 1024
_JSON = frozenset({"application/json", "application/jwk-set+json"})
_HEADERS = {
    "Accept": "application/jwk-set+json, application/json",
    "Accept-Encoding": "identity",
    "Connection": "close",
    "User-Agent": f"exercise-cds/{__version__}",
}
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


def from_url(url: str, *, names: Names, seconds: float = 2.0, ca_file: Path | None = None) -> bytes:
    """The body of a 200 of JSON at exactly this URL, everything within `seconds`. Raises KeysUnavailable.

    `names` is the process's own, so that a resolver that hangs is asked for a name once, however often keys are wanted.
    """
    if not url.startswith("https://"):
        raise KeysUnavailable("not-https")
    deadline = Deadline.after(time.monotonic, seconds)
    try:
        adapter = TimedAdapter(trusting(ca_file), connections=1, names=names, may_be_called=may_be_called)
        with within(deadline), closing(adapter):
            return _read(url, deadline, adapter)
    except (requests.RequestException, HTTPError, OSError):
        raise KeysUnavailable("late" if deadline.left() <= 0 else "unreachable") from None


def may_be_called(address: str) -> bool:
    """Whether keys may be fetched there: never from link-local, multicast, unspecified or metadata addresses."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return not (found.is_link_local or found.is_multicast or found.is_unspecified or found in _METADATA)


def _read(url: str, deadline: Deadline, adapter: TimedAdapter) -> bytes:
    request = requests.Request("GET", url, headers=_HEADERS).prepare()
    with adapter.send(request, stream=True, timeout=max(deadline.left(), 0.001)) as answer:
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
