"""Whom the service trusts, and how far: clients, their tokens, used tokens, rates, and what is kept of their feedback."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import NoDecode

from exercise_cds.settings.fields import (
    ORIGINS,
    ZONES,
    Algorithm,
    FhirServers,
    Names,
    Origins,
    Part,
    SecureUrl,
    Zone,
    network,
    setting,
    split,
)


class Tokens(Part):
    """What a token may be at most, whoever it is from."""

    leeway_seconds: int = setting(60, "Seconds that clocks may differ (`exp`, `iat`, `nbf`).", "a whole number from 0 to 120", ge=0, le=120)
    life_seconds: int = setting(3_600, "The longest life of a token, `iat` to `exp`.", "a whole number from 60 to 86400", ge=60, le=86_400)
    key_ca_file: Path | None = setting(
        None, "Certificate authorities that are trusted where keys are fetched, in place of the usual ones.", "the path of a PEM file"
    )


class Replay(Part):
    """Where it is remembered which tokens were used; each may be used once."""

    store: Literal["memory", "database"] = setting(
        "memory", "`memory` for one process; `database` for several, which then share it.", "memory or database"
    )
    on_failure: Literal["refuse", "local"] = setting(
        "refuse",
        "What to do while the database does not answer: `refuse` answers 503, `local` remembers in the process alone.",
        "refuse or local",
    )
    most: int = setting(
        100_000,
        "Tokens remembered of one client in memory; while so many are alive, its calls are answered 503.",
        "a whole number from 100 to 10000000",
        ge=100,
        le=10_000_000,
    )


class Rates(Part):
    """How often may be asked; above it the answer is 429 with Retry-After. Counted in each process by itself."""

    client: int = setting(
        6_000, "Requests a minute of one client; 0: any number.", "a whole number from 0 to 10000000", ge=0, le=10_000_000
    )
    address: int = setting(
        12_000,
        "Requests a minute from one address, before anybody is asked who they are; 0: any number.",
        "a whole number from 0 to 10000000",
        ge=0,
        le=10_000_000,
    )
    trusted_proxies: Annotated[list[Annotated[str, AfterValidator(network)]], NoDecode, BeforeValidator(split)] = setting(
        [],
        "Addresses of proxies in front of the service, whose `X-Forwarded-For` is believed; empty: nobody's is.",
        "a list of addresses or networks such as 10.0.0.0/8",
    )


class FeedbackSettings(Part):
    """What clinicians did with cards, as their EHR reports it."""

    offered: bool = setting(True, "Whether `POST /cds-services/{id}/feedback` is answered and stored.", "true or false")
    keep_comments: bool = setting(
        False, "Whether clinicians' free text is stored, which may hold patient data; otherwise it is dropped.", "true or false"
    )
    unknown_days: int = setting(
        90, "Days that feedback on cards that we did not give is kept.", "a whole number from 1 to 36500", ge=1, le=36_500
    )
    unknown_most: int = setting(
        10_000,
        "Entries on such cards that are kept of one client (and tenant); the newest stay.",
        "a whole number from 100 to 10000000",
        ge=100,
        le=10_000_000,
    )


class ClientSettings(Part):
    """One EHR that may call. Everything that is compared with its token is compared exactly."""

    issuer: str = setting(..., "The `iss` of its tokens.", "the text that the EHR puts into `iss`", min_length=1)
    audiences: Names = setting([], "Values of `aud` that are accepted at services besides the URL of what is called.", "a list of texts")
    discovery_audiences: Names = setting([], "The same for discovery.", "a list of texts")
    feedback_audiences: Names = setting(
        [], "The same for feedback; a service's own URL listed here is accepted for that service's feedback.", "a list of texts"
    )
    jku: SecureUrl | None = setting(None, "Where its keys are; the token's `jku`, if it has one, must be equal to it.", "an https URL")
    jwks_file: Path | None = setting(
        None,
        "A file with its keys. With it nothing is fetched; `jku` then only says which `jku` its tokens name.",
        "the path of a JWKS file",
    )
    algorithms: Annotated[list[Algorithm], NoDecode, BeforeValidator(split)] = setting(
        ["ES384", "RS384"], "Signature algorithms that are accepted.", "a list of ES384, RS384, ES256, RS256, PS384", min_length=1
    )
    tenants: Names = setting([], "Values of `tenant` that are accepted; empty: any.", "a list of texts")
    fhir_servers: FhirServers = setting([], "FHIR base URLs that may be called with the tokens it passes; empty: none.", "a list of URLs")
    services: Names = setting([], "Ids of the services that it may call; empty: all.", "a list of service ids")
    time_zone: Zone | None = setting(None, "Its own time zone, in which days are counted; unset: the service's.", ZONES)
    cors_origins: Origins = setting([], "Origins of its browser pages.", ORIGINS)
    mode: Literal["active", "silent"] = setting("active", "`silent`: evaluated and recorded, answered without cards.", "active or silent")
    patients_may_ask: bool = setting(False, "Whether a Patient or RelatedPerson gets the cards written for clinicians.", "true or false")

    reuses_tokens: bool = setting(
        False, "Whether it is known to send a token again for a retry: its tokens may then be used until they end.", "true or false"
    )

    @model_validator(mode="after")
    def _keys_come_from_somewhere(self) -> ClientSettings:
        if self.jku is None and self.jwks_file is None:
            raise PydanticCustomError("contradiction", "needs its keys from somewhere: set jku or jwks_file")
        return self
