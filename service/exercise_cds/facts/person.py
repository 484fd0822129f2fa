"""The kinds `age` and `deceased`: what the Patient says of himself."""

from __future__ import annotations

from datetime import date
from typing import Any

from exercise_cds.facts.dates import moment
from exercise_cds.facts.look import Look, doubt
from exercise_cds.model.facts import FALSE, Bounds, Evidence, Fact, Known, NotRecorded
from exercise_cds.model.pack import FactSpec


def derive_age(_: FactSpec, look: Look) -> Fact:
    """Completed years; of a partial birth date a range. A birth in the future is none."""
    for entry in look.entries:
        if (born := moment(entry.resource.birthDate, look.zone)) is None:
            continue
        if (born := born.until(look.today)) is None or born.first is None:
            return doubt(look) or NotRecorded(("the birth date lies in the future",))
        evidence = (Evidence(_name(entry.resource), born.shown, f"born {born.shown}"),)
        least, most = _years(born.last, look.today), _years(born.first, look.today)
        return Known(least, evidence) if least == most else Bounds(least, most, evidence)
    return doubt(look) or NotRecorded()


def derive_deceased(_: FactSpec, look: Look) -> Fact:
    """True where the chart says so, with a date or without."""
    for entry in look.entries:
        patient = entry.resource
        died = moment(patient.deceasedDateTime, look.zone)
        if patient.deceasedBoolean or died is not None:
            return Known(value=True, evidence=(Evidence(_name(patient), died.shown if died else "", "deceased"),))
    return doubt(look) or FALSE


def _name(patient: Any) -> str:
    return f"Patient/{patient.id}" if patient.id else "Patient"


def _years(born: date, today: date) -> float:
    """Completed years. Who was born on 29 February completes a year on 1 March where there is no 29th."""
    return float(today.year - born.year - ((today.month, today.day) < (born.month, born.day)))
