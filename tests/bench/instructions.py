"""How many instructions the hot path takes: a number that a busy machine does not change. Run under callgrind by tools/speed-lane.

    valgrind --tool=callgrind --instr-atstart=no python tests/bench/instructions.py FILE

Each part runs over the same charts, twice to warm up, then once and twice with callgrind looking on; the difference is what it takes.
callgrind is switched on and off from outside, as it is meant to be, and writes what it counted.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "service"), str(ROOT / "tests")]

import orjson  # noqa: E402 - after the path

from bench.bodies import SERVICE, bodies  # noqa: E402 - after the path
from builders.charts import TODAY  # noqa: E402 - after the path
from exercise_cds.cds_service import CdsService, prepare  # noqa: E402 - after the path
from exercise_cds.envelope import read_request  # noqa: E402 - after the path
from exercise_cds.fhir import warm_up  # noqa: E402 - after the path
from exercise_cds.model.client import ANONYMOUS  # noqa: E402 - after the path
from exercise_cds.rulepack import load  # noqa: E402 - after the path

SIZES = {50: 24, 200: 9}
"""Resources of a body, and how many bodies."""
NOW = datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=UTC)


def parts() -> dict[str, tuple[Callable[[bytes], object], list[bytes]]]:
    """What is counted, by name: what runs for each body, and the bodies."""
    loaded = load(ROOT / "rules" / "low-back-pain")
    if loaded.pack is None:
        raise SystemExit("the shipped pack does not load")
    serving = prepare(loaded.pack)
    warm_up(serving.plans[SERVICE])
    numbers = iter(range(10**9))
    steward = CdsService(serving, new_uuid=lambda: f"00000000-0000-4000-8000-{next(numbers):012d}")

    def answer(text: bytes) -> bytes:
        request = read_request(text, service=SERVICE, hook="patient-view", depth=64)
        return orjson.dumps(steward.respond(request, ANONYMOUS, NOW).body)

    found: dict[str, tuple[Callable[[bytes], object], list[bytes]]] = {}
    for size, count in SIZES.items():
        made = [body.text for body in bodies(serving.plans[SERVICE], size, count)]
        found[f"answer-{size}"] = answer, made
        found[f"decode-{size}"] = orjson.loads, made
    return found


def main() -> None:
    """Warm up, then run each part with callgrind looking on."""
    made = parts()
    for _ in range(2):
        for run, texts in made.values():
            for text in texts:
                run(text)
    gc.collect()
    gc.disable()
    for name, (run, texts) in made.items():
        for times in (1, 2):  # what switching on and off takes is the same for both, and falls out of the difference
            _control("--instr=on")
            for text in texts * times:
                run(text)
            _control(f"--dump={name} {times}")
            _control("--instr=off")
    Path(sys.argv[1]).write_text(json.dumps({name: len(texts) for name, (_, texts) in made.items()}))


def _control(order: str) -> None:
    """Tell the callgrind that runs this very process."""
    subprocess.run(["callgrind_control", order, str(os.getpid())], check=True, capture_output=True, timeout=120)  # noqa: S607 - valgrind's own


if __name__ == "__main__":
    main()
