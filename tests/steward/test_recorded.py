"""What the steward hands to the decision log of the facts: their states, in a digest, and no value."""

from __future__ import annotations

from dataclasses import replace

from builders.ehr import shipped, story
from exercise_cds.cds_service import CdsService
from exercise_cds.model.client import ANONYMOUS
from exercise_cds.model.facts import FALSE, TRUE, Bounds, Cause, InDoubt, Known, NotRecorded, states_digest
from exercise_cds.model.record import DecisionRecord
from exercise_cds.wire import HookRequest


def _recorded(*requests: HookRequest) -> list[str]:
    records: list[DecisionRecord] = []
    steward = CdsService(shipped(), record=records.append)
    for request in requests:
        steward.respond(request, ANONYMOUS, story().now)
    return [record.facts_digest for record in records]


def test_a_digest_tells_states_and_no_values() -> None:
    """Facts that differ in their values alone have one digest; a fact that is bounded, not recorded or in doubt has another."""
    doubt = InDoubt(Cause.NOT_OBTAINED, "procedures were not sent")
    assert states_digest({"days": Known(20), "fever": TRUE}) == states_digest({"days": Known(90), "fever": FALSE})
    others = [Known(20), Bounds(20, None), NotRecorded(), doubt]
    assert len({states_digest({"days": days, "fever": TRUE}) for days in others}) == 4
    assert states_digest({"days": Known(20), "fever": doubt}) != states_digest({"days": doubt, "fever": TRUE})


def test_each_decision_has_the_digest_of_its_facts() -> None:
    """The same chart twice is one digest; without its procedures it is another; what is answered before any fact has none."""
    request = story().request
    without = replace(request, prefetch={key: text for key, text in request.prefetch.items() if key != "procedures"})
    by_a_patient = replace(request, user_id="Patient/example")
    first, again, blind, early = _recorded(request, request, without, by_a_patient)
    assert first == again != blind
    assert len(first) == len(blind) == 16
    assert early == ""
