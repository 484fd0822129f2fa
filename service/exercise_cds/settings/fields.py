"""What a setting is made of: its value, the words for what is allowed, the kinds of values that several settings share."""

from __future__ import annotations

import ipaddress
import json
import re
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.config import JsonDict
from pydantic_settings import NoDecode

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


def setting(default: Any, says: str, allowed: str, *, secret: bool = False, **bounds: Any) -> Any:
    """One setting. `default` of ... means that it must be set."""
    extra: JsonDict = {"allowed": allowed, "secret": secret}
    if isinstance(default, list):
        return Field(default_factory=default.copy, description=says, json_schema_extra=extra, repr=not secret, **bounds)
    return Field(default, description=says, json_schema_extra=extra, repr=not secret, **bounds)


def split(value: Any) -> Any:
    """Lists in the environment: `a,b` as well as JSON; in the file: YAML."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return json.loads(value)
    return [part.strip() for part in value.split(",") if part.strip()]


def decode(value: Any) -> Any:
    """Objects in the environment are JSON."""
    return json.loads(value) if isinstance(value, str) else value


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as fault:
        raise ValueError from fault
    return name


def host_address(host: str) -> str:
    """An address to listen on."""
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


def network(value: str) -> str:
    """An address, or a network of addresses."""
    return str(ipaddress.ip_network(value, strict=False))


def header_name(value: str) -> str:
    """The name of a header of HTTP; no underscore, which servers take for a hyphen."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,63}", value):
        raise ValueError
    return value


def database_address(value: str) -> str:
    """Where records are kept."""
    if not value.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ValueError
    return value


Zone = Annotated[str, AfterValidator(_zone)]
Url = Annotated[str, AfterValidator(_url)]
SecureUrl = Annotated[str, AfterValidator(_secure_url)]
Origins = Annotated[list[Annotated[str, AfterValidator(_origin)]], NoDecode, BeforeValidator(split)]
HostNames = Annotated[list[Annotated[str, AfterValidator(_host_name)]], NoDecode, BeforeValidator(split)]
Names = Annotated[list[str], NoDecode, BeforeValidator(split)]
CollectorUrl = Annotated[str, AfterValidator(_fhir_server)]
"""http is allowed: a collector stands beside the service, and what it gets is of no patient."""
FhirServers = Annotated[list[Annotated[str, AfterValidator(_fhir_server)]], NoDecode, BeforeValidator(split)]
Algorithm = Literal["ES384", "RS384", "ES256", "RS256", "PS384"]

ZONES = "a name of the IANA time zone database, such as Europe/Paris or America/Chicago"
ORIGINS = "a list of origins such as https://ehr.example.org, lower case, without path; never *"


class Part(BaseModel):
    """A group of settings."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
