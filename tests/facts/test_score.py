"""How bad the pain is: the kind `score`. Codes, units, sentinels, panels, ties, and how old a score may be."""

from datetime import date
from typing import Any

import pytest

from builders.facts import derive, fact, gap
from builders.resources import When, component, concept, day, observation, score
from exercise_cds.model.facts import Bounds, Evidence, Fact, InDoubt, Known, NotRecorded

NOW, REPORTED, WEEK, AVERAGE, VAS, FACES = (
    "loinc|75260-0",
    "loinc|72514-3",
    "loinc|75893-8",
    "loinc|75261-8",
    "loinc|38214-3",
    "loinc|38221-8",
)
PAIN = fact(
    "score",
    "pain_severity",
    says="newest pain score",
    codes=[NOW, REPORTED, WEEK, AVERAGE, VAS, FACES],
    within=30,
    answers={"loinc|LA6111-4": 0.0, "loinc|LA6113-0": 2.0, "loinc|LA13942-0": 10.0},
    prefer=[NOW, REPORTED, AVERAGE, WEEK, VAS, FACES],
)


def value(found: Fact) -> object:
    """The score, or None where there is none."""
    assert isinstance(found, Known | NotRecorded)
    return found.value if isinstance(found, Known) else None


@pytest.mark.parametrize("charted", [0, 3.99, 4, 4.37, 6.6, 6.99, 7, 10])
def test_a_score_is_kept_with_its_decimals(charted: float) -> None:
    """A score from 0 to 10 is what it is: 6.6 is not rounded, and 0 is a score like any other."""
    assert value(derive(PAIN, score(charted))) == charted


@pytest.mark.parametrize("charted", [99, -1, 10.1, 11, -0.5])
def test_a_number_off_the_scale_is_no_score(charted: float) -> None:
    """99 and -1 are sentinels, and 10.1 is a mistake: none of them is a score, and the card can say why there is none."""
    found = derive(PAIN, score(charted))
    assert isinstance(found, NotRecorded)
    assert "outside 0 to 10" in found.remarks[0]


@pytest.mark.parametrize(
    ("charted", "code", "unit", "expected"),
    [
        (65, REPORTED, "mm", 6.5),
        (5, REPORTED, "mm", 0.5),
        (100, VAS, "mm", 10),
        (101, VAS, "mm", None),
        (-1, VAS, "mm", None),
        (65, VAS, None, 6.5),
        (65, VAS, "{score}", 6.5),
        (10, VAS, None, 10),
        (7, VAS, None, 7),
        (11, VAS, None, 1.1),
        (65, REPORTED, None, None),
        (45, VAS, "%", 4.5),
        (45, REPORTED, "%", 4.5),
        (8, REPORTED, "%", None),
        (7, REPORTED, "1", 7),
        (7, REPORTED, "Level", 7),
        (7, REPORTED, None, 7),
        (7, REPORTED, "cm", None),
        (7, REPORTED, "kg", None),
    ],
)
def test_units_are_understood_or_refused(charted: float, code: str, unit: str | None, expected: float | None) -> None:
    """Millimetres, and a visual analog scale over 10, are tenths; {score}, 1, Level and no unit are as they stand; others are ambiguous."""
    assert value(derive(PAIN, score(charted, code=code, unit=unit))) == expected


@pytest.mark.parametrize(
    ("answer", "expected"), [("loinc|LA6111-4", 0), ("loinc|LA6113-0", 2), ("loinc|LA13942-0", 10), ("loinc|LA9-9", None)]
)
def test_an_answer_is_read_by_its_code(answer: str, expected: float | None) -> None:
    """LA6113-0 means 2, whatever its display says; an answer that is not in the author's list is no score."""
    assert value(derive(PAIN, score(answer))) == expected
    misleading = score(None, valueCodeableConcept=concept(answer, display="2 or more", text="10"))
    assert value(derive(PAIN, misleading)) == expected


