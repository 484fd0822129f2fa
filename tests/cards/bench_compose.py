"""How long composing takes. A script, not a test.

python tests/cards/bench_compose.py
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from time import process_time

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent / "service")]

from cards.situations import NOTHING, SITUATIONS, TODAY, Situation  # noqa: E402  (the path is set above)
from exercise_cds.cards import Composer  # noqa: E402  (the path is set above)

ROUNDS = 300
BATCHES = 15


def composing(situation: Situation) -> Callable[[], object]:
    """One compose call of a situation, its composer and facts made beforehand; uuids are cheap, since they are not ours."""
    composer = Composer(situation.pack, handouts_base_url=situation.handouts)
    facts = {**NOTHING, **situation.facts}
    numbers = count()

    def once() -> object:
        return composer.compose(
            situation.service,
            situation.decision,
            facts,
            patient_id="p1",
            encounter_id="e1",
            user_id="Practitioner/dr-1",
            decision_id="00000000-0000-4000-8000-000000000009",
            new_uuid=lambda: f"00000000-0000-4000-8000-{next(numbers):012d}",
            today=TODAY,
        )

    return once


def microseconds(call: Callable[[], object]) -> float:
    """The best of several batches, in processor time."""
    best = float("inf")
    for _ in range(BATCHES):
        start = process_time()
        for _ in range(ROUNDS):
            call()
        best = min(best, (process_time() - start) / ROUNDS)
    return best * 1e6


if __name__ == "__main__":
    for name, situation in SITUATIONS.items():
        print(f"{microseconds(composing(situation)):8.1f} us  {name}")  # noqa: T201  (a script prints)
