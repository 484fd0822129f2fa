"""When a Condition began, and how it stands: onset[x], recordedDate, clinicalStatus, verificationStatus, abatement[x]."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from exercise_cds.facts.dates import Moment, at_age, in_age_range, moment, period_start, told_ago

ACTIVE = frozenset({"active", "recurrence", "relapse"})
_CLINICAL = ACTIVE | {"inactive", "remission", "resolved"}
NEVER = frozenset({"refuted", "entered-in-error"})
_SUSPECTED = frozenset({"unconfirmed", "provisional", "differential"})


@dataclass(frozen=True, slots=True)
class Onset:
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
    return Onset(None, unread=words or "")


def recorded_on(condition: Any, *, zone: ZoneInfo, today: date) -> Moment | None:
    """recordedDate; one in the future is no date."""
    recorded = moment(condition.recordedDate, zone)
    return recorded.until(today) if recorded is not None else None


def _age_words(age: Any) -> str:
    comparator, unit = age.comparator or "", age.unit or age.code or ""
    return f"age {comparator}{age.value} {unit}".strip()


def words_of_status(concept: Any) -> list[str]:
    """The codes of a status CodeableConcept, or its text where it has no coding."""
    if concept is None:
        return []
    codes = [coding.code.strip().lower() for coding in concept.coding or () if coding.code]
    return codes or ([concept.text.strip().lower()] if concept.text else [])


def clinical_status(condition: Any, *, zone: ZoneInfo, today: date) -> str:
    """clinicalStatus, absent or not understood read as active; an active one that is abated is resolved."""
    said = next((word for word in words_of_status(condition.clinicalStatus) if word in _CLINICAL), "active")
    return "resolved" if said in ACTIVE and _abated(condition, zone, today) else said


def verification(condition: Any) -> str:
    """verificationStatus: absent is confirmed; refuted and entered-in-error win; one that is not understood is unconfirmed."""
    said = words_of_status(condition.verificationStatus)
    for group in (NEVER, _SUSPECTED):
        if found := next((word for word in said if word in group), None):
            return found
    return "confirmed" if not said or "confirmed" in said else "unconfirmed"


def _abated(condition: Any, zone: ZoneInfo, today: date) -> bool:
    """An abatement of today or before; ages, ranges and words of an abatement say that it is over without saying when."""
    if (period := condition.abatementPeriod) is not None:
        ended = moment(period.end, zone) or period_start(period, zone)
    else:
        ended = moment(condition.abatementDateTime, zone)
    if ended is not None:
        return ended.until(today) is not None
    return bool(condition.abatementAge or condition.abatementRange or condition.abatementString)
