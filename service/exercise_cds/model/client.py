"""Who asks: what the guard (`security/`) lets go further of a caller, and nothing else of its token."""

from __future__ import annotations

from dataclasses import dataclass
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
