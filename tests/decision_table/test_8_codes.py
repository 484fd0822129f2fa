"""Codes: which are read, which are never written, which nobody has verified, and whose words stand beside them."""

from __future__ import annotations

import re
from functools import cache
from itertools import combinations

import pytest

from builders.resources import condition, order, score
from decision_table.running_service import ALL, CHOSEN, PACK, REFERRAL, SIGNED, ask
from exercise_cds.model.codes import CPT, ICD10CM, LOINC, SNOMED, Code
from exercise_cds.model.pack import RulePack
from exercise_cds.rulepack import load
from exercise_cds.rulepack.check_digits import trouble_with

LBP = condition("M54.50", onset=400)
LEGACY = ("M54.5", "M51.36", "M51.37", "I71.4", "I71.3")
UNVERIFIED = ("M51.361", "M51.362", "M51.371", "M51.372", "Z79.60", "I71.30", "I71.3", "I71.4", "I21.3", "72100", "72110")
"""Codes that nobody has found in a public source, and that are read all the same because missing them would be worse."""
LEFT_OUT = ("M51.379", "97530", "97112", "91721-1", "271594007")
"""Codes that nobody has verified, or that are known to be wrong, and that nothing needs."""
TOLD_APART = (
    ("heart-disease-stable", "heart-disease-unstable", "myocardial-infarction"),
    (
        "vertebral-fracture",
        "vertebral-fracture-not-healing",
        "vertebral-fracture-routine-healing",
        "vertebral-fracture-sequela",
        "osteoporotic-vertebral-fracture",
        "fragility-fracture",
    ),
    ("lumbar-surgery", "after-lumbar-surgery"),
    ("aortic-aneurysm", "aortic-aneurysm-ruptured", "aortic-dissection"),
    ("malignancy", "malignancy-history"),
    ("disc-herniation", "disc-herniation-with-radiculopathy"),
    ("disc-degeneration", "disc-degeneration-with-leg-pain", "disc-degeneration-legacy"),
    ("lumbar-spondylosis", "lumbar-spondylosis-with-radiculopathy"),
)


@cache
def pack() -> RulePack:
    """The shipped pack."""
    loaded = load(PACK)
    assert loaded.pack is not None, loaded.findings
    return loaded.pack


def read() -> list[tuple[str, Code]]:
    """Every code of every value set, with the set's name."""
    return [(name, code) for name, values in pack().valuesets.items() for code in values.codes]


def written() -> list[Code]:
    """Every code that an order of ours may hold."""
    return [code for program in pack().programs.values() for code in (*program.order.codes, *program.order.category)]


def test_every_code_has_its_check_digit_and_form() -> None:
    """SNOMED CT by Verhoeff, LOINC by its digit, ICD-10-CM and CPT by their form: in value sets, orders and answers alike."""
    answers = [Code(system, code, "") for fact in pack().facts.values() for system, code in fact.answers]
    assert [
        code for code in (*(code for _, code in read()), *written(), *answers) if trouble_with(code.system, code.code) != ("", "")
    ] == []


@pytest.mark.parametrize("code", LEGACY)
def test_a_legacy_code_is_read_and_never_written(code: str) -> None:
    """A code that is no longer billed still says what the patient has; no order of ours holds it."""
    assert code in {one.code for _, one in read()}
    assert code not in {one.code for one in written()}


def test_a_patient_of_legacy_codes_gets_orders_without_them() -> None:
    """Whatever the chart's own codes are, what accepting creates holds the programs' codes and points to the condition."""
    got = ask(condition("M54.5", onset=400), condition("M51.36", onset=400), score(8))
    assert REFERRAL in got.offered
    for program in got.offered:
        assert not re.search(r'"M5[14]\.', got.order(program))
        assert "Condition/" in got.order(program)


@pytest.mark.parametrize("code", UNVERIFIED)
def test_an_unverified_code_says_so(code: str) -> None:
    """It is marked in its value set, and the pack's README names it."""
    for path in (PACK / "valuesets").glob("*.json"):
        for line in path.read_text("utf-8").splitlines():
            if f'"code": "{code}"' in line:
                assert '"valueCode": "unverified"' in line, path.name
    assert code in {one.code for _, one in read()}
    assert code in (PACK / "README.md").read_text("utf-8")


