"""`make soak`: the whole service, with its decision log, asked for long: memory stays flat, no answer is wrong, the engines never differ.

    python tests/bench/soak.py [--requests 300000]

Writes var/soak.json, which docs/performance.md shows; exit 1 where something of this is not so. 300,000 requests take ten minutes and more.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "service"), str(ROOT / "tests")]

import requests  # noqa: E402 - after the path
from prometheus_client.parser import text_string_to_metric_families  # noqa: E402 - after the path

from bench.bodies import SERVICE, Body, bodies  # noqa: E402 - after the path
from bench.load import Target, ask, proportional_memory, write_bodies  # noqa: E402 - after the path
from bench.servers import Contestant, running  # noqa: E402 - after the path
from builders.ehr import shipped  # noqa: E402 - after the path

OUT = ROOT / "var" / "soak.json"
SECONDS = 20.0
"""One round of load, after which memory is looked at."""
GROWTH = 1.05
"""How much more memory the last quarter of the rounds may show than the second."""
SIZES = {5: 300, 50: 600, 200: 300}


@dataclass(frozen=True, slots=True)
class Counted:
    """What the service counted of itself."""

    decided: int
    disagreements: int
    failures: int
    lost: int

    @classmethod
    def of(cls, target: Target) -> Counted:
        """Ask /metrics."""
        text = requests.get(f"http://127.0.0.1:{target.port}/metrics", timeout=30).text
        sums: dict[str, float] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                sums[sample.name] = sums.get(sample.name, 0) + sample.value
        names = ("decisions", "engine_disagreements", "failures", "decision_log_lost")
        return cls(*(int(sums.get(f"exercise_cds_{name}_total", 0)) for name in names))


def main() -> None:
    """Ask, look, write, tell."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--requests", type=int, default=300_000, help="how many answers at least (300000)")
    wanted = arguments.parse_args().requests
    with tempfile.TemporaryDirectory() as name:
        found = soak(Path(name), wanted)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps({name: value for name, value in found.items() if name != "memory"}, indent=1))
    if not found["flat"] or found["wrong"] or found["disagreements"] or found["failures"] or found["lost"]:
        sys.exit("soak: memory grew, an answer was wrong, a decision was lost, or the engines differed")


def soak(folder: Path, wanted: int) -> dict[str, object]:
    """Rounds of load until so many requests were answered."""
    plan = shipped().plans[SERVICE]
    mixed: list[Body] = [body for size, count in SIZES.items() for body in bodies(plan, size, count)]
    mixed.sort(key=lambda body: body.patient[::-1])  # sizes mixed, the same each time
    write_bodies(folder / "mixed", mixed)
    contestant = Contestant("ours-kept", "exercise-cds, decision log", "gunicorn")
    memory: list[float] = []
    wrong = 0
    began = time.monotonic()
    with running([contestant], folder, "") as targets:
        target = targets[contestant]
        while (counted := Counted.of(target)).decided < wanted:
            wrong += ask(target, folder / "mixed", connections=4, seconds=SECONDS).wrong
            memory.append(round(proportional_memory(target.pid), 1))
            print(f"{counted.decided} answered, {memory[-1]} MB", flush=True)
    quarter = max(1, len(memory) // 4)
    second, last = statistics.mean(memory[quarter : 2 * quarter] or memory), statistics.mean(memory[-quarter:])
    return {
        "at": datetime.now(UTC).isoformat(timespec="minutes"), "minutes": round((time.monotonic() - began) / 60, 1),
        "answered": counted.decided, "different": len(mixed), "wrong": wrong, "disagreements": counted.disagreements,
        "failures": counted.failures, "lost": counted.lost, "second": round(second, 1), "last": round(last, 1),
        "flat": last <= second * GROWTH, "memory": memory,
    }  # fmt: skip


if __name__ == "__main__":
    main()
