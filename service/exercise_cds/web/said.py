"""What log and counters tell of one request, filled as it is known. Nothing of the request itself is in it (law 7)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from exercise_cds.errors import CdsError, Unauthorized
from exercise_cds.web import logs

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
"""Any other is a word of the caller's, and is not logged."""
_LONGEST = 128
"""Characters of a tenant or jti in a log line."""


class Ended(NamedTuple):
    """How a request ended: all that is told of it besides what was said."""

    method: str
    route: str
    """A template such as `/cds-services/{id}`, never a path; "" where none fits."""
    status: int
    seconds: float
    traceparent: str = ""
    """The caller's header, as it came."""


Trace: TypeAlias = "Callable[[Said, Ended], str]"
"""Told of every request that has a log line; returns the id of its trace, or ""."""


def untraced(_said: Said, _ended: Ended) -> str:
    """Where no collector is named."""
    return ""


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
    stages: Mapping[str, float] = field(default_factory=dict)
    """Milliseconds of the answer by stage."""
    decided: float = 0.0
    """When the answer was there."""

    def refused(self, fault: CdsError) -> None:
        """A caller's mistake: why goes to log and counters; of a 401 the caller hears nothing (CH-139)."""
        self.reason = type(fault).__name__
        if isinstance(fault, Unauthorized):
            self.reason, self.tenant, self.jti = fault.reason, self.tenant or fault.tenant, fault.jti
            self.issuer = self.issuer or fault.issuer

    def tell(self, method: str, status: int, *, route: str = "", traceparent: str = "", trace: Trace = untraced) -> float:
        """Write the line; the seconds that the request took."""
        spent = time.perf_counter() - self.began
        method = method if method in _METHODS else "other"
        logs.log().info(
            "request",
            method=method,
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
            trace_id=trace(self, Ended(method, route, status, spent, traceparent)),
        )
        return spent
