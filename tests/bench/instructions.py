"""The hot path in parts, for the guard (guard.py): each runs over the same charts, beside a yardstick of plain Python.

    valgrind --tool=callgrind --instr-atstart=no python tests/bench/instructions.py FILE
    python tests/bench/instructions.py --clock FILE

Under callgrind each part runs, warm, once and twice with callgrind looking on: the difference is what it takes. callgrind is switched on
and off from outside, as it is meant to be, and writes what it counted. By the clock each part's least processor time of many rounds in
turn is taken, for machines without valgrind.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "service"), str(ROOT / "tests")]

import orjson  # noqa: E402 - after the path

from bench.bodies import SERVICE, bodies  # noqa: E402 - after the path
from builders.charts import TODAY  # noqa: E402 - after the path
from exercise_cds.cds_service import CdsService, prepare  # noqa: E402 - after the path
from exercise_cds.fhir import warm_up  # noqa: E402 - after the path
from exercise_cds.rulepack import load  # noqa: E402 - after the path
from exercise_cds.settings import Settings  # noqa: E402 - after the path
from exercise_cds.web import create_app, logs  # noqa: E402 - after the path
from exercise_cds.web.metrics import Metrics  # noqa: E402 - after the path

SIZES = {50: 24, 200: 9}
"""Resources of a body, and how many bodies."""
PLANTED = 4
"""Of so many bodies one is answered twice where a slowdown is planted: a quarter more."""
ROUNDS = 15
NOW = datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Part:
    """What is counted: what runs for each body, the bodies, and how many runs its cost is shared by."""

    run: Callable[[bytes], object]
    texts: list[bytes]
    runs: int


def parts() -> dict[str, Part]:
    """By name. `planted-50` is `answer-50` with a slowdown, which the guard must see."""
    loaded = load(ROOT / "rules" / "low-back-pain")
    if loaded.pack is None:
        raise SystemExit("the shipped pack does not load")
    serving = prepare(loaded.pack)
    warm_up(serving.plans[SERVICE])
    logs.configure("info", Path(os.devnull).open("wb"))  # noqa: SIM115 - as long as the process lives
    numbers, metrics = iter(range(10**9)), Metrics()
    steward = CdsService(serving, observe=metrics.decided, new_uuid=lambda: f"00000000-0000-4000-8000-{next(numbers):012d}")
    answer = _calls(create_app(steward, Settings(authentication="none"), clock=lambda: NOW, metrics=metrics).wsgi_app)
    found: dict[str, Part] = {}
    for size, count in SIZES.items():
        made = [body.text for body in bodies(serving.plans[SERVICE], size, count)]
        found[f"answer-{size}"] = Part(answer, made, count)
        found[f"decode-{size}"] = Part(orjson.loads, made, count)
    fifty = found["answer-50"].texts
    found["planted-50"] = Part(answer, [*fifty, *fifty[::PLANTED]], len(fifty))
    found["yardstick"] = Part(yardstick, fifty, len(fifty))
    return found


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    place: int

    def weight(self) -> int:
        return len(self.text) * 31 + self.place % 7


def yardstick(text: bytes) -> object:
    """Plain Python as there is in every program, and nothing of ours: what an interpreter takes for it tells two interpreters apart."""
    words = [_Word(word, place) for place, word in enumerate(text[:12_000].decode().split('"')) if word.strip(",:{}[] ")]
    counted: dict[str, int] = {}
    for word in words:
        key = word.text.lower()
        counted[key] = counted.get(key, 0) + word.weight()
    return sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:10]


def _calls(app: Callable[..., object]) -> Callable[[bytes], object]:
    """Whole calls, as a server makes them."""
    from bench.around import environ  # noqa: PLC0415 - what it needs besides is not loaded where the clock is not asked

    def started(status: str, _headers: object) -> None:
        if not status.startswith("200 "):
            raise RuntimeError(f"an answer is {status}")

    return lambda text: app(environ(text), started)


def main() -> None:
    """Warm up, then run each part with callgrind looking on, or by the clock."""
    made = parts()
    for _ in range(2):
        for part in made.values():
            _once(part)
    gc.collect()
    gc.disable()
    found = _clocked(made) if "--clock" in sys.argv else _watched(made)
    Path(sys.argv[-1]).write_text(json.dumps(found))


def _watched(made: dict[str, Part]) -> dict[str, float]:
    """How many runs each dumped count is shared by."""
    for name, part in made.items():
        for times in (1, 2):  # what switching on and off takes is the same for both, and falls out of the difference
            _control("--instr=on")
            for _ in range(times):
                _once(part)
            _control(f"--dump={name} {times}")
            _control("--instr=off")
    return {name: part.runs for name, part in made.items()}


def _clocked(made: dict[str, Part]) -> dict[str, float]:
    """Nanoseconds of processor a run."""
    least = dict.fromkeys(made, float("inf"))
    for _ in range(ROUNDS):
        for name, part in made.items():
            gc.collect()  # what the last part left would keep this one from memory that is at hand
            began = time.process_time_ns()
            _once(part)
            least[name] = min(least[name], (time.process_time_ns() - began) / part.runs)
    return least


def _once(part: Part) -> None:
    for text in part.texts:
        part.run(text)


def _control(order: str) -> None:
    """Tell the callgrind that runs this very process."""
    subprocess.run(["callgrind_control", order, str(os.getpid())], check=True, capture_output=True, timeout=120)  # noqa: S607 - valgrind's own


if __name__ == "__main__":
    main()
