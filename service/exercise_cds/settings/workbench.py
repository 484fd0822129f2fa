"""Settings of the pages for those who write or judge rules."""

from __future__ import annotations

from pathlib import Path

from exercise_cds.settings.fields import Part, setting


class WorkbenchSettings(Part):
    """A page that answers whoever reaches it, so it is for one machine."""

    enabled: bool = setting(
        False, "Serve `/workbench/`, where rules are tried. Only without authentication and on loopback.", "true or false"
    )
    examples: Path = setting(Path("fhir_examples"), "Folder of the examples that it offers.", "the path of a folder")
