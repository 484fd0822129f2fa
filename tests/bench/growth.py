"""How costs grow, in process: by a resource that nobody reads, by one that is read, by a rule. And how long a start takes."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import orjson
import requests

from bench.apps import NOW
from bench.around import in_turn
from bench.bodies import SEED, SERVICE, chart_of, request_of
from bench.load import processor_seconds
from builders.charts import Charts
from builders.served import COMMAND, ROOT, free_port, process_environment
from engine.bench_engine import measure
from exercise_cds.cds_service import CdsService, Serving
from exercise_cds.envelope import read_request
from exercise_cds.model.chart import Entry
from exercise_cds.model.client import ANONYMOUS
from exercise_cds.wire import HookRequest

_LARGE = 1_000
"""Resources of the charts that are taken apart."""
_PATIENTS, _TIMES = 6, 4
_RULES = (60, 250, 1_000)
_STARTS = 5


def by_resource(serving: Serving) -> dict[str, float]:
    """Microseconds for one resource more: no fact takes it (`unread`), or it is validated (`read`); and how many of each were added."""
    steward, random, charts = CdsService(serving), Random(SEED), Charts(SEED)  # noqa: S311 - a seed tells a measurement again
    plan = serving.plans[SERVICE]
    made: dict[str, list[bytes]] = {"few": [], "unread": [], "read": []}
    counts = dict.fromkeys(made, 0)
    for number in range(_PATIENTS):
        patient = f"g{number}"
        whole = chart_of(charts, _LARGE, patient, in_pain=True)
        taken, read = _taken_and_read(steward, request_of(plan, patient, whole, random))
        kept = {"few": frozenset[str](), "read": read, "unread": {one["id"] for held in whole.values() for one in held} - taken}
        for name, ids in kept.items():
            chart = {type_: [one for one in held if type_ == "Patient" or one["id"] in ids] for type_, held in whole.items()}
            made[name].append(orjson.dumps(request_of(plan, patient, chart, random)))
            counts[name] += sum(map(len, chart.values())) - 1

    def answers(texts: list[bytes]) -> None:
        for text in texts * _TIMES:
            steward.respond(_asked(text), ANONYMOUS, NOW)

    spent = in_turn({name: partial(answers, texts) for name, texts in made.items()}, _TIMES)
    each = {name: (spent[name] - spent["few"]) / counts[name] for name in ("unread", "read")}
    return {**each, **{f"{name} resources": counts[name] / _PATIENTS for name in each}}


def _asked(text: bytes) -> HookRequest:
    return read_request(text, service=SERVICE, hook="patient-view", depth=64)


def _taken_and_read(steward: CdsService, request: dict[str, Any]) -> tuple[set[str], set[str]]:
    """The ids of the resources that a fact's selector takes, and of those of them that were validated."""
    chart = steward.visit(_asked(orjson.dumps(request)), ANONYMOUS, NOW).chart
    if chart is None:
        raise RuntimeError("the visit ended before the chart was read")

    def named(place: str) -> str:
        key, _, index = place.partition(".entry[")
        found: str = request["prefetch"][key]["entry"][int(index.rstrip("]"))]["resource"]["id"]
        return found

    waiting = [one for found in chart.later.values() for one in found]
    read = {entry.place for found in chart.entries.values() for entry in found if ".entry[" in entry.place}
    read |= {one.found.place for one in waiting if isinstance(one.found, Entry)}
    ids = {named(place) for place in read}
    late = [one.validate() for one in waiting if one.found is None]
    return ids | {named(one.place) for one in late if isinstance(one, Entry)}, ids


def by_rule() -> dict[str, float]:
    """Microseconds a rule of both engines together, in packs of so many rules."""
    found = {}
    for rules in _RULES:
        spent = measure(rules, rules // 2 + 20)
        found[str(rules)] = (spent["ours"] + spent["durable"]) / rules
    return found


def start(folder: Path) -> dict[str, float]:
    """Seconds from starting `exercise-cds serve` until /readyz is 200, and the processor seconds in them: medians."""
    walls, processors = [], []
    for number in range(_STARTS):
        port = free_port()
        url = f"http://127.0.0.1:{port}/readyz"
        settings = {"AUTHENTICATION": "none", "PORT": str(port), "DATABASE_URL": f"sqlite:///{folder / f'start-{number}.sqlite'}"}
        environment = process_environment(**{f"EXERCISE_CDS_{name}": text for name, text in settings.items()})
        began = time.perf_counter()
        with (folder / "start.txt").open("wb") as written:
            process = subprocess.Popen([sys.executable, "-c", COMMAND, "serve"], cwd=ROOT, env=environment, stdout=written, stderr=written)
        try:
            while not _is_ready(url):
                if process.poll() is not None or time.perf_counter() - began > 60:
                    raise RuntimeError((folder / "start.txt").read_text(errors="replace")[-2000:])
                time.sleep(0.01)
            walls.append(time.perf_counter() - began)
            processors.append(processor_seconds(process.pid))
        finally:
            process.terminate()
            process.wait(30)
    return {"wall": statistics.median(walls), "processor": statistics.median(processors)}


def _is_ready(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).status_code == 200
    except requests.ConnectionError:
        return False
