"""What is asked for: facts of a service, prefetch keys and templates, elements that are validated."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote, unquote

import pytest

from builders.packs import SERVICE, offer, pack, program, rule, service, text, yes
from builders.reading import FACTS, PLAN, codes, fact, plan_of
from exercise_cds.fhir import plan_reads
from exercise_cds.fhir.elements import elements_of
from exercise_cds.fhir.models import model_of
from exercise_cds.model.codes import LOINC
from exercise_cds.model.kinds import KINDS, Ask
from exercise_cds.model.pack import Matcher, NamedCondition, Overruled, Unchecked
from exercise_cds.model.tree import Always, Leaf, Op

CONDITION_ONLY = (fact("a", "condition", matcher=Matcher(codes=codes(LOINC, "1"))),)


def test_templates_are_those_of_the_house() -> None:
    """The Patient is read, most types are asked by patient alone, CarePlans by category, and Observations by their codes, newest first."""
    assert dict(PLAN.templates) == {
        "patient": "Patient/{{context.patientId}}",
        "conditions": "Condition?patient={{context.patientId}}",
        "procedures": "Procedure?patient={{context.patientId}}",
        "medications": "MedicationRequest?patient={{context.patientId}}",
        "orders": "ServiceRequest?patient={{context.patientId}}",
        "answers": "QuestionnaireResponse?patient={{context.patientId}}",
        "care-plans": "CarePlan?patient={{context.patientId}}"
        "&category=http://hl7.org/fhir/us/core/CodeSystem/careplan-category|assess-plan",
        "observations-pain": "Observation?patient={{context.patientId}}"
        "&code=http://loinc.org|72514-3,http://loinc.org|75893-8&_sort=-date&_count=20",
        "observations-temperature": "Observation?patient={{context.patientId}}&code=http://loinc.org|8310-5&_sort=-date&_count=20",
    }


def test_only_the_patient_id_is_asked_back() -> None:
    """Every template holds the token context.patientId once and no other (CH-050, CH-051)."""
    for template in PLAN.templates.values():
        assert template.count("{{") == template.count("{{context.patientId}}") == 1


def test_drafted_orders_are_not_asked_for() -> None:
    """A fact about drafts reads the hook's context, so no prefetch key serves it."""
    assert PLAN.drafts_read == {"drafts_rest"}
    assert not any("drafts_rest" in query.facts for query in PLAN.queries.values())


def test_every_fact_but_drafts_has_the_keys_of_its_types() -> None:
    """Each fact is served by a key for every resource type that its kind reads, so that what is missing there puts it in doubt."""
    for spec in FACTS:
        served = {type_ for query in PLAN.queries.values() if spec.name in query.facts for type_ in query.types}
        assert served == {reads.type for reads in KINDS[spec.kind].reads if reads.ask is not Ask.CONTEXT}


def test_long_code_lists_become_several_keys() -> None:
    """A fact with hundreds of codes is asked under several keys, none over 1,500 encoded characters, and no code is lost."""
    many = codes(LOINC, *(f"{number}-1" for number in range(10_000, 10_300)))
    plan = plan_of([*CONDITION_ONLY, fact("big", "measurement", matcher=Matcher(codes=many), within=7)])
    templates = [query.template for query in plan.queries.values() if "big" in query.facts]
    asked = {value for template in templates for value in template.split("code=")[1].split("&")[0].split(",")}
    assert len(templates) > 1
    assert all(len(quote(template, safe="")) <= 1_500 for template in templates)
    assert asked == {f"{system}|{code}" for system, code in many}


def test_facts_with_the_same_codes_share_a_key() -> None:
    """Two facts that read the same observations are asked for once."""
    same = Matcher(codes=codes(LOINC, "8310-5"))
    plan = plan_of(
        [*CONDITION_ONLY, fact("fever", "measurement", matcher=same, within=7), fact("newest", "score", matcher=same, within=30)]
    )
    assert [set(query.facts) for key, query in plan.queries.items() if key.startswith("observations")] == [{"fever", "newest"}]


def test_a_code_with_reserved_characters_is_escaped() -> None:
    """A comma within a code is FHIR-escaped and percent-encoded, so that a server does not read two codes."""
    odd = fact("odd", "measurement", matcher=Matcher(codes=frozenset({("http://x.example/a b", "1,2&3")})), within=7)
    template = plan_of([*CONDITION_ONLY, odd]).templates["observations-odd"]
    assert "code=http://x.example/a%20b|1%5C%2C2%263&" in template
    assert unquote("1%5C%2C2%263") == "1\\,2&3"


