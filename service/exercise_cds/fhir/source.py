"""Where FHIR resources come from when the EHR did not send them: a FHIR server (`fetch.py`), or a folder (`folder.py`)."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from exercise_cds.fhir.plan import ReadPlan
from exercise_cds.model.client import Client
from exercise_cds.model.deadline import Deadline
from exercise_cds.model.prefetch import Prefetch
from exercise_cds.wire import HookRequest


class ResourceSource(Protocol):
    """Completes a prefetch."""

    def fetch(  # noqa: PLR0913 - what a fetch depends on is handed in
        self, plan: ReadPlan, prefetch: Prefetch, request: HookRequest, client: Client, *, today: date, deadline: Deadline
    ) -> Prefetch:
        """The same keys with what could be had in place of what was not obtained. `Nothing` is data, and stays (CH-053).

        Returns by the deadline, whatever the other side does, and never raises for what the other side did.
        """
