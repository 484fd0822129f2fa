"""Spans of requests for a collector of OpenTelemetry: an extra, loaded only where the settings name a collector.

A span is written when its request has ended, from what the log line has, and holds no more than that: no path, no query, no header, no
issuer, no exception's text. Nothing is handed on to FHIR servers. The stages of an answer are spans below it.
"""

from __future__ import annotations

import re
import time

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags, set_span_in_context

from exercise_cds import __version__
from exercise_cds.web.said import Ended, Said

_SECONDS = 5
"""For one batch: a collector that hangs keeps a thread of its own waiting, and no request."""
_PARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}")
"""W3C traceparent, strictly: whatever else stands there is not looked at."""
_STAGES = ("fetch", "read", "facts", "engine", "cards")
_FIELDS = ("service", "hook", "outcome", "digest", "reason")


class Traces:
    """Made before the fork; `begin` and `end` are called in the worker, whose threads it needs."""

    def __init__(self, endpoint: str, percent: int) -> None:
        self._endpoint, self._share = endpoint, percent / 100
        self._provider: TracerProvider | None = None

    def begin(self) -> None:
        """Start the thread that sends."""
        resource = Resource.create({SERVICE_NAME: "exercise-cds", SERVICE_VERSION: __version__})
        # a caller's own choice to sample does not count: it would choose our costs
        self._provider = TracerProvider(sampler=TraceIdRatioBased(self._share), resource=resource)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=self._endpoint, timeout=_SECONDS)))
        self._tracer = self._provider.get_tracer("exercise_cds", __version__)

    def end(self) -> None:
        """Send what waits."""
        if self._provider is not None:
            self._provider.shutdown()

    def told(self, said: Said, ended: Ended) -> str:
        """One request, just ended. Returns its trace's id for the log line, "" where it is not traced."""
        if self._provider is None:
            return ""
        # of the monotonic clock only differences mean anything: everything is placed by its distance from now
        now, tick = time.time_ns(), time.perf_counter()
        began = now - round((tick - said.began) * 1e9)
        attributes: dict[str, str | int] = {f"exercise_cds.{name}": text for name in _FIELDS if (text := getattr(said, name))}
        attributes |= {"http.request.method": ended.method, "http.response.status_code": ended.status}
        if ended.route:
            attributes["http.route"] = ended.route
        if said.cards is not None:
            attributes["exercise_cds.cards"] = said.cards
        span = self._tracer.start_span(
            f"{ended.method} {ended.route}".rstrip(),
            context=_parent(ended.traceparent),
            kind=SpanKind.SERVER,
            start_time=began,
            attributes=attributes,
        )
        if not span.is_recording():
            return ""
        if ended.status >= 500:
            span.set_status(Status(StatusCode.ERROR))
        if said.stages:
            self._stages(said, set_span_in_context(span), now - round((tick - said.decided) * 1e9))
        span.end(end_time=began + round(ended.seconds * 1e9))
        return f"{span.get_span_context().trace_id:032x}"

    def _stages(self, said: Said, above: Context, end: int) -> None:
        """One after the other, as they were; the last ended when the decision had been recorded, or a little before."""
        start = end - round(said.stages.get("total", 0.0) * 1e6)
        for name in _STAGES:
            if (spent := said.stages.get(name)) is not None:
                ended = start + round(spent * 1e6)
                self._tracer.start_span(name, context=above, start_time=start).end(end_time=ended)
                start = ended


def _parent(traceparent: str) -> Context:
    """The caller's span; none where its header does not name one."""
    found = _PARENT.fullmatch(traceparent)
    if found is None:
        return Context()
    span = SpanContext(int(found[1], 16), int(found[2], 16), is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
    return set_span_in_context(NonRecordingSpan(span), Context())
