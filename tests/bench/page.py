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

from bench.around import AROUND  # noqa: E402 - after the path
from bench.stages import STAGES  # noqa: E402 - after the path
from exercise_cds.settings import Settings  # noqa: E402 - after the path

MEASURED = ROOT / "var" / "bench.json"
PAGE = ROOT / "docs" / "performance.md"
WORDS = Path(__file__).with_name("performance.md.template")
PICTURES = ROOT / "docs" / "performance"
SOAKED = ROOT / "var" / "soak.json"
BEFORE = Path(__file__).with_name("before.json")
TARGETS = (
    ("share of the orjson ceiling", "bare-orjson", {50: 0.50, 200: 0.75}, "gunicorn"),
    ("share of the json ceiling", "bare-json", {50: 0.60}, "gunicorn"),
    ("times HealthChain reading dictionaries", "healthchain-dicts", {50: 1.10, 200: 1.90}, "gunicorn"),
    ("times HealthChain typed", "healthchain-typed", {50: 8.0, 200: 20.0}, "gunicorn"),
    ("on granian, times HealthChain reading dictionaries", "healthchain-dicts", {50: 1.30, 200: 2.20}, "granian"),
)
"""One worker, 4 connections, cold: what, beside whom, how many times at so many resources, and on which server ours is."""
ALGORITHMS = ("ES384", "RS384")
TAILS = (("ours", "gunicorn"), ("bare-orjson", "gunicorn"), ("ours", "granian"))
DOOR = "the door: looks, log line, counters"
PATH = ("door", "prefetch", "chart", "gated", "cards", "out")
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
    for says, name, goals, server in TARGETS:
        for size, goal in goals.items():
            ours, other = _cell(measured, "ours", size, server), _cell(measured, name, size, None if "health" in name else server)
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


def _reached(value: float, most: float) -> str:
    return "yes" if value <= most else "**no**"


def _tails(measured: dict[str, Any]) -> str:
    """99 of 100 answers, as times of half of them: beside the ceiling on gunicorn, by itself on granian."""
    rows = []
    for size in (50, 200):
        cells = {(name, server): _cell(measured, name, size, server) for name, server in TAILS}
        if any(cell is None for cell in cells.values()):
            continue
        times = {name: cell["p99"] / cell["p50"] for name, cell in cells.items() if cell}
        ours, ceiling, granian = times.values()
        rows.append(
            (
                f"gunicorn, of the ceiling's ({ceiling:.1f}), {size} resources",
                "1.25",
                f"{ours / ceiling:.2f}",
                _reached(ours / ceiling, 1.25),
            )
        )
        rows.append((f"granian, {size} resources", "4", f"{granian:.1f}", _reached(granian, 4)))
    return _table(("p99 as times of p50, 4 connections", "at most", "measured", "reached"), rows)


def _costs(measured: dict[str, Any]) -> str:
    """What stands around the stages, and growth, each beside what it may cost."""
    found, grown = measured["around"]["50"], measured["growth"]
    kept = found["line"] + found["counters"] + found["record"]
    worst_rule = max(grown["rule"].values())
    rows = [
        ("log line, counters and record together, of a call of 50 resources, %", 10.0, kept / found["call"] * 100),
        ("decision record, what a request waits for, of a call of 50 resources, %", 2.0, found["put"] / found["call"] * 100),
        ("decision record, its writing by another thread included, of the same, %", 2.0, found["record"] / found["call"] * 100),
        *((f"{name} token beside its signature, us", 60.0, found[f"{name} look"] - found[f"{name} signature"]) for name in ALGORITHMS),
        *(
            (f"{name} token in path beside its signature, us", 150.0, found[f"{name} in path"] - found[f"{name} signature"])
            for name in ALGORITHMS
        ),
        ("a resource that no fact takes, us", 4.0, grown["resource"]["unread"]),
        ("a resource that is read, us", 75.0, grown["resource"]["read"]),
        (f"a rule, both engines, in packs of {', '.join(grown['rule'])} (the dearest), us", 0.6, worst_rule),
        ("start to ready, seconds on the wall", 1.5, grown["start"]["wall"]),
        ("memory of a second worker, MB, proportional", 60.0, measured["second_worker"]),
    ]
    return _table(
        ("cost", "at most", "measured", "reached"),
        [(says, f"{most:g}", f"{value:.2f}", _reached(value, most)) for says, most, value in rows],
    )


