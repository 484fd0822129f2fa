"""The table of fact kinds: what a fact may be, which keys it takes, which FHIR resources it reads and how they are asked for.

Adding a kind is one row here, one derive function in `facts/` and one line in docs/authors/facts.md. Read the table top to bottom.
`elements` are the elements of each resource type that a derive function of the kind may read. They, and what changes their
meaning, are what is validated (DECISIONS.md, "validate what is read"); reading anything else raises in the tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class ValueType(StrEnum):
    """What a fact's value is; it decides which operators fit."""

    YES_NO = "yes/no"
    NUMBER = "number"
    WORD = "word"


class Ask(StrEnum):
    """How a resource type is asked of a FHIR server: the shape of its prefetch template."""

    READ = "read"
    """`Patient/{{context.patientId}}`."""
    BY_PATIENT = "by-patient"
    """`Type?patient={{context.patientId}}`: everything of that type, filtered here (sites mix code systems)."""
    BY_CATEGORY = "by-category"
    """`CarePlan?patient=...&category=...`."""
    BY_CODES = "by-codes"
    """`Observation?patient=...&code=...&_sort=-date&_count=20`: one key per fact."""
    CONTEXT = "context"
    """Not asked at all: the hook's context carries it."""


_DATED = frozenset({"new_within", "begun_before", "undated", "dated"})
CONDITION_ELEMENTS = frozenset(
    {"id", "subject", "code", "bodySite", "clinicalStatus", "verificationStatus", "onsetDateTime", "onsetAge", "onsetPeriod",
     "onsetRange", "onsetString", "abatementDateTime", "abatementAge", "abatementPeriod", "abatementRange", "abatementString",
     "recordedDate"},
)  # fmt: skip
OBSERVATION_ELEMENTS = frozenset(
    {"id", "subject", "status", "code", "bodySite", "effectiveDateTime", "effectivePeriod", "effectiveInstant", "effectiveTiming", "issued",
     "dataAbsentReason", "component", "hasMember", "valueQuantity", "valueCodeableConcept", "valueString", "valueBoolean",
     "valueInteger", "valueRange", "valueRatio", "valueSampledData", "valueTime", "valueDateTime", "valuePeriod"},
)  # fmt: skip
PROCEDURE_ELEMENTS = frozenset(
    {
        "id",
        "subject",
        "status",
        "code",
        "bodySite",
        "performedDateTime",
        "performedPeriod",
        "performedString",
        "performedAge",
        "performedRange",
    },
)
MEDICATION_REQUEST_ELEMENTS = frozenset(
    {"id", "subject", "status", "intent", "doNotPerform", "medicationCodeableConcept", "medicationReference", "authoredOn", "contained",
     "dosageInstruction"},
)  # fmt: skip
SERVICE_REQUEST_ELEMENTS = frozenset(
    {
        "id",
        "subject",
        "status",
        "intent",
        "doNotPerform",
        "code",
        "orderDetail",
        "bodySite",
        "authoredOn",
        "occurrenceDateTime",
        "occurrencePeriod",
        "occurrenceTiming",
        "note",
    },
)
CARE_PLAN_ELEMENTS = frozenset({"id", "subject", "status", "intent", "category", "title", "description", "period", "created", "activity"})
ANSWER_ELEMENTS = frozenset({"id", "subject", "status", "authored", "item"})
PATIENT_ELEMENTS = frozenset({"id", "birthDate", "deceasedBoolean", "deceasedDateTime"})


@dataclass(frozen=True, slots=True)
class Reads:
    """One resource type that a kind reads: how it is asked for, and which elements its derive function may touch."""

    type: str
    ask: Ask
    elements: frozenset[str]


@dataclass(frozen=True, slots=True)
class Kind:
    """One row. `keys` are the keys that a fact of this kind may have besides kind, says, tell, unit; `needs` those it must have."""

    name: str
    value: ValueType
    reads: tuple[Reads, ...]
    keys: frozenset[str]
    needs: frozenset[str]
    says: str
    """One line for the reference."""


