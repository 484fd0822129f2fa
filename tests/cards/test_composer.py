"""What a clinician gets: which cards, in which order, and what each must say."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from builders.packs import card, rule, text
from cards.situations import NOTHING, SITUATIONS, TODAY, Situation, counted, decided, held, offered, ruled, scored, since, there
from cards.small_pack import ALL, PACK, PROGRAMS, RULES
from exercise_cds.cards import EXTENSION, Composer, broken_invariants
from exercise_cds.model.decision import Decision, Gate, Outcome, Why
from exercise_cds.model.facts import FALSE, Bounds, Cause, Evidence, InDoubt, Known, NotRecorded
from exercise_cds.model.pack import Link, RulePack, Source, Unchecked

CODED = "Red flags were checked in coded data only."
DRAFT = "Draft: not yet reviewed by a clinician."


def cards_of(name: str) -> list[Any]:
    """The cards of a situation."""
    return list(SITUATIONS[name].composed().cards)


def only(situation: Situation) -> Any:
    """The one card of a situation."""
    (single,) = situation.composed().cards
    return single


# Which cards ---------------------------------------------------------------------------------------------------------------------


def test_rules_speak_first_then_comes_one_card_of_programs() -> None:
    """A drafted MRI in the third week brings what the rule says, then one card with all programs, several of which may be chosen."""
    said, programs = cards_of("early-mri")
    assert said["summary"] == "Imaging rarely helps in the first six weeks (20 days)"
    assert "suggestions" not in said
    assert [one["label"] for one in programs["suggestions"]] == ["Education: stay active", "Four easy stretches"]
    assert programs["selectionBehavior"] == "any"


def test_every_program_is_one_suggestion_in_the_order_of_the_decision() -> None:
    """Offers are gathered on one card; each suggestion creates one thing."""
    programs = only(SITUATIONS["twenty-days"])
    assert [one["label"] for one in programs["suggestions"]] == [
        PACK.programs[each.program].title for each in SITUATIONS["twenty-days"].decision.offered
    ]
    assert all(len(one["actions"]) == 1 for one in programs["suggestions"])


def test_an_emergency_is_one_critical_card_that_names_what_was_found() -> None:
    """Both signs stand in the summary with status and date; nothing is suggested; no second card explains the silence."""
    emergency = only(SITUATIONS["cauda-equina"])
    assert emergency["indicator"] == "critical"
    assert emergency["summary"] == "Check first: cauda equina syndrome, provisional, 2026-02-20; new urinary retention, 2026-03-01"
    assert "suggestions" not in emergency
    assert "**Withheld:** all programs — Emergency assessment comes first" in emergency["detail"]
    assert "lumbar surgery in the last 90 days (procedures were not sent)" in emergency["detail"]


def test_doubts_that_leave_no_program_give_one_card_that_names_the_checks() -> None:
    """The author's words in the summary; in the detail each check that could not be made, and why, once."""
    info = only(SITUATIONS["nothing-could-be-checked"])
    assert info["indicator"] == "info"
    assert info["summary"] == "No exercise program: some checks could not be made"
    assert "newest temperature (observations were not sent)" in info["detail"]
    assert "lumbar surgery in the last 90 days (procedures were not sent)" in info["detail"]
    assert "newest pain score: could not be checked, observations were not sent" in info["detail"]
    assert "osteoporosis (only provisional: osteoporosis, 2026-01-05)" in info["detail"]
    assert info["detail"].count("procedures were not sent") == 1


def test_contraindications_leave_the_referral_and_the_card_says_so() -> None:
    """After surgery the program card holds the referral alone, and its summary does not speak of programs that fit."""
    referral = only(SITUATIONS["after-surgery"])
    assert referral["summary"] == "Specialist referral suggested: the other programs are withheld"
    assert [one["label"] for one in referral["suggestions"]] == ["Specialist referral"]
    assert "all programs but Specialist referral — Lumbar surgery in the last 90 days" in referral["detail"]


