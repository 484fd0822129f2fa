"""What a token's scope allows, in both spellings of SMART (CH-075)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from builders.ehr import Ehr, authorization
from exercise_cds.fhir.faults import Fault
from exercise_cds.fhir.scopes import grants_of
from exercise_cds.model.kinds import Ask

BOTH, READ, SEARCH, NEITHER = (None, None), (None, Fault.OUT_OF_SCOPE), (Fault.OUT_OF_SCOPE, None), (Fault.OUT_OF_SCOPE,) * 2
PARTLY = (Fault.PARTLY_IN_SCOPE,) * 2


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("patient/Condition.read", BOTH),
        ("user/Condition.read", BOTH),
        ("system/Condition.*", BOTH),
        ("patient/*.read", BOTH),
        ("user/*.*", BOTH),
        ("patient/Condition.rs", BOTH),
        ("patient/*.cruds", BOTH),
        ("patient/*.crus", BOTH),
        ("patient/Condition.r", READ),
        ("patient/Condition.s", SEARCH),
        ("patient/Condition.r user/Condition.s", BOTH),
        ("patient/Condition.write", NEITHER),
        ("patient/Condition.cud", NEITHER),
        ("patient/Observation.read", NEITHER),
        ("launch openid fhirUser offline_access", NEITHER),
        ("", NEITHER),
        ("patient/Condition", NEITHER),
        ("patient/Condition.", NEITHER),
        ("patient/Condition.sr", NEITHER),
        ("patient/Condition.reads", NEITHER),
        ("patient/condition.read", NEITHER),
        ("practitioner/Condition.read", NEITHER),
        ("Condition.read", NEITHER),
        ("patient/Condition.rs?category=http://example.org|problem-list-item", PARTLY),
        ("patient/Condition.rs?category=a|b patient/Condition.rs", BOTH),
        ("patient/Observation.rs?category=a|b", NEITHER),
        ("patient/*.rs?_security=x", PARTLY),
    ],
)
def test_scopes_of_both_versions(scope: str, allowed: tuple[Fault | None, Fault | None]) -> None:
    """CH-075: read and search are two permissions; a filtered one is none, since what it leaves out looks like "not there"."""
    grants = grants_of(scope)
    assert (grants.fault("Condition", Ask.READ), grants.fault("Condition", Ask.BY_PATIENT)) == allowed


def test_what_the_scope_does_not_allow_is_not_asked(ehr: Callable[..., Ehr]) -> None:
    """The query is not made, the key is not obtained, and the card says why."""
    it = ehr(deadline=5.0)
    seen = it.ask(fhir_authorization=authorization(scope="patient/Patient.read patient/Condition.read patient/Observation.rs?code=x"))
    assert {one.type for one in it.server.asked} == {"Patient", "Condition"}
    whys = it.whys(seen)
    assert whys["procedures"] == "procedures are outside of the access that the EHR gave"
    assert whys["observations-temperature"].endswith("are only in part within the access that the EHR gave")
    assert it.counted == Counter({"obtained": 2, "out-of-scope": 4, "partly-in-scope": 8})
    assert not seen.unobtainable
    assert any("outside of the access" in card.get("detail", "") for card in seen.composed.cards)
