"""What the tests of several replicas stand on: PostgreSQL, and nginx."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from builders.nginx import MISSING, find_nginx
from builders.replicas import Replicas, an_ehr
from records.conftest import cluster, postgresql_url

__all__ = ["cluster", "postgresql_url"]


@pytest.fixture
def nginx() -> None:
    """A skip on a laptop without nginx; in CI it is a failure."""
    if find_nginx() is None:
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)


@pytest.fixture
def replicas(tmp_path: Path, postgresql_url: str) -> Iterator[Replicas]:
    """Replicas on one database, none of them started; their EHR takes 1.2 seconds for what is not prefetched."""
    with an_ehr(1.2) as fhir:
        made = Replicas.of(tmp_path, postgresql_url, fhir)
        yield made
        made.end_all()
