"""Who asks: what the guard (`security/`) lets go further of a caller, and nothing else of its token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

UTC = ZoneInfo("UTC")


class Mode(StrEnum):
    """ACTIVE: answered. SILENT: evaluated and logged, answered without cards (silent roll-out)."""

    ACTIVE = "active"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Client:
    """One EHR, as configured. `services` empty means every service; `fhir_servers` are normalised base URLs that may be called."""

    issuer: str
    tenant: str = ""
    zone: ZoneInfo = UTC
    fhir_servers: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    mode: Mode = Mode.ACTIVE
    patients_may_ask: bool = False
    """Whether a user that is a Patient or RelatedPerson gets cards written for clinicians (CH-042)."""


ANONYMOUS = Client(issuer="")
"""The caller of a process without authentication (`make serve`, tests): loopback only."""


@dataclass(frozen=True, slots=True)
class TokenUse:
    """One use of a token: its `jti`, and when nobody accepts it any more (exp and leeway)."""

    jti: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class Admission:
    """A client that was let in with a token whose use is not yet written down: whoever stores what it brought does that as well.

    `use` is None where no token was asked for, or where the client may use its tokens again.
    """

    client: Client
    use: TokenUse | None = None
