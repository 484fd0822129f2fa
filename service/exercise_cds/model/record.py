"""What is kept of a request: the decision record, and what clinicians report back. Minimal and listed (law 7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from exercise_cds.model.decision import Outcome, Withheld


@dataclass(frozen=True, slots=True)
class GivenCard:
    """One card of an answer: its uuid, the rule that said it ("" for the program card), its suggestions as (uuid, program id)."""

    uuid: str
    rule: str
    suggestions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """One answered request.

    `patient_id`, `user_id` and `fhir_server` never reach a disk as they are: the store keeps a keyed
    HMAC of them where the site gives a key, and nothing otherwise.
    """

    decision_id: str
    at: datetime
    """UTC, from the caller's clock."""
    service: str
    hook: str
    issuer: str
    tenant: str
    pack: str
    version: str
    digest: str
    outcome: Outcome
    fired: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    cards: tuple[GivenCard, ...] = ()
    silent: bool = False
    """The client's mode is silent: these cards were made and not sent."""
    facts_digest: str = ""
    """A digest without a key of the states of the pack's facts (known, bounded, not recorded, in doubt), never of values. Where the pack
    is not about the patient, of the facts of its gates: no others were derived."""
    milliseconds: Mapping[str, float] = field(default_factory=dict)
    """By stage: fetch (where there is a source to fetch from), read, facts, engine, cards, total."""
    patient_id: str = field(default="", repr=False)
    user_id: str = field(default="", repr=False)
    fhir_server: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class FeedbackEntry:
    """One entry of a feedback call (CH-128). `comment` is dropped at the door unless the site keeps comments."""

    card: str
    outcome: str
    at: datetime
    accepted: tuple[str, ...] = ()
    reason: tuple[str, str] | None = None
    """(system, code) of the override reason."""
    comment: str = field(default="", repr=False)
