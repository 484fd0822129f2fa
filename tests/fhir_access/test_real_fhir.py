"""A FHIR server that is not ours: its searches, its pages, its errors, and its silence about what it does not know."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import requests

from builders.ehr import ROOT, Story, authorization, shipped, story
from builders.helios import HOW, IS_INSTALLED, helios, put
from exercise_cds.cds_service import CdsService, Examination
from exercise_cds.fhir.connections import Connections
from exercise_cds.fhir.fetch import FetchLimits, FhirServers
from exercise_cds.fhir.folder import answered
from exercise_cds.model.client import ANONYMOUS, Client
from exercise_cds.net.workers import Workers

pytestmark = [pytest.mark.real_fhir, pytest.mark.skipif(not IS_INSTALLED, reason=HOW)]
STORIES = sorted(path.parent.name for path in (ROOT / "fhir_examples").glob("*/story.yaml"))
WHOLE = [name for name in STORIES if name not in {"conditions-not-sent", "procedures-not-sent"}]
PAGE = 10


def as_patient(name: str) -> Story:
    """A story whose patient and resources have ids of their own, so that all stories fit into one server."""
    told = story(name)
    text = json.dumps(list(told.resources)).replace('"Patient/example"', f'"Patient/{name}"')
    resources = json.loads(text)
    for number, resource in enumerate(resources):
        resource["id"] = name if resource["resourceType"] == "Patient" else f"{name}-{number}"
    drafts = told.request.drafts.replace(b'"Patient/example"', f'"Patient/{name}"'.encode())
    request = replace(told.request, patient_id=name, drafts=drafts)
    return Story(request, tuple(resources), told.now)


@dataclass
class Real:
    """A steward in front of the server."""

    base: str
    source: FhirServers
    counted: Counter[str]

    def ask(self, told: Story, prefetch: Mapping[str, bytes] | None = None) -> Examination:
        """The story with nothing prefetched, or with this."""
        visit = CdsService(shipped(), source=self.source, tick=time.monotonic, fetch_seconds=20)
        client = Client("https://ehr.example.org", fhir_servers=frozenset({self.base}))
        access = {"fhir_server": self.base, "fhir_authorization": authorization()}
        return visit.examine(replace(told.request, prefetch=prefetch or {}, **access), client, told.now)


def _real(base: str, workers: Workers) -> Real:
    counted: Counter[str] = Counter()
    source = FhirServers(Connections(most=8), workers, limits=FetchLimits(), count=lambda result: counted.update([result]))
    return Real(base, source, counted)


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    """A pool for this module."""
    made = Workers(8)
    yield made
    made.close()


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server, with every story in it."""
    with helios(tmp_path_factory.mktemp("helios"), page=PAGE) as url:
        for name in WHOLE:
            put(url, as_patient(name).resources)
        yield url


@pytest.mark.parametrize("name", WHOLE)
def test_every_story_ends_as_if_it_were_prefetched(base: str, workers: Workers, name: str) -> None:
    """Bare ids, codes with systems, categories, newest first: the server understands what we ask, and the decision is the same."""
    told, real = as_patient(name), _real(base, workers)
    fetched = real.ask(told)
    plan = shipped().plans[told.request.service]
    sent = CdsService(shipped()).examine(replace(told.request, prefetch=answered(plan, told.resources)), ANONYMOUS, told.now)
    assert fetched.decision == sent.decision
    assert fetched.chart is not None
    assert fetched.chart.gaps == {}
    assert real.counted == Counter({"obtained": len(plan.queries)})


def test_its_pages_are_followed(base: str, workers: Workers) -> None:
    """Twenty-five conditions come on three pages with links of the server's own making, and all of them are read."""
    told = as_patient("chronic-low-back-pain")
    subject = {"reference": "Patient/many"}
    more = [{"resourceType": "Condition", "id": f"many-{n}", "subject": subject, "code": {"text": "hay fever"}} for n in range(24)]
    back = [{**one, "id": f"many-x{n}", "subject": subject} for n, one in enumerate(told.resources) if one["resourceType"] == "Condition"]
    put(base, [{"resourceType": "Patient", "id": "many", "birthDate": "1980-01-01"}, *more, *back])
    first = requests.get(f"{base}/Condition?patient=many&_count=200", timeout=10).json()
    assert len(first["entry"]) == PAGE
    seen = _real(base, workers).ask(replace(told, request=replace(told.request, patient_id="many")))
    assert seen.chart is not None
    assert seen.chart.gaps == {}
    assert seen.decision.offered


def test_a_patient_that_it_does_not_know_is_412(base: str, workers: Workers) -> None:
    """Its 404 for the Patient is not obtained, and Patient is required."""
    told = as_patient("chronic-low-back-pain")
    real = _real(base, workers)
    seen = real.ask(replace(told, request=replace(told.request, patient_id="nobody")))
    assert seen.unobtainable == ("Patient",)
    assert real.counted["not-found"] == 1


def test_a_server_that_ignores_whom_we_ask_about_is_not_believed(workers: Workers, tmp_path: Path) -> None:
    """Started without FHIR's search parameters it answers with everybody's resources: what is foreign is not used, and doubted."""
    told = as_patient("chronic-low-back-pain")
    others: list[dict[str, Any]] = [dict(one) for one in as_patient("cauda-equina-suspected").resources]
    with helios(tmp_path, knows_parameters=False, page=100) as url:
        put(url, [*told.resources, *others])
        seen = _real(url, workers).ask(told)
    assert seen.chart is not None
    assert seen.chart.gaps["conditions"].why == "conditions are not all known to be this patient's"
    ids = {entry.resource.id for entries in seen.chart.entries.values() for entry in entries}
    assert not [id_ for id_ in ids if id_.startswith("cauda-equina-suspected")]
    plan = shipped().plans[told.request.service]
    full = CdsService(shipped()).examine(replace(told.request, prefetch=answered(plan, told.resources)), ANONYMOUS, told.now)
    programs = {offer.program for offer in full.decision.offered}
    assert {offer.program for offer in seen.decision.offered if not offer.fallback} <= programs
