"""How the EHR's FHIR server is called for what prefetch lacks. Which servers: each client's own `fhir_servers`."""

from __future__ import annotations

from pathlib import Path

from exercise_cds.settings.fields import FhirServers, Part, setting


class FhirSettings(Part):
    """Calls to the FHIR servers of clients, for what their prefetch lacks. All within `deadline_ms`."""

    servers: FhirServers = setting(
        [],
        "FHIR base URLs that may be called while `authentication` is `none`; with it, each client has its own. Empty: none.",
        "a list of URLs",
    )
    threads: int = setting(
        32,
        "Queries that the process has under way at once; as many again wait, and what is beyond is not obtained.",
        "a whole number from 1 to 256",
        ge=1,
        le=256,
    )
    pages: int = setting(
        10, "Pages that are fetched of one search; the rest is not obtained, and said.", "a whole number from 1 to 100", ge=1, le=100
    )
    entries: int = setting(5_000, "Resources that are fetched for one answer.", "a whole number from 1 to 1000000", ge=1, le=1_000_000)
    bytes: int = setting(
        10 * 1024 * 1024,
        "Bytes, unpacked, that are fetched for one answer.",
        "a whole number from 1024 to 1073741824",
        ge=1_024,
        le=1_073_741_824,
    )
    ca_file: Path | None = setting(
        None, "Certificate authorities that are trusted for FHIR servers, in place of the usual ones.", "the path of a PEM file"
    )
    environment_proxies: bool = setting(
        False, "Whether calls go through the proxies that HTTPS_PROXY and NO_PROXY name; otherwise they are passed over.", "true or false"
    )
