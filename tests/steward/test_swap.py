"""The steward between two packs: one answer is made with one pack, and a pack that was swapped out is closed when nobody uses it."""

from __future__ import annotations

import itertools
import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from builders import packs
from exercise_cds.cds_service import CdsService, Examination, Serving, prepare
from exercise_cds.engine import EngineClosed
from exercise_cds.model.client import ANONYMOUS
from exercise_cds.model.decision import Outcome
from exercise_cds.model.pack import RulePack
from exercise_cds.model.tree import Always
from exercise_cds.rulepack import Pause, paused
from exercise_cds.wire import HookRequest

SENT = {"patient": b'{"resourceType":"Patient","id":"p1"}', "conditions": b'{"resourceType":"Bundle","type":"searchset"}'}
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
REQUEST = HookRequest(
    "patient-view", "5c0a8b9e-0000-4000-8000-000000000002", "p1", service=packs.SERVICE, user_id="Practitioner/1", prefetch=SENT
)


def _pack(name: str) -> RulePack:
    """A pack that offers one program to everybody, whose name and digest are told from another's."""
    rule = packs.rule(f"rule-{name}", Always(), offers=[packs.offer(name)])
    made = packs.pack(rule, programs=[packs.program(name)])
    return replace(made, digest=name * 8)


def _closed(serving: Serving) -> bool:
    try:
        serving.engine.decide(packs.SERVICE, {})
    except EngineClosed:
        return True
    return False


def test_a_former_pack_is_closed_at_once_where_nobody_uses_it() -> None:
    """After a swap without an answer under way the former pack is closed, and the next answer is made with the new one."""
    first, second = prepare(_pack("one")), prepare(_pack("two"))
    steward = CdsService(first)
    steward.respond(REQUEST, ANONYMOUS, NOW)
    steward.swap(second)
    assert _closed(first)
    assert steward.respond(REQUEST, ANONYMOUS, NOW).digest == "two" * 8


def test_a_former_pack_stays_open_for_the_answer_under_way() -> None:
    """An answer that began before the swap ends with its own pack, which is closed only then."""
    began, go_on = threading.Event(), threading.Event()

    def slow_uuid() -> str:
        began.set()
        assert go_on.wait(10)
        return "5c0a8b9e-0000-4000-8000-000000000001"

    first, second = prepare(_pack("one")), prepare(_pack("two"))
    steward = CdsService(first, new_uuid=slow_uuid)
    answers: list[str] = []
    thread = threading.Thread(target=lambda: answers.append(steward.respond(REQUEST, ANONYMOUS, NOW).digest))
    thread.start()
    assert began.wait(10)
    steward.swap(second)
    assert not _closed(first)
    go_on.set()
    thread.join(10)
    assert answers == ["one" * 8]
    assert _closed(first)


def test_eight_threads_and_fifty_swaps() -> None:
    """While packs are swapped fifty times under eight asking threads, every answer is whole: its digest is that of what it offers."""
    made = {name: _pack(name) for name in ("one", "two")}
    steward = CdsService(prepare(made["one"]))
    stop = threading.Event()
    wrong: list[object] = []
    asked = itertools.count()

    def ask() -> None:
        while not stop.is_set():
            answer = steward.respond(REQUEST, ANONYMOUS, NOW)
            next(asked)
            offered = answer.body["cards"][-1]["extension"]["org.exercise-cds.decision"]
            if answer.digest != offered["digest"] or offered["offered"] != [answer.digest[:3]]:
                wrong.append(offered)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    formers = []
    for number in range(50):
        formers.append(steward.serving)
        steward.swap(prepare(made[("two", "one")[number % 2]]))
    stop.set()
    for thread in threads:
        thread.join(30)
    assert not wrong
    assert next(asked) > 100
    assert all(_closed(former) for former in formers)


def test_a_paused_service_answers_without_cards_and_says_so() -> None:
    """Paused: no cards, outcome `paused`, nothing read; the observer is told like of any other answer."""
    told: list[tuple[str, Examination]] = []
    serving = prepare(paused(_pack("one"), Pause(everything=True)))
    steward = CdsService(serving, observe=lambda service, seen, _spent: told.append((service, seen)))
    answer = steward.respond(REQUEST, ANONYMOUS, NOW)
    assert answer.body == {"cards": []}
    assert answer.outcome is Outcome.PAUSED
    ((service, seen),) = told
    assert (service, seen.chart, seen.decision.outcome) == (packs.SERVICE, None, Outcome.PAUSED)


def test_a_paused_program_is_withheld_with_its_reason() -> None:
    """A paused program is not offered; the card says that operators paused it, and the decision that a rule of that name withholds it."""
    steward = CdsService(prepare(paused(_pack("one"), Pause(programs=frozenset({"one"})))))
    answer = steward.respond(REQUEST, ANONYMOUS, NOW)
    (card,) = answer.body["cards"]
    assert "suggestions" not in card
    assert "paused by the operators" in card["detail"]
    assert card["extension"]["org.exercise-cds.decision"]["withheld"] == [{"program": "one", "rule": "paused-by-operators", "why": "fired"}]


@pytest.mark.parametrize("times", [1, 3])
def test_a_visit_that_fails_gives_its_pack_back(times: int) -> None:
    """An answer that ends in an exception still counts as ended: the pack is closed after the swap."""
    first = prepare(_pack("one"))

    def broken() -> str:
        raise RuntimeError

    steward = CdsService(first, new_uuid=broken)
    for _ in range(times):
        with pytest.raises(RuntimeError):
            steward.respond(REQUEST, ANONYMOUS, NOW)
    steward.swap(prepare(_pack("two")))
    assert _closed(first)
