"""A program: compile a pack, decide, fork, and decide in every child what the parent decides. Exits 0 where all agree.

It is run by a test in a process of its own, because forking one that has threads is unsafe.
"""

from __future__ import annotations

import os
import sys
from random import Random

from builders import packs
from builders.random_packs import random_facts, random_pack
from exercise_cds.engine import Engine

CHILDREN = 4
CHARTS = 500


def main() -> int:
    """Zero where every child decided as its parent did."""
    random = Random(11)  # noqa: S311  (a seed tells a failure again)
    made = random_pack(random, rules=60)
    charts = [random_facts(random) for _ in range(CHARTS)]
    engine = Engine(made)
    expected = [engine.decide(packs.SERVICE, chart) for chart in charts]
    children = []
    for number in range(CHILDREN):
        child = os.fork()
        if child == 0:
            mine = charts[number:] + charts[:number]
            right = [engine.decide(packs.SERVICE, chart) for chart in mine] == expected[number:] + expected[:number]
            engine.close()
            os._exit(0 if right else 1)
        children.append(child)
    still_right = [engine.decide(packs.SERVICE, chart) for chart in charts] == expected
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    engine.close()
    return 0 if still_right and not any(codes) and any(one.rules for one in expected) else 1


if __name__ == "__main__":
    sys.exit(main())
