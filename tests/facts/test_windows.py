"""When a finding was: `new_within`, `begun_before`, `dated`, `undated`, and `overruled_by` a newer reading."""

from typing import Any

import pytest

from builders.facts import derive, fact, gap
from builders.resources import When, condition, medication, observation, procedure
from exercise_cds.model.facts import Cause, Fact, InDoubt, Known
from exercise_cds.model.pack import FactSpec, Overruled, Suspected, Undated
from exercise_cds.model.tree import AllOf, Always, AnyOf, Leaf, Named, Not, Op

NEW_RETENTION = fact("condition", "new_retention", codes=["R33.9"], new_within=30, suspected=Suspected.COUNTS)
LONG_STEROIDS = fact("medication", "long_steroids", codes=["rxnorm|8640"], begun_before=90)
TEMPERATURE = fact("measurement", "temperature", codes=["loinc|8310-5"], within=7, unit="Cel", valid=(30.0, 45.0))
CODED_FEVER = fact(
    "condition",
    "coded_fever",
    codes=["R50.9"],
    new_within=7,
    status="any",
    overruled_by=Overruled("temperature", Leaf("temperature", Op.BELOW, 38.0)),
)


def truth(found: Fact) -> bool | Cause:
    """True, false, or the cause of a doubt."""
    if isinstance(found, InDoubt):
        return found.cause
    assert isinstance(found, Known)
    assert isinstance(found.value, bool)
    return found.value


@pytest.mark.parametrize(("ago", "new"), [(0, True), (29, True), (30, True), (31, False), (3000, False)])
def test_new_includes_the_last_day_of_its_window(ago: int, new: bool) -> None:  # noqa: FBT001 -- the row's answer
    """Retention that began 30 days ago is new within 30 days; of 31 days ago it is old, even if it was recorded today."""
    assert truth(derive(NEW_RETENTION, condition("R33.9", onset=ago))) is new
    assert truth(derive(NEW_RETENTION, condition("R33.9", onset=ago, recorded=0))) is new


@pytest.mark.parametrize(("ago", "new"), [(30, True), (31, False)])
def test_the_recorded_date_stands_for_a_missing_onset(ago: int, new: bool) -> None:  # noqa: FBT001 -- the row's answer
    """Without an onset the date of recording decides, and is shown as such; a future onset is no onset."""
    found = derive(NEW_RETENTION, condition("R33.9", recorded=ago))
    assert truth(found) is new
    assert truth(derive(NEW_RETENTION, condition("R33.9", onset=-1, recorded=ago))) is new
    if isinstance(found, Known) and found.evidence:
        assert found.evidence[0].remark == "date of recording"


@pytest.mark.parametrize(
    ("onset", "new"),
    [("2026", True), ("2026-02", True), ("2026-01", True), ("2025-12", False), ("2026-04", Cause.UNDATED), ("2025", False)],
)
def test_a_partial_date_is_new_where_any_of_its_days_is(onset: str, new: bool | Cause) -> None:  # noqa: FBT001 -- the row's answer
    """A month that has one day inside the window is new; a month still to come is no date."""
    assert truth(derive(NEW_RETENTION, condition("R33.9", onset=onset))) is new


@pytest.mark.parametrize(
    ("written", "new"),
    [
        ({"onsetString": "about 3 weeks", "recorded": 5}, True),
        ({"onsetString": "about 3 weeks", "recorded": 10}, False),
        ({"onsetString": "about 3 weeks"}, True),
        ({"onsetString": "5 weeks"}, False),
        ({"onsetString": "over 1 week"}, True),
        ({"onsetString": "long ago", "recorded": 40}, False),
        ({"onsetString": "long ago"}, Cause.UNDATED),
        ({"onsetPeriod": {"start": "2026-02-28"}}, True),
        ({"onsetPeriod": {"start": "2025-12-01", "end": "2026-03-01"}}, False),
        ({"onsetAge": {"value": 30, "code": "a"}, "recorded": 40}, False),
        ({"onsetAge": {"value": 30, "code": "a"}}, Cause.UNDATED),
    ],
)
def test_every_form_of_onset_is_read(written: dict[str, Any], new: bool | Cause) -> None:  # noqa: FBT001 -- the row's answer
    """Words count back from their recording, a period from its start; an age says nothing here, for this kind reads no birth date."""
    assert truth(derive(NEW_RETENTION, condition("R33.9", **written))) is new


def test_a_finding_without_a_date_is_in_doubt() -> None:
    """Retention without any date may be new: in doubt, with the entry shown."""
    found = derive(NEW_RETENTION, condition("R33.9", text="Urinary retention"))
    assert isinstance(found, InDoubt)
    assert (found.cause, found.why) == (Cause.UNDATED, "without a date: Urinary retention")
    assert found.evidence[0].resource == "Condition/c1"


