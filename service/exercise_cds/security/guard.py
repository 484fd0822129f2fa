"""Who asks: the one place where a token becomes a `Client` (SEC-01 to SEC-11). The web gets a `Guard` and knows nothing of tokens.

The order of looks (CH-138): the token's form, its issuer, audience, times and tenant, then its signature, then whether it was used
before. What is cheap comes first, and nothing is remembered of a token whose signature is not good.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import Enum

from werkzeug.datastructures import Headers

from exercise_cds.errors import Unauthorized
from exercise_cds.model.client import Admission, Client, TokenUse
from exercise_cds.security.claims import Bounds, Unverified, look_at_times, read
from exercise_cds.security.keys import Keys
from exercise_cds.security.replay import FirstSight, ReplayMemory

_PATH = re.compile(r"/cds-services(?:/([^/]+)(/feedback)?)?")


class Endpoint(Enum):
    """What is called: each has audiences of its own, so a token for one is none for another (SEC-08)."""

    DISCOVERY = "discovery"
    SERVICE = "service"
    FEEDBACK = "feedback"


@dataclass(frozen=True, slots=True)
class Trusted:
    """One configured client: what its tokens must say, and the `Client` that they make of a caller."""

    client: Client
    keys: Keys
    algorithms: frozenset[str]
    jku: str | None = None
    jku_may_differ: bool = False
    """Its keys are pinned in a file and no `jku` is configured: what its tokens name is not looked at, and never fetched."""
    tenants: frozenset[str] = frozenset()
    audiences: Mapping[Endpoint, frozenset[str]] = field(default_factory=dict)
    reuses_tokens: bool = False


class Guard:
    """Thread-safe. `guard(headers, path)` is who asks; `lend` is the same for calls that write their token's use down themselves."""

    def __init__(  # noqa: PLR0913 - all wiring comes in here, by name
        self,
        clients: Sequence[Trusted],
        *,
        base_url: str,
        first_sight: FirstSight,
        lent: ReplayMemory,
        clock: Callable[[], datetime],
        bounds: Bounds | None = None,
    ) -> None:
        """`base_url` is the service's address as clients know it. `lent` remembers tokens of `lend` that are under way or used."""
        self.clients: Mapping[str, Trusted] = {trusted.client.issuer: trusted for trusted in clients}
        self._base = f"{base_url.rstrip('/')}/cds-services"
        self._first_sight = first_sight
        self._lent = lent
        self._clock = clock
        self._bounds = bounds or Bounds()

    def __call__(self, headers: Headers, path: str) -> Client:
        """Who asks; the token is used by it. Raises Unauthorized; Unavailable where used tokens cannot be looked up."""
        token, trusted = self._verified(headers, path)
        client = _client(trusted, token)
        use = self._use(trusted, token)
        if use is not None and not self._first_sight(client.issuer, use):
            raise _told("replayed", token)
        return client

    @contextmanager
    def lend(self, headers: Headers, path: str) -> Iterator[Admission]:
        """Who asks, for a call that stores something: the token counts as used when the block ends well, and not where it raises.

        Whoever stores writes the use in the same transaction, so that several processes see one use; this process sees it at once.
        """
        token, trusted = self._verified(headers, path)
        use = self._use(trusted, token)
        if use is None:
            yield Admission(_client(trusted, token))
            return
        issuer = trusted.client.issuer
        if not self._lent.first_sight(issuer, use):
            raise _told("replayed", token)
        try:
            yield Admission(_client(trusted, token), use)
        except BaseException:
            self._lent.give_back(issuer, use)
            raise

    def prewarm(self) -> None:
        """Begin to read every key set, so that no call waits for one (SEC-07)."""
        for trusted in self.clients.values():
            trusted.keys.prewarm()

    def _verified(self, headers: Headers, path: str) -> tuple[Unverified, Trusted]:
        token = read(headers.get("Authorization"))
        trusted = self.clients.get(token.issuer)
        if trusted is None:
            raise Unauthorized("issuer")  # a name that is not ours is not repeated, not even to the log
        if not token.audiences & self._audiences(trusted, path):
            raise Unauthorized("audience", issuer=token.issuer)
        look_at_times(token, self._clock().timestamp(), self._bounds)
        if trusted.tenants and token.tenant not in trusted.tenants:
            raise Unauthorized("tenant", issuer=token.issuer)
        _look_at_signature(token, trusted)
        return token, trusted

    def _audiences(self, trusted: Trusted, path: str) -> frozenset[str]:
        """What `aud` may be for this path, compared exactly, final slash and all (SEC-08)."""
        found = _PATH.fullmatch(path)
        if found is None:
            return frozenset()
        name, feedback = found.groups()
        endpoint = Endpoint.FEEDBACK if feedback else Endpoint.SERVICE if name else Endpoint.DISCOVERY
        service = f"{self._base}/{name}"
        own = {Endpoint.DISCOVERY: self._base, Endpoint.SERVICE: service, Endpoint.FEEDBACK: f"{service}/feedback"}[endpoint]
        # an address of ours that is listed counts for what it names, and for nothing else
        foreign = {alias for alias in trusted.audiences.get(endpoint, ()) if alias != self._base and not alias.startswith(f"{self._base}/")}
        lent = {service} & trusted.audiences.get(endpoint, frozenset()) if endpoint is Endpoint.FEEDBACK else frozenset()
        return frozenset({own}) | foreign | lent

    def _use(self, trusted: Trusted, token: Unverified) -> TokenUse | None:
        if trusted.reuses_tokens:
            return None
        ends = datetime.fromtimestamp(token.expires, UTC) + timedelta(seconds=self._bounds.leeway)
        return TokenUse(token.jti, ends)


def _look_at_signature(token: Unverified, trusted: Trusted) -> None:
    """The algorithm is the client's, the key is the configured one's, and of that algorithm (SEC-03, SEC-05)."""
    if token.algorithm not in trusted.algorithms:
        raise Unauthorized("algorithm", issuer=token.issuer)
    if token.jku is not None and token.jku != trusted.jku and not trusted.jku_may_differ:
        raise Unauthorized("jku", issuer=token.issuer)
    key = trusted.keys.find(token.kid, token.algorithm)
    if key is None:
        raise Unauthorized("algorithm" if trusted.keys.knows(token.kid) else "unknown-key", issuer=token.issuer)
    if not key.signed(token.algorithm, token.signed, token.signature):
        raise Unauthorized("signature", issuer=token.issuer)


def _client(trusted: Trusted, token: Unverified) -> Client:
    return replace(trusted.client, tenant=token.tenant) if token.tenant != trusted.client.tenant else trusted.client


def _told(reason: str, token: Unverified) -> Unauthorized:
    """A refusal of a token whose signature is good: its names may be logged (CH-139)."""
    return Unauthorized(reason, issuer=token.issuer, tenant=token.tenant, jti=token.jti)