def test_a_fallback_says_why_it_is_there() -> None:
    """A referral that no rule offered is offered because the others are withheld."""
    decision = decided(
        rules=ruled(fired=("wound",)),
        offered=(replace(offered("specialist-referral"), fallback=True),),
        withheld=held("wound", "aquatic"),
    )
    fallback = only(Situation("", decision, {"open_wound": there("Condition/w", "2026-02-27")}))
    assert "Specialist referral — the other programs are withheld" in fallback["detail"]


def test_a_referral_under_way_is_told_and_not_offered_again() -> None:
    """The card says what is under way and since when, and suggests nothing."""
    info = only(SITUATIONS["referral-under-way"])
    assert info["summary"] == "Already under way, nothing more is suggested: Specialist referral"
    assert "Specialist referral (physical therapy already ordered, 2026-02-23)" in info["detail"]
    assert "suggestions" not in info


def test_orders_that_could_not_be_read_do_not_hide_a_referral() -> None:
    """Where nobody knows whether therapy was ordered, the card says that it may be under way."""
    assert (
        "**Perhaps under way already:** Specialist referral (service orders were not sent)"
        in cards_of("severe-sciatica-stenosis")[0]["detail"]
    )


@pytest.mark.parametrize("gate", ["about", "service_gate"])
def test_a_gate_in_doubt_gives_one_info_card_and_no_offer(gate: str) -> None:
    """Where it cannot be told whether the pack, or this moment's order, concerns the patient, the card says that alone."""
    doubt = InDoubt(Cause.UNREADABLE, "an entry could not be read")
    decision = replace(decided(Outcome.DATA_UNOBTAINABLE, offered=(offered("stretching", "early"),)), **{gate: Gate.IN_DOUBT})
    info = only(Situation("", decision, {"active_back_pain": doubt, "sciatica": doubt}))
    assert info["indicator"] == "info"
    assert "suggestions" not in info
    assert "offered" not in info["extension"][EXTENSION]
    assert "an active low-back condition (an entry could not be read)" in info["detail"]
    assert "sciatica" not in info["detail"]


def test_engines_that_differ_hold_suggestions_back() -> None:
    """The warning stands, no program is suggested whatever the decision holds, and an info card names the decision."""
    situation = SITUATIONS["engines-differ"]
    trapped = replace(situation, decision=replace(situation.decision, offered=(offered("stretching", "from-two-weeks"),)))
    warning, info = trapped.composed().cards
    assert warning["indicator"] == "warning"
    assert (info["indicator"], info["summary"]) == ("info", "Suggestions were held back (decision 00000000-0000-4000-8000-000000000009)")
    assert "suggestions" not in json.dumps([warning, info])
    assert "offered" not in info["extension"][EXTENSION]


def test_an_engine_that_raised_holds_suggestions_back_even_where_facts_are_misshapen() -> None:
    """A number where a yes or no was asked stopped the engine; it does not stop the cards."""
    decision = Decision(
        Outcome.RULE_ERROR, Gate.OPEN, Gate.OPEN, rules=ruled(fired=("emergency",)), said=("emergency",), engine_error="TypeError"
    )
    said, info = Situation("", decision, {"cauda_equina": Known(3.0)}).composed().cards
    assert said["summary"] == "Check first: emergency"
    assert info["summary"].startswith("Suggestions were held back")


@pytest.mark.parametrize(
    "outcome", [Outcome.NOT_FOR_THIS_USER, Outcome.NOT_ABOUT_THIS_PATIENT, Outcome.NOT_ENOUGH_DATA, Outcome.NOTHING_TO_ADVISE]
)
def test_nothing_to_say_is_no_card(outcome: Outcome) -> None:
    """Four outcomes have no cards; the outcome itself stands in the decision record."""
    composed = Situation("", Decision(outcome, Gate.OPEN, Gate.OPEN)).composed()
    assert (composed.cards, composed.given) == ([], ())


