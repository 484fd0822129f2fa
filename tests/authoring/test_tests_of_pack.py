"""`exercise-cds test`: what failed and why, what no case has seen, and which mistakes no case would notice."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from exercise_cds.authoring.check import check
from exercise_cds.authoring.mutants import Sort, changed, mutants
from exercise_cds.authoring.mutation import NOBODY, Mutation, Trials, mutate
from exercise_cds.authoring.runner import Runner
from exercise_cds.authoring.tests_of_pack import chosen, run
from exercise_cds.cli import main
from exercise_cds.engine import Alone
from exercise_cds.model.tree import Leaf, Op
from rulepack.planted import SMALL, copy_of_small

PACK = Path(__file__).resolve().parents[2] / "rules" / "low-back-pain"
CASE = """\
today: 2026-03-02
cases:
- case: thirteen days
  patient: {{age: 41}}
  conditions: [{{code: M54.50, onset: 13 days ago}}]
  expect: {{{expect}}}
"""


def _test(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["test", *map(str, arguments)])


def _pack(folder: Path, *expect: str) -> Path:
    """The small pack with one case that expects this."""
    pack = copy_of_small(folder)
    (pack / "tests" / "base.yaml").write_text(CASE.format(expect=", ".join(expect)), "utf-8")
    return pack


def test_a_failed_case_says_what_was_expected_and_why_not(tmp_path: Path) -> None:
    """The difference, the rule that disagrees, its question with the chart's answer, and how far off it was."""
    result = _test(_pack(tmp_path, "offers: [strengthening]", "never: [walking]"))
    assert result.exit_code == 1
    assert "tests/base.yaml:3:3: thirteen days" in result.output
    assert "expected to be offered: strengthening; got education, walking, stretching" in result.output.replace(
        "walking, education", "education, walking"
    )
    assert "too-early (rules/base.yaml:17:3): fired" in result.output
    assert "no unless at least 14 days since the current episode began  [back_pain_days: 13]" in result.output
    assert "must never be offered: walking" in result.output
    assert result.output.splitlines()[-1].startswith("small 2026.3.1: 1 of 1 cases failed")


def test_settings_under_which_the_pack_does_not_stand_fail_the_case(tmp_path: Path) -> None:
    """A setting may be within its bounds and leave a rule that can never fire: the case that tries it fails with that sentence."""
    pack = _pack(tmp_path, "outcome: advised")
    rules, cases = pack / "rules" / "base.yaml", pack / "tests" / "base.yaml"
    between = (
        "- id: between\n  title: Between\n  when: {back_pain_days: {at_least: 13, below: strengthen_from_days}}\n  note: {text: Between}\n"
    )
    rules.write_text(f"{rules.read_text('utf-8')}\n{between}  evidence: [a-trial]\n", "utf-8")
    assert _test(pack).exit_code == 0
    cases.write_text(cases.read_text("utf-8").replace("  patient:", "  settings: {strengthen_from_days: 7}\n  patient:"), "utf-8")
    result = _test(pack)
    assert result.exit_code == 1
    assert "the pack does not stand with these settings" in result.output
    assert "the rule 'between' can never be true" in result.output


def test_a_case_says_which_steps_are_shown_and_which_option_comes_first(tmp_path: Path) -> None:
    """Steps and options that are there pass; those that are not are told with what is shown instead."""
    assert _test(_pack(tmp_path / "right", "steps: {stretching: knee-to-chest}", "starts_with: {walking: walking}")).exit_code == 0
    result = _test(_pack(tmp_path / "wrong", "steps: {strengthening: bridge}", "starts_with: {walking: cycling}"))
    assert result.exit_code == 1
    assert "strengthening must show the steps bridge; it shows nothing" in result.output
    assert "walking must start with cycling; its options are walking, cycling" in result.output


@pytest.mark.parametrize(("only", "number"), [("thirteen", 1), ("base.yaml", 2), ("tests/base.yaml:3", 1), ("base", 2), ("nobody", 0)])
def test_cases_are_chosen_by_name_file_or_line(only: str, number: int) -> None:
    """`--only` takes what an author has at hand: words of the name, a file, a place."""
    checked = check(SMALL)
    assert len(chosen(checked.cases, [only])) == number


def test_exit_codes_tell_failed_from_not_there(tmp_path: Path) -> None:
    """0 passed, 1 failed or not to be served, 2 no pack or no case."""
    pack = _pack(tmp_path, "offers: [walking]")
    assert _test(pack).exit_code == 0
    assert _test(pack, "--coverage", "--strict").exit_code == 1
    assert _test(tmp_path / "nothing").exit_code == 2
    assert _test(pack, "--only", "nobody").exit_code == 2
    (pack / "facts.yaml").write_text("facts: {}\n", "utf-8")
    assert _test(pack).exit_code == 1


def test_results_for_programs_name_case_place_and_reason(tmp_path: Path) -> None:
    """JSON and JUnit say the same as the text."""
    pack, report = _pack(tmp_path, "offers: [strengthening]"), tmp_path / "results.xml"
    data = json.loads(_test(pack, "--json", "--junit", report, "--coverage").stdout)
    (failed,) = data["failed"]
    assert failed["where"] == "tests/base.yaml:3:3"
    assert any("too-early" in line for line in failed["why"])
    assert data["coverage"]["percent"] < 100
    suite = ET.parse(report).getroot().find("testsuite")  # noqa: S314 - written one line above
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert failure.text is not None
    assert "too-early" in failure.text


