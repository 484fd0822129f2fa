"""How long the back has hurt: the kind `episode`, at every boundary."""

from datetime import date
from typing import Any

import pytest

from builders.facts import LOW_BACK, derive, fact, gap, value_set
from builders.resources import When, condition, patient
from exercise_cds.model.facts import Bounds, Cause, Fact, InDoubt, Known, NotRecorded
from exercise_cds.model.pack import Suspected

DAYS = fact(
    "episode",
    "back_pain_days",
    codes=["M54.50", "M54.51", "279039007", "278860009"],
    codes_with_site=["M54.9"],
    site=LOW_BACK,
    suspected=Suspected.COUNTS,
)
CAUTIOUS = fact("episode", "back_pain_days", codes=["M54.50"])


def days(found: Fact) -> object:
    """What the fact says: a number, (least, most), None for not recorded, the cause of a doubt."""
    match found:
        case Known(value):
            return value
        case Bounds(least, most):
            return (least, most)
        case NotRecorded():
            return None
        case InDoubt(cause):
            return cause


def age(value: float, **more: Any) -> dict[str, Any]:
    """An Age in years."""
    return {"value": value, "unit": "years", "system": "http://unitsofmeasure.org", "code": "a"} | more


@pytest.mark.parametrize("ago", [0, 1, 13, 14, 15, 27, 28, 84, 85, 4000])
def test_an_onset_is_counted_to_the_day(ago: int) -> None:
    """Pain that began n days ago is n days old, on every side of every boundary."""
    found = derive(DAYS, condition(onset=ago, display="Low back pain"))
    assert days(found) == ago
    assert isinstance(found, Known)
    assert found.evidence[0].resource == "Condition/c1"
    assert found.evidence[0].shown == "Low back pain"
    assert not found.remarks


@pytest.mark.parametrize(
    ("start", "bounds"),
    [("2026-02", (2, 29)), ("2026-01", (30, 60)), ("2026", (0, 60)), ("2025", (61, 425)), ("2026-03", (0, 1))],
)
def test_a_partial_onset_gives_bounds(start: str, bounds: tuple[int, int]) -> None:
    """An onset in "2026-02" lies between its last and its first day, and days to come are not meant."""
    assert days(derive(DAYS, condition(onset=start))) == bounds


def test_a_partial_onset_of_today_only_is_exact() -> None:
    """On the first day of a month, that month means today."""
    assert days(derive(DAYS, condition(onset="2026-03"), today=date(2026, 3, 1))) == 0


def test_the_start_of_an_onset_period_is_the_onset() -> None:
    """A period of onset counts from its start."""
    assert days(derive(DAYS, condition(onsetPeriod={"start": "2026-02-16", "end": "2026-02-20"}))) == 14


def test_a_period_without_a_start_falls_back_to_the_recorded_date() -> None:
    """A period of onset without a start yields nothing, and the date of recording is a lower bound."""
    assert days(derive(DAYS, condition(onsetPeriod={"end": "2026-02-20"}, recorded=5))) == (5, None)


def test_an_age_gives_the_year_as_bounds() -> None:
    """Onset at 40 years is between the 40th birthday and the eve of the 41st."""
    found = derive(DAYS, patient("1985-12-01"), condition(onsetAge=age(40)))
    assert days(found) == (0, 91)
    assert isinstance(found, Bounds)
    assert found.remarks == ("the onset is given as age 40 years",)


def test_an_age_with_a_birth_month_gives_wider_bounds() -> None:
    """A birth month alone widens the bounds of an onset at 39 years by that month."""
    assert days(derive(DAYS, patient("1985-12"), condition(onsetAge=age(39)))) == (62, 456)


def test_an_age_needs_the_birth_date() -> None:
    """Without a birth date an age says nothing, and the date of recording is a lower bound."""
    for person in ((), (patient(None),)):
        assert days(derive(DAYS, *person, condition(onsetAge=age(40), recorded=20))) == (20, None)
        assert days(derive(DAYS, *person, condition(onsetAge=age(40)))) is None