_DRAFTS = (
    Reads("MedicationRequest", Ask.CONTEXT, MEDICATION_REQUEST_ELEMENTS),
    Reads("ServiceRequest", Ask.CONTEXT, SERVICE_REQUEST_ELEMENTS),
)
_CONDITION = Reads("Condition", Ask.BY_PATIENT, CONDITION_ELEMENTS)
_PATIENT = Reads("Patient", Ask.READ, PATIENT_ELEMENTS)
_MATCH = frozenset({"codes", "codes_with_site", "stems", "words", "not_words", "site"})

KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in (
    Kind("episode", ValueType.NUMBER, (_CONDITION, _PATIENT),
         _MATCH | {"suspected"}, frozenset({"codes"}),
         "days since the current episode of the named conditions began: exact, at least, or a range"),
    Kind("score", ValueType.NUMBER, (Reads("Observation", Ask.BY_CODES, OBSERVATION_ELEMENTS),),
         frozenset({"codes", "within", "answers", "scale", "prefer"}), frozenset({"codes", "within"}),
         "newest valid pain score of the last days, 0 to 10, answer lists, units, sentinels and panels understood"),
    Kind("measurement", ValueType.NUMBER, (Reads("Observation", Ask.BY_CODES, OBSERVATION_ELEMENTS),),
         frozenset({"codes", "within", "answers", "valid", "drop_over"}), frozenset({"codes", "within"}),
         "newest valid measurement: a number in the fact's unit, or with `answers` one of the author's words"),
    Kind("condition", ValueType.YES_NO, (_CONDITION,),
         _MATCH | _DATED | {"status", "suspected", "overruled_by"}, frozenset(),
         "a problem or diagnosis stands in the chart"),
    Kind("procedure", ValueType.YES_NO, (Reads("Procedure", Ask.BY_PATIENT, PROCEDURE_ELEMENTS),),
         _MATCH | _DATED | {"status"}, frozenset(),
         "something was done to the patient"),
    Kind("medication", ValueType.YES_NO, (Reads("MedicationRequest", Ask.BY_PATIENT, MEDICATION_REQUEST_ELEMENTS),),
         _MATCH | _DATED | {"status"}, frozenset(),
         "a medicine is ordered in the chart (its order, not its intake)"),
    Kind("order", ValueType.YES_NO, (Reads("ServiceRequest", Ask.BY_PATIENT, SERVICE_REQUEST_ELEMENTS),),
         _MATCH | _DATED | {"status"}, frozenset(),
         "a service is ordered in the chart"),
    Kind("draft_order", ValueType.YES_NO, _DRAFTS,
         _MATCH, frozenset(),
         "an order drafted at this moment, in the hook's context; false where the hook has none"),
    Kind("answer", ValueType.NUMBER, (Reads("QuestionnaireResponse", Ask.BY_PATIENT, ANSWER_ELEMENTS),),
         frozenset({"link_ids", "codes", "within", "answers"}), frozenset({"link_ids", "within"}),
         "newest answer to a questionnaire item: a number, or with `answers` one of the author's words"),
    Kind("age", ValueType.NUMBER, (_PATIENT,),
         frozenset(), frozenset(),
         "completed years; a partial birth date gives a range"),
    Kind("deceased", ValueType.YES_NO, (_PATIENT,),
         frozenset(), frozenset(),
         "the patient has died"),
    Kind("care_plan", ValueType.YES_NO, (Reads("CarePlan", Ask.BY_CATEGORY, CARE_PLAN_ELEMENTS),),
         _MATCH | _DATED | {"status", "category"}, frozenset({"category"}),
         "a plan of care names the activity"),
    Kind("when", ValueType.YES_NO, (), frozenset({"when"}), frozenset({"when"}),
         "a named condition over other facts; inlined wherever it is named"),
)})  # fmt: skip
