"""How long a decision takes, and how that grows: medians over many charts, both engines together and each alone.

    PYTHONPATH=service:tests python tests/engine/bench_engine.py

A script, not a test: it asserts nothing about time. Each line is the median of several rounds taken in turn (A B C A B C), so that a
busy machine disturbs all of them alike.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from random import Random
from statistics import median
from time import process_time

from builders import packs
from exercise_cds.engine.conditions import plan
from exercise_cds.engine.durable import Durable
from exercise_cds.engine.engine import Engine
from exercise_cds.engine.evaluator import compile_readings
from exercise_cds.model.facts import Fact, Facts, Known, NotRecorded
from exercise_cds.model.pack import Rule, RulePack
from exercise_cds.model.tree import Leaf

CHARTS = 200
ROUNDS = 9
PROGRAMS = ("education", "stretching", "walking", "strengthening", "stabilization", "extension", "aquatic", "sciatica", "referral")


def realistic_pack(random: Random, rules: int, facts: int) -> RulePack:
    """Rules as a clinician writes them: one to four questions, a tenth with a dozen, a fifth with `unless`, some that withhold."""
    numbers = [f"number_{n}" for n in range(max(1, facts // 6))]
    findings = [f"finding_{n}" for n in range(facts - len(numbers))]

    def question() -> Leaf:
        if random.random() < 0.25:
            return random.choice((packs.at_least, packs.below))(random.choice(numbers), random.choice((7, 14, 28, 42, 85)))
        return packs.yes(random.choice(findings))

    def written(name: str) -> Rule:
        if random.random() < 0.1:
            when = packs.any_of(*(question() for _ in range(9)), packs.all_of(question(), packs.any_of(question(), question(), question())))
        else:
            parts = [question() for _ in range(random.choice((1, 1, 2, 2, 3)))]
            when = random.choice((packs.all_of, packs.all_of, packs.any_of))(*parts)
        withholds = [packs.withhold(*random.sample(PROGRAMS, 2))] if random.random() < 0.35 else []
        return packs.rule(
            name,
            when,
            packs.any_of(question(), question()) if random.random() < 0.2 else None,
            offers=[] if withholds else [packs.offer(*random.sample(PROGRAMS, 2))],
            withholds=withholds,
            says=packs.card("warning") if random.random() < 0.15 else None,
        )

    return packs.pack(
        *(written(f"rule-{n}") for n in range(rules)),
        about=packs.at_least(numbers[0], 0),
        fallback="referral",
    )


def realistic_facts(random: Random, pack: RulePack) -> dict[str, Fact]:
    """A chart of a patient with back pain: a tenth of the findings are there, one number in five is not recorded."""
    facts: dict[str, Fact] = {}
    for name in pack.facts:
        if name.startswith("number"):
            facts[name] = NotRecorded() if random.random() < 0.2 else Known(random.choice((3.0, 6.6, 13.0, 14.0, 40.0, 90.0)))
        else:
            facts[name] = Known(random.random() < 0.1)
    return facts | {"number_0": Known(20.0)}


def all_true(pack: RulePack) -> dict[str, Fact]:
    """The widest chart: everything is there."""
    return {name: Known(50.0) if name.startswith("number") else Known(True) for name in pack.facts}


def microseconds(ask: Callable[[Facts], object], charts: list[dict[str, Fact]]) -> float:
    """The mean processor time of one call, over all charts once: a busy machine disturbs it less than time on the wall."""
    start = process_time()
    for chart in charts:
        ask(chart)
    return (process_time() - start) / len(charts) * 1e6


def in_turn(asks: Mapping[str, Callable[[], float]]) -> dict[str, float]:
    """The median of each measurement, taken A B C A B C."""
    taken: dict[str, list[float]] = {name: [] for name in asks}
    for _ in range(ROUNDS):
        for name, measure in asks.items():
            taken[name].append(measure())
    return {name: median(times) for name, times in taken.items()}


def measure(rules: int, facts: int, seed: int = 7) -> dict[str, float]:
    """Microseconds of a decision, of each engine alone, and of a decision about a patient outside."""
    random = Random(seed)  # noqa: S311  (a seed tells a measurement again; no secret hangs on it)
    pack = realistic_pack(random, rules, facts)
    charts = [realistic_facts(random, pack) for _ in range(CHARTS)]
    outside = [chart | {"number_0": Known(-1.0)} for chart in charts]
    wide = [all_true(pack)] * 20
    asked = plan(pack, packs.SERVICE)
    read = compile_readings(asked.conditions)
    durable = Durable(asked.conditions)
    with Engine(pack) as engine:
        result = in_turn(
            {
                "decide": lambda: microseconds(lambda chart: engine.decide(packs.SERVICE, chart), charts),
                "ours": lambda: microseconds(read, charts),
                "durable": lambda: microseconds(durable.true_conditions, charts),
                "outside": lambda: microseconds(lambda chart: engine.decide(packs.SERVICE, chart), outside),
                "all true": lambda: microseconds(lambda chart: engine.decide(packs.SERVICE, chart), wide),
            },
        )
    durable.close()
    return result


def main() -> None:
    """Print the table: microseconds a decision, by size of the pack."""
    sizes = ((12, 25), (60, 70), (250, 200), (1000, 500))
    columns = ("decide", "ours", "durable", "outside", "all true")
    print_row("rules", "facts", *columns, "engines/rule", "durable/ours")
    for rules, facts in sizes:
        found = measure(rules, facts)
        both = found["ours"] + found["durable"]
        times = (f"{found[column]:.1f}" for column in columns)
        print_row(str(rules), str(facts), *times, f"{both / rules:.2f}", f"{found['durable'] / found['ours']:.1f}")


def print_row(*cells: str) -> None:
    """One row of the table."""
    sys.stdout.write(" ".join(f"{cell:>12}" for cell in cells) + "\n")


if __name__ == "__main__":
    main()
