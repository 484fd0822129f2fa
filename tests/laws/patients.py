"""Generated patients: charts in the short spelling of test cases, made of the pack's own value sets, from a seed.

Most have low back pain, many have something that speaks against exercise, some have data that are hard to read. Used by one file a law.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from functools import cache, lru_cache
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest

from exercise_cds.authoring.chart_builder import PATIENT, bundle, drafts_of, resources_of
from exercise_cds.cards import Composed, Composer
from exercise_cds.cds_service import CdsService, Examination, Serving, prepare
from exercise_cds.fhir.folder import answered
from exercise_cds.model.client import ANONYMOUS
from exercise_cds.model.codes import CPT, ICD10CM, LOINC, RXNORM, SNOMED
from exercise_cds.model.decision import Decision
from exercise_cds.model.hooks import HOOKS
from exercise_cds.model.pack import FactSpec, Matcher, RulePack
from exercise_cds.rulepack import load
from exercise_cds.wire import Card, HookRequest

PACK = Path(__file__).resolve().parents[2] / "rules" / "low-back-pain"
TODAY = date(2026, 3, 2)
EXERCISE, CHOSEN, SIGNED = "low-back-pain-exercise", "low-back-pain-orders", "low-back-pain-orders-sign"
PATIENTS = int(os.environ.get("LAWS_PATIENTS", "1000"))
"""How many patients a law is tried on: LAWS_PATIENTS asks for more."""
SHARDS = 4
every_shard = pytest.mark.parametrize("shard", range(SHARDS), ids=[f"shard{number}" for number in range(SHARDS)], scope="session")
"""Each law runs in parts, so that two processes may share it: `-k "shard0 or shard1"`.

Of the scope of a session, so that all laws are tried on one part before the next: its plain answers are then asked for once.
"""
_ALIASES = {SNOMED: "snomed", LOINC: "loinc", ICD10CM: "icd-10-cm", CPT: "cpt", RXNORM: "rxnorm"}
_WHENS = ("today", "1 day ago", "13 days ago", "14 days ago", "29 days ago", "31 days ago", "85 days ago", "91 days ago", "800 days ago")
_RESOURCES = ("Procedure", "MedicationRequest", "ServiceRequest", "Observation", "CarePlan")
_AGES = (9, 17, 18, 34, 41, 58, 64, 65, 79)
_SCORES = (0, 2, 4.37, 6.6, 7, 9, 99, -1, "loinc|LA6113-0", "loinc|LA10139-6")
_PLACES = ("low back", "lumbar region", "left leg", "right leg", "both legs", "saddle", "neck")
_IN_WORDS = ("Prostate cancer", "Family history of breast cancer", "Metastatic disease", "Screening for cancer", "Low back pain")
_OTHERS: tuple[tuple[str, tuple[float | str, ...], str], ...] = (
    ("loinc|39156-5", (24.5, 39.9, 40, 44), "kg/m2"),
    ("loinc|44261-6", (3, 9, 10, 22), "{score}"),
    ("loinc|70274-6", (3, 9, 10, 18), "{score}"),
    ("loinc|91351-7", (1, 3, 4, 8), "{score}"),
    ("loinc|82810-3", ("loinc|LA15173-0", "loinc|LA26683-5"), ""),
    ("loinc|29463-7", (60, 80, 95, 100), "kg"),
)
_DRAFTED_WORDS = ("Bed rest", "No bed rest", "Tramadol 50 mg", "Walk daily")

Given = dict[str, Any]


@dataclass(frozen=True)
class Generated:
    """One patient: what the chart says, which service is asked, and which resource types the EHR cannot send."""

    given: Given
    service: str = EXERCISE
    missing: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Plain:
    """A patient and the plain answer: what every law starts from. `chance` is a source of its own for what a law changes."""

    patient: Generated
    decision: Decision
    unobtainable: tuple[str, ...]
    composed: bytes
    seed: float

    @property
    def chance(self) -> Random:
        """The same for every law that asks."""
        return Random(self.seed)  # noqa: S311 - chance, no secret

    @property
    def cards(self) -> list[Card]:
        """The cards, read back from their JSON text: thousands of answers are kept at once."""
        return list(orjson.loads(self.composed))


class _Wordless(Composer):
    """Writes no cards: for the answers of which a law compares the decision alone."""

    def compose(self, *_: object, **__: object) -> Composed:
        """No card."""
        return Composed([], ())


@cache
def serving() -> Serving:
    """The shipped pack, compiled once a process."""
    loaded = load(PACK)
    assert loaded.pack is not None, loaded.findings
    return prepare(loaded.pack, named_services=frozenset(loaded.pack.services))


def without_words(full: Serving) -> Serving:
    """The same pack without a word on cards: a third of the time less."""
    return replace(full, composer=_Wordless(full.pack))


@cache
def wordless() -> Serving:
    """The shipped pack, without words."""
    return without_words(serving())


def written(code: tuple[str, str]) -> str:
    """A code in the spelling of cases."""
    return f"{_ALIASES.get(code[0], code[0])}|{code[1]}"


def codes_of(spec: FactSpec) -> list[str]:
    """The codes that a fact takes, with or without a place, sorted, in the spelling of cases."""
    return _codes_of(spec.matcher)


@cache
def _codes_of(matcher: Matcher) -> list[str]:
    return sorted(written(code) for code in matcher.codes | matcher.codes_with_site)


@cache
def specs(kind: str) -> list[FactSpec]:
    """The pack's facts of a kind that have codes of their own."""
    pack: RulePack = serving().pack
    return [spec for spec in pack.facts.values() if spec.kind == kind and codes_of(spec)]


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
    given: Given = {"patient": _person(random)}
    given["conditions"] = [_back(random)] if random.random() < 0.95 else []
    given["conditions"] += [_condition(random, random.choice(specs("condition"))) for _ in range(random.choice((0, 0, 1, 1, 2, 4)))]
    if random.random() < 0.05:
        given["conditions"].append({"text": random.choice(_IN_WORDS), "onset": random.choice(_WHENS)})
    if random.random() < 0.8:
        given["scores"] = [{"value": random.choice(_SCORES), "dated": random.choice(_WHENS)} for _ in range(random.choice((1, 1, 1, 2)))]
    given["observations"] = [{"code": "loinc|8310-5", "value": random.choice((36.6, 37.9, 38.0, 39.2)), "unit": "Cel", "dated": when}
                             for when in random.sample(_WHENS, random.choice((0, 0, 0, 1, 2)))]  # fmt: skip
    given["observations"] += [_other(random) for _ in range(random.choice((0, 0, 0, 1, 2)))]
    for key, kind in (("procedures", "procedure"), ("medications", "medication"), ("orders", "order"), ("plans", "care_plan")):
        if random.random() < 0.2:
            given[key] = [_dated(random, random.choice(codes_of(random.choice(specs(kind)))))]
    service = EXERCISE
    if random.random() < 0.2:
        service = random.choice((CHOSEN, CHOSEN, SIGNED))
        given["drafts"] = [_draft(random) for _ in range(random.choice((1, 1, 2)))]
    missing = frozenset(random.sample(_RESOURCES, random.choice((0, 0, 0, 0, 1, 2)))) | ({"Condition"} if random.random() < 0.02 else set())
    return Generated(given, service, missing)


