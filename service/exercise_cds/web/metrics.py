"""What is counted, defined here and nowhere else; `make docs` writes docs/operators/metrics.md from it.

One registry for each application, so that two in one process do not mix. No label is a patient's, a user's or a caller's own word:
services, programs, outcomes, reasons and kinds are names of ours or of the pack.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from exercise_cds.model.decision import Outcome
from exercise_cds.model.pack import RulePack

if TYPE_CHECKING:  # the steward's rooms need not be loaded to count
    from exercise_cds.cds_service import Examination

_STAGE_SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
_REQUEST_SECONDS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0)
"""An EHR waits about half a second for an answer: bounds stand close below it."""


class LogState(Protocol):
    """What the decision log tells of itself (records.LogState)."""

    @property
    def queued(self) -> int: ...  # noqa: D102 - as the log's own
    @property
    def written(self) -> int: ...  # noqa: D102
    @property
    def lost(self) -> int: ...  # noqa: D102
    @property
    def failing(self) -> str: ...  # noqa: D102


class Metrics:
    """The counters, made once with the application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._of_requests()
        self._of_answers()
        self._of_pack()
        # `labels` locks and makes texts each time; what is counted for answers has few labels, names of ours and of packs
        self._of_answer: Callable[..., Any] = functools.cache(lambda metric, *labels: metric.labels(*labels))
        self.decision_log = _DecisionLog()
        self.registry.register(self.decision_log)
        ProcessCollector(registry=self.registry)
        # what alerts count from nothing: a counter that begins with its first event has no increase to see
        for counter, first in ((self.engine_disagreements, "differ"), (self.engine_disagreements, "raised"), (self.refusals, "replayed")):
            counter.labels(first)

    def _of_requests(self) -> None:
        self.requests = Counter(
            "exercise_cds_requests",
            "Requests answered, by service (ours, or none), status and outcome.",
            ("service", "status", "outcome"),
            registry=self.registry,
        )
        self.request_seconds = Histogram(
            "exercise_cds_request_seconds",
            "Seconds from the first look at a hook call to its answer, by service; waiting for a thread is not in it.",
            ("service",),
            buckets=_REQUEST_SECONDS,
            registry=self.registry,
        )
        self.in_flight = Gauge("exercise_cds_in_flight", "Hook calls that are worked on now.", registry=self.registry)
        self.busy = Counter(
            "exercise_cds_busy", "Hook calls answered 503 at once because max_in_flight were worked on.", registry=self.registry
        )
        self.refusals = Counter(
            "exercise_cds_refusals",
            "Requests refused, by why: the reason code of a 401 (`replayed` is a token used before), else the name of the error.",
            ("reason",),
            registry=self.registry,
        )
        self.certificate_expires = Gauge(
            "exercise_cds_certificate_expires_timestamp_seconds",
            "When the certificate ends that the process itself serves with; 0 where it has none.",
            registry=self.registry,
        )
        self.failures = Counter(
            "exercise_cds_failures", "Requests answered 500: our bugs. The log line `failure` says where.", registry=self.registry
        )
        self.key_fetches = Counter(
            "exercise_cds_key_fetches",
            "Attempts to read an EHR's key set, by its configured issuer and result: obtained, or why not (docs/operators/clients.md).",
            ("issuer", "result"),
            registry=self.registry,
        )
        self.replay_local = Counter(
            "exercise_cds_replay_local",
            "Tokens that only this process looked at because the database did not answer (replay.on_failure is local).",
            registry=self.registry,
        )
        self.odd_hook_instances = Counter(
            "exercise_cds_odd_hook_instances", "Requests whose hookInstance is no UUID; they are answered.", registry=self.registry
        )
        self.feedback_entries = Counter(
            "exercise_cds_feedback_entries",
            "Entries of feedback by kind: new, repeated, and those of both that are on cards we do not know.",
            ("kind",),
            registry=self.registry,
        )
        self.fhir_queries = Counter(
            "exercise_cds_fhir_queries",
            "Queries to FHIR servers, by result (obtained, or what went wrong), and calls whose FHIR server was not asked, by why.",
            ("result",),
            registry=self.registry,
        )

    def _of_answers(self) -> None:
        self.decisions = Counter(
            "exercise_cds_decisions",
            "Answers decided, by service and outcome (docs/architecture.md, law 6); those without cards, and for silent clients, too.",
            ("service", "outcome"),
            registry=self.registry,
        )
        self.cards = Counter(
            "exercise_cds_cards",
            "Cards made, by indicator (info, warning); for silent clients, too, which do not get them.",
            ("indicator",),
            registry=self.registry,
        )
        self.programs_offered = Counter(
            "exercise_cds_programs_offered", "Programs offered, by the program's id.", ("program",), registry=self.registry
        )
        self.programs_withheld = Counter(
            "exercise_cds_programs_withheld",
            "Programs withheld, by the program's id and why: fired, or in-doubt (not everything could be checked).",
            ("program", "why"),
            registry=self.registry,
        )
        self.issues = Counter(
            "exercise_cds_issues", "Bad patient data met, by kind; the facts they touch are in doubt.", ("kind",), registry=self.registry
        )
        self.engine_disagreements = Counter(
            "exercise_cds_engine_disagreements",
            "Answers in which the two engines differed (`differ`) or one raised (`raised`): no program was offered.",
            ("how",),
            registry=self.registry,
        )
        self.stage_seconds = Histogram(
            "exercise_cds_stage_seconds",
            "Seconds of each stage of an answer: fetch (from the FHIR server), read, facts, engine, cards, and total.",
            ("stage",),
            buckets=_STAGE_SECONDS,
            registry=self.registry,
        )

    def _of_pack(self) -> None:
        self.pack_info = Gauge(
            "exercise_cds_pack_info", "1 for the rule pack that is served now.", ("pack", "version", "digest"), registry=self.registry
        )
        self.reload_attempted = Gauge(
            "exercise_cds_pack_reload_attempted_timestamp_seconds",
            "When changed rules were last tried (at the start: when they were loaded).",
            registry=self.registry,
        )
        self.reload_successful = Gauge(
            "exercise_cds_pack_reload_successful_timestamp_seconds",
            "When rules that were tried were last found good; older than the last attempt: the former pack is still served.",
            registry=self.registry,
        )
        self.reload_failures = Counter(
            "exercise_cds_pack_reload_failures",
            "Changed rules that are not served, by why: findings, trial (the engines), late, died, moved (while read), fault (ours).",
            ("why",),
            registry=self.registry,
        )
        self.paused = Gauge(
            "exercise_cds_paused",
            "What the pause file has switched off: everything (0 or 1), and how many services, rules and programs.",
            ("what",),
            registry=self.registry,
        )
        self.pause_findings = Gauge(
            "exercise_cds_pause_findings", "Mistakes in the pause file; with any, everything is paused.", registry=self.registry
        )

    def decided(self, service: str, seen: Examination, milliseconds: Mapping[str, float]) -> None:
        """Count one answer: what the steward's `observe` is given."""
        decision, of = seen.decision, self._of_answer
        of(self.decisions, service, decision.outcome.value).inc()
        for card in seen.composed.cards:
            of(self.cards, card["indicator"]).inc()
        for offered in decision.offered:
            of(self.programs_offered, offered.program).inc()
        for program, why in {(one.program, one.why.value) for one in decision.withheld}:
            of(self.programs_withheld, program, why).inc()
        for issue in seen.chart.issues if seen.chart is not None else ():
            of(self.issues, issue.kind.value).inc()
        if decision.outcome is Outcome.RULE_ERROR:
            of(self.engine_disagreements, "raised" if decision.engine_error else "differ").inc()
        for stage, spent in milliseconds.items():
            of(self.stage_seconds, stage).observe(spent / 1000)

    def serves(self, pack: RulePack) -> None:
        """Say which pack is served from now on, and what of it is paused."""
        self.pack_info.clear()
        self.pack_info.labels(pack.id, pack.version, pack.digest).set(1)
        paused = pack.paused
        self.paused.labels("everything").set(paused.everything)
        for what, names in (("services", paused.services), ("rules", paused.rules), ("programs", paused.programs)):
            self.paused.labels(what).set(len(names))


class _DecisionLog(Collector):
    """The log's own numbers, read when they are asked for; none before it is named."""

    def __init__(self) -> None:
        self.state: Callable[[], LogState] | None = None

    def describe(self) -> Iterator[Metric]:
        """The families without values: their names are known before anything is logged."""
        yield GaugeMetricFamily("exercise_cds_decision_log_queued", "Decisions that wait in memory for the database.")
        yield CounterMetricFamily("exercise_cds_decision_log_written", "Decisions that this process wrote to the database.")
        yield CounterMetricFamily("exercise_cds_decision_log_lost", "Decisions that this process could not keep.")
        yield GaugeMetricFamily("exercise_cds_decision_log_failing", "1 while the database cannot be written.")

    def collect(self) -> Iterator[Metric]:
        """The families with the log's state of this moment."""
        if self.state is None:
            return
        state = self.state()
        values = (state.queued, state.written, state.lost, 1 if state.failing else 0)
        for family, value in zip(self.describe(), values, strict=True):
            assert isinstance(family, GaugeMetricFamily | CounterMetricFamily)
            family.add_metric([], value)
            yield family
