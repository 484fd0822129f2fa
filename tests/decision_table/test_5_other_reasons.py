"""Decision table, section 5: other reasons to withhold or to add."""

from __future__ import annotations

import pytest

from builders.resources import condition, observation, procedure, score
from decision_table.running_service import (
    AEROBIC,
    ALL,
    AQUATIC,
    EDUCATION,
    MCKENZIE,
    REFERRAL,
    SCIATICA,
    STABILIZATION,
    STRETCHING,
    Row,
    disagreements,
    years_ago,
)
from decision_table.section_5 import FROM_14, LBP, MAY, back

EXERCISE = ALL - {EDUCATION, REFERRAL}

AGE = (
    back(
        "age 17: all but the referral withheld, and it is offered",
        exactly=frozenset({REFERRAL}),
        sent={"born": years_ago(18, and_days=-1)},
        outcome="advised",
    ),
    back("age 18 today", exactly=FROM_14 | MAY, sent={"born": years_ago(18)}),
    back("age 9 with severe pain: no water", score(9), exactly=frozenset({REFERRAL}), sent={"born": years_ago(9)}),
    back(
        "a birth year that leaves 17 open withholds all but the referral",
        exactly=frozenset(),
        never=ALL - {REFERRAL},
        sent={"born": "2008"},
    ),
    back(
        "age unknown: adult programs stay, and the card says so", exactly=FROM_14 | MAY, says=("age is not recorded",), sent={"born": None}
    ),
)
SURGERY = (
    *(
        back(f"lumbar surgery {code} 90 days ago", procedure(code, dated=90), exactly=frozenset({REFERRAL}), says=("surgeon",))
        for code in ("50172003", "429377005", "239542002", "260649000")
    ),
    back("lumbar surgery 91 days ago", procedure("50172003", dated=91), exactly=FROM_14 | MAY),
    back("7.7: a Condition of the concept that began within 90 days", condition("202725007", onset=90), exactly=frozenset({REFERRAL})),
    *(
        back(f"7.7: {code} of 90 days, resolved: an event", condition(code, onset=90, status="resolved"), exactly=frozenset({REFERRAL}))
        for code in ("Z98.1", "M96.1", "M43.26")
    ),
    back("a fusion of years ago", condition("Z98.1", onset=900), exactly=FROM_14 | MAY),
    back("surgery that was never done", procedure("50172003", dated=9, status="not-done"), exactly=FROM_14 | MAY),
    back("7.7: surgery planned for next week is no date", procedure("50172003", dated=-7), offers=FROM_14),
    back(
        "surgery without any date does not count, and the card names it",
        procedure("50172003"),
        exactly=FROM_14 | MAY,
        says=("lumbar surgery",),
    ),
)
HEART = (
    *(
        back(
            f"unstable heart {code}: education stays, clearance first",
            condition(code, onset=400),
            exactly=frozenset({EDUCATION, REFERRAL}),
            never=EXERCISE,
            says=("learance first",),
        )
        for code in ("I20.0", "4557003", "195111005", "I50.23", "I50.33")
    ),
    *(
        back(f"infarction {code} 60 days ago", condition(code, onset=60), exactly=frozenset({EDUCATION, REFERRAL}))
        for code in ("I21.4", "I21.3", "I21.9", "22298006", "57054005")
    ),
    back(
        "7.7: an infarction 60 days ago, resolved, is an event",
        condition("22298006", onset=60, status="resolved"),
        exactly=frozenset({EDUCATION, REFERRAL}),
    ),
    back("an infarction 61 days ago: a clearance note", condition("22298006", onset=61), exactly=FROM_14 | MAY, says=("clear exercise",)),
    back(
        "an infarction of years ago, resolved: a clearance note",
        condition("I21.9", onset=900, status="resolved"),
        exactly=FROM_14 | MAY,
        says=("clear exercise",),
    ),
    back(
        "an infarction without a date, resolved: a clearance note",
        condition("I21.9", status="resolved"),
        exactly=FROM_14 | MAY,
        says=("clear exercise",),
    ),
    back("unstable angina that is over", condition("I20.0", onset=9, status="resolved"), exactly=FROM_14 | MAY),
    back("unstable heart with severe pain: no water", score(9), condition("I20.0", onset=9), exactly=frozenset({EDUCATION, REFERRAL})),
    *(
        back(
            f"stable heart disease {code}: allowed, with a clearance note",
            condition(code, onset=400),
            exactly=FROM_14 | MAY,
            says=("clear exercise",),
        )
        for code in ("I50.9", "I35.0", "I25.10", "84114007", "42343007", "88805009", "60573004", "53741008")
    ),
)
FUTURE = (
    back(
        "7.7: an infarction dated in the future has no date, and counts",
        condition("22298006", onset=-5),
        exactly=frozenset({EDUCATION, REFERRAL}),
    ),
    back(
        "7.7: surgery dated in the future has no date, and the card names it",
        procedure("50172003", dated=-5),
        exactly=FROM_14 | MAY,
        says=("lumbar surgery",),
    ),
    back(
        "7.7: a fall dated in the future has no date, and the card names it",
        condition("1912002", onset=-5),
        condition("M81.0", onset=90),
        offers=frozenset({EDUCATION}),
        says=("fall",),
    ),
    back(
        "a pregnancy dated in the future has no date, and counts",
        condition("77386006", onset=-5),
        never=frozenset({MCKENZIE}),
        says=("obstetric clearance",),
    ),
)
DROP = (
    back(
        "weight fell by 5 percent: a line",
        observation("loinc|29463-7", 95, unit="kg"),
        observation("loinc|29463-7", 100, unit="kg", dated=300),
        exactly=FROM_14 | MAY,
        says=("Weight fell by 5",),
    ),
    back(
        "weight fell by 4.9 percent: no line",
        observation("loinc|29463-7", 95.1, unit="kg"),
        observation("loinc|29463-7", 100, unit="kg", dated=300),
        exactly=FROM_14 | MAY,
        says_not=("Weight fell",),
    ),
)
POOL = (
    *(
        Row(
            f"{what}: no water even when pain is severe; education stays",
            (LBP, score(9), finding),
            offers=frozenset({EDUCATION}),
            never=frozenset({AQUATIC}),
            says=("not into the pool",),
        )
        for what, finding in (
            ("open wound", condition("125643001", onset=5)),
            ("surgical wound", condition("T81.31XA", onset=5)),
            ("pressure ulcer", condition("L89.159", onset=5)),
            ("pressure ulcer by SNOMED", condition("399912005", onset=5)),
            ("urinary incontinence of years", condition("R32", onset=900)),
            ("bowel incontinence of years", condition("R15.9", onset=900)),
            ("incontinence of unknown date", condition("165232002")),
            ("uncontrolled epilepsy", condition("G40.919", onset=900)),
            ("refractory epilepsy", condition("445355009", onset=900)),
            ("a suspected open wound", condition("125643001", onset=5, verification="provisional")),
        )
    ),
    *(
        Row(f"{what}: water stays", (LBP, score(9), finding), offers=frozenset({AQUATIC}))
        for what, finding in (
            ("controlled epilepsy", condition("G40.909", onset=900)),
            ("a wound that is closed", condition("125643001", onset=50, status="resolved")),
            ("a refuted wound", condition("125643001", onset=5, verification="refuted")),
        )
    ),
)
BONES = (
    *(
        back(
            f"{what}: no stretching; stabilization and aerobic stay, sparing the spine",
            finding,
            offers=frozenset({STABILIZATION, AEROBIC}),
            never=frozenset({STRETCHING}),
            says=("eak bone",),
        )
        for what, finding in (
            ("osteoporosis", condition("M81.0", onset=900)),
            ("osteoporosis by SNOMED", condition("64859006", onset=900)),
            ("of the spine", condition("309745002", onset=900)),
            ("a healed vertebral fracture", condition("S32.010A", onset=900, status="resolved")),
            ("a healed osteoporotic fracture", condition("M80.08XA", onset=900, status="resolved")),
            ("a fracture of a later encounter, 91 days", condition("S32.010D", onset=91)),
            ("7.13: a sequela", condition("S32.010S", onset=900)),
            ("7.13: a site-unspecific fragility fracture", condition("443165006", onset=900)),
            ("suspected osteoporosis", condition("M81.0", onset=900, verification="provisional")),
        )
    ),
    back("osteopenia changes nothing", condition("312894000", onset=900), exactly=FROM_14 | MAY),
    Row(
        "weak bone under 14 days: stabilization is not offered by it",
        (condition("M54.50", onset=5), condition("M81.0", onset=900)),
        never=frozenset({STABILIZATION, STRETCHING}),
        offers=frozenset({AEROBIC}),
    ),
    Row(
        "weak bone and stenosis: the flexion form is withheld",
        (condition("M48.061", onset=20), condition("M81.0", onset=900), score(4)),
        offers=frozenset({REFERRAL, AEROBIC}),
        never=frozenset({SCIATICA, STRETCHING, MCKENZIE}),
    ),
    Row(
        "weak bone and sciatica: the exercises by cause stay, without loaded bending",
        (condition("M54.31", onset=20), condition("M81.0", onset=900), score(4)),
        offers=frozenset({SCIATICA}),
        teaches_not={SCIATICA: ("Forward: ",)},
    ),
    Row(
        "weak bone and severe pain: water without knee to chest",
        (LBP, condition("M81.0", onset=900), score(8)),
        offers=frozenset({AQUATIC}),
        teaches_not={AQUATIC: ("Knee to the chest in water",)},
    ),
)
PREGNANCY = (
    *(
        back(
            f"pregnancy {what}: no McKenzie; aerobic stays; position and obstetric clearance",
            finding,
            offers=frozenset({AEROBIC, EDUCATION, STABILIZATION}),
            never=frozenset({MCKENZIE}),
            says=("obstetric clearance", "lying on the back"),
        )
        for what, finding in (
            ("begun 300 days ago", condition("77386006", onset=300)),
            ("undated", condition("72892002")),
            ("Z33.1", condition("Z33.1", onset=9)),
            ("O26.893", condition("O26.893", onset=9)),
            ("Z34.90", condition("Z34.90", onset=9)),
            ("O99.891", condition("O99.891", onset=9)),
            ("suspected", condition("77386006", onset=9, verification="provisional")),
            ("by its status", observation("loinc|82810-3", "loinc|LA15173-0", dated=9)),
        )
    ),
    back("pregnancy begun 301 days ago is over", condition("77386006", onset=301), exactly=FROM_14 | MAY),
    back("not pregnant by status", observation("loinc|82810-3", "loinc|LA26683-5", dated=9), exactly=FROM_14 | MAY),
    Row(
        "back pain of pregnancy is pregnancy",
        (condition("91957002", onset=20), score(4)),
        offers=frozenset({EDUCATION, AEROBIC}),
        never=frozenset({MCKENZIE}),
    ),
    Row(
        "a herniation in pregnancy: no McKenzie, whoever offers it",
        (condition("M51.26", onset=20), condition("77386006", onset=90), score(4)),
        offers=frozenset({REFERRAL}),
        never=frozenset({MCKENZIE}),
    ),
)
ADDED = (
    *(
        back(
            f"repeated falls {code} at 65: a referral",
            condition(code, onset=400),
            offers=frozenset({REFERRAL}),
            says=("supervised",),
            sent={"born": years_ago(65)},
        )
        for code in ("R29.6", "Z91.81", "279992002")
    ),
    back("repeated falls at 64: none", condition("R29.6", onset=400), never=frozenset({REFERRAL}), sent={"born": years_ago(64)}),
    back("unsteadiness at 70 is no fall", condition("R26.81", onset=400), never=frozenset({REFERRAL}), sent={"born": years_ago(70)}),
    back("65 without falls: none", never=frozenset({REFERRAL}), sent={"born": years_ago(65)}),
    *(
        back(
            f"{what}: cycling or water before walking, in the text",
            finding,
            exactly=FROM_14 | MAY,
            says=("cycling or water before walking",),
            teaches={AEROBIC: ("Choice of: Stationary bike",)},
        )
        for what, finding in (
            ("severe obesity", condition("E66.01", onset=900)),
            ("class 3", condition("E66.813", onset=900)),
            ("Z68.41", condition("Z68.41", onset=900)),
            ("BMI 40+", condition("408512008", onset=900)),
            ("knee", condition("M17.11", onset=900)),
            ("knee by SNOMED", condition("239873007", onset=900)),
        )
    ),
    *(
        back(
            f"yellow flags, {what}: programs stay; referral and an education note",
            finding,
            exactly=FROM_14 | MAY | {REFERRAL},
            says=("raded activity",),
        )
        for what, finding in (
            ("STarT Back 4", observation("loinc|91351-7", 4)),
            ("PHQ-9 10", observation("loinc|44261-6", 10)),
            ("GAD-7 10", observation("loinc|70274-6", 10)),
            ("GAD-7 10, 180 days ago", observation("loinc|70274-6", 10, dated=180)),
            ("depression", condition("370143000", onset=900)),
            ("anxiety", condition("197480006", onset=900)),
            ("fibromyalgia", condition("203082005", onset=900)),
            ("pain disorder", condition("F45.42", onset=900)),
            ("phobia", condition("F40.9", onset=900)),
            ("7.6: suspected depression", condition("370143000", onset=900, verification="provisional")),
        )
    ),
    *(
        back(f"no yellow flags, {what}", finding, exactly=FROM_14 | MAY)
        for what, finding in (
            ("STarT Back 3", observation("loinc|91351-7", 3)),
            ("PHQ-9 9", observation("loinc|44261-6", 9)),
            ("GAD-7 9", observation("loinc|70274-6", 9)),
            ("PHQ-9 of 181 days ago", observation("loinc|44261-6", 20, dated=181)),
            ("depression that is over", condition("370143000", onset=900, status="resolved")),
        )
    ),
    Row(
        "the newest PHQ-9 decides",
        (LBP, score(4), observation("loinc|44261-6", 20, dated=90), observation("loinc|44261-6", 5, dated=9)),
        exactly=FROM_14 | MAY,
    ),
)


@pytest.mark.parametrize("row", AGE + SURGERY + HEART + FUTURE + DROP + POOL + BONES + PREGNANCY + ADDED, ids=lambda row: row.words)
def test_a_row_of_section_5(row: Row) -> None:
    """The service withholds and adds what the row says."""
    assert disagreements(row) == []
