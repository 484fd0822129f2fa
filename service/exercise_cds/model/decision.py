"""What was decided for one request: the truth of every rule, what is offered and withheld and why, and the one named outcome.

`cards/` turns a Decision into words. Nothing here holds a value of the chart: rule ids, program ids, truth values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum


class Truth(IntEnum):
    """Kleene's three values, ordered so that `all` is min and `any` is max."""

    FALSE = 0
    UNKNOWN = 1
    TRUE = 2


class Outcome(StrEnum):
    """The named answer (law 6), in order of precedence."""

    RULE_ERROR = "rule error"
    DATA_UNOBTAINABLE = "data unobtainable"
    WITHHELD = "withheld"
    ADVISED = "advised"
    NOT_ENOUGH_DATA = "not enough data"
    NOTHING_TO_ADVISE = "nothing to advise"
    NOT_FOR_THIS_USER = "not for this user"
    NOT_ABOUT_THIS_PATIENT = "not about this patient"
    PAUSED = "paused"
    """Operators have paused the service: nothing was read and nothing decided."""


class Why(StrEnum):
    """Why a rule withholds: it fired, or facts in doubt (or bounds left open) would let it."""

    FIRED = "fired"
    IN_DOUBT = "in-doubt"


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """One rule's truth for these facts.

    `fired`: `when` is true and `unless` is not true: what both engines must agree on.
    `speaks`: fired, and `unless` is not true whatever the facts in doubt are: its card, offers and notes stand.
    `withholds`: FIRED, IN_DOUBT or None (law 3).
    """

    rule: str
    when: Truth
    unless: Truth
    speaks: bool
    withholds: Why | None

    @property
    def fired(self) -> bool:
        """When is true and unless is not true."""
        return self.when is Truth.TRUE and self.unless is not Truth.TRUE


@dataclass(frozen=True, slots=True)
class Withheld:
    """One program that one rule withholds. `steps` withheld entirely means that every step carried a withheld load."""

    program: str
    rule: str
    why: Why


@dataclass(frozen=True, slots=True)
class OfferedProgram:
    """One program that is offered: by which rules (first offering first), with which steps left, with which notes."""

    program: str
    offered_by: tuple[str, ...]
    steps: tuple[str, ...]
    steps_withheld: tuple[str, ...] = ()
    loads_withheld: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    """Options in the order to show: those that notes start with come first."""
    fallback: bool = False


class Gate(StrEnum):
    """Whether the pack speaks of this patient, and the service of this moment."""

    OPEN = "open"
    CLOSED = "closed"
    IN_DOUBT = "in-doubt"


@dataclass(frozen=True, slots=True)
class Decision:
    """Everything that cards, `explain`, the decision record and metrics need. Rules in file order; programs in the order to show."""

    outcome: Outcome
    about: Gate
    service_gate: Gate
    rules: tuple[RuleOutcome, ...] = ()
    said: tuple[str, ...] = ()
    """Ids of the rules whose card is said, in the order to show."""
    offered: tuple[OfferedProgram, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    in_place: tuple[str, ...] = ()
    """Programs not offered because they are under way."""
    in_place_in_doubt: tuple[str, ...] = ()
    notes: tuple[tuple[str, int], ...] = ()
    """(rule id, index of the note) of every note that is said."""
    disagreement: Mapping[str, str] = field(default_factory=dict)
    """Rule id -> which engine said true, where the engines differ (law 4). Not empty makes the outcome `rule error`."""
    engine_error: str = ""
    """Class name of what an engine raised, or ""."""

    @property
    def fired(self) -> tuple[str, ...]:
        """Ids of the rules that fired, in file order."""
        return tuple(outcome.rule for outcome in self.rules if outcome.fired)
