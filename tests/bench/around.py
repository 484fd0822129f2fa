"""What stands around the stages, in process: the whole call as a server makes it, and log line, counters, record and token alone.

Processor time, the least of rounds in turn; the writer's thread of the decision log is in it.
"""

from __future__ import annotations

import gc
import io
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import orjson
from flask import Flask
from jwt.utils import base64url_decode
from werkzeug.datastructures import Headers

from bench.apps import NOW, bare, compiled, ours, settings_of
from bench.bodies import SERVICE, bodies
from bench.servers import KEYS, OURS, keys_into, token_of
from exercise_cds.cds_service import CdsService, Examination, Serving
from exercise_cds.cli.kept import Kept, kept
from exercise_cds.cli.packs import listing_of
from exercise_cds.envelope import read_request
from exercise_cds.model.client import ANONYMOUS
from exercise_cds.model.record import DecisionRecord
from exercise_cds.security import guard_of
from exercise_cds.security.keys import read_set
from exercise_cds.settings import Settings
from exercise_cds.web import logs
from exercise_cds.web.metrics import Metrics
from exercise_cds.web.said import Said

ROUNDS = 15
_PAUSE = 0.000_5
_GATHERED = 250
"""Decisions that a busy process makes while its log lets them gather (a quarter of a second): so many are written at once."""
_FORM = msgspec.json.Decoder(msgspec.Raw)
AROUND = {
    "form": "every byte looked at once, as JSON, and nothing built (msgspec)",
    "ceiling": "the ceiling: Flask, orjson, a fixed card",
    "call": "the whole call, without token and decision log",
    "ceiling paused": "the ceiling, each call after a pause of half a millisecond: caches have gone cold, as on a server",
    "call paused": "the whole call after such a pause",
    "kept": "the whole call with the decision log, its writing included",
    "ES384": "the whole call with an ES384 token",
    "RS384": "the whole call with an RS384 token",
    "steward": "envelope, steward and JSON out alone: the whole call but its door, log line and counters",
    "door": "the door: looks, log line, counters (the median of what the whole call takes beyond the line above, side by side)",
    "line": "the log line alone",
    "counters": "the counters alone",
    "put": "the decision record alone, what a request waits for",
    "record": "the decision record alone, with its writing by another thread",
    "ES384 signature": "an ES384 signature alone",
    "ES384 look": "the whole look at an ES384 token",
    "ES384 in path": "what an ES384 token adds to the whole call, side by side",
    "RS384 signature": "an RS384 signature alone",
    "RS384 look": "the whole look at an RS384 token",
    "RS384 in path": "what an RS384 token adds to the whole call, side by side",
}


