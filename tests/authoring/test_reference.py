"""The reference for authors is complete: every key, operator, kind and word that the code knows stands in docs/authors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from exercise_cds.authoring.schemas import SHAPES, Schemas
from exercise_cds.model.decision import Outcome
from exercise_cds.model.hooks import HOOKS
from exercise_cds.model.kinds import KINDS
from exercise_cds.rulepack.codings import ALIASES
from exercise_cds.rulepack.conditions import GROUPS, WRITTEN
from exercise_cds.rulepack.facts import keys_of

AUTHORS = Path(__file__).resolve().parents[2] / "docs" / "authors"
SECTIONS = {
    "pack": "pack.yaml", "facts": "facts.yaml", "rules": "rules/*.yaml", "program": "programs/*.yaml", "evidence": "evidence.yaml",
    "valueset": "valuesets/*.json", "tests": "tests/*.yaml", "overlay": "Overlay file",
}  # fmt: skip
_MADE_BY_US = {"condition", "top_condition", "question"}


def _section(title: str) -> str:
    reference = (AUTHORS / "pack.md").read_text("utf-8").split("# Reference: every key")[1]
    (found,) = (text for text in reference.split("\n## ") if text.startswith(title))
    return found


def _stands(word: str, text: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) is not None


def _keys(node: Any) -> Iterator[str]:
    """Every key that a schema knows, at any depth."""
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _keys(inner)
    if isinstance(node, dict) and isinstance(node.get("properties"), dict):
        yield from node["properties"]


@pytest.mark.parametrize("kind", SHAPES)
def test_every_key_of_every_file_is_in_the_reference(kind: str) -> None:
    """Each key of each kind of file, at any depth, is named in the section on that file."""
    schema = Schemas().of(kind)
    schema["$defs"] = {name: shape for name, shape in schema.get("$defs", {}).items() if name not in _MADE_BY_US}
    text = _section(SECTIONS[kind]) + ((AUTHORS / "facts.md").read_text("utf-8") if kind == "facts" else "")
    keys = set(_keys(schema))
    assert len(keys) > 5
    assert sorted(key for key in keys if not _stands(key, text)) == []


def test_every_operator_is_in_the_reference() -> None:
    """Each operator, and each word that joins conditions."""
    words = {*(op.value for op in WRITTEN), *GROUPS, "not", "always"}
    assert sorted(word for word in words if not _stands(word, _section("Conditions"))) == []


def test_every_kind_of_fact_has_its_section_and_its_keys() -> None:
    """docs/authors/facts.md has a section for each kind; every key that any kind takes is explained in the two pages."""
    facts = (AUTHORS / "facts.md").read_text("utf-8")
    assert [kind for kind in KINDS if f"\n## `{kind}`" not in facts] == []
    keys = set().union(*(keys_of(kind) for kind in KINDS.values()))
    assert sorted(key for key in keys if not _stands(key, facts + _section("facts.yaml"))) == []


@pytest.mark.parametrize(
    ("words", "what"),
    [(sorted(outcome.value for outcome in Outcome), "outcomes"), (sorted(HOOKS), "hooks"), (sorted(ALIASES), "aliases of code systems")],
    ids=["outcomes", "hooks", "aliases"],
)
def test_words_that_an_author_may_write_are_listed(words: list[str], what: str) -> None:
    """Outcomes that a case may expect, hooks that a service may name, code systems that have a short name."""
    reference = (AUTHORS / "pack.md").read_text("utf-8").split("# Reference: every key")[1]
    assert [word for word in words if not _stands(word, reference)] == [], what