def test_a_range_of_ages_gives_its_ends_as_bounds() -> None:
    """Onset between 39 and 40 years is between the 39th birthday and the eve of the 41st."""
    ages = {"low": {"value": 39, "code": "a"}, "high": {"value": 40, "code": "a"}}
    assert days(derive(DAYS, patient("1985-12-01"), condition(onsetRange=ages))) == (0, 456)


@pytest.mark.parametrize(
    ("words", "recorded", "expected"),
    [
        ("about 3 weeks", 2, 23),
        ("about 3 weeks", None, (21, None)),
        ("14 days", 0, 14),
        ("13 days", 0, 13),
        ("over 3 weeks", 2, (23, None)),
        ("about 3 weeks", "2026-02", (23, 50)),
        ("2 months", 0, 59),
        ("since last spring", 20, (20, None)),
        ("since last spring", None, None),
        ("about 3 weeks", -3, (21, None)),
    ],
)
def test_words_are_counted_back_from_the_recorded_date(words: str, recorded: When, expected: object) -> None:
    """The words "about 3 weeks" count back from the day of recording; without it they are a lower bound; "over" always is one."""
    assert days(derive(DAYS, condition(onsetString=words, recorded=recorded))) == expected


def test_words_are_shown_in_the_charts_spelling() -> None:
    """The card can say that the onset was told as "about 3 weeks", and when."""
    found = derive(DAYS, condition(onsetString="about 3 weeks", recorded=2))
    assert isinstance(found, Known)
    assert found.remarks == ('the onset is given as "about 3 weeks" (told on 2026-02-28)',)
    strange = derive(DAYS, condition(onsetString="last spring", recorded=2))
    assert isinstance(strange, Bounds)
    assert strange.remarks == ('the onset "last spring" is not understood',)
    long = derive(DAYS, condition(onsetString="x" * 500, recorded=2))
    assert isinstance(long, Bounds)
    assert long.remarks == (f'the onset "{"x" * 80}" is not understood',)


@pytest.mark.parametrize("ago", [0, 13, 14, 40])
def test_a_recorded_date_alone_is_a_lower_bound(ago: int) -> None:
    """A date of recording says that it had begun by then: at least n days, never less and never how many more."""
    found = derive(DAYS, condition(recorded=ago))
    assert days(found) == (ago, None)
    assert isinstance(found, Bounds)
    assert found.evidence[0].remark == "date of recording"


def test_a_partial_recorded_date_counts_by_its_latest_day() -> None:
    """Recorded in "2026-02" means at least since the last day of February."""
    assert days(derive(DAYS, condition(recorded="2026-02"))) == (2, None)


def test_nothing_dated_is_not_recorded() -> None:
    """No onset and no recorded date: the duration is not recorded, and the entry is shown as evidence."""
    found = derive(DAYS, condition())
    assert isinstance(found, NotRecorded)
    assert found.evidence[0].resource == "Condition/c1"
    assert derive(DAYS) == NotRecorded()


@pytest.mark.parametrize("onset", [-1, -400, "2027", "2026-04"])
def test_a_future_onset_is_unknown_whatever_was_recorded(onset: When) -> None:
    """An onset in the future says nothing, and its recorded date is not used in its place."""
    found = derive(DAYS, condition(onset=onset, recorded=40))
    assert isinstance(found, NotRecorded)
    assert "future" in found.remarks[0]


def test_a_future_recorded_date_is_no_date() -> None:
    """A date of recording that is still to come is not used."""
    assert days(derive(DAYS, condition(recorded=-1))) is None


@pytest.mark.parametrize(("onset", "expected"), [("1985-03-01", None), ("1984", None), ("1985-03-02", 14975), ("1985", (14671, 14975))])
def test_an_onset_before_birth_is_unknown(onset: str, expected: object) -> None:
    """Pain does not begin before birth: such an onset says nothing, and a partial one only what lies after birth."""
    assert days(derive(DAYS, patient("1985-03-02"), condition(onset=onset, recorded=40))) == expected


