"""Shapes of files: strict, and a JSON Schema for each of them."""

from __future__ import annotations

import json

import pytest
from pydantic import BaseModel

from exercise_cds.model.kinds import KINDS
from exercise_cds.rulepack import shapes
from exercise_cds.rulepack.facts import keys_of

FILES = (
    shapes.PackFile, shapes.FactsFile, shapes.RulesFile, shapes.ProgramFile, shapes.EvidenceFile, shapes.ValueSetFile, shapes.OverlayFile,
    shapes.CasesFile,
)  # fmt: skip


@pytest.mark.parametrize("shape", FILES, ids=lambda shape: shape.__name__)
def test_every_kind_of_file_has_a_schema(shape: type[BaseModel]) -> None:
    """An editor can be given a JSON Schema for each kind of file, and it allows no unknown key anywhere."""
    schema = shape.model_json_schema(by_alias=True)
    json.dumps(schema)
    for part in (schema, *schema.get("$defs", {}).values()):
        if "properties" in part:
            assert part["additionalProperties"] is False
            assert part.get("description")


def test_schemas_say_where_a_pack_puts_its_own_names() -> None:
    """A schema made for one pack can replace programs, facts, settings and so on by that pack's own: the places are marked."""
    marked = "".join(json.dumps(shape.model_json_schema(by_alias=True)) for shape in FILES)
    for catalogue in (
        "programs",
        "facts",
        "settings",
        "valuesets",
        "evidence",
        "services",
        "sites",
        "rules",
        "loads",
        "durations",
        "condition",
    ):
        assert f'"x-names": "{catalogue}"' in marked


def test_one_or_a_list_of_them_is_so_in_the_schema_too() -> None:
    """Where an author may write one thing or a list of them, the editor accepts both."""
    offer = shapes.RulesFile.model_json_schema(by_alias=True)["$defs"]["RuleShape"]["properties"]["offer"]
    kinds = json.dumps(offer)
    assert '"type": "array"' in kinds
    assert kinds.count("#/$defs/OfferShape") == 2


def test_facts_take_every_key_of_every_kind() -> None:
    """The shape of a fact knows all keys of the table of kinds, and no key that no kind has."""
    keys = {key for kind in KINDS.values() for key in keys_of(kind)}
    assert set(shapes.FactShape.model_fields) == keys
