"""From prefetched FHIR JSON to the Chart: what is asked for, whose it is, who takes it, and what of it is valid."""

from exercise_cds.fhir.chart import read_chart
from exercise_cds.fhir.limits import Limits
from exercise_cds.fhir.plan import ReadPlan, plan_reads
from exercise_cds.fhir.prefetch import judged, not_sent, take_prefetch
from exercise_cds.fhir.source import ResourceSource
from exercise_cds.fhir.templates import Query
from exercise_cds.fhir.warm import warm_up

__all__ = ["Limits", "Query", "ReadPlan", "ResourceSource", "judged", "not_sent", "plan_reads", "read_chart", "take_prefetch", "warm_up"]