def test_contraindications_that_leave_nothing_at_all_are_never_silent() -> None:
    """Where rules that fired withhold every program and say no card, one info card says what speaks against."""
    info = only(Situation("", decided(Outcome.WITHHELD, rules=ruled(fired=("fever",)), withheld=held("fever", *ALL))))
    assert info["summary"] == "No exercise program is suggested now: see what speaks against"
    assert "**Withheld:** all programs — Fever must be assessed first" in info["detail"]


# What a card says ----------------------------------------------------------------------------------------------------------------


def test_every_card_says_that_only_coded_data_were_checked_and_that_nobody_reviewed_the_pack() -> None:
    """Until a clinician signs, each card says that it is a draft; after it, none does."""
    for situation in SITUATIONS.values():
        for one in situation.composed().cards:
            assert CODED in one["detail"]
            assert (DRAFT in one["detail"]) is not bool(situation.pack.approved_by)


def test_what_a_site_never_shares_is_said_on_each_card() -> None:
    """Types that the overlay declares as never shared are named in a clinician's words."""
    pack = replace(PACK, unchecked=(Unchecked("Procedure", "x", "y"), Unchecked("MedicationRequest", "x", "y")))
    for one in replace(SITUATIONS["early-mri"], pack=pack).composed().cards:
        assert "so not checked: procedures, medication orders." in one["detail"]


def test_facts_that_are_always_told_are_told_when_they_are_unknown() -> None:
    """Duration and score are told with value and date, or with why they have none and what there was."""
    assert "newest pain score: not recorded. Newest pain score is of 2025-11-02: too old." in cards_of("first-week")[0]["detail"]
    told = only(
        Situation(
            "",
            decided(offered=(offered("stretching", "early"),)),
            {"back_pain_days": NotRecorded(("an onset in the future says nothing",))},
        )
    )
    assert "days since the current episode of back pain began: not recorded; newest pain score: not recorded." in told["detail"]
    assert "An onset in the future says nothing." in told["detail"]


def test_conflicts_in_the_chart_are_shown() -> None:
    """A remark of a known fact is a sentence on the card, once."""
    fact = replace(since(20), remarks=("the code says chronic, the date says 20 days",))
    told = only(Situation("", decided(offered=(offered("stretching", "from-two-weeks"),)), {"back_pain_days": fact}))
    assert told["detail"].count("The code says chronic, the date says 20 days.") == 1


def test_a_finding_that_is_only_suspected_is_told_as_such() -> None:
    """A suspected diagnosis neither offers nor disappears: it stands under "In doubt", in the chart's own words."""
    doubt = InDoubt(
        Cause.SUSPECTED, "only provisional: Sciatica left", (Evidence("Condition/s", "2026-02-20", "Sciatica left", "provisional"),)
    )
    told = only(Situation("", decided(offered=(offered("stretching", "from-two-weeks"),)), {"sciatica": doubt}))
    assert "**In doubt:** sciatica (only provisional: Sciatica left, 2026-02-20)" in told["detail"]


def test_programs_withheld_for_several_doubts_each_name_theirs() -> None:
    """Where one doubt withholds some programs and another others, the clinician can see which check frees which program."""
    told = cards_of("nothing-could-be-checked")[0]["detail"]
    assert "- Specialist referral — newest temperature" in told
    bounds = only(
        Situation(
            "",
            decided(
                rules=ruled(in_doubt=("early",)), offered=(offered("aquatic"),), withheld=held("surgery", "stretching", why=Why.IN_DOUBT)
            ),
            {"back_pain_days": Bounds(5, None), "lumbar_surgery": InDoubt(Cause.NOT_OBTAINED, "procedures were not sent")},
        ),
    )
    assert "**Withheld until checked:** Four easy stretches" in bounds["detail"]


