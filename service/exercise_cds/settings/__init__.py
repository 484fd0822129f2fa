"""What a site sets: from the environment (`EXERCISE_CDS_*`), one YAML file, or the command line. Read once, at the start of a process.

Stone: it knows nouns and nobody else. No stage reads a setting by itself; each is handed what it needs.
"""

from exercise_cds.settings.fhir import FhirSettings
from exercise_cds.settings.fields import PREFIX, is_loopback
from exercise_cds.settings.load import UnusableSettings, load
from exercise_cds.settings.operators import OperatorsSettings
from exercise_cds.settings.shapes import DecisionLogSettings, Handouts, Limits, Settings
from exercise_cds.settings.trust import ClientSettings, FeedbackSettings, Rates, Replay, Tokens

__all__ = [
    "PREFIX",
    "ClientSettings",
    "DecisionLogSettings",
    "FeedbackSettings",
    "FhirSettings",
    "Handouts",
    "Limits",
    "OperatorsSettings",
    "Rates",
    "Replay",
    "Settings",
    "Tokens",
    "UnusableSettings",
    "is_loopback",
    "load",
]
