"""Selection on raw JSON: never less than reading everything would find, whatever the order, the spelling and the company of entries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders.charts import Charts
from builders.charts import bundle as searchset
from builders.packs import pack, rule
from builders.random_records import Records
from builders.reading import (
    FACTS,
    ICD10CM,
    LOINC,
    PLAN,
    RXNORM,
    SNOMED,
    TODAY,
    UTC,
    bundle,
    coded,
    everything,
    fact,
    plan_of,
    read,
    resource,
    taken,
    text_of,
)
from exercise_cds.facts import Deriver
from exercise_cds.fhir import ReadPlan, plan_reads
from exercise_cds.fhir.models import model_of
from exercise_cds.fhir.select import MOST_REMEMBERED
from exercise_cds.model.chart import Chart, Entry
from exercise_cds.model.kinds import KINDS, Ask
from exercise_cds.model.pack import Matcher, RulePack
from exercise_cds.model.tree import Always
from exercise_cds.rulepack import load

PACK = pack(rule("reads-all", Always()), facts=FACTS)
ROOT = Path(__file__).resolve().parents[2]
RELAXED = settings(deadline=None, max_examples=200)


# What an entry looks at -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        {"coding": [{"system": ICD10CM, "code": "m5450"}]},
        {"coding": [{"system": "urn:oid:2.16.840.1.113883.6.90", "code": "M54.50"}]},
        {"coding": [{"system": SNOMED, "code": "1"}, {"system": ICD10CM, "code": "M54.50", "display": "x"}], "text": "anything"},
        {"coding": [{"system": ICD10CM, "code": "M54.9"}]},
    ],
)
def test_codes_are_compared_as_everywhere(code: dict[str, Any]) -> None:
    """Case and dot of ICD-10-CM, other spellings of its system, and a code that needs a site (the fact looks for it) are taken."""
    assert taken(read(Condition=bundle(resource("Condition", code=code))))["back_pain"] == ("x1",)


@pytest.mark.parametrize(
    ("code", "facts"),
    [
        (coded(ICD10CM, "C50.911"), {"cancer"}),
        (coded(ICD10CM, "C44.91"), set()),
        ({"text": "Metastatic lung CANCER (disorder)"}, {"cancer"}),
        ({"text": "cancerous"}, set()),
        ({"coding": [{"display": "Bed  sore of heel"}]}, {"cancer"}),
        (coded(SNOMED, "38341003", "Hypertension"), set()),
        (coded("", "M54.50"), set()),
    ],
)
def test_conditions_by_code_category_and_words(code: dict[str, Any], facts: set[str]) -> None:
    """By code, by category of ICD-10-CM, and by whole words in text and display; others are not validated at all."""
    assert set(taken(read(Condition=bundle(resource("Condition", code=code))))) - {"age", "died", "back_pain_days"} == facts


@pytest.mark.parametrize(
    "code",
    [None, {}, 5, "M54.50", [], [coded(ICD10CM, "J45")], {"coding": {}}, {"coding": ["M54.50"]}, {"coding": [{"system": 5, "code": "J45"}]},
     {"coding": [{"code": ["J45"]}]}, {"coding": [{}]}, {"coding": []}, {"text": 5}, {"coding": None}, {"coding": [{"display": 5}]}],
)  # fmt: skip
def test_what_cannot_be_judged_is_kept(code: Any) -> None:
    """A code that is absent, says nothing, or is no CodeableConcept is taken by every fact of its type: read, or unreadable to all."""
    chart = read(Condition=bundle(resource("Condition", code=code)))
    had = {name for one in chart.unreadable for name in one.facts} | {
        name for name, found in chart.entries.items() if any(entry.type == "Condition" for entry in found)
    }
    assert had == PLAN.queries["conditions"].facts


def test_a_site_in_words_is_looked_for_in_body_site() -> None:
    """Words are looked for in bodySite too."""
    other = resource("Condition", code=coded(SNOMED, "1"), bodySite=[{"text": "bed sore, heel"}])
    assert "cancer" in taken(read(Condition=bundle(other)))


def test_components_of_a_panel_are_looked_at() -> None:
    """A panel whose own code no fact reads is taken for the code of one of its components."""
    panel = resource(
        "Observation", code=coded(LOINC, "91148-7"), valueQuantity=None, component=[{"code": coded(LOINC, "75893-8"), "valueInteger": 6}]
    )
    assert taken(read(Observation=bundle(panel)))["pain"] == ("x1",)


def test_members_of_a_panel_are_looked_at() -> None:
    """A panel is taken with its member in the same bundle, found by `Type/id`, by an absolute reference, or by fullUrl."""
    member = resource("Observation", "m1")
    for reference in (
        "Observation/m1",
        "https://ehr.example/fhir/Observation/m1/_history/2",
        "urn:uuid:33333333-3333-3333-3333-333333333333",
    ):
        panel = resource("Observation", code=coded(LOINC, "91148-7"), valueQuantity=None, hasMember=[{"reference": reference}])
        entry = {"fullUrl": "urn:uuid:33333333-3333-3333-3333-333333333333", "resource": member}
        assert taken(read(Observation=bundle(panel, entry)))["pain"] == ("x1", "m1")
    lost = resource("Observation", code=coded(LOINC, "91148-7"), hasMember=[{"reference": "Observation/gone"}, None, 5])
    assert "pain" not in taken(read(Observation=bundle(lost)))


DRUG = resource("Medication", "drug")
OTHER_DRUG = resource("Medication", "drug", code=coded(RXNORM, "1191", "Aspirin"))


@pytest.mark.parametrize("reference", ["#drug", "Medication/drug", "https://ehr.example/fhir/Medication/drug", "urn:uuid:4"])
@pytest.mark.parametrize(("drug", "is_taken"), [(DRUG, True), (OTHER_DRUG, False)])
def test_the_medication_decides(reference: str, drug: dict[str, Any], is_taken: bool) -> None:  # noqa: FBT001 - the answer is a column
    """A MedicationRequest is judged by the Medication that it refers to, contained or beside it, and handed on with it contained."""
    order = resource("MedicationRequest", medicationCodeableConcept=None, medicationReference={"reference": reference})
    beside = bundle(order, {"fullUrl": "urn:uuid:4", "resource": drug})
    value = bundle(order | {"contained": [drug]}) if reference == "#drug" else beside
    chart = read(MedicationRequest=value)
    assert ("steroid" in taken(chart)) is is_taken
    for entry in chart.entries["steroid"]:
        local = entry.resource.medicationReference.reference
        assert [one.code.coding[0].code for one in entry.resource.contained if f"#{one.id}" == local] == ["8640"]


@pytest.mark.parametrize(
    "reference", [{"reference": "Medication/gone"}, {"reference": "#gone"}, {"display": "Aspirin"}, {"identifier": {}}, "x", None, 5]
)
def test_a_medication_that_is_not_at_hand_cannot_be_judged(reference: Any) -> None:
    """An order whose Medication is elsewhere is kept: its fact sees the display, or that it could not be read."""
    order = resource("MedicationRequest", medicationCodeableConcept=None) | {"medicationReference": reference}
    chart = read(MedicationRequest=bundle(order))
    assert "steroid" in taken(chart) or [one.facts for one in chart.unreadable] == [{"steroid"}]


def test_the_words_of_a_reference_are_looked_at() -> None:
    """A medicationReference often brings a display only: that is enough for a fact with words."""
    order = resource(
        "MedicationRequest",
        medicationCodeableConcept=None,
        medicationReference={"reference": "Medication/drug", "display": "Prednisone 10 mg"},
    )
    assert "steroid" in taken(read(MedicationRequest=bundle(order, OTHER_DRUG)))


@pytest.mark.parametrize(
    ("items", "is_taken"),
    [
        ([{"linkId": "other"}], False),
        ([{"linkId": "group", "item": [{"linkId": "inner", "answer": [{"valueInteger": 1, "item": [{"linkId": "total"}]}]}]}], True),
        (None, False),
        ("x", True),
    ],
)
def test_every_item_is_looked_at(items: Any, is_taken: bool) -> None:  # noqa: FBT001 - the answer is the row's last column
    """A linkId is found at every depth, in groups and below answers; a list of items that is none cannot be judged."""
    chart = read(QuestionnaireResponse=bundle(resource("QuestionnaireResponse", item=items)))
    assert ("answered" in taken(chart) or bool(chart.unreadable)) is is_taken


@pytest.mark.parametrize(
    ("elements", "is_taken"),
    [
        ({"category": None}, True),
        ({"activity": [{"detail": {"status": "completed", "code": coded(SNOMED, "1")}}]}, True),
        ({"category": [coded(SNOMED, "1")], "activity": [{"detail": {"status": "completed", "code": coded(SNOMED, "1")}}]}, False),
        ({"category": [coded(SNOMED, "1")], "activity": [{"reference": {"reference": "ServiceRequest/1"}}]}, True),
        ({"category": [coded(SNOMED, "1")], "activity": [{"detail": {"status": "completed"}}]}, True),
        ({"category": [coded(SNOMED, "1")], "activity": None}, True),
    ],
)
def test_plans_by_category_and_activity(elements: dict[str, Any], is_taken: bool) -> None:  # noqa: FBT001 - the answer is the row's last column
    """A plan is taken for its category or an activity's code, and wherever an activity has no code of its own."""
    assert ("planned" in taken(read(CarePlan=bundle(resource("CarePlan", **elements))))) is is_taken