def test_steps_that_are_left_out_are_named_with_the_reason() -> None:
    """The card says which steps are missing from a program and why; the suggestion and the handout do not hold them."""
    programs = cards_of("severe-sciatica-stenosis")[0]
    assert (
        "Sciatica exercises by cause, without Prone press-up, Knee to chest — Extension can narrow the canal further; "
        "Osteoporosis: no loaded flexion" in programs["detail"]
    )
    assert "press-up" not in json.dumps(programs["suggestions"]).lower()
    assert any(link["url"].endswith("/sciatica-by-cause?without=extension,loaded-flexion") for link in programs["links"])


def test_a_note_chooses_what_to_start_with() -> None:
    """Cycling before walking stands in the label, in the plan's description and as a note."""
    programs = cards_of("severe-sciatica-stenosis")[0]
    aerobic = next(one for one in programs["suggestions"] if one["label"].startswith("Low-impact"))
    assert aerobic["label"] == "Low-impact aerobic exercise (start with cycling)"
    assert "Choice of: stationary bike, or walking." in aerobic["actions"][0]["resource"]["description"]
    assert "Low-impact aerobic exercise — Cycling before long walks" in programs["detail"]


def test_evidence_is_told_in_the_scale_of_its_source_with_its_year() -> None:
    """Strengths of different bodies are not merged into one badge."""
    told = cards_of("twenty-days")[0]["detail"]
    assert (
        "Danish Health Authority 2018 (weak for); Owen network meta-analysis 2020 (low certainty); APTA low back pain 2021 (should)" in told
    )
    assert "Founding article 2026 (patient education, no guideline)" in told


def test_where_there_is_little_room_evidence_is_short_and_speaks_of_every_program() -> None:
    """Long titles are cut, each program's first source comes before any program's second, and the rest is counted."""
    evidence = {
        name: replace(one, title=f"{one.title} with a title that is far too long for a card" * 4) for name, one in PACK.evidence.items()
    }
    (programs,) = replace(SITUATIONS["twenty-days"], pack=replace(PACK, evidence=evidence)).composed().cards
    told = programs["detail"].split("**Evidence:** ")[1].split("\n")[0]
    assert told.startswith("Danish Health Authority with a… 2018 (weak for); Owen network meta-analysis with… 2020 (low certainty); APTA")
    assert len(programs["detail"]) <= 1200


def test_a_warning_is_not_buried_under_lesser_reasons() -> None:
    """Below an emergency one reason is enough where it withholds every program; notes on programs are left out with the programs."""
    situation = SITUATIONS["cauda-equina"]
    more = replace(
        situation,
        decision=replace(
            situation.decision,
            rules=ruled(fired=("emergency", "severe", "wound"), in_doubt=("surgery",)),
            withheld=(*situation.decision.withheld, *held("wound", "aquatic")),
            notes=(("severe", 0),),
        ),
    )
    emergency = only(more)
    assert "**Withheld:** all programs — Emergency assessment comes first" in emergency["detail"]
    assert "Open wound" not in emergency["detail"]
    assert "Severe pain" not in emergency["detail"]


def test_a_long_list_of_steps_is_told_by_what_is_left() -> None:
    """Where most steps are left out, the card names those that are left."""
    titles = {"press-up": "Prone press-up with a long title", "knee-to-chest": "Knee to chest with a title that is even longer than that"}
    program = PACK.programs["sciatica-by-cause"]
    steps = tuple(replace(step, title=titles.get(step.id, step.title)) for step in program.steps)
    pack = replace(PACK, programs={**PACK.programs, program.id: replace(program, steps=steps)})
    told = replace(SITUATIONS["severe-sciatica-stenosis"], pack=pack).composed().cards[0]["detail"]
    assert "Sciatica exercises by cause, only Pelvic tilt — Extension can narrow the canal further" in told


