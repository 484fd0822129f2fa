"""How long loading takes: the shipped pack, and a pack of 1,000 rules. A script: `python tests/rulepack/bench_rulepack.py`."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "service"), str(HERE.parent)]

from exercise_cds.rulepack import load  # noqa: E402 - the path is set above
from rulepack.planted import SMALL  # noqa: E402

RULE = """
- id: rule-{number}
  title: Strengthening once back pain has lasted {number} days
  when:
    all:
    - back_pain_days: {{at_least: {number}}}
    - any: [sciatica, stenosis, {{pain_severity: {{below: severe_from}}}}]
  unless: {{any: [warning_sign, cancer, {{temperature: {{above: 38}}}}]}}
  offer: {{programs: [strengthening, walking], because: "Back pain for {{back_pain_days}}: strength helps"}}
  evidence: [a-guideline, a-trial]
"""


def _best(folder: Path, times: int = 5) -> float:
    best = 1e9
    for _ in range(times):
        before = time.perf_counter()
        loaded = load(folder)
        best = min(best, time.perf_counter() - before)
        assert loaded.pack is not None, "\n".join(map(str, loaded.findings[:9]))
    return best


def main() -> None:
    """Print the best of five loads of each pack."""
    sys.stdout.write(f"the shipped pack: {_best(HERE.parents[1] / 'rules' / 'low-back-pain') * 1000:.0f} ms\n")
    with TemporaryDirectory() as folder:
        pack = Path(shutil.copytree(SMALL, Path(folder) / "small"))
        for file in range(4):
            rules = "".join(RULE.format(number=number) for number in range(file * 250, file * 250 + 250))
            (pack / "rules" / f"more-{file}.yaml").write_text(f"rules:{rules}", "utf-8")
        sys.stdout.write(f"1,000 rules: {_best(pack, 3) * 1000:.0f} ms\n")


if __name__ == "__main__":
    main()