def test_verdicts_are_remembered_without_the_patients_words() -> None:
    """Of an element that holds words selection remembers a digest of sixteen bytes, of codes alone their bytes; both are bounded."""
    plan = plan_of([fact("back", "condition", matcher=Matcher(codes=frozenset({(ICD10CM, "M54.50")})))])
    (look, *_) = plan.selectors["Condition"].looks
    read(everything_of(bundle(resource("Condition", code={"text": "Pat Example has a cold"}))), plan=plan)
    assert look.seen is not None
    assert [(len(digest), names) for digest, names in look.seen.items()] == [(16, frozenset())]
    assert not look.known
    look.seen.update({number.to_bytes(16): frozenset() for number in range(MOST_REMEMBERED)})
    look.known.update({number.to_bytes(16): frozenset() for number in range(MOST_REMEMBERED)})
    spoken = coded(ICD10CM, "M54.50", "Pat Example has backache")
    read(everything_of(bundle(resource("Condition"), resource("Condition", "x2", code=spoken))), plan=plan)
    assert [(len(digest), names) for digest, names in look.seen.items()] == [(16, {"back"})]
    assert list(look.known.items()) == [(text_of(coded(ICD10CM, "M54.50")), {"back"})]


def everything_of(conditions: Any) -> dict[str, Any]:
    """Prefetch with conditions alone."""
    return {"conditions": conditions}


