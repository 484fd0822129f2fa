"""Of a patient whom the pack is not about no more is derived than its gates ask; the answer is what all facts would give."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, time
from typing import Any

import pytest

from bench.bodies import SERVICE, bodies
from builders.charts import TODAY
from builders.ehr import shipped
from exercise_cds.cds_service import CdsService, Examination, Serving
from exercise_cds.envelope import read_request
from exercise_cds.errors import DataUnobtainable
from exercise_cds.model.chart import Entry
from exercise_cds.model.client import ANONYMOUS
from exercise_cds.model.decision import Gate, Outcome
from exercise_cds.wire import HookRequest

NOW = datetime.combine(TODAY, time(12), UTC)


@pytest.fixture(scope="module")
def serving() -> Serving:
    """The shipped pack."""
    return shipped()


def asked(serving: Serving) -> list[HookRequest]:
    """Requests about many patients, a third of them in pain; one prefetch key after the other is left out, null, or no FHIR."""
    requests = []
    for number, body in enumerate(bodies(serving.plans[SERVICE], 40, 60)):
        whole = json.loads(body.text)
        key = list(whole["prefetch"])[number // 3 % len(whole["prefetch"])]
        spoilt: Any = (None, {"resourceType": "Bundle", "entry": [5]}, {"resourceType": "OperationOutcome"})[number % 3]
        if number % 2:
            whole["prefetch"][key] = spoilt
        elif number % 4 == 0:
            del whole["prefetch"][key]
        requests.append(read_request(json.dumps(whole).encode(), service=SERVICE, hook="patient-view", depth=64))
    return requests


def answers(serving: Serving, request: HookRequest, *, strict: bool = False) -> tuple[Examination, Examination]:
    """What was seen as a call was answered, and the same call with all facts derived."""
    seen: list[Examination] = []
    steward = CdsService(serving, strict=strict, new_uuid=lambda: "u", observe=lambda _service, one, _times: seen.append(one))
    with suppress(DataUnobtainable):  # told by what was seen
        steward.respond(request, ANONYMOUS, NOW)
    return seen[0], steward.visit(request, ANONYMOUS, NOW)


def test_the_answer_is_that_of_all_facts(serving: Serving) -> None:
    """Whoever the patient is and whatever is missing: decision, cards and what could not be had are the same."""
    outcomes = []
    for request in asked(serving):
        quick, whole = answers(serving, request)
        assert (quick.decision, quick.composed, quick.unobtainable) == (whole.decision, whole.composed, whole.unobtainable)
        assert quick.facts is not None
        assert whole.facts is not None
        asked_for = [name for name in whole.facts if name in quick.facts]
        assert list(quick.facts.items()) == [(name, whole.facts[name]) for name in asked_for]
        if len(asked_for) < len(whole.facts):
            assert quick.decision.about is Gate.CLOSED
        outcomes.append(quick.decision.outcome)
    assert outcomes.count(Outcome.NOT_ABOUT_THIS_PATIENT) > 20
    assert set(outcomes) == {Outcome.NOT_ABOUT_THIS_PATIENT, Outcome.DATA_UNOBTAINABLE, Outcome.ADVISED}


def validated(seen: Examination) -> set[str]:
    """The places of the Observations that were validated."""
    assert seen.chart is not None
    return {one.found.place for found in seen.chart.later.values() for one in found if isinstance(one.found, Entry)}


def test_nothing_is_validated_for_facts_that_do_not_matter(serving: Serving) -> None:
    """Of a patient without back pain no Observation is validated as the call is answered; of one with back pain some are."""
    for number, body in enumerate(bodies(serving.plans[SERVICE], 40, 6)):
        request = read_request(body.text, service=SERVICE, hook="patient-view", depth=64)
        quick, whole = answers(serving, request)
        assert bool(validated(quick)) is (number % 3 == 0)
        assert validated(whole)


def test_strict_derives_all(serving: Serving) -> None:
    """Under `strict` every fact is derived of every patient."""
    for body in bodies(serving.plans[SERVICE], 40, 6):
        request = read_request(body.text, service=SERVICE, hook="patient-view", depth=64)
        quick, whole = answers(serving, request, strict=True)
        assert quick.facts == whole.facts