def _person(random: Random) -> Given:
    spelled = random.random()
    if spelled < 0.9:
        return {"age": random.choice(_AGES)}
    return {} if spelled < 0.95 else {"birth_date": random.choice(("1961", "2008", "1985-03", "2008-02"))}


def _back(random: Random) -> Given:
    back = next(spec for spec in specs("episode") if spec.name == "back_pain_days")
    condition = _condition(random, back)
    condition["status"] = random.choice(("active", "active", "active", "recurrence", "missing"))
    if condition["status"] == "recurrence" and "onset" in condition:
        condition["recorded"] = random.choice(_WHENS)
    return condition


def _condition(random: Random, spec: FactSpec) -> Given:
    condition: Given = {"code": random.choice(codes_of(spec))}
    condition["status"] = random.choice(("active", "active", "active", "resolved", "inactive", "missing"))
    if random.random() < 0.4:
        condition["verification"] = random.choice(
            ("confirmed", "provisional", "differential", "unconfirmed", "refuted", "entered-in-error")
        )
    if random.random() < (0.5 if spec.matcher.site else 0.05):
        condition["body_site"] = random.choice(_PLACES)
    spelled = random.random()
    if spelled < 0.68:
        condition["onset"] = random.choice(_WHENS)
    elif spelled < 0.82:
        condition["recorded"] = random.choice(_WHENS)
    elif spelled < 0.88:
        condition["onset"] = random.choice(("2026-02", "2025", "2026-01", "in 3 days"))
    elif spelled < 0.91:
        condition["onset_text"] = random.choice(("about 3 weeks", "10 days", "a while"))
    elif spelled < 0.93:
        condition["onset_age"] = random.choice((8, 30, 60))
    return condition


def _other(random: Random) -> Given:
    code, values, unit = random.choice(_OTHERS)
    return {"code": code, "value": random.choice(values), "dated": random.choice(_WHENS)} | ({"unit": unit} if unit else {})


def _draft(random: Random) -> Given:
    if random.random() < 0.2:
        return {"text": random.choice(_DRAFTED_WORDS)}
    code = random.choice(codes_of(random.choice(specs("draft_order"))))
    return {"medication": code} if code.startswith("rxnorm|") else {"code": code}


def _dated(random: Random, code: str) -> Given:
    dated = {"code": code, "dated": random.choice(_WHENS)}
    return dated | ({"status": random.choice(("completed", "on-hold", "active"))} if random.random() < 0.2 else {})


@lru_cache(maxsize=1)
def patients(shard: int) -> tuple[Plain, ...]:
    """This shard's patients with their plain answers. Those of the last shard are kept, for the laws that come next."""
    own = Random(f"patients of shard {shard}")  # noqa: S311 - chance, no secret
    return tuple(_plain(generate(own), own.random()) for _ in range(PATIENTS // SHARDS))


def _plain(patient: Generated, seed: float) -> Plain:
    seen = ask(patient)
    return Plain(patient, seen.decision, seen.unobtainable, orjson.dumps(seen.composed.cards), seed)