# Never less than reading everything -------------------------------------------------------------------------------------------------

SEEDS = st.integers(0, 2**32)


def in_full(record: dict[str, list[dict[str, Any]]], facts: Any, patient: dict[str, Any]) -> Chart:
    """The oracle: every resource validated whole, and given to every fact that reads its type."""
    beside = {f"Medication/{one['id']}": one for one in record.get("MedicationRequest", []) if one["resourceType"] == "Medication"}
    models = []
    for one in [patient, *(one for found in record.values() for one in found if one["resourceType"] != "Medication")]:
        drug = beside.get(one.get("medicationReference", {}).get("reference", ""))
        whole = (
            one | {"contained": [drug], "medicationReference": one["medicationReference"] | {"reference": f"#{drug['id']}"}}
            if drug
            else one
        )
        model = model_of(one["resourceType"]).build.model_validate(json.loads(text_of(whole)))
        models.append(Entry(model, one["resourceType"], "", frozenset()))
    types = {spec.name: {reads.type for reads in KINDS[spec.kind].reads if reads.ask is not Ask.CONTEXT} for spec in facts}
    return Chart(TODAY, UTC, {name: tuple(one for one in models if one.type in found) for name, found in types.items()})


def derived(made: RulePack, chart: Chart) -> dict[str, Any]:
    """The facts of a chart."""
    return dict(Deriver(made).derive(chart))


@RELAXED
@given(seed=SEEDS, ascii_only=st.booleans(), indent=st.sampled_from([None, 2]))
def test_selection_never_loses_what_full_parsing_finds(seed: int, ascii_only: bool, indent: int | None) -> None:  # noqa: FBT001 - drawn
    """Facts from selected entries, cut to what is read, equal the facts from every entry of the chart validated whole."""
    record = Records(seed).by_type()
    raw = everything(
        **{type_: json.dumps(bundle(*found), ensure_ascii=ascii_only, indent=indent).encode() for type_, found in record.items()}
    )
    chart = read(raw)
    assert not chart.issues
    assert derived(PACK, chart) == derived(PACK, in_full(record, FACTS, resource("Patient")))
    assert derived(PACK, read(raw, strict=True)) == derived(PACK, read(raw, later=True)) == derived(PACK, chart)


@RELAXED
@given(seed=SEEDS)
def test_order_and_repetition_do_not_matter(seed: int) -> None:
    """Shuffled, and with entries sent twice, the chart holds the same resources for the same facts."""
    records = Records(seed)
    record = records.by_type()
    repeated = {type_: found + records.random.choices(found, k=2) if found else [] for type_, found in record.items()}
    for found in repeated.values():
        records.random.shuffle(found)
    one = read(**{type_: bundle(*found) for type_, found in record.items()})
    other = read(**{type_: bundle(*found) for type_, found in repeated.items()})
    assert {name: sorted(ids) for name, ids in taken(one).items()} == {name: sorted(ids) for name, ids in taken(other).items()}
    assert other.gaps == one.gaps


@pytest.fixture(scope="module")
def shipped() -> tuple[RulePack, ReadPlan]:
    """The shipped pack and the plan of its first service."""
    loaded = load(ROOT / "rules" / "low-back-pain").pack
    assert loaded is not None
    return loaded, plan_reads(loaded, next(iter(loaded.services)))


@pytest.mark.parametrize("seed", range(6))
def test_the_shipped_pack_loses_nothing(shipped: tuple[RulePack, ReadPlan], seed: int) -> None:
    """Of a realistic chart, with codes of the pack's own facts strewn in, every fact is what reading everything makes of it."""
    made, plan = shipped
    charts = Charts(seed)
    record = charts.resources(60, "p1")
    patient = record.pop("Patient")[0]
    wanted = sorted(code for spec in plan.facts.values() for code in spec.matcher.codes)
    for number, one in enumerate(one for found in record.values() for one in found if "code" in one):
        if number % 2:
            system, code = wanted[(number * 37 + seed * 101) % len(wanted)]
            one["code"] = coded(system, code, one["code"]["text"])
    raw = {key: searchset([one for type_ in query.types for one in record.get(type_, [])]) for key, query in plan.queries.items()}
    chart = read(raw | {"patient": patient}, plan=plan, patient_id="p1", later=True)
    assert not chart.gaps
    assert not chart.issues
    full = in_full(record, plan.facts.values(), patient)
    only = frozenset(plan.facts)
    assert Deriver(made).derive(chart, only) == Deriver(made).derive(full, only)
