"""From parsed FHIR resources to facts: what may be known of this patient, with evidence, remarks and doubts."""

from exercise_cds.facts.deriver import Deriver

__all__ = ["Deriver"]
