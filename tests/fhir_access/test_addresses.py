"""Which addresses are ever called (SEC-20, SEC-21)."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.bad_servers import FOREIGN_NEXT
from exercise_cds.fhir.addresses import address, allowed_base, next_address
from exercise_cds.fhir.templates import TOKEN
from exercise_cds.model.client import Client
from exercise_cds.model.kinds import Ask

BASE = "https://ehr.example.org:8443/api/fhir"


@pytest.mark.parametrize(
    ("configured", "asked", "same"),
    [
        ("https://a.example.org/fhir", "https://a.example.org/fhir", True),
        ("https://a.example.org/fhir/", "https://a.example.org/fhir", True),
        ("https://a.example.org/fhir", "https://A.example.org:443/fhir/", True),
        ("https://a.example.org:443/fhir", "https://a.example.org/fhir", True),
        ("http://a.example.org/fhir", "http://a.example.org:80/fhir", True),
        ("https://a.example.org/fhir", "http://a.example.org/fhir", False),
        ("https://a.example.org/fhir", "https://a.example.org:8443/fhir", False),
        ("https://a.example.org/fhir", "https://a.example.org/FHIR", False),
        ("https://a.example.org/fhir", "https://a.example.org/fhir/x", False),
        ("https://a.example.org/fhir", "https://a.example.org/", False),
        ("https://a.example.org/fhir", "https://a.example.org/x/../fhir", False),
        ("https://a.example.org/fhir", "https://a.example.org.evil.example/fhir", False),
        ("https://a.example.org/fhir", "https://a.example.org@evil.example/fhir", False),
        ("https://a.example.org/fhir", "https://a.example.org./fhir", False),
        ("https://a.example.org/fhir", "https://a.example.org:99999999/fhir", False),
        ("https://a.example.org/fhir", "//a.example.org/fhir", False),
        ("https://a.example.org/fhir", "", False),
    ],
)
def test_a_server_is_compared_by_scheme_host_port_and_path(configured: str, asked: str, same: bool) -> None:  # noqa: FBT001 - a table
    """Capitals of the host, the scheme's own port and a slash at the end mean nothing; everything else does."""
    found = allowed_base(asked, Client("x", fhir_servers=frozenset({configured})))
    assert found == (configured.rstrip("/") if same else None)


def test_an_address_is_base_template_and_id() -> None:
    """Where the template leaves the page's size open, 200 entries are asked for; what it says is not touched."""
    assert address(BASE, f"Patient/{TOKEN}", Ask.READ, "a.b-1") == f"{BASE}/Patient/a.b-1"
    assert address(BASE, f"Condition?patient={TOKEN}", Ask.BY_PATIENT, "x") == f"{BASE}/Condition?patient=x&_count=200"
    assert address(BASE, f"Observation?patient={TOKEN}&_count=20", Ask.BY_CODES, "x") == f"{BASE}/Observation?patient=x&_count=20"
    compared = address(BASE, f"Observation?patient={TOKEN}&_count=20&code=x", Ask.BY_CODES, "x", long_pages=True)
    assert compared == f"{BASE}/Observation?patient=x&_count=200&code=x"


@pytest.mark.parametrize(
    "template",
    [
        "Condition?patient={{context.patientId}}&x={{userPractitionerId}}",
        "https://evil.example/Condition?x",
        "//evil.example/x",
        "",
        "Condition",
    ],
)
def test_a_template_of_another_form_is_not_called(template: str) -> None:
    """Only a query of a resource type with the patient's id is made into an address."""
    assert address(BASE, template, Ask.BY_PATIENT, "x") is None


@pytest.mark.parametrize("link", list(FOREIGN_NEXT.values()), ids=list(FOREIGN_NEXT))
def test_a_next_link_stays_on_its_server(link: str) -> None:
    """Another origin, another path, a step up in any encoding, or what is no address: none is followed."""
    assert next_address("https://127.0.0.1:8443/fhir", link.format(base="https://127.0.0.1:8443/fhir", port=8443)) is None


@pytest.mark.parametrize(
    ("link", "followed"),
    [
        (f"{BASE}?_getpages=a-b&_getpagesoffset=20", f"{BASE}?_getpages=a-b&_getpagesoffset=20"),
        (f"{BASE}/Condition?page=2", f"{BASE}/Condition?page=2"),
        (f"{BASE}/Condition?page=2#part", f"{BASE}/Condition?page=2"),
        ("HTTPS://EHR.example.org:8443/api/fhir/Condition?a=b|c", f"{BASE}/Condition?a=b|c"),
        ("Condition?page=2", f"{BASE}/Condition?page=2"),
        ("?page=2", f"{BASE}/?page=2"),
        ("/api/fhir/Condition?page=2", f"{BASE}/Condition?page=2"),
    ],
)
def test_a_next_link_of_the_server_is_followed(link: str, followed: str) -> None:
    """Absolute or relative, it is put together anew from the client's own base and the link's path and query."""
    assert next_address(BASE, link) == followed


@given(st.one_of(st.text(), st.text("htps:/.@\\?#%2eEfF[]0189 \t\n").map(lambda text: f"https://{text}"), st.integers(), st.none()))
def test_no_link_leads_out(link: object) -> None:
    """Whatever stands in a next link, what is called begins with the client's own base URL and has its host."""
    found = next_address(BASE, link)
    if found is not None:
        assert found == BASE or found.startswith((f"{BASE}/", f"{BASE}?"))
        assert urlsplit(found).netloc == urlsplit(BASE).netloc
