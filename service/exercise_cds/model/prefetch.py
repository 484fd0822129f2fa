"""What stands under each prefetch key: four states that are never confused (CH-053). Values are still JSON text; `fhir/` reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from exercise_cds.model.facts import Cause


@dataclass(frozen=True, slots=True)
class Obtained:
    """A resource or Bundle as JSON text, as the EHR sent it or its FHIR server answered. May hold zero entries.

    `pages` are further pages of the same search, in order, where our own fetch followed `next`. `fetched`: the text came from our own
    fetch as well, so that what is wrong with it is no mistake of the caller.
    """

    text: bytes
    pages: tuple[bytes, ...] = ()
    fetched: bool = False
    bundle: Any = field(default=None, compare=False, repr=False)
    """What `text` was cut into, where whoever judged it has cut it up already (`fhir/cut.py`); not to be changed."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """`null`: asked, and there is nothing (CH-003). Not the same as not obtained."""


@dataclass(frozen=True, slots=True)
class NotObtained:
    """Absent, an OperationOutcome, a failed query, a value that is no resource: `why` in words for the card."""

    cause: Cause
    why: str


PrefetchValue: TypeAlias = "Obtained | Nothing | NotObtained"
Prefetch: TypeAlias = "Mapping[str, PrefetchValue]"
