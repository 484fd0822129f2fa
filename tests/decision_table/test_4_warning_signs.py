"""Decision table, section 4: a card, and all ten programs withheld; and what is old and known is not new."""

from __future__ import annotations

from typing import Any

import pytest

from builders.resources import condition, medication, observation, procedure, score
from decision_table.running_service import ALL, EDUCATION, STABILIZATION, Row, ask, disagreements, years_ago

LBP = condition("M54.50", onset=20)
STILL = frozenset({EDUCATION, STABILIZATION})
TEMPERATURE = "loinc|8310-5"


def emergency(words: str, *signs: Any, **sent: Any) -> Row:
    """A critical card, and nothing offered."""
    return Row(f"emergency: {words}", (LBP, score(4), *signs), exactly=frozenset(), card="critical", outcome="withheld", sent=sent,
               says=("prompt for assessment today, not a diagnosis", "coded data only"))  # fmt: skip


def urgent(words: str, *signs: Any, **sent: Any) -> Row:
    """A warning card, and nothing offered."""
    return Row(f"urgent: {words}", (LBP, score(4), *signs), exactly=frozenset(), card="warning", outcome="withheld", sent=sent,
               says=("prompt for assessment, not a diagnosis", "coded data only"))  # fmt: skip


def nothing(words: str, *signs: Any, says: tuple[str, ...] = (), **sent: Any) -> Row:
    """No sign: programs are offered as ever."""
    return Row(f"no sign: {words}", (LBP, score(4), *signs), offers=STILL, outcome="advised", sent=sent, says=says)


def hot(value: float, dated: int = 0, unit: str | None = "Cel") -> Any:
    """A temperature."""
    return observation(TEMPERATURE, value, unit=unit, dated=dated)


