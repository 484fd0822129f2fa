"""A whole pack, loaded: every construct of the grammar means what the rooms behind it are promised."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from exercise_cds.model.codes import ICD10CM, LOINC, SNOMED, Code, Stems
from exercise_cds.model.pack import Created, Indicator, Link, Overruled, Rank, RulePack, Setting, Suspected, Undated
from exercise_cds.model.tree import AllOf, Always, AnyOf, Leaf, Named, Not, Op
from exercise_cds.model.where import Level, Where
from exercise_cds.rulepack import load, read_cases
from rulepack.planted import SMALL, copy_of_small

SHIPPED = Path(__file__).resolve().parents[2] / "rules" / "low-back-pain"
ALL = ("water", "stretching", "strengthening", "walking", "education", "referral")


@pytest.fixture(scope="module")
def pack() -> RulePack:
    """The small pack."""
    loaded = load(SMALL)
    assert loaded.pack is not None, "\n".join(map(str, loaded.findings))
    return loaded.pack


def test_identity_gate_and_order(pack: RulePack) -> None:
    """Id, version and status are the pack's; the gate is linked; programs stand in the order of pack.yaml."""
    assert (pack.id, pack.version, pack.status, pack.approved_by) == ("small", "2026.3.1", "draft", "")
    assert pack.title == "A small pack for tests"
    gate = AllOf((Leaf("active_back_pain", Op.TRUE, value=True), Not(Leaf("deceased", Op.TRUE, value=True))))
    assert pack.about == gate
    assert pack.required == ("Patient", "Condition")
    assert pack.if_nothing_left == "referral"
    assert tuple(pack.programs) == ALL
    assert pack.groups == {"exercise": ("water", "stretching", "strengthening", "walking")}


def test_settings_are_numbers_with_bounds(pack: RulePack) -> None:
    """A setting knows its default, its bounds, its unit and where it stands; a score has no unit."""
    assert pack.settings["strengthen_from_days"] == Setting("strengthen_from_days", 14.0, 14.0, "days", 1.0, 84.0, "two weeks")
    assert pack.settings["severe_from"].unit == ""
    assert pack.settings["severe_from"].where == Where("pack.yaml", 29, 16)


def test_services_and_what_one_takes_from_another(pack: RulePack) -> None:
    """`like` brings title, description and `when`, not the hook, not the usage; `served: if_named` is kept."""
    orders, sign = pack.services["small-orders"], pack.services["small-orders-sign"]
    assert (sign.hook, sign.title, sign.description, sign.when) == ("order-sign", orders.title, orders.description, orders.when)
    assert orders.when == Leaf("drafts_imaging", Op.TRUE, value=True)
    assert (orders.if_named, sign.if_named) == (False, True)
    assert (orders.usage, sign.usage) == ("Needs the drafts.", "")
    assert pack.services["small-exercise"].when is None


def test_facts_of_conditions(pack: RulePack) -> None:
    """Value sets become codes, a site its words and codes, durations days, a range of categories stems."""
    back = pack.facts["active_back_pain"]
    assert back.matcher.codes == {(ICD10CM, "M54.50"), (SNOMED, "279039007")}
    assert back.matcher.codes_with_site == {(SNOMED, "161891005")}
    assert back.matcher.site is not None
    assert back.matcher.site.words == ("low back", "lumbar")
    assert back.matcher.site.codes == {(SNOMED, "52612000")}
    assert back.suspected is Suspected.COUNTS
    fever = pack.facts["coded_fever"]
    assert (fever.new_within, fever.undated, fever.dated) == (7, Undated.IGNORED, True)
    assert fever.overruled_by == Overruled("temperature", Leaf("temperature", Op.BELOW, 38.0))
    assert pack.facts["fever_without_date"].dated is False
    assert pack.facts["cancer"].matcher.stems == (Stems(ICD10CM, "C00", "C96", frozenset({"C44"})),)
    assert pack.facts["cancer"].status == frozenset()
    assert pack.facts["sciatica"].status is None
    assert pack.facts["stenosis"].status == {"active", "recurrence"}
    assert pack.facts["stenosis"].matcher.words == ("lumbar stenosis",)
    assert pack.facts["stenosis"].matcher.not_words == ("cervical stenosis",)
    assert pack.facts["steroids"].begun_before == 90
    assert pack.facts["referred"].status == {"active"}


