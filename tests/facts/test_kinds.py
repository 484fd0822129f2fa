"""What holds for every kind of fact: it can be derived, it is documented, and it reads no more than it says."""

import ast
import inspect
from pathlib import Path

import pytest

from builders.facts import chart_of, derive, fact, pack_of
from builders.guarded import ElementNotDeclaredError, Guarded
from builders.resources import condition, observation, patient, score
from exercise_cds import facts
from exercise_cds.facts import Deriver
from exercise_cds.facts.deriver import DERIVE
from exercise_cds.model.facts import FALSE, Known, NotRecorded
from exercise_cds.model.kinds import KINDS, ValueType

ROOT = Path(__file__).resolve().parent.parent.parent
GUIDE = ROOT / "docs" / "authors" / "facts.md"
DERIVED = sorted(KINDS.keys() - {"when"})


def test_every_kind_has_its_derive_function() -> None:
    """Each row of the table of kinds can be derived, `when` excepted, which is inlined wherever it is named."""
    assert sorted(DERIVE) == DERIVED


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_is_documented(kind: str) -> None:
    """The reference for authors has a section for each kind, which names each key that it may have."""
    sections = GUIDE.read_text("utf-8").split("\n## ")
    section = next((text for text in sections if text.startswith(f"`{kind}`")), None)
    assert section is not None, f"docs/authors/facts.md lacks a section ## `{kind}`"
    common = next(text for text in sections if text.startswith("Keys that several kinds share"))
    for key in KINDS[kind].keys:
        assert f"`{key}`" in section or f"`{key}:" in section or f"`{key}`" in common, f"{kind}: the key {key} is not explained"


@pytest.mark.parametrize("kind", DERIVED)
def test_nothing_in_the_chart_is_false_or_not_recorded(kind: str) -> None:
    """Of an empty chart a yes/no fact is false and a number is not recorded."""
    found = derive(fact(kind, within=30, codes=["M54.50"], category=["91251008"], link_ids=("x",)))
    assert found == (FALSE if KINDS[kind].value is ValueType.YES_NO else NotRecorded())


def test_reading_an_undeclared_element_fails() -> None:
    """The view that these tests derive through refuses an element that the kind's row does not list."""
    guarded = Guarded(condition(), "condition")
    assert guarded.onsetDateTime is None
    with pytest.raises(ElementNotDeclaredError, match=r"Condition\.severity"):
        _ = guarded.severity
    with pytest.raises(ElementNotDeclaredError):
        _ = Guarded(patient(), "condition").birthDate


def test_only_some_facts_may_be_asked_for() -> None:
    """Facts that the service does not read are left out; a fact that one of them names is read all the same."""
    specs = [fact("condition", "sciatica", codes=["M54.31"]), fact("score", "pain", codes=["loinc|72514-3"], within=30)]
    chart = chart_of(specs, condition("M54.31"), score(7))
    derived = Deriver(pack_of(*specs)).derive(chart, frozenset({"pain"}))
    assert list(derived) == ["pain"]
    assert list(Deriver(pack_of(*specs)).derive(chart)) == ["sciatica", "pain"]


def test_a_chart_may_lack_a_fact_that_the_pack_has() -> None:
    """A fact for which the chart holds nothing at all is derived as nothing."""
    specs = [fact("condition", "sciatica", codes=["M54.31"]), fact("score", "pain", codes=["loinc|72514-3"], within=30)]
    chart = chart_of(specs[:1], condition("M54.31"))
    derived = Deriver(pack_of(*specs)).derive(chart)
    assert derived["pain"] == NotRecorded()
    assert isinstance(derived["sciatica"], Known)


def test_each_fact_has_its_own_entries() -> None:
    """What one fact takes does not leak into another."""
    fever = fact("measurement", "temperature", codes=["loinc|8310-5"], within=7, unit="Cel")
    pain = fact("score", "pain", codes=["loinc|72514-3"], within=30)
    both = [observation("loinc|8310-5", 38, unit="Cel"), score(7, id="o2")]
    derived = Deriver(pack_of(fever, pain)).derive(chart_of((fever, pain), *both))
    assert [one.value for one in derived.values() if isinstance(one, Known)] == [38, 7]


def test_no_word_of_a_shared_place_reaches_the_chart_room() -> None:
    """The facts know the stone only: their modules import from `exercise_cds.model` and from themselves."""
    for path in Path(inspect.getfile(facts)).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("exercise_cds"):
                assert (node.module or "").startswith(("exercise_cds.model", "exercise_cds.facts")), path
