"""Decision table, section 1, with settled questions 2 to 5: the base offer by duration."""

from __future__ import annotations

import pytest

from builders.resources import condition, score
from decision_table.running_service import (
    AEROBIC,
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

UNKNOWN = frozenset({EDUCATION, EASY})
NEW = frozenset({EDUCATION, STRETCHING, EASY, AEROBIC})
FROM_14 = frozenset({EDUCATION, STRETCHING, AEROBIC, STABILIZATION, STRENGTHENING, MCKENZIE})
CHRONIC = FROM_14 | {REFERRAL}
BOTH = frozenset({EDUCATION, STRETCHING, AEROBIC})
TOO_EARLY = frozenset({STRENGTHENING, STABILIZATION, MCKENZIE})
ASKS = ("please record the onset",)
ADVICE_FIRST = ("Advice first", "do not recommend")


def lasting(days: int, code: str = "M54.50") -> tuple[object, ...]:
    """Back pain that began so many days ago, with a score of four."""
    return (condition(code, onset=days), score(4))


ROWS = (
    # unknown
    Row("unknown: no onset and no recorded date", (condition("M54.50"), score(4)), exactly=UNKNOWN, says=ASKS),
    Row("unknown: an onset in the future", (condition("M54.50", onset=-1), score(4)), exactly=UNKNOWN, says=(*ASKS, "future")),
    Row(
        "unknown: an onset in the future, whatever the recorded date",
        (condition("M54.50", onset=-20, recorded=100), score(4)),
        exactly=UNKNOWN,
        says=ASKS,
    ),
    Row("unknown: only recorded on, today", (condition("M54.50", recorded=0), score(4)), exactly=UNKNOWN, says=ASKS),
    Row("unknown: only recorded on, 13 days ago", (condition("M54.50", recorded=13), score(4)), exactly=UNKNOWN, says=ASKS),
    Row(
        "a lower bound of 14 satisfies at least", (condition("M54.50", recorded=14), score(4)), exactly=FROM_14, says=("at least 14 days",)
    ),
    Row(
        "a lower bound of 85 satisfies at least", (condition("M54.50", recorded=85), score(4)), exactly=CHRONIC, says=("at least 85 days",)
    ),
    Row("a lower bound of 84 does not say chronic", (condition("M54.50", recorded=84), score(4)), exactly=FROM_14),
    # under 14 days
    *(Row(f"under 14 days: {days}", lasting(days), exactly=NEW, says=ADVICE_FIRST, never=TOO_EARLY) for days in (0, 1, 12, 13)),
    # 14 to 84 days
    *(
        Row(f"14 to 84 days: {days}", lasting(days), exactly=FROM_14, says=("founding article",), says_not=("Advice first",))
        for days in (14, 15, 27, 28, 41, 42, 83, 84)
    ),
    Row("27 days is not subacute", lasting(27), says_not=("Subacute",)),
    Row("28 days is subacute", lasting(28), says=("Subacute",)),
    Row("84 days is subacute", lasting(84), says=("Subacute",), says_not=("Chronic pain:",)),
    Row("14 days is named as the founding article's rule", lasting(14), says=("the founding article's rule, not a guideline's",)),
    # 85 days and more
    *(
        Row(f"85 days and more: {days}", lasting(days), exactly=CHRONIC, says=("guidelines are firmest here",), says_not=("Subacute",))
        for days in (85, 86, 4000)
    ),
    *(
        Row(f"chronic in the code {code}, without any date", (condition(code, **named), score(4)), exactly=CHRONIC, says_not=ASKS)
        for code, named in (
            ("278860009", {}),
            ("38781000087100", {}),
            ("134407002", {"text": "low back"}),
            ("G89.29", {"site": "Lumbar region"}),
            ("82423001", {"display": "Chronic LBP"}),
        )
    ),
    Row(
        "a chronic sciatica is chronic by its code",
        (condition("307177001", onset=5), score(4)),
        offers=CHRONIC,
        says=("called chronic", "at most 5 days"),
    ),
    Row(
        "a chronic code with a recent date is chronic, and the conflict is shown",
        lasting(5, "278860009"),
        exactly=CHRONIC,
        says=("called chronic, but has lasted at most 5 days",),
    ),
    Row("an acute code of 84 days is what its date says", lasting(84, "278862001"), exactly=FROM_14, says_not=("is called acute",)),
    Row(
        "an acute code of 85 days is chronic by its date, and the conflict is shown",
        lasting(85, "278862001"),
        exactly=CHRONIC,
        says=("called acute, but has lasted at least 85 days",),
    ),
    # text, ages, partial dates
    Row(
        '"about 3 weeks" counts, in the chart\'s words',
        (condition("M54.50", onsetString="about 3 weeks", recorded=0), score(4)),
        exactly=FROM_14,
        says=("about 3 weeks",),
    ),
    Row('"10 days" told 3 days ago are 13', (condition("M54.50", onsetString="10 days", recorded=3), score(4)), exactly=NEW),
    Row('"10 days" told 4 days ago are 14', (condition("M54.50", onsetString="10 days", recorded=4), score(4)), exactly=FROM_14),
    Row(
        "words that nobody understands are a recording only",
        (condition("M54.50", onsetString="since the move", recorded=20), score(4)),
        exactly=FROM_14,
        says=("since the move",),
    ),
    Row(
        "7.4: a month that straddles 14 days offers what both rows offer",
        (condition("M54.50", onset="2026-02"), score(4)),
        exactly=BOTH,
        never=TOO_EARLY | {EASY},
    ),
    Row("a month all of whose days are 14 or more days ago", (condition("M54.50", onset="2026-01"), score(4)), exactly=FROM_14),
    Row("7.4: a month that straddles 85 days: the milder reading", (condition("M54.50", onset="2025-12"), score(4)), exactly=FROM_14),
    Row("a year that is long over", (condition("M54.50", onset="2024"), score(4)), exactly=CHRONIC),
    Row("an onsetPeriod begins at its start", (condition("M54.50", onsetPeriod={"start": "2026-02-16"}), score(4)), exactly=FROM_14),
    Row(
        "an onsetAge of long ago",
        (condition("M54.50", onsetAge={"value": 30, "unit": "years", "system": "http://unitsofmeasure.org", "code": "a"}), score(4)),
        exactly=CHRONIC,
    ),
    # recurrence
    Row(
        "7.2: a recurrence recorded 13 days ago is new, however old the first onset",
        (condition("M54.50", onset=800, recorded=13, status="recurrence"), score(4)),
        exactly=NEW,
        says=("egan again: recorded on",),
    ),
    Row(
        "7.2: a recurrence recorded 14 days ago",
        (condition("M54.50", onset=800, recorded=14, status="recurrence"), score(4)),
        exactly=FROM_14,
    ),
    Row(
        "7.2: a relapse recorded 13 days ago is new", (condition("M54.50", onset=800, recorded=13, status="relapse"), score(4)), exactly=NEW
    ),
    Row(
        "7.2: a recurrence whose onset is later than its recording: the onset is",
        (condition("M54.50", onset=13, recorded=40, status="recurrence"), score(4)),
        exactly=NEW,
    ),
    Row(
        "an active condition recorded later than its onset: the onset",
        (condition("M54.50", onset=90, recorded=3), score(4)),
        exactly=CHRONIC,
    ),
    # several conditions
    Row(
        "two active conditions: the earliest onset",
        (condition("M54.50", onset=5), condition("M54.59", onset=20), score(4)),
        exactly=FROM_14,
    ),
    Row(
        "two active conditions: one that is over does not count",
        (condition("M54.50", onset=5), condition("M54.59", onset=200, status="resolved"), score(4)),
        exactly=NEW,
    ),
    Row(
        "7.3: a recording of 20 days ago raises the lower bound of a month that straddles 14 days",
        (condition("M54.50", onset="2026-02"), condition("M54.59", recorded=20), score(4)),
        exactly=FROM_14,
    ),
    Row(
        "7.3: an older recording never takes the upper bound away, and is shown",
        (condition("M54.50", onset=5), condition("M54.59", recorded=20), score(4)),
        exactly=NEW,
        says=("recorded already on 2026-02-10",),
    ),
    Row(
        "7.3: a younger recording takes nothing away",
        (condition("M54.50", onset=5), condition("M54.59", recorded=2), score(4)),
        exactly=NEW,
    ),
    Row(
        "an onset of 20 days and a recording of 90: at least 20 days",
        (condition("M54.50", onset=20), condition("M54.59", recorded=90), score(4)),
        offers=frozenset({STABILIZATION, EDUCATION}),
    ),
    Row(
        "a future onset beside a sound one: the sound one",
        (condition("M54.50", onset=-4), condition("M54.59", onset=20), score(4)),
        exactly=FROM_14,
    ),
    Row(
        "old chronic pain of another place counts for nothing",
        (condition("M54.50", onset=5), condition("82423001", text="Neck pain", onset=800), score(4)),
        exactly=NEW,
    ),
    Row(
        "7.6: an unconfirmed chronic code is chronic",
        (condition("278860009", onset=5, verification="unconfirmed"), score(4)),
        exactly=CHRONIC,
    ),
    Row(
        "a chronic code that is resolved is history",
        (condition("M54.50", onset=5), condition("278860009", onset=800, status="resolved"), score(4)),
        exactly=NEW,
    ),
    # 7.5
    Row(
        "7.5: the three are withheld at unknown duration, not merely not offered",
        (condition("M54.50"), condition("M43.16", verification="confirmed"), score(4)),
        never=TOO_EARLY,
        says=("Withheld",),
    ),
    Row(
        "7.5: the unknown row does not apply where chronic is in the code",
        (condition("278860009"), condition("M54.50"), score(4)),
        exactly=CHRONIC,
    ),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.words)
def test_a_row_of_section_1(row: Row) -> None:
    """The service offers by duration what the row says."""
    assert disagreements(row) == []
