"""The steward: one request, room by room, once each (docs/architecture.md, section 1). The only place that knows the order.

`CdsService.respond` is what the server calls; `examine` is the same visit with everything kept, for `explain`, the pack's tests and the
workbench. Clocks, uuids and what happens to the decision record are handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from exercise_cds.cards import Composed, Composer
from exercise_cds.engine import Engine, Trace
from exercise_cds.errors import BadRequest, DataUnobtainable, Forbidden, NotFound
from exercise_cds.facts import Deriver
from exercise_cds.fhir import Limits, ReadPlan, ResourceSource, plan_reads, read_chart, take_prefetch
from exercise_cds.model.chart import Chart
from exercise_cds.model.client import Client, Mode
from exercise_cds.model.deadline import Deadline
from exercise_cds.model.decision import Decision, Gate, Outcome
from exercise_cds.model.facts import Facts, states_digest
from exercise_cds.model.hooks import HOOKS
from exercise_cds.model.pack import RulePack, Service
from exercise_cds.model.prefetch import NotObtained, Prefetch
from exercise_cds.model.record import DecisionRecord
from exercise_cds.wire import HookRequest, ResponseBody

SPEC_VERSION = "2.0.1"
"""The CDS Hooks version that discovery names (CH-020)."""


@dataclass(frozen=True, slots=True)
class HookResponse:
    """What goes back to the door: the body of a 200, and what was decided, for logs and metrics."""

    body: ResponseBody
    outcome: Outcome
    decision_id: str
    digest: str
    issues: Mapping[str, int] = field(default_factory=dict)
    """Bad patient data met, counted by kind."""
    milliseconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Examination:
    """One visit with everything kept. `chart`, `facts` and `trace` are None where the visit ended before them."""

    decision_id: str
    decision: Decision
    composed: Composed
    chart: Chart | None = None
    facts: Facts | None = None
    """Of a call that was answered: all of the pack's, or those of its gates alone where it is not about the patient."""
    trace: Trace | None = None
    unobtainable: tuple[str, ...] = ()
    """Required resource types that could not be had: the answer is 412."""


@dataclass(frozen=True, slots=True)
class Serving:
    """One pack, compiled for every room; made once per digest and swapped whole, so that one answer uses one pack from start to end."""

    pack: RulePack
    engine: Engine
    deriver: Deriver
    composer: Composer
    services: Mapping[str, Service]
    plans: Mapping[str, ReadPlan]


def prepare(pack: RulePack, *, named_services: frozenset[str] = frozenset(), composer: Composer | None = None) -> Serving:
    """Compile a pack. Services that are served only where named are left out unless `named_services` has them."""
    services = {name: service for name, service in pack.services.items() if not service.if_named or name in named_services}
    return Serving(
        pack=pack,
        engine=Engine(pack),
        deriver=Deriver(pack),
        composer=composer or Composer(pack),
        services=services,
        plans={name: plan_reads(pack, name) for name in services},
    )


_AS_CHARTED: Facts = MappingProxyType({})
"""No fact stands in the place of the chart's."""


@dataclass(frozen=True, slots=True)
class _Call:
    """What is asked, who asks, when, and until when whatever is fetched for it must have come."""

    request: HookRequest
    client: Client
    now: datetime
    deadline: Deadline
    instead: Facts = field(default_factory=lambda: _AS_CHARTED)  # a mapping proxy has no hash before Python 3.12
    """What if: facts that stand in the place of the chart's."""


class _Stages:
    """Milliseconds by stage; the clock is handed in."""

    def __init__(self, tick: Callable[[], float]) -> None:
        self._tick = tick
        self._start = self._last = tick()
        self.spent: dict[str, float] = {}

    def ended(self, stage: str) -> None:
        now = self._tick()
        self.spent[stage] = (now - self._last) * 1000
        self.spent["total"] = (now - self._start) * 1000
        self._last = now


def _standing_still() -> float:
    return 0.0


def _unobserved(_service: str, _seen: Examination, _milliseconds: Mapping[str, float]) -> None:
    return


@dataclass(slots=True)
class _Held:
    """What is served, or was: how many answers are being made with it, and whether another has taken its place."""

    serving: Serving
    answers: int = 0
    retired: bool = False


