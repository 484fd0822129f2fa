"""The kind `condition`: which problems and diagnoses count, and which are in doubt."""

from typing import Any

import pytest

from builders.facts import LOW_BACK, derive, fact, gap, value_set
from builders.resources import condition, resource
from exercise_cds.model.codes import ICD10CM
from exercise_cds.model.facts import FALSE, Cause, Evidence, Fact, InDoubt, Known
from exercise_cds.model.pack import Site, Suspected

CAUDA = fact("condition", "cauda_equina", codes=["G83.4", "192970008"], suspected=Suspected.COUNTS)
SCIATICA = fact("condition", "sciatica", codes=["M54.31"])
HISTORY = fact("condition", "cancer_history", codes=["Z85.3"], status="any", suspected=Suspected.COUNTS)


def truth(found: Fact) -> bool | Cause:
    """True, false, or the cause of a doubt."""
    if isinstance(found, InDoubt):
        return found.cause
    assert isinstance(found, Known)
    assert isinstance(found.value, bool)
    return found.value


@pytest.mark.parametrize(
    ("status", "usual", "any_status"),
    [
        ("active", True, True),
        ("recurrence", True, True),
        ("relapse", True, True),
        (None, True, True),
        ("inactive", False, True),
        ("remission", False, True),
        ("resolved", False, True),
    ],
)
def test_clinical_status_decides_unless_any_is_read(status: str | None, usual: bool, any_status: bool) -> None:  # noqa: FBT001 -- the row's answers
    """Active, recurring, relapsing and no status at all count; inactive, in remission and resolved are history, read with `status: any`."""
    assert truth(derive(SCIATICA, condition("M54.31", status=status))) is usual
    assert truth(derive(HISTORY, condition("Z85.3", status=status))) is any_status


def test_a_list_of_statuses_reads_just_those() -> None:
    """A fact on resolved conditions reads a resolved one, an abated one without a status, and no active one."""
    resolved = fact("condition", codes=["M54.31"], status="resolved inactive")
    assert truth(derive(resolved, condition("M54.31", status="resolved"))) is True
    assert truth(derive(resolved, condition("M54.31", status=None, abated=10))) is True
    assert truth(derive(resolved, condition("M54.31"))) is False


@pytest.mark.parametrize(
    ("abatement", "over"),
    [
        ({"abated": 0}, True),
        ({"abated": -1}, False),
        ({"abated": "2026-03"}, True),
        ({"abated": "2026-04"}, False),
        ({"abatementPeriod": {"start": "2026-01-01"}}, True),
        ({"abatementPeriod": {"start": "2026-01-01", "end": "2026-03-03"}}, False),
        ({"abatementPeriod": {"end": "2026-03-02"}}, True),
        ({"abatementAge": {"value": 30, "code": "a"}}, True),
        ({"abatementRange": {"low": {"value": 30, "code": "a"}}}, True),
        ({"abatementString": "last summer"}, True),
    ],
)
def test_what_has_abated_is_over(abatement: dict[str, Any], over: bool) -> None:  # noqa: FBT001 -- the row's answer
    """An abatement of today or before ends a condition, one to come does not; with `status: any` it does not matter."""
    assert truth(derive(SCIATICA, condition("M54.31", status=None, **abatement))) is not over
    assert truth(derive(HISTORY, condition("Z85.3", status=None, **abatement))) is True


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error"])
def test_refuted_and_mistaken_findings_never_count(verification: str) -> None:
    """What was refuted or entered in error is nothing, whatever the fact reads."""
    assert derive(CAUDA, condition("G83.4", verification=verification)) is FALSE
    assert derive(HISTORY, condition("Z85.3", verification=verification)) is FALSE


@pytest.mark.parametrize("verification", ["provisional", "differential", "unconfirmed"])
def test_a_suspicion_counts_or_is_a_doubt(verification: str) -> None:
    """A suspected cauda equina counts where the fact says so; suspected sciatica is in doubt, with the entry and its status."""
    warned = derive(CAUDA, condition("G83.4", verification=verification))
    assert truth(warned) is True
    assert isinstance(warned, Known)
    assert warned.evidence[0].remark == verification
    doubted = derive(SCIATICA, condition("M54.31", verification=verification, onset=3, text="Sciatica"))
    assert doubted == InDoubt(
        Cause.SUSPECTED,
        f"only {verification}: Sciatica",
        (Evidence("Condition/c1", "2026-02-27", "Sciatica", verification, (ICD10CM, "M54.31")),),
    )


def test_a_verification_in_other_words_is_a_suspicion() -> None:
    """A verification status that nobody understands is taken as unconfirmed; none at all is confirmed."""
    local = {"coding": [{"system": "http://example.org", "code": "maybe"}]}
    assert truth(derive(SCIATICA, condition("M54.31", verificationStatus=local))) is Cause.SUSPECTED
    assert truth(derive(SCIATICA, condition("M54.31", verificationStatus={"text": "Confirmed"}))) is True
    assert truth(derive(SCIATICA, condition("M54.31", verification=None))) is True


def test_a_clinical_status_in_other_words_is_active() -> None:
    """A clinical status that nobody understands is read like none: active. Text is understood where there is no code."""
    assert truth(derive(SCIATICA, condition("M54.31", clinicalStatus={"coding": [{"code": "ongoing"}]}))) is True
    assert truth(derive(SCIATICA, condition("M54.31", clinicalStatus={"text": "Resolved"}))) is False


def test_one_that_counts_settles_it() -> None:
    """One confirmed diagnosis makes the fact true, whatever else is suspected, missing or unreadable."""
    found = derive(
        SCIATICA,
        condition("M54.31", verification="provisional"),
        condition("M54.31", id="c2"),
        gaps=[gap()],
        unreadable=1,
    )
    assert truth(found) is True
    assert isinstance(found, Known)
    assert [piece.resource for piece in found.evidence] == ["Condition/c2"]


