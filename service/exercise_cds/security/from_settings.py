"""From settings to a `Guard`: keys, audiences, replay. What cannot work is said in sentences, before anything listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from exercise_cds.model.client import Client, Mode
from exercise_cds.net import Names, Workers
from exercise_cds.security.claims import Bounds
from exercise_cds.security.guard import Endpoint, Guard, Trusted
from exercise_cds.security.key_source import from_file, from_url
from exercise_cds.security.keys import Keys, KeysUnavailable, Patience, read_set
from exercise_cds.security.replay import AskedInTime, FirstSight, LocalWhenDown, OneAsksWhileDown, ReplayMemory
from exercise_cds.settings import ClientSettings, Settings, UnusableSettings

_ASKING = 8
"""Threads that ask the shared store of used tokens: as many as it has connections."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Who is told, for the metrics: `keys` of every attempt to read a key set (issuer, "obtained" or why not), `local` of every token
    that only this process looked at because the shared store did not answer.
    """  # noqa: D205 - one paragraph

    keys: Callable[[str, str], None] = lambda _issuer, _result: None
    local: Callable[[], None] = lambda: None


def guard_of(
    settings: Settings,
    *,
    clock: Callable[[], datetime],
    tick: Callable[[], float],
    shared: FirstSight | None = None,
    counts: Counts | None = None,
) -> Guard:
    """The guard that the settings describe. `shared` is the store of used tokens, for `replay.store: database`.

    Raises UnusableSettings: no base_url, no clients, a key file that is none, an alias that would mix two endpoints.
    """
    base = settings.base_url
    faults = [*_faults(settings)]
    if faults or base is None:
        raise UnusableSettings(tuple(faults))
    names, counts = Names(), counts or Counts()
    memory = ReplayMemory(settings.replay.most, clock)
    first_sight: FirstSight = memory.first_sight
    if settings.replay.store == "database":
        if shared is None:
            raise ValueError("replay.store is database, so guard_of needs the store")
        in_time = AskedInTime(shared, Workers(_ASKING, "used tokens"), settings.deadline_ms / 1000)
        first_sight = OneAsksWhileDown(in_time.first_sight).first_sight
        if settings.replay.on_failure == "local":
            first_sight = LocalWhenDown(first_sight, memory, counts.local).first_sight
    return Guard(
        [_trusted(client, settings, _keys(client, settings, tick, names, counts)) for client in settings.clients],
        base_url=base,
        first_sight=first_sight,
        lent=memory,
        clock=clock,
        bounds=Bounds(settings.tokens.leeway_seconds, settings.tokens.life_seconds),
    )


def _faults(settings: Settings) -> Iterator[str]:
    if settings.base_url is None:
        yield "base_url is missing: tokens are made for it, so set the address as EHRs know it, such as https://cds.example.org"
    if not settings.clients:
        yield "clients is empty while authentication is on: nobody could call; list the EHRs that may (docs/operators/clients.md)"
    for place, client in enumerate(settings.clients):
        if client.jwks_file is not None and (fault := _file_fault(client)):
            yield f"clients[{place}].jwks_file: {fault}"
        for alias in (*client.audiences, *client.discovery_audiences):
            if alias.startswith(f"{settings.base_url}/cds-services"):
                yield f"clients[{place}]: {alias} is an address of this service, which counts for what it names: take it off the audiences"


def _file_fault(client: ClientSettings) -> str:
    path = client.jwks_file
    assert path is not None
    try:
        read_set(from_file(path))
    except KeysUnavailable as fault:
        return f"{path} is no file with a JWK set of usable public keys ({fault.reason})"
    return ""


def _trusted(client: ClientSettings, settings: Settings, keys: Keys) -> Trusted:
    return Trusted(
        client=Client(
            issuer=client.issuer,
            zone=ZoneInfo(client.time_zone or settings.time_zone),
            fhir_servers=frozenset(client.fhir_servers),
            services=frozenset(client.services),
            mode=Mode(client.mode),
            patients_may_ask=client.patients_may_ask,
        ),
        keys=keys,
        algorithms=frozenset(client.algorithms),
        jku=client.jku,
        jku_may_differ=client.jku is None,
        tenants=frozenset(client.tenants),
        audiences={
            Endpoint.DISCOVERY: frozenset(client.discovery_audiences),
            Endpoint.SERVICE: frozenset(client.audiences),
            Endpoint.FEEDBACK: frozenset(client.feedback_audiences),
        },
        reuses_tokens=client.reuses_tokens,
    )


def _keys(client: ClientSettings, settings: Settings, tick: Callable[[], float], names: Names, counts: Counts) -> Keys:
    path, url, ca_file = client.jwks_file, client.jku, settings.tokens.key_ca_file

    def fetch() -> bytes:
        if path is not None:
            return from_file(path)
        assert url is not None
        return from_url(url, names=names, ca_file=ca_file)

    return Keys(fetch, issuer=client.issuer, tick=tick, patience=Patience(wait=settings.deadline_ms / 1000), count=counts.keys)
