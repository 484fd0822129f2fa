"""What log and counters tell of one request, filled as it is known. Nothing of the request itself is in it (law 7)."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from exercise_cds.errors import CdsError, Unauthorized
from exercise_cds.web import logs

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
"""Any other is a word of the caller's, and is not logged."""
_LONGEST = 128
"""Characters of a tenant or jti in a log line."""


@dataclass(slots=True)
class Said:
    """One request: the fields of its log line, and when it began."""

    began: float = field(default_factory=time.perf_counter)
    service: str = ""
    hook: str = ""
    issuer: str = ""
    outcome: str = ""
    cards: int | None = None
    digest: str = ""
    reason: str = ""
    tenant: str = ""
    jti: str = ""

    def refused(self, fault: CdsError) -> None:
        """A caller's mistake: why goes to log and counters; of a 401 the caller hears nothing (CH-139)."""
        self.reason = type(fault).__name__
        if isinstance(fault, Unauthorized):
            self.reason, self.tenant, self.jti = fault.reason, self.tenant or fault.tenant, fault.jti
            self.issuer = self.issuer or fault.issuer

    def tell(self, method: str, status: int) -> float:
        """Write the line; the seconds that the request took."""
        spent = time.perf_counter() - self.began
        logs.log().info(
            "request",
            method=method if method in _METHODS else "other",
            service=self.service,
            hook=self.hook,
            status=status,
            latency_ms=round(spent * 1000, 3),
            outcome=self.outcome,
            cards=self.cards,
            digest=self.digest,
            issuer=self.issuer,
            tenant=self.tenant[:_LONGEST],
            jti=self.jti[:_LONGEST],
            reason=self.reason,
        )
        return spent
