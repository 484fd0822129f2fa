"""Each token once, in memory: bounded, and nothing alive is forgotten."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from werkzeug.datastructures import Headers

from builders.tokens import FEEDBACK, ISSUER, NOW, SERVICE, a_token, bearer, trusting
from exercise_cds.errors import Unauthorized, Unavailable
from exercise_cds.model.client import TokenUse
from exercise_cds.net import Workers
from exercise_cds.security import FirstSight, Guard, ReplayFull, ReplayMemory, guard_of
from exercise_cds.security.replay import AskedInTime, LocalWhenDown, OneAsksWhileDown, ReplayUnreachable
from exercise_cds.settings import Settings


class _Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> _Clock:
    """A clock that stands still until it is moved."""
    return _Clock()


def _use(name: str, seconds: int = 300) -> TokenUse:
    return TokenUse(name, NOW + timedelta(seconds=seconds))


def test_the_second_sight_is_none(clock: _Clock) -> None:
    """SEC-10: a token is new once; another client's token of the same jti is another token."""
    memory = ReplayMemory(100, clock)
    assert memory.first_sight("a", _use("j"))
    assert not memory.first_sight("a", _use("j"))
    assert memory.first_sight("b", _use("j"))


def test_what_is_alive_is_never_forgotten(clock: _Clock) -> None:
    """SEC-10: at the cap the answer is 503 with Retry-After; no token that could be used again makes room for another."""
    memory = ReplayMemory(3, clock)
    for name in "abc":
        assert memory.first_sight("a", _use(name))
    with pytest.raises(ReplayFull) as fault:
        memory.first_sight("a", _use("d"))
    assert (fault.value.status, fault.value.retry_after) == (503, 5)
    assert not memory.first_sight("a", _use("a"))
    assert memory.first_sight("b", _use("d")), "the cap is per issuer"


def test_what_has_ended_makes_room(clock: _Clock) -> None:
    """SEC-10: a token is remembered until it ends, leeway and all, and not a moment longer."""
    memory = ReplayMemory(2, clock)
    assert memory.first_sight("a", _use("short", 10))
    assert memory.first_sight("a", _use("long", 300))
    clock.now += timedelta(seconds=10)
    assert not memory.first_sight("a", _use("short", 10))
    clock.now += timedelta(seconds=1)
    assert memory.first_sight("a", _use("new", 300))
    assert memory.count() == 2


def test_giving_back_takes_no_room(clock: _Clock) -> None:
    """A call that is refused 503 again and again with one token fills nothing."""
    memory = ReplayMemory(2, clock)
    for _ in range(100):
        assert memory.first_sight("a", _use("j"))
        memory.give_back("a", _use("j"))
    assert memory.count() == 1
    clock.now += timedelta(seconds=301)
    assert not memory.holds("a", _use("j"))
    assert memory.count() == 0


def test_of_many_at_once_one_is_first(clock: _Clock) -> None:
    """SEC-10: of sixteen threads with one token exactly one gets through."""
    memory = ReplayMemory(100, clock)
    gate = threading.Barrier(16)

    def ask(_: int) -> bool:
        gate.wait(5)
        return memory.first_sight("a", _use("j"))

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(ask, range(16))) == 1


class _Store:
    """A shared store that can be gone."""

    def __init__(self) -> None:
        self.gone = False
        self.seen: set[tuple[str, str]] = set()

    def first_sight(self, issuer: str, use: TokenUse) -> bool:
        """As the records' own."""
        if self.gone:
            raise Unavailable("gone", retry_after=5)
        fresh = (issuer, use.jti) not in self.seen
        self.seen.add((issuer, use.jti))
        return fresh


def test_memory_stands_in_while_the_store_is_gone(clock: _Clock) -> None:
    """SEC-10: with on_failure local, a token taken in memory during a failure stays used when the store is back."""
    store = _Store()
    counted: list[int] = []
    both = LocalWhenDown(store.first_sight, ReplayMemory(100, clock), lambda: counted.append(1))
    assert both.first_sight("a", _use("before"))
    store.gone = True
    assert both.first_sight("a", _use("during"))
    assert not both.first_sight("a", _use("during"))
    store.gone = False
    assert not both.first_sight("a", _use("during"))
    assert not both.first_sight("a", _use("before"))
    assert len(counted) == 2


