"""Settings of the pages for those who write or judge rules."""

from __future__ import annotations

from pathlib import Path

from exercise_cds.settings.fields import Part, setting


class WorkbenchSettings(Part):
    """Pages on which rules are tried."""

    enabled: bool = setting(
        False,
        "Serve `/workbench/`: without authentication on loopback beside the service, anywhere else on `metrics_port` alone and behind "
        "the operators' sign-on.",
        "true or false",
    )
    examples: Path = setting(Path("fhir_examples"), "Folder of the examples that it offers.", "the path of a folder")
