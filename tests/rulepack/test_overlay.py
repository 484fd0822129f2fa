"""A site's overlay: what a site may change, and that nothing else changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from exercise_cds.model.codes import SNOMED, Code
from exercise_cds.model.pack import Link, RulePack, Unchecked
from exercise_cds.model.tree import Leaf, Op
from exercise_cds.model.where import Level, Where
from exercise_cds.rulepack import Loaded, load
from rulepack.planted import SMALL


def _load(folder: Path, text: str, name: str = "our-site.yaml") -> Loaded:
    path = folder / name
    path.write_text(text, "utf-8")
    return load(SMALL, path)


def _pack(folder: Path, text: str) -> RulePack:
    loaded = _load(folder, text)
    assert loaded.pack is not None, "\n".join(map(str, loaded.findings))
    return loaded.pack


@pytest.fixture(scope="module")
def plain() -> RulePack:
    """The pack without an overlay."""
    loaded = load(SMALL)
    assert loaded.pack is not None
    return loaded.pack


def test_an_overlay_that_says_nothing_changes_nothing_but_the_digest(tmp_path: Path, plain: RulePack) -> None:
    """The overlay is part of the digest, whatever its file is called."""
    pack = _pack(tmp_path, "overlay: small\n")
    assert pack.digest != plain.digest
    assert replace(pack, digest=plain.digest) == plain
    other = _load(tmp_path, "overlay: small\n", "another-name.yaml").pack
    assert other is not None
    assert other.digest == pack.digest


def test_a_setting_changes_every_threshold_and_window_that_names_it(tmp_path: Path) -> None:
    """Thresholds, windows and the setting itself take the site's value; the pack's default is still known."""
    pack = _pack(tmp_path, "overlay: small\nsettings: {strengthen_from_days: 21, score_valid_days: 14}\n")
    rules = {rule.id: rule for rule in pack.rules}
    threshold = Leaf("back_pain_days", Op.AT_LEAST, 21.0, "strengthen_from_days")
    assert rules["strengthen"].when == threshold
    assert rules["too-early"].unless == threshold
    assert pack.facts["pain_severity"].within == 14
    assert (pack.settings["score_valid_days"].value, pack.settings["score_valid_days"].default) == (14.0, 30.0)


def test_a_disabled_rule_is_gone_and_remembered(tmp_path: Path, plain: RulePack) -> None:
    """A rule that is switched off is in the pack no more, but with its reason among those switched off."""
    text = (
        "overlay: small\ndisable:\n  water-when-severe: {because: we have no pool}\n  pregnant: {because: tried, approved_by: the tests}\n"
    )
    pack = _pack(tmp_path, text)
    assert {rule.id for rule in plain.rules} - {rule.id for rule in pack.rules} == {"water-when-severe", "pregnant"}
    assert pack.disabled == {"water-when-severe": "we have no pool", "pregnant": "tried"}


def test_links_codes_and_texts_are_replaced(tmp_path: Path, plain: RulePack) -> None:
    """Links by label or address, order codes by program, texts by their path: each in its place, the rest as it was."""
    pack = _pack(
        tmp_path,
        """
overlay: small
links:
  About these programs: https://example.org/ours
  https://example.org/red-flags: https://example.org/our-flags
order_codes:
  water: [{system: snomed, code: "183301007", display: Exercises in our pool}]
texts:
  water: {title: Our pool, steps.walk.text: Walk in lane one., dosing.frequency: 2 a week, stop_if.0: any new pain}
  move: {offer.0.because: We say so, offer.1.because: We stretch}
  strengthen: {offer.because: "After {back_pain_days} we strengthen", title: We strengthen}
  early-imaging: {card.summary.1: "Wait with imaging: {back_pain_days}"}
  emergency: {card.summary: "Stop: {found}", card.detail: Call us., withhold.because: We look first}
