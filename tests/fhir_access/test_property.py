"""Whatever the FHIR server does, the answer is in time and offers nothing that full sight would withhold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders.bad_servers import NOT_WHOLE, NOTHING_TO_USE
from builders.ehr import Ehr, Story, shipped, story
from builders.fhir_server import Asked, Line, Play, good
from exercise_cds.cds_service import CdsService
from exercise_cds.fhir.folder import answered
from exercise_cds.model.client import ANONYMOUS
from exercise_cds.model.decision import Decision

DEADLINE = 0.15
HAZARDS = ("cauda-equina-suspected", "fever", "osteoporosis", "after-discectomy", "therapy-under-way", "severe-pain", "neck-pain")
HEAVY = {"a gzip bomb", "a body without an end", "a header without an end", "nested 200,000 deep", "quick chunks without an end"}
"""Tried by themselves; fifty of them at once would measure the machine."""


def _late(line: Line, asked: Asked) -> None:
    line.sleep(DEADLINE * 1.2)
    good(line, asked)


def _nearly_late(line: Line, asked: Asked) -> None:
    line.sleep(DEADLINE * 0.6)
    good(line, asked)


PLAYS: Mapping[str, Play] = {
    **{name: play for name, (play, _) in (NOTHING_TO_USE | NOT_WHOLE).items() if name not in HEAVY},
    "a good answer": good,
    "a good answer, too late": _late,
    "a good answer, nearly late": _nearly_late,
}
TYPES = ("Patient", "Condition", "Procedure", "MedicationRequest", "ServiceRequest", "CarePlan", "Observation")


def _on_second_page(play: Play) -> Play:
    return lambda line, asked: (play if "_start" in asked.target else good)(line, asked)


@cache
def told(hazards: frozenset[str]) -> tuple[Story, Decision]:
    """The chart of chronic low back pain with what other stories add to it, and what is decided with full sight."""
    first = story()
    added: list[Mapping[str, Any]] = []
    for number, name in enumerate(sorted(hazards)):
        added += [
            {**resource, "id": f"added-{number}-{index}"}
            for index, resource in enumerate(story(name).resources)
            if resource["resourceType"] != "Patient"
        ]
    resources = (*first.resources, *added)
    plan = shipped().plans[first.request.service]
    whole = Story(first.request, resources, first.now)
    full = CdsService(shipped()).examine(replace(first.request, prefetch=answered(plan, resources)), ANONYMOUS, first.now)
    return whole, full.decision


@given(
    hazards=st.frozensets(st.sampled_from(HAZARDS), max_size=3),
    plays=st.dictionaries(st.sampled_from(TYPES), st.tuples(st.sampled_from(sorted(PLAYS)), st.booleans()), max_size=4),
    sent=st.frozensets(st.sampled_from(TYPES), max_size=5),
    page=st.sampled_from([1, 2, 1_000]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_offered_half_blind_is_offered_with_full_sight(
    ehr: Callable[..., Ehr], hazards: frozenset[str], plays: dict[str, tuple[str, bool]], sent: frozenset[str], page: int
) -> None:
    """Some keys sent, some servers' answers good, slow, broken or somebody else's: no program that the whole chart withholds (law 3)."""
    whole, full = told(hazards)
    it = ehr(whole, deadline=DEADLINE, page=page)
    for type_, (name, second) in plays.items():
        it.server.plays[type_] = _on_second_page(PLAYS[name]) if second else PLAYS[name]
    plan = shipped().plans[whole.request.service]
    at_hand = answered(plan, whole.resources)
    prefetch = {key: text for key, text in at_hand.items() if sent.intersection(plan.queries[key].types)}
    steps = {one.program: set(one.steps) for one in full.offered}
    seen = it.ask_in_time(prefetch=prefetch)
    for offer in seen.decision.offered:
        assert offer.fallback or offer.program in full.in_place or offer.program in steps
        assert offer.fallback or set(offer.steps) <= steps.get(offer.program, set(offer.steps))
    it.server.stop()
