"""`make bench`: ours beside its ceiling and its peer, in one run, on loopback.

    python tests/bench/run.py [--quick] [--peer VENV]

Rounds are taken in turn (A B C A B C), so that a busy machine disturbs all alike; medians and their spread are shown. Writes
var/bench.json; `python tests/bench/page.py` makes docs/performance.md and its pictures from it.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
import tempfile
import time
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "service"), str(ROOT / "tests")]

from rich.console import Console  # noqa: E402 - after the path
from rich.table import Table  # noqa: E402 - after the path

from bench.around import AROUND, around  # noqa: E402 - after the path
from bench.bodies import SEED, SERVICE, bodies  # noqa: E402 - after the path
from bench.growth import by_resource, by_rule, start  # noqa: E402 - after the path
from bench.load import CLIENT, Seen, ask, proportional_memory, with_cards, write_bodies  # noqa: E402 - after the path
from bench.servers import Contestant, peer_python, running  # noqa: E402 - after the path
from bench.stages import stages  # noqa: E402 - after the path
from builders.ehr import shipped  # noqa: E402 - after the path
from exercise_cds.cds_service import Serving  # noqa: E402 - after the path

OUT = ROOT / "var" / "bench.json"
ORJSON = Contestant("bare-orjson", "ceiling: Flask, orjson, a fixed card", "gunicorn")
JSON = Contestant("bare-json", "ceiling: Flask, json, a fixed card", "gunicorn")
OURS = Contestant("ours", "exercise-cds", "gunicorn")
KEPT = Contestant("ours-kept", "exercise-cds, decision log", "gunicorn")
ES384 = Contestant("ours-es384", "exercise-cds, ES384 tokens", "gunicorn")
RS384 = Contestant("ours-rs384", "exercise-cds, RS384 tokens", "gunicorn")
DICTS = Contestant("healthchain-dicts", "HealthChain, dictionaries", "uvicorn")
TYPED = Contestant("healthchain-typed", "HealthChain, typed FHIR", "uvicorn")
ON_GRANIAN = Contestant("ours", "exercise-cds", "granian")
CEILING_ON_GRANIAN = Contestant("bare-orjson", "ceiling: Flask, orjson, a fixed card", "granian")
TWO = (Contestant("bare-orjson", "ceiling", "gunicorn", 2), Contestant("ours", "exercise-cds", "gunicorn", 2))
ALL = (ORJSON, JSON, OURS, KEPT, ES384, RS384, DICTS, TYPED, ON_GRANIAN, CEILING_ON_GRANIAN)
MAIN = (ORJSON, JSON, OURS, DICTS)
COMPARED = 90
"""Bodies whose answers are compared for cards: the patients must be the same everywhere but at the ceilings, which always have one."""
COUNTS = {5: 500, 50: 500, 200: 500, 1000: 120}
"""Different bodies of each size; of the largest fewer, which are 85 MB as it is."""


def main() -> None:
    """Measure, show, write."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--quick", action="store_true", help="fewer rounds and sizes")
    arguments.add_argument("--peer", default="", help="the venv of requirements/bench.txt (tools/tool-venv bench)")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        measured = _measure(Path(name), chosen.peer, quick=chosen.quick)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(measured, indent=1) + "\n")
    _show(measured)


