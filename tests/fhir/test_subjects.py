"""Whose patient a resource is: by reference alone (SEC-24)."""

from __future__ import annotations

from typing import Any

import pytest

from builders.reading import PLAN, bundle, read, resource, taken
from exercise_cds.errors import BadRequest
from exercise_cds.fhir.subjects import normal_base
from exercise_cds.model.chart import Chart, IssueKind
from exercise_cds.model.facts import Cause

SERVER = "https://EHR.example:443/fhir/R4/"
BASE = "https://ehr.example/fhir/R4"


def of(subject: Any, **more: Any) -> Chart:
    """A chart with one Condition of this subject."""
    return read(Condition=bundle(resource("Condition", subject=subject)), fhir_server=SERVER, **more)


@pytest.mark.parametrize(
    "reference",
    [
        "Patient/p1",
        "Patient/p1/_history/2",
        f"{BASE}/Patient/p1",
        f"{BASE}/Patient/p1/_history/3",
        "HTTPS://ehr.example/fhir/R4/Patient/p1",
    ],
)
def test_this_patients_resources_are_used(reference: str) -> None:
    """Relative, absolute under the request's fhirServer however it is spelled, and versioned references are this patient's."""
    if reference.startswith("HTTPS"):
        reference = reference.replace("HTTPS", "https")
    chart = of({"reference": reference})
    assert taken(chart)["back_pain"] == ("x1",)
    assert not chart.issues
    assert not chart.gaps


@pytest.mark.parametrize("reference", ["Patient/p2", "Patient/P1", f"{BASE}/Patient/p2", "Group/p1", "Device/1", "Patient/p1x"])
def test_somebody_elses_resources_are_not(reference: str) -> None:
    """Another patient's Condition in a right Bundle is never used, is counted, and puts the facts of its key in doubt."""
    chart = of({"reference": reference})
    assert "back_pain" not in taken(chart)
    assert [issue.kind for issue in chart.issues] == [IssueKind.FOREIGN]
    assert chart.gaps["conditions"].cause is Cause.FOREIGN
    assert set(chart.gaps_of) == PLAN.queries["conditions"].facts


@pytest.mark.parametrize(
    "subject",
    [None, {"identifier": {"value": "123"}}, {"display": "Pat"}, {}, "Patient/p1", ["Patient/p1"], {"reference": 5}, {"reference": ""},
     {"reference": "https://other.example/fhir/R4/Patient/p1"}, {"reference": f"{BASE}/R4/Patient/p1"}, {"reference": "p1"},
     {"reference": "urn:uuid:11111111-1111-1111-1111-111111111111"}, {"reference": "#p9"}, {"reference": "Patient/p1 "},
     {"reference": "Patient/../p1"}, {"reference": "Patient?identifier=1"}],
)  # fmt: skip
def test_resources_of_nobody_known_are_not(subject: Any) -> None:
    """By identifier only, missing though required, under another server, or leading nowhere: unknown, never used, in doubt."""
    chart = of(subject)
    assert "back_pain" not in taken(chart)
    assert [issue.kind for issue in chart.issues] == [IssueKind.UNKNOWN_PATIENT]
    assert chart.gaps["conditions"].cause is Cause.FOREIGN


def test_an_absolute_reference_needs_the_requests_server() -> None:
    """Without a fhirServer in the request nobody can tell whose an absolute reference is."""
    chart = read(Condition=bundle(resource("Condition", subject={"reference": f"{BASE}/Patient/p1"})))
    assert [issue.kind for issue in chart.issues] == [IssueKind.UNKNOWN_PATIENT]


def test_a_urn_leads_to_the_patient_in_the_same_bundle() -> None:
    """A urn:uuid subject is resolved to the Patient entry with that fullUrl: ours by its id."""
    urn = "urn:uuid:11111111-1111-1111-1111-111111111111"
    whole = bundle({"fullUrl": urn, "resource": resource("Patient")}, resource("Condition", subject={"reference": urn}), type="collection")
    assert taken(read(Condition=whole))["back_pain"] == ("x1",)
    elsewhere = bundle({"fullUrl": urn, "resource": resource("Encounter")}, resource("Condition", subject={"reference": urn}))
    assert "back_pain" not in taken(read(Condition=elsewhere))


def test_a_contained_patient_is_ours_by_the_patients_id() -> None:
    """`#p1` leads to a contained Patient; only the patient's own id there makes it this patient's."""
    ours = resource("Condition", subject={"reference": "#p1"}, contained=[{"resourceType": "Patient", "id": "p1"}])
    local = resource("Condition", subject={"reference": "#pat"}, contained=[{"resourceType": "Patient", "id": "pat"}])
    assert taken(read(Condition=bundle(ours)))["back_pain"] == ("x1",)
    assert "back_pain" not in taken(read(Condition=bundle(local)))


def test_a_type_that_needs_no_subject_may_have_none() -> None:
    """FHIR lets an Observation stand without a subject; sent as this patient's, it is used."""
    assert taken(read(Observation=bundle(resource("Observation", subject=None))))["pain"] == ("x1",)


@pytest.mark.parametrize("under", ["Patient", "Condition"])
def test_another_patients_patient_is_refused(under: str) -> None:
    """A Patient with another id is the caller's mistake: 400, and the sentence names what to change and no id."""
    other = resource("Patient", "p2-secret")
    with pytest.raises(BadRequest) as refused:
        read(**{under: other if under == "Patient" else bundle(other)})
    assert "context.patientId" in refused.value.sentence
    assert "p2-secret" not in refused.value.sentence


def test_a_patient_without_an_id_is_nobody_known() -> None:
    """A Patient resource without an id is not used, and what is read from it is in doubt."""
    chart = read(Patient=resource("Patient", None))
    assert not chart.entries["age"]
    assert chart.gaps["patient"].cause is Cause.FOREIGN


@pytest.mark.parametrize("patient_id", ["p1", "Patient/p1"])
def test_patient_ids_may_be_spelled_with_their_type(patient_id: str) -> None:
    """`Patient/x` in the context means x (CH-041)."""
    chart = read(Condition=bundle(resource("Condition")), patient_id=patient_id)
    assert taken(chart)["back_pain"] == ("x1",)
    assert taken(chart)["age"] == ("p1",)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://a.example/fhir", "https://A.example:443/fhir/", True),
        ("http://a.example/fhir", "https://a.example/fhir", False),
        ("https://a.example/fhir", "https://a.example/fhir/x", False),
        ("https://a.example:8443/fhir", "https://a.example/fhir", False),
    ],
)
def test_servers_are_compared_by_their_parts(one: str, other: str, same: bool) -> None:  # noqa: FBT001 - the answer is the row's last column
    """Case of the host, the usual port and a last slash do not matter; scheme, port and path do (SEC-20)."""
    assert (normal_base(one) == normal_base(other)) is same


def test_what_is_no_address_is_no_server() -> None:
    """An address that cannot be taken apart equals nothing, not even another such."""
    assert normal_base("https://[") is None
    assert normal_base("nonsense") is None
    assert "back_pain" not in taken(of({"reference": "https://[/Patient/p1"}))