""",
    )
    rules = {rule.id: rule for rule in pack.rules}
    assert pack.card.links == (Link("About these programs", "https://example.org/ours"),)
    emergency = rules["emergency"].card
    assert emergency is not None
    assert emergency.links == (Link("What to look for", "https://example.org/our-flags"),)
    assert emergency.summary[0].source == "Stop: {found}"
    assert emergency.detail is not None
    assert emergency.detail.source == "Call us."
    assert emergency.detail.where.file == "our-site.yaml"
    assert pack.programs["water"].order.codes == (Code(SNOMED, "183301007"),)
    assert pack.programs["water"].order.text == plain.programs["water"].order.text
    water = pack.programs["water"]
    assert (water.title, water.steps[0].text, water.dosing.frequency, water.stop_if) == (
        "Our pool",
        "Walk in lane one.",
        "2 a week",
        ("any new pain",),
    )
    assert [offer.because.source for offer in rules["move"].offers] == ["We say so", "We stretch"]
    assert rules["strengthen"].offers[0].because.names == {"back_pain_days"}
    assert rules["strengthen"].title == "We strengthen"
    imaging = rules["early-imaging"].card
    assert imaging is not None
    assert [text.source[:7] for text in imaging.summary] == ["Imaging", "Wait wi"]


def test_what_is_never_shared_and_own_templates(tmp_path: Path) -> None:
    """Types that are never shared carry reason and approval; templates are kept by key."""
    pack = _pack(
        tmp_path,
        """
overlay: small
unchecked: {Procedure: {because: another system holds them, approved_by: the tests}}
prefetch:
  conditions: "Condition?patient={{context.patientId}}&category=problem-list-item"
  scores: "Observation?patient={{context.patientId}}&code=http://loinc.org|72514-3&_sort=-date&_count=20"
  person: "Patient/{{context.patientId}}"
""",
    )
    assert pack.unchecked == (Unchecked("Procedure", "another system holds them", "the tests"),)
    assert set(pack.prefetch) == {"conditions", "scores", "person"}


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("overlay: small\ntexts: {strengthen: {offer.because: 'Pain {pain_severity}'}}\n", ["perhaps-unknown"]),
        ("overlay: small\ntexts: {water: {title: 'Pool {age}'}}\n", ["placeholder-not-here"]),
        ("overlay: small\ntexts: {emergency: {card.summary: '" + "x" * 140 + "'}}\n", ["summary-too-long"]),
        ("overlay: small\nlinks: {About these programs: 'http://example.org'}\n", ["bad-form"]),
        ("overlay: small\nrules: []\n", ["unknown-key"]),
        ("overlay: small\nunchecked: {Procedure: {because: no}}\n", ["missing-key"]),
        ("overlay: small\nsettings: {severe_from: '8'}\n", ["wrong-type"]),
        ("overlay: small\nprefetch: {a: 'Condition?patient={{context.patientId}}&_include=Condition:subject'}\n", ["bad-template"]),
        ("overlay: small\nprefetch: {a: 'Condition?patient={{context.patientId}}&clinical-status=active'}\n", ["bad-template"]),
        ("overlay: small\nprefetch: {a: 'Condition?patient={{context.patientId}}&code:in=https://example.org/vs'}\n", ["bad-template"]),
        ("overlay: small\nprefetch: {a: 'Condition?patient=another'}\n", ["bad-template"]),
        ("overlay: small\nprefetch: {a: 'Condition?patient={{context.patientId}}&code={{userPractitionerId}}'}\n", ["bad-template"]),
        ("overlay: small\nprefetch: {a: 'https://example.org/Condition?patient={{context.patientId}}'}\n", ["bad-template"]),
        ("]", ["yaml-syntax"]),
        ("", ["empty-file"]),
    ],
)
def test_an_overlay_is_checked_like_the_pack(tmp_path: Path, text: str, codes: list[str]) -> None:
    """Replaced texts obey the rules of their places; findings carry the overlay's own file name; with an error nothing is served."""
    loaded = _load(tmp_path, text)
    errors = [finding for finding in loaded.findings if finding.level is Level.ERROR]
    assert [finding.code for finding in errors] == codes
    assert {finding.where.file for finding in errors} <= {"our-site.yaml"}
    assert (loaded.pack is None) == bool(codes)


def test_an_overlay_that_is_not_there_is_a_finding(tmp_path: Path) -> None:
    """A wrong path does not silently serve the pack without the site's changes."""
    loaded = load(SMALL, tmp_path / "none.yaml")
    assert loaded.pack is None
    assert [(finding.code, finding.where) for finding in loaded.findings if finding.level is Level.ERROR] == [
        ("unreadable-file", Where("none.yaml"))
    ]
