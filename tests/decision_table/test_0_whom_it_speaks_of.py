"""Decision table, its opening and section 0: whom the pack speaks of, how findings are verified, and what beats what."""

from __future__ import annotations

import pytest

from builders.resources import condition, medication, observation, order, procedure, score
from decision_table.running_service import (
    AEROBIC,
    AQUATIC,
    EASY,
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

NOBODY = "not about this patient"
COUNTED = {
    "low_back_pain": ("M54.50", "M54.51", "M54.59", "279039007", "279040009", "616839841000119101", "267982002", "1156802000"),
    "low_back_pain_legacy": ("M54.5",),
    "acute_low_back_pain": ("278862001",),
    "chronic_low_back_pain": ("278860009", "38781000087100"),
    "sciatica": ("M54.30", "M54.31", "M54.32", "23056005"),
    "sciatica_chronic": ("307177001",),
    "lumbago_with_sciatica": ("M54.40", "M54.41", "M54.42", "202794004"),
    "lumbago_with_sciatica_acute": ("247366003",),
    "lumbar_radiculopathy": ("M54.16", "M54.17", "128196005", "2415007", "46578006"),
    "disc_herniation": ("M51.26", "M51.27", "73589001", "202708005"),
    "disc_herniation_radiculopathy": ("M51.16", "M51.17", "202735001", "311804006", "46960006"),
    "lumbar_disc_other": ("M51.86", "M51.87"),
    "lumbar_disc_degeneration": ("M51.360", "M51.370", "26538006", "77547008", "608832005"),
    "lumbar_disc_degeneration_leg": ("M51.361", "M51.362", "M51.371", "M51.372"),
    "lumbar_disc_degeneration_legacy": ("M51.36", "M51.37"),
    "lumbar_spinal_stenosis": ("M48.061", "M48.062", "M48.07", "M99.53", "18347007", "202788007"),
    "neurogenic_claudication": ("303081002",),
    "spondylolisthesis": ("M43.16", "M43.17", "M43.10", "Q76.2", "274152003", "203681002", "4046000", "203683004"),
    "spondylolysis": ("M43.06", "M43.07", "M43.00", "240221008"),
    "lumbar_spondylosis": ("M47.816", "M47.817", "M47.896", "M47.897", "M47.9", "239880009", "123798002"),
    "lumbar_spondylosis_radiculopathy": ("M47.26", "M47.27"),
    "lumbar_strain_sprain": ("S39.012A", "S39.012D", "S33.5XXA", "209565008"),
    "sacroiliac_or_instability": ("M53.3", "M53.2X6", "M53.2X7", "202487003"),
    "si_joint": ("M46.1",),
    "axial_spondyloarthritis": ("M45.6", "M45.7", "M45.9", "M45.A6", "M45.AB", "M46.86", "9631008", "723116002", "713777005"),
    "pregnancy_lbp": ("91957002", "9121000119106"),
}
"""The concepts of reading rule 1 and their codes, by hand."""
NEEDS_THE_PLACE = {
    "back_pain_unspecified": ("M54.9", "M54.89", "161891005"),
    "chronic_back_pain_unspecified": ("134407002",),
    "chronic_pain_unspecific_site": ("G89.29", "G89.21", "G89.4", "R52", "82423001"),
}
CONTROLS = {
    "neck pain": ("M54.2", "81680005", "1121000119107"),
    "thoracic pain": ("M54.6", "279038004"),
    "renal colic": ("N20.0",),
    "hip pain": ("M25.551", "49218002", "M16.11"),
    "disc degeneration without mention of pain": ("M51.369", "M51.379"),
}


@pytest.mark.parametrize(("concept", "code"), [(concept, code) for concept, codes in COUNTED.items() for code in codes])
def test_a_counted_low_back_condition_opens_the_door(concept: str, code: str) -> None:
    """Every code of the concepts in reading rule 1 makes a patient with back pain of three weeks: education is offered."""
    assert disagreements(Row(concept, (condition(code, onset=20),), offers=frozenset({EDUCATION}), outcome="advised")) == []


@pytest.mark.parametrize(("concept", "code"), [(concept, code) for concept, codes in NEEDS_THE_PLACE.items() for code in codes])
@pytest.mark.parametrize("named", ["text", "display", "site"])
def test_back_pain_of_no_place_counts_only_where_the_low_back_is_named(concept: str, code: str, named: str) -> None:
    """Without a word of the low back nothing is said; with one in text, display or body site it is low back pain."""
    silent = Row(concept, (condition(code, onset=20),), silent=True, outcome=NOBODY)
    elsewhere = Row(concept, (condition(code, onset=20, **{named: "Upper back"}),), silent=True, outcome=NOBODY)
    spoken = Row(concept, (condition(code, onset=20, **{named: "Pain of the lower back"}),), offers=frozenset({EDUCATION}))
    assert disagreements(silent) + disagreements(elsewhere) + disagreements(spoken) == []


@pytest.mark.parametrize(("what", "code"), [(what, code) for what, codes in CONTROLS.items() for code in codes])
def test_a_control_stays_silent(what: str, code: str) -> None:
    """Neck, chest, kidney, hip, and discs without pain: no card, not about this patient."""
    assert disagreements(Row(what, (condition(code, onset=20), score(8)), silent=True, outcome=NOBODY)) == []


LBP = condition("M54.50", onset=20)
ROWS = (
    Row("a pain score without a back condition", (score(9),), silent=True, outcome=NOBODY),
    Row("rule 1: words without a code are no condition", (condition(None, text="Low back pain", onset=20),), silent=True, outcome=NOBODY),
    Row("an empty chart", (), silent=True, outcome=NOBODY),
    Row("a refuted back condition", (condition("M54.50", onset=20, verification="refuted"),), silent=True, outcome=NOBODY),
    Row("entered in error", (condition("M54.50", onset=20, status=None, verification="entered-in-error"),), silent=True, outcome=NOBODY),
    Row("a resolved back condition", (condition("M54.50", onset=20, status="resolved"),), silent=True, outcome=NOBODY),
    Row("an inactive back condition", (condition("M54.50", onset=20, status="inactive"),), silent=True, outcome=NOBODY),
    Row("a back condition in remission", (condition("M54.50", onset=20, status="remission"),), silent=True, outcome=NOBODY),
    Row("active, but abated yesterday", (condition("M54.50", onset=20, abated=1),), silent=True, outcome=NOBODY),
    Row("active is a low-back condition that counts", (LBP,), offers=frozenset({EDUCATION, STABILIZATION})),
    Row("recurrence counts", (condition("M54.50", onset=20, status="recurrence"),), offers=frozenset({STABILIZATION})),
    Row("relapse counts", (condition("M54.50", onset=20, status="relapse"),), offers=frozenset({STABILIZATION})),
    Row("no clinicalStatus at all counts", (condition("M54.50", onset=20, status=None),), offers=frozenset({STABILIZATION})),
    Row("no verificationStatus counts", (condition("M54.50", onset=20, verification=None),), offers=frozenset({STABILIZATION})),
    Row(
        "rule 1: a warning sign without a low-back condition is not about this patient",
        (condition("G83.4", onset=1),),
        silent=True,
        outcome=NOBODY,
    ),
    Row(
        "rule 1: a warning sign beside a resolved low-back condition",
        (condition("M54.50", onset=20, status="resolved"), condition("G83.4", onset=1)),
        silent=True,
        outcome=NOBODY,
    ),
    Row(
        "7.12: a deceased patient",
        (LBP, condition("G83.4", onset=1)),
        silent=True,
        outcome=NOBODY,
        sent={"patient": {"deceasedBoolean": True}},
    ),
    Row("7.12: a patient who died on a day", (LBP,), silent=True, outcome=NOBODY, sent={"patient": {"deceasedDateTime": "2026-02-28"}}),
    Row("7.12: not deceased", (LBP,), offers=frozenset({EDUCATION}), sent={"patient": {"deceasedBoolean": False}}),
    # rule 3: a withholding beats an offer, in whatever section
    Row(
        "rule 3: stenosis takes McKenzie from a herniation, and severe pain's water does not help it",
        (condition("M51.26", onset=30), condition("M48.062", onset=30), score(8)),
        offers=frozenset({AQUATIC, REFERRAL}),
        never=frozenset({MCKENZIE, SCIATICA}),
    ),
    Row(
        "rule 3: water of severe pain is withheld for an open wound, and education stays",
        (LBP, score(9), condition("125643001", onset=3)),
        offers=frozenset({EDUCATION}),
        never=frozenset({AQUATIC}),
    ),
    Row(
        "rule 3: a warning sign is said and everything is withheld, whatever else is offered",
        (LBP, condition("M51.16", onset=30), score(9), condition("C79.51", onset=100)),
        exactly=frozenset(),
        card="warning",
        outcome="withheld",
    ),
    Row(
        "rule 3: an emergency is said before an urgent sign",
        (LBP, condition("G83.4", onset=1), condition("C79.51", onset=100)),
        exactly=frozenset(),
        card="critical",
    ),
    # rule 4: what may be added is listed last, and not with severe pain or a precaution
    Row("rule 4: strengthening and McKenzie close the list", (LBP, score(4)), last=frozenset({STRENGTHENING, MCKENZIE})),
    Row("rule 4: not with severe pain", (LBP, score(7)), never=frozenset({STRENGTHENING, MCKENZIE})),
    Row("rule 4: not with an open wound", (LBP, score(4), condition("399912005", onset=9)), never=frozenset({STRENGTHENING, MCKENZIE})),
    Row(
        "rule 4: not with incontinence of years",
        (LBP, score(4), condition("165232002", onset=900)),
        never=frozenset({STRENGTHENING, MCKENZIE}),
    ),
    Row(
        "rule 4: not with uncontrolled epilepsy",
        (LBP, score(4), condition("G40.919", onset=900)),
        never=frozenset({STRENGTHENING, MCKENZIE}),
    ),
    Row("rule 4: not with osteoporosis", (LBP, score(4), condition("M81.0", onset=900)), never=frozenset({STRENGTHENING, MCKENZIE})),
    Row("rule 4: not in pregnancy", (LBP, score(4), condition("77386006", onset=90)), never=frozenset({STRENGTHENING, MCKENZIE})),
    Row(
        "rule 4: not with repeated falls at 70",
        (LBP, score(4), condition("R29.6", onset=900)),
        never=frozenset({STRENGTHENING, MCKENZIE}),
        sent={"born": "1956-01-01"},
    ),
    Row("rule 4: all the same where the age is unknown", (LBP, score(4)), offers=frozenset({STRENGTHENING, MCKENZIE}), sent={"born": None}),
    Row(
        "rule 4: all the same with stable heart disease",
        (LBP, score(4), condition("84114007", onset=900)),
        offers=frozenset({STRENGTHENING, MCKENZIE}),
    ),
    Row(
        "rule 4: all the same with severe obesity",
        (LBP, score(4), condition("238136002", onset=900)),
        offers=frozenset({STRENGTHENING, MCKENZIE}),
    ),
    Row(
        "rule 4: all the same with a bad knee",
        (LBP, score(4), condition("239873007", onset=900)),
        offers=frozenset({STRENGTHENING, MCKENZIE}),
    ),
    Row(
        "rule 4: all the same with yellow flags",
        (LBP, score(4), observation("loinc|44261-6", 12)),
        offers=frozenset({STRENGTHENING, MCKENZIE}),
    ),
    Row(
        "rule 4: all the same with a referral under way",
        (LBP, score(4), order("308447003", dated=9)),
        offers=frozenset({STRENGTHENING, MCKENZIE}),
    ),
    Row(
        "rule 4: all the same where orders cannot be had",
        (LBP, score(4)),
        offers=frozenset({STRENGTHENING, MCKENZIE}),
        sent={"not_sent": {"ServiceRequest"}},
    ),
    Row(
        "rule 4: the easy start at unknown length is added last",
        (condition("M54.50"), score(4)),
        exactly=frozenset({EDUCATION, EASY}),
        last=frozenset({EASY}),
    ),
    Row(
        "rule 4: no easy start at unknown length with severe pain", (condition("M54.50"), score(9)), exactly=frozenset({EDUCATION, AQUATIC})
    ),
    Row(
        "rule 4: no easy start at unknown length in pregnancy", (condition("M54.50"), condition("72892002")), exactly=frozenset({EDUCATION})
    ),
    # rule 5: what withholds reads suspected findings, what section 3 offers needs a confirmed one or none said
    *(
        Row(
            f"rule 5: {status} sciatica offers no sciatica exercises, and withholds strengthening all the same",
            (LBP, condition("M54.31", onset=5, verification=status), score(4)),
            never=frozenset({SCIATICA, STRENGTHENING}),
        )
        for status in ("provisional", "differential", "unconfirmed")
    ),
    *(
        Row(
            f"rule 5: {status or 'no status'} sciatica offers sciatica exercises",
            (condition("M54.31", onset=20, verification=status),),
            offers=frozenset({SCIATICA}),
        )
        for status in ("confirmed", None)
    ),
    *(
        Row(
            f"rule 5: {status} stenosis withholds McKenzie, and brings no referral",
            (LBP, condition("M48.061", onset=20, verification=status), score(4)),
            never=frozenset({MCKENZIE, REFERRAL, SCIATICA}),
        )
        for status in ("provisional", "differential", "unconfirmed")
    ),
    *(
        Row(
            f"rule 5: a cauda equina syndrome that is {status or 'of no status'} warns",
            (LBP, condition("192970008", onset=2, verification=status)),
            exactly=frozenset(),
            card="critical",
        )
        for status in ("confirmed", "provisional", "differential", "unconfirmed", None)
    ),
    *(
        Row(
            f"rule 5: a cauda equina syndrome that is {status} does not",
            (LBP, condition("192970008", onset=2, verification=status, status="active" if status == "refuted" else None)),
            offers=frozenset({EDUCATION}),
        )
        for status in ("refuted", "entered-in-error")
    ),
    Row(
        "7.6: an unconfirmed low-back condition counts for rule 1 and for section 1",
        (condition("M54.50", onset=20, verification="unconfirmed"),),
        offers=frozenset({EDUCATION, STRETCHING, AEROBIC, STABILIZATION}),
    ),
    # rule 6: onset, else recordedDate; "within n days" includes day n; undated signs
    Row(
        "rule 6: retention recorded 30 days ago, onset unknown, is new",
        (LBP, condition("R33.9", recorded=30)),
        exactly=frozenset(),
        card="critical",
    ),
    Row("rule 6: the onset decides, not a later recording", (LBP, condition("R33.9", onset=31, recorded=1)), offers=frozenset({EDUCATION})),
    *(
        Row(
            f"rule 6: {what} without any date is urgent and asked about",
            (LBP, *signs),
            exactly=frozenset(),
            card="warning",
            says=("without a date", "ask whether it is new"),
        )
        for what, signs in (
            ("retention", (condition("R33.8"),)),
            ("bowel incontinence", (condition("72042002"),)),
            ("foot drop", (condition("6077001"),)),
            ("paraplegia", (condition("60389000"),)),
            ("weakness of both sides", (condition("26544005", site="Both legs"),)),
            ("weakness left, and weakness right", (condition("26544005", site="Left leg"), condition("26544005", site="Right leg"))),
            ("dissection", (condition("I71.02"),)),
            ("fever with drug use", (condition("R50.9"), condition("228388006", onset=400))),
        )
    ),
    *(
        Row(
            f"rule 6: {what} without any date is one line",
            (LBP, sign, *more),
            offers=frozenset({EDUCATION, STABILIZATION}),
            says=("without a date",),
        )
        for what, sign, more in (
            ("urinary incontinence", condition("R32"), ()),
            ("a healing fracture", condition("S32.010D"), ()),
            ("weight loss", condition("R63.4"), ()),
            ("a coded fever", condition("386661006"), ()),
            ("a fall with osteoporosis", condition("1912002"), (condition("64859006", onset=900),)),
            ("an operation", procedure("50172003"), ()),
            ("a fusion on the problem list", condition("Z98.1"), ()),
        )
    ),
    Row("rule 6: an active infarction without any date counts", (LBP, condition("22298006")), exactly=frozenset({EDUCATION, REFERRAL})),
    Row(
        "a steroid without a date and no fall changes nothing",
        (LBP, medication("rxnorm|8640")),
        offers=frozenset({EDUCATION, STABILIZATION}),
    ),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.words)
def test_a_row_of_section_0(row: Row) -> None:
    """The service does what the reading rule says."""
    assert disagreements(row) == []
