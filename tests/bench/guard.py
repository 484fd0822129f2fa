"""The guard: whether the hot path takes more instructions than it did (tests/bench/baseline.json). tools/speed-lane starts it.

    python tests/bench/guard.py            compare; exit 1 where a part became a fifth dearer
    python tests/bench/guard.py --renew    write the baseline anew, after a change that is meant

Instructions are compared, not seconds: callgrind counts them, so neither a busy machine nor a slow one matters. They differ by
interpreter and by the versions of the libraries, so the baseline holds one count for each Python; one that has none is told, not
failed. orjson's decoding of the same bodies stands beside them, and the README of the numbers is docs/performance.md.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
BASELINE = HERE / "baseline.json"
DEARER = 1.2
"""A change that makes a part so many times dearer is refused."""
CHEAPER = 0.9
"""Below this the baseline is worth renewing, so that what was won is kept."""
_DUMPED = re.compile(r"^desc: Trigger: dump (\S+) (\d)$", re.MULTILINE)
_TOTALS = re.compile(r"^totals: (\d+)$", re.MULTILINE)


def counted() -> dict[str, int]:
    """Instructions for each run of each part."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bodies = folder / "bodies.json"
        command = ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={folder / 'out'}"]
        command += [sys.executable, str(HERE / "instructions.py"), str(bodies)]
        # the order of sets hangs on this seed, and with it a few instructions
        ran = subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": "0"}, capture_output=True, text=True, timeout=600, check=False)
        if ran.returncode:
            sys.exit(f"{ran.stderr[-3000:]}\nspeed: the hot path could not be counted")
        totals: dict[tuple[str, int], int] = {}
        for path in folder.glob("out.*"):
            text = path.read_text()
            if found := _DUMPED.search(text):
                totals[found[1], int(found[2])] = int(_TOTALS.findall(text)[-1])
        counts = json.loads(bodies.read_text())
    return {name: round((totals[name, 2] - totals[name, 1]) / count) for name, count in counts.items()}


def main() -> None:
    """Count, compare, tell."""
    python = f"python{sys.version_info.major}.{sys.version_info.minor}"
    baselines = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    now = counted()
    if "--renew" in sys.argv[1:]:
        BASELINE.write_text(json.dumps({**baselines, python: now}, indent=2, sort_keys=True) + "\n")
    before = baselines.get(python, {})
    dearer = False
    for name, count in now.items():
        ratio = count / before[name] if name in before else 0.0
        dearer = dearer or ratio > DEARER
        told = f"{ratio:.3f} of the baseline" if ratio else f"no baseline for {python}"
        advice = "" if not 0 < ratio < CHEAPER else "  (make speed ARGS=--renew keeps what was won)"
        print(f"speed: {name:12} {count:12,} instructions, {told}{advice}")
    if dearer and "--renew" not in sys.argv[1:]:
        sys.exit(f"speed: more than {DEARER} times the baseline; make it cheaper, or say why in the commit that renews the baseline")


if __name__ == "__main__":
    main()
