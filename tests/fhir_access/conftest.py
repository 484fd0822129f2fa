"""Certificates, servers and stewards for the tests of FHIR access."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from builders.certificates import TestAuthority, make_authority
from builders.ehr import Ehr, Story, story
from builders.fhir_server import FhirServer
from exercise_cds.fhir.connections import Connections
from exercise_cds.fhir.fetch import FetchLimits, FhirServers
from exercise_cds.net import Names
from exercise_cds.net.workers import Workers


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TestAuthority:
    """The authority that signs for the servers of this run."""
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def ehr(authority: TestAuthority) -> Iterator[Callable[..., Ehr]]:
    """Start an EHR's server with a story's resources, over TLS, and a steward with its own pool in front of it."""
    with ExitStack() as running:

        def start(
            told: Story | None = None,
            *,
            deadline: float = 0.4,
            threads: int = 32,
            limits: FetchLimits | None = None,
            ca_file: Path | None = authority.ca_file,
            environment_proxies: bool = False,
            names: Names | None = None,
            **server: Any,
        ) -> Ehr:
            told = told or story()
            playing = running.enter_context(FhirServer(**({"resources": told.resources, "tls": authority.server} | server)))
            workers = Workers(threads)
            running.callback(workers.close)
            counted: Counter[str] = Counter()
            connections = Connections(most=threads, ca_file=ca_file, environment_proxies=environment_proxies, names=names)
            source = FhirServers(connections, workers, limits=limits, count=lambda result: counted.update([result]))
            return Ehr(playing, source, counted, deadline, told)

        yield start