def test_a_line_break_in_a_fact_s_words_starts_no_line_of_the_card() -> None:
    """A `says` of several lines, with a heading and a tag in it, is one line of text wherever the fact is told."""
    facts = {name: replace(spec, says=f"{spec.says}\n\n# Heading\r\n<b>") for name, spec in PACK.facts.items()}
    for situation in SITUATIONS.values():
        for one in replace(situation, pack=replace(PACK, facts=facts)).composed().cards:
            assert not any(line.startswith("#") for line in one["detail"].splitlines())
            assert "\r" not in one["detail"]
            assert broken_invariants({"cards": [one]}) == []


def test_an_author_s_lines_and_bullets_stay() -> None:
    """A rule's detail of several lines is shown as paragraphs and bullets; Markdown that the author wrote is shown as text."""
    says = replace(card("warning", "Look"), detail=text("First **line**\n- ask for {found}\n- <b>look</b>"))
    pack = replace(PACK, rules=(*RULES, rule("look", RULES[0].when, says=says)))
    decision = decided(Outcome.WITHHELD, rules=ruled(fired=("look",), rules=pack.rules), said=("look",))
    said = only(Situation("", decision, {"cauda_equina": there("Condition/c", "2026-02-20")}, pack=pack))
    assert said["detail"].startswith("First \\*\\*line\\*\\*\n\n- ask for cauda equina syndrome, 2026-02-20\n- \\<b\\>look\\</b\\>\n\n")


# What every card carries ---------------------------------------------------------------------------------------------------------


def test_the_extension_names_the_decision_and_nothing_of_the_patient() -> None:
    """Exactly the listed keys, on every card; what would be empty is left out."""
    (programs,) = cards_of("first-week")
    assert programs["extension"] == {
        "org.exercise-cds.decision": {
            "decision": "00000000-0000-4000-8000-000000000009",
            "pack": "low-back-pain",
            "version": "2026.11.0",
            "digest": "0" * 64,
            "outcome": "advised",
            "rules": ["early", "too-early"],
            "offered": ["education-stay-active", "stretching", "aerobic-low-impact"],
            "withheld": [
                {"program": "lumbar-stabilization", "rule": "too-early", "why": "fired"},
                {"program": "mckenzie-mdt", "rule": "too-early", "why": "fired"},
            ],
        },
    }
    in_doubt = cards_of("cauda-equina")[0]["extension"][EXTENSION]
    assert {"program": "aquatic", "rule": "surgery", "why": "in-doubt"} in in_doubt["withheld"]
    assert "offered" not in in_doubt
    for situation in SITUATIONS.values():
        for one in situation.composed().cards:
            told = json.dumps(one["extension"])
            assert not any(secret in told for secret in ("p1", "e1", "dr-1", "Condition", "2026-0"))


def test_what_was_given_can_be_found_again_by_its_uuids() -> None:
    """For feedback: every card's uuid with its rule, every suggestion's uuid with its program."""
    composed = SITUATIONS["early-mri"].composed()
    said, programs = composed.given
    assert (said.uuid, said.rule, said.suggestions) == (composed.cards[0]["uuid"], "early-imaging", ())
    assert (programs.uuid, programs.rule) == (composed.cards[1]["uuid"], "")
    assert programs.suggestions == tuple(
        (one["uuid"], program)
        for one, program in zip(composed.cards[1]["suggestions"], ("education-stay-active", "stretching"), strict=True)
    )


def test_every_card_has_a_source_with_a_topic_and_reasons_to_override() -> None:
    """A rule's own source keeps the pack's topic; a pack without a topic names itself."""
    for one in cards_of("early-mri"):
        assert one["source"]["topic"] == {"code": "279039007", "system": "http://snomed.info/sct", "display": "Low back pain"}
        assert [reason["display"] for reason in one["overrideReasons"]] == ["Not applicable", "Patient's preference"]
    bare = replace(PACK, card=replace(PACK.card, source=Source("Somebody"), override_reasons=()))
    for one in replace(SITUATIONS["early-mri"], pack=bare).composed().cards:
        assert one["source"] == {
            "label": "Somebody",
            "topic": {"code": "low-back-pain", "system": "http://exercise-cds.org/fhir/pack", "display": "Low back pain exercise programs"},
        }
        assert "overrideReasons" not in one


