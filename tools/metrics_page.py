"""Writes docs/operators/metrics.md from the metrics themselves; `--check` only says whether it is fresh."""

from __future__ import annotations

import sys
from pathlib import Path

from exercise_cds.web.metrics import Metrics

PAGE = Path(__file__).resolve().parent.parent / "docs" / "operators" / "metrics.md"
HEAD = """\
# Metrics

<!-- Written by `make docs` from service/exercise_cds/web/metrics.py: change it there. -->

`GET /metrics` on the operators' port (setting `metrics_port`), in the text format of Prometheus; without that port and without
authentication it stands on the service's own port, for trying. One process counts for itself: a restart begins at nothing. No label
is a patient's, a user's or a caller's own word. Alert rules and a dashboard over these names: [runbook.md](runbook.md).

| metric | type | labels | what it says |
|---|---|---|---|
"""
FOOT = """
`process_*` are the usual ones of prometheus-client: memory, processor time, open files, start time.
"""


def families() -> list[tuple[str, str, tuple[str, ...], str]]:
    """(name as it is exported, type, labels, what it says) of every metric of ours."""
    metrics = Metrics()
    labels = {one._name: one._labelnames for one in vars(metrics).values() if hasattr(one, "_labelnames")}  # noqa: SLF001 - nothing public tells
    found = [*metrics.registry.collect(), *metrics.decision_log.describe()]
    return [
        (f"{one.name}_total" if one.type == "counter" else one.name, one.type, labels.get(one.name, ()), one.documentation)
        for one in found
        if one.name.startswith("exercise_cds_")
    ]


def page() -> str:
    """The whole page."""
    rows = [f"| `{name}` | {kind} | {', '.join(f'`{one}`' for one in named)} | {says} |" for name, kind, named, says in families()]
    return HEAD + "\n".join(rows) + "\n" + FOOT


def main(arguments: list[str]) -> int:
    """Write, or with `--check` compare."""
    if arguments == ["--check"]:
        fresh = PAGE.exists() and PAGE.read_text(encoding="utf-8") == page()
        print("docs/operators/metrics.md is fresh" if fresh else "docs/operators/metrics.md is not fresh: run `make docs`")
        return 0 if fresh else 1
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