class CdsService:
    """The service behind every door. Thread-safe: it holds one reference to what is served, and nothing of a patient."""

    def __init__(  # noqa: PLR0913 - all wiring comes in here, by name
        self,
        serving: Serving,
        *,
        limits: Limits | None = None,
        strict: bool = False,
        record: Callable[[DecisionRecord], None] | None = None,
        observe: Callable[[str, Examination, Mapping[str, float]], None] = _unobserved,
        new_uuid: Callable[[], str] = lambda: str(uuid4()),
        tick: Callable[[], float] = _standing_still,
        source: ResourceSource | None = None,
        fetch_seconds: float = 0.4,
    ) -> None:
        """`tick` is a monotonic clock in seconds. `source` completes what prefetch lacks; without one there is prefetch only.

        `observe` is told of every answer: its service, what was seen, milliseconds by stage.
        """
        if source is not None and tick is _standing_still:
            raise ValueError("a source needs a tick that goes forward, or its deadline never comes")
        self._held = _Held(serving)
        self._holding = Lock()
        self._limits = limits or Limits()
        self._strict = strict
        self._record = record
        self._observe = observe
        self._new_uuid = new_uuid
        self._tick = tick
        self._source = source
        self._fetch_seconds = fetch_seconds

    @property
    def serving(self) -> Serving:
        """What is served now."""
        return self._held.serving

    def swap(self, serving: Serving) -> None:
        """Serve another pack from the next request on. The former is closed when the last answer that is made with it has ended."""
        with self._holding:
            former, self._held = self._held, _Held(serving)
            former.retired = True
            over = not former.answers
        if over:
            former.serving.engine.close()

    @contextmanager
    def answering(self) -> Iterator[Serving]:
        """What is served now, kept open until the block ends: one answer is made with one pack."""
        with self._holding:
            held = self._held
            held.answers += 1
        try:
            yield held.serving
        finally:
            with self._holding:
                held.answers -= 1
                over = held.retired and not held.answers
            if over:
                held.serving.engine.close()

    def services(self) -> list[dict[str, Any]]:
        """The body of discovery (CH-010 to CH-023): nothing empty, prefetch computed from the pack."""
        serving = self.serving
        described = []
        for name, service in serving.services.items():
            entry: dict[str, Any] = {"hook": service.hook, "title": service.title, "description": service.description, "id": name}
            if templates := dict(serving.plans[name].templates):
                entry["prefetch"] = templates
            if service.usage:
                entry["usageRequirements"] = service.usage
            described.append(entry | {"version": SPEC_VERSION})
        return described

    def hook_of(self, service: str) -> str:
        """The hook that a service is advertised for; raises NotFound (CH-032)."""
        found = self.serving.services.get(service)
        if found is None:
            raise NotFound("There is no CDS service with this id; GET /cds-services lists those that are served.")
        return found.hook

    def respond(self, request: HookRequest, client: Client, now: datetime, *, spent: float = 0.0) -> HookResponse:
        """Answer one call. Raises `CdsError`; anything else that rises is our bug.

        `spent`: seconds of the call's deadline that are gone already, waiting for keys and used tokens.
        """
        stages = _Stages(self._tick)
        with self.answering() as serving:
            call = self._call(request, client, now, spent)
            seen = self._visit(serving, call, stages, all_facts=self._strict)
        self._keep(serving, call, seen, stages)
        self._observe(request.service, seen, stages.spent)
        if seen.unobtainable:
            raise DataUnobtainable(_what_is_missing(seen.unobtainable))
        silent = client.mode is Mode.SILENT
        return HookResponse(
            body={"cards": [] if silent else seen.composed.cards},
            outcome=seen.decision.outcome,
            decision_id=seen.decision_id,
            digest=serving.pack.digest,
            issues=_counted(seen.chart),
            milliseconds=stages.spent,
        )

    def visit(self, request: HookRequest, client: Client, now: datetime) -> Examination:
        """The same visit as `respond` with what it saw, and nothing recorded. A 412 is `unobtainable`, not raised."""
        with self.answering() as serving:
            return self._visit(serving, self._call(request, client, now), _Stages(self._tick))

    def examine(self, request: HookRequest, client: Client, now: datetime, *, instead: Facts = _AS_CHARTED) -> Examination:
        """A visit with every rule explained.

        `instead` asks what would be if these facts were otherwise; it is for the workbench, and no door that answers an EHR has it.
        """
        with self.answering() as serving:
            call = replace(self._call(request, client, now), instead=instead)
            seen = self._visit(serving, call, _Stages(self._tick))
            if seen.facts is None:
                return seen
            return replace(seen, trace=serving.engine.trace(request.service, seen.facts))

    def _call(self, request: HookRequest, client: Client, now: datetime, spent: float = 0.0) -> _Call:
        return _Call(request, client, now, Deadline.after(self._tick, self._fetch_seconds - spent))

    def _visit(self, serving: Serving, call: _Call, stages: _Stages, *, all_facts: bool = True) -> Examination:
        request, client = call.request, call.client
        decision_id = self._new_uuid()
        _allowed(serving, request, client)
        if request.service in serving.pack.paused.services:
            return Examination(decision_id, Decision(Outcome.PAUSED, Gate.CLOSED, Gate.CLOSED), Composed([], ()))
        if not client.patients_may_ask and request.user_id.split("/", 1)[0] in {"Patient", "RelatedPerson"}:
            return Examination(decision_id, Decision(Outcome.NOT_FOR_THIS_USER, Gate.CLOSED, Gate.CLOSED), Composed([], ()))
        plan = serving.plans[request.service]
        prefetch = take_prefetch(plan, request.prefetch)
        today = call.now.astimezone(client.zone).date()
        if self._source is not None:
            prefetch = self._source.fetch(plan, prefetch, request, client, today=today, deadline=call.deadline)
            stages.ended("fetch")
        chart = read_chart(plan, prefetch, request, today=today, zone=client.zone, limits=self._limits, strict=self._strict)
        stages.ended("read")
        facts, decision = _decided(serving, call, chart, stages, all_facts=all_facts)
        if decision.service_gate is not Gate.CLOSED and (missing := _unobtainable(serving.pack, plan, prefetch)):
            held = Decision(Outcome.DATA_UNOBTAINABLE, decision.about, decision.service_gate, decision.rules)
            return Examination(decision_id, held, Composed([], ()), chart, facts, None, missing)
        composed = serving.composer.compose(
            request.service,
            decision,
            facts,
            patient_id=request.patient_id,
            encounter_id=request.encounter_id,
            user_id=request.user_id,
            decision_id=decision_id,
            new_uuid=self._new_uuid,
            today=today,
        )
        stages.ended("cards")
        return Examination(decision_id, decision, composed, chart, facts)

    def _keep(self, serving: Serving, call: _Call, seen: Examination, stages: _Stages) -> None:
        if self._record is None:
            return
        decision, pack, request, client = seen.decision, serving.pack, call.request, call.client
        self._record(
            DecisionRecord(
                decision_id=seen.decision_id,
                at=call.now,
                service=request.service,
                hook=request.hook,
                issuer=client.issuer,
                tenant=client.tenant,
                pack=pack.id,
                version=pack.version,
                digest=pack.digest,
                outcome=decision.outcome,
                fired=decision.fired,
                offered=tuple(offer.program for offer in decision.offered),
                withheld=decision.withheld,
                cards=seen.composed.given,
                silent=client.mode is Mode.SILENT,
                facts_digest=states_digest(seen.facts) if seen.facts is not None else "",
                milliseconds=stages.spent,
                patient_id=request.patient_id,
                user_id=request.user_id,
                fhir_server=request.fhir_server,
            ),
        )


