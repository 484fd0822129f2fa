"""From settings to what fetches from FHIR servers. Made before the process forks; its threads and connections come with the first query."""

from __future__ import annotations

from collections.abc import Callable

from exercise_cds.fhir.connections import Connections
from exercise_cds.fhir.fetch import FetchLimits, FhirServers
from exercise_cds.net.workers import Workers
from exercise_cds.settings import Settings, UnusableSettings


def fhir_servers(settings: Settings, count: Callable[[str], None]) -> FhirServers:
    """The source of what prefetch lacks. `count` is told the result of every query. Raises UnusableSettings."""
    site = settings.fhir
    try:
        connections = Connections(most=site.threads, ca_file=site.ca_file, environment_proxies=site.environment_proxies)
    except OSError as fault:  # no such file, or no PEM in it
        why = fault.strerror or type(fault).__name__
        raise UnusableSettings((f"fhir.ca_file: {site.ca_file} cannot be used ({why}); allowed is the path of a PEM file",)) from None
    limits = FetchLimits(pages=site.pages, entries=site.entries, bytes=site.bytes)
    return FhirServers(connections, Workers(site.threads), limits=limits, count=count)
