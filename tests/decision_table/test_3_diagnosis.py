"""Decision table, section 3: what a diagnosis adds and takes away, and the one direction of the sciatica exercises."""

from __future__ import annotations

from typing import Any

import pytest

from builders.resources import condition, score
from decision_table.running_service import (
    AEROBIC,
    AQUATIC,
    EDUCATION,
    MCKENZIE,
    REFERRAL,
    SCIATICA,
    STABILIZATION,
    STRENGTHENING,
    STRETCHING,
    Row,
    disagreements,
)

OLD = condition("M54.50", onset=60)
FORWARD, BACKWARD, NEUTRAL = ("Forward: ",), ("Backward: ",), ("Neutral: ",)
KNEE_TO_CHEST = ("One knee to the chest",)
SCIATIC = ("M54.31", "23056005", "M54.41", "202794004", "M54.16", "128196005", "M51.16", "202735001", "M47.26", "M47.27")


def direction(code: str, *more: Any, shows: tuple[str, ...], hides: tuple[str, ...]) -> Row:
    """What the sciatica exercises show for a diagnosis of 20 days beside a plain sciatica."""
    return Row(
        f"direction of {code}",
        (condition(code, onset=20), *more, score(4)),
        offers=frozenset({SCIATICA}),
        teaches={SCIATICA: shows},
        teaches_not={SCIATICA: hides},
    )