@pytest.mark.parametrize("status", ["recurrence", "relapse"])
def test_a_recurrence_is_counted_from_its_recording(status: str) -> None:
    """A recurrence recorded after its onset began on the day of recording, and the first onset is shown."""
    found = derive(DAYS, condition(onset=400, recorded=20, status=status))
    assert days(found) == 20
    assert isinstance(found, Known)
    assert found.remarks == ("began again: recorded on 2026-02-10, first onset 2025-01-26",)


@pytest.mark.parametrize(
    ("onset", "recorded", "expected"),
    [(20, 20, 20), (20, 40, 20), (20, None, 20), (20, -1, 20), (None, 20, (20, None)), ("2026-02", 15, (2, 15)), ("2025", 15, 15)],
)
def test_otherwise_a_recurrence_is_counted_from_its_onset(onset: When, recorded: When, expected: object) -> None:
    """A recurrence not recorded later than its onset counts like any other; with a partial onset the later of the two is meant."""
    assert days(derive(DAYS, condition(onset=onset, recorded=recorded, status="recurrence"))) == expected


def test_an_active_condition_recorded_later_counts_from_its_onset() -> None:
    """Only a recurrence begins anew: an active condition recorded a year after its onset is a year older than its record."""
    assert days(derive(DAYS, condition(onset=400, recorded=20))) == 400


def test_several_conditions_count_from_the_earliest_onset() -> None:
    """Two active conditions: the earliest onset."""
    assert days(derive(DAYS, condition(onset=10), condition("M54.51", onset=30, id="c2"))) == 30
    assert days(derive(DAYS, condition(onset="2026-02"), condition("M54.51", onset=10, id="c2"))) == (10, 29)


@pytest.mark.parametrize(
    ("onset", "recorded", "expected"),
    [("2026-02", 15, (15, 29)), ("2026-02", 1, (2, 29)), ("2026-02", 29, 29), (10, 5, 10)],
)
def test_a_condition_only_recorded_raises_the_lower_bound(onset: When, recorded: int, expected: object) -> None:
    """A condition that is only "recorded on" says that the pain had begun by then, and never takes the upper bound away."""
    assert days(derive(DAYS, condition(onset=onset), condition("M54.51", recorded=recorded, id="c2"))) == expected


def test_an_older_recording_beside_an_onset_is_said() -> None:
    """An onset decides against an older record without one, and the card can say that there is one."""
    found = derive(DAYS, condition(onset=10), condition("M54.51", recorded=40, id="c2"))
    assert days(found) == 10
    assert isinstance(found, Known)
    assert found.remarks == ("another entry without an onset was recorded already on 2026-01-21",)


def test_a_senseless_onset_leaves_the_others_alone() -> None:
    """A condition whose onset lies in the future neither shortens nor lengthens what the others say."""
    assert days(derive(DAYS, condition(onset=10), condition("M54.51", onset=-5, recorded=60, id="c2"))) == 10
    assert days(derive(DAYS, condition(), condition("M54.51", recorded=60, id="c2"))) == (60, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "resolved"},
        {"status": "inactive"},
        {"status": "remission"},
        {"verification": "refuted"},
        {"verification": "entered-in-error"},
        {"abated": 0},
        {"abated": "2026"},
        {"abatementString": "in spring"},
        {"abatementPeriod": {"start": "2026-01-01"}},
        {"code": "M54.2"},
        {"code": "M54.9"},
        {"code": None},
    ],
)
def test_what_does_not_count_says_nothing(changes: dict[str, Any]) -> None:
    """A condition that is over, refuted, entered in error, of the neck, or unspecific without the low back does not count."""
    written = {"onset": 20, **changes}
    if "abatementString" in written or "abatementPeriod" in written or "abated" in written:
        written["status"] = None
    assert derive(DAYS, condition(**written)) == NotRecorded()


