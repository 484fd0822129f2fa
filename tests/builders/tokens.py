"""Keys made on the spot, tokens as EHRs sign them, tokens as nobody should, and settings that trust the former."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

ISSUER = "https://ehr.example.org"
BASE = "https://cds.example.org"
DISCOVERY = "/cds-services"
SERVICE = f"{DISCOVERY}/low-back-pain-exercise"
FEEDBACK = f"{SERVICE}/feedback"
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
GONE = object()
"""As a value: the claim or header is left out."""


@cache
def a_key(kind: str) -> Any:
    """A private key: P-256, P-384, P-521, or RSA with so many bits."""
    curves = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1, "other P-384": ec.SECP384R1}
    if kind in curves:
        return ec.generate_private_key(curves[kind]())
    return rsa.generate_private_key(65537, int(kind.removeprefix("RSA-")))


def a_jwk(kind: str = "P-384", kid: str = "k1", **changes: Any) -> dict[str, Any]:
    """The public key as it stands in a set."""
    public = a_key(kind).public_key()
    algorithm = jwt.algorithms.RSAAlgorithm if kind.startswith("RSA") else jwt.algorithms.ECAlgorithm
    made = {**algorithm.to_jwk(public, as_dict=True), "kid": kid, **changes}
    return {name: value for name, value in made.items() if value is not GONE and name != "key_ops"}


def a_set(*jwks: dict[str, Any]) -> bytes:
    """A JWKS."""
    return json.dumps({"keys": list(jwks)}).encode()


def claims(path: str = SERVICE, **changes: Any) -> dict[str, Any]:
    """The payload of a good token for a path."""
    now = int(NOW.timestamp())
    whole = {"iss": ISSUER, "aud": f"{BASE}{path}", "iat": now, "exp": now + 300, "jti": str(uuid4())}
    return {name: value for name, value in {**whole, **changes}.items() if value is not GONE}


def a_token(
    path: str = SERVICE, *, key: str = "P-384", algorithm: str = "ES384", header: dict[str, Any] | None = None, **changes: Any
) -> str:
    """A good token, or one with these claims and header fields changed."""
    whole = {"alg": algorithm, "typ": "JWT", "kid": "k1", **(header or {})}
    return sealed({name: value for name, value in whole.items() if value is not GONE}, claims(path, **changes), key, algorithm)


def fresh_token(path: str = SERVICE, **changes: Any) -> str:
    """A good token by the real clock, for real processes."""
    now = int(datetime.now(UTC).timestamp())
    return a_token(path, **{"iat": now, "exp": now + 300, **changes})


def sealed(header: dict[str, Any], payload: Any, key: str = "P-384", algorithm: str = "ES384") -> str:
    """Sign any header and payload: the library would not write most of the bad ones."""
    first, second = (part(json.dumps(each).encode()) for each in (header, payload))
    signed = f"{first}.{second}".encode()
    if algorithm == "none":
        return f"{first}.{second}."
    if algorithm.startswith("HS"):
        secret = a_key(key).public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        return f"{first}.{second}.{part(hmac.new(secret, signed, hashlib.sha384).digest())}"
    return f"{first}.{second}.{part(jwt.get_algorithm_by_name(algorithm).sign(signed, a_key(key)))}"


def part(text: bytes) -> str:
    """base64url without its padding."""
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def bearer(token: str) -> dict[str, str]:
    """The header."""
    return {"Authorization": f"Bearer {token}"}


def key_file(folder: Path, *jwks: dict[str, Any]) -> Path:
    """A key set in a file."""
    path = folder / "keys.json"
    path.write_bytes(a_set(*(jwks or (a_jwk(),))))
    return path


def trusting_environment(folder: Path, **changes: Any) -> dict[str, str]:
    """The same for a process."""
    settings = trusting(folder, **changes)
    return {
        "EXERCISE_CDS_AUTHENTICATION": "on",
        "EXERCISE_CDS_BASE_URL": BASE,
        "EXERCISE_CDS_CLIENTS": json.dumps(settings["clients"]),
        "EXERCISE_CDS_DATABASE_URL": f"sqlite:///{folder}/records.sqlite",
    }


def trusting(folder: Path, **changes: Any) -> dict[str, Any]:
    """Settings that trust one EHR, whose keys stand in a file; `changes` are the client's."""
    jwks = changes.pop("jwks", ())
    return {"base_url": BASE, "clients": [{"issuer": ISSUER, "jwks_file": str(key_file(folder, *jwks)), **changes}]}