def test_facts_of_numbers_and_words(pack: RulePack) -> None:
    """Units, steps, ranges, answers and preferences are what facts.yaml says; a setting may give the window."""
    days, pain, heat = pack.facts["back_pain_days"], pack.facts["pain_severity"], pack.facts["temperature"]
    assert (days.unit, days.tell, pack.facts["age"].unit) == ("days", True, "years")
    assert (pain.unit, pain.within, pain.scale) == ("", 30, (0.0, 10.0))
    assert pain.prefer == ((LOINC, "75260-0"), (LOINC, "72514-3"))
    assert pain.answers == {(LOINC, "LA6113-0"): 2.0}
    assert (heat.unit, heat.step, heat.valid, heat.within) == ("Cel", 0.1, (30.0, 45.0), 7)
    assert (pack.facts["weight_loss"].unit, pack.facts["weight_loss"].drop_over, pack.facts["weight_loss"].within) == ("%", 180, 182)
    assert pack.facts["pregnancy"].answers == {(LOINC, "LA15173-0"): "pregnant", (LOINC, "LA26683-5"): "not-pregnant"}
    assert pack.facts["distress"].link_ids == ("q1", "q2")
    assert pack.facts["therapy_plan"].category == (("http://hl7.org/fhir/us/core/CodeSystem/careplan-category", "assess-plan"),)


def test_named_conditions_are_written_out(pack: RulePack) -> None:
    """A named condition is no fact of its own: it is inlined under its name wherever it is named."""
    assert set(pack.named) == {"fever", "warning_sign"}
    assert not set(pack.named) & set(pack.facts)
    fever = AnyOf((Leaf("coded_fever", Op.TRUE, value=True), Leaf("temperature", Op.AT_LEAST, 38.0)))
    sign = AnyOf((Leaf("cauda_equina", Op.TRUE, value=True), AllOf((Named("fever", fever), Leaf("cancer", Op.TRUE, value=True)))))
    assert pack.named["warning_sign"].condition == sign
    emergency = next(rule for rule in pack.rules if rule.id == "emergency")
    assert emergency.when == Named("warning_sign", sign)


def test_rules_stand_in_the_order_of_their_files(pack: RulePack) -> None:
    """Rules come file by file in order of name, and in the order of each file."""
    assert [rule.id for rule in pack.rules] == [
        "move", "strengthen", "too-early", "water-when-severe", "walk-or-cycle", "emergency", "after-surgery", "no-bending", "pregnant",
        "early-imaging",
    ]  # fmt: skip


def test_what_rules_offer_note_and_withhold(pack: RulePack) -> None:
    """One or a list of them, groups, `all`, `except`, `loads`, `in`, ranks: expanded to program ids."""
    rules = {rule.id: rule for rule in pack.rules}
    move = rules["move"]
    assert isinstance(move.when, Always)
    assert [(offer.programs, offer.rank) for offer in move.offers] == [(("education", "walking"), Rank.PLAIN), (("stretching",), Rank.WEAK)]
    assert rules["water-when-severe"].offers[0].rank is Rank.FIRST
    assert [(note.program, note.start_with) for note in rules["walk-or-cycle"].notes] == [("walking", "cycling"), (None, None)]
    assert rules["emergency"].withholds[0].programs == frozenset(ALL)
    assert rules["after-surgery"].withholds[0].programs == {"water", "stretching", "strengthening"}
    bending = rules["no-bending"].withholds[0]
    assert (bending.programs, bending.loads, bending.within) == (frozenset(), {"loaded-flexion"}, {"stretching"})
    assert rules["early-imaging"].services == {"small-orders", "small-orders-sign"}
    quiet = rules["walk-or-cycle"]
    assert (quiet.silent, quiet.owner, quiet.review_by, quiet.evidence) == (True, "the tests", "2027-01-31", ("a-trial",))