def test_a_store_that_hangs_keeps_one_thread() -> None:
    """SEC-10: while the store takes long to fail, one call asks it and the others are refused at once; the first that works ends it."""
    store, hanging, asked = _Store(), threading.Event(), threading.Event()

    def slow(issuer: str, use: TokenUse) -> bool:
        asked.set()
        hanging.wait(5)
        return store.first_sight(issuer, use)

    both = OneAsksWhileDown(slow)
    store.gone = True
    hanging.set()
    with pytest.raises(Unavailable):
        both.first_sight("a", _use("one"))
    hanging.clear()
    asked.clear()
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(both.first_sight, "a", _use("two"))
        assert asked.wait(5)
        for _ in range(10):
            with pytest.raises(ReplayUnreachable):
                both.first_sight("a", _use("three"))
        store.gone = False
        hanging.set()
        assert asking.result()
    assert both.first_sight("a", _use("three"))
    assert not both.first_sight("a", _use("two"))


def test_a_store_that_hangs_is_waited_for_until_the_deadline() -> None:
    """SEC-10: a hanging store costs a call its deadline, and no more threads than there are, however many calls come.

    A token that it took behind a refused call is used.
    """
    store, gate, workers = _Store(), threading.Event(), Workers(2, "test of used tokens")

    def hangs(issuer: str, use: TokenUse) -> bool:
        assert gate.wait(30)
        return store.first_sight(issuer, use)

    asked = AskedInTime(hangs, workers, 0.02)
    before = threading.active_count()
    for number in range(20):
        with pytest.raises(ReplayUnreachable):
            asked.first_sight("a", _use(f"hung-{number}"))
    assert threading.active_count() <= before + 2
    gate.set()
    workers.close()
    assert store.seen == {("a", "hung-0"), ("a", "hung-1")}
    assert AskedInTime(hangs, workers, 30).first_sight("a", _use("hung-19"))
    assert not AskedInTime(hangs, workers, 30).first_sight("a", _use("hung-0"))
    workers.close()


def _guard(folder: Path, clock: Callable[[], datetime], shared: FirstSight | None = None, **replay: str) -> Guard:
    settings = Settings(**trusting(folder), replay=replay)
    return guard_of(settings, clock=clock, tick=lambda: 0.0, shared=shared)


def test_a_store_that_is_gone_closes_the_door(tmp_path: Path, clock: _Clock) -> None:
    """SEC-10: by default the answer is 503 with Retry-After while used tokens cannot be looked up; the token stays good."""
    store = _Store()
    guard = _guard(tmp_path, clock, store.first_sight, store="database")
    headers = Headers(bearer(a_token()))
    store.gone = True
    with pytest.raises(Unavailable):
        guard(headers, SERVICE)
    store.gone = False
    assert guard(headers, SERVICE).issuer == ISSUER


def test_a_lent_token_is_used_when_the_call_ends_well(tmp_path: Path, clock: _Clock) -> None:
    """CH-127, SEC-10: a feedback call that fails gives its token back; one that is answered has used it, here and for services."""
    guard = _guard(tmp_path, clock)
    headers = Headers(bearer(a_token(FEEDBACK)))
    with pytest.raises(Unavailable), guard.lend(headers, FEEDBACK):
        raise Unavailable("the store is gone")
    with guard.lend(headers, FEEDBACK) as admitted:
        assert admitted.client.issuer == ISSUER
        with pytest.raises(Unauthorized), guard.lend(headers, FEEDBACK):
            pytest.fail("two calls at once had one token")
    with pytest.raises(Unauthorized), guard.lend(headers, FEEDBACK):
        pytest.fail("a token was used twice")


def test_a_lent_token_ends_with_its_leeway(tmp_path: Path, clock: _Clock) -> None:
    """SEC-10: what is written down of a token is its jti, and when nobody takes it any more: exp and leeway."""
    guard = _guard(tmp_path, clock)
    with guard.lend(Headers(bearer(a_token(FEEDBACK, jti="j1"))), FEEDBACK) as admitted:
        assert admitted.use == TokenUse("j1", NOW + timedelta(seconds=360))
