"""A process that posts feedback through the store until it is killed: `python feedback_writer.py URL FIRST LAST`.

Post n has n % 3 + 1 entries and a token of its own. `n` is said once `add` has returned: that is the acknowledgement.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

from exercise_cds.errors import Unauthorized
from exercise_cds.model.record import FeedbackEntry
from exercise_cds.records.feedback import FeedbackStore
from exercise_cds.records.replay import TokenUse
from exercise_cds.records.store import open_store

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def entries(post: int) -> list[FeedbackEntry]:
    """The entries of one post; no two posts share one."""
    return [FeedbackEntry(f"card-{post}-{number}", "overridden", AT) for number in range(post % 3 + 1)]


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Post, and say so."""
    url, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    feedback = FeedbackStore(open_store(url))
    for post in range(first, last):
        use = TokenUse(f"jti-{post}", datetime.now(UTC) + timedelta(hours=1))
        try:
            feedback.add(entries(post), issuer="https://ehr.example", tenant="", service="s", jti=use)
        except Unauthorized:
            # the process before us stored it, and was killed before it could say so
            _say(f"again {post}")
        else:
            _say(f"stored {post}")


if __name__ == "__main__":
    main()