EMERGENCIES = (
    *(emergency(f"cauda equina {code}", condition(code, onset=400)) for code in ("G83.4", "192970008", "12454008")),
    emergency("cauda equina of unknown date", condition("G83.4")),
    *(emergency(f"cord compression {code}", condition(code, onset=400)) for code in ("71286001", "M51.06")),
    *(emergency(f"new retention {code}", condition(code, onset=30)) for code in ("R33.8", "R33.9", "267064002", "236648008")),
    *(emergency(f"new bowel incontinence {code}", condition(code, onset=30)) for code in ("R15.9", "72042002", "K59.2")),
    *(
        emergency(f"saddle numbness, {word}", condition("R20.0", onset=90, **{place: f"Numb {word}"}))
        for word, place in (("saddle", "text"), ("perineum", "site"), ("perineal", "text"), ("perianal", "site"), ("genital", "text"))
    ),
    *(emergency(f"new foot drop {code}", condition(code, onset=30)) for code in ("M21.371", "M21.372", "M21.379", "6077001", "27253007")),
    emergency("new paraplegia", condition("60389000", onset=30)),
    emergency("bilateral weakness in the text", condition("26544005", onset=30, text="Bilateral leg weakness")),
    emergency(
        "both sides named, one entry each",
        condition("26544005", onset=30, site="Left leg"),
        condition("26544005", onset=2, site="Right leg"),
    ),
    *(
        emergency(f"spinal infection {code}", condition(code, onset=400))
        for code in ("M46.26", "M46.27", "M46.36", "M46.46", "M46.47", "G06.1", "203241002", "2304001", "203219002", "63627007")
    ),
    *(
        emergency(f"fever with {what}", hot(38.0), *more)
        for what, more in (
            ("drug use", (condition("226034001", onset=900),)),
            ("drug use of unknown date", (condition("228388006"),)),
            ("immunodeficiency", (condition("D84.9", onset=900),)),
            ("immunosuppression", (condition("370388006", onset=900),)),
            ("immunosuppressive therapy", (condition("86553008", onset=900),)),
            ("immunosuppressants, unverified", (condition("Z79.60", onset=900),)),
            ("steroids on the problem list", (condition("Z79.52", onset=900),)),
            ("steroid therapy", (condition("297279009", onset=10),)),
            ("a steroid ordered 90 days ago", (medication("rxnorm|8640", dated=90),)),
            ("a spinal procedure of 90 days ago", (procedure("429377005", dated=90),)),
        )
    ),
    emergency("a coded fever with drug use", condition("R50.9", onset=7), condition("226034001", onset=900)),
    *(emergency(f"ruptured aneurysm {code}", condition(code, onset=400)) for code in ("14336007", "I71.30")),
    emergency("aortic dissection of the last 30 days", condition("I71.02", onset=30)),
)
URGENTS = (
    *(
        urgent(f"fever alone, {value} {unit or 'without unit'}", hot(value, unit=unit))
        for value, unit in ((38.0, "Cel"), (39.5, "Cel"), (100.4, "[degF]"), (38.4, None))
    ),
    urgent("fever with drug use that is over: fever alone", hot(38.0), condition("226034001", onset=900, status="resolved")),
    urgent("fever of 7 days ago is the newest temperature", hot(38.2, dated=7)),
    urgent("a coded fever of 7 days ago", condition("386661006", onset=7)),
    urgent("a coded fever younger than the normal temperature", condition("R50.9", onset=1), hot(36.8, dated=2)),
    urgent("a coded fever with a temperature of 38.0 as new: both are said", condition("R50.9", onset=0), hot(38.0)),
    Row(
        "a temperature of 38.0 overrules no coded fever: both are named",
        (LBP, condition("R50.9", onset=0), hot(38.0)),
        card="warning",
        says=("38 °C, 2026-03-02; fever, 2026-03-02",),
    ),
    urgent("a coded fever with a temperature that is none", condition("R50.9", onset=1), hot(380)),
    *(urgent(f"new urinary incontinence {code}", condition(code, onset=30)) for code in ("R32", "N31.9", "165232002")),
    *(
        urgent(f"vertebral fracture {code}", condition(code, onset=900))
        for code in (
            "S32.010A",
            "S32.020A",
            "S32.050A",
            "S32.10XA",
            "M48.56XA",
            "M48.57XA",
            "M84.48XA",
            "125608002",
            "42942008",
            "281933002",
            "15724005",
            "1734006",
            "M80.08XA",
            "M80.88XA",
            "240198002",
            "203450003",
        )
    ),
    urgent("a vertebral fracture of unknown date", condition("S32.010A")),
    *(
        urgent(f"a fracture that does not heal, {code}", condition(code, onset=900))
        for code in ("S32.010G", "S32.010K", "S32.001G", "S32.030K")
    ),
    urgent("a healing fracture of 90 days", condition("S32.010D", onset=90)),
    urgent("a fall 14 days ago at 65", condition("1912002", onset=14), born=years_ago(65)),
    urgent("a fall with osteoporosis", condition("1912002", onset=14), condition("M81.0", onset=900)),
    urgent("a fall with steroids on the problem list", condition("1912002", onset=14), condition("Z79.52", onset=900)),
    urgent("a fall with a steroid ordered 90 days ago", condition("1912002", onset=14), medication("rxnorm|6902", dated=90)),
    urgent(
        "a fall with a steroid known by its name",
        condition("1912002", onset=14),
        medication(text="Prednisone 10 mg oral tablet", dated=200),
    ),
    urgent("7.7: a fall that is resolved, 14 days ago at 70", condition("1912002", onset=14, status="resolved"), born=years_ago(70)),
    *(
        urgent(f"active malignancy {code}", condition(code, onset=900))
        for code in ("C79.51", "C79.52", "C90.00", "94222008", "94602001", "363346000", "109989006", "C00.0", "C50.911", "C61", "C96.9")
    ),
    urgent("active malignancy of unknown date", condition("C61")),
    urgent("7.8: a malignancy that is over is a history of cancer", condition("C61", onset=4000, status="resolved")),
    urgent("7.8: a malignancy in remission", condition("363346000", onset=4000, status="remission")),
    *(
        urgent(f"history of cancer {code}", condition(code, onset=9000))
        for code in ("Z85.3", "Z85.46", "Z85.118", "266987004", "429087003", "428262008")
    ),
    *(
        urgent(f"7.8: cancer in words: {words}", condition(None, text=words, onset=900))
        for words in (
            "Prostate cancer",
            "Renal cell carcinoma",
            "Hodgkin lymphoma",
            "Smouldering myeloma",
            "Acute leukemia",
            "Ewing sarcoma",
            "Malignant neoplasm of colon",
            "Liver metastasis",
            "Metastatic disease",
            "History of cancer",
        )
    ),
    urgent("7.8: cancer in the display", condition("999999008", display="Breast cancer", onset=900)),
    *(urgent(f"weight loss {code} of 180 days ago", condition(code, onset=180)) for code in ("R63.4", "89362005", "267024001")),
    *(
        urgent(f"aortic aneurysm {code}", condition(code, onset=900))
        for code in ("I71.40", "I71.41", "I71.42", "I71.43", "233985008", "75878002")
    ),
    urgent("older dissection, 31 days", condition("I71.02", onset=31)),
    *(
        urgent(f"suspected ({status}) malignancy", condition("C61", onset=9, verification=status))
        for status in ("provisional", "differential", "unconfirmed")
    ),
)
NOTHINGS = (
    nothing("retention of 31 days ago", condition("R33.9", onset=31)),
    nothing("retention that is over", condition("R33.9", onset=9, status="resolved")),
    nothing("foot drop of 31 days ago", condition("M21.371", onset=31)),
    nothing("paraplegia of 31 days ago", condition("60389000", onset=31)),
    nothing("numbness of skin elsewhere", condition("R20.0", onset=1, text="Numb hand")),
    nothing("numbness of skin without a place", condition("R20.0", onset=1)),
    nothing("muscle weakness without a side", condition("26544005", onset=1)),
    nothing("muscle weakness of one side", condition("26544005", onset=1, site="Left leg")),
    nothing("bilateral weakness of 31 days ago", condition("26544005", onset=31, text="bilateral")),
    nothing("37.9 degrees", hot(37.9)),
    nothing("100.3 Fahrenheit", hot(100.3, unit="[degF]")),
    nothing("a fever of 8 days ago", hot(39.0, dated=8)),
    nothing("a fever of three weeks ago with a normal newest value", hot(39.0, dated=21), hot(36.6, dated=0)),
    nothing("a fever of three days ago with a normal newest value", hot(39.0, dated=3), hot(36.6, dated=0)),
    nothing("a coded fever with a temperature of 37.9 as new", condition("R50.9", onset=0), hot(37.9)),
    nothing("a coded fever of 8 days ago", condition("R50.9", onset=8)),
    nothing("a coded fever with a normal temperature as new", condition("R50.9", onset=1), hot(36.8, dated=1)),
    nothing("a coded fever with a normal temperature that is newer", condition("R50.9", onset=3), hot(36.8, dated=1)),
    nothing("a temperature of 46 degrees", hot(46.0)),
    nothing("a temperature of 29 degrees", hot(29.0)),
    nothing("drug use alone", condition("226034001", onset=9)),
    nothing("urinary incontinence of years is for the pool only", condition("R32", onset=900)),
    nothing("a healing fracture of 91 days", condition("S32.010D", onset=91)),
    nothing("a healing fracture that is resolved", condition("S32.010D", onset=9, status="resolved")),
    nothing("a fracture healed and resolved", condition("S32.010A", onset=400, status="resolved")),
    nothing("a fracture that did not heal, resolved", condition("S32.010K", onset=400, status="resolved")),
    nothing("7.13: a sequela", condition("S32.010S", onset=9)),
    nothing("a fall at 64", condition("1912002", onset=14), born=years_ago(64)),
    nothing("a fall 15 days ago at 70", condition("1912002", onset=15), born=years_ago(70)),
    nothing("a fall with osteopenia only", condition("1912002", onset=3), condition("M85.88", onset=900)),
    nothing("a strain is not a fall", condition("S39.012A", onset=3), born=years_ago(70)),
    nothing("a fall with a steroid ordered 89 days ago", condition("1912002", onset=3), medication("rxnorm|8640", dated=89)),
    nothing(
        "a fall with a steroid that was stopped", condition("1912002", onset=3), medication("rxnorm|8640", dated=200, status="stopped")
    ),
    *(
        nothing(f"a fall with a steroid that is not systemic: {text}", condition("1912002", onset=3), medication(text=text, dated=200))
        for text in (
            "Dexamethasone ophthalmic suspension",
            "Prednisolone eye ointment",
            "Methylprednisolone cream",
            "Dexamethasone inhaler",
            "Dexamethasone nasal spray",
        )
    ),
    nothing("7.7: a fall in the future", condition("1912002", onset=-2), born=years_ago(70)),
    nothing("skin cancer by its code (C44)", condition("C44.91", onset=9)),
    nothing("D codes are no C codes", condition("D05.10", onset=9)),
    *(
        nothing(f"7.8: not cancer: {words}", condition("Z12.31", text=words, onset=9))
        for words in ("Screening for breast cancer", "Family history of colon cancer", "At risk of lung cancer")
    ),
    nothing("a refuted malignancy", condition("C61", onset=9, verification="refuted")),
    nothing("weight loss of 181 days ago", condition("R63.4", onset=181)),
    nothing(
        "a measured drop in weight is one line",
        observation("loinc|29463-7", 94, unit="kg", dated=0),
        observation("loinc|29463-7", 100, unit="kg", dated=200),
        says=("Weight fell by 6",),
    ),
    nothing("an aneurysm that is over", condition("233985008", onset=900, status="resolved")),
    nothing("a dissection that is over", condition("I71.02", onset=900, status="resolved")),
)
SAYINGS = (
    Row("the card names the datum and its date", (LBP, condition("C79.51", onset=100)), says=("2025-11-22", "cancer"), card="warning"),
    Row(
        "all emergencies in one card, all urgent signs in one (7.9)",
        (LBP, condition("G83.4", onset=1), condition("R33.9", onset=2), condition("C61", onset=900), condition("R63.4", onset=9)),
        card="critical",
        exactly=frozenset(),
        says=("cauda equina syndrome", "urinary retention", "cancer", "weight loss"),
    ),
    Row(
        "one diagnosis is told once: an active cancer is no history of cancer, and its words are not told beside its code",
        (LBP, condition("C61", display="Malignant neoplasm of prostate", onset=100)),
        card="warning",
        exactly=frozenset(),
        says=("Assess before any exercise: cancer, 2025-11-22\n",),
        says_not=("history of cancer", "matched by words"),
    ),
    Row("severe pain is no sign by itself", (LBP, score(10)), offers=frozenset({EDUCATION})),
)


