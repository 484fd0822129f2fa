"""What prefetch lacks, fetched from the EHR's FHIR server with the token that the EHR passed (CH-056, CH-070 to CH-075, SEC-20 to SEC-24).

All keys at once, under one deadline. What is not there by then is not obtained, with words for the card; nobody waits for it, and no
call goes on after the answer (CH-074). The one place in this room that waits for others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from dataclasses import dataclass
from datetime import date
from functools import partial

from exercise_cds.errors import BadRequest
from exercise_cds.fhir.access import Access, NoAccess, access_of
from exercise_cds.fhir.addresses import address, next_address
from exercise_cds.fhir.connections import Budget, Connections
from exercise_cds.fhir.faults import Fault
from exercise_cds.fhir.paging import Lookup, Terms, next_link
from exercise_cds.fhir.plan import ReadPlan
from exercise_cds.fhir.raw import Misshapen
from exercise_cds.fhir.subjects import bare_id
from exercise_cds.fhir.templates import Query
from exercise_cds.model.client import Client
from exercise_cds.model.deadline import Deadline
from exercise_cds.model.prefetch import NotObtained, Obtained, Prefetch, PrefetchValue
from exercise_cds.net.workers import Workers
from exercise_cds.wire import HookRequest


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """How much is fetched for one answer."""

    pages: int = 10
    """Of one search."""
    entries: int = 5_000
    bytes: int = 10 * 1024 * 1024


class FhirServers:
    """The FHIR servers of all clients, as a `ResourceSource`. Thread-safe; holds connections, and nothing of a patient."""

    def __init__(
        self,
        connections: Connections,
        workers: Workers,
        *,
        limits: FetchLimits | None = None,
        count: Callable[[str], None] = lambda _result: None,
    ) -> None:
        """`count` is told the result of every query ("obtained", or a fault's label), and why a server was not called at all."""
        self._connections = connections
        self._workers = workers
        self._limits = limits or FetchLimits()
        self._count = count

    def fetch(  # noqa: PLR0913 - what a fetch depends on is handed in
        self, plan: ReadPlan, prefetch: Prefetch, request: HookRequest, client: Client, *, today: date, deadline: Deadline
    ) -> Prefetch:
        """See `ResourceSource`. Without access the prefetch is handed back as it is."""
        access = access_of(request, client)
        if isinstance(access, NoAccess):
            if access is not NoAccess.NOT_GIVEN:
                self._count(access.value)
            return prefetch
        terms = Terms(access.base, bare_id(request.patient_id), self._limits.pages, today, client.zone)
        found: dict[str, PrefetchValue] = dict(prefetch)
        lookups = []
        for lookup in self._lacking(plan, prefetch, access, terms):
            if isinstance(lookup, Lookup):
                lookups.append(lookup)
            else:
                query, fault = lookup
                found[query.key] = fault.of(query)
                self._count(fault.value.label)
        self._all_at_once(lookups, access, terms, deadline)
        for lookup in lookups:
            found[lookup.query.key] = lookup.value()
            self._count(lookup.result)
        return found

    def _lacking(self, plan: ReadPlan, prefetch: Prefetch, access: Access, terms: Terms) -> Iterator[Lookup | tuple[Query, Fault]]:
        """What is to be looked up, and what cannot be. Null is data and is left alone; a page that was sent is only followed."""
        for key, query in plan.queries.items():
            value = prefetch[key]
            fault = access.grants.fault(query.types[0], query.ask)
            facts = tuple(plan.facts[name] for name in sorted(query.facts))
            if isinstance(value, Obtained):
                further = next_address(access.base, _overleaf(value, key))
                if further is not None and fault is None:
                    yield Lookup(query, facts, further, sent=value)
            elif isinstance(value, NotObtained):
                compares = any(spec.drop_over is not None for spec in facts)
                there = address(access.base, query.template, query.ask, terms.patient_id, long_pages=compares)
                if fault is not None or there is None:
                    yield query, fault or Fault.NO_ADDRESS
                else:
                    yield Lookup(query, facts, there)

    def _all_at_once(self, lookups: list[Lookup], access: Access, terms: Terms, deadline: Deadline) -> None:
        """Run every lookup in a thread of its own, and come back when all have ended or the deadline has."""
        budget = Budget(self._limits.bytes, self._limits.entries)
        get = partial(self._connections.get, token=access.token, deadline=deadline, budget=budget)
        started: list[tuple[Lookup, Future[None]]] = []
        for lookup in lookups if deadline.left() > 0 else ():  # what is not begun is late
            future = self._workers.start(partial(lookup.run, get, terms, budget))
            if future is None:
                lookup.fault = Fault.FULL
            else:
                started.append((lookup, future))
        wait([future for _, future in started], timeout=max(deadline.left(), 0))
        for lookup, future in started:
            if future.cancel():  # no thread has come to it
                lookup.fault = Fault.FULL
            elif future.done():
                future.result()  # what rises here is our bug


def _overleaf(value: Obtained, key: str) -> object:
    """The next link of a Bundle that the EHR sent; what cannot be read is judged later, with the chart."""
    if b'"next"' not in value.text:
        return None
    try:
        return next_link(value.text, key)
    except (Misshapen, BadRequest):
        return None
