"""Every setting: its type, default, what it is for, and what is allowed. docs/operators/settings.md is written from here.

Pydantic, since settings come from outside. A setting's `allowed` is the end of the sentence that a wrong value gets, so it names
the allowed values and nothing else; a `secret` is never shown.
"""

from __future__ import annotations

import ipaddress
import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "EXERCISE_CDS_"
LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens on `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _setting(default: Any, says: str, allowed: str, *, secret: bool = False, **bounds: Any) -> Any:
    """One setting. `default` of ... means that it must be set."""
    extra: JsonDict = {"allowed": allowed, "secret": secret}
    if isinstance(default, list):
        return Field(default_factory=default.copy, description=says, json_schema_extra=extra, repr=not secret, **bounds)
    return Field(default, description=says, json_schema_extra=extra, repr=not secret, **bounds)


def _split(value: Any) -> Any:
    """Lists in the environment: `a,b` as well as JSON; in the file: YAML."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return json.loads(value)
    return [part.strip() for part in value.split(",") if part.strip()]


def _decode(value: Any) -> Any:
    """Objects in the environment are JSON."""
    return json.loads(value) if isinstance(value, str) else value


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as fault:
        raise ValueError from fault
    return name


def _host(host: str) -> str:
    if host != "localhost":
        ipaddress.ip_address(host)
    return host


def _url(value: str) -> str:
    """An absolute URL of https (http only on this machine) without query and fragment; a slash at its end is taken off."""
    parts = urlsplit(value)
    fits = parts.hostname and not parts.query and not parts.fragment and not parts.username
    if not fits or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))):
        raise ValueError
    return value.rstrip("/")


def _secure_url(value: str) -> str:
    """A URL that is fetched: https without exception (SEC-06), compared as it stands."""
    parts = urlsplit(value)
    if parts.scheme != "https" or not parts.hostname or parts.fragment or parts.username:
        raise ValueError
    return value


def _fhir_server(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError
    return value.rstrip("/")


def _origin(value: str) -> str:
    if not re.fullmatch(r"https?://[a-z0-9.\[\]:-]+", value):
        raise ValueError
    return value


def _host_name(value: str) -> str:
    if not re.fullmatch(r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", value):
        raise ValueError
    return value.lower()


def _database(value: str) -> str:
    if not value.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ValueError
    return value


Zone = Annotated[str, AfterValidator(_zone)]
Url = Annotated[str, AfterValidator(_url)]
SecureUrl = Annotated[str, AfterValidator(_secure_url)]
Origins = Annotated[list[Annotated[str, AfterValidator(_origin)]], NoDecode, BeforeValidator(_split)]
HostNames = Annotated[list[Annotated[str, AfterValidator(_host_name)]], NoDecode, BeforeValidator(_split)]
Names = Annotated[list[str], NoDecode, BeforeValidator(_split)]
FhirServers = Annotated[list[Annotated[str, AfterValidator(_fhir_server)]], NoDecode, BeforeValidator(_split)]
Algorithm = Literal["ES384", "RS384", "ES256", "RS256", "PS384"]

ZONES = "a name of the IANA time zone database, such as Europe/Paris or America/Chicago"
ORIGINS = "a list of origins such as https://ehr.example.org, lower case, without path; never *"


class _Part(BaseModel):
    """A group of settings."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Limits(_Part):
    """What a request may be at most; above it the answer is an error that says so."""

    body: int = _setting(
        5 * 1024 * 1024, "Bytes of a request's body; more is answered 413.", "a whole number from 1024 to 104857600", ge=1024, le=104857600
    )
    depth: int = _setting(
        64, "Levels of objects and lists within each other; more is answered 400.", "a whole number from 8 to 128", ge=8, le=128
    )
    entries: int = _setting(
        20_000, "Resources in one request; more is answered 413.", "a whole number from 1 to 1000000", ge=1, le=1_000_000
    )
    string: int = _setting(
        2_000,
        "Characters of any text of the chart that reaches a card; the rest is cut.",
        "a whole number from 100 to 100000",
        ge=100,
        le=100_000,
    )
    header: int = _setting(
        8_192, "Bytes of one header line; more is answered 431.", "a whole number from 1024 to 65536", ge=1_024, le=65_536
    )


class Handouts(_Part):
    """Where patients find the pages that cards link to."""

    base_url: Url | None = _setting(
        None, "Address under which `/handouts/` can be reached by patients; unset: cards carry no such link.", "an https URL"
    )


class ClientSettings(_Part):
    """One EHR that may call. Everything that is compared with its token is compared exactly."""

    issuer: str = _setting(..., "The `iss` of its tokens.", "the text that the EHR puts into `iss`", min_length=1)
    audiences: Names = _setting([], "Values of `aud` that are accepted besides the URL of what is called.", "a list of texts")
    jku: SecureUrl | None = _setting(None, "Where its keys are; the token's `jku`, if it has one, must be equal to it.", "an https URL")
    jwks_file: Path | None = _setting(None, "A file with its keys, in place of `jku`.", "the path of a JWKS file")
    algorithms: Annotated[list[Algorithm], NoDecode, BeforeValidator(_split)] = _setting(
        ["ES384", "RS384"], "Signature algorithms that are accepted.", "a list of ES384, RS384, ES256, RS256, PS384", min_length=1
    )
    tenants: Names = _setting([], "Values of `tenant` that are accepted; empty: any.", "a list of texts")
    fhir_servers: FhirServers = _setting([], "FHIR base URLs that may be called with the tokens it passes; empty: none.", "a list of URLs")
    services: Names = _setting([], "Ids of the services that it may call; empty: all.", "a list of service ids")
    time_zone: Zone | None = _setting(None, "Its own time zone, in which days are counted; unset: the service's.", ZONES)
    cors_origins: Origins = _setting([], "Origins of its browser pages.", ORIGINS)
    mode: Literal["active", "silent"] = _setting("active", "`silent`: evaluated and recorded, answered without cards.", "active or silent")
    patients_may_ask: bool = _setting(False, "Whether a Patient or RelatedPerson gets the cards written for clinicians.", "true or false")

    @model_validator(mode="after")
    def _keys_come_from_one_place(self) -> ClientSettings:
        if (self.jku is None) == (self.jwks_file is None):
            raise PydanticCustomError("contradiction", "needs its keys from one place: set either jku or jwks_file")
        return self


class Settings(BaseSettings):
    """Everything that a site may set."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, hide_input_in_errors=True)

    host: Annotated[str, AfterValidator(_host)] = _setting("127.0.0.1", "Address to listen on.", "an IP address, or localhost")
    port: int = _setting(8080, "Port to listen on.", "a whole number from 1 to 65535", ge=1, le=65535)
    base_url: Url | None = _setting(
        None,
        "The service's address as EHRs know it, in front of `/cds-services`; tokens are made for it.",
        "an https URL without query (http on this machine only)",
    )
    rules: Path = _setting(Path("rules/low-back-pain"), "Folder of the rule pack.", "the path of a folder")
    overlay: Path | None = _setting(None, "The site's overlay file for that pack.", "the path of a YAML file")
    named_services: Names = _setting([], "Ids of services that the pack serves only where they are named here.", "a list of service ids")
    database_url: Annotated[str, AfterValidator(_database)] = _setting(
        "sqlite:///var/exercise-cds.sqlite", "Where records are kept.", "sqlite:///PATH or postgresql+psycopg://...", secret=True
    )
    authentication: Literal["on", "none"] = _setting(
        "on", "Whether callers must prove who they are. `none` is for trying only.", "on or none"
    )
    unauthenticated_beyond_loopback: bool = _setting(
        False,
        "The second flag that is needed to serve without authentication on an address that others can reach.",
        "true or false",
    )
    allowed_hosts: HostNames = _setting(
        [],
        "Names by which callers may address the service, without port. Without authentication 127.0.0.1, localhost and [::1] always count; "
        "with it, an empty list takes any.",
        "a list of host names",
    )
    cors_origins: Origins = _setting([], "Origins whose browser pages may call; empty: none.", ORIGINS)
    http_fhir_servers: bool = _setting(
        False, "Accept a `fhirServer` of http; for trying only, since patient data would travel in the open.", "true or false"
    )
    time_zone: Zone = _setting("UTC", "Time zone in which days are counted for callers that have none of their own.", ZONES)
    deadline_ms: int = _setting(
        400, "Milliseconds for everything that is fetched for one answer.", "a whole number from 50 to 10000", ge=50, le=10_000
    )
    threads: int = _setting(8, "Threads of the process.", "a whole number from 1 to 64", ge=1, le=64)
    max_in_flight: int = _setting(
        8,
        "Hook calls worked on at once; above it the answer is 503 at once. It takes effect where it is below `threads`.",
        "a whole number from 1 to 64",
        ge=1,
        le=64,
    )
    silence_seconds: int = _setting(
        10,
        "Seconds without a byte after which a caller in the middle of its request is given up.",
        "a whole number from 1 to 120",
        ge=1,
        le=120,
    )
    graceful_seconds: int = _setting(
        20, "Seconds that calls under way get to end after SIGTERM.", "a whole number from 1 to 300", ge=1, le=300
    )
    metrics_port: int | None = _setting(
        None, "Port of the operator's own pages; unset: none.", "a whole number from 1 to 65535", ge=1, le=65535
    )
    log_level: Literal["debug", "info", "warning", "error"] = _setting(
        "info", "The least serious log lines that are written.", "debug, info, warning or error"
    )
    link_hosts: HostNames = _setting(
        [], "Hosts that links on cards may point to, besides those of the pack's own sources.", "a list of host names"
    )
    limits: Limits = _setting(Limits(), "What a request may be at most.", "the settings of the group limits")
    handouts: Handouts = _setting(Handouts(), "Pages for patients.", "the settings of the group handouts")
    clients: Annotated[list[ClientSettings], NoDecode, BeforeValidator(_decode)] = _setting(
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
    def _each_issuer_once(self) -> Settings:
        issuers = [client.issuer for client in self.clients]
        if len(set(issuers)) < len(issuers):
            raise PydanticCustomError("contradiction", "clients has one issuer twice: give each EHR one entry", {"key": "clients"})
        return self

    @property
    def zone(self) -> ZoneInfo:
        """`time_zone`, ready for use."""
        return ZoneInfo(self.time_zone)

    @property
    def origins(self) -> frozenset[str]:
        """Every origin whose pages may call: the service's and each client's."""
        return frozenset(self.cors_origins).union(*(client.cors_origins for client in self.clients))