@pytest.mark.parametrize("row", EMERGENCIES + URGENTS + NOTHINGS + SAYINGS, ids=lambda row: row.words)
def test_a_row_of_section_4(row: Row) -> None:
    """A sign of the row is said and withholds all; what the row excludes changes nothing."""
    assert disagreements(row) == []


@pytest.mark.parametrize("row", EMERGENCIES + URGENTS, ids=lambda row: row.words)
def test_a_sign_withholds_all_ten_whatever_else_is_asked_for(row: Row) -> None:
    """Severe pain, stenosis, chronic pain and yellow flags beside the sign: still nothing is offered."""
    more = (condition("M48.061", onset=400), condition("278860009", onset=400), condition("370143000", onset=400), score(9))
    assert disagreements(Row(row.words, (*row.chart, *more), exactly=frozenset(), never=ALL, card=row.card, sent=row.sent)) == []


@pytest.mark.parametrize("risk", ["226034001", "370388006", "Z79.52"])
def test_a_fever_with_a_risk_on_the_problem_list_is_no_fever_alone(risk: str) -> None:
    """It is said once, as an emergency."""
    assert ask(LBP, hot(38.5), condition(risk, onset=900)).indicators == ("critical",)


def test_emergencies_come_before_urgent_signs_and_there_is_one_card_of_each() -> None:
    """Four signs make two cards: the critical one first."""
    got = ask(LBP, condition("G83.4", onset=1), condition("R33.9", onset=2), condition("C61", onset=900), condition("R63.4", onset=9))
    assert got.indicators == ("critical", "warning")
