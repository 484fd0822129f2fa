"""The kinds `age` and `deceased`."""

from datetime import date
from typing import Any

import pytest

from builders.facts import derive, fact, gap
from builders.resources import patient
from exercise_cds.model.facts import FALSE, Bounds, Cause, Evidence, InDoubt, Known, NotRecorded

AGE = fact("age", "age", unit="years")
DECEASED = fact("deceased", "deceased")


@pytest.mark.parametrize(
    ("birth", "years"), [("2008-03-02", 18), ("2008-03-03", 17), ("2008-03-01", 18), ("2026-03-02", 0), ("1925-01-01", 101)]
)
def test_age_is_completed_years(birth: str, years: int) -> None:
    """Somebody is 18 on the 18th birthday, and 17 on its eve."""
    assert derive(AGE, patient(birth)) == Known(years, (Evidence("Patient/p1", birth, f"born {birth}"),))


@pytest.mark.parametrize(
    ("birth", "expected"), [("2008", (17, 18)), ("2008-03", (17, 18)), ("2008-02", 18), ("2008-04", 17), ("2026", 0), ("2007", (18, 19))]
)
def test_a_partial_birth_date_gives_bounds(birth: str, expected: Any) -> None:
    """Somebody born in 2008 is 17 or 18 today; born in February of that year, 18 for certain."""
    found = derive(AGE, patient(birth))
    if isinstance(found, Bounds):
        assert (found.least, found.most) == expected
    else:
        assert isinstance(found, Known)
        assert found.value == expected


@pytest.mark.parametrize(
    ("today", "years"), [(date(2026, 2, 28), 17), (date(2026, 3, 1), 18), (date(2028, 2, 28), 19), (date(2028, 2, 29), 20)]
)
def test_somebody_born_on_a_leap_day_grows_older_on_the_first_of_march(today: date, years: int) -> None:
    """Born on 29 February 2008: 18 on 1 March 2026, and 20 on 29 February 2028."""
    found = derive(AGE, patient("2008-02-29"), today=today)
    assert isinstance(found, Known)
    assert found.value == years


def test_no_birth_date_is_not_recorded() -> None:
    """Without a birth date, or with one in the future, the age is not recorded."""
    assert derive(AGE, patient(None)) == NotRecorded()
    assert derive(AGE) == NotRecorded()
    assert derive(AGE, patient("2026-03-03")) == NotRecorded(("the birth date lies in the future",))
    assert derive(AGE, patient("2027")) == NotRecorded(("the birth date lies in the future",))


def test_a_missing_patient_is_a_doubt() -> None:
    """Where the Patient was not sent or could not be read, age and death are in doubt; a birth date that is there settles the age."""
    for spec in (AGE, DECEASED):
        assert isinstance(derive(spec, gaps=[gap("patient")]), InDoubt)
        unread = derive(spec, unreadable=1)
        assert isinstance(unread, InDoubt)
        assert unread.cause is Cause.UNREADABLE
    assert isinstance(derive(AGE, patient(), gaps=[gap("patient")]), Known)


@pytest.mark.parametrize(
    ("said", "dead"),
    [
        ({}, False),
        ({"deceasedBoolean": False}, False),
        ({"deceasedBoolean": True}, True),
        ({"deceasedDateTime": "2020"}, True),
        ({"deceasedDateTime": "2026-03-01T10:00:00Z"}, True),
    ],
)
def test_a_death_is_told_with_or_without_its_date(said: dict[str, Any], dead: bool) -> None:  # noqa: FBT001 -- the row's answer
    """A patient has died where the chart says so or gives a date of death."""
    found = derive(DECEASED, patient(**said))
    assert isinstance(found, Known)
    assert found.value is dead
    assert dead or found is FALSE
