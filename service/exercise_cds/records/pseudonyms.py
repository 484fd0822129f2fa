"""Patients and users as keyed pseudonyms: the same person is recognised, and nobody without the key can say who it is.

A pseudonym is HMAC-SHA-256 over (issuer, tenant, FHIR base URL or "", id), each with its length in front, so that no two different
quadruples make the same bytes. It is made before a record is queued: plain ids never wait in memory to be written.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass, field

_SHORTEST = 32
"""Bytes of a secret: as many as the digest has."""


class BadKeyRing(ValueError):
    """The key file does not hold a ring; the sentence names the line, never its content."""


@dataclass(frozen=True, slots=True)
class Key:
    """One secret of a site with its id, which is kept beside each pseudonym."""

    id: str
    secret: bytes = field(repr=False)

    def pseudonym(self, issuer: str, tenant: str, fhir_server: str, person: str) -> bytes:
        """32 bytes for one person of one FHIR server of one client."""
        parts = [part.encode("utf-8", "surrogatepass") for part in (issuer, tenant, fhir_server.rstrip("/"), person)]
        return hmac.digest(self.secret, b"".join(len(part).to_bytes(4, "big") + part for part in parts), "sha256")


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys of a site, newest first: the newest writes, all are read."""

    keys: tuple[Key, ...]

    @property
    def newest(self) -> Key:
        """The key that writes."""
        return self.keys[0]


def parse_keys(text: str) -> KeyRing:
    """A key file: one `id secret` a line, the newest first; the secret is base64 of at least 32 random bytes. `#` begins a comment line.

    Raises BadKeyRing.
    """
    keys: list[Key] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        words = line.split()
        if len(words) != 2:
            raise BadKeyRing(f"Line {number} of the key file: write an id, a space, and a secret in base64.")
        try:
            secret = base64.b64decode(words[1], validate=True)
        except binascii.Error:
            raise BadKeyRing(f"Line {number} of the key file: the secret is not base64.") from None
        if len(secret) < _SHORTEST:
            raise BadKeyRing(
                f"Line {number} of the key file: a secret has at least {_SHORTEST} bytes; `openssl rand -base64 32` makes one."
            )
        if words[0] in {key.id for key in keys}:
            raise BadKeyRing(f"Line {number} of the key file: this id stands twice; each key has an id of its own.")
        keys.append(Key(words[0], secret))
    if not keys:
        raise BadKeyRing("The key file holds no key: write an id, a space, and a secret in base64 on one line.")
    return KeyRing(tuple(keys))