def test_texts_are_cut_at_their_names(pack: RulePack) -> None:
    """A text alternates literal pieces and names, and knows its place."""
    because = next(rule for rule in pack.rules if rule.id == "strengthen").offers[0].because
    assert because.pieces == ("Back pain for ", "back_pain_days", ": strength helps after ", "strengthen_from_days", "")
    assert because.where == Where("rules/base.yaml", 14, 47)


def test_cards(pack: RulePack) -> None:
    """A rule's card and the program card carry their texts, links, source and reasons."""
    card = next(rule for rule in pack.rules if rule.id == "emergency").card
    assert card is not None
    assert card.indicator is Indicator.CRITICAL
    assert card.summary[0].pieces == ("Check first: ", "found", "")
    assert card.links == (Link("What to look for", "https://example.org/red-flags"),)
    assert card.source is not None
    assert card.source.label == "A guideline that exists for tests only"
    assert len(pack.card.summary) == 3
    assert pack.card.source.topic == Code(SNOMED, "279039007", "Low back pain")
    assert pack.card.override_reasons == (Code("https://example.org/reasons", "not-now"),)
    assert pack.card.links == (Link("About these programs", "https://example.org/about"),)


def test_programs_and_evidence(pack: RulePack) -> None:
    """A program's dosing, steps with loads, order, options and the condition under which it is in place."""
    water, stretching = pack.programs["water"], pack.programs["stretching"]
    assert (water.dosing.frequency, water.dosing.progress, stretching.dosing.progress) == ("3 a week", "longer first", "")
    assert [(step.id, step.loads) for step in stretching.steps] == [("knee-to-chest", {"loaded-flexion"}), ("pelvic-tilt", frozenset())]
    assert water.order.creates is Created.SERVICE_REQUEST
    assert water.order.codes == (Code(SNOMED, "229064008"),)
    assert water.in_place_if == AnyOf((Leaf("referred", Op.TRUE, value=True), Leaf("therapy_plan", Op.TRUE, value=True)))
    assert (water.handout, stretching.handout) == ("Moving in water", "")
    assert pack.programs["walking"].options == {"walking": "Walking outdoors", "cycling": "A stationary bike"}
    assert pack.evidence["a-guideline"].strength == "should"
    assert pack.evidence["a-trial"].url == ""


def test_unverified_codes_are_kept_and_said(pack: RulePack) -> None:
    """A code that nobody has verified matches, carries its mark, and brings one advice for its set."""
    stenosis = pack.valuesets["stenosis"]
    assert stenosis.unverified == {Code(ICD10CM, "M48.061")}
    assert (ICD10CM, "M48.061") in stenosis.keys
    assert [(finding.code, finding.level) for finding in load(SMALL).findings] == [("unverified-code", Level.ADVICE)]


def test_loading_twice_gives_equal_packs(pack: RulePack, tmp_path: Path) -> None:
    """The same files give the same pack and the same digest, wherever they lie."""
    again, elsewhere = load(SMALL).pack, load(copy_of_small(tmp_path)).pack
    assert pack == again == elsewhere


def test_the_digest_is_of_all_that_can_change_an_answer(pack: RulePack, tmp_path: Path) -> None:
    """Any byte of a rule changes the digest, and so does a file's name; tests and README change nothing."""
    folder = copy_of_small(tmp_path)
    (folder / "README.md").write_text("Other words.\n", "utf-8")
    (folder / "tests" / "base.yaml").unlink()
    same = load(folder).pack
    assert same is not None
    assert same.digest == pack.digest
    rules = folder / "rules" / "base.yaml"
    rules.write_text(rules.read_text("utf-8") + "# a comment\n", "utf-8")
    other = load(folder).pack
    assert other is not None
    assert other.digest != pack.digest
    rules.rename(folder / "rules" / "bass.yaml")
    renamed = load(folder).pack
    assert renamed is not None
    assert renamed.digest not in (pack.digest, other.digest)


