"""How other servers are called: every step under one deadline, the look-up of a name among them. For `security/` and `fhir/`."""

from exercise_cds.net.names import Address, Names
from exercise_cds.net.timed import TimedAdapter, trusting, within

__all__ = ["Address", "Names", "TimedAdapter", "trusting", "within"]
