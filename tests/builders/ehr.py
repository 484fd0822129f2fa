"""A steward that fetches from the server that a test plays, and the stories of fhir_examples/ to ask it about."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from builders.fhir_server import FhirServer
from exercise_cds.authoring.request_file import read_request_file
from exercise_cds.cds_service import CdsService, Examination, Serving, prepare
from exercise_cds.fhir import warm_up
from exercise_cds.fhir.fetch import FhirServers
from exercise_cds.model.client import Client
from exercise_cds.rulepack import load
from exercise_cds.wire import FhirAuthorization, HookRequest

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "token-that-nobody-may-see"
SAFE = 0.1
"""A safety claim, not a benchmark: the answer is there, and every thread is free, so many seconds after the deadline."""
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@cache
def shipped() -> Serving:
    """The shipped pack, every service of it."""
    loaded = load(ROOT / "rules" / "low-back-pain")
    assert loaded.pack is not None
    serving = prepare(loaded.pack, named_services=frozenset(loaded.pack.services))
    for plan in serving.plans.values():
        warm_up(plan)
    return serving


@dataclass(frozen=True)
class Story:
    """A story's request, and the resources that its prefetch holds."""

    request: HookRequest
    resources: tuple[Mapping[str, Any], ...]
    now: datetime


def story(name: str = "chronic-low-back-pain") -> Story:
    """One of fhir_examples/."""
    asked = read_request_file(ROOT / "fhir_examples" / name / "request.json", shipped())
    assert asked.as_of is not None
    values = [json.loads(text) for text in asked.request.prefetch.values()]
    resources = []
    for value in values:
        if value and value["resourceType"] == "Bundle":
            resources += [entry["resource"] for entry in value.get("entry", [])]
        elif value:
            resources.append(value)
    return Story(asked.request, tuple(resources), datetime.combine(asked.as_of, NOW.time(), UTC))


def authorization(**changes: Any) -> FhirAuthorization:
    """What the EHR passes."""
    whole = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.rs", "subject": "client-1"}
    return FhirAuthorization(**(whole | changes))


@dataclass
class Ehr:
    """A FHIR server, and the steward that may fetch from it."""

    server: FhirServer
    source: FhirServers
    counted: Counter[str]
    deadline: float
    told: Story
    took: float = field(default=0.0)

    @property
    def client(self) -> Client:
        """The EHR as the site configured it."""
        return Client("https://ehr.example.org", fhir_servers=frozenset({self.server.base}))

    def request(self, *sent: str, **changes: Any) -> HookRequest:
        """The story's request with these prefetch keys only, and the way to the FHIR server."""
        prefetch = {key: self.told.request.prefetch[key] for key in sent}
        access = {"fhir_server": self.server.base, "fhir_authorization": authorization()}
        return replace(self.told.request, **({"prefetch": prefetch} | access | changes))

    def ask(self, *sent: str, client: Client | None = None, **changes: Any) -> Examination:
        """What the steward finds, and in `took` how many seconds that was."""
        visit = CdsService(shipped(), source=self.source, tick=time.monotonic, fetch_seconds=self.deadline)
        began = time.monotonic()
        try:
            return visit.examine(self.request(*sent, **changes), client or self.client, self.told.now)
        finally:
            self.took = time.monotonic() - began

    def ask_in_time(self, *sent: str, **changes: Any) -> Examination:
        """The same, and the answer came by the deadline and SAFE. A busy machine is late once or twice; code that waits is late always."""
        took = []
        for _ in range(3):
            seen = self.ask(*sent, **changes)
            took.append(self.took)
            if self.took < self.deadline + SAFE:
                return seen
        raise AssertionError(f"three times later than {self.deadline + SAFE:.2f} s: {took}")

    def whys(self, seen: Examination) -> dict[str, str]:
        """By prefetch key, the words for the card of what is missing."""
        assert seen.chart is not None
        return {key: gap.why for key, gap in seen.chart.gaps.items()}