def _decided(serving: Serving, call: _Call, chart: Chart, stages: _Stages, *, all_facts: bool) -> tuple[Facts, Decision]:
    """The facts and what both engines decide of them.

    Unless `all_facts` are wanted, the gates' facts come first: of a patient whom the pack is not about no other fact can change the
    decision, so none is derived, and what only they would read is not validated.
    """
    deriver, engine = serving.deriver, serving.engine.service(call.request.service)
    known: Facts = _AS_CHARTED
    if not all_facts:
        known = deriver.derive(chart, engine.gate_facts)
        if (turned_away := engine.turned_away(known)) is not None:
            stages.ended("facts")
            stages.ended("engine")
            return known, turned_away
    facts = deriver.derive(chart, known=known)
    if call.instead:
        facts = {**facts, **call.instead}
    stages.ended("facts")
    decision = engine.decide(facts)
    stages.ended("engine")
    return facts, decision


def _allowed(serving: Serving, request: HookRequest, client: Client) -> None:
    """Whether this client may call this service for this hook; the sentences say what to change (CH-032, CH-082)."""
    service = serving.services.get(request.service)
    if service is None:
        raise NotFound("There is no CDS service with this id; GET /cds-services lists those that are served.")
    if request.hook != service.hook or request.hook not in HOOKS:
        raise BadRequest(f"This service answers the hook {service.hook}; send that in 'hook', or call the service for your hook.")
    if client.services and request.service not in client.services:
        raise Forbidden("This client may not call this service.")


def _unobtainable(pack: RulePack, plan: ReadPlan, prefetch: Prefetch) -> tuple[str, ...]:
    """The required resource types that neither prefetch nor a FHIR server gave (CH-057); null is data present, nothing found."""
    missing = {kind for key, query in plan.queries.items() if isinstance(prefetch[key], NotObtained) for kind in query.types}
    return tuple(kind for kind in pack.required if kind in missing)


def _what_is_missing(types: tuple[str, ...]) -> str:
    named = " and ".join(types)
    return f"Cannot advise without {named}: send the prefetch that discovery lists, or give access to the FHIR server."


def _counted(chart: Chart | None) -> dict[str, int]:
    counts: dict[str, int] = {}
    for issue in chart.issues if chart else ():
        counts[issue.kind.value] = counts.get(issue.kind.value, 0) + 1
    return counts
