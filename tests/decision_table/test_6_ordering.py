"""Decision table, section 6: at the moment of ordering (`order-select`, `order-sign`)."""

from __future__ import annotations

from typing import Any

import pytest

from builders.resources import condition, medication, observation, order, procedure, score
from decision_table.running_service import (
    ALL,
    CHOSEN,
    EASY,
    EDUCATION,
    MCKENZIE,
    REFERRAL,
    SIGNED,
    STABILIZATION,
    STRETCHING,
    Row,
    ask,
    disagreements,
    years_ago,
)

MRI = order("cpt|72148", status="draft")
OPIOID = medication("rxnorm|7804", status="draft")
REST = order(None, text="Bed rest for two days", status="draft")
LBP = condition("M54.50", onset=20)
IMAGING_CARD, OPIOID_CARD, REST_CARD = ("Imaging rarely helps",), ("before or beside an opioid",), ("rest beyond comfort",)
NOTHING = "nothing to advise"


def ordering(words: str, *chart: Any, drafts: tuple[Any, ...], **expected: Any) -> Row:
    """While these orders are being written for a patient with this chart; `sent` adds to how it is asked."""
    return Row(words, chart, sent={"service": CHOSEN, "drafts": drafts} | expected.pop("sent", {}), **expected)


IMAGING = (
    *(
        ordering(
            f"imaging {code} at 41 days: info, and offers",
            condition("M54.50", onset=41),
            score(4),
            drafts=(order(code, status="draft"),),
            says=IMAGING_CARD,
            offers=frozenset({EDUCATION, STABILIZATION}),
            outcome="advised",
        )
        for code in (
            "cpt|72148",
            "cpt|72149",
            "cpt|72158",
            "cpt|72131",
            "cpt|72100",
            "cpt|72110",
            "loinc|24968-0",
            "loinc|30777-7",
            "241648005",
            "22791004",
        )
    ),
    ordering(
        "imaging on the first day",
        condition("M54.50", onset=0),
        drafts=(MRI,),
        says=IMAGING_CARD,
        offers=frozenset({EDUCATION, EASY}),
        never=frozenset({STABILIZATION, MCKENZIE}),
    ),
    *(
        ordering(f"imaging {what}: nothing at all", chart, drafts=(MRI,), silent=True)
        for what, chart in (
            ("at 42 days", condition("M54.50", onset=42)),
            ("at 400 days", condition("M54.50", onset=400)),
            ("at unknown duration", condition("M54.50")),
            ("with an onset in the future", condition("M54.50", onset=-3)),
            ("with a lower bound only", condition("M54.50", recorded=5)),
            ("with a chronic code", condition("278860009", onset=5)),
            ("7.4: with a range that straddles 42", condition("M54.50", onset="2026-01")),
        )
    ),
    ordering(
        "a warning sign: the section 4 card only",
        LBP,
        condition("C61", onset=99),
        drafts=(MRI,),
        exactly=frozenset(),
        card="warning",
        says_not=IMAGING_CARD,
    ),
    ordering(
        "a late MRI with a warning sign: the section 4 card",
        condition("M54.50", onset=400),
        condition("G83.4", onset=1),
        drafts=(MRI,),
        exactly=frozenset(),
        card="critical",
        says_not=IMAGING_CARD,
    ),
    ordering("imaging of the brain", LBP, drafts=(order("cpt|70551", status="draft"),), silent=True, outcome=NOTHING),
    ordering("imaging without back pain", condition("M54.2", onset=20), drafts=(MRI,), silent=True, outcome="not about this patient"),
)
OPIOIDS = (
    *(
        ordering(
            f"opioid {code}: info, and offers",
            LBP,
            score(4),
            drafts=(medication(code, status="draft"),),
            says=OPIOID_CARD,
            says_not=("stop taking", "discontinue"),
            offers=frozenset({EDUCATION, STABILIZATION}),
        )
        for code in (
            "rxnorm|856987",
            "rxnorm|1049625",
            "rxnorm|1049221",
            "rxnorm|1860154",
            "rxnorm|5489",
            "rxnorm|7804",
            "rxnorm|10689",
            "rxnorm|2670",
            "rxnorm|7052",
        )
    ),
    *(
        ordering(f"an opioid by name: {text}", LBP, drafts=(medication(text=text, status="draft"),), says=OPIOID_CARD)
        for text in ("Tramadol 50 mg", "OXYCODONE 5 MG", "Codeine/acetaminophen", "morphine sulfate", "hydrocodone")
    ),
    ordering(
        "an opioid in chronic pain: the referral of section 1",
        condition("M54.50", onset=400),
        drafts=(OPIOID,),
        says=OPIOID_CARD,
        offers=frozenset({REFERRAL}),
    ),
    ordering("an opioid at unknown length", condition("M54.50"), drafts=(OPIOID,), says=OPIOID_CARD, exactly=frozenset({EDUCATION, EASY})),
    ordering("ibuprofen", LBP, drafts=(medication("rxnorm|5640", text="Ibuprofen", status="draft"),), silent=True, outcome=NOTHING),
    ordering(
        "an opioid without active back pain",
        condition("M54.50", onset=20, status="resolved"),
        drafts=(OPIOID,),
        silent=True,
        outcome="not about this patient",
    ),
    ordering(
        "an opioid with a warning sign",
        LBP,
        condition("C61", onset=99),
        drafts=(OPIOID,),
        exactly=frozenset(),
        card="warning",
        says_not=OPIOID_CARD,
    ),
)
RESTS = (
    ordering(
        "bed rest: info, education first",
        LBP,
        score(4),
        drafts=(REST,),
        says=REST_CARD,
        first=(EDUCATION,),
        offers=frozenset({EDUCATION, STABILIZATION}),
    ),
    ordering("recommendation to rest by its code", LBP, drafts=(order("183051005", status="draft"),), says=REST_CARD, first=(EDUCATION,)),
    ordering("bed rest with severe pain: education before water", LBP, score(8), drafts=(REST,), says=REST_CARD, first=(EDUCATION,)),
    *(
        ordering(f"7.10: {text!r} is not bed rest", LBP, drafts=(order(None, text=text, status="draft"),), silent=True, outcome=NOTHING)
        for text in ("No bed rest", "avoid bed rest", "Walk daily")
    ),
    ordering(
        "bed rest with a warning sign",
        LBP,
        condition("C61", onset=99),
        drafts=(REST,),
        exactly=frozenset(),
        card="warning",
        says_not=REST_CARD,
    ),
)
SILENCED = tuple(
    ordering(f"{what}: {which} is not spoken of", LBP, score(4), *more, drafts=(draft,), silent=True, outcome=NOTHING, sent=sent)
    for what, more, sent in (
        ("age 17", (), {"born": years_ago(17)}),
        ("surgery 90 days ago", (procedure("50172003", dated=90),), {}),
        ("unstable angina", (condition("I20.0", onset=9),), {}),
        ("an infarction 60 days ago", (condition("22298006", onset=60),), {}),
    )
    for which, draft in (("an early MRI", MRI), ("an opioid", OPIOID), ("bed rest", REST))
)
BESIDE = (
    ordering("age 18 today is spoken of", LBP, drafts=(OPIOID,), says=OPIOID_CARD, sent={"born": years_ago(18)}),
    *(
        ordering(
            f"{what} with a warning sign: the section 4 card is shown",
            LBP,
            condition("G83.4", onset=1),
            *more,
            drafts=(OPIOID,),
            exactly=frozenset(),
            card="critical",
            sent=sent,
        )
        for what, more, sent in (
            ("age 17", (), {"born": years_ago(17)}),
            ("surgery", (procedure("50172003", dated=9),), {}),
            ("unstable angina", (condition("I20.0", onset=9),), {}),
        )
    ),
    ordering(
        "a warning sign with another order: nothing",
        LBP,
        condition("G83.4", onset=1),
        drafts=(order("cpt|85025", status="draft"),),
        silent=True,
        outcome=NOTHING,
    ),
    ordering("stable heart disease does not silence", LBP, condition("84114007", onset=400), drafts=(OPIOID,), says=OPIOID_CARD),
    ordering("an age that nobody recorded does not silence", LBP, drafts=(OPIOID,), says=OPIOID_CARD, sent={"born": None}),
    ordering("anything else: a blood count", LBP, drafts=(order("cpt|85025", status="draft"),), silent=True, outcome=NOTHING),
    ordering("no draft at all", LBP, drafts=(), silent=True, outcome=NOTHING),
    ordering(
        "offers carry the withholdings of section 3",
        condition("M48.061", onset=20),
        score(4),
        drafts=(OPIOID,),
        says=OPIOID_CARD,
        never=frozenset({MCKENZIE}),
        offers=frozenset({REFERRAL}),
    ),
    ordering(
        "offers carry the withholdings of section 5",
        LBP,
        condition("M81.0", onset=900),
        drafts=(OPIOID,),
        says=OPIOID_CARD,
        never=frozenset({STRETCHING}),
    ),
    ordering(
        "offers of section 5 are not made here: yellow flags",
        LBP,
        condition("370143000", onset=400),
        drafts=(OPIOID,),
        says=OPIOID_CARD,
        never=frozenset({REFERRAL}),
    ),
    ordering(
        "7.10: an order with doNotPerform is not proposed",
        LBP,
        drafts=(order(None, text="Bed rest", status="draft", doNotPerform=True),),
        silent=True,
        outcome=NOTHING,
    ),
    ordering(
        "7.10: order-select reads the drafts that were chosen: the blood count only",
        LBP,
        drafts=(order("cpt|85025", status="draft"), OPIOID),
        silent=True,
        outcome=NOTHING,
        sent={"chosen": (0,)},
    ),
    ordering(
        "7.10: order-select reads the drafts that were chosen: the opioid",
        LBP,
        drafts=(order("cpt|85025", status="draft"), OPIOID),
        says=OPIOID_CARD,
        sent={"chosen": (1,)},
    ),
    ordering(
        "7.10: order-sign reads all drafts",
        LBP,
        drafts=(order("cpt|85025", status="draft"), OPIOID),
        says=OPIOID_CARD,
        sent={"service": SIGNED},
    ),
    ordering("order-sign: an early MRI", LBP, drafts=(MRI,), says=IMAGING_CARD, sent={"service": SIGNED}),
    ordering("order-sign: bed rest", LBP, drafts=(REST,), says=REST_CARD, first=(EDUCATION,), sent={"service": SIGNED}),
    ordering("order-sign: a late MRI", condition("M54.50", onset=42), drafts=(MRI,), silent=True, sent={"service": SIGNED}),
    ordering(
        "order-sign: a warning sign",
        LBP,
        condition("C61", onset=99),
        drafts=(REST,),
        exactly=frozenset(),
        card="warning",
        sent={"service": SIGNED},
    ),
)
NOT_HAD = (
    ordering("7.10: no Conditions and an opioid: 412", LBP, drafts=(OPIOID,), status=412, silent=True, sent={"not_sent": {"Condition"}}),
    ordering(
        "7.10: no Conditions and a blood count: nobody's business",
        LBP,
        drafts=(order("cpt|85025", status="draft"),),
        silent=True,
        status=200,
        sent={"not_sent": {"Condition"}},
    ),
    ordering(
        "no Observations and an opioid: one card says why",
        LBP,
        drafts=(OPIOID,),
        exactly=frozenset(),
        says=("ould not be checked",),
        says_not=OPIOID_CARD,
        outcome="data unobtainable",
        sent={"not_sent": {"Observation"}},
    ),
    ordering(
        "no Observations and an early MRI: one card says why",
        LBP,
        drafts=(MRI,),
        exactly=frozenset(),
        says_not=IMAGING_CARD,
        outcome="data unobtainable",
        sent={"not_sent": {"Observation"}},
    ),
    ordering(
        "no Conditions and an MRI: 412, it may be early", LBP, drafts=(MRI,), status=412, silent=True, sent={"not_sent": {"Condition"}}
    ),
    ordering(
        "no Observations and a late MRI: a warning sign would have been said, so one card says why",
        condition("M54.50", onset=400),
        drafts=(MRI,),
        exactly=frozenset(),
        says=("ould not be checked",),
        says_not=IMAGING_CARD,
        outcome="data unobtainable",
        sent={"not_sent": {"Observation"}},
    ),
    ordering(
        "no Observations and a blood count: nothing",
        LBP,
        drafts=(order("cpt|85025", status="draft"),),
        silent=True,
        outcome=NOTHING,
        sent={"not_sent": {"Observation"}},
    ),
    ordering(
        "no procedures and an opioid: one card says why",
        LBP,
        drafts=(OPIOID,),
        exactly=frozenset(),
        says=("ould not be checked",),
        outcome="data unobtainable",
        sent={"not_sent": {"Procedure"}},
    ),
    ordering(
        "no procedures and a late MRI: nothing",
        condition("M54.50", onset=400),
        drafts=(MRI,),
        silent=True,
        sent={"not_sent": {"Procedure"}},
    ),
    ordering("no medications and an opioid: spoken of", LBP, drafts=(OPIOID,), says=OPIOID_CARD, sent={"not_sent": {"MedicationRequest"}}),
    ordering("no orders and an opioid: spoken of", LBP, drafts=(OPIOID,), says=OPIOID_CARD, sent={"not_sent": {"ServiceRequest"}}),
    ordering(
        "no Observations, and an emergency: it is said",
        LBP,
        condition("G83.4", onset=1),
        drafts=(OPIOID,),
        exactly=frozenset(),
        card="critical",
        sent={"not_sent": {"Observation"}},
    ),
)


@pytest.mark.parametrize("row", IMAGING + OPIOIDS + RESTS + SILENCED + BESIDE + NOT_HAD, ids=lambda row: row.words)
def test_a_row_of_section_6(row: Row) -> None:
    """The service speaks of this order as the row says."""
    assert disagreements(row) == []


@pytest.mark.parametrize("service", [CHOSEN, SIGNED])
def test_a_warning_sign_leaves_nothing_to_order(service: str) -> None:
    """With a fever none of the ten is offered, whichever of the three orders is drafted."""
    fever = observation("loinc|8310-5", 39, unit="Cel")
    for draft in (MRI, OPIOID, REST):
        got = ask(LBP, score(9), fever, service=service, drafts=(draft,))
        assert not ALL & set(got.offered)
        assert got.indicators == ("warning",)
