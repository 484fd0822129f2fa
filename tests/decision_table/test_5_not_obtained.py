"""Decision table, section 5, its last rows: what is under way already, what could not be obtained, and the fallback."""

from __future__ import annotations

import pytest

from builders.resources import care_plan, condition, observation, order, procedure, score
from decision_table.running_service import (
    AEROBIC,
    AQUATIC,
    EDUCATION,
    REFERRAL,
    STRETCHING,
    Row,
    ask,
    disagreements,
    years_ago,
)
from decision_table.section_5 import FROM_14, LBP, MAY, back

CHRONIC = condition("M54.50", onset=400)
ASSESS_PLAN = "http://hl7.org/fhir/us/core/CodeSystem/careplan-category|assess-plan"

UNDER_WAY = (
    *(
        Row(
            f"{what} is under way: the referral is not offered again, and the card says so",
            (CHRONIC, score(4), entry),
            exactly=FROM_14 | MAY,
            says=("Under way",),
        )
        for what, entry in (
            ("a referral to the service", order("306170007", dated=9)),
            ("a referral to a therapist", order("308447003", dated=180)),
            ("a referral, US", order("444831000124102", dated=9)),
            ("a referral on hold", order("306170007", dated=9, status="on-hold")),
            ("exercise referral", order("390864007", dated=9)),
            ("activity program", order("390893007", dated=9)),
            ("therapy evaluation", order("cpt|97161", dated=9)),
            ("a plan of therapy", care_plan(ASSESS_PLAN, activities=("91251008",))),
        )
    ),
    *(
        Row(f"{what} is not: the referral is offered", (CHRONIC, score(4), entry), exactly=FROM_14 | MAY | {REFERRAL})
        for what, entry in (
            ("a referral of 181 days ago", order("306170007", dated=181)),
            ("a completed referral", order("306170007", dated=9, status="completed")),
            ("a draft", order("306170007", dated=9, status="draft")),
            ("a revoked referral", order("306170007", dated=9, status="revoked")),
            ("a plan that ended", care_plan(ASSESS_PLAN, activities=("91251008",), status="completed")),
        )
    ),
    Row(
        "a plan of stretching under way: stretching is not offered again",
        (LBP, score(4), care_plan(ASSESS_PLAN, activities=("386292004",))),
        exactly=(FROM_14 | MAY) - {STRETCHING},
        says=("Under way",),
    ),
    Row("water ordered: it is not offered again", (LBP, score(9), order("cpt|97113", dated=9)), exactly=FROM_14, says=("Under way",)),
    Row(
        "a contraindication, and the referral under way: the card says so and offers nothing",
        (LBP, score(4), procedure("50172003", dated=9), order("306170007", dated=5)),
        exactly=frozenset(),
        says=("Under way",),
    ),
    Row(
        "a child, and the referral under way: said, nothing offered",
        (LBP, score(4), order("306170007", dated=5)),
        exactly=frozenset(),
        says=("Under way",),
        sent={"born": years_ago(12)},
    ),
    Row(
        "all that is offered is under way: a card says so, and that is advice",
        (condition("91957002"), score(4), care_plan(ASSESS_PLAN, activities=("304507003",))),
        exactly=frozenset(),
        says=("Already under way",),
        outcome="advised",
    ),
)
NOT_HAD = (
    back("no Conditions: 412", status=412, sent={"not_sent": {"Condition"}}, silent=True),
    back("no Patient: 412", status=412, sent={"not_sent": {"Patient"}}, silent=True),
    back(
        "an OperationOutcome instead of Conditions: 412",
        status=412,
        silent=True,
        sent={"instead": {"conditions": {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}}},
    ),
    back(
        "7.11: null Conditions are asked and nothing there",
        silent=True,
        outcome="not about this patient",
        sent={"instead": {"conditions": None}},
    ),
    back(
        "no Observations: all ten withheld, one info card, no fallback",
        exactly=frozenset(),
        outcome="data unobtainable",
        says=("ould not be checked",),
        sent={"not_sent": {"Observation"}},
    ),
    back(
        "no temperatures: all ten withheld",
        exactly=frozenset(),
        outcome="data unobtainable",
        says=("emperature",),
        sent={"not_sent": {"observations-temperature"}},
    ),
    back(
        "no procedures: all but the referral withheld, and nothing offers it",
        exactly=frozenset(),
        outcome="data unobtainable",
        says=("ould not be checked", "procedures"),
        sent={"not_sent": {"Procedure"}},
    ),
    Row(
        "no procedures in chronic pain: the referral is left",
        (CHRONIC, score(4)),
        exactly=frozenset({REFERRAL}),
        says=("ould not be checked",),
        sent={"not_sent": {"Procedure"}},
    ),
    back("no medications: nothing is withheld", offers=FROM_14, sent={"not_sent": {"MedicationRequest"}}),
    back(
        "no medications, and a fall: all withheld, and no urgent card",
        condition("1912002", onset=3),
        exactly=frozenset(),
        outcome="data unobtainable",
        sent={"not_sent": {"MedicationRequest"}},
    ),
    back(
        "no medications, and a fall at 70: urgent all the same",
        condition("1912002", onset=3),
        exactly=frozenset(),
        card="warning",
        sent={"not_sent": {"MedicationRequest"}, "born": years_ago(70)},
    ),
    back(
        "no medications, and a fever: urgent all the same",
        observation("loinc|8310-5", 39, unit="Cel"),
        exactly=frozenset(),
        card="warning",
        sent={"not_sent": {"MedicationRequest"}},
    ),
    back(
        "no procedures, and a fever: urgent all the same",
        observation("loinc|8310-5", 39, unit="Cel"),
        exactly=frozenset(),
        card="warning",
        sent={"not_sent": {"Procedure"}},
    ),
    back(
        "no pregnancy status: McKenzie waits, the rest stays",
        exactly=FROM_14,
        sent={"not_sent": {"observations-pregnancy_status"}},
        says=("ould not be checked",),
    ),
    back(
        "no pain scores: no water, the card says so",
        offers=FROM_14,
        never=frozenset({AQUATIC}),
        sent={"not_sent": {"observations-pain_severity"}},
        says=("newest pain score",),
    ),
    Row(
        "no pain scores, and new sciatica: stretching waits",
        (condition("M54.31", onset=5),),
        never=frozenset({STRETCHING}),
        offers=frozenset({EDUCATION, AEROBIC}),
        sent={"not_sent": {"observations-pain_severity"}},
    ),
    Row(
        "no orders: nothing withheld, the referral perhaps twice, and the card says so",
        (CHRONIC, score(4)),
        exactly=FROM_14 | MAY | {REFERRAL},
        says=("erhaps under way",),
        sent={"not_sent": {"ServiceRequest"}},
    ),
    Row(
        "no plans: nothing withheld",
        (CHRONIC, score(4)),
        exactly=FROM_14 | MAY | {REFERRAL},
        says=("erhaps under way",),
        sent={"not_sent": {"CarePlan"}},
    ),
    back(
        "no Observations, and an emergency: it is said all the same",
        condition("G83.4", onset=1),
        exactly=frozenset(),
        card="critical",
        sent={"not_sent": {"Observation"}},
    ),
    Row(
        "no back pain: silence, whatever is missing",
        (condition("M54.2", onset=20),),
        silent=True,
        outcome="not about this patient",
        sent={"not_sent": {"Observation", "Procedure"}},
    ),
    back(
        "7.11: a stranger's entry among the Conditions is a doubt, not a 412",
        exactly=frozenset(),
        outcome="data unobtainable",
        sent={
            "instead": {
                "conditions": {
                    "resourceType": "Bundle",
                    "type": "searchset",
                    "entry": [
                        {
                            "resource": {
                                "resourceType": "Condition",
                                "id": "b",
                                "subject": {"reference": "Patient/p1"},
                                "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "M54.50"}]},
                                "onsetDateTime": "2026-02-10",
                            }
                        },
                        {
                            "resource": {
                                "resourceType": "Condition",
                                "id": "s",
                                "subject": {"reference": "Patient/other"},
                                "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "M54.50"}]},
                            }
                        },
                    ],
                }
            }
        },
    ),
)
FALLBACK = (
    Row(
        "a contraindication that leaves no program: one referral card",
        (condition("M54.50"), score(4), condition("I20.0", onset=9)),
        offers=frozenset({REFERRAL}),
    ),
    Row(
        "7.1: a doubt never brings the fallback referral",
        (LBP, score(4)),
        never=frozenset({REFERRAL}),
        sent={"not_sent": {"observations-temperature"}},
    ),
)


@pytest.mark.parametrize("row", UNDER_WAY + NOT_HAD + FALLBACK, ids=lambda row: row.words)
def test_a_row_of_section_5_on_what_is_under_way_or_could_not_be_had(row: Row) -> None:
    """The service offers nothing again that is under way, and withholds what it could not check."""
    assert disagreements(row) == []


@pytest.mark.parametrize("missing", ["Condition", "Patient"])
def test_the_412_names_what_is_missing(missing: str) -> None:
    """An OperationOutcome says which resource type nobody sent (CH-057)."""
    got = ask(LBP, not_sent={missing})
    assert got.body["resourceType"] == "OperationOutcome"
    assert missing in got.body["issue"][0]["details"]["text"]
