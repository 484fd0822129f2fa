"""What a token says before anybody believes it: its parts, read strictly, and the looks that need no key (SEC-04, SEC-08, SEC-09).

Every refusal is `Unauthorized` with one of `REASONS`, for the log alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import jiter
from jwt.utils import base64url_decode

from exercise_cds.errors import Unauthorized

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "no-token": "There is no header Authorization.",
        "malformed": "Authorization is not `Bearer` and one signed token of three parts, or a part is no JSON object.",
        "typ": "The header's `typ` is not JWT.",
        "kid": "The header has no `kid`.",
        "crit": "The header has `crit`: extensions that we would have to understand, and we understand none.",
        "algorithm": "The header's `alg` is not one that the client may use, or the key is not of that algorithm, curve or size.",
        "claims": "`iss`, `aud`, `exp`, `iat` or `jti` is missing, or is of a wrong kind.",
        "issuer": "No client is configured with this `iss`.",
        "audience": "`aud` does not name the address that is called (base_url and path), nor one that is configured for it.",
        "expired": "`exp` has passed.",
        "issued-later": "`iat` is in the future: clocks differ.",
        "not-yet": "`nbf` is in the future: clocks differ.",
        "life": "The token lives longer than tokens.life_seconds, or ends before it begins.",
        "tenant": "`tenant` is not one of the client's.",
        "jku": "`jku` is not the configured one.",
        "unknown-key": "The client's key set has no key with this `kid`, or cannot be had.",
        "signature": "The signature is not of this key.",
        "replayed": "The token was used before: a new call, and a retry, needs a new one.",
    }
)
"""Every reason code of a 401, as docs/operators/clients.md lists them."""
_BEARER = re.compile(r"[Bb]earer +([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
_LONGEST_HEADER = 8 * 1024
_MOST_PARTS = 64
"""Objects and lists in a header or payload; more is nesting for its own sake."""
_TIME_LIMIT = 1e12
_LONGEST_NAME = 512


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far clocks may differ, and how long a token may live; seconds."""

    leeway: int = 60
    life: int = 3_600


@dataclass(frozen=True, slots=True)
class Unverified:
    """A token, read and not believed. `signed` and `signature` are what a key is held against."""

    algorithm: str
    kid: str
    jku: str | None
    issuer: str
    audiences: frozenset[str]
    expires: float
    issued: float
    not_before: float | None
    tenant: str
    jti: str
    signed: bytes
    signature: bytes


def read(authorization: str | None) -> Unverified:
    """Take a token from its header line. What it embeds of keys (`jwk`, `x5u`, `x5c`) is never looked at (SEC-04)."""
    if authorization is None:
        raise Unauthorized("no-token")
    if len(authorization) > _LONGEST_HEADER or (found := _BEARER.fullmatch(authorization)) is None:
        raise Unauthorized("malformed")
    header, payload = _members(found.group(1)), _members(found.group(2))
    signature = _bytes(found.group(3))
    typ, kid = header.get("typ"), header.get("kid")
    if not isinstance(typ, str) or typ.upper() != "JWT":
        raise Unauthorized("typ")
    if "crit" in header:
        raise Unauthorized("crit")
    if not isinstance(kid, str) or not 0 < len(kid) <= _LONGEST_NAME:
        raise Unauthorized("kid")
    algorithm, jku = header.get("alg"), header.get("jku")
    if not isinstance(algorithm, str):
        raise Unauthorized("algorithm")
    if "jku" in header and not isinstance(jku, str):
        raise Unauthorized("jku")
    return Unverified(
        algorithm=algorithm,
        kid=kid,
        jku=jku,
        issuer=_text(payload, "iss"),
        audiences=_audiences(payload.get("aud")),
        expires=_time(payload, "exp"),
        issued=_time(payload, "iat"),
        not_before=_time(payload, "nbf") if "nbf" in payload else None,
        tenant=_text(payload, "tenant") if "tenant" in payload else "",
        jti=_text(payload, "jti"),
        signed=f"{found.group(1)}.{found.group(2)}".encode(),
        signature=signature,
    )


def look_at_times(token: Unverified, now: float, bounds: Bounds) -> None:
    """Raise where the token is not valid now. An old `iat` alone is no reason: `exp` and the longest life bound it (SEC-09)."""
    if token.expires + bounds.leeway <= now:
        raise Unauthorized("expired", issuer=token.issuer)
    if token.issued > now + bounds.leeway:
        raise Unauthorized("issued-later", issuer=token.issuer)
    if token.not_before is not None and token.not_before > now + bounds.leeway:
        raise Unauthorized("not-yet", issuer=token.issuer)
    if not 0 < token.expires - token.issued <= bounds.life:
        raise Unauthorized("life", issuer=token.issuer)


def _bytes(part: str) -> bytes:
    try:
        return base64url_decode(part)
    except ValueError:
        raise Unauthorized("malformed") from None


def _members(part: str) -> dict[str, Any]:
    """A header or payload: one JSON object, each name once, so that no two readers see two tokens."""
    text = _bytes(part)
    if text.count(b"{") + text.count(b"[") > _MOST_PARTS:
        raise Unauthorized("malformed")
    try:
        found = jiter.from_json(text, allow_inf_nan=False, catch_duplicate_keys=True)
    except ValueError:
        raise Unauthorized("malformed") from None
    if not isinstance(found, dict):
        raise Unauthorized("malformed")
    return found


def _text(payload: dict[str, Any], name: str) -> str:
    found = payload.get(name)
    if not isinstance(found, str) or not found:
        raise Unauthorized("claims")
    return found


def _audiences(found: Any) -> frozenset[str]:
    """CH-133: one text or a list of texts."""
    listed = [found] if isinstance(found, str) else found
    if not isinstance(listed, list) or not listed or not all(isinstance(one, str) for one in listed):
        raise Unauthorized("claims")
    return frozenset(listed)


def _time(payload: dict[str, Any], name: str) -> float:
    found = payload.get(name)
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found < _TIME_LIMIT:
        raise Unauthorized("claims")
    return float(found)