@pytest.mark.parametrize(
    "changes",
    [
        {"status": None},
        {"verification": None},
        {"status": "recurrence"},
        {"abated": -1, "status": None},
        {"code": "m5450"},
        {"code": "M54.9", "site": "Lower back"},
        {"code": "M54.9", "text": "Low-back ache"},
        {"verification": "provisional"},
        {"verification": "unconfirmed"},
    ],
)
def test_what_counts_is_counted(changes: dict[str, Any]) -> None:
    """No status at all, an abatement to come, a code without its dot, a named low back, and with `suspected: counts` a suspicion."""
    assert days(derive(DAYS, condition(**{"onset": 20, **changes}))) == 20


def test_a_suspicion_is_a_doubt_unless_it_counts() -> None:
    """A provisional diagnosis alone leaves the duration in doubt, and says which it is."""
    found = derive(CAUTIOUS, condition(onset=20, verification="provisional", display="Low back pain"))
    assert isinstance(found, InDoubt)
    assert found.cause is Cause.SUSPECTED
    assert found.why == "only provisional: Low back pain"
    assert found.evidence[0].remark == "provisional"


@pytest.mark.parametrize(
    ("sure", "suspected", "expected"),
    [
        (20, 10, 20),
        (20, 20, 20),
        (20, 30, Cause.SUSPECTED),
        ("2026-02", 1, (2, 29)),
        ("2026-02", 15, Cause.SUSPECTED),
        ("2026-02", None, (2, 29)),
        (None, 20, Cause.SUSPECTED),
        (None, None, None),
    ],
)
def test_a_suspicion_matters_only_where_it_changes_the_length(sure: When, suspected: When, expected: object) -> None:
    """Beside a confirmed diagnosis a provisional one leaves a doubt only where it would change the length."""
    found = derive(CAUTIOUS, condition(onset=sure), condition(onset=suspected, verification="provisional", id="c2"))
    assert days(found) == expected


@pytest.mark.parametrize("missing", [{"gaps": [gap()]}, {"unreadable": 1}])
def test_a_missing_condition_may_be_the_earliest(missing: dict[str, Any]) -> None:
    """With conditions missing or unreadable the duration is in doubt, and what was found is still evidence."""
    found = derive(DAYS, condition(onset=20), **missing)
    assert isinstance(found, InDoubt)
    assert found.evidence[0].resource == "Condition/c1"


@pytest.mark.parametrize(("ago", "said"), [(84, True), (85, False)])
def test_a_chronic_code_with_a_recent_date_is_said(ago: int, said: bool) -> None:  # noqa: FBT001 -- the row's answer
    """A "chronic" code of 84 days is a conflict that the card must show; of 85 days it is none."""
    sets = [value_set("chronic", ("278860009", "Chronic low back pain"))]
    found = derive(DAYS, condition("278860009", onset=ago), valuesets=sets)
    assert isinstance(found, Known)
    assert bool(found.remarks) is said


@pytest.mark.parametrize(("ago", "said"), [(84, False), (85, True)])
def test_an_acute_text_with_an_old_date_is_said(ago: int, said: bool) -> None:  # noqa: FBT001 -- the row's answer
    """An "acute" pain of 85 days is a conflict that the card must show, even where it is only recorded; of 84 days it is none."""
    for dates in ({"onset": ago}, {"recorded": ago}):
        found = derive(DAYS, condition(text="Acute low back pain", **dates))
        assert isinstance(found, Known | Bounds)
        assert bool(found.remarks) is said


def test_the_conflict_follows_the_packs_setting() -> None:
    """Where a site calls 100 days chronic, a chronic code of 90 days is a conflict."""
    found = derive(DAYS, condition(text="Chronic low back pain", onset=90), settings={"chronic_from_days": 100})
    assert isinstance(found, Known)
    assert found.remarks == ('"Chronic low back pain" is called chronic, but has lasted at most 90 days by its date',)


def test_acute_on_chronic_and_subacute_are_no_conflict() -> None:
    """The words "acute on chronic" say both, "subacute" says neither: no conflict either way."""
    for text in ("Acute on chronic low back pain", "Subacute low back pain"):
        found = derive(DAYS, condition(text=text, onset=100))
        assert isinstance(found, Known)
        assert not found.remarks
