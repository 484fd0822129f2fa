"""An EHR in small: reads discovery, fills the prefetch that it asks for from FHIR resources at hand, and asks.

It works with any CDS Hooks service, not with ours alone, so it believes nothing that comes back: what is of another shape is a
sentence, and what is shown has no control characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import orjson
import requests
from urllib3.exceptions import HTTPError

from exercise_cds.cli.signing import Signer
from exercise_cds.fhir.searches import NotUnderstood, Resource, answer
from exercise_cds.model.hooks import HOOKS

ENDPOINT = "/cds-services"
SECONDS = 30
_LARGEST = 20 * 1024 * 1024
_TOKEN = re.compile(r"{{\s*([^{}]*?)\s*}}")
_USER_TOKENS = {f"user{kind}Id": kind for kind in ("Practitioner", "PractitionerRole", "Patient", "RelatedPerson")}


class NoAnswer(Exception):
    """The call did not come to an answer; `sentence` says why, `detail` holds what the service said of it."""

    def __init__(self, sentence: str, detail: Any = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Visit:
    """What the clinician is about: whose chart is open, who looks, which orders are drafted."""

    patient: str
    user: str
    encounter: str = ""
    drafts: tuple[Resource, ...] = ()

    def context(self, hook: str) -> dict[str, Any]:
        """The context of a hook. Raises NoAnswer where the hook needs what is not at hand."""
        known = HOOKS.get(hook)
        if known is None:
            raise NoAnswer(f"the hook {hook!r} is not one that this command can play; it plays {', '.join(HOOKS)}")
        context: dict[str, Any] = {"userId": self.user, "patientId": self.patient}
        if self.encounter:
            context["encounterId"] = self.encounter
        if known.drafts:
            if not self.drafts:
                raise NoAnswer(f"the hook {hook} is about drafted orders: give them with --drafts FILE")
            context[known.drafts] = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in self.drafts]}
        if known.selections:
            context[known.selections] = [f"{one.get('resourceType')}/{one.get('id')}" for one in self.drafts]
        return context


@dataclass(frozen=True, slots=True)
class Filled:
    """A prefetch, and by key why the rest is not in it."""

    values: Mapping[str, Any]
    left_out: Mapping[str, str] = field(default_factory=dict)


def fill(
    templates: Mapping[str, Any], resources: Iterable[Resource], context: Mapping[str, Any], without: frozenset[str] = frozenset()
) -> Filled:
    """Answer every template as a FHIR server with these resources would; null where a read finds nothing (CH-053)."""
    at_hand = list(resources)
    values: dict[str, Any] = {}
    left_out: dict[str, str] = {}
    for key, template in templates.items():
        if key in without:
            left_out[key] = "left out, as told"
            continue
        try:
            values[key] = answer(at_hand, _resolved(str(template), context))
        except NotUnderstood as fault:
            left_out[key] = f"{fault} is not understood"
    return Filled(values, left_out)


def _resolved(template: str, context: Mapping[str, Any]) -> str:
    """The template with its tokens replaced (CH-050, CH-051)."""

    def value(found: re.Match[str]) -> str:
        token = found.group(1)
        kind, _, id_ = str(context.get("userId", "")).partition("/")
        known = id_ if _USER_TOKENS.get(token) == kind else context.get(token.removeprefix("context."))
        if not isinstance(known, str):
            raise NotUnderstood(f"the token {token}")
        return known

    return _TOKEN.sub(value, template)


class Service:
    """A CDS service as an EHR sees it, behind its base URL."""

    def __init__(self, url: str, signer: Signer) -> None:
        """`url` may be the base, the address of discovery, or that of one service, which then is the `named` one."""
        base, mark, rest = url.rstrip("/").partition(ENDPOINT)
        if urlsplit(base).scheme not in {"http", "https"} or not urlsplit(base).hostname:
            raise NoAnswer(f"{url!r} is no URL of a CDS service: write one such as http://127.0.0.1:8080")
        self.base = base
        self.named = rest.strip("/") if mark else ""
        self._signer = signer

    def discovery(self) -> list[dict[str, Any]]:
        """The services that are offered (CH-010, CH-011)."""
        found = self._json("GET", f"{self.base}{ENDPOINT}", None)
        services = found.get("services")
        if not isinstance(services, list) or not all(isinstance(one, dict) and {"id", "hook"} <= one.keys() for one in services):
            raise NoAnswer("discovery has no list of services, each with id and hook")
        return services

    def call(self, service: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one hook request."""
        found = self._json("POST", f"{self.base}{ENDPOINT}/{service}", request)
        cards = found.get("cards")
        if not isinstance(cards, list) or not all(isinstance(card, dict) for card in cards):
            raise NoAnswer("the answer has no list of cards")
        return found

    def _json(self, method: str, url: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        headers = {"Accept": "application/json", **self._signer.headers(url)}
        if body is not None:
            headers["Content-Type"] = "application/json"
        session = requests.Session()
        session.auth = _leave_alone
        sent = None if body is None else orjson.dumps(body)
        try:
            answered = session.request(method, url, data=sent, headers=headers, timeout=SECONDS, allow_redirects=False, stream=True)
            text = answered.raw.read(_LARGEST, decode_content=True)
        except (requests.RequestException, HTTPError, OSError) as fault:
            raise NoAnswer(f"{method} {url} was not answered: {_reason(fault)}") from None
        try:
            found = orjson.loads(text)
        except orjson.JSONDecodeError:
            found = None
        if answered.status_code != 200:
            signed = "Authorization" in headers
            raise NoAnswer(f"{method} {url} was answered {answered.status_code}{_help(answered.status_code, signed=signed)}", found)
        if not isinstance(found, dict):
            raise NoAnswer(f"{method} {url} was answered with something that is no JSON object")
        return found


def _help(status: int, *, signed: bool) -> str:
    """A 401 says nothing, on purpose; what can be done from this side."""
    if status != 401:
        return ""
    if not signed:
        return ": it asks for tokens, so sign the calls (--token-key, --token-issuer, --token-kid)"
    return ": it does not know this key, issuer or address (--token-base); the reason stands in its log"


def _leave_alone(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """With an auth of its own, requests does not look into .netrc, which would replace our token."""
    return request


def _reason(fault: Exception) -> str:
    kinds = ((requests.exceptions.SSLError, "its certificate is not trusted"), (requests.Timeout, f"nothing came within {SECONDS} seconds"))
    return next((words for kind, words in kinds if isinstance(fault, kind)), "there is no connection")


def hook_request(hook: str, visit: Visit, filled: Filled, access: Mapping[str, Any]) -> dict[str, Any]:
    """The request of CDS Hooks. `access` is fhirServer and fhirAuthorization, or nothing."""
    request: dict[str, Any] = {"hook": hook, "hookInstance": str(uuid4()), "context": visit.context(hook), **access}
    if filled.values:
        request["prefetch"] = dict(filled.values)
    return request


def fhir_access(server: str, token: str, patient: str) -> dict[str, Any]:
    """The fields with which an EHR lets a service ask its FHIR server (CH-070, CH-073)."""
    authorization = {"access_token": token, "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.rs", "subject": "exercise-cds"}
    return {"fhirServer": server, "fhirAuthorization": authorization | {"patient": patient}}