def _profile(found: dict[str, Any], size: str) -> dict[str, float]:
    """Microseconds of one call by stage, with what is neither envelope nor steward as its door."""
    least, whole = found["stages"][size]["least"], found["around"][size]
    least = {"gated": least["facts"] + least["engine"], **least}  # before, every fact was derived, then the engines were asked
    stages = {STAGES[name].split(":")[0]: least[name] for name in PATH}
    return {**stages, DOOR: whole["door"], "the whole call": whole["call"]}


def _profiles(measured: dict[str, Any]) -> str:
    before = json.loads(BEFORE.read_text())
    columns = [(when, size, _profile(found, size)) for size in ("50", "200") for when, found in (("before", before), ("now", measured))]
    rows = [(name, *(f"{profile[name]:.0f}" for _, _, profile in columns)) for name in columns[0][2]]
    return _table(("processor microseconds, in process", *(f"{size} {when}" for when, size, _ in columns)), rows)


def _to_server(measured: dict[str, Any]) -> str:
    """From a call in process to one on the server: what cold caches add, and what gunicorn, its threads and the kernel add."""
    rows = []
    for size in ("50", "200"):
        for says, name, part in (("ceiling", "bare-orjson", "ceiling"), ("exercise-cds", "ours", "call")):
            whole, cell = measured["around"][size], _cell(measured, name, int(size), "gunicorn")
            served = f"{cell['least_processor']:.0f}" if cell else "not measured"
            rows.append((says, size, f"{whole[part]:.0f}", f"{whole[f'{part} paused']:.0f}", served))
    return _table(("processor microseconds", "resources", "in process", "after a pause", "on gunicorn, the least round"), rows)


def _limit(measured: dict[str, Any]) -> str:
    """What cannot be left out, and how far away we are."""
    rows = []
    for size in ("50", "200"):
        least, whole = measured["stages"][size]["least"], measured["around"][size]
        parts = (whole["form"], least["validation"], least["ours"] + least["durable"], least["out"])
        limit = sum(parts)
        rows.append((size, *(f"{part:.0f}" for part in parts), f"{limit:.0f}", f"{whole['call']:.0f}", f"{whole['call'] / limit:.1f}"))
    return _table(("resources", "form of the bytes", "R4B models", "two engines", "JSON out", "together", "the whole call", "times"), rows)


def _soaked() -> str:
    if not SOAKED.exists():
        return "Not run for this page (`make soak`)."
    found = json.loads(SOAKED.read_text())
    return (
        f"{found['at']}: {found['answered']:,} requests in {found['minutes']:.0f} minutes, {found['different']:,} different bodies,\n"
        f"with the decision log. Wrong answers {found['wrong']}, disagreements of the engines {found['disagreements']}, failures\n"
        f"{found['failures']}, decisions lost {found['lost']}; memory (proportional) {found['second']:.0f} MB in the second quarter of\n"
        f"the run, {found['last']:.0f} MB in the last."
    )


def _stages(measured: dict[str, Any]) -> str:
    found = measured["stages"]
    rows = [(STAGES[name], *(f"{one['least'][name]:.0f}" for one in found.values())) for name in STAGES]
    rows.append(("kB of the body", *(f"{one['size'] / 1000:.0f}" for one in found.values())))
    rows.append(("resources that are read", *(f"{one['read']:.1f}" for one in found.values())))
    rows.append(("cards", *(f"{one['cards']:.2f}" for one in found.values())))
    return _table(("stage, processor microseconds", *found), rows)


def _around(measured: dict[str, Any]) -> str:
    found = measured["around"]
    rows = [(says, *(f"{one[name]:.0f}" for one in found.values())) for name, says in AROUND.items()]
    return _table(("processor microseconds, in process", *found), rows)


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
        "profiles": _profiles(measured), "tails": _tails(measured), "costs": _costs(measured), "limit": _limit(measured), "soak": _soaked(),
        "to_server": _to_server(measured),
        "around": _around(measured), "before": json.loads(BEFORE.read_text())["commit"], "minutes": f"{measured['minutes']:.0f}",
        "threads": Settings(authentication="none").threads, "facts": machine["facts"], "rules": machine["rules"],
        "read_50": f"{measured['stages']['50']['read']:.1f}", "read_200": f"{measured['stages']['200']['read']:.1f}",
    }  # fmt: skip
    return Template(WORDS.read_text()).substitute(words)


if __name__ == "__main__":
    main()
