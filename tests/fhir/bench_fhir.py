"""How long the room fhir takes, in microseconds from prefetched JSON to the chart. A script, not a test.

    python tests/fhir/bench_fhir.py [PACK] [--spaced] [--strict]

Every chart is read once per round (cold patients, warm vocabulary), rounds in turn; the median of the rounds' means is shown.
`--spaced` writes JSON with spaces, which costs a second look for names that stand twice.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "service"), str(ROOT / "tests")]

from builders.charts import TODAY, Charts  # noqa: E402 - after the path
from exercise_cds.fhir import plan_reads, read_chart, take_prefetch, warm_up  # noqa: E402
from exercise_cds.rulepack import load  # noqa: E402
from exercise_cds.wire import HookRequest  # noqa: E402

SIZES = (5, 50, 200, 1000)
ROUNDS = 7
UTC = ZoneInfo("UTC")


def main() -> None:
    """Print one line per size of chart."""
    flags = {argument for argument in sys.argv[1:] if argument.startswith("--")}
    named = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    loaded = load(Path(named[0] if named else ROOT / "rules" / "low-back-pain"))
    if loaded.pack is None:
        sys.exit("\n".join(map(str, loaded.findings)))
    plan = plan_reads(loaded.pack, next(iter(loaded.pack.services)))
    start = time.perf_counter()
    warm_up(plan)
    print(f"{len(plan.facts)} facts, {len(plan.queries)} keys; warm-up {(time.perf_counter() - start) * 1000:.0f} ms")  # noqa: T201 - a script tells
    for size in SIZES:
        _measure(plan, size, spaced="--spaced" in flags, strict="--strict" in flags)


def _measure(plan, size: int, *, spaced: bool, strict: bool) -> None:  # noqa: ANN001 - a script
    charts = Charts(seed=size)
    types = {key: query.types for key, query in plan.queries.items()}
    requests = []
    for number in range(max(8, 600 // size)):
        raw = charts.prefetch(types, plan.templates, size, f"p{number}")
        if spaced:
            raw = {key: json.dumps(json.loads(text)).encode() for key, text in raw.items()}
        requests.append((raw, HookRequest("patient-view", "", f"p{number}", prefetch=raw)))
    spent = {"take_prefetch": [], "read_chart": []}
    read = 0
    for _ in range(ROUNDS):
        lap = [0.0, 0.0]
        for raw, request in requests:
            start = time.perf_counter()
            prefetch = take_prefetch(plan, raw)
            middle = time.perf_counter()
            chart = read_chart(plan, prefetch, request, today=TODAY, zone=UTC, strict=strict)
            lap[0] += middle - start
            lap[1] += time.perf_counter() - middle
            read += len({id(entry) for found in chart.entries.values() for entry in found})
        spent["take_prefetch"].append(lap[0] / len(requests) * 1e6)
        spent["read_chart"].append(lap[1] / len(requests) * 1e6)
    sent = statistics.mean(
        text.count(b'"resource":') + text.count(b'"resource": ') + 1 for raw, _ in requests for text in [b"".join(raw.values())]
    )
    bytes_ = statistics.mean(sum(map(len, raw.values())) for raw, _ in requests)
    print(  # noqa: T201 - a script tells
        f"{size:5d} asked, {sent:6.1f} sent, {bytes_ / 1000:6.1f} kB, {read / len(requests) / ROUNDS:5.1f} read: "
        + ", ".join(f"{name} {statistics.median(times):7.0f} us (+-{statistics.stdev(times):.0f})" for name, times in spent.items()),
    )


if __name__ == "__main__":
    main()
