"""Where a request's microseconds go: in process, one stage after the other. Processor time, least and median of rounds."""

from __future__ import annotations

import gc
import json
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count
from typing import Any

import orjson

from bench.apps import NOW
from bench.bodies import SERVICE, bodies
from builders.charts import TODAY
from exercise_cds.cds_service import Serving
from exercise_cds.engine.conditions import plan as conditions_of
from exercise_cds.engine.durable import Durable
from exercise_cds.engine.evaluator import compile_readings
from exercise_cds.envelope import read_request
from exercise_cds.fhir import read_chart, take_prefetch
from exercise_cds.fhir.bundles import Reader
from exercise_cds.fhir.follow import Bundled, takers
from exercise_cds.fhir.limits import Limits
from exercise_cds.fhir.parse import Parser
from exercise_cds.model.chart import Entry
from exercise_cds.model.client import ANONYMOUS
from exercise_cds.model.prefetch import Obtained

ROUNDS = 7
STAGES = {
    "json": "json.loads of the body (not on our path; to compare)",
    "orjson": "orjson.loads of the body (not on our path; to compare)",
    "door": "envelope: UTF-8, depth, names, context",
    "prefetch": "what stands under each key",
    "selection": "entries cut up, and who takes each of them",
    "validation": "the elements that are read, as R4B models",
    "chart": "reading: prefetch's entries to the chart (selection is within it, and validation of what does not wait)",
    "facts": "every fact, and the validation of what they ask for",
    "ours": "our evaluator alone",
    "durable": "durable-rules alone",
    "engine": "the decision: both engines, compared, and offers",
    "gated": "facts and decision as a call takes them: the gates' facts first, no others of a patient whom the pack is not about",
    "cards": "cards",
    "out": "JSON out",
}


@dataclass(frozen=True, slots=True)
class Measured:
    """Microseconds a request by stage, least and median of the rounds; how many bytes, resources, resources read, cards."""

    least: dict[str, float]
    median: dict[str, float]
    size: float
    read: float
    cards: float


def stages(serving: Serving, resources: int, requests: int, *, spaced: bool = False) -> Measured:
    """One size of body."""
    texts = [body.text for body in bodies(serving.plans[SERVICE], resources, requests, spaced=spaced)]
    lanes = _lanes(serving, texts)
    for run, inputs in lanes.values():
        _lap(run, _given(inputs))
    gc.collect()
    gc.freeze()
    laps: dict[str, list[float]] = {name: [] for name in lanes}
    for _ in range(ROUNDS):
        for name, (run, inputs) in lanes.items():
            laps[name].append(_lap(run, _given(inputs)))
    charts = lanes["facts"][1]()
    for chart in charts:
        serving.deriver.derive(chart)
    answers = [lanes["cards"][0](one) for one in lanes["cards"][1]]
    return Measured(
        least={name: min(found) for name, found in laps.items()},
        median={name: statistics.median(found) for name, found in laps.items()},
        size=statistics.mean(map(len, texts)),
        read=statistics.mean(len(_read(chart)) for chart in charts),
        cards=statistics.mean(len(answer.cards) for answer in answers),
    )


def _read(chart: Any) -> set[str]:
    """The places of the resources that were validated, those that a fact asked for included."""
    at_once = {entry.place for found in chart.entries.values() for entry in found}
    return at_once | {one.found.place for found in chart.later.values() for one in found if isinstance(one.found, Entry)}


def _given(inputs: Any) -> list[Any]:
    """What a stage is given: made anew for each lap where the stage uses it up (a chart is validated once), and then no garbage to be
    looked through: a call has one chart in memory, not all of them.
    """  # noqa: D205 - one paragraph
    if not callable(inputs):
        return inputs
    made = inputs()
    gc.collect()
    gc.freeze()
    return made


def _lap(run: Callable[[Any], object], inputs: list[Any]) -> float:
    began = time.process_time()
    for one in inputs:
        run(one)
    return (time.process_time() - began) / len(inputs) * 1e6


def _lanes(serving: Serving, texts: list[bytes]) -> dict[str, tuple[Callable[[Any], Any], Any]]:  # noqa: C901 - the stages in order
    """Each stage as a function, with what the stage before made of every body."""
    plan, engine, number = serving.plans[SERVICE], serving.engine, count()

    def door(text: bytes) -> Any:
        return read_request(text, service=SERVICE, hook="patient-view", depth=64)

    def chart(asked: tuple[Any, Any]) -> Any:
        return read_chart(plan, asked[1], asked[0], today=TODAY, zone=ANONYMOUS.zone)

    def gated(one: Any) -> None:
        of_service = engine.service(SERVICE)
        known = serving.deriver.derive(one, of_service.gate_facts)
        if of_service.turned_away(known) is None:
            of_service.decide(serving.deriver.derive(one, known=known))

    def charts() -> list[Any]:
        return [chart(pair) for pair in zip(requests, prefetches, strict=True)]

    def validated() -> list[list[Any]]:
        made = charts()
        for one in made:
            serving.deriver.derive(one)
        return [[entry for entry in _chosen(plan, pre) if entry.where in _read(one)] for pre, one in zip(prefetches, made, strict=True)]

    def validate(entries: list[Any]) -> None:
        parser = Parser(plan.elements)
        for entry in entries:
            parser.parse(entry)

    def compose(asked: tuple[Any, Any, Any]) -> Any:
        request, facts, decision = asked
        return serving.composer.compose(
            SERVICE, decision, facts, patient_id=request.patient_id, encounter_id=request.encounter_id, user_id=request.user_id,
            decision_id="00000000-0000-4000-8000-000000000009", new_uuid=lambda: f"00000000-0000-4000-8000-{next(number):012d}",
            today=NOW.date(),
        )  # fmt: skip

    requests = [door(text) for text in texts]
    prefetches = [take_prefetch(plan, request.prefetch) for request in requests]
    facts = [serving.deriver.derive(chart(pair)) for pair in zip(requests, prefetches, strict=True)]
    decisions = [engine.decide(SERVICE, found) for found in facts]
    composed = [compose(parts) for parts in zip(requests, facts, decisions, strict=True)]
    asked = conditions_of(serving.pack, SERVICE)
    durable = Durable(asked.conditions)
    return {
        "json": (json.loads, texts),
        "orjson": (orjson.loads, texts),
        "door": (door, texts),
        "prefetch": (lambda request: take_prefetch(plan, request.prefetch), requests),
        "selection": (lambda prefetch: list(_chosen(plan, prefetch)), prefetches),
        "validation": (validate, validated()),
        "chart": (chart, list(zip(requests, prefetches, strict=True))),
        "facts": (serving.deriver.derive, charts),
        "ours": (compile_readings(asked.conditions), facts),
        "durable": (durable.true_conditions, facts),
        "engine": (lambda found: engine.decide(SERVICE, found), facts),
        "gated": (gated, charts),
        "cards": (compose, list(zip(requests, facts, decisions, strict=True))),
        "out": (lambda made: orjson.dumps({"cards": made.cards}), composed),
    }


def _chosen(plan: Any, prefetch: Any) -> Iterable[Any]:
    """The entries that a fact takes."""
    reader = Reader(Limits(), flat=True)
    for key in plan.queries:
        value = prefetch[key]
        if isinstance(value, Obtained):
            bundled = Bundled(reader.page(value.text, key, value.bundle).entries)
            for entry in bundled.entries:
                selector = plan.selectors.get(entry.type)
                if selector is not None and takers(selector, entry, bundled):
                    yield entry
