"""Every setting: its type, default, what it is for, and what is allowed. docs/operators/settings.md is written from here.

Pydantic, since settings come from outside. A setting's `allowed` is the end of the sentence that a wrong value gets, so it names
the allowed values and nothing else; a `secret` is never shown.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from exercise_cds.settings.fhir import FhirSettings
from exercise_cds.settings.fields import (
    ORIGINS,
    PREFIX,
    ZONES,
    HostNames,
    Names,
    Origins,
    Part,
    Url,
    Zone,
    database_address,
    decode,
    host_address,
    is_loopback,
    setting,
)
from exercise_cds.settings.operators import OperatorsSettings
from exercise_cds.settings.tls import TlsSettings
from exercise_cds.settings.traces import TracesSettings
from exercise_cds.settings.trust import ClientSettings, FeedbackSettings, Rates, Replay, Tokens
from exercise_cds.settings.workbench import WorkbenchSettings


class Limits(Part):
    """What a request may be at most; above it the answer is an error that says so."""

    body: int = setting(
        5 * 1024 * 1024, "Bytes of a request's body; more is answered 413.", "a whole number from 1024 to 104857600", ge=1024, le=104857600
    )
    depth: int = setting(
        64, "Levels of objects and lists within each other; more is answered 400.", "a whole number from 8 to 128", ge=8, le=128
    )
    entries: int = setting(
        20_000, "Resources in one request; more is answered 413.", "a whole number from 1 to 1000000", ge=1, le=1_000_000
    )
    string: int = setting(
        2_000,
        "Characters of any text of the chart that reaches a card; the rest is cut.",
        "a whole number from 100 to 100000",
        ge=100,
        le=100_000,
    )
    header: int = setting(
        8_192, "Bytes of one header line; more is answered 431.", "a whole number from 1024 to 65536", ge=1_024, le=65_536
    )


class Handouts(Part):
    """Where patients find the pages that cards link to."""

    base_url: Url | None = setting(
        None, "Address under which `/handouts/` can be reached by patients; unset: cards carry no such link.", "an https URL"
    )


class DecisionLogSettings(Part):
    """One row for each answered request, and how long it is kept with its feedback."""

    days: int = setting(
        400,
        "Days that decisions, their cards and their feedback are kept; 0: nothing is ever removed (a legal hold).",
        "a whole number from 0 to 36500",
        ge=0,
        le=36_500,
    )
    keys_file: Path | None = setting(
        None,
        "A file with the keys that turn patients and users into pseudonyms (records.md); unset: neither is kept in any form.",
        "the path of a file with one `id secret` a line",
    )
    queue: int = setting(
        10_000,
        "Decisions that may wait in memory for the database; what comes beyond is lost, and counted.",
        "a whole number from 100 to 1000000",
        ge=100,
        le=1_000_000,
    )
    on_failure: Literal["continue", "refuse"] = setting(
        "continue",
        "What a call meets while decisions cannot be kept: `continue` answers it and counts the loss, `refuse` answers 503.",
        "continue or refuse",
    )


class Settings(BaseSettings):
    """Everything that a site may set."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, hide_input_in_errors=True)

    host: Annotated[str, AfterValidator(host_address)] = setting("127.0.0.1", "Address to listen on.", "an IP address, or localhost")
    port: int = setting(8080, "Port to listen on.", "a whole number from 1 to 65535", ge=1, le=65535)
    base_url: Url | None = setting(
        None,
        "The service's address as EHRs know it, in front of `/cds-services`; tokens are made for it.",
        "an https URL without query (http on this machine only)",
    )
    rules: Path = setting(Path("rules/low-back-pain"), "Folder of the rule pack.", "the path of a folder")
    overlay: Path | None = setting(None, "The site's overlay file for that pack.", "the path of a YAML file")
    named_services: Names = setting([], "Ids of services that the pack serves only where they are named here.", "a list of service ids")
    database_url: Annotated[str, AfterValidator(database_address)] = setting(
        "sqlite:///var/exercise-cds.sqlite", "Where records are kept.", "sqlite:///PATH or postgresql+psycopg://...", secret=True
    )
    authentication: Literal["on", "none"] = setting(
        "on", "Whether callers must prove who they are. `none` is for trying only.", "on or none"
    )
    open_discovery: bool = setting(
        True,
        "Whether discovery is answered to anybody; it holds nothing of a patient. `false`: only with a token of its own.",
        "true or false",
    )
    processes: int = setting(
        1,
        "Processes (replicas) that serve this site together; several need replay.store database.",
        "a whole number from 1 to 1000",
        ge=1,
        le=1_000,
    )
    unauthenticated_beyond_loopback: bool = setting(
        False,
        "The second flag that is needed to serve without authentication on an address that others can reach.",
        "true or false",
    )
    allowed_hosts: HostNames = setting(
        [],
        "Names by which callers may address the service, without port. Without authentication 127.0.0.1, localhost and [::1] always count; "
        "with it, an empty list takes any.",
        "a list of host names",
    )
    cors_origins: Origins = setting([], "Origins whose browser pages may call; empty: none.", ORIGINS)
    http_fhir_servers: bool = setting(
        False, "Accept a `fhirServer` of http; for trying only, since patient data would travel in the open.", "true or false"
    )
    strict: bool = setting(
        False,
        "Validate every element of every resource that is sent, not only what rules read; costs most of the time of an answer.",
        "true or false",
    )
    time_zone: Zone = setting("UTC", "Time zone in which days are counted for callers that have none of their own.", ZONES)
    deadline_ms: int = setting(
        400, "Milliseconds for everything that is fetched for one answer.", "a whole number from 50 to 10000", ge=50, le=10_000
    )
    reload_seconds: int = setting(
        0,
        "Seconds between two looks at `rules` and `overlay`; changed rules are tried in a process of their own and then served. "
        "0: rules change with a restart only.",
        "a whole number from 0 to 3600",
        ge=0,
        le=3_600,
    )
    pause_file: Path | None = setting(
        None,
        "A file that pauses the service, or rules and programs, while the process runs (pausing.md); looked at every second. "
        "No file there: nothing is paused.",
        "the path of a YAML file",
    )
    threads: int = setting(
        40, "Threads of the process; those above `max_in_flight` say 503 while it is busy.", "a whole number from 1 to 64", ge=1, le=64
    )
    max_in_flight: int = setting(
        32,
        "Hook calls worked on at once; above it the answer is 503 at once, as long as `threads` has one left to say so.",
        "a whole number from 1 to 64",
        ge=1,
        le=64,
    )
    silence_seconds: int = setting(
        10,
        "Seconds without a byte after which a caller in the middle of its request is given up; all of it may take twice as long.",
        "a whole number from 1 to 120",
        ge=1,
        le=120,
    )
    drain_seconds: int = setting(
        0,
        "Seconds after SIGTERM in which new calls are still answered while /readyz says 503, for proxies that look there; "
        "0 where the platform itself waits before SIGTERM.",
        "a whole number from 0 to 120",
        ge=0,
        le=120,
    )
    graceful_seconds: int = setting(
        20, "Seconds that calls under way get to end after SIGTERM.", "a whole number from 1 to 300", ge=1, le=300
    )
    metrics_port: int | None = setting(
        None,
        "Port of the operators' own pages (/livez, /readyz, /metrics, and those that a sign-on guards), beside `port`; unset: none.",
        "a whole number from 1 to 65535",
        ge=1,
        le=65535,
    )
    log_level: Literal["debug", "info", "warning", "error"] = setting(
        "info", "The least serious log lines that are written.", "debug, info, warning or error"
    )
    link_hosts: HostNames = setting(
        [], "Hosts that links on cards may point to, besides those of the pack's own sources.", "a list of host names"
    )
    limits: Limits = setting(Limits(), "What a request may be at most.", "the settings of the group limits")
    handouts: Handouts = setting(Handouts(), "Pages for patients.", "the settings of the group handouts")
    workbench: WorkbenchSettings = setting(WorkbenchSettings(), "Pages for rule authors.", "the settings of the group workbench")
    operators: OperatorsSettings = setting(
        OperatorsSettings(), "Pages for people on the operators' port.", "the settings of the group operators"
    )
    decision_log: DecisionLogSettings = setting(DecisionLogSettings(), "The log of decisions.", "the settings of the group decision_log")
    fhir: FhirSettings = setting(FhirSettings(), "Calls to FHIR servers.", "the settings of the group fhir")
    tokens: Tokens = setting(Tokens(), "What a token may be at most.", "the settings of the group tokens")
    replay: Replay = setting(Replay(), "Which tokens were used.", "the settings of the group replay")
    rates: Rates = setting(Rates(), "How often may be asked.", "the settings of the group rates")
    tls: TlsSettings = setting(TlsSettings(), "TLS of the process itself.", "the settings of the group tls")
    traces: TracesSettings = setting(TracesSettings(), "Traces for a collector.", "the settings of the group traces")
    feedback: FeedbackSettings = setting(FeedbackSettings(), "What clinicians did with cards.", "the settings of the group feedback")
    clients: Annotated[list[ClientSettings], NoDecode, BeforeValidator(decode)] = setting(
        [], "The EHRs that may call.", "a list of clients, each with issuer and jku or jwks_file"
    )

    @model_validator(mode="after")
    def _nobody_else_without_authentication(self) -> Settings:
        """Without authentication whoever can reach the process can ask about anybody."""
        if self.authentication == "none" and not is_loopback(self.host) and not self.unauthenticated_beyond_loopback:
            raise PydanticCustomError(
                "contradiction",
                "host is {host} while authentication is none: set host to 127.0.0.1, or authentication to on "
                "(or unauthenticated_beyond_loopback to true, if whoever can reach this address may ask about any patient)",
                {"host": self.host, "key": "host"},
            )
        return self

    @model_validator(mode="after")
    def _several_processes_share_replay(self) -> Settings:
        """SEC-10: a token used at one replica could be used again at the next."""
        if self.authentication == "on" and self.processes > 1 and self.replay.store == "memory":
            raise PydanticCustomError(
                "contradiction",
                "processes is {count} while replay.store is memory: set replay.store to database, since several processes must share it",
                {"count": self.processes, "key": "processes"},
            )
        return self

    @model_validator(mode="after")
    def _pages_behind_a_sign_on(self) -> Settings:
        """A page for people, off this machine, shows itself on the operators' port to those who have signed on; else nothing starts."""
        wanted = {"operators": self.operators.feedback_page, "workbench": self.workbench.enabled and not self.workbench_for_anybody}
        for key in (key for key, asked in wanted.items() if asked):
            name = {"operators": "operators.feedback_page", "workbench": "workbench.enabled"}[key]
            if self.metrics_port is None:
                raise PydanticCustomError(
                    "contradiction", "{name} is true, and it stands on the operators' port: set metrics_port", {"name": name, "key": key}
                )
            if not self.operators.sign_on:
                raise PydanticCustomError(
                    "contradiction",
                    "{name} is true, and nobody can sign on to it: set operators.sign_on_header with operators.sign_on_proxies, "
                    "or operators.passwords_file",
                    {"name": name, "key": key},
                )
        return self

    @model_validator(mode="after")
    def _each_issuer_once(self) -> Settings:
        issuers = [client.issuer for client in self.clients]
        if len(set(issuers)) < len(issuers):
            raise PydanticCustomError("contradiction", "clients has one issuer twice: give each EHR one entry", {"key": "clients"})
        return self

    @property
    def workbench_for_anybody(self) -> bool:
        """Whether whoever asks may try rules: without authentication, on this machine."""
        return self.authentication == "none" and is_loopback(self.host)

    @property
    def zone(self) -> ZoneInfo:
        """`time_zone`, ready for use."""
        return ZoneInfo(self.time_zone)

    @property
    def origins(self) -> frozenset[str]:
        """Every origin whose pages may call: the service's and each client's."""
        return frozenset(self.cors_origins).union(*(client.cors_origins for client in self.clients))
