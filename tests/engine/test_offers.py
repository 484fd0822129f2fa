"""Law 1: withholding always wins, and nothing but the pack's one fallback comes of it."""

from __future__ import annotations

from collections.abc import Sequence

from builders.packs import SERVICE, card, note, offer, pack, program, rule, step, withhold, yes
from exercise_cds.engine import Engine
from exercise_cds.model.decision import Decision, Outcome, Why, Withheld
from exercise_cds.model.facts import Cause, Fact, InDoubt, Known
from exercise_cds.model.pack import Program, Rule

DOUBT = InDoubt(Cause.NOT_OBTAINED, "procedures were not sent")
FACTS: dict[str, Fact] = {"yes": Known(True), "no": Known(False), "perhaps": DOUBT}
STRETCHING = program("stretching", step("knee-to-chest", "loaded-flexion"), step("cat-camel"), step("press-up", "extension"))


def decide(*rules: Rule, programs: Sequence[Program] = (), fallback: str | None = None) -> Decision:
    """The decision for FACTS."""
    with Engine(pack(*rules, programs=programs, fallback=fallback)) as engine:
        return engine.decide(SERVICE, FACTS)


def offered(decision: Decision) -> list[str]:
    """The programs that are offered, in the order to show."""
    return [one.program for one in decision.offered]


def test_what_any_rule_withholds_is_not_offered() -> None:
    """A program that two rules offer and one withholds is not offered; the others are."""
    decision = decide(
        rule("base", yes("yes"), offers=[offer("walking", "aquatic")]),
        rule("severe", yes("yes"), offers=[offer("aquatic", rank="first")]),
        rule("open-wound", yes("yes"), withholds=[withhold("aquatic")]),
    )
    assert offered(decision) == ["walking"]
    assert decision.withheld == (Withheld("aquatic", "open-wound", Why.FIRED),)


def test_a_rule_that_may_apply_withholds_as_well() -> None:
    """A withholding in doubt takes the program too, and says that it is in doubt."""
    decision = decide(rule("base", offers=[offer("walking", "aquatic")]), rule("wound", yes("perhaps"), withholds=[withhold("aquatic")]))
    assert offered(decision) == ["walking"]
    assert decision.withheld == (Withheld("aquatic", "wound", Why.IN_DOUBT),)


def test_programs_that_nobody_offered_are_reported_as_withheld_too() -> None:
    """What is withheld is told even where nothing would have offered it; programs in pack order, rules in file order."""
    decision = decide(
        rule("b", withholds=[withhold("walking", "aquatic")]),
        rule("a", yes("perhaps"), withholds=[withhold("walking")]),
        programs=[program("walking"), program("aquatic")],
    )
    assert decision.withheld == (
        Withheld("walking", "b", Why.FIRED),
        Withheld("walking", "a", Why.IN_DOUBT),
        Withheld("aquatic", "b", Why.FIRED),
    )


def test_first_before_plain_before_weak_then_the_packs_order() -> None:
    """The best rank that any rule gives decides where a program stands; within a rank, the order of pack.yaml."""
    decision = decide(
        rule("weakly", offers=[offer("stretching", "walking", rank="weak")]),
        rule("plainly", offers=[offer("education", "walking", "strengthening")]),
        rule("firstly", offers=[offer("aquatic", rank="first")]),
        rule("weakly-again", offers=[offer("aquatic", "strengthening", rank="weak")]),
        programs=[program(name) for name in ("stretching", "strengthening", "walking", "aquatic", "education")],
    )
    assert offered(decision) == ["aquatic", "strengthening", "walking", "education", "stretching"]
    assert decision.offered[2].offered_by == ("weakly", "plainly")


def test_steps_with_withheld_loads_are_taken_away() -> None:
    """A program stays with the steps that carry none of the withheld loads, and says which were taken."""
    decision = decide(
        rule("base", offers=[offer("stretching")]), rule("no-extension", withholds=[withhold(loads=["extension"])]), programs=[STRETCHING]
    )
    (kept,) = decision.offered
    assert (kept.steps, kept.steps_withheld, kept.loads_withheld) == (("knee-to-chest", "cat-camel"), ("press-up",), ("extension",))
    assert decision.withheld == ()


def test_loads_may_be_withheld_in_some_programs_only() -> None:
    """`in: [...]` takes the steps there and nowhere else."""
    both = [STRETCHING, program("sciatica-by-cause", step("press-up", "extension"), step("walk"))]
    decision = decide(
        rule("base", offers=[offer("stretching", "sciatica-by-cause")]),
        rule("stenosis", withholds=[withhold(loads=["extension"], within=["sciatica-by-cause"])]),
        programs=both,
    )
    assert [one.steps for one in decision.offered] == [("knee-to-chest", "cat-camel", "press-up"), ("walk",)]


def test_a_program_without_a_step_left_is_withheld_by_the_rules_that_took_them() -> None:
    """Two rules that together take every step withhold the program; a third that took nothing is not named."""
    decision = decide(
        rule("base", offers=[offer("mckenzie-mdt", "walking")]),
        rule("stenosis", withholds=[withhold(loads=["extension"])]),
        rule("herniation", yes("perhaps"), withholds=[withhold(loads=["loaded-flexion"])]),
        rule("fracture", withholds=[withhold(loads=["rotation"])]),
        programs=[program("mckenzie-mdt", step("press-up", "extension"), step("bend", "loaded-flexion"))],
    )
    assert offered(decision) == ["walking"]
    assert decision.withheld == (Withheld("mckenzie-mdt", "stenosis", Why.FIRED), Withheld("mckenzie-mdt", "herniation", Why.IN_DOUBT))


