"""How often may be asked (SEC-33): a bucket for each name, refilled by the minute. In memory, of this process, and bounded."""

from __future__ import annotations

import functools
import ipaddress
import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

from exercise_cds.errors import TooManyRequests

_ROUNDING = 1e-9
_MOST_NAMES = 10_000
"""Names remembered; whoever asked longest ago is forgotten first, which gives it a full bucket and nothing else."""


class Rate:
    """So many requests a minute for each name; 0 is any number. Thread-safe."""

    def __init__(self, per_minute: int, tick: Callable[[], float], most: int = _MOST_NAMES) -> None:
        self._per_minute = per_minute
        self._tick = tick
        self._most = most
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, name: str) -> None:
        """Count one request. Raises TooManyRequests with the seconds after which the next will do."""
        if not self._per_minute:
            return
        now = self._tick()
        with self._lock:
            left, at = self._left.pop(name, (float(self._per_minute), now))
            left = min(float(self._per_minute), left + (now - at) * self._per_minute / 60)
            enough = left >= 1 - _ROUNDING
            self._left[name] = (left - 1 if enough else left, now)
            if len(self._left) > self._most:
                self._left.popitem(last=False)
        if not enough:
            wait = math.ceil((1 - left) * 60 / self._per_minute)
            raise TooManyRequests("Too many requests: ask again after the seconds in Retry-After.", retry_after=wait)

    def __len__(self) -> int:
        """How many names are remembered."""
        return len(self._left)

    def __bool__(self) -> bool:
        """Whether anything is counted."""
        return self._per_minute > 0


class Addresses:
    """Where requests come from. `X-Forwarded-For` is believed of configured proxies alone (SEC-35)."""

    def __init__(self, trusted_proxies: Sequence[str]) -> None:
        self._proxies = [ipaddress.ip_network(network) for network in trusted_proxies]

    def of(self, environ: Mapping[str, object]) -> str:
        """The caller's address, IPv6 by its /64: the last one in the chain that is no proxy of ours. "" for what is no address."""
        found = _address(str(environ.get("REMOTE_ADDR", "")))
        for text in reversed(str(environ.get("HTTP_X_FORWARDED_FOR", "")).split(",")):
            if found is None or not any(found in network for network in self._proxies):
                break
            further = _address(text.strip())
            if further is None:
                break
            found = further
        if isinstance(found, ipaddress.IPv6Address):
            return str(ipaddress.ip_network((found, 64), strict=False))
        return str(found or "")


class AddressRate:
    """How often an address may ask, whatever it asks for."""

    def __init__(self, addresses: Addresses, rate: Rate) -> None:
        self._addresses, self._rate = addresses, rate

    def take(self, environ: Mapping[str, object]) -> None:
        """Count one request. Raises TooManyRequests."""
        if self._rate:
            self._rate.take(self._addresses.of(environ))


@functools.lru_cache(_MOST_NAMES)
def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, ipaddress.IPv6Address) else found