def _measure(folder: Path, venv: str, *, quick: bool) -> dict[str, Any]:  # noqa: C901 - the run, from top to bottom
    """Every cell."""
    began, serving = time.monotonic(), shipped()
    seconds, rounds = (2.0, 3) if quick else (3.0, 5)
    sizes = (50, 200) if quick else (5, 50, 200, 1000)
    files, made = {}, {}
    for size in sizes:
        made[size] = bodies(serving.plans[SERVICE], size, COUNTS[size])
        files[size] = folder / f"bodies-{size}"
        write_bodies(files[size], made[size])
    few = folder / "bodies-few"
    write_bodies(few, made[50][:8])
    has_peer = bool(venv) and peer_python(venv).exists()
    wanted = [one for one in ALL if has_peer or one.server == "gunicorn"]
    rows: list[dict[str, Any]] = []

    def take(targets: Any, contestants: Any, size: int, connections: int, *, warm: bool = False) -> None:
        """One cell of the table for each contestant, rounds in turn."""
        file = few if warm else files[size]
        present = [one for one in contestants if one in targets]
        seen: dict[Contestant, list[Seen]] = {one: [] for one in present}
        for number in range(rounds):
            for one in present if number % 2 == 0 else reversed(present):
                seen[one].append(ask(targets[one], file, connections=connections, seconds=seconds))
        rows.extend(_row(one, size, connections, found, warm=warm) for one, found in seen.items())
        print(f"{size} resources, {connections} connections{', warm' if warm else ''}: done", flush=True)

    with running(wanted, folder, venv) as targets:
        cards = {one.label: len(with_cards(target, made[50][:COMPARED])) for one, target in targets.items()}
        answered = {count for label, count in cards.items() if not label.startswith("bare")}
        if len(answered) != 1:
            raise SystemExit(f"bench: not all answer alike, so nothing is compared: {cards}")
        for target in targets.values():  # nobody is measured before it has met the vocabulary
            ask(target, files[50], connections=4, seconds=1)
        for size in (50, 200):
            take(targets, ALL, size, 4)
        take(targets, MAIN, 50, 4, warm=True)
        for connections in (1, 16):
            take(targets, MAIN if not quick else (ORJSON, OURS), 50, connections)
        for size in sizes:
            if size not in (50, 200):
                take(targets, MAIN, size, 4)
        memory = {one.label: round(proportional_memory(target.pid), 1) for one, target in targets.items()}
    with running([*TWO, OURS], folder, venv) as targets:
        for target in targets.values():
            ask(target, files[50], connections=4, seconds=1)
        take(targets, TWO, 50, 4)
        ask(targets[OURS], files[50], connections=4, seconds=rounds * seconds)
        memory |= {one.label: round(proportional_memory(targets[one].pid), 1) for one in TWO}
        second_worker = proportional_memory(targets[TWO[1]].pid) - proportional_memory(targets[OURS].pid)
    parts = {str(size): asdict(stages(serving, size, max(12, 4_000 // size))) for size in sizes}
    parts |= {f"{size} spaced": asdict(stages(serving, size, max(12, 4_000 // size), spaced=True)) for size in (50, 200)}
    whole = {str(size): around(size, max(20, 4_000 // size), folder) for size in (50, 200)}
    grown = {"resource": by_resource(serving), "rule": by_rule(), "start": start(folder)}
    return {
        "machine": _machine(serving, has_peer), "cards": cards, "compared": COMPARED, "rows": rows, "memory": memory, "stages": parts,
        "second_worker": second_worker, "around": whole, "growth": grown, "seconds": seconds, "rounds": rounds,
        "minutes": (time.monotonic() - began) / 60,
    }  # fmt: skip


def _row(one: Contestant, size: int, connections: int, seen: list[Seen], *, warm: bool) -> dict[str, Any]:
    rates = [each.rate for each in seen]
    return {
        "name": one.name, "says": one.says, "server": one.server, "workers": one.workers, "resources": size, "connections": connections,
        "warm": warm, "rate": round(statistics.median(rates), 1), "least": round(min(rates), 1), "most": round(max(rates), 1),
        "p50": round(statistics.median(each.p50 for each in seen), 2), "p99": round(statistics.median(each.p99 for each in seen), 2),
        "processor": round(statistics.median(each.processor for each in seen), 1),
        "least_processor": round(min(each.processor for each in seen), 1), "wrong": sum(each.wrong for each in seen),
    }  # fmt: skip


def _machine(serving: Serving, has_peer: bool) -> dict[str, Any]:  # noqa: FBT001 - a fact
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), "unknown")
    load = [float(part) for part in Path("/proc/loadavg").read_text().split()[:3]]
    names = ("flask", "gunicorn", "orjson", "msgspec", "fhir.resources", "pydantic", "durable-rules")
    return {
        "at": datetime.now(UTC).isoformat(timespec="minutes"), "python": platform.python_version(), "system": platform.platform(),
        "processor": model, "cores": len(Path("/proc/cpuinfo").read_text().split("processor\t")) - 1, "load": load, "client": CLIENT,
        "seed": SEED, "peer": has_peer, "facts": len(serving.pack.facts), "rules": len(serving.pack.rules),
        "versions": {name: version(name) for name in names},
    }  # fmt: skip


def _show(measured: dict[str, Any]) -> None:
    console = Console(width=150)
    table = Table(title="answers a second and processor time (medians of rounds in turn)")
    for column in (
        "resources",
        "connections",
        "server",
        "application",
        "answers/s",
        "least-most",
        "p50 ms",
        "p99 ms",
        "processor us",
        "wrong",
    ):
        table.add_column(column, justify="left" if column in {"server", "application"} else "right")
    for row in measured["rows"]:
        server = f"{row['server']}{'' if row['workers'] == 1 else ' x' + str(row['workers'])}"
        spread, warm = f"{row['least']:.0f}-{row['most']:.0f}", " (warm)" if row["warm"] else ""
        table.add_row(
            str(row["resources"]), str(row["connections"]), server, row["says"] + warm, f"{row['rate']:.0f}", spread,
            f"{row['p50']:.2f}", f"{row['p99']:.2f}", f"{row['processor']:.0f}", str(row["wrong"]),
        )  # fmt: skip
    console.print(table)
    inside = Table(title="in process, processor microseconds a request (least of rounds)")
    inside.add_column("stage")
    for size in measured["stages"]:
        inside.add_column(size, justify="right")
    for name in next(iter(measured["stages"].values()))["least"]:
        inside.add_row(name, *(f"{found['least'][name]:.0f}" for found in measured["stages"].values()))
    console.print(inside)
    whole = Table(title="in process, what stands around the stages, processor microseconds (least of rounds)")
    whole.add_column("")
    for size in measured["around"]:
        whole.add_column(size, justify="right")
    for name, says in AROUND.items():
        whole.add_row(says, *(f"{found[name]:.0f}" for found in measured["around"].values()))
    console.print(whole)
    console.print(f"growth, and the start: {measured['growth']}")
    console.print(f"patients with a card, of {measured['compared']}: {measured['cards']}; memory in MB, proportional: {measured['memory']}")
    console.print(f"{measured['minutes']:.0f} minutes; the client is {measured['machine']['client']}; written to {OUT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