SCIATICA_ROWS = (
    *(Row(f"{code}: sciatica exercises by cause", (condition(code, onset=20), score(4)), offers=frozenset({SCIATICA})) for code in SCIATIC),
    Row(
        "new sciatica on old back pain: strengthening withheld at 13 days",
        (OLD, condition("M54.31", onset=13), score(4)),
        never=frozenset({STRENGTHENING}),
        offers=frozenset({SCIATICA, STABILIZATION, MCKENZIE, STRETCHING}),
    ),
    Row(
        "sciatica of 14 days: strengthening may be added", (OLD, condition("M54.31", onset=14), score(4)), offers=frozenset({STRENGTHENING})
    ),
    Row(
        "7.5: sciatica of unknown duration on old back pain: strengthening withheld",
        (OLD, condition("M54.31"), score(4)),
        never=frozenset({STRENGTHENING}),
    ),
    Row(
        "7.5: sciatica only recorded 13 days ago: strengthening withheld",
        (OLD, condition("M54.31", recorded=13), score(4)),
        never=frozenset({STRENGTHENING}),
    ),
    Row(
        "7.5: sciatica recorded 14 days ago: strengthening may be added",
        (OLD, condition("M54.31", recorded=14), score(4)),
        offers=frozenset({STRENGTHENING}),
    ),
    Row(
        "7.5: chronic sciatica without a date: strengthening may be added",
        (condition("307177001"), score(4)),
        offers=frozenset({STRENGTHENING, SCIATICA}),
    ),
    Row(
        "severe sciatica of 13 days: no stretching",
        (OLD, condition("M54.31", onset=13), score(7)),
        never=frozenset({STRETCHING}),
        offers=frozenset({AQUATIC, SCIATICA}),
    ),
    Row("severe sciatica of 14 days: stretching stays", (OLD, condition("M54.31", onset=14), score(7)), offers=frozenset({STRETCHING})),
    Row(
        "sciatica of 13 days, not severe: stretching stays, its hamstring stretch toned down",
        (OLD, condition("M54.31", onset=13), score(6)),
        offers=frozenset({STRETCHING}),
        says=("Hamstring stretch", "no end-range stretch"),
    ),
    Row(
        "severe pain with sciatica of unknown duration: no stretching", (OLD, condition("M54.31"), score(9)), never=frozenset({STRETCHING})
    ),
)
HISTORY_ROWS = (
    Row(
        "sciatica that is resolved is history",
        (OLD, condition("M54.31", onset=20, status="resolved"), score(4)),
        offers=frozenset({STRENGTHENING}),
        never=frozenset({SCIATICA}),
    ),
    Row(
        "suspected sciatica of 20 days: strengthening may be added",
        (OLD, condition("M54.31", onset=20, verification="provisional"), score(4)),
        offers=frozenset({STRENGTHENING}),
        never=frozenset({SCIATICA}),
    ),
    Row(
        "suspected chronic sciatica without a date: strengthening may be added",
        (condition("307177001", verification="provisional"), score(4)),
        offers=frozenset({STRENGTHENING}),
    ),
    Row(
        "new sciatica beside a chronic one that is resolved: strengthening waits",
        (OLD, condition("M54.31", onset=5), condition("307177001", onset=800, status="resolved"), score(4)),
        offers=frozenset({SCIATICA}),
        never=frozenset({STRENGTHENING}),
    ),
    Row(
        "a herniation that is resolved is history",
        (OLD, condition("M51.26", onset=20, status="resolved"), score(4)),
        offers=frozenset({STRETCHING}),
        never=frozenset({REFERRAL}),
        teaches={STRETCHING: KNEE_TO_CHEST},
    ),
)
HERNIATION_ROWS = (
    *(
        Row(
            f"{code} of 14 days: referral and McKenzie; stretching without knee to chest",
            (OLD, condition(code, onset=14), score(4)),
            offers=frozenset({REFERRAL, MCKENZIE, STRETCHING}),
            teaches_not={STRETCHING: KNEE_TO_CHEST},
            teaches={STRETCHING: ("Hamstring stretch at the wall",)},
        )
        for code in ("M51.26", "M51.27", "73589001", "202708005", "M51.16", "311804006")
    ),
    Row(
        "herniation of 13 days on old back pain: no stretching and no McKenzie",
        (OLD, condition("M51.26", onset=13), score(4)),
        offers=frozenset({REFERRAL}),
        never=frozenset({STRETCHING, MCKENZIE}),
    ),
    Row(
        "herniation of unknown duration: no stretching and no McKenzie",
        (OLD, condition("M51.26"), score(4)),
        offers=frozenset({REFERRAL}),
        never=frozenset({STRETCHING, MCKENZIE}),
    ),
    Row(
        "herniation recorded 13 days ago: no stretching and no McKenzie",
        (OLD, condition("M51.26", recorded=13), score(4)),
        never=frozenset({STRETCHING, MCKENZIE}),
    ),
    Row(
        "severe herniation of 14 days: no stretching",
        (OLD, condition("M51.26", onset=14), score(7)),
        offers=frozenset({REFERRAL, MCKENZIE, AQUATIC}),
        never=frozenset({STRETCHING}),
    ),
    Row(
        "herniation of 60 days, score 6.6: stretching stays",
        (OLD, condition("M51.26", onset=60), score(6.6)),
        offers=frozenset({STRETCHING}),
    ),
    Row(
        "McKenzie of a herniation is no addition: it stays with osteoporosis",
        (OLD, condition("M51.26", onset=20), condition("M81.0", onset=90), score(4)),
        offers=frozenset({MCKENZIE}),
    ),
    Row(
        "severe herniation under 14 days: water and a specialist, no strengthening",
        (OLD, condition("M51.26", onset=13), score(7)),
        offers=frozenset({AQUATIC, REFERRAL}),
        never=frozenset({STRENGTHENING, STRETCHING, MCKENZIE}),
    ),
    Row(
        "a suspected herniation takes away and brings nothing",
        (OLD, condition("M51.26", onset=5, verification="provisional"), score(4)),
        never=frozenset({STRETCHING, MCKENZIE, REFERRAL}),
    ),
    Row(
        "a suspected herniation of 20 days leaves knee to chest out",
        (OLD, condition("M51.26", onset=20, verification="differential"), score(4)),
        offers=frozenset({STRETCHING}),
        teaches_not={STRETCHING: KNEE_TO_CHEST},
    ),
    Row("without a herniation knee to chest is taught", (OLD, score(4)), teaches={STRETCHING: KNEE_TO_CHEST}),
)
OTHER_ROWS = (
    *(
        Row(
            f"{code}: stenosis",
            (condition(code, onset=20), score(4)),
            offers=frozenset({SCIATICA, AEROBIC, REFERRAL}),
            never=frozenset({MCKENZIE}),
            says=("cycl",),
            teaches={AEROBIC: ("Choice of: Stationary bike",), SCIATICA: FORWARD},
            teaches_not={SCIATICA: BACKWARD + NEUTRAL},
        )
        for code in ("M48.061", "M48.062", "M48.07", "M99.53", "18347007", "202788007", "303081002")
    ),
    Row("without stenosis walking comes first", (OLD, score(4)), teaches={AEROBIC: ("Choice of: Walking",)}),
    Row(
        "stenosis at unknown length: aerobic all the same",
        (condition("M48.061"), score(4)),
        offers=frozenset({AEROBIC, SCIATICA, REFERRAL}),
        never=frozenset({MCKENZIE, STABILIZATION}),
    ),
    *(
        Row(
            f"{code}: spondylolisthesis or spondylolysis, 14 days",
            (condition(code, onset=14), score(4)),
            offers=frozenset({STABILIZATION, REFERRAL}),
            never=frozenset({MCKENZIE}),
            says=("neutral to slightly flexed",),
        )
        for code in ("M43.16", "M43.10", "Q76.2", "274152003", "203683004", "M43.06", "M43.00", "240221008")
    ),
    Row(
        "spondylolisthesis of 13 days: the specialist only",
        (condition("M43.16", onset=13), score(4)),
        offers=frozenset({REFERRAL}),
        never=frozenset({MCKENZIE, STABILIZATION}),
    ),
    *(
        Row(
            f"{code}: disc degeneration with leg pain, 14 days",
            (condition(code, onset=14), score(4)),
            offers=frozenset({SCIATICA, STABILIZATION, REFERRAL}),
            teaches={SCIATICA: NEUTRAL},
            teaches_not={SCIATICA: FORWARD + BACKWARD},
        )
        for code in ("M51.361", "M51.362", "M51.371", "M51.372")
    ),
    Row(
        "disc degeneration with leg pain, 13 days: no stabilization yet",
        (condition("M51.361", onset=13), score(4)),
        offers=frozenset({SCIATICA, REFERRAL}),
        never=frozenset({STABILIZATION}),
    ),
    *(
        Row(
            f"{code}: axial spondyloarthritis, the referral before unsupervised programs",
            (condition(code, onset=400), score(4)),
            offers=frozenset({EDUCATION, REFERRAL, AEROBIC}),
            first=(REFERRAL,),
            says=("supervised",),
        )
        for code in ("M45.6", "M45.A6", "9631008", "713777005", "M46.86")
    ),
)
ALONE_ROWS = tuple(
    Row(
        f"{code} is no sciatica: no sciatica exercises",
        (condition(code, onset=20), score(4)),
        offers=frozenset({EDUCATION}),
        never=frozenset({SCIATICA}),
    )
    for code in ("M54.50", "M51.26", "M43.16", "M51.360", "M51.36", "M47.816", "M46.1", "M51.86", "M54.51", "S39.012A", "M45.6")
)
DIRECTION_ROWS = (
    direction("M54.31", shows=("Ease the leg",), hides=FORWARD + BACKWARD + NEUTRAL),
    direction("M51.16", shows=(*BACKWARD, "Only if the assessment found"), hides=FORWARD + NEUTRAL),
    direction("M43.16", condition("M54.31", onset=20), shows=NEUTRAL, hides=FORWARD + BACKWARD),
    direction("M51.360", condition("M54.31", onset=20), shows=NEUTRAL, hides=FORWARD + BACKWARD),
    direction("M51.36", condition("M54.31", onset=20), shows=NEUTRAL, hides=FORWARD + BACKWARD),
    direction("M48.061", condition("M54.31", onset=20), shows=FORWARD, hides=BACKWARD + NEUTRAL),
    direction("M48.061", condition("M43.16", onset=20), shows=FORWARD, hides=BACKWARD + NEUTRAL),
    direction("M51.16", condition("M51.361", onset=20), shows=BACKWARD, hides=FORWARD + NEUTRAL),
    direction("M47.26", shows=("Ease the leg",), hides=FORWARD + BACKWARD + NEUTRAL),
    *(
        Row(
            f"opposite directions: {one} with {other}",
            (condition(one, onset=20), condition(other, onset=20), score(4)),
            offers=frozenset({REFERRAL}),
            never=frozenset({SCIATICA, MCKENZIE}),
        )
        for one, other in (("M51.26", "M48.061"), ("M51.16", "303081002"), ("M51.26", "M43.16"), ("M51.16", "M43.06"))
    ),
    Row(
        "opposite directions count while one is only suspected",
        (condition("M51.16", onset=20), condition("M48.061", onset=20, verification="provisional"), score(4)),
        offers=frozenset({REFERRAL}),
        never=frozenset({SCIATICA, MCKENZIE}),
    ),
)


@pytest.mark.parametrize(
    "row", SCIATICA_ROWS + HISTORY_ROWS + HERNIATION_ROWS + OTHER_ROWS + ALONE_ROWS + DIRECTION_ROWS, ids=lambda row: row.words
)
def test_a_row_of_section_3(row: Row) -> None:
    """The service offers and withholds for this diagnosis what the row says."""
    assert disagreements(row) == []
