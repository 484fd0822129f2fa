"""A steward in small, for the tests of the doors: three services, one card, and everything it was asked kept for the test to look at."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from exercise_cds.errors import CdsError, DataUnobtainable, NotFound
from exercise_cds.model.client import Client
from exercise_cds.model.decision import Outcome
from exercise_cds.wire import HookRequest, ResponseBody

HOOK_OF = {"low-back-pain-exercise": "patient-view", "low-back-pain-orders": "order-select", "low-back-pain-orders-sign": "order-sign"}
CARD = {"uuid": "5c0a8b9e-0000-4000-8000-000000000001", "summary": "Programs that fit", "indicator": "info", "source": {"label": "Tests"}}


@dataclass(frozen=True)
class Answer:
    """What the door needs of a HookResponse."""

    body: ResponseBody
    outcome: Outcome = Outcome.ADVISED
    decision_id: str = "decision"
    digest: str = "0" * 64
    issues: dict[str, int] = field(default_factory=dict)
    milliseconds: dict[str, float] = field(default_factory=dict)


class TinySteward:
    """Answers every call with one card, or raises what the test says."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.fault = fault
        self.asked: list[HookRequest] = []
        self.clients: list[Client] = []
        self.times: list[datetime] = []
        self.spent: list[float] = []

    def services(self) -> list[dict[str, Any]]:
        """Discovery."""
        return [{"id": name, "hook": hook, "title": name, "description": name} for name, hook in HOOK_OF.items()]

    def hook_of(self, service: str) -> str:
        """The hook of a service, or NotFound."""
        if service not in HOOK_OF:
            raise NotFound("There is no CDS service with this id; GET /cds-services lists those that are served.")
        return HOOK_OF[service]

    def respond(self, request: HookRequest, client: Client, now: datetime, *, spent: float = 0.0) -> Answer:
        """One card, after what was asked is noted."""
        self.spent.append(spent)
        self.asked.append(request)
        self.clients.append(client)
        self.times.append(now)
        if self.fault:
            raise self.fault
        return Answer(body={"cards": [CARD]})


def missing_data() -> CdsError:
    """What the steward raises where required data are not to be had."""
    return DataUnobtainable("Cannot advise without Condition: send the prefetch that discovery lists, or give access to the FHIR server.")


def nothing_at_all() -> SimpleNamespace:
    """A steward that serves nothing (CH-013)."""
    return SimpleNamespace(services=list)
