"""Whether the FHIR server that a request names may be called, and with what (CH-070, CH-074, SEC-20)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from exercise_cds.fhir.addresses import allowed_base
from exercise_cds.fhir.scopes import Grants, grants_of
from exercise_cds.model.client import Client
from exercise_cds.wire import HookRequest

_BEARER = re.compile(r"[!-~]{1,16384}")
"""What a header can hold; RFC 6750 allows less."""


@dataclass(frozen=True, slots=True)
class Access:
    """One call's way to the EHR's FHIR server. The token is gone with the call (CH-072)."""

    base: str
    token: str = field(repr=False)
    grants: Grants


class NoAccess(StrEnum):
    """Why there is none; the words are for the metrics."""

    NOT_GIVEN = "not-given"
    """fhirServer and fhirAuthorization did not both come: nothing is wrong, and nothing is counted."""
    UNLISTED = "unlisted-server"
    EXPIRED = "expired"
    NO_TOKEN = "no-token"  # noqa: S105 - a word for the metrics


def access_of(request: HookRequest, client: Client) -> Access | NoAccess:
    """The access that a request gives to a client's own FHIR server."""
    given = request.fhir_authorization
    if given is None or not request.fhir_server:
        return NoAccess.NOT_GIVEN
    base = allowed_base(request.fhir_server, client)
    if base is None:
        return NoAccess.UNLISTED
    if given.expires_in <= 0:
        return NoAccess.EXPIRED
    if not _BEARER.fullmatch(given.access_token):
        return NoAccess.NO_TOKEN
    return Access(base, given.access_token, grants_of(given.scope))
