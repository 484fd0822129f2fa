"""A pack with one fact of every kind, its ReadPlan, and a short way from JSON to a Chart."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from builders.packs import SERVICE, pack, rule, service, yes
from exercise_cds.fhir import Limits, ReadPlan, plan_reads, read_chart, take_prefetch
from exercise_cds.model.chart import Chart
from exercise_cds.model.codes import ICD10CM, LOINC, RXNORM, SNOMED, Stems
from exercise_cds.model.pack import FactSpec, Matcher, Site
from exercise_cds.model.tree import AnyOf, Leaf, Op
from exercise_cds.wire import HookRequest

TODAY = date(2026, 3, 2)
UTC = ZoneInfo("UTC")
PATIENT = "p1"
PLAN_CATEGORY = ("http://hl7.org/fhir/us/core/CodeSystem/careplan-category", "assess-plan")
LOW_BACK = Site("low-back", ("low back", "lumbar"))


def fact(name: str, kind: str, **fields: Any) -> FactSpec:
    """One fact; `says` is its name in words."""
    return FactSpec(name=name, kind=kind, **({"says": name.replace("_", " ")} | fields))


def codes(system: str, *found: str) -> frozenset[tuple[str, str]]:
    """Codes of one system, as a matcher holds them."""
    return frozenset((system, code) for code in found)


FACTS = (
    fact("age", "age"),
    fact("died", "deceased"),
    fact("back_pain_days", "episode", matcher=Matcher(codes=codes(ICD10CM, "M54.50") | codes(SNOMED, "279039007"))),
    fact(
        "back_pain",
        "condition",
        matcher=Matcher(codes=codes(ICD10CM, "M54.50"), codes_with_site=codes(ICD10CM, "M54.9"), site=LOW_BACK),
    ),
    fact("cancer", "condition", matcher=Matcher(stems=(Stems(ICD10CM, "C00", "C96", frozenset({"C44"})),), words=("cancer", "bed sore"))),
    fact("pain", "score", matcher=Matcher(codes=codes(LOINC, "72514-3", "75893-8")), within=30),
    fact("temperature", "measurement", matcher=Matcher(codes=codes(LOINC, "8310-5")), within=7, unit="Cel"),
    fact("surgery", "procedure", matcher=Matcher(codes=codes(SNOMED, "387713003"))),
    fact("steroid", "medication", matcher=Matcher(codes=codes(RXNORM, "8640"), words=("prednisone",))),
    fact("referred", "order", matcher=Matcher(codes=codes(SNOMED, "306170007"))),
    fact("drafts_rest", "draft_order", matcher=Matcher(codes=codes(SNOMED, "225365006"), words=("bed rest",))),
    fact("planned", "care_plan", category=(PLAN_CATEGORY,), matcher=Matcher(codes=codes(SNOMED, "91251008"))),
    fact("answered", "answer", link_ids=("total",), within=90),
)
"""One fact of every kind, and two more conditions."""


def plan_of(facts: Iterable[FactSpec], hook: str = "order-sign") -> ReadPlan:
    """The plan of a service whose one rule reads these facts."""
    facts = tuple(facts)
    when = AnyOf(tuple(Leaf(one.name, Op.KNOWN, value=True) for one in facts))
    return plan_reads(pack(rule("reads-all", when), facts=facts, services=(service(hook=hook),), about=yes("back_pain")), SERVICE)


PLAN = plan_of(FACTS)
KEYS = {query.types[0]: key for key, query in PLAN.queries.items() if key != "observations-temperature"}
"""The prefetch key of each resource type; that of Observation is the pain score's."""


def coded(system: str, code: str, text: str | None = None) -> dict[str, Any]:
    """A CodeableConcept."""
    return {"coding": [{"system": system, "code": code}]} | ({"text": text} if text else {})


