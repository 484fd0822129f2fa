"""Any CDS Hooks service, looked at from outside: which rules of docs/protocol.md it keeps, as far as a caller can see.

Above the steward and under the doors: it knows the rules, not our service. `examine` asks at most `MOST` times, with a made-up patient.
"""

from exercise_cds.conformance.examination import examine
from exercise_cds.conformance.report import RULES, Report, Seen, Verdict
from exercise_cds.conformance.visitor import MOST, Unanswered, Visitor

__all__ = ["MOST", "RULES", "Report", "Seen", "Unanswered", "Verdict", "Visitor", "examine"]
