"""docs/performance.md and its pictures, from var/bench.json: every number on the page was measured in the one run that it names.

python tests/bench/page.py
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from string import Template
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "service"), str(ROOT / "tests")]

import pygal  # noqa: E402 - after the path
from pygal.style import CleanStyle  # noqa: E402 - after the path

from bench.stages import STAGES  # noqa: E402 - after the path

MEASURED = ROOT / "var" / "bench.json"
PAGE = ROOT / "docs" / "performance.md"
WORDS = Path(__file__).with_name("performance.md.template")
PICTURES = ROOT / "docs" / "performance"
TARGETS = (
    ("share of the orjson ceiling", "bare-orjson", {50: 0.50, 200: 0.75}),
    ("share of the json ceiling", "bare-json", {50: 0.60}),
    ("times HealthChain reading dictionaries", "healthchain-dicts", {50: 1.10, 200: 1.90}),
    ("times HealthChain typed", "healthchain-typed", {50: 8.0, 200: 20.0}),
)
"""On gunicorn, one worker, 4 connections, cold."""
PATH = ("door", "prefetch", "chart", "facts", "engine", "cards", "out")
"""The stages that follow each other in a request."""


def main() -> None:
    """Write both."""
    measured = json.loads(MEASURED.read_text())
    PICTURES.mkdir(exist_ok=True)
    for size in (50, 200):
        _drawn(f"processor-{size}", f"Processor microseconds an answer, {size} resources, 4 connections", _processor(measured, size))
        least = measured["stages"][str(size)]["least"]
        _drawn(f"stages-{size}", f"Where the microseconds go, {size} resources", {STAGES[name].split(":")[0]: least[name] for name in PATH})
    PAGE.write_text(_page(measured))


def _cell(measured: dict[str, Any], name: str, size: int, server: str | None = None) -> dict[str, Any] | None:
    """The cold row of 4 connections and one worker."""
    for row in measured["rows"]:
        found = (row["name"], row["resources"], row["connections"], row["workers"], row["warm"])
        if found == (name, size, 4, 1, False) and server in (None, row["server"]):
            cell: dict[str, Any] = row
            return cell
    return None


def _processor(measured: dict[str, Any], size: int) -> dict[str, float]:
    return {
        f"{row['says']} ({row['server']})": row["processor"]
        for row in measured["rows"]
        if (row["resources"], row["connections"], row["workers"], row["warm"]) == (size, 4, 1, False)
    }


def _drawn(name: str, title: str, bars: dict[str, float]) -> None:
    style = CleanStyle(font_family="sans-serif", label_font_size=13, title_font_size=15, value_font_size=12)
    chart = pygal.HorizontalBar(
        js=(), style=style, width=900, height=90 + 34 * len(bars), explicit_size=True, show_legend=False, print_values=True,
        disable_xml_declaration=True, truncate_label=60, title=title, value_formatter=lambda value: f"{value:,.0f}",
    )  # fmt: skip
    chart.uuid = name
    chart.x_labels = list(bars)
    chart.add("", list(bars.values()))
    (PICTURES / f"{name}.svg").write_text(chart.render(is_unicode=True) + "\n")


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "|".join("---" if not number else "---:" for number in range(len(head))) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def _targets(measured: dict[str, Any]) -> str:
    rows = []
    for says, name, goals in TARGETS:
        for size, goal in goals.items():
            ours, other = _cell(measured, "ours", size, "gunicorn"), _cell(measured, name, size, None if "health" in name else "gunicorn")
            if ours is None or other is None:
                rows.append((f"{says}, {size} resources", f"{goal:.2f}", "not measured", "", ""))
                continue
            wall, processor = ours["rate"] / other["rate"], other["processor"] / ours["processor"]
            reached = "yes" if min(wall, processor) >= goal else "**no**" if max(wall, processor) < goal else "within the noise"
            rows.append((f"{says}, {size} resources", f"{goal:.2f}", f"{wall:.2f}", f"{processor:.2f}", reached))
    return _table(("ratio", "target", "by answers a second", "by processor time", "reached"), rows)


def _answers(measured: dict[str, Any]) -> str:
    rows = []
    for row in measured["rows"]:
        server = row["server"]
        if row["workers"] > 1:
            server += f", {row['workers']} workers"
        rows.append(
            (f"{row['says']}{', warm' if row['warm'] else ''}", server, str(row["resources"]), str(row["connections"]),
             f"{row['rate']:.0f} ({row['least']:.0f} to {row['most']:.0f})", f"{row['p50']:.2f}", f"{row['p99']:.1f}",
             f"{row['processor']:.0f}", str(row["wrong"])),
        )  # fmt: skip
    return _table(("application", "server", "resources", "connections", "answers/s", "p50 ms", "p99 ms", "processor us", "wrong"), rows)


def _stages(measured: dict[str, Any]) -> str:
    found = measured["stages"]
    rows = [(STAGES[name], *(f"{one['least'][name]:.0f}" for one in found.values())) for name in STAGES]
    rows.append(("kB of the body", *(f"{one['size'] / 1000:.0f}" for one in found.values())))
    rows.append(("resources that are read", *(f"{one['read']:.1f}" for one in found.values())))
    rows.append(("cards", *(f"{one['cards']:.2f}" for one in found.values())))
    return _table(("stage, processor microseconds", *found), rows)


def _page(measured: dict[str, Any]) -> str:
    machine = measured["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    cards = ", ".join(f"{name} {number}" for name, number in measured["cards"].items())
    memory = ", ".join(f"{name} {number:.0f}" for name, number in measured["memory"].items())
    peer = "measured beside us" if machine["peer"] else "not installed in this run, so not measured"
    words = machine | {
        "versions": versions, "cards": cards, "memory": memory, "peer": peer, "rounds": measured["rounds"],
        "seconds": f"{measured['seconds']:.0f}", "compared": measured["compared"], "targets": _targets(measured),
        "answers": _answers(measured), "stages": _stages(measured),
        "read_50": f"{measured['stages']['50']['read']:.1f}", "read_200": f"{measured['stages']['200']['read']:.1f}",
    }  # fmt: skip
    return Template(WORDS.read_text()).substitute(words)


if __name__ == "__main__":
    main()