@pytest.mark.parametrize("code", ["M51.361", "M51.372", "I21.3", "Z79.60"])
def test_a_card_says_that_an_unverified_code_matched(code: str) -> None:
    """A clinician sees which of the findings rests on a code that nobody has verified."""
    fever = {"resourceType": "Observation", "status": "final", "subject": {"reference": "Patient/p1"}, "effectiveDateTime": "2026-03-02"}
    fever |= {"code": {"coding": [{"system": LOINC, "code": "8310-5"}]}, "valueQuantity": {"value": 39, "code": "Cel"}}
    got = ask(LBP, condition(code, onset=20), *([fever] if code == "Z79.60" else []))
    assert "matched by an unverified code" in got.words


@pytest.mark.parametrize("code", LEFT_OUT)
def test_a_code_that_was_left_out_is_nowhere(code: str) -> None:
    """No value set and no order holds it."""
    assert code not in {one.code for _, one in read()} | {one.code for one in written()}


@pytest.mark.parametrize("names", TOLD_APART, ids=lambda names: names[0])
def test_what_the_table_tells_apart_shares_no_code(names: tuple[str, ...]) -> None:
    """Stable and unstable, healed and not, done and status after, intact and ruptured: no code stands in two of them."""
    codes = {name: {(one.system, one.code) for one in pack().valuesets[name].codes} for name in names}
    assert [pair for pair in combinations(names, 2) if codes[pair[0]] & codes[pair[1]]] == []


def test_words_beside_cpt_codes_are_our_own() -> None:
    """The Association's turns of phrase stand nowhere beside its codes."""
    theirs = re.compile(r"each \d+ minutes|complexity|contrast material|radiologic|\bviews?\b|therapeutic|procedure", re.IGNORECASE)
    displays = [code.display for _, code in read() if code.system == CPT] + [code.display for code in written() if code.system == CPT]
    assert displays
    assert [display for display in displays if theirs.search(display)] == []


def test_every_owner_of_codes_has_a_notice() -> None:
    """NOTICE names the terminologies that value sets and orders hold."""
    notice = (PACK / "NOTICE").read_text("utf-8")
    owners = {
        SNOMED: "SNOMED CT",
        LOINC: "LOINC",
        ICD10CM: "ICD-10-CM",
        CPT: "CPT",
        "http://www.nlm.nih.gov/research/umls/rxnorm": "RxNorm",
    }
    assert {code.system for _, code in read()} == set(owners)
    assert [name for name in owners.values() if f"\n{name}\n" not in notice] == []


def test_the_settings_that_the_readme_names_for_clinicians_are_settings() -> None:
    """Each question for a clinician says where its default is set, and that place exists."""
    readme = (PACK / "README.md").read_text("utf-8")
    table = readme[readme.index("## Questions for a clinician") :].split("\n## ")[0]
    for kind, names in (
        ("setting", pack().settings),
        ("fact", {**pack().facts, **pack().named}),
        ("rule", {rule.id for rule in pack().rules}),
    ):
        for named in re.findall(rf"{kind}s? ((?:`[a-z0-9_-]+`(?:, )?)+)", table):
            assert [name for name in re.findall(r"`([a-z0-9_-]+)`", named) if name not in names] == [], kind
    assert [
        number for number in ("1.", "2.", "3.", "4.", "5.", "6.", "7.", "8.", "9.", "9a.", "9b.", "10.") if f"| {number} " not in table
    ] == []


def test_the_pack_is_a_draft_that_nobody_has_approved() -> None:
    """Until a clinician signs, the pack says draft, and every card says that nobody has reviewed it."""
    assert (pack().status, pack().approved_by) == ("draft", "")
    for got in (
        ask(LBP, score(4)),
        ask(LBP, condition("G83.4")),
        ask(LBP, service=CHOSEN, drafts=(order(None, text="Bed rest", status="draft"),)),
    ):
        assert got.cards
        assert all("not yet reviewed by a clinician" in card["detail"] for card in got.cards)


def test_only_the_ten_programs_exist() -> None:
    """Cards, feedback and reports know programs by these ids."""
    assert set(pack().programs) == ALL
    assert set(pack().services) == {"low-back-pain-exercise", CHOSEN, SIGNED}