@pytest.mark.parametrize("missing", [{"gaps": [gap(cause=Cause.INCOMPLETE)]}, {"unreadable": 2}])
def test_nothing_found_with_something_missing_is_a_doubt(missing: dict[str, Any]) -> None:
    """Could not look is not the same as not there."""
    found = derive(SCIATICA, condition("M54.5"), **missing)
    assert isinstance(found, InDoubt)
    assert found.why in ("they were not sent", "2 entries could not be read")


def test_nothing_found_in_a_whole_chart_is_false() -> None:
    """Looked, and it is not there: false, without a word."""
    assert derive(SCIATICA) is FALSE
    assert derive(SCIATICA, condition("M54.5")) is FALSE
    assert derive(SCIATICA, condition(None)) is FALSE


def test_evidence_is_newest_first_and_says_what_it_is() -> None:
    """Each entry is shown with its resource, date, words and what a reader must know of it, the newest first."""
    found = derive(
        CAUDA,
        condition("G83.4", recorded=2, display="Cauda equina syndrome"),
        condition("192970008", onset=1, text="CES", verification="differential", status="recurrence", id="c2"),
        condition("G83.4", onsetString="about 3 weeks", recorded=5, id=None),
    )
    assert isinstance(found, Known)
    assert [(piece.resource, piece.date, piece.shown, piece.remark) for piece in found.evidence] == [
        ("Condition/c2", "2026-03-01", "CES", "differential; recurrence"),
        ("Condition/c1", "2026-02-28", "Cauda equina syndrome", "date of recording"),
        ("Condition", "", "G83.4", 'onset given as "about 3 weeks" (told on 2026-02-25)'),
    ]


def test_words_find_what_codes_do_not() -> None:
    """A tumour named only in words counts, is shown as matched by words, and beside "screening" it does not count."""
    cancer = fact("condition", codes=["C79.51"], words=["cancer", "metastasis"], not_words=["screening", "family history"])
    found = derive(cancer, condition("254837009", display="Breast CANCER"))
    assert isinstance(found, Known)
    assert found.evidence[0].remark == "matched by words"
    assert found.evidence[0].code is None
    assert derive(cancer, condition("268547008", text="Breast cancer screening")) is FALSE
    assert derive(cancer, condition("C79.51", text="family history of bone metastasis")) is FALSE
    assert derive(cancer, condition("363732003", text="Cancerophobia")) is FALSE


def test_a_category_of_icd_10_is_matched_as_a_range() -> None:
    """Any code C00 to C96 but C44 is a malignancy."""
    cancer = fact("condition", stems=[("C00", "C96", ["C44"])])
    assert truth(derive(cancer, condition("C50.911"))) is True
    assert truth(derive(cancer, condition("c61"))) is True
    assert truth(derive(cancer, condition("C44.91"))) is False
    assert truth(derive(cancer, condition("D05.10"))) is False


@pytest.mark.parametrize(
    ("written", "counts"),
    [
        ({}, False),
        ({"site": "Lumbar region"}, True),
        ({"text": "Low back pain, unspecified cause"}, True),
        ({"display": "Pain in lower back"}, True),
        ({"bodySite": [{"coding": [{"system": "http://snomed.info/sct", "code": "37822005"}]}]}, True),
        ({"site": "Neck"}, False),
        ({"text": "Backlog"}, False),
    ],
)
def test_a_code_that_needs_a_site_counts_only_there(written: dict[str, Any], counts: bool) -> None:  # noqa: FBT001 -- the row's answer
    """Unspecific back pain counts where text, display or body site names the low back, in words or by its code."""
    unspecific = fact("condition", codes_with_site=["M54.9"], codes=["M54.50"], site=LOW_BACK)
    assert truth(derive(unspecific, condition("M54.9", **written))) is counts
    assert truth(derive(unspecific, condition("M54.50", site="Neck"))) is True


def test_a_site_may_be_asked_of_every_match() -> None:
    """Numb skin is a warning sign only at the saddle, whether found by code or by words."""
    saddle = Site("saddle", ("saddle", "perineum"))
    numb = fact("condition", codes=["R20.0"], words=["numbness"], site=saddle)
    assert truth(derive(numb, condition("R20.0"))) is False
    assert truth(derive(numb, condition("R20.0", text="Saddle anesthesia"))) is True
    assert truth(derive(numb, condition(None, text="Numbness of the foot"))) is False
    assert truth(derive(numb, condition(None, text="Numbness", site="Perineum"))) is True


def test_a_match_by_an_unverified_code_is_said() -> None:
    """A code that nobody has verified is matched, and shown as unverified."""
    sets = [value_set("sciatica", ("M54.31", "Sciatica, right side"), unverified=["M54.31"])]
    found = derive(SCIATICA, condition("M54.31"), valuesets=sets)
    assert isinstance(found, Known)
    assert found.evidence[0].remark == "matched by an unverified code"


def test_any_of_several_codings_matches() -> None:
    """A diagnosis coded twice matches by either of its codes, written with or without its dot."""
    codings = [{"system": "http://snomed.info/sct", "code": "1"}, {"system": "urn:oid:2.16.840.1.113883.6.90", "code": "m5431"}, {}]
    for order in (codings, codings[::-1]):
        found = derive(SCIATICA, resource("Condition", subject={"reference": "Patient/p1"}, code={"coding": order}))
        assert isinstance(found, Known)
        assert found.evidence[0].code == (ICD10CM, "M54.31")
