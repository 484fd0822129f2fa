"""How others are waited for, and no longer than a deadline: every step of a call to a server, the look-up of its name, a thread's work.

For `security/` and `fhir/`, which do not know each other.
"""

from exercise_cds.net.names import Address, Names
from exercise_cds.net.timed import TimedAdapter, trusting, within
from exercise_cds.net.workers import Workers

__all__ = ["Address", "Names", "TimedAdapter", "Workers", "trusting", "within"]
