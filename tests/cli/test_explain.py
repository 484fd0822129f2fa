"""`exercise-cds explain`: why not, what if, what would be nearest, and what another pack would say."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from exercise_cds.authoring.what_if import facts_of
from exercise_cds.cli import main
from exercise_cds.errors import BadRequest
from exercise_cds.model.facts import FALSE, TRUE, Bounds, InDoubt, Known, NotRecorded
from exercise_cds.rulepack import load

ROOT = Path(__file__).resolve().parents[2]
PACK = ROOT / "rules" / "low-back-pain"
THIRTEEN = ROOT / "fhir_examples" / "thirteen-days" / "request.json"


def _explain(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["explain", str(PACK), str(THIRTEEN), *map(str, arguments)])


def _data(*arguments: str | Path) -> dict[str, object]:
    found: dict[str, object] = json.loads(_explain("--json", *arguments).stdout)
    return found


def test_one_rule_is_explained_alone() -> None:
    """`--rule` says what became of it, shows its whole tree with the chart's answers, and how far off it was."""
    result = _explain("--rule", "stabilize-from-two-weeks")
    assert result.exit_code == 0
    assert result.output.splitlines()[0] == "did not fire"
    assert "[back_pain_days: 13]" in " ".join(result.output.split())
    assert "nearest: back_pain_days 13, one day short of 14" in result.output
    assert "Programs" not in result.output


def test_a_rule_that_is_not_there_is_said() -> None:
    """A misspelt rule is a mistake of the command line, not an empty page."""
    result = _explain("--rule", "stabilize-from-two-week")
    assert result.exit_code == 2
    assert "the pack has no rule 'stabilize-from-two-week'. did you mean 'stabilize-from-two-weeks'?" in " ".join(result.output.split())


def test_what_if_changes_the_answer_and_says_so() -> None:
    """With 14 days in the place of 13 the stabilization is offered, and the page begins with what was put in place."""
    assert "lumbar-stabilization" not in str(_data()["offered"])
    assert "lumbar-stabilization" in str(_data("--what-if", "back_pain_days=14")["offered"])
    assert "What if back_pain_days were 14 days:" in _explain("--what-if", "back_pain_days=14").output


@pytest.mark.parametrize(
    ("written", "fact"),
    [
        ("back_pain_days=14", Known(14.0)),
        ("pain_severity=6.5", Known(6.5)),
        ("back_pain_days=10..20", Bounds(10.0, 20.0)),
        ("back_pain_days=20..", Bounds(20.0, None)),
        ("back_pain_days=..20", Bounds(None, 20.0)),
        ("pain_severity=unknown", NotRecorded()),
        ("sciatica=yes", TRUE),
        ("sciatica=no", FALSE),
        ("pregnancy_status=pregnant", Known("pregnant")),
    ],
)
def test_every_state_of_a_fact_can_be_asked_for(written: str, fact: object) -> None:
    """Exact, within bounds, not recorded, yes, no, a word."""
    pack = load(PACK).pack
    assert pack is not None
    assert list(facts_of(pack, [written]).values()) == [fact]
    assert isinstance(facts_of(pack, ["sciatica=doubt"])["sciatica"], InDoubt)


@pytest.mark.parametrize(
    "written", ["back_pain_days", "nothing=1", "sciatica=14", "back_pain_days=old", "warning_sign=yes", "back_pain_days=20..10"]
)
def test_what_cannot_be_is_said(written: str) -> None:
    """A fact that is not there, a value that does not fit and a span the wrong way round get a sentence each."""
    pack = load(PACK).pack
    assert pack is not None
    with pytest.raises(BadRequest):
        facts_of(pack, [written])
    assert _explain("--what-if", written).exit_code == 2


def test_the_nearest_change_comes_first() -> None:
    """One day more is nearer than any diagnosis, and it brings the stabilization and takes the easy start."""
    (first, *_) = json.loads(_explain("--json", "--nearest").stdout)["nearest"]
    assert (first["fact"], first["now"]["value"], first["steps"]) == ("back_pain_days", 14.0, 1.0)
    assert "lumbar-stabilization" in first["gained"]
    assert first["lost"] == ["easy-starter"]
    page = " ".join(_explain("--nearest").output.split())
    assert "The smallest changes of one fact that would change the offers" in page
    assert "more" in page


def test_another_pack_is_compared(tmp_path: Path) -> None:
    """A pack in which strengthening begins at seven days offers it, and the difference is said in sentences."""
    other = Path(shutil.copytree(PACK, tmp_path / "other"))
    text = (other / "pack.yaml").read_text("utf-8")
    (other / "pack.yaml").write_text(text.replace("strengthen_from_days: {default: 14", "strengthen_from_days: {default: 7"), "utf-8")
    compared = _data("--compare", other)["compared"]
    assert isinstance(compared, list)
    assert "gains lumbar-stabilization, offered by stabilize-from-two-weeks" in compared
    assert _data("--compare", PACK)["compared"] == []
    assert "would answer the same" in _explain("--compare", PACK).output


def test_the_overlay_is_shown(tmp_path: Path) -> None:
    """What a site has changed stands first: settings, rules that are switched off, types that are never shared."""
    overlay = tmp_path / "site.yaml"
    overlay.write_text(
        "overlay: low-back-pain\nsettings: {strengthen_from_days: 21}\ndisable: {stable-heart: {because: said elsewhere}}\n"
        "unchecked: {Procedure: {because: not shared, approved_by: the board}}\n",
        "utf-8",
    )
    page = _explain("--overlay", overlay).output
    assert "strengthen_from_days: 21 days instead of 14" in page
    assert "stable-heart is switched off: said elsewhere" in page
    assert "Procedure is never shared with us: not shared (the board)" in page