def resource(type_: str, id_: str | None = "", **elements: Any) -> dict[str, Any]:
    """A valid resource of the patient, as JSON values; its elements are replaced by those given, and None takes one away."""
    made = {"resourceType": type_, "id": (PATIENT if type_ == "Patient" else "x1") if id_ == "" else id_} | _DEFAULTS[type_] | elements
    return {name: value for name, value in made.items() if value is not None}


_SUBJECT = {"subject": {"reference": f"Patient/{PATIENT}"}}
_DEFAULTS: Mapping[str, dict[str, Any]] = {
    "Patient": {"birthDate": "1985-03-02"},
    "Condition": _SUBJECT | {"code": coded(ICD10CM, "M54.50")},
    "Observation": _SUBJECT
    | {"status": "final", "code": coded(LOINC, "72514-3"), "effectiveDateTime": "2026-03-01", "valueQuantity": {"value": 4}},
    "Procedure": _SUBJECT | {"status": "completed", "code": coded(SNOMED, "387713003")},
    "MedicationRequest": _SUBJECT | {"status": "active", "intent": "order", "medicationCodeableConcept": coded(RXNORM, "8640")},
    "ServiceRequest": _SUBJECT | {"status": "active", "intent": "order", "code": coded(SNOMED, "306170007")},
    "CarePlan": _SUBJECT
    | {"status": "active", "intent": "plan", "category": [coded(*PLAN_CATEGORY)]}
    | {"activity": [{"detail": {"status": "in-progress", "code": coded(SNOMED, "91251008")}}]},
    "QuestionnaireResponse": _SUBJECT | {"status": "completed", "item": [{"linkId": "total", "answer": [{"valueInteger": 5}]}]},
    "Medication": {"code": coded(RXNORM, "8640")},
    "Encounter": {"status": "finished", "class": {"code": "AMB"}},
    "OperationOutcome": {"issue": [{"severity": "error", "code": "exception"}]},
}


def bundle(*resources: Any, **more: Any) -> dict[str, Any]:
    """A searchset; a resource that is already an entry (`{"resource": ...}`) stays as it is."""
    entries = [one if not isinstance(one, dict) or "resourceType" not in one else {"resource": one} for one in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries} | more


def text_of(value: Any) -> bytes:
    """JSON text; bytes are taken as they are."""
    return value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()


def everything(**replaced: Any) -> dict[str, Any]:
    """An empty answer under every key of `PLAN` and the Patient; keys are replaced by resource type (`Condition=...`)."""
    raw = {key: {"resourceType": "Bundle", "type": "searchset"} for key in PLAN.queries} | {KEYS["Patient"]: resource("Patient")}
    return raw | {KEYS[type_]: value for type_, value in replaced.items()}


def read(  # what a reading depends on, each with its default
    raw: Mapping[str, Any] | None = None,
    *,
    plan: ReadPlan = PLAN,
    drafts: Any = b"",
    selections: tuple[str, ...] | None = None,
    patient_id: str = PATIENT,
    fhir_server: str = "",
    limits: Limits | None = None,
    strict: bool = False,
    zone: ZoneInfo = UTC,
    later: bool = False,
    **by_type: Any,
) -> Chart:
    """The chart of one call, from real bytes: `read(Condition=bundle(...))`, everything else empty; or all keys in `raw`.

    Entries that a call validates only when a fact asks for them are validated here, unless they are left for `later`.
    """
    values = everything(**by_type) if raw is None else raw
    request = HookRequest(
        "order-sign",
        "instance",
        patient_id,
        drafts=text_of(drafts) if drafts != b"" else b"",
        selections=selections,
        prefetch={key: text_of(value) for key, value in values.items()},
        fhir_server=fhir_server,
    )
    chart = read_chart(plan, take_prefetch(plan, request.prefetch), request, today=TODAY, zone=zone, limits=limits, strict=strict)
    return chart if later else chart.validated()


def taken(chart: Chart) -> dict[str, tuple[str, ...]]:
    """By fact: the ids of the resources that it has, facts without any left out."""
    return {name: tuple(entry.resource.id for entry in entries) for name, entries in chart.entries.items() if entries}