def compose(pack: RulePack, name: str = "twenty-days", **options: Any) -> list[Any]:
    """The cards of a situation under other settings of the composer."""
    situation = SITUATIONS[name]
    composer = Composer(pack, **options)
    facts = {**NOTHING, **situation.facts}
    return list(
        composer.compose(
            situation.service, situation.decision, facts, patient_id="p1", decision_id="d", new_uuid=counted(0), today=TODAY
        ).cards
    )


def test_links_lead_to_listed_hosts_over_https_only() -> None:
    """With a list of hosts, links and sources elsewhere are left out; http and credentials in an address never pass."""
    odd = tuple(
        Link("x", url)
        for url in ("http://guidelines.example.org/", "https://u@guidelines.example.org/", "https://", "javascript:alert(1)", "/x")
    )
    pack = replace(PACK, card=replace(PACK.card, links=(*PACK.card.links, *odd, Link("Guideline", "https://guidelines.example.org/lbp"))))
    everywhere = compose(pack)[0]
    assert [link["label"] for link in everywhere["links"]] == ["About this service", "Guideline"]
    listed = compose(pack, link_hosts=frozenset({"guidelines.example.org"}))[0]
    assert [link["label"] for link in listed["links"]] == ["Guideline"]
    assert listed["source"]["url"] == "https://guidelines.example.org/"
    nowhere = compose(pack, link_hosts=frozenset({"intranet.example.org"}))[0]
    assert "links" not in nowhere
    assert "url" not in nowhere["source"]


def test_handouts_are_linked_only_where_the_site_has_them() -> None:
    """No base URL, no handout; programs without a patient page get none; an address that is not https is refused at once."""
    assert [link["label"] for link in compose(PACK)[0]["links"]] == ["About this service"]
    linked = compose(PACK, handouts_base_url="https://cds.example.org/handouts/")[0]["links"]
    assert {
        "label": "Handout: Exercise and back pain",
        "url": "https://cds.example.org/handouts/education-stay-active",
        "type": "absolute",
    } in linked
    assert sum(link["label"].startswith("Handout") for link in linked) == 2
    with pytest.raises(ValueError, match="https"):
        Composer(PACK, handouts_base_url="http://cds.example.org/handouts")


def test_the_conditions_of_the_gate_and_the_episode_are_the_reason_for_what_is_ordered() -> None:
    """Accepting refers to the patient's back condition, not to whatever else made a rule fire."""
    facts = {"active_back_pain": there("Condition/gate"), "back_pain_days": since(20), "open_wound": there("Condition/wound")}
    programs = only(Situation("", decided(rules=ruled(fired=("wound",)), offered=(offered("stretching", "early"),)), facts))
    assert programs["suggestions"][0]["actions"][0]["resource"]["addresses"] == [
        {"reference": "Condition/lbp"},
        {"reference": "Condition/gate"},
    ]
    denied = only(Situation("", decided(offered=(offered("specialist-referral", "early"),)), {"active_back_pain": FALSE}))
    assert denied["suggestions"][0]["actions"][0]["resource"]["reasonCode"] == [{"text": "Low back pain"}]


def test_a_silent_rule_shows_nothing() -> None:
    """A rule that is rolled out silently is listed among those that fired, and nothing of what it found is on the card."""
    silent = tuple(replace(one, silent=True) if one.id == "sciatica" else one for one in RULES)
    pack = replace(PACK, rules=silent)
    decision = decided(rules=ruled(fired=("sciatica",)), offered=(offered("stretching", "early"),))
    programs = only(Situation("", decision, {"sciatica": there("Condition/s", "2026-02-20")}, pack=pack))
    assert "sciatica" in programs["extension"][EXTENSION]["rules"]
    assert "2026-02-20" not in programs["detail"]