def test_settings_of_a_case_are_tried() -> None:
    """A case may try another value of a setting: every threshold that names it changes."""
    tried = load(SMALL, settings={"strengthen_from_days": 21}).pack
    assert tried is not None
    rule = next(rule for rule in tried.rules if rule.id == "strengthen")
    assert rule.when == Leaf("back_pain_days", Op.AT_LEAST, 21.0, "strengthen_from_days")
    assert (tried.settings["strengthen_from_days"].value, tried.settings["strengthen_from_days"].default) == (21.0, 14.0)
    assert load(SMALL, settings={"strengthen_from_days": 900}).pack is None


def test_all_mistakes_are_said_at_once_and_sorted(tmp_path: Path) -> None:
    """A pack with mistakes in five files says all of them, by file, line and column, and there is no pack."""
    folder = copy_of_small(tmp_path)
    for file, good, bad in (
        ("pack.yaml", "hook: patient-view", "hook: patient-vue"),
        ("facts.yaml", "codes: [sciatica]", "codes: [sciatika]"),
        ("rules/base.yaml", "severe_from}", "severe_form}"),
        ("rules/safety.yaml", "in: [stretching]", "in: [streching]"),
        ("valuesets/fever.json", "R50.9", "R50.99999"),
    ):
        path = folder / file
        path.write_text(path.read_text("utf-8").replace(good, bad), "utf-8")
    loaded = load(folder)
    assert loaded.pack is None
    errors = [finding for finding in loaded.findings if finding.level is Level.ERROR]
    assert [finding.code for finding in errors] == [
        "unknown-valueset",
        "unknown-hook",
        "unknown-setting",
        "unknown-program",
        "bad-code-form",
    ]
    assert list(loaded.findings) == sorted(loaded.findings, key=lambda finding: finding.order)


def test_a_file_that_cannot_be_read_brings_one_finding(tmp_path: Path) -> None:
    """Where facts.yaml is no YAML, nobody is told of fifty unknown facts besides; the same for pack.yaml."""
    for file in ("facts.yaml", "pack.yaml", "evidence.yaml", "programs/water.yaml", "valuesets/fever.json"):
        folder = copy_of_small(tmp_path / file.replace("/", "-"))
        path = folder / file
        path.write_text(path.read_text("utf-8") + "\n]:", "utf-8")
        errors = [finding for finding in load(folder).findings if finding.level is Level.ERROR]
        assert len(errors) == 1, "\n".join(map(str, errors))
        assert errors[0].where.file == file


def test_no_folder_is_a_finding() -> None:
    """A path that is no folder gives a finding, not an exception."""
    loaded = load(SMALL / "nothing-here")
    assert (loaded.pack, [finding.code for finding in loaded.findings]) == (None, ["missing-file"])
    assert load(SMALL / "pack.yaml").pack is None


def test_an_empty_folder_says_what_a_pack_needs(tmp_path: Path) -> None:
    """Somebody who begins with an empty folder is told the three files to write."""
    assert [finding.where.file for finding in load(tmp_path).findings] == ["evidence.yaml", "facts.yaml", "pack.yaml"]


def test_a_pack_mounted_by_links_inside_its_folder_loads(tmp_path: Path, pack: RulePack) -> None:
    """Kubernetes mounts a ConfigMap as links into a hidden folder beside them: such a pack is the same pack."""
    folder = tmp_path / "mounted"
    hidden = folder / "..2026_03_02"
    shutil.copytree(SMALL, hidden)
    (folder / "..data").symlink_to(hidden.name)
    for entry in SMALL.iterdir():
        (folder / entry.name).symlink_to(Path("..data") / entry.name)
    mounted = load(folder).pack
    assert mounted is not None
    assert mounted.digest == pack.digest


def test_the_shipped_pack_loads() -> None:
    """The low-back-pain pack has no error, and its cases name what it has."""
    loaded = load(SHIPPED)
    assert loaded.pack is not None, "\n".join(map(str, loaded.findings))
    cases = read_cases(SHIPPED, loaded.pack)
    assert not cases.findings
    assert len(cases.cases) >= 200
