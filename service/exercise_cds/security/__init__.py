"""Who asks: from the header Authorization to a `Client`, or a 401 that says nothing (SEC-01 to SEC-13).

`guard_of(settings)` makes the `Guard` that the web is given. Where used tokens are kept for several processes is handed in.
"""

from exercise_cds.security.claims import REASONS
from exercise_cds.security.from_settings import Counts, guard_of
from exercise_cds.security.guard import Guard
from exercise_cds.security.keys import KEY_FAULTS
from exercise_cds.security.replay import FirstSight, ReplayFull, ReplayMemory
from exercise_cds.security.signing import Signer, UnusableKey, read_signer

__all__ = [
    "KEY_FAULTS",
    "REASONS",
    "Counts",
    "FirstSight",
    "Guard",
    "ReplayFull",
    "ReplayMemory",
    "Signer",
    "UnusableKey",
    "guard_of",
    "read_signer",
]