@pytest.mark.parametrize(
    ("charted", "expected"),
    [
        ({"valueInteger": 7}, 7),
        ({"valueInteger": 99}, None),
        ({"valueString": "7"}, 7),
        ({"valueString": " 6.5 "}, 6.5),
        ({"valueString": "7/10"}, 7),
        ({"valueString": "seven"}, None),
        ({"valueString": "7-8"}, None),
        ({"valueString": "NaN"}, None),
        ({"valueBoolean": True}, None),
        ({"valueRange": {"low": {"value": 3}}}, None),
        ({"dataAbsentReason": {"text": "unknown"}}, None),
        ({"valueQuantity": {"unit": "{score}"}}, None),
    ],
)
def test_other_values_are_read_where_they_are_plain(charted: dict[str, Any], expected: float | None) -> None:
    """An integer or a plain number in text is a score; a word, a range, yes, or nothing is none."""
    assert value(derive(PAIN, score(None, **charted))) == expected


def test_more_than_seven_is_a_bound() -> None:
    """A score charted as "> 7" is at least 7, by how much nobody knows."""
    found = derive(PAIN, score(None, valueQuantity={"value": 7, "comparator": ">"}))
    assert isinstance(found, Bounds)
    assert (found.least, found.most) == (7, None)


@pytest.mark.parametrize("status", ["final", "amended", "corrected", "preliminary"])
def test_these_statuses_count(status: str) -> None:
    """Final, amended, corrected and preliminary scores count."""
    assert value(derive(PAIN, score(7, status=status))) == 7


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled", "unknown", "registered"])
def test_these_statuses_do_not(status: str) -> None:
    """Scores entered in error, cancelled, unknown or not there yet do not count."""
    assert derive(PAIN, score(7, status=status)) == NotRecorded()


@pytest.mark.parametrize(("ago", "expected"), [(0, 7), (29, 7), (30, 7), (31, None), (-1, 7), (-2, None)])
def test_only_the_last_thirty_days_count(ago: int, expected: float | None) -> None:
    """A score of 30 days ago counts and one of 31 does not; one of tomorrow counts and one of the day after does not."""
    assert value(derive(PAIN, score(7, dated=ago))) == expected


def test_a_score_that_is_too_old_is_said_with_its_date() -> None:
    """The card can say that the newest pain score is too old, and of which day it is."""
    found = derive(PAIN, score(7, dated="2025-11-02"), score(3, dated="2025-10-01", id="o2"))
    assert found == NotRecorded(
        remarks=("newest pain score is of 2025-11-02: too old",),
        evidence=(Evidence("Observation/o1", "2025-11-02", "7 {score}", "", ("http://loinc.org", "72514-3")),),
    )


@pytest.mark.parametrize(
    ("effective", "zone", "expected"),
    [
        ({"effectiveDateTime": "2026-01-31T00:30:00+01:00"}, "Europe/Berlin", 7),
        ({"effectiveDateTime": "2026-01-30T23:59:59+01:00"}, "Europe/Berlin", None),
        ({"effectiveDateTime": "2026-01-30T23:30:00Z"}, "Europe/Berlin", 7),
        ({"effectiveInstant": "2026-01-30T23:30:00Z"}, "Europe/Berlin", 7),
        ({"effectiveInstant": "2026-01-30T23:30:00Z"}, "UTC", None),
        ({"effectivePeriod": {"start": "2025-12-01", "end": "2026-01-31"}}, "UTC", 7),
        ({"effectivePeriod": {"start": "2026-02-01"}}, "UTC", None),
        ({"effectiveTiming": {"event": ["2026-03-01"]}}, "UTC", None),
        ({"issued": "2026-03-01T10:00:00Z"}, "UTC", None),
    ],
)
def test_the_effective_moment_counts_in_the_clients_zone(effective: dict[str, Any], zone: str, expected: float | None) -> None:
    """The window turns at midnight of the client's zone; a period counts by its end; a date of issue is not the date of the pain."""
    assert value(derive(PAIN, score(7, dated=None, **effective), zone=zone)) == expected


