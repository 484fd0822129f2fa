"""Each token once (SEC-10): in memory for one process; for several, in a store that is handed in, with memory as its stand-in.

A room knows no other room: the store is a callable, `(issuer, use) -> whether this is its first sight`, which raises Unavailable.
"""

from __future__ import annotations

import hashlib
import heapq
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TypeAlias

from exercise_cds.errors import Unavailable
from exercise_cds.model.client import TokenUse
from exercise_cds.net import Workers

FirstSight: TypeAlias = "Callable[[str, TokenUse], bool]"
_RETRY_AFTER = 5


class ReplayFull(Unavailable):
    """503: so many tokens of one client are alive that no more can be remembered. Nothing unexpired is forgotten for it."""

    def __init__(self) -> None:
        super().__init__("The service cannot take more tokens of this client at the moment; ask again later.", retry_after=_RETRY_AFTER)


class ReplayUnreachable(Unavailable):
    """503: used tokens cannot be looked up within the call's deadline, or somebody else is finding out whether they can be again."""

    def __init__(self) -> None:
        super().__init__(
            "The service cannot look up used tokens at the moment; send the same request again later.", retry_after=_RETRY_AFTER
        )


@dataclass(slots=True)
class _Seen:
    """One client's tokens: digest -> whether it counts as used, and the same in the order in which they end."""

    used: dict[bytes, bool] = field(default_factory=dict)
    ending: list[tuple[datetime, bytes]] = field(default_factory=list)


class ReplayMemory:
    """Thread-safe. At most `most` tokens of each client; its clients are the configured ones, so there are few."""

    def __init__(self, most: int, clock: Callable[[], datetime]) -> None:
        self._most = most
        self._clock = clock
        self._seen: dict[str, _Seen] = {}
        self._lock = threading.Lock()

    def first_sight(self, issuer: str, use: TokenUse) -> bool:
        """Remember a use; False where this token was used before. Raises ReplayFull."""
        digest = _digest(use)
        with self._lock:
            seen = self._of(issuer)
            if seen.used.get(digest, False):
                return False
            if digest not in seen.used:
                if len(seen.used) >= self._most:
                    raise ReplayFull
                heapq.heappush(seen.ending, (use.expires, digest))
            seen.used[digest] = True
            return True

    def holds(self, issuer: str, use: TokenUse) -> bool:
        """Whether this token was used before."""
        with self._lock:
            return self._of(issuer).used.get(_digest(use), False)

    def give_back(self, issuer: str, use: TokenUse) -> None:
        """The call came to nothing, so its token was not used."""
        with self._lock:
            seen, digest = self._of(issuer), _digest(use)
            if digest in seen.used:
                seen.used[digest] = False

    def count(self) -> int:
        """How many tokens are remembered."""
        with self._lock:
            return sum(len(seen.used) for seen in self._seen.values())

    def _of(self, issuer: str) -> _Seen:
        """A client's tokens, the ended ones forgotten."""
        seen = self._seen.setdefault(issuer, _Seen())
        now = self._clock()
        while seen.ending and seen.ending[0][0] < now:
            seen.used.pop(heapq.heappop(seen.ending)[1], None)
        return seen


class OneAsksWhileDown:
    """A store that does not answer takes seconds to say so: meanwhile one call asks it, and others hear 503 at once."""

    def __init__(self, shared: FirstSight) -> None:
        self._shared = shared
        self._failing = False
        self._asking = threading.Lock()

    def first_sight(self, issuer: str, use: TokenUse) -> bool:
        """As the store says. Raises Unavailable."""
        if not self._failing:
            return self._ask(issuer, use)
        if not self._asking.acquire(blocking=False):
            raise ReplayUnreachable
        try:
            return self._ask(issuer, use)
        finally:
            self._asking.release()

    def _ask(self, issuer: str, use: TokenUse) -> bool:
        try:
            fresh = self._shared(issuer, use)
        except Unavailable:
            self._failing = True
            raise
        self._failing = False
        return fresh


class AskedInTime:
    """A store that may hang for seconds, asked by threads of its own: a call waits for it until its deadline and no longer.

    What hangs then goes on behind the call: such a token may count as used though its call was refused. So many hang at most as there
    are threads; what does not find one is refused at once.
    """

    def __init__(self, shared: FirstSight, workers: Workers, seconds: float) -> None:
        self._shared = shared
        self._workers = workers
        self._seconds = seconds

    def first_sight(self, issuer: str, use: TokenUse) -> bool:
        """As the store says. Raises Unavailable."""
        asking = self._workers.start(partial(self._shared, issuer, use))
        if asking is None:
            raise ReplayUnreachable
        try:
            return asking.result(self._seconds)
        except TimeoutError:
            asking.cancel()  # where no thread has come to it yet, the token is not used
            raise ReplayUnreachable from None


class LocalWhenDown:
    """`replay.on_failure: local`: while the shared store does not answer, this process remembers by itself; others do not hear of it."""

    def __init__(self, shared: FirstSight, local: ReplayMemory, count: Callable[[], None] = lambda: None) -> None:
        """`count` is told of every token that only this process looked at."""
        self._shared = shared
        self._local = local
        self._count = count

    def first_sight(self, issuer: str, use: TokenUse) -> bool:
        """As the store says; as memory says where the store does not. What memory took meanwhile stays taken."""
        try:
            fresh = self._shared(issuer, use)
        except Unavailable:
            self._count()
            return self._local.first_sight(issuer, use)
        return fresh and not self._local.holds(issuer, use)


def _digest(use: TokenUse) -> bytes:
    """A jti may be as long as a header allows."""
    return hashlib.sha256(use.jti.encode("utf-8", "surrogatepass")).digest()
