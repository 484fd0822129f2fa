"""When a Condition began, and how it stands: onset[x], recordedDate, clinicalStatus, verificationStatus, abatement[x]."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from exercise_cds.facts.dates import Moment, at_age, in_age_range, moment, period_start, told_ago
from exercise_cds.facts.look import Look

ACTIVE = frozenset({"active", "recurrence", "relapse"})
_CLINICAL = ACTIVE | {"inactive", "remission", "resolved"}
NEVER = frozenset({"refuted", "entered-in-error"})
_SHOWN = 80
"""Characters of words that nobody understands: enough to recognise them in the chart."""
_SUSPECTED = frozenset({"unconfirmed", "provisional", "differential"})


class Onset(NamedTuple):
    """What onset[x] says: possible days, and the chart's own words where it gave no date. `unread`: words not understood."""

    moment: Moment | None
    words: str = ""
    unread: str = ""


def onset_of(condition: Any, *, zone: ZoneInfo, today: date, birth: Moment | None) -> Onset:
    """Onset by the first element that yields one; `moment` None where none does (an age needs the birth date).

    Words are counted back from recordedDate. Without one they were written some day up to today, so that they are a lower bound.
    Days to come are left in: whoever asks decides what a future onset means.
    """
    if (dated := moment(condition.onsetDateTime, zone)) is not None:
        return Onset(dated)
    if (period := condition.onsetPeriod) is not None and (start := moment(period.start, zone)) is not None:
        return Onset(start)
    if birth is not None and condition.onsetAge is not None and (aged := at_age(condition.onsetAge, birth)) is not None:
        return Onset(aged, _age_words(condition.onsetAge))
    if birth is not None and condition.onsetRange is not None and (aged := in_age_range(condition.onsetRange, birth)) is not None:
        return Onset(aged, "an age range")
    if (words := condition.onsetString) and (ago := told_ago(words)) is not None:
        recorded = recorded_on(condition, zone=zone, today=today)
        told = f" (told on {recorded.shown})" if recorded else ""
        return Onset(ago.before(recorded or Moment(None, today)), f'"{words.strip()}"{told}')
    return Onset(None, unread=(words or "").strip()[:_SHOWN])


def recorded_on(condition: Any, *, zone: ZoneInfo, today: date) -> Moment | None:
    """recordedDate; one in the future is no date."""
    recorded = moment(condition.recordedDate, zone)
    return recorded.until(today) if recorded is not None else None


def _age_words(age: Any) -> str:
    comparator, unit = age.comparator or "", age.unit or age.code or ""
    return f"age {comparator}{age.value} {unit}".strip()


class Standing(NamedTuple):
    """How a condition stands and when it began, as far as the condition alone tells (an age needs the birth date besides)."""

    status: str
    verified: str
    onset: Onset
    recorded: Moment | None

    @property
    def suspected(self) -> str:
        """The word "provisional" and its like; empty for a confirmed one."""
        return "" if self.verified == "confirmed" else self.verified


def standing(condition: Any, look: Look) -> Standing:
    """The standing of a condition, worked out once for all facts that read it."""
    known = look.standings.get(id(condition))
    if known is None:
        zone, today = look.zone, look.today
        known = look.standings[id(condition)] = Standing(
            clinical_status(condition, zone=zone, today=today),
            verification(condition),
            onset_of(condition, zone=zone, today=today, birth=None),
            recorded_on(condition, zone=zone, today=today),
        )
    return known


def words_of_status(concept: Any) -> list[str]:
    """The codes of a status CodeableConcept, or its text where it has no coding."""
    if concept is None:
        return []
    codes = [coding.code.strip().lower() for coding in concept.coding or () if coding.code]
    return codes or ([concept.text.strip().lower()] if concept.text else [])


def clinical_status(condition: Any, *, zone: ZoneInfo, today: date) -> str:
    """clinicalStatus, absent or not understood read as active; an active one that is abated is resolved."""
    words = words_of_status(condition.clinicalStatus)
    said = next((word for word in words if word in _CLINICAL), "active")
    return "resolved" if said in ACTIVE and _abated(condition, zone, today) else said


def verification(condition: Any) -> str:
    """verificationStatus: absent is confirmed; refuted and entered-in-error win; one that is not understood is unconfirmed."""
    said = words_of_status(condition.verificationStatus)
    if not said or said == ["confirmed"]:
        return "confirmed"
    for group in (NEVER, _SUSPECTED):
        if found := next((word for word in said if word in group), None):
            return found
    return "confirmed" if "confirmed" in said else "unconfirmed"


def _abated(condition: Any, zone: ZoneInfo, today: date) -> bool:
    """An abatement of today or before; ages, ranges and words of an abatement say that it is over without saying when."""
    if (period := condition.abatementPeriod) is not None:
        ended = moment(period.end, zone) or period_start(period, zone)
    else:
        ended = moment(condition.abatementDateTime, zone)
    if ended is not None:
        return ended.until(today) is not None
    return bool(condition.abatementAge or condition.abatementRange or condition.abatementString)
