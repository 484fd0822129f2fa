"""Generated patients: charts in the short spelling of test cases, made of the pack's own value sets, from a seed.

Most have low back pain, many have something that speaks against exercise, some have data that are hard to read. Used by one file a law.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import cache
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest

from exercise_cds.authoring.chart_builder import PATIENT, bundle, drafts_of, resources_of
from exercise_cds.cds_service import CdsService, Examination, Serving, prepare
from exercise_cds.fhir.folder import answered
from exercise_cds.model.client import ANONYMOUS
from exercise_cds.model.codes import CPT, ICD10CM, LOINC, RXNORM, SNOMED
from exercise_cds.model.hooks import HOOKS
from exercise_cds.model.pack import FactSpec, RulePack
from exercise_cds.rulepack import load
from exercise_cds.wire import HookRequest

PACK = Path(__file__).resolve().parents[2] / "rules" / "low-back-pain"
TODAY = date(2026, 3, 2)
EXERCISE = "low-back-pain-exercise"
PATIENTS = int(os.environ.get("LAWS_PATIENTS", "1000"))
"""How many patients a law is tried on: LAWS_PATIENTS asks for more."""
SHARDS = 4
every_shard = pytest.mark.parametrize("shard", range(SHARDS), ids=[f"shard{number}" for number in range(SHARDS)])
"""Each law runs in parts, so that two processes may share it: `-k "shard0 or shard1"`."""
_ALIASES = {SNOMED: "snomed", LOINC: "loinc", ICD10CM: "icd-10-cm", CPT: "cpt", RXNORM: "rxnorm"}
_WHENS = ("today", "1 day ago", "13 days ago", "14 days ago", "29 days ago", "31 days ago", "85 days ago", "91 days ago", "800 days ago")
_RESOURCES = ("Procedure", "MedicationRequest", "ServiceRequest", "Observation", "CarePlan")

Given = dict[str, Any]


@dataclass(frozen=True)
class Generated:
    """One patient: what the chart says, which service is asked, and which resource types the EHR cannot send."""

    given: Given
    service: str = EXERCISE
    missing: frozenset[str] = field(default_factory=frozenset)


@cache
def serving() -> Serving:
    """The shipped pack, compiled once a process."""
    loaded = load(PACK)
    assert loaded.pack is not None, loaded.findings
    return prepare(loaded.pack, named_services=frozenset(loaded.pack.services))


def written(code: tuple[str, str]) -> str:
    """A code in the spelling of cases."""
    return f"{_ALIASES.get(code[0], code[0])}|{code[1]}"


def codes_of(spec: FactSpec) -> list[str]:
    """The codes that a fact takes for themselves, sorted, in the spelling of cases."""
    return sorted(written(code) for code in spec.matcher.codes)


def specs(kind: str) -> list[FactSpec]:
    """The pack's facts of a kind that have codes of their own."""
    pack: RulePack = serving().pack
    return [spec for spec in pack.facts.values() if spec.kind == kind and spec.matcher.codes]


def ask(patient: Generated, resources: list[dict[str, Any]] | None = None, *, with_: Serving | None = None, years: int = 0) -> Examination:
    """Send the patient through the whole house. `resources` replace those that the patient's chart makes; `years` later."""
    served = with_ or serving()
    hook = HOOKS[served.services[patient.service].hook]
    today = TODAY.replace(year=TODAY.year + years)
    drafts = drafts_of(patient.given, today)
    at_hand = resources_of(patient.given, TODAY) if resources is None else resources
    request = HookRequest(
        hook=hook.name,
        hook_instance="00000000-0000-4000-8000-000000000000",
        service=patient.service,
        patient_id=PATIENT,
        user_id="Practitioner/example",
        drafts=orjson.dumps(bundle(drafts)) if hook.drafts else b"",
        selections=tuple(f"{draft['resourceType']}/{draft['id']}" for draft in drafts) if hook.selections else None,
        prefetch=answered(served.plans[patient.service], at_hand, not_obtained=patient.missing),
    )
    numbers = count()
    service = CdsService(served, new_uuid=lambda: f"00000000-0000-4000-8000-{next(numbers):012d}")
    # `examine` would trace every rule: the visit alone is what the server does
    return service.visit(request, ANONYMOUS, datetime.combine(today, time(12), UTC))


def generate(random: Random) -> Generated:
    """One patient."""
    given: Given = {}
    if random.random() < 0.95:
        given["patient"] = {"age": random.choice((9, 17, 18, 34, 41, 58, 64, 65, 79))}
    conditions = [_back(random)] if random.random() < 0.95 else []
    conditions += [_condition(random, random.choice(specs("condition"))) for _ in range(random.choice((0, 0, 1, 1, 2, 4)))]
    given["conditions"] = conditions
    if random.random() < 0.8:
        given["scores"] = [{"value": random.choice((0, 2, 4.37, 6.6, 7, 9, 99, -1)), "dated": random.choice(_WHENS)}]
    given["observations"] = [{"code": "loinc|8310-5", "value": random.choice((36.6, 37.9, 38.0, 39.2)), "unit": "Cel", "dated": when}
                             for when in random.sample(_WHENS, random.choice((0, 0, 1, 2)))]  # fmt: skip
    for key, kind in (("procedures", "procedure"), ("medications", "medication"), ("orders", "order")):
        if random.random() < 0.25:
            given[key] = [_dated(random, random.choice(codes_of(random.choice(specs(kind)))))]
    service = EXERCISE
    if random.random() < 0.2:
        service = "low-back-pain-orders"
        drafted = random.choice(specs("draft_order"))
        given["drafts"] = [{"code": random.choice(codes_of(drafted))}]
    missing = frozenset(random.sample(_RESOURCES, random.choice((0, 0, 0, 1, 2))))
    return Generated(given, service, missing)


def _back(random: Random) -> Given:
    back = next(spec for spec in specs("episode") if spec.name == "back_pain_days")
    condition = _condition(random, back)
    condition["status"] = random.choice(("active", "active", "active", "recurrence", "missing"))
    return condition


def _condition(random: Random, spec: FactSpec) -> Given:
    condition: Given = {"code": random.choice(codes_of(spec))}
    condition["status"] = random.choice(("active", "active", "active", "resolved", "inactive", "missing"))
    if random.random() < 0.4:
        condition["verification"] = random.choice(("confirmed", "provisional", "differential", "unconfirmed", "refuted"))
    spelled = random.random()
    if spelled < 0.7:
        condition["onset"] = random.choice(_WHENS)
    elif spelled < 0.85:
        condition["recorded"] = random.choice(_WHENS)
    elif spelled < 0.9:
        condition["onset"] = random.choice(("2026-02", "2025", "2026-01"))
    return condition


def _dated(random: Random, code: str) -> Given:
    return {"code": code, "dated": random.choice(_WHENS)}


def patients(shard: int) -> list[tuple[Generated, Random]]:
    """This shard's patients, each with a source of chance of its own for what a law changes."""
    own = Random(f"patients of shard {shard}")  # noqa: S311 - chance, no secret
    return [(generate(own), Random(own.random())) for _ in range(PATIENTS // SHARDS)]  # noqa: S311 - as above