def test_an_undated_score_is_left_out_and_said() -> None:
    """A score without any date is not used, and the card can say so."""
    found = derive(PAIN, score(7, dated=None))
    assert isinstance(found, NotRecorded)
    assert found.remarks == ('a value ("7 {score}") was left out: it has no date',)


def test_the_newest_score_wins() -> None:
    """Of several days the newest counts, of one day the latest hour."""
    assert value(derive(PAIN, score(3, dated=2), score(8, dated=5, id="o2"))) == 3
    morning, evening = score(3, dated="2026-03-01T08:00:00Z"), score(8, dated="2026-03-01T20:00:00+02:00", id="o2")
    assert value(derive(PAIN, morning, evening)) == 8
    assert value(derive(PAIN, evening, morning)) == 8


def test_a_newer_invalid_score_is_skipped_and_said() -> None:
    """A 99 of today does not hide the 5 of yesterday, and the card can say that it was left out."""
    found = derive(PAIN, score(99), score(5, dated=1, id="o2"))
    assert value(found) == 5
    assert isinstance(found, Known)
    assert found.remarks == ('a value of 2026-03-02 ("99 {score}") was left out: it is outside 0 to 10',)


def test_an_older_invalid_score_is_not_worth_a_word() -> None:
    """A 99 of last week is not mentioned beside the 5 of today."""
    found = derive(PAIN, score(5), score(99, dated=7, id="o2"))
    assert isinstance(found, Known)
    assert not found.remarks


def test_several_invalid_scores_are_one_remark() -> None:
    """Of three sentinels the newest is named and the others are counted."""
    found = derive(PAIN, *(score(99, dated=n, id=f"o{n}") for n in range(3)), score(5, dated=4, id="o9"))
    assert isinstance(found, Known)
    assert found.remarks == ('a value of 2026-03-02 ("99 {score}") was left out: it is outside 0 to 10, and 2 more',)


def test_an_absent_value_does_not_cancel_an_older_one() -> None:
    """A score of today that says why it was not taken leaves the 5 of yesterday standing, without a word."""
    absent = score(None, dataAbsentReason={"text": "asleep"})
    found = derive(PAIN, absent, score(5, dated=1, id="o2"))
    assert value(found) == 5
    assert isinstance(found, Known)
    assert not found.remarks


def test_a_score_of_the_future_is_skipped_and_said() -> None:
    """A score dated next week does not hide the one of today."""
    found = derive(PAIN, score(9, dated=-7), score(5, id="o2"))
    assert value(found) == 5
    assert isinstance(found, Known)
    assert "dated in the future" in found.remarks[0]


@pytest.mark.parametrize(("codes", "expected"), [((NOW, REPORTED), 2), ((REPORTED, WEEK), 2), ((AVERAGE, VAS), 2), ((VAS, FACES), 2)])
def test_of_one_instant_the_more_telling_code_wins(codes: tuple[str, str], expected: float) -> None:
    """Pain now is preferred to pain on average, and that to a visual analog scale, even where the other is higher."""
    better, other = score(2, code=codes[0]), score(8, code=codes[1], id="o2")
    for order in ((better, other), (other, better)):
        found = derive(PAIN, *order)
        assert value(found) == expected
        assert isinstance(found, Known)
        assert not found.remarks


def test_of_one_code_the_higher_value_wins_and_is_said() -> None:
    """Two scores of one code at one instant: the higher is taken, and the card says that there were two."""
    for order in ((score(3), score(6.5, id="o2")), (score(6.5, id="o2"), score(3))):
        found = derive(PAIN, *order)
        assert value(found) == 6.5
        assert isinstance(found, Known)
        assert found.remarks == ("several values of the same time (3 and 6.5): the higher one is taken",)
        assert [piece.resource for piece in found.evidence] == ["Observation/o2"]


def test_equal_scores_are_no_conflict() -> None:
    """Two equal scores at one instant are both evidence and need no remark."""
    found = derive(PAIN, score(6), score(6, id="o2"))
    assert isinstance(found, Known)
    assert not found.remarks
    assert len(found.evidence) == 2