def around(resources: int, requests: int, folder: Path) -> dict[str, float]:
    """Microseconds a request, by the names of AROUND."""
    logs.configure("info", Path(os.devnull).open("wb"))  # noqa: SIM115 - as long as the process lives
    keys_into(folder)
    plain = settings_of(8080, None, "")
    serving = compiled(plain)
    texts = [body.text for body in bodies(serving.plans[SERVICE], resources, requests)]
    with _keeping(settings_of(8080, folder, ""), serving) as records:
        lanes = {
            "form": lambda: [_FORM.decode(text) for text in texts],
            "ceiling": _calls(bare(orjson.loads), texts),
            "call": _calls(ours(plain, None, serving), texts),
            "kept": _drained(_calls(ours(plain, records, serving), texts), records),
            **_alone(serving, texts, records),
        }
        for name, (_, algorithm) in KEYS.items():
            settings, token = settings_of(8080, folder, algorithm), token_of(name)
            lanes[algorithm] = _calls(ours(settings, None, serving), texts, token)
            lanes |= _of_token(settings, folder, algorithm, token, requests)
        record, many = lanes.pop("record"), -(-_GATHERED // requests) * requests
        spent = in_turn(lanes, requests)
        paused = {
            "ceiling paused": _calls(bare(orjson.loads), texts, pause=_PAUSE),
            "call paused": _calls(ours(plain, None, serving), texts, pause=_PAUSE),
        }
        spent |= in_turn(paused, requests, clock=time.thread_time)
        spent["door"] = _beyond(lanes["call"], lanes["steward"], requests)
        spent |= {f"{name} in path": _beyond(lanes[name], lanes["call"], requests) for _, name in KEYS.values()}
        spent |= in_turn({"record": record}, many) | in_turn({"put": record}, many, clock=time.thread_time)
        return {name: spent[name] for name in AROUND}


def in_turn(lanes: dict[str, Callable[[], object]], requests: int, clock: Callable[[], float] = time.process_time) -> dict[str, float]:
    """The least time of each lane's rounds, in microseconds a request; by the process's clock, or another."""
    for run in lanes.values():
        run()
    gc.collect()
    gc.freeze()
    laps: dict[str, list[float]] = {name: [] for name in lanes}
    for _ in range(ROUNDS):
        for name, run in lanes.items():
            laps[name].append(_lap(run, requests, clock))
    return {name: min(found) for name, found in laps.items()}


def _beyond(more: Callable[[], object], less: Callable[[], object], requests: int) -> float:
    """What one lane takes beyond another, in microseconds a request: the median of pairs, so that a busy moment meets both."""
    return statistics.median(_lap(more, requests) - _lap(less, requests) for _ in range(2 * ROUNDS))


def _lap(run: Callable[[], object], requests: int, clock: Callable[[], float] = time.process_time) -> float:
    began = clock()
    run()
    return (clock() - began) / requests * 1e6


def _calls(app: Flask, texts: list[bytes], token: str = "", pause: float = 0) -> Callable[[], object]:
    """Every body once, from environ to the last byte, as a server calls an application."""

    def started(status: str, _headers: Any) -> None:
        if not status.startswith("200 "):
            raise RuntimeError(f"an answer is {status}")

    def run() -> None:
        for text in texts:
            if pause:
                time.sleep(pause)
            for _ in app.wsgi_app(environ(text, token), started):
                pass

    return run


def environ(text: bytes, token: str = "") -> dict[str, Any]:
    """What gunicorn makes of a request of wrk's."""
    made = {
        "REQUEST_METHOD": "POST", "SCRIPT_NAME": "", "PATH_INFO": OURS, "QUERY_STRING": "", "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8080", "HTTP_HOST": "127.0.0.1:8080", "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(text)), "wsgi.input": io.BytesIO(text),
        "wsgi.input_terminated": True, "wsgi.url_scheme": "http", "wsgi.errors": sys.stderr, "wsgi.version": (1, 0),
        "wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False,
    }  # fmt: skip
    return {**made, "HTTP_AUTHORIZATION": f"Bearer {token}"} if token else made


@contextmanager
def _keeping(settings: Settings, serving: Serving) -> Iterator[Kept]:
    records = kept(settings)
    records.begin(listing_of(serving.pack))
    try:
        yield records
    finally:
        records.end()


def _drained(run: Callable[[], object], records: Kept) -> Callable[[], object]:
    """The same, ended when everything is written; waiting costs no processor time."""

    def both() -> None:
        run()
        while records.decisions.state.queued:
            time.sleep(0.05)
        if records.decisions.state.lost:
            raise RuntimeError("decisions were lost")

    return both


def _alone(serving: Serving, texts: list[bytes], records: Kept) -> dict[str, Callable[[], object]]:
    """What the log line, the counters and the record cost, given what the same calls hand to them."""
    seen: list[tuple[str, Examination, Any]] = []
    made: list[DecisionRecord] = []
    steward = CdsService(serving, record=made.append, observe=lambda *each: seen.append(each), tick=time.perf_counter)

    def answered(with_steward: CdsService, text: bytes) -> bytes:
        asked = read_request(text, service=SERVICE, hook="patient-view", depth=64)
        return orjson.dumps(with_steward.respond(asked, ANONYMOUS, NOW).body)

    for text in texts:
        answered(steward, text)
    # each lap its own decisions and cards: what is stored already would cost less
    laps = iter([list(map(_anew, made * -(-_GATHERED // len(made)))) for _ in range(2 * (ROUNDS + 1))])
    metrics, bystander = Metrics(), CdsService(serving, tick=time.perf_counter)

    def lines() -> None:
        for _, one, _ in seen:
            Said(0.0, SERVICE, "patient-view", "", one.decision.outcome.value, len(one.composed.cards), serving.pack.digest).tell(
                "POST", 200
            )

    def counters() -> None:
        for service, one, milliseconds in seen:
            metrics.decided(service, one, milliseconds)
            metrics.requests.labels(service, 200, one.decision.outcome.value).inc()
            metrics.request_seconds.labels(service).observe(0.001)
            with metrics.in_flight.track_inprogress():
                pass

    return {
        "steward": lambda: [answered(bystander, text) for text in texts],
        "line": lines,
        "counters": counters,
        "record": _drained(lambda: [records.decisions.put(one) for one in next(laps)], records),
    }


def _anew(record: DecisionRecord) -> DecisionRecord:
    cards = tuple(replace(card, uuid=str(uuid4())) for card in record.cards)
    return replace(record, decision_id=str(uuid4()), cards=cards)


def _of_token(settings: Settings, folder: Path, algorithm: str, token: str, times: int) -> dict[str, Callable[[], object]]:
    """The signature alone, and the whole look of the guard, as often as there are requests."""
    guard = guard_of(settings, clock=lambda: datetime.now(UTC), tick=time.monotonic)
    headers = Headers({"Authorization": f"Bearer {token}"})
    (key,) = read_set((folder / f"{algorithm}.json").read_bytes())
    signed, _, signature = token.rpartition(".")
    content, sealed = signed.encode(), base64url_decode(signature)

    def verify() -> None:
        for _ in range(times):
            if not key.signed(algorithm, content, sealed):
                raise RuntimeError("the signature is not good")

    return {f"{algorithm} signature": verify, f"{algorithm} look": lambda: [guard(headers, OURS) for _ in range(times)]}
