"""The guard: whether the hot path costs more than it did (tests/bench/baseline.json). tools/speed-lane starts it.

    python tests/bench/guard.py            compare; exit 1 where a part became a fifth dearer
    python tests/bench/guard.py --renew    write the baseline anew, after a change that is meant
    python tests/bench/guard.py --clock    by processor time, where valgrind cannot be had (the lane says so)

Instructions are compared, not seconds: callgrind counts them, so neither a busy machine nor a slow one matters. Another build or version
of Python takes other counts for the same work, so each part is divided by a yardstick of plain Python that ran beside it, and these
ratios are compared: exactly so on the interpreter of the baseline, nearly so on another. In every run a slowdown of a quarter is
planted, and a guard that does not see it fails.
"""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent
BASELINE = HERE / "baseline.json"
DEARER = {"instructions": 1.2, "clock": 1.35}
"""A change that makes a part so many times dearer is refused; by the clock, which a busy machine disturbs, later."""
SEEN = {"instructions": 1.2, "clock": 1.1}
"""As how much the planted slowdown of a quarter must show; the clock is coarser."""
CHEAPER = 0.9
"""Below this the baseline is worth renewing, so that what was won is kept."""
TRIES = 3
"""By the clock: how often is measured before a part is called dearer. Noise only adds."""
YARDSTICK, PLANTED, ORIGINAL = "yardstick", "planted-50", "answer-50"
_DUMPED = re.compile(r"^desc: Trigger: dump (\S+) (\d)$", re.MULTILINE)
_TOTALS = re.compile(r"^totals: (\d+)$", re.MULTILINE)
Costs = Mapping[str, float]


def counted() -> dict[str, float]:
    """Instructions for each run of each part."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={folder / 'out'}"]
        runs = _run([*command, sys.executable, str(HERE / "instructions.py")], folder)
        totals: dict[tuple[str, int], int] = {}
        for path in folder.glob("out.*"):
            text = path.read_text()
            if found := _DUMPED.search(text):
                totals[found[1], int(found[2])] = int(_TOTALS.findall(text)[-1])
    return {name: round((totals[name, 2] - totals[name, 1]) / count) for name, count in runs.items()}


def clocked() -> dict[str, float]:
    """Nanoseconds of processor for each run of each part."""
    with tempfile.TemporaryDirectory() as name:
        return _run([sys.executable, str(HERE / "instructions.py"), "--clock"], Path(name))


def _run(command: list[str], folder: Path) -> dict[str, float]:
    """What instructions.py writes."""
    told = folder / "told.json"
    # the order of sets hangs on this seed, and with it a few instructions
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    ran = subprocess.run([*command, str(told)], env=environment, capture_output=True, text=True, timeout=600, check=False)
    if ran.returncode:
        sys.exit(f"{ran.stderr[-3000:]}\nspeed: the hot path could not be measured")
    found: dict[str, float] = json.loads(told.read_text())
    return found


def compared(now: Costs, before: Costs) -> dict[str, float]:
    """How many times as dear each part is, by the yardstick of its own run. The planted one is held against its original."""
    unit = now[YARDSTICK] / before[YARDSTICK]
    ratios = {name: cost / before[name] / unit for name, cost in now.items() if name in before and name != YARDSTICK}
    return {**ratios, PLANTED: now[PLANTED] / now[ORIGINAL]}


def verdict(ratios: Costs, how: str) -> list[str]:
    """What is wrong, in sentences; nothing where all is well."""
    wrong = [f"{name} takes {ratio:.2f} times the baseline" for name, ratio in ratios.items() if name != PLANTED and ratio > DEARER[how]]
    if ratios[PLANTED] <= SEEN[how]:
        wrong.append(f"the guard is blind: a planted slowdown of a quarter came out as {ratios[PLANTED]:.2f}")
    return wrong


def main() -> None:
    """Measure, compare, tell."""
    how = "clock" if "--clock" in sys.argv[1:] else "instructions"
    measure = clocked if how == "clock" else counted
    baseline = json.loads(BASELINE.read_text())
    now = measure()
    if "--renew" in sys.argv[1:]:
        baseline[how] = {"python": f"{platform.python_implementation()} {platform.python_version()}", "costs": now}
        BASELINE.write_text(json.dumps(baseline, indent=2, sort_keys=True) + "\n")
    before = baseline[how]
    ratios = compared(now, before["costs"])
    for _ in range(TRIES - 1 if how == "clock" else 0):
        if verdict(ratios, how):
            again = compared(measure(), before["costs"])
            ratios = {name: min(ratio, again[name]) if name != PLANTED else again[name] for name, ratio in ratios.items()}
    print(f"speed: {how}; the yardstick takes {now[YARDSTICK] / before['costs'][YARDSTICK]:.3f} of what it took on {before['python']}")
    for name, ratio in ratios.items():
        beside = f"of {ORIGINAL}: the planted slowdown" if name == PLANTED else "of the baseline"
        advice = "  (make speed ARGS=--renew keeps what was won)" if ratio < CHEAPER else ""
        print(f"speed: {name:12} {now[name]:12,.0f}, {ratio:.3f} {beside}{advice}")
    if wrong := verdict(ratios, how):
        sys.exit(f"speed: {'; '.join(wrong)}. Make it cheaper, or say why in the commit that renews the baseline (make speed ARGS=--renew)")


if __name__ == "__main__":
    main()
