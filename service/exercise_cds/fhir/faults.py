"""What can go wrong with one query, as a table: the word for the metrics, and the words for the card. Nothing of the patient is in it."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from exercise_cds.fhir.templates import Query
from exercise_cds.model.facts import Cause
from exercise_cds.model.prefetch import NotObtained


class _Told(NamedTuple):
    label: str
    """For the metrics."""
    words: str
    """Follow the query's noun, a plural: "procedures" were not answered in time."""
    cause: Cause = Cause.NOT_OBTAINED


class Fault(Enum):
    """Why a query has no answer that could be used."""

    LATE = _Told("late", "were not answered in time")
    FULL = _Told("full", "could not be asked for, since too much was asked at once")
    OUT_OF_SCOPE = _Told("out-of-scope", "are outside of the access that the EHR gave")
    PARTLY_IN_SCOPE = _Told("partly-in-scope", "are only in part within the access that the EHR gave")
    NO_ADDRESS = _Told("no-address", "could not be asked for")
    REFUSED = _Told("refused", "were refused by the EHR's FHIR server")
    NOT_FOUND = _Told("not-found", "are not known to the EHR's FHIR server")
    THROTTLED = _Told("throttled", "could not be looked up, since the EHR's FHIR server is busy")
    FAILED = _Told("failed", "could not be looked up, since the EHR's FHIR server failed")
    UNREACHABLE = _Told("unreachable", "could not be looked up, since the EHR's FHIR server could not be reached")
    ODD = _Told("odd", "could not be looked up")
    NO_FHIR = _Told("no-fhir", "could not be looked up, since what came was no FHIR")
    UNREADABLE = _Told("unreadable", "could not be read", Cause.UNREADABLE)
    TOO_LARGE = _Told("too-large", "were too many to be read")
    FOREIGN = _Told("foreign", "are not this patient's", Cause.FOREIGN)

    def of(self, query: Query) -> NotObtained:
        """The state of the query's prefetch key."""
        return NotObtained(self.value.cause, f"{query.noun} {self.value.words}")


_STATUSES = {401: Fault.REFUSED, 403: Fault.REFUSED, 404: Fault.NOT_FOUND, 410: Fault.NOT_FOUND, 429: Fault.THROTTLED}


def fault_of_status(status: int) -> Fault | None:
    """None for 200, which alone is an answer: a redirect is not followed (SEC-21), and 202, 204 or 206 hold no whole result."""
    if status == 200:
        return None
    return _STATUSES.get(status, Fault.FAILED if status >= 500 else Fault.ODD)