def test_a_request_that_no_service_takes_is_a_failed_case() -> None:
    """A story that is no hook request is said in a sentence, with the status that the service would answer."""
    result = _test(SMALL, "--only", "a whole request")
    assert result.exit_code == 1
    assert "the service answers 400: hookInstance is missing" in result.output


def test_what_no_case_has_seen_is_named() -> None:
    """Each rule should fire and not fire, each question be true and false, each number be unknown, each program offered and withheld."""
    checked = check(SMALL)
    seen = run(checked, chosen(checked.cases, ["thirteen"]), with_coverage=True).coverage
    assert seen is not None
    missed = {f"{goal.sort} {goal.name} {goal.wanted}" for goal in seen.missed}
    assert "rule strengthen seen firing" in missed
    assert "rule strengthen seen not firing" not in missed
    assert "question `back_pain_days at_least strengthen_from_days` true" in missed
    assert "question `back_pain_days at_least strengthen_from_days` unknown" in missed
    assert "program strengthening offered" in missed
    assert "program strengthening withheld" not in missed


def test_every_part_of_a_rule_has_its_mutants() -> None:
    """Thresholds, operators, questions, groups, `unless`, withholdings and loads are each changed once."""
    pack = check(SMALL).pack
    assert pack is not None
    words = {mutant.words for mutant in mutants(pack)}
    assert {mutant.sort for mutant in mutants(pack)} == set(Sort)
    assert {
        "back_pain_days at_least strengthen_from_days: +1",
        "back_pain_days at_least strengthen_from_days: -1",
        "back_pain_days at_least strengthen_from_days becomes `at_most`",
        "pain_severity at_least severe_from becomes `above`",
        "temperature below 38: -0.1",
        "sciatica is asked the other way round",
        "too-early: `unless` is dropped",
        "no-bending: withholding the load loaded-flexion is dropped",
        "emergency: withholding 6 programs is dropped",
        "`any` becomes `all`",
    } <= words


def test_a_mutant_changes_what_stands_at_its_place_and_nothing_else() -> None:
    """The question at the place is changed in every condition that names it; the rest stays the very same object."""
    pack = check(SMALL).pack
    assert pack is not None
    (mutant,) = (one for one in mutants(pack) if one.words == "cauda_equina is asked the other way round")
    emergency = next(rule for rule in pack.rules if rule.id == "emergency")
    found = changed(emergency.when, mutant)
    assert found is not emergency.when
    assert isinstance(mutant.node, object)
    other = next(rule for rule in pack.rules if rule.id == "strengthen")
    assert changed(other.when, mutant) is other.when
    assert mutant.node is not None
    assert mutant.node(Leaf("cauda_equina", Op.TRUE, value=True)) == Leaf("cauda_equina", Op.FALSE, value=False)


def test_a_case_at_the_boundary_notices_what_others_do_not(tmp_path: Path) -> None:
    """Thirteen days notices a threshold moved down by one day; only fourteen days would notice it moved up."""
    checked = check(_pack(tmp_path, "never: [strengthening]", "not_fired: [strengthen]"))
    mutation = run(checked, checked.cases, with_mutation=True, processes=1).mutation
    assert mutation is not None
    survivors = [mutant.words for mutant in mutation.survivors]
    asked = "back_pain_days at_least strengthen_from_days"  # by the rule that offers, and by the one that withholds
    assert survivors.count(f"{asked}: -1") == 1
    assert survivors.count(f"{asked}: +1") == 2


@pytest.fixture(scope="module")
def shipped() -> tuple[Runner, Trials, Mutation]:
    """The shipped pack's cases, and every mutant tried."""
    checked = check(PACK)
    assert checked.pack is not None
    runner = Runner(PACK, checked.pack)
    trials = Trials(runner, [runner.run(case) for case in checked.cases])
    return runner, trials, mutate(trials, processes=2)


def test_the_shipped_cases_notice_nearly_every_mutant(shipped: tuple[Runner, Trials, Mutation]) -> None:
    """At most five mutants of a hundred survive; the README says which and why."""
    assert shipped[2].percent >= 95, [mutant.words for mutant in shipped[2].survivors]
    readme = (PACK / "README.md").read_text("utf-8").split("## What the tests leave open", 1)[1]
    for mutant in shipped[2].survivors:
        assert mutant.words.partition(":")[0] in readme


def test_the_shipped_cases_see_everything() -> None:
    """Coverage of the shipped pack is complete."""
    checked = check(PACK)
    seen = run(checked, checked.cases, with_coverage=True).coverage
    assert seen is not None
    assert [str(goal) for goal in seen.missed] == []


def test_one_process_finds_what_two_find(shipped: tuple[Runner, Trials, Mutation]) -> None:
    """The number of processes changes nothing but the time."""
    _, trials, mutation = shipped
    numbers = [number for number, case in enumerate(mutation.noticed_by) if case == NOBODY or number % 40 == 0]
    for number in numbers:
        assert trials.noticed_by(trials.mutants[number]) == mutation.noticed_by[number]


def test_our_evaluator_alone_decides_as_both_engines_do(shipped: tuple[Runner, Trials, Mutation]) -> None:
    """What mutants are held against is what the server answers."""
    runner, trials, _ = shipped
    alone = {judge.key: Alone(runner.serving(judge.case.settings).pack) for judge in trials._judges}
    for judge in trials._judges:
        assert alone[judge.key].decide(judge.case.service, judge.readings) == judge.seen.decision