# When there is too much ----------------------------------------------------------------------------------------------------------


def crowded(factor: int) -> Situation:
    """A pack with long words and many programs, all but one withheld for reasons of their own, and many checks that failed."""
    programs = tuple(replace(PROGRAMS[3], id=f"program-{n}", title=f"Program number {n} {'of a long title ' * factor}") for n in range(12))
    withholding = tuple(
        rule(
            f"against-{n}",
            RULES[0].when,
            withholds=[
                replace(RULES[0].withholds[0], programs=frozenset({f"program-{n}"}), because=text(f"Reason {n} {'why ' * 30 * factor}"))
            ],
        )
        for n in range(11)
    )
    facts = {name: replace(spec, says=f"{spec.says} {'as the author says ' * factor}") for name, spec in PACK.facts.items()}
    pack = replace(PACK, programs={one.id: one for one in programs}, rules=(*RULES, *withholding), facts=facts, groups={})
    rules = ruled(fired=("from-two-weeks", *(one.id for one in withholding)), in_doubt=("surgery", "fever"), rules=pack.rules)
    doubts = {
        name: InDoubt(Cause.NOT_OBTAINED, f"reason of {name} {'because ' * factor}")
        for name in ("lumbar_surgery", "temperature", "sciatica", "osteoporosis")
    }
    left = replace(offered("stretching", "from-two-weeks"), program="program-11")
    withheld = tuple(one for n in range(11) for one in held(f"against-{n}", f"program-{n}"))
    return Situation(
        "",
        decided(rules=rules, offered=(left,), withheld=withheld),
        {"back_pain_days": since(20), "pain_severity": scored(4)} | doubts,
        pack=pack,
    )


@pytest.mark.parametrize("factor", [0, 1, 3, 10, 100])
def test_what_was_withheld_or_not_checked_is_never_cut(factor: int) -> None:
    """However long titles, reasons and causes are, every withheld program and every failed check is named, within 2,500 characters."""
    programs = only(crowded(factor))
    assert len(programs["detail"]) <= 2500
    assert broken_invariants({"cards": [programs]}) == []
    for n in range(11):
        assert f"Program number {n}" in programs["detail"]
    for name in ("sciatica", "osteoporosis", "newest temperature", "lumbar surgery"):
        assert name in programs["detail"]


def test_evidence_goes_first_then_reasons_are_merged() -> None:
    """A long card loses its evidence before anything else, and keeps one reason of each program."""
    detail = cards_of("severe-sciatica-stenosis")[0]["detail"]
    assert "**Evidence:**" not in detail
    assert "**Why:**" in detail
    assert "**Evidence:**" in cards_of("twenty-days")[0]["detail"]


def test_hundreds_of_programs_are_counted_when_they_cannot_be_named() -> None:
    """A pack of 300 programs: as many names as fit, and how many more there are; never a silent cut."""
    programs = tuple(replace(PROGRAMS[3], id=f"p{n}", title=f"A program whose number is {n}") for n in range(300))
    pack = replace(
        PACK, programs={one.id: one for one in programs} | {"other": replace(PROGRAMS[3], id="other"), "more": PROGRAMS[2]}, groups={}
    )
    many = replace(RULES[0].withholds[0], programs=frozenset(one.id for one in programs[::2]))
    pack = replace(pack, rules=(*RULES, rule("many", RULES[0].when, withholds=[many])))
    decision = decided(
        Outcome.WITHHELD, rules=ruled(fired=("many",), rules=pack.rules), withheld=held("many", *(one.id for one in programs[::2]))
    )
    info = only(Situation("", decision, pack=pack))
    assert len(info["detail"]) <= 2500
    named = info["detail"].count("A program whose")
    assert f"and {150 - named} more" in info["detail"]