def test_a_score_without_a_time_may_be_of_any_hour_of_its_day() -> None:
    """A score with a date only competes with the latest score of that day: the higher is taken, and it is said."""
    found = derive(PAIN, score(8), score(3, dated="2026-03-02T10:00:00Z", id="o2"), score(9, dated="2026-03-02T08:00:00Z", id="o3"))
    assert value(found) == 8
    assert isinstance(found, Known)
    assert "3 and 8" in found.remarks[0]


def test_an_exact_date_beats_a_month() -> None:
    """A score of 2 February stands against one of "2026-02", whose day nobody knows; a month alone counts by its latest day."""
    month = score(8, dated="2026-02")
    assert value(derive(PAIN, month)) == 8
    assert value(derive(PAIN, month, score(3, dated="2026-02-02", id="o2"))) == 3
    assert value(derive(PAIN, score(8, dated="2026-01"))) == 8
    assert value(derive(PAIN, score(8, dated="2025-12"))) is None


def test_a_score_within_a_panel_counts() -> None:
    """A component of a PEG panel is a score of the panel's moment; the panel's mean is none."""
    panel = observation("loinc|91148-7", component=[component(WEEK, 6, unit="{score}"), component("loinc|91147-9", 9)])
    found = derive(PAIN, panel)
    assert value(found) == 6
    assert isinstance(found, Known)
    assert found.evidence[0].code == ("http://loinc.org", "75893-8")
    absent = observation("loinc|91148-7", component=[component(WEEK, None, dataAbsentReason={"text": "asleep"})])
    assert derive(PAIN, absent) == NotRecorded()


@pytest.mark.parametrize(
    ("site", "caveat"), [("Lower back", False), ("Left leg", False), ("Lumbar region", False), ("Knee", True), (None, False)]
)
def test_a_score_of_another_place_counts_with_a_caveat(site: str | None, caveat: bool) -> None:  # noqa: FBT001 -- the row's answer
    """A score given for the knee counts, and the card says that it was given for the knee."""
    found = derive(PAIN, score(7, site=site))
    assert value(found) == 7
    assert isinstance(found, Known)
    assert bool(found.remarks) is caveat
    assert bool(found.evidence[0].remark) is caveat


def test_a_site_that_is_only_a_code_is_a_caveat_too() -> None:
    """A body site without words cannot be told to be the back, so the card shows its code."""
    found = derive(PAIN, score(7, bodySite=concept("snomed|72696002")))
    assert isinstance(found, Known)
    assert found.remarks == ('it was given for "72696002", not for back or leg',)


def test_another_observation_is_no_score() -> None:
    """A body temperature is no pain score."""
    assert derive(PAIN, observation("loinc|8310-5", 7)) == NotRecorded()


@pytest.mark.parametrize(
    ("back_to", "found", "doubt"),
    [
        (None, 0, True),
        (31, None, False),
        (30, None, False),
        (29, None, True),
        (5, 4, False),
        (5, 5, False),
        (5, 6, True),
    ],
)
def test_a_gap_matters_only_where_something_newer_may_hide(back_to: int | None, found: When, doubt: bool) -> None:  # noqa: FBT001 -- the row's answer
    """A bundle that is complete back to the window's first day, or back to the score found, hides nothing newer; others are doubts."""
    whole = date.fromisoformat(day(back_to) or "") if back_to is not None else None
    scores = [score(7, dated=found)] if found is not None else []
    assert isinstance(derive(PAIN, *scores, gaps=[gap("pain", back_to=whole)]), InDoubt) is doubt


def test_an_unreadable_score_may_be_the_newest() -> None:
    """With an entry that could not be read the score is in doubt, and the one that was found is evidence."""
    found = derive(PAIN, score(7), unreadable=1)
    assert isinstance(found, InDoubt)
    assert found.why == "an entry could not be read"
    assert found.evidence[0].shown == "7 {score}"
