"""What may be known of a patient: four states of a fact, and the evidence for it (law 3: could not look is not the same as not there)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

Scalar: TypeAlias = "bool | float | str"
"""Yes/no, a number in the fact's unit, or a word."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a value comes from. Shown to the clinician and in `explain`; never logged, never stored.

    `resource` is `Type/id` (or `Type` alone where the entry has no id); `date` is the chart's own spelling, possibly partial
    ("2026-03"); `shown` is the datum in the chart's words ("Low back pain", "7 {score}"); `remark` says what a reader must know
    of it: "provisional", "matched by words", "date of recording", "onset given as about 3 weeks".
    """

    resource: str
    date: str = ""
    shown: str = ""
    remark: str = ""
    code: tuple[str, str] | None = None
    """(system, code) of the coding that matched, for `reasonReference` and for `explain`."""


class Cause(StrEnum):
    """Why a fact is in doubt. The words are shown."""

    NOT_OBTAINED = "not obtained"
    INCOMPLETE = "not fully obtained"
    UNREADABLE = "unreadable"
    FOREIGN = "not this patient's, or not known whose"
    SUSPECTED = "only suspected"
    UNDATED = "without a date"


@dataclass(frozen=True, slots=True)
class Known:
    """An exact value. `remarks` are whole sentences about conflicts and staleness that the card must show."""

    value: Scalar
    evidence: tuple[Evidence, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bounds:
    """A number known only to lie in `least`..`most`, both included; None is open. Never both None, never equal (that is `Known`)."""

    least: float | None
    most: float | None
    evidence: tuple[Evidence, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotRecorded:
    """We looked, and nothing usable is there. `remarks` say what there was: "newest pain score is of 2025-11-02: too old"."""

    remarks: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class InDoubt:
    """It may be so, and we cannot tell: `cause` and, in `why`, a few words for the card ("procedures were not sent")."""

    cause: Cause
    why: str
    evidence: tuple[Evidence, ...] = ()


Fact: TypeAlias = "Known | Bounds | NotRecorded | InDoubt"
Facts: TypeAlias = "Mapping[str, Fact]"
"""Every fact of the pack by name (named conditions excepted: they are inlined in the trees). The only thing that rules see."""

_LETTER = {Known: "k", Bounds: "b", NotRecorded: "n", InDoubt: "d"}


def states_digest(facts: Facts) -> str:
    """16 hexadecimal digits of the facts' states in their order, which is the pack's: what could be seen of a patient, and no value."""
    return hashlib.sha256("".join([_LETTER[type(fact)] for fact in facts.values()]).encode("ascii")).hexdigest()[:16]


TRUE = Known(value=True)
FALSE = Known(value=False)
