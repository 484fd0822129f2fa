"""A client's public keys: read from a JWKS once, and kept; refreshed in the background, never more often than a limit (SEC-05, SEC-07).

A call that finds its key waits for nobody. One that does not may start a refresh, and waits for it until its own deadline.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import orjson
import structlog
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK, PyJWS, PyJWTError

_log = structlog.get_logger(__name__)
LARGEST_SET = 64 * 1024
_PUBLIC = ("kty", "crv", "x", "y", "n", "e")
"""All that is taken of a JWK to make a key; a private part that stands in it by mistake is not looked at."""
_CURVES = {"ES256": "secp256r1", "ES384": "secp384r1"}
_LOADERS = {"P-256": "ES256", "P-384": "ES384"}
_SMALLEST_RSA = 2_048
_MOST_WAIT = 8
"""Calls with an unknown key that wait for a refresh at once: a keys' server that is slow must not cost the service its threads."""


KEY_FAULTS: Mapping[str, str] = MappingProxyType(
    {
        "file": "`jwks_file` cannot be read.",
        "not-https": "The URL is not https.",
        "unreachable": "No connection: no such name, nobody listens, a certificate that is not trusted, an address that is never called.",
        "late": "It was not there after 2 seconds: the resolver of names, the connection or the answer was too slow.",
        "status": "The answer was not 200; a redirect is not followed.",
        "not-json": "What came does not say that it is JSON, or is none.",
        "encoded": "The answer is compressed, which was not asked for.",
        "too-large": "It is larger than 64 KiB.",
        "not-a-key-set": "It has no list `keys`.",
        "no-usable-key": "None of its keys is a public key for signatures that we can use.",
    }
)
"""Every reason why a key set was not obtained, as docs/operators/clients.md lists them."""


class KeysUnavailable(Exception):
    """A key set could not be had; `reason` is one of `KEY_FAULTS`, for the log and the metrics."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One key of a set. `only` is the algorithm that the set allows for it, "" for any that fits."""

    kid: str
    only: str
    key: EllipticCurvePublicKey | RSAPublicKey

    def fits(self, algorithm: str) -> bool:
        """Whether the key is of this algorithm: its type, its very curve, its size (SEC-03)."""
        if self.only not in {"", algorithm}:
            return False
        if isinstance(self.key, EllipticCurvePublicKey):
            return _CURVES.get(algorithm) == self.key.curve.name
        return algorithm in {"RS256", "RS384", "PS384"} and self.key.key_size >= _SMALLEST_RSA

    def signed(self, algorithm: str, what: bytes, signature: bytes) -> bool:
        """Whether the signature is of this key."""
        return bool(PyJWS().get_algorithm_by_name(algorithm).verify(what, self.key, signature))


def read_set(text: bytes) -> tuple[PublicKey, ...]:
    """The keys of a JWKS that are for signatures and that we can use; others are passed over. Raises KeysUnavailable."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise KeysUnavailable("not-json") from None
    listed = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(listed, list):
        raise KeysUnavailable("not-a-key-set")
    keys = tuple(key for jwk in listed if isinstance(jwk, dict) and (key := _key(jwk)))
    if not keys:
        raise KeysUnavailable("no-usable-key")
    return keys


def _key(jwk: Mapping[str, Any]) -> PublicKey | None:
    kid, only, use, operations = jwk.get("kid"), jwk.get("alg", ""), jwk.get("use", "sig"), jwk.get("key_ops", ["verify"])
    meant = use == "sig" and isinstance(operations, list) and "verify" in operations
    if not isinstance(kid, str) or not kid or not isinstance(only, str) or not meant or jwk.get("kty") not in {"EC", "RSA"}:
        return None
    public = {name: jwk[name] for name in _PUBLIC if name in jwk}
    try:
        made = PyJWK(public, algorithm=_LOADERS.get(str(jwk.get("crv")), "RS384")).key
    except (PyJWTError, ValueError, TypeError):
        return None
    return PublicKey(kid, only, made) if isinstance(made, EllipticCurvePublicKey | RSAPublicKey) else None


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: after how many a set is refreshed; between two attempts; how old a key may be at most; how long one call waits."""

    refresh: float = 300
    between: float = 10
    oldest: float = 24 * 3_600
    wait: float = 0.4


class Keys:
    """The keys of one client. Thread-safe; a process that was forked goes on with what its parent had."""

    def __init__(
        self,
        fetch: Callable[[], bytes],
        *,
        issuer: str,
        tick: Callable[[], float],
        patience: Patience | None = None,
        count: Callable[[str, str], None] = lambda _issuer, _result: None,
    ) -> None:
        """`fetch` raises KeysUnavailable; `tick` is a monotonic clock in seconds.

        `count` is told of every attempt: the issuer, and "obtained" or the reason why not.
        """
        self._fetch = fetch
        self._issuer = issuer
        self._tick = tick
        self._patience = patience or Patience()
        self._keys: tuple[PublicKey, ...] = ()
        self._fetched = self._tried = float("-inf")
        self._under_way: threading.Thread | None = None
        self._lock = threading.Lock()
        self._count = count
        self._waiting = threading.BoundedSemaphore(_MOST_WAIT)

    @property
    def age(self) -> float:
        """Seconds since the set was read; infinite where it never was."""
        return self._tick() - self._fetched

    def prewarm(self) -> threading.Thread | None:
        """Begin to read the set now."""
        return self._refresh()

    def find(self, kid: str, algorithm: str) -> PublicKey | None:
        """The one key with this id that is of this algorithm. Two of them would be two signers, so they are none."""
        age = self.age
        if age > self._patience.oldest or not any(key.kid == kid for key in self._keys):
            self._wait(self._refresh())
        elif age > self._patience.refresh:
            self._refresh()
        if self.age > self._patience.oldest:
            return None
        fitting = [key for key in self._keys if key.kid == kid and key.fits(algorithm)]
        return fitting[0] if len(fitting) == 1 else None

    def knows(self, kid: str) -> bool:
        """Whether any key has this id, whatever it is for."""
        return any(key.kid == kid for key in self._keys)

    def _wait(self, thread: threading.Thread | None) -> None:
        """Wait for a refresh. Anybody can name a key that nobody knows, so few calls may: the others are answered at once."""
        if thread is None or not self._waiting.acquire(blocking=False):
            return
        try:
            thread.join(self._patience.wait)
        finally:
            self._waiting.release()

    def _refresh(self) -> threading.Thread | None:
        """The attempt that is under way, or a new one; None where the last was a moment ago."""
        with self._lock:
            if self._under_way is not None and self._under_way.is_alive():
                return self._under_way
            if self._tick() - self._tried < self._patience.between:
                return None
            self._tried = self._tick()
            self._under_way = threading.Thread(target=self._read, name="keys", daemon=True)
            self._under_way.start()
            return self._under_way

    def _read(self) -> None:
        began = self._tick()
        try:
            keys = read_set(self._fetch())
        except KeysUnavailable as fault:
            _log.warning("keys not obtained", issuer=self._issuer, reason=fault.reason)
            self._count(self._issuer, fault.reason)
            return
        self._keys, self._fetched = keys, began
        self._count(self._issuer, "obtained")
