"""FHIR's dates as calendar days in the client's zone."""

from datetime import UTC, date, datetime, timedelta, timezone
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from builders.facts import derive, fact
from builders.resources import condition
from exercise_cds.facts.dates import Ago, at_age, earlier, in_age_range, moment, period_start, told_ago
from exercise_cds.model.facts import Known

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
BACK_PAIN_DAYS = fact("episode", "back_pain_days", codes=["M54.50"])


def quantity(value: float, unit: str | None = None, code: str | None = None, comparator: str | None = None) -> SimpleNamespace:
    """An Age or one end of a Range, as far as the dates look at it."""
    return SimpleNamespace(value=value, unit=unit, code=code, comparator=comparator)


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("1958", date(1958, 1, 1), date(1958, 12, 31)),
        ("1958-02", date(1958, 2, 1), date(1958, 2, 28)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        (date(2024, 2, 29), date(2024, 2, 29), date(2024, 2, 29)),
        ("2024-12-31T23:59:60Z", date(2025, 1, 1), date(2025, 1, 1)),
    ],
)
def test_a_date_means_all_the_days_that_it_may_mean(written: date | str, first: date, last: date) -> None:
    """A year means any of its days, a month any of its days, leap days and leap seconds included."""
    found = moment(written, BERLIN)
    assert found is not None
    assert (found.first, found.last) == (first, last)


@pytest.mark.parametrize("written", ["", "soon", "0000", "2024-13", "2024-00", "2024-03-0", "2024-03-01T10:00:60", None])
def test_what_is_no_date_is_none(written: str | None) -> None:
    """Text that is no FHIR date gives no day, and nothing is raised."""
    assert moment(written, ZoneInfo("UTC")) is None


def test_an_instant_falls_on_the_day_of_the_clients_zone() -> None:
    """An instant of 23:30 UTC is the next day in Berlin and the same day in New York."""
    late = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    in_berlin, in_new_york = moment(late, BERLIN), moment(late, NEW_YORK)
    assert in_berlin is not None
    assert in_new_york is not None
    assert in_berlin.last == date(2026, 3, 2)
    assert in_new_york.last == date(2026, 3, 1)


@pytest.mark.parametrize(
    "written", [datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-5))), datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5)))]
)
def test_the_ends_of_the_calendar_do_not_break(written: datetime) -> None:
    """An instant of the calendar's last or first day is read though its neighbour day does not exist."""
    assert moment(written, ZoneInfo("UTC")) is not None


@pytest.mark.parametrize(
    ("onset", "days"),
    [
        ("2026-02-16T00:00:00+01:00", 14),
        ("2026-02-15T23:59:59+01:00", 15),
        ("2026-02-16T23:59:59+01:00", 14),
        ("2026-02-17T00:00:00+01:00", 13),
        ("2026-02-15T23:30:00Z", 14),
        ("2026-02-16T22:59:59Z", 14),
        ("2026-02-16T23:00:00Z", 13),
    ],
)
def test_days_turn_at_midnight_of_the_clients_zone(onset: str, days: int) -> None:
    """Fourteen days are fourteen nights in Berlin, whatever the hour and the offset that the chart wrote."""
    fact_of_day = derive(BACK_PAIN_DAYS, condition(onset=onset), zone="Europe/Berlin")
    assert isinstance(fact_of_day, Known)
    assert fact_of_day.value == days


@pytest.mark.parametrize(
    ("zone", "today", "onset"),
    [
        ("Europe/Berlin", date(2026, 4, 5), "2026-03-22T00:30:00+01:00"),
        ("Europe/Berlin", date(2026, 4, 5), "2026-03-22T23:30:00+01:00"),
        ("Europe/Berlin", date(2026, 11, 1), "2026-10-18T00:30:00+02:00"),
        ("America/New_York", date(2026, 3, 15), "2026-03-01T23:30:00-05:00"),
        ("Pacific/Kiritimati", date(2026, 3, 15), "2026-03-01T00:30:00+14:00"),
    ],
)
def test_a_change_of_clocks_moves_no_boundary(zone: str, today: date, onset: str) -> None:
    """Fourteen days remain fourteen days across the days of 23 and of 25 hours, and at the edge of the world's zones."""
    found = derive(BACK_PAIN_DAYS, condition(onset=onset), zone=zone, today=today)
    assert isinstance(found, Known)
    assert found.value == 14


@pytest.mark.parametrize(("today", "days"), [(date(2024, 3, 1), 14), (date(2023, 3, 1), 13)])
def test_a_leap_day_is_a_day(today: date, days: int) -> None:
    """From 16 February to 1 March it is 14 days in a leap year and 13 in another."""
    found = derive(BACK_PAIN_DAYS, condition(onset=f"{today.year}-02-16"), today=today)
    assert isinstance(found, Known)
    assert found.value == days


@pytest.mark.parametrize(
    ("text", "ago"),
    [
        ("3 weeks", Ago(3, "week", over=False)),
        ("about 3 weeks", Ago(3, "week", over=False)),
        ("~10 days", Ago(10, "day", over=False)),
        ("Approx. 2 Months", Ago(2, "month", over=False)),
        ("1 year ago", Ago(1, "year", over=False)),
        ("over 6 weeks", Ago(6, "week", over=True)),
        ("more than 6 weeks ago.", Ago(6, "week", over=True)),
        ("> 6 weeks", Ago(6, "week", over=True)),
    ],
)
def test_a_length_in_words_is_understood(text: str, ago: Ago) -> None:
    """A number of days, weeks, months or years is understood, with about, ~ or over before it."""
    assert told_ago(text) == ago


