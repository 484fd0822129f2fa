"""The other side: a token as an EHR signs it, for our own commands and tests that call a service with `--token-key`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

_LIFE_SECONDS = 300


class UnusableKey(Exception):
    """A key file that tokens cannot be signed with; the sentence says what it should hold."""


class Signer:
    """Makes tokens with one private key: ES384 for a key on P-384, ES256 for P-256, RS384 for RSA."""

    def __init__(self, key: EllipticCurvePrivateKey | RSAPrivateKey, *, kid: str, issuer: str, clock: Callable[[], datetime]) -> None:
        self._key = key
        self._kid = kid
        self._issuer = issuer
        self._clock = clock
        curves = {"secp384r1": "ES384", "secp256r1": "ES256"}
        name = curves.get(key.curve.name) if isinstance(key, EllipticCurvePrivateKey) else "RS384"
        if name is None:
            raise UnusableKey("the key's curve must be P-384 (ES384) or P-256 (ES256)")
        self.algorithm = name

    def token(self, audience: str, **claims: Any) -> str:
        """A new token for what is called: each call, and each retry, needs its own."""
        now = int(self._clock().timestamp())
        body = {"iss": self._issuer, "aud": audience, "iat": now, "exp": now + _LIFE_SECONDS, "jti": str(uuid4()), **claims}
        return jwt.encode(body, self._key, algorithm=self.algorithm, headers={"kid": self._kid, "typ": "JWT"})


def read_signer(path: Path, *, issuer: str, kid: str | None, clock: Callable[[], datetime]) -> Signer:
    """A private key from a file: a JWK (with its `kid`), or PEM without a password. Raises UnusableKey."""
    try:
        text = path.read_bytes()
    except OSError as fault:
        raise UnusableKey(f"{path} cannot be read: {fault.strerror}") from None
    key, own = _from_jwk(text) if text.lstrip().startswith(b"{") else (_from_pem(text), None)
    if not isinstance(key, EllipticCurvePrivateKey | RSAPrivateKey):
        raise UnusableKey(f"{path} holds no private EC or RSA key: give a JWK or a PEM file without a password")
    name = kid or own
    if not name:
        raise UnusableKey(f"{path} names no kid: give it, as it stands in the public key set")
    return Signer(key, kid=name, issuer=issuer, clock=clock)


def _from_jwk(text: bytes) -> tuple[Any, str | None]:
    try:
        found = orjson.loads(text)
        return jwt.PyJWK(found, algorithm="ES384" if found.get("kty") == "EC" else "RS384").key, found.get("kid")
    except (ValueError, TypeError, jwt.PyJWTError):
        return None, None


def _from_pem(text: bytes) -> Any:
    try:
        return load_pem_private_key(text, password=None)
    except (ValueError, TypeError):
        return None
