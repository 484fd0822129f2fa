"""What charts really hold: the answers of the pack to untidy durations, scores and temperatures, each named."""

from __future__ import annotations

from typing import Any

import pytest

from builders.resources import component, condition, observation, score
from decision_table.running_service import (
    AEROBIC,
    AQUATIC,
    EASY,
    EDUCATION,
    MCKENZIE,
    REFERRAL,
    STABILIZATION,
    STRENGTHENING,
    STRETCHING,
    Row,
    disagreements,
)

LBP = condition("M54.50", onset=20)
UNKNOWN = frozenset({EDUCATION, EASY})
NEW = frozenset({EDUCATION, STRETCHING, EASY, AEROBIC})
FROM_14 = frozenset({EDUCATION, STRETCHING, AEROBIC, STABILIZATION, STRENGTHENING, MCKENZIE})
YEARS = {"unit": "years", "system": "http://unitsofmeasure.org", "code": "a"}
VAS, NOW, AVERAGE, WEEK, FACES, WORST = "loinc|38214-3", "loinc|75260-0", "loinc|75261-8", "loinc|75893-8", "loinc|38221-8", "loinc|75262-6"


def severe(words: str, *scores: Any, says: tuple[str, ...] = ()) -> Row:
    """This reading is severe pain: water is offered."""
    return Row(f"severe: {words}", (LBP, *scores), offers=frozenset({AQUATIC, EDUCATION}), says=says)


def bearable(words: str, *scores: Any, shown: str) -> Row:
    """This reading is a score below severe, and the card shows it."""
    return Row(f"below severe: {words}", (LBP, *scores), never=frozenset({AQUATIC}), offers=FROM_14, says=(f"pain {shown} of 10",))


def unknown(words: str, *scores: Any, says: tuple[str, ...] = ()) -> Row:
    """This reading is no score: water is not offered, and the card does not claim one."""
    return Row(
        f"no score: {words}", (LBP, *scores), never=frozenset({AQUATIC}), offers=frozenset({EDUCATION}), says=says, says_not=(" of 10",)
    )