@pytest.mark.parametrize(
    "text",
    [
        "",
        None,
        "last spring",
        "a few weeks",
        "2-3 weeks",
        "less than 3 weeks",
        "under 2 weeks",
        "3 weeks, maybe 4",
        "weeks",
        "1.5 weeks",
        "-3 weeks",
        "3",
    ],
)
def test_other_words_are_not_guessed(text: str | None) -> None:
    """Words that do not plainly tell a length are not understood."""
    assert told_ago(text) is None


@pytest.mark.parametrize(
    ("number", "unit", "day"),
    [
        (3, "week", date(2024, 3, 10)),
        (1, "month", date(2024, 2, 29)),
        (13, "month", date(2023, 2, 28)),
        (1, "year", date(2023, 3, 31)),
        (9999, "year", date.min),
        (9999, "month", date(1190, 12, 31)),
    ],
)
def test_counting_back_follows_the_calendar(number: int, unit: str, day: date) -> None:
    """A month before 31 March is the last day of February, and the calendar has a first day."""
    assert earlier(date(2024, 3, 31), number, unit) == day


@pytest.mark.parametrize(
    ("age", "first", "last"),
    [
        (quantity(40, code="a"), date(2000, 6, 15), date(2001, 6, 14)),
        (quantity(40.5, unit="years"), date(2000, 6, 15), date(2001, 6, 14)),
        (quantity(6, code="mo"), date(1960, 12, 15), date(1961, 1, 14)),
        (quantity(2, code="wk"), date(1960, 6, 29), date(1960, 7, 5)),
        (quantity(40, code="a", comparator=">"), date(2000, 6, 15), date.max),
        (quantity(40, code="a", comparator="<"), date(1960, 6, 15), date(2000, 6, 14)),
        (quantity(40, code="a", comparator="<="), date(1960, 6, 15), date(2001, 6, 14)),
    ],
)
def test_an_age_is_the_time_between_two_birthdays(age: SimpleNamespace, first: date, last: date) -> None:
    """At 40 years means from the 40th birthday to the eve of the 41st."""
    born = moment(date(1960, 6, 15), BERLIN)
    assert born is not None
    found = at_age(age, born)
    assert found is not None
    assert (found.first, found.last) == (first, last)


def test_somebody_born_on_a_leap_day_has_both_birthdays() -> None:
    """Bounds of an age hold whether the 29th of February is kept on the 28th or on the 1st of March."""
    born = moment(date(1980, 2, 29), BERLIN)
    assert born is not None
    found = at_age(quantity(41, code="a"), born)
    assert found is not None
    assert (found.first, found.last) == (date(2021, 2, 28), date(2022, 2, 28))


def test_an_age_without_a_unit_is_none() -> None:
    """A number alone is no age, nor is one in an unknown unit or below zero."""
    born = moment(date(1960, 6, 15), BERLIN)
    assert born is not None
    for age in (quantity(40), quantity(40, unit="moons"), quantity(-1, code="a"), quantity(0, code="a", comparator="<")):
        assert at_age(age, born) is None


@pytest.mark.parametrize(
    ("low", "high", "first", "last"),
    [
        (quantity(30, code="a"), quantity(40, code="a"), date(1990, 6, 15), date(2001, 6, 14)),
        (quantity(30), quantity(40, code="a"), date(1990, 6, 15), date(2001, 6, 14)),
        (None, quantity(40, code="a"), date(1960, 6, 15), date(2001, 6, 14)),
        (quantity(30, code="a"), None, date(1990, 6, 15), date.max),
    ],
)
def test_a_range_of_ages_is_as_wide_as_it_says(low: SimpleNamespace | None, high: SimpleNamespace | None, first: date, last: date) -> None:
    """Between 30 and 40 years means from the 30th birthday to the eve of the 41st; an end left out is open."""
    born = moment(date(1960, 6, 15), BERLIN)
    assert born is not None
    found = in_age_range(SimpleNamespace(low=low, high=high), born)
    assert found is not None
    assert (found.first, found.last) == (first, last)


def test_a_range_the_wrong_way_round_is_none() -> None:
    """Between 40 and 30 years is no age, and a range without ends is none."""
    born = moment(date(1960, 6, 15), BERLIN)
    assert born is not None
    assert in_age_range(SimpleNamespace(low=quantity(40, code="a"), high=quantity(30, code="a")), born) is None
    assert in_age_range(SimpleNamespace(low=None, high=None), born) is None


def test_a_period_with_an_end_only_began_by_then() -> None:
    """A period without a start began on its last day or on any day before."""
    found = period_start(SimpleNamespace(start=None, end=date(2026, 2, 1)), BERLIN)
    assert found is not None
    assert (found.first, found.last) == (None, date(2026, 2, 1))
    assert period_start(SimpleNamespace(start=None, end=None), BERLIN) is None
    assert period_start(None, BERLIN) is None


def test_days_to_come_are_cut_off() -> None:
    """Of the month of today only the days up to today may be meant, and of a future month none."""
    month = moment("2026-03", BERLIN)
    assert month is not None
    cut = month.until(date(2026, 3, 2))
    assert cut is not None
    assert (cut.first, cut.last) == (date(2026, 3, 1), date(2026, 3, 2))
    assert month.until(date(2026, 2, 28)) is None
