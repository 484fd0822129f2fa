"""The words of CDS Hooks as they travel: the request that the door hands to the steward, and the response that goes back.

`HookRequest` is made by `envelope.py` (and by `cli explain`) after the envelope was checked; the response shapes are typed
dictionaries, written once and encoded as they are. No null, no empty value (CH-002); ids per the rule in docs/protocol.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NotRequired, TypedDict


@dataclass(frozen=True, slots=True)
class FhirAuthorization:
    """The passed token (CH-073). Transient: never stored, logged or traced; `repr` does not show it."""

    access_token: str = field(repr=False)
    token_type: str
    expires_in: int
    scope: str
    subject: str
    patient: str | None = None


@dataclass(frozen=True, slots=True)
class HookRequest:
    """One call, its envelope checked and its context complete for its hook.

    `prefetch` holds JSON text by key, exactly as sent (b"null" included); `drafts` is the JSON text of the drafted orders' Bundle, or b"".
    `patient_id` is bare (CH-041), `user_id` is `Type/id` or "" where the hook has no user.
    """

    hook: str
    hook_instance: str
    patient_id: str
    service: str = ""
    """The id in the path of the call."""
    user_id: str = ""
    encounter_id: str = ""
    drafts: bytes = b""
    selections: tuple[str, ...] | None = None
    prefetch: Mapping[str, bytes] = field(default_factory=dict)
    fhir_server: str = ""
    fhir_authorization: FhirAuthorization | None = None
    deepest: int | None = None
    """So many levels the whole body was found to have at most; None where nobody looked."""


class Coding(TypedDict):
    """A Coding of CDS Hooks: code and system always, display where shown (CH-101)."""

    code: str
    system: str
    display: NotRequired[str]


class CardSource(TypedDict):
    """Card.source (CH-094, CH-099)."""

    label: str
    url: NotRequired[str]
    topic: NotRequired[Coding]


class CardLink(TypedDict):
    """Card.link (CH-120)."""

    label: str
    url: str
    type: Literal["absolute"]


class Action(TypedDict):
    """Suggestion.action; only `create` is ever sent (SEC-31)."""

    type: Literal["create"]
    description: str
    resource: dict[str, Any]


class Suggestion(TypedDict):
    """Card.suggestion (CH-110)."""

    label: str
    uuid: str
    isRecommended: NotRequired[bool]
    actions: NotRequired[list[Action]]


class Card(TypedDict):
    """One card (CH-090 to CH-101)."""

    uuid: str
    summary: str
    detail: NotRequired[str]
    indicator: Literal["info", "warning", "critical"]
    source: CardSource
    suggestions: NotRequired[list[Suggestion]]
    selectionBehavior: NotRequired[Literal["any", "at-most-one"]]
    overrideReasons: NotRequired[list[Coding]]
    links: NotRequired[list[CardLink]]
    extension: NotRequired[dict[str, Any]]


class ResponseBody(TypedDict):
    """The body of a 200 (CH-080, CH-081)."""

    cards: list[Card]
    extension: NotRequired[dict[str, Any]]
