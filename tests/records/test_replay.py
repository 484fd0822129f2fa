"""SEC-10: a token counts once, whichever process sees it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

from exercise_cds.records import schema
from exercise_cds.records.replay import ReplayStore, TokenUse
from exercise_cds.records.store import Store
from records.builders import count
from records.conftest import Clock


def _use(clock: Clock, jti: str = "1") -> TokenUse:
    return TokenUse(jti, clock.now + timedelta(minutes=5))


def test_a_token_counts_once(store: Store, clock: Clock) -> None:
    """The second sight of (issuer, jti) is refused; the same jti of another issuer is another token."""
    replay = ReplayStore(store)
    assert replay.first_sight("https://a.example", _use(clock))
    assert not replay.first_sight("https://a.example", _use(clock))
    assert replay.first_sight("https://b.example", _use(clock))


def test_issuer_and_jti_are_kept_apart(store: Store, clock: Clock) -> None:
    """Issuer "a" with jti "bc" is not issuer "ab" with jti "c"."""
    replay = ReplayStore(store)
    assert replay.first_sight("a", _use(clock, "bc"))
    assert replay.first_sight("ab", _use(clock, "c"))


def test_any_jti_fits(store: Store, clock: Clock) -> None:
    """A jti of eight thousand characters, or with a NUL, is a token like any other."""
    replay = ReplayStore(store)
    for jti in ("x" * 8000, "a\x00b", "\ud800"):
        assert replay.first_sight("i", _use(clock, jti))
        assert not replay.first_sight("i", _use(clock, jti))


def test_only_one_of_many_at_once_is_first(store: Store, clock: Clock) -> None:
    """Eight threads that show the same ten tokens at once are told "first" ten times in all."""
    replay = ReplayStore(store)
    firsts: list[str] = []

    def show() -> None:
        firsts.extend(jti for jti in map(str, range(10)) if replay.first_sight("i", _use(clock, jti)))

    threads = [threading.Thread(target=show) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(firsts) == sorted(map(str, range(10)))


def test_expired_tokens_are_forgotten(store: Store, clock: Clock) -> None:
    """A token is remembered past its expiry for as long as a slow clock might take it for valid, and then forgotten."""
    replay = ReplayStore(store)
    use = _use(clock)
    replay.first_sight("i", use)
    clock.forward(minutes=9)
    assert replay.purge() == 0
    assert not replay.first_sight("i", use)
    clock.forward(minutes=2)
    assert replay.first_sight("i", _use(clock))
    assert not replay.first_sight("i", _use(clock))
    clock.forward(minutes=11)
    assert replay.purge() == 1
    assert count(store, schema.tokens) == 0


def test_a_replica_whose_clock_is_ahead_frees_no_token(migrated_url: str, opened: Callable[..., Store]) -> None:
    """The clocks of two replicas are four minutes apart; the one ahead tidies up: a token that the other still takes stays used at both."""
    behind, ahead = Clock(), Clock()
    ahead.forward(minutes=4)
    slow, fast = (ReplayStore(opened(migrated_url, clock=clock)) for clock in (behind, ahead))
    use = TokenUse("j", behind.now + timedelta(minutes=1))
    assert slow.first_sight("i", use)
    for clock in (behind, ahead):
        clock.forward(seconds=59)
    assert fast.purge() == 0
    assert not fast.first_sight("i", use)
    assert not slow.first_sight("i", use)