@pytest.mark.parametrize(("undated", "expected"), [(Undated.COUNTS, True), (Undated.IGNORED, False), (Undated.DOUBT, Cause.UNDATED)])
def test_a_fact_may_say_what_no_date_means(undated: Undated, expected: bool | Cause) -> None:  # noqa: FBT001 -- the row's answer
    """An undated infarction counts, an undated fall is ignored, anything else is in doubt; a future date is no date."""
    spec = fact("condition", codes=["I21.9"], new_within=60, status="any", undated=undated)
    assert truth(derive(spec, condition("I21.9"))) is expected
    assert truth(derive(spec, condition("I21.9", onset=-3))) is expected
    assert truth(derive(spec, condition("I21.9", onset=61))) is False


@pytest.mark.parametrize(("dates", "expected"), [({}, True), ({"onset": -2}, True), ({"onset": 3}, False), ({"recorded": "2020"}, False)])
def test_a_fact_may_ask_for_the_undated_only(dates: dict[str, Any], expected: bool) -> None:  # noqa: FBT001 -- the row's answer
    """With `dated: false` just those findings count that have no date, or a future one only."""
    spec = fact("condition", codes=["R33.9"], dated=False, suspected=Suspected.COUNTS)
    assert truth(derive(spec, condition("R33.9", **dates))) is expected


@pytest.mark.parametrize(
    ("dated", "long"),
    [
        (89, False),
        (90, True),
        (91, True),
        ("2025-12", Cause.UNDATED),
        ("2025-11", True),
        ("2026-01", False),
        (None, Cause.UNDATED),
        (-1, Cause.UNDATED),
    ],
)
def test_begun_before_includes_its_day(dated: When, long: bool | Cause) -> None:  # noqa: FBT001 -- the row's answer
    """An order written 90 days ago was begun 90 days ago or longer; a month that straddles that day leaves it open."""
    found = derive(LONG_STEROIDS, medication("rxnorm|8640", dated=dated))
    assert truth(found) is long


def test_words_of_an_open_date_are_said() -> None:
    """A straddling month is told as such, and so are words without a day."""
    found = derive(LONG_STEROIDS, medication("rxnorm|8640", dated="2025-12", text="Prednisone"))
    assert isinstance(found, InDoubt)
    assert found.why == "dated only 2025-12: Prednisone"
    old = fact("condition", codes=["R33.9"], begun_before=30)
    told = derive(old, condition("R33.9", onsetString="over 1 week"))
    assert isinstance(told, InDoubt)
    assert told.why == "dated only in words: R33.9"


def test_two_windows_are_both_asked() -> None:
    """New within 300 days and begun 30 days ago or longer: both must hold."""
    spec = fact("condition", codes=["R33.9"], new_within=300, begun_before=30)
    assert [truth(derive(spec, condition("R33.9", onset=ago))) for ago in (29, 30, 300, 301)] == [False, True, True, False]


@pytest.mark.parametrize(
    ("performed", "recent"),
    [
        ({"dated": 90}, True),
        ({"dated": 91}, False),
        ({"performedPeriod": {"start": "2025-12-02", "end": "2026-03-01"}}, True),
        ({"performedPeriod": {"start": "2025-12-01", "end": "2026-03-01"}}, False),
        ({"performedPeriod": {"end": "2026-03-01"}}, True),
        ({"performedPeriod": {"end": "2025-12-01"}}, False),
        ({"performedString": "in winter"}, Cause.UNDATED),
        ({"performedAge": {"value": 30, "code": "a"}}, Cause.UNDATED),
        ({}, Cause.UNDATED),
        ({"dated": -1}, Cause.UNDATED),
    ],
)
def test_a_procedure_is_of_the_day_on_which_it_began(performed: dict[str, Any], recent: bool | Cause) -> None:  # noqa: FBT001 -- the row's answer
    """Surgery 90 days ago is recent and 91 is not; a period counts by its start; words and ages give no day."""
    spec = fact("procedure", codes=["112730002"], new_within=90)
    assert truth(derive(spec, procedure("112730002", **performed))) is recent


def fever(*readings: Any, dated: When = 2, spec: FactSpec = CODED_FEVER, **keys: Any) -> Fact:
    """A coded fever beside some temperatures."""
    return derive(spec, condition("R50.9", onset=dated), *readings, others=[TEMPERATURE], **keys)