def test_a_fact_named_like_a_key_gets_its_own() -> None:
    """A score called `conditions` does not take the place of the key `conditions`."""
    score = fact("conditions", "score", matcher=Matcher(codes=codes(LOINC, "72514-3")), within=30)
    assert set(plan_of([*CONDITION_ONLY, score]).queries) == {"conditions", "observations-conditions"}


def test_a_site_may_replace_a_template() -> None:
    """The overlay's template stands in discovery, and whether it comes in date order is read from it."""
    ours = pack(rule("r", yes("pain")), facts=FACTS, about=Always())
    changed = replace(ours, prefetch={"observations-pain": "Observation?patient={{context.patientId}}&category=survey"})
    query = plan_reads(changed, SERVICE).queries["observations-pain"]
    assert query.template == "Observation?patient={{context.patientId}}&category=survey"
    assert not query.in_date_order
    assert plan_reads(ours, SERVICE).queries["observations-pain"].in_date_order


def test_a_service_reads_what_its_rules_name() -> None:
    """Facts come from when, unless, texts, in_place_if, the gate, the service's own when, `tell: always` and what overrules them."""
    overruled = Overruled("thermometer", Leaf("thermometer", Op.BELOW, 38.0))
    facts = [
        fact(name, "condition")
        for name in ("in_when", "in_unless", "in_text", "in_place", "gate", "of_service", "inner", "elsewhere", "unread")
    ]
    facts += [fact("fever", "condition", overruled_by=overruled), fact("told", "condition", tell=True)]
    facts += [fact("thermometer", "measurement", within=7)]
    speaks = rule("speaks", yes("in_when"), yes("in_unless"), offers=[offer("walk", because="As {in_text} and {named} and {found} say")])
    silent_here = rule("elsewhere", yes("elsewhere"), services=["other"])
    services = (service(SERVICE, when=yes("of_service")), service("other"))
    made = pack(
        speaks, silent_here, facts=facts, about=yes("gate"), services=services, programs=[program("walk", in_place_if=yes("in_place"))]
    )
    named = {"named": NamedCondition("named", "named", yes("inner"))}
    summary = replace(made.card, summary=(text("Fever {fever}"),))
    plan = plan_reads(replace(made, named=named, card=summary), SERVICE)
    read = {"in_when", "in_unless", "in_text", "in_place", "gate", "of_service", "inner", "fever", "thermometer", "told"}
    assert set(plan.facts) == read


def test_types_that_are_never_shared_are_known() -> None:
    """The overlay's unchecked types stand in the plan."""
    made = replace(pack(rule("r", yes("surgery")), facts=FACTS), unchecked=(Unchecked("Procedure", "because", "somebody"),))
    assert plan_reads(made, SERVICE).unchecked == {"Procedure"}


@pytest.mark.parametrize("type_", sorted(PLAN.elements))
def test_the_lists_hold_what_changes_meaning(type_: str) -> None:
    """Each list has what facts read, what the type requires, all of each choice, modifierExtension, implicitRules, and `_` siblings."""
    kept, model = PLAN.elements[type_], model_of(type_)
    read = {name for spec in FACTS for reads in KINDS[spec.kind].reads if reads.type == type_ for name in reads.elements}
    assert read & model.names | model.required | {"modifierExtension", "implicitRules", "resourceType"} <= kept
    assert all(model.choices[name] <= kept for name in kept & model.choices.keys())
    assert {f"_{name}" for name in kept} & model.names <= kept
    assert kept <= model.names


def test_elements_that_nobody_reads_are_left_out() -> None:
    """Narrative, names, addresses and notes of other types are not validated."""
    assert not PLAN.elements["Patient"] & {"text", "name", "address", "photo", "contact"}
    assert not elements_of(FACTS)["Condition"] & {"text", "note", "evidence", "stage"}


def test_every_element_of_the_table_of_kinds_is_one_of_fhirs() -> None:
    """The table of kinds names no element that its type does not have, but effective[x] and value[x] spellings that R4B knows."""
    unknown = {
        (reads.type, name) for kind in KINDS.values() for reads in kind.reads for name in reads.elements - model_of(reads.type).names
    }
    assert unknown == set()