SCORES = (
    bearable("6.6 is moderate (half-open bands, unrounded)", score(6.6), shown="6.6"),
    bearable("4.37, as generated charts have it", score(4.37), shown="4.37"),
    severe("7.0", score(7.0)),
    bearable(
        "LA6113-0, displayed '2 or more', is 2",
        observation(
            "loinc|72514-3", valueCodeableConcept={"coding": [{"system": "http://loinc.org", "code": "LA6113-0", "display": "2 or more"}]}
        ),
        shown="2",
    ),
    severe("LA10139-6 is 7", score("loinc|LA10139-6")),
    bearable("LA10138-8 is 6", score("loinc|LA10138-8"), shown="6"),
    severe("LA13942-0 is 10", score("loinc|LA13942-0")),
    bearable("LA6111-4 is 0", score("loinc|LA6111-4"), shown="0"),
    unknown("99 is a sentinel", score(99), says=("99",)),
    unknown("-1 is a sentinel", score(-1)),
    unknown("10.5 is outside", score(10.5)),
    severe("70 mm on the visual scale", score(70, code=VAS, unit="mm")),
    bearable("69 mm on the visual scale", score(69, code=VAS, unit="mm"), shown="6.9"),
    severe("70 without unit on the visual scale", score(70, code=VAS, unit=None)),
    severe("70 mm on the numeric scale: the unit says it", score(70, unit="mm")),
    severe("70 percent on the visual scale", score(70, code=VAS, unit="%")),
    bearable("7 mm are 0.7", score(7, code=VAS, unit="mm"), shown="0.7"),
    severe("8 without unit on the visual scale", score(8, code=VAS, unit=None)),
    severe("8 as text", observation("loinc|72514-3", valueString="8")),
    unknown("words as text", observation("loinc|72514-3", valueString="severe")),
    severe(
        "a period of measuring ends today",
        observation("loinc|72514-3", 8, dated=None, effectivePeriod={"start": "2026-01-01", "end": "2026-03-02"}),
    ),
    unknown("101 mm", score(101, code=VAS, unit="mm")),
    unknown("70 without unit on the numeric scale", score(70, unit=None)),
    severe("8 with unit 1", score(8, unit="1")),
    severe("8 with unit Level", score(8, unit="Level")),
    severe("8 without unit", score(8, unit=None)),
    severe("8 as an integer", observation("loinc|72514-3", valueInteger=8)),
    severe("a panel's component now", observation("loinc|91148-7", component=[component(WEEK, 8, unit="{score}")])),
    unknown("no value but a reason", observation("loinc|72514-3", dataAbsentReason={"text": "asked, not answered"})),
    severe(
        "a newest one without a value does not cancel an older one",
        score(8, dated=3),
        observation("loinc|72514-3", dataAbsentReason={"text": "declined"}),
    ),
    unknown("without a date", score(8, dated=None)),
    unknown("cancelled", score(8, status="cancelled")),
    severe("preliminary counts", score(8, status="preliminary")),
    severe("amended counts", score(8, status="amended")),
    severe("same time, two codes: now beats the plain score", score(3), score(8, code=NOW)),
    bearable("same time, two codes: the plain score beats the average", score(3), score(8, code=AVERAGE), shown="3"),
    bearable("same time, two codes: the average beats the faces", score(3, code=AVERAGE), score(8, code=FACES), shown="3"),
    severe("same time, same code: the higher value, and it is said", score(3), score(8), says=("higher one",)),
    unknown("the worst of the week is never the current score", score(9, code=WORST)),
    unknown("the PEG mean is no severity", score(9, code="loinc|91147-9")),
    severe("a score of another place counts with a caveat", score(8, site="Left knee"), says=("knee",)),
)
DURATIONS = (
    Row("a future onset is unknown", (condition("M54.50", onset=-1), score(4)), exactly=UNKNOWN, says=("future", "record the onset")),
    Row(
        "an onset before birth is unknown",
        (condition("M54.50", onset="1980-01-01"), score(4)),
        exactly=UNKNOWN,
        says=("before birth", "record the onset"),
    ),
    Row(
        '"about 3 weeks" counts, and is shown in its words',
        (condition("M54.50", onsetString="about 3 weeks", recorded=0), score(4)),
        exactly=FROM_14,
        says=("about 3 weeks",),
    ),
    Row('"~ 10 days" counts', (condition("M54.50", onsetString="~10 days", recorded=0), score(4)), exactly=NEW),
    Row('"over 2 weeks" is at least 14 days', (condition("M54.50", onsetString="over 2 weeks", recorded=0), score(4)), exactly=FROM_14),
    Row('"a while" is not understood', (condition("M54.50", onsetString="a while"), score(4)), exactly=UNKNOWN, says=("a while",)),
    Row(
        "an onset of this month may be of today: advice that both rows give", (condition("M54.50", onset="2026-03"), score(4)), exactly=NEW
    ),
    Row(
        "an onset of this year straddles 14 days",
        (condition("M54.50", onset="2026"), score(4)),
        exactly=frozenset({EDUCATION, STRETCHING, AEROBIC}),
    ),
    Row(
        "an age range of long ago is chronic",
        (condition("M54.50", onsetRange={"low": {"value": 30, **YEARS}, "high": {"value": 35, **YEARS}}), score(4)),
        exactly=FROM_14 | {REFERRAL},
    ),
    Row(
        "an onset at this year's age straddles everything",
        (condition("M54.50", onsetAge={"value": 40, **YEARS}), score(4)),
        offers=frozenset({EDUCATION}),
    ),
    Row(
        "an onset age without a birth date is a recording only",
        (condition("M54.50", onsetAge={"value": 30, **YEARS}, recorded=20), score(4)),
        exactly=FROM_14,
        sent={"born": None},
    ),
    Row("duplicates change nothing", (LBP, LBP, score(4), score(4)), exactly=FROM_14),
    Row(
        "the same condition charted twice, years apart: the earliest",
        (condition("278860009", onset=900), condition("278860009", onset=5), score(4)),
        exactly=FROM_14 | {REFERRAL},
    ),
    Row("an abatement in the past ends it", (condition("M54.50", onset=20, abated=2), score(4)), silent=True),
    Row("an abatement in the future does not", (condition("M54.50", onset=20, abated=-9), score(4)), exactly=FROM_14),
    Row("13 days by the calendar, whatever the hour", (condition("M54.50", onset="2026-02-17T00:00:01Z"), score(4)), exactly=NEW),
    Row("14 days by the calendar, whatever the hour", (condition("M54.50", onset="2026-02-16T23:59:59Z"), score(4)), exactly=FROM_14),
    Row(
        "the day is the site's: late in New York is the next day in UTC",
        (condition("M54.50", onset="2026-02-16T22:00:00-05:00"), score(4)),
        exactly=NEW,
    ),
    Row("a code without its dot is understood", (condition("icd-10-cm|M5450", onset=20), score(4)), exactly=FROM_14),
    Row("a code in small letters is understood", (condition("icd-10-cm|m54.50", onset=20), score(4)), exactly=FROM_14),
)
TEMPERATURES = (
    *(
        Row(
            f"{value} {unit or 'without unit'} is fever",
            (LBP, observation("loinc|8310-5", value, unit=unit)),
            exactly=frozenset(),
            card="warning",
        )
        for value, unit in ((38.0, "Cel"), (100.4, "[degF]"), (102, "degF"), (311.15, "K"), (38.0, None), (38.0, "C"))
    ),
    *(
        Row(
            f"{value} {unit or 'without unit'} is no fever", (LBP, score(4), observation("loinc|8310-5", value, unit=unit)), exactly=FROM_14
        )
        for value, unit in (
            (37.9, "Cel"),
            (100.3, "[degF]"),
            (98.6, "[degF]"),
            (37.9, None),
            (380, "Cel"),
            (36.6, "[degF]"),
            (101, None),
            (5, "Cel"),
        )
    ),
)


@pytest.mark.parametrize("row", SCORES + DURATIONS + TEMPERATURES, ids=lambda row: row.words)
def test_untidy_data_get_the_answer_of_the_law(row: Row) -> None:
    """A value that can be read is read for what it is; one that cannot is unknown, never guessed."""
    assert disagreements(row) == []