def reading(celsius: float, dated: When, **more: Any) -> Any:
    """A temperature."""
    return observation("loinc|8310-5", celsius, unit="Cel", dated=dated, **more)


@pytest.mark.parametrize(
    ("celsius", "dated", "stands"),
    [
        (37.9, 1, False),
        (37.9, 2, False),
        (37.9, 3, True),
        (38.0, 1, True),
        (20.0, 1, True),
        (37.0, "2026-02-28T08:00:00Z", False),
    ],
)
def test_a_normal_reading_as_new_or_newer_overrules(celsius: float, dated: When, stands: bool) -> None:  # noqa: FBT001 -- the row's answer
    """A coded fever is overruled by a temperature below 38.0 of the same day or later, not by an older or an impossible one."""
    assert truth(fever(reading(celsius, dated))) is stands


def test_the_newest_reading_decides() -> None:
    """A normal temperature with a fever after it overrules nothing."""
    assert truth(fever(reading(37, 1), reading(38.5, 0, id="o2"))) is True
    assert truth(fever(reading(38.5, 1), reading(37, 0, id="o2"))) is False


@pytest.mark.parametrize(("hour", "stands"), [("07", True), ("08", False), ("09", False)])
def test_of_one_day_the_hour_decides_where_both_have_one(hour: str, stands: bool) -> None:  # noqa: FBT001 -- the row's answer
    """A normal temperature one hour before the fever was noted does not overrule it, one at the same hour does."""
    found = derive(
        CODED_FEVER,
        condition("R50.9", onset="2026-03-01T08:00:00Z"),
        reading(37, f"2026-03-01T{hour}:00:00Z"),
        others=[TEMPERATURE],
    )
    assert truth(found) is stands


def test_without_readings_the_finding_stands() -> None:
    """No temperature at all overrules nothing, and neither does one charted as "below 39"; one charted as "below 37" does."""
    assert truth(fever()) is True
    for charted, stands in ((39, True), (37, False)):
        vague = observation("loinc|8310-5", valueQuantity={"value": charted, "code": "Cel", "comparator": "<"})
        assert truth(fever(vague)) is stands


def test_a_doubtful_reading_leaves_the_finding_in_doubt() -> None:
    """Where temperatures could not be read, whether the coded fever still stands is in doubt; an old fever is false all the same."""
    missing = [gap("temperature", why="temperatures were not sent")]
    found = fever(gaps=missing)
    assert isinstance(found, InDoubt)
    assert found.why == "temperatures were not sent"
    assert found.evidence[0].resource == "Condition/c1"
    spec = fact("condition", codes=["R50.9"], new_within=7, status="any", overruled_by=CODED_FEVER.overruled_by)
    assert truth(fever(dated=8, spec=spec)) is False


def test_nothing_is_newer_than_a_finding_without_a_date() -> None:
    """A fever without a date that counts is never overruled."""
    spec = fact("condition", codes=["R50.9"], new_within=7, undated=Undated.COUNTS, overruled_by=CODED_FEVER.overruled_by)
    assert truth(fever(reading(37, 0), dated=None, spec=spec)) is True


LOW = Leaf("temperature", Op.BELOW, 38.0)


@pytest.mark.parametrize(
    ("condition_", "holds"),
    [
        (Leaf("temperature", Op.AT_LEAST, 37.0), True),
        (Leaf("temperature", Op.AT_MOST, 37.0), True),
        (Leaf("temperature", Op.ABOVE, 37.0), False),
        (Leaf("temperature", Op.BELOW, 37.0), False),
        (Leaf("temperature", Op.BETWEEN, (36.0, 37.0)), True),
        (Leaf("temperature", Op.OUTSIDE, (36.0, 37.0)), False),
        (Leaf("temperature", Op.IS, 37.0), True),
        (Leaf("temperature", Op.IS_NOT, 37.0), False),
        (Leaf("temperature", Op.ONE_OF, (36.0, 37.0)), True),
        (Leaf("temperature", Op.NONE_OF, (36.0, 37.0)), False),
        (Leaf("temperature", Op.KNOWN, True), True),
        (Leaf("temperature", Op.KNOWN, False), False),
        (AllOf((LOW, Not(LOW))), False),
        (AnyOf((Not(LOW), LOW)), True),
        (Named("normal", LOW), True),
        (Always(), True),
    ],
)
def test_every_condition_of_the_grammar_can_overrule(condition_: Any, holds: bool) -> None:  # noqa: FBT001 -- the row's answer
    """Whatever an author may ask of a number may overrule a finding."""
    spec = fact("condition", codes=["R50.9"], overruled_by=Overruled("temperature", condition_))
    assert truth(fever(reading(37, 0), spec=spec)) is not holds
