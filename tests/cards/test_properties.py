"""What holds of any decision and any facts, hostile words included."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

from fhir.resources.R4B.careplan import CarePlan
from fhir.resources.R4B.servicerequest import ServiceRequest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from builders.packs import text
from cards.situations import TODAY, counted
from cards.small_pack import ORDERS, PACK
from cards.test_markdown import HOSTILE
from exercise_cds.cards import Composed, Composer, broken_invariants
from exercise_cds.model.decision import Decision, Gate, OfferedProgram, Outcome, RuleOutcome, Truth, Why, Withheld
from exercise_cds.model.facts import Bounds, Cause, Evidence, Fact, InDoubt, Known, NotRecorded
from exercise_cds.model.pack import FactSpec, Program, RulePack

GFM = MarkdownIt("gfm-like")
WORDS = st.one_of(HOSTILE, st.sampled_from(["Low back pain", "x" * 10_000, "כאב גב", "lumbago " * 900]))
EVIDENCE = st.builds(
    Evidence,
    resource=st.sampled_from(["Condition/lbp", "Condition", "Observation/1", "Condition/<b>"]),
    date=st.sampled_from(["", "2026-03", "2026-02-20", "2026-02-20T10:00:00Z", "<script>"]),
    shown=WORDS,
    remark=WORDS,
)
SEVERAL = st.lists(EVIDENCE, max_size=2).map(tuple)
REMARKS = st.lists(WORDS, max_size=2).map(tuple)


def facts_of(spec: FactSpec) -> st.SearchStrategy[Fact]:
    """Any fact of a specification, in any of its four states."""
    unknown = (
        st.builds(NotRecorded, remarks=REMARKS, evidence=SEVERAL),
        st.builds(InDoubt, cause=st.sampled_from(Cause), why=WORDS, evidence=SEVERAL),
    )
    if spec.kind in ("episode", "score", "measurement"):
        numbers = st.integers(0, 2000).map(lambda tenths: tenths / 10)
        bounds = st.tuples(numbers, numbers).map(sorted)
        return st.one_of(
            st.builds(Known, value=numbers, evidence=SEVERAL, remarks=REMARKS),
            st.builds(lambda ends, evidence: Bounds(ends[0], ends[1] + 1, evidence), bounds, SEVERAL),
            st.builds(lambda least, evidence: Bounds(least, None, evidence), numbers, SEVERAL),
            *unknown,
        )
    return st.one_of(st.builds(Known, value=st.booleans(), evidence=SEVERAL, remarks=REMARKS), *unknown)


FACTS = st.fixed_dictionaries({name: facts_of(spec) for name, spec in PACK.facts.items()})


@st.composite
def decisions(draw: st.DrawFn) -> Decision:
    """Any decision that could be made of the small pack, and many that could not."""
    rules = []
    for one in PACK.rules:
        when, unless = draw(st.sampled_from(Truth)), draw(st.sampled_from(Truth))
        why = draw(st.sampled_from([None, *Why])) if one.withholds else None
        rules.append(RuleOutcome(one.id, when, unless, draw(st.booleans()), why))
    ids = list(PACK.programs)
    withheld = tuple(
        Withheld(program, one.id, draw(st.sampled_from(Why)))
        for one in PACK.rules
        for part in one.withholds
        for program in sorted(part.programs)
        if draw(st.integers(0, 3)) == 0
    )
    left = [name for name in ids if name not in {one.program for one in withheld}]
    offered = tuple(draw(offers(name)) for name in draw(st.lists(st.sampled_from(left), unique=True))) if left else ()
    places = [(one.id, place) for one in PACK.rules for place in range(len(one.notes))]
    return Decision(
        outcome=draw(st.sampled_from(Outcome)),
        about=draw(st.sampled_from([Gate.OPEN, Gate.OPEN, Gate.OPEN, Gate.IN_DOUBT, Gate.CLOSED])),
        service_gate=draw(st.sampled_from([Gate.OPEN, Gate.OPEN, Gate.OPEN, Gate.IN_DOUBT, Gate.CLOSED])),
        rules=tuple(rules),
        said=tuple(draw(st.lists(st.sampled_from([one.id for one in PACK.rules if one.card]), unique=True))),
        offered=offered,
        withheld=withheld,
        in_place=tuple(draw(st.lists(st.sampled_from(ids), max_size=2, unique=True))),
        in_place_in_doubt=tuple(draw(st.lists(st.sampled_from(ids), max_size=2, unique=True))),
        notes=tuple(draw(st.lists(st.sampled_from(places), unique=True))),
        disagreement=draw(st.sampled_from([{}, {}, {}, {"sciatica": "durable-rules"}])),
        engine_error=draw(st.sampled_from(["", "", "", "ValueError"])),
    )


@st.composite
def offers(draw: st.DrawFn, name: str) -> OfferedProgram:
    """One offered program with any of its steps withheld, though not all."""
    program = PACK.programs[name]
    loads = sorted(frozenset().union(*(step.loads for step in program.steps)))
    taken = draw(st.sets(st.sampled_from(loads))) if loads else set()
    kept = tuple(step.id for step in program.steps if not step.loads & taken)
    cut = tuple(step.id for step in program.steps if step.loads & taken)
    by = draw(st.lists(st.sampled_from([one.id for one in PACK.rules if one.offers]), max_size=3, unique=True))
    options = draw(st.permutations(list(program.options)))
    return OfferedProgram(name, tuple(by), kept, cut, tuple(sorted(taken)), tuple(options), fallback=draw(st.booleans()))


@cache
def composer(pack: RulePack | None = None) -> Composer:
    """A composer, made once."""
    return Composer(pack or PACK, handouts_base_url="https://cds.example.org/handouts")


def composed(decision: Decision, facts: dict[str, Fact], service: str = ORDERS, writer: Composer | None = None) -> Composed:
    """The cards of a random patient."""
    return (writer or composer()).compose(
        service, decision, facts, patient_id="p1", user_id="Practitioner/d", decision_id=counted(9)(), new_uuid=counted(10), today=TODAY
    )


@settings(max_examples=180, deadline=None)
@given(decisions(), FACTS)
def test_no_decision_breaks_a_rule_of_cds_hooks(decision: Decision, facts: dict[str, Fact]) -> None:
    """Whatever was decided and whatever stands in the chart, the body keeps every invariant, and no detail passes 2,500 characters."""
    cards = composed(decision, facts).cards
    assert broken_invariants({"cards": cards}) == []
    assert all(card["detail"] and len(card["detail"]) <= 2500 for card in cards)
    json.dumps(cards).encode()


@settings(max_examples=120, deadline=None)
@given(decisions(), FACTS)
def test_a_withheld_program_or_step_is_nowhere_in_the_suggestions(decision: Decision, facts: dict[str, Fact]) -> None:
    """Suggestions name offered programs with the steps that are left; withheld steps appear neither by title nor by text."""
    offered = {one.program: one for one in decision.offered}
    for card in composed(decision, facts).cards:
        for suggestion, program in zip(card.get("suggestions", []), offered, strict=bool(card.get("suggestions"))):
            told = json.dumps(suggestion)
            for step in PACK.programs[program].steps:
                assert (step.text in told) is (step.id in offered[program].steps)
                assert (step.title in told) is (step.id in offered[program].steps)
        names = {suggestion["label"] for suggestion in card.get("suggestions", [])}
        assert not names & {PACK.programs[one.program].title for one in decision.withheld}


@settings(max_examples=80, deadline=None)
@given(decisions(), FACTS)
def test_nothing_is_offered_where_engines_differ_or_a_gate_is_in_doubt(decision: Decision, facts: dict[str, Fact]) -> None:
    """Suggestions stand on at most one card, the last, and only where both gates are open and the engines agree."""
    composed_ = composed(decision, facts)
    offering = [place for place, card in enumerate(composed_.cards) if "suggestions" in card]
    assert offering in ([], [len(composed_.cards) - 1])
    if decision.disagreement or decision.engine_error or Gate.IN_DOUBT in (decision.about, decision.service_gate):
        assert not offering
    assert [given.uuid for given in composed_.given] == [card["uuid"] for card in composed_.cards]


@settings(max_examples=80, deadline=None)
@given(decisions(), FACTS)
def test_what_is_created_is_valid_r4(decision: Decision, facts: dict[str, Fact]) -> None:
    """Every resource of every suggestion validates under fhir.resources."""
    models = {"CarePlan": CarePlan, "ServiceRequest": ServiceRequest}
    for card in composed(decision, facts).cards:
        for suggestion in card.get("suggestions", []):
            for action in suggestion["actions"]:
                models[action["resource"]["resourceType"]].model_validate(action["resource"])


def rendered(markdown: str) -> str:
    """The HTML of a detail, as a careless client would make it: raw HTML and bare addresses let through."""
    return GFM.render(markdown)


def only_our_markup(html: str) -> bool:
    """Paragraphs, lists and bold labels: nothing else."""
    left = html
    for tag in ("p", "ul", "li", "strong"):
        left = left.replace(f"<{tag}>", "").replace(f"</{tag}>", "")
    return "<" not in left


@settings(max_examples=130, deadline=None)
@given(decisions(), FACTS)
def test_hostile_words_of_a_chart_stay_text(decision: Decision, facts: dict[str, Fact]) -> None:
    """Markdown, HTML, addresses, overrides and 10,000 characters in a chart bring no link, no tag, no table and no heading into a card."""
    for card in composed(decision, facts).cards:
        assert only_our_markup(rendered(card["detail"]))
        assert "\u202e" not in card["detail"] + card["summary"]


def hostile_pack(words: list[str]) -> RulePack:
    """The small pack in which every text of the author is hostile."""
    turn = iter(words * 200)

    def program(one: Program) -> Program:
        steps = tuple(replace(step, title=f"{next(turn)} t-{step.id}", text=f"{next(turn)} s-{step.id}") for step in one.steps)
        dosing = replace(one.dosing, frequency=next(turn), type=next(turn))
        return replace(one, title=next(turn), steps=steps, dosing=dosing, handout=next(turn), order=replace(one.order, text=next(turn)))

    rules = tuple(
        replace(
            rule,
            title=next(turn),
            card=replace(rule.card, summary=(text(next(turn)),), detail=text(next(turn) + "\n{found}\n" + next(turn)))
            if rule.card
            else None,
            offers=tuple(replace(offer, because=text(next(turn))) for offer in rule.offers),
            notes=tuple(replace(note, text=text(next(turn))) for note in rule.notes),
            withholds=tuple(replace(part, because=text(next(turn))) for part in rule.withholds),
        )
        for rule in PACK.rules
    )
    return replace(
        PACK,
        title=next(turn),
        rules=rules,
        programs={name: program(one) for name, one in PACK.programs.items()},
        facts={name: replace(spec, says=next(turn)) for name, spec in PACK.facts.items()},
        evidence={name: replace(one, title=next(turn), strength=next(turn)) for name, one in PACK.evidence.items()},
        card=replace(PACK.card, summary=(text(next(turn)),), coded_data_only=next(turn), withheld_summary=()),
    )


@settings(max_examples=120, deadline=None)
@given(decisions(), FACTS, st.lists(WORDS, min_size=1, max_size=12))
def test_hostile_words_of_a_pack_stay_text(decision: Decision, facts: dict[str, Fact], words: list[str]) -> None:
    """What holds for a chart holds for a rule file: no tag, no link, no heading from any text of the author; lengths and rules hold."""
    cards: list[Any] = list(composed(decision, facts, writer=Composer(hostile_pack(words))).cards)
    assert broken_invariants({"cards": cards}) == []
    for card in cards:
        assert len(card["detail"]) <= 2500
        assert only_our_markup(rendered(card["detail"]))
