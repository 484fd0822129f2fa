"""Every test that takes `url` or `store` runs on both databases, with real connections."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from exercise_cds.records.pseudonyms import Key, KeyRing
from exercise_cds.records.store import Store, open_store
from records.cluster import MISSING, Cluster, find_programs

KEYS = KeyRing((Key("2026", b"n" * 32), Key("2025", b"o" * 32)))


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        """What the store asks."""
        return self.now

    def forward(self, **by: float) -> None:
        """Move on by days, hours, ..."""
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    """Monday, 2 March 2026, half past nine."""
    return Clock()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One PostgreSQL server for all tests."""
    programs = find_programs()
    if programs is None:
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    cluster = Cluster(programs)
    yield cluster
    cluster.remove()


@pytest.fixture
def postgresql_url(cluster: Cluster) -> Iterator[str]:
    """An empty database on PostgreSQL."""
    url = cluster.new_database()
    yield url
    cluster.drop(url)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A file that is not there yet."""
    return f"sqlite:///{tmp_path}/records.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """An empty database of either kind."""
    found: str = request.getfixturevalue(f"{request.param}_url")
    return found


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with our schema, to be copied: migrating takes a tenth of a second, and most tests are not about it."""
    path = tmp_path_factory.mktemp("migrated") / "records.db"
    open_store(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def migrated_postgresql(cluster: Cluster) -> str:
    """A database with our schema, to be copied."""
    url = cluster.new_database()
    open_store(url).close()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of either kind with our schema and nothing in it."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_sqlite"), tmp_path / "records.db")
        yield f"sqlite:///{tmp_path}/records.db"
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    url = cluster.new_database(like=request.getfixturevalue("migrated_postgresql"))
    yield url
    cluster.drop(url)


@pytest.fixture
def opened() -> Iterator[Callable[..., Store]]:
    """`open_store`, closed again at the end."""
    stores: list[Store] = []

    def open_one(url: str, **options: object) -> Store:
        store = open_store(url, **options)  # type: ignore[arg-type]  # the tests name what open_store takes
        stores.append(store)
        return store

    yield open_one
    for store in stores:
        store.close()


@pytest.fixture
def store(migrated_url: str, clock: Clock, opened: Callable[..., Store]) -> Store:
    """An open store of either kind, with a ring of two keys and a short patience for locks."""
    return opened(migrated_url, keys=KEYS, clock=clock, lock_wait=0.3)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A skip on a laptop is said where nobody overlooks it."""
    if any(MISSING in str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])):
        terminalreporter.section("PostgreSQL was NOT tested", sep="!", red=True, bold=True)
        terminalreporter.line(MISSING)
