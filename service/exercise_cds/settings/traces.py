"""Where traces go, if anywhere."""

from __future__ import annotations

from exercise_cds.settings.fields import CollectorUrl, Part, setting


class TracesSettings(Part):
    """Spans of requests for a collector of OpenTelemetry (traces.md): which service, how it ended, how long each stage took."""

    endpoint: CollectorUrl | None = setting(
        None,
        "The whole address to which traces are sent (OTLP over HTTP), such as http://collector:4318/v1/traces; unset: none are made. "
        "Needs `exercise-cds[traces]`.",
        "an http or https URL without query",
    )
    percent: int = setting(100, "Percent of the requests that are traced.", "a whole number from 0 to 100", ge=0, le=100)