def test_a_program_that_has_no_steps_is_not_touched_by_loads() -> None:
    """A referral carries no loads: withholding loads everywhere leaves it."""
    decision = decide(rule("base", offers=[offer("referral")]), rule("none", withholds=[withhold(loads=["extension", "rotation"])]))
    assert offered(decision) == ["referral"]


BASE = rule("base", offers=[offer("walking", "aquatic")])
TAKES_ALL = rule("surgery", withholds=[withhold("walking", "aquatic")])


def test_the_fallback_comes_when_rules_that_fired_leave_nothing() -> None:
    """Programs were offered, fired rules took them all, nothing withholds the referral: the referral is offered in their place."""
    decision = decide(BASE, TAKES_ALL, fallback="referral")
    assert offered(decision) == ["referral"]
    assert decision.offered[0].fallback
    assert decision.offered[0].offered_by == ()
    assert decision.outcome is Outcome.WITHHELD


def test_a_doubt_never_brings_the_fallback() -> None:
    """Where one of the programs is withheld only in doubt, no referral comes: a doubt is not a contraindication."""
    halves = (rule("wound", withholds=[withhold("aquatic")]), rule("heart", yes("perhaps"), withholds=[withhold("walking")]))
    decision = decide(BASE, *halves, fallback="referral")
    assert offered(decision) == []
    assert decision.outcome is Outcome.DATA_UNOBTAINABLE


def test_steps_taken_together_with_a_doubt_never_bring_the_fallback() -> None:
    """A program that a fired rule and a doubtful one emptied only together is withheld in doubt."""
    decision = decide(
        rule("base", offers=[offer("mckenzie-mdt")]),
        rule("stenosis", withholds=[withhold(loads=["extension"])]),
        rule("herniation", yes("perhaps"), withholds=[withhold(loads=["loaded-flexion"])]),
        programs=[program("mckenzie-mdt", step("press-up", "extension"), step("bend", "loaded-flexion"))],
        fallback="referral",
    )
    assert offered(decision) == []
    assert decision.outcome is Outcome.DATA_UNOBTAINABLE


def test_the_fallback_can_be_withheld_even_by_a_doubt() -> None:
    """An emergency that withholds everything withholds the referral as well, and so does one that is only in doubt."""
    for when in ("yes", "perhaps"):
        decision = decide(BASE, TAKES_ALL, rule("emergency", yes(when), withholds=[withhold("referral")]), fallback="referral")
        assert offered(decision) == []
        assert decision.outcome is Outcome.WITHHELD


def test_the_fallback_needs_an_offer_to_stand_in_for() -> None:
    """Where no rule offered anything, nothing is referred."""
    assert offered(decide(TAKES_ALL, fallback="referral")) == []


def test_a_referral_under_way_is_not_offered_again() -> None:
    """A fallback that is already in place is listed as such, and nothing is offered."""
    referral = program("referral", in_place_if=yes("yes"))
    decision = decide(BASE, TAKES_ALL, programs=[referral], fallback="referral")
    assert (offered(decision), decision.in_place, decision.outcome) == ([], ("referral",), Outcome.WITHHELD)


def test_what_is_in_place_is_not_offered_and_what_may_be_is() -> None:
    """`in_place_if` true: listed and not offered; in doubt: offered, and the doubt is told; it withholds nothing."""
    decision = decide(
        rule("base", offers=[offer("aquatic", "walking", "education")]),
        programs=[
            program("aquatic", in_place_if=yes("yes")),
            program("walking", in_place_if=yes("perhaps")),
            program("education", in_place_if=yes("no")),
        ],
    )
    assert offered(decision) == ["walking", "education"]
    assert (decision.in_place, decision.in_place_in_doubt, decision.withheld) == (("aquatic",), ("walking",), ())


def test_what_is_withheld_is_not_called_under_way() -> None:
    """Withholding wins over being in place: a withheld program is not listed as under way."""
    decision = decide(BASE, TAKES_ALL, programs=[program("aquatic", in_place_if=yes("yes"))])
    assert decision.in_place == ()


def test_notes_stand_only_on_what_remains_offered() -> None:
    """A note on a withheld program is dropped, a note on the card itself stays, and a rule that does not speak notes nothing."""
    decision = decide(
        rule("base", offers=[offer("walking", "aquatic")]),
        rule("wound", withholds=[withhold("aquatic")]),
        rule("obesity", notes=[note("a", "aquatic"), note("b", "walking"), note("c"), note("d", "education")]),
        rule("doubtful", yes("perhaps"), notes=[note("e", "walking")]),
    )
    assert decision.notes == (("obesity", 1), ("obesity", 2))


def test_options_that_notes_start_with_come_first() -> None:
    """Cycling before walking: the option that a speaking rule starts with is shown first, the others in the program's order."""
    aerobic = program("aerobic", options={"walking": "brisk walks", "elliptical": "gliding", "cycling": "a stationary bike"})
    decision = decide(
        rule("base", offers=[offer("aerobic")]),
        rule("knee", notes=[note("gently", "aerobic", "cycling"), note("no such option", "aerobic", "rowing")]),
        rule("no", yes("no"), notes=[note("never", "aerobic", "elliptical")]),
        programs=[aerobic],
    )
    assert decision.offered[0].options == ("cycling", "walking", "elliptical")


def test_cards_are_said_most_serious_first() -> None:
    """Critical before warning before info; among equals, the order of the file."""
    decision = decide(
        rule("a", says=card("info")),
        rule("b", says=card("warning")),
        rule("c", says=card("critical")),
        rule("d", says=card("warning")),
        rule("e", yes("no"), says=card("critical")),
        rule("f", yes("perhaps"), says=card("critical")),
        rule("g", says=card("critical"), silent=True),
    )
    assert decision.said == ("c", "b", "d", "a")
