"""What is counted at the door. One registry for each application, so that two in one process do not mix; nothing in it is a patient's."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter


class Metrics:
    """The counters, made once with the application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "exercise_cds_requests",
            "Requests answered, by service (ours, or none), status and outcome.",
            ("service", "status", "outcome"),
            registry=self.registry,
        )
        self.fhir_queries = Counter(
            "exercise_cds_fhir_queries",
            "Queries to FHIR servers, by result (obtained, or what went wrong), and calls whose FHIR server was not asked, by why.",
            ("result",),
            registry=self.registry,
        )
        self.refusals = Counter(
            "exercise_cds_refusals",
            "Requests refused, by why: the reason code of a 401 (clients.md), else the name of the error.",
            ("reason",),
            registry=self.registry,
        )
        self.feedback_entries = Counter(
            "exercise_cds_feedback_entries",
            "Entries of feedback by kind: new, repeated, and those of both that are on cards we do not know.",
            ("kind",),
            registry=self.registry,
        )
        self.odd_hook_instances = Counter(
            "exercise_cds_odd_hook_instances", "Requests whose hookInstance is no UUID; they are answered.", registry=self.registry
        )
