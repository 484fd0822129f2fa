"""Schemas for editors: fresh, complete, and of one mind with `check`; held against by a validator that is not ours."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from exercise_cds.authoring import schema_files
from exercise_cds.authoring.check import check
from exercise_cds.authoring.schemas import SHAPES, Schemas, kind_of
from exercise_cds.cli import main
from rulepack.planted import SMALL, plant, planted

ROOT = Path(__file__).resolve().parents[2]
PACK = ROOT / "rules" / "low-back-pain"
GENERAL = ROOT / "docs" / "authors" / "schemas"
FILES = [path for path in sorted(PACK.rglob("*")) if kind_of(path.relative_to(PACK).as_posix()) and ".schemas" not in path.parts]
SHOWN_BY_EDITORS = (
    "unknown-key",
    "key-not-for-kind",
    "missing-key",
    "unknown-kind",
    "bad-value",
    "bare-list",
    "operator-unfit",
    "unknown-operator",
)


def _plain(node: Any) -> Any:
    """YAML as JSON has it."""
    if isinstance(node, dict):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(one) for one in node]
    return node.isoformat() if isinstance(node, dt.date) else node


def _loaded(path: Path) -> Any:
    return _plain(YAML(typ="safe", pure=True).load(path.read_text("utf-8")))


@cache
def _validator(pack: Path | None, kind: str) -> jsonschema.Draft7Validator:
    schema = Schemas(None if pack is None else check(pack).pack).of(kind)
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def _mistakes(pack: Path | None, file: str, path: Path) -> list[str]:
    kind = kind_of(file)
    assert kind is not None
    return [error.message for error in _validator(pack, kind).iter_errors(_loaded(path))]


def test_the_schemas_of_the_shipped_pack_are_fresh() -> None:
    """Its hidden folder holds what the code makes today, and each of its files points an editor there."""
    pack = check(PACK).pack
    assert pack is not None
    assert [str(one.path) for one in schema_files.of_pack(PACK, pack)] == []


def test_the_general_schemas_are_fresh() -> None:
    """docs/authors/schemas/ holds what the code makes today."""
    assert [str(one.path) for one in schema_files.general(GENERAL)] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACK)))
def test_every_shipped_file_is_valid(path: Path) -> None:
    """Every file of the shipped pack validates under the general schema, and under the pack's own."""
    file = path.relative_to(PACK).as_posix()
    assert _mistakes(None, file, path) == []
    assert _mistakes(PACK, file, path) == []


@pytest.mark.parametrize("path", sorted(SMALL.rglob("*.yaml")), ids=lambda path: str(path.relative_to(SMALL)))
def test_every_construct_of_the_language_is_valid(path: Path) -> None:
    """The small pack uses each construct once; an editor marks none of them."""
    assert _mistakes(SMALL, path.relative_to(SMALL).as_posix(), path) == []


@pytest.mark.parametrize("code", SHOWN_BY_EDITORS)
def test_an_editor_marks_what_check_would_say(code: str, tmp_path: Path) -> None:
    """A mistake that a schema can see is seen while typing: of each such code, at least one example is marked."""
    marked = 0
    for mistake in planted():
        if mistake.code == code and mistake.change.get("in", "").endswith(".yaml") and "delete" not in mistake.change:
            folder = tmp_path / mistake.name
            folder.mkdir()
            pack, overlay, _ = plant(mistake, folder)
            file = mistake.change["in"]
            if overlay is None and kind_of(file):
                marked += bool(_mistakes(SMALL, file, pack / file))
    assert marked


def test_names_of_the_pack_are_completed() -> None:
    """Facts, programs, groups, settings, evidence, services, value sets, sites and loads are listed in the pack's own schemas."""
    pack = check(SMALL).pack
    assert pack is not None
    rules, facts = Schemas(pack).text("rules"), Schemas(pack).text("facts")
    for name in (
        *pack.facts,
        *pack.named,
        *pack.programs,
        *pack.groups,
        *pack.evidence,
        *pack.services,
        "strengthen_from_days",
        "loaded-flexion",
    ):
        assert f'"{name}"' in rules
    for name in (*pack.valuesets, "score_valid_days"):
        assert f'"{name}"' in facts
    assert pack.sites
    assert Schemas(pack).of("facts")["$defs"]["FactShape"]["properties"]["site"] == {"enum": list(pack.sites)}


def test_a_setting_completes_where_its_unit_fits() -> None:
    """Days are compared with settings in days, a score with settings of a score."""
    pack = check(SMALL).pack
    assert pack is not None
    definitions = Schemas(pack).of("rules")["$defs"]
    assert definitions["question_days"]["properties"]["at_least"]["anyOf"][1]["enum"] == ["strengthen_from_days", "score_valid_days"]
    assert definitions["question_score"]["properties"]["below"]["anyOf"][1]["enum"] == ["severe_from"]
    assert set(definitions["question_yes_no"]["properties"]) == {"known"}


def test_the_command_writes_says_and_prints(tmp_path: Path) -> None:
    """Without --write what is stale is named and the exit code is 1; with it everything is fresh and the pack is the same pack."""
    pack = Path(shutil.copytree(SMALL, tmp_path / "small"))
    digest = _digest(pack)
    run = CliRunner().invoke
    assert run(main, ["schema", str(pack)]).exit_code == 1
    assert run(main, ["schema", str(pack), "--write"]).exit_code == 0
    assert run(main, ["schema", str(pack)]).exit_code == 0
    lines = (pack / "rules" / "base.yaml").read_text("utf-8").splitlines()
    assert lines[0] == "# yaml-language-server: $schema=../.schemas/rules.schema.json"
    assert (pack / "facts.yaml").read_text("utf-8").count("yaml-language-server") == 1
    assert not check(pack).errors
    assert digest != _digest(pack), "the line is part of the file"
    after = _digest(pack)
    shutil.rmtree(pack / ".schemas")
    assert _digest(pack) == after, "the schemas are no part of the pack"
    assert json.loads(run(main, ["schema", "--kind", "rules"]).stdout)["$schema"]
    assert run(main, ["schema"]).exit_code == 2


def _digest(pack: Path) -> str:
    loaded = check(pack).pack
    assert loaded is not None
    return loaded.digest


def test_every_kind_of_file_has_a_schema() -> None:
    """No kind of file is left without completion."""
    assert {
        kind_of(f)
        for f in ("pack.yaml", "facts.yaml", "evidence.yaml", "rules/a.yaml", "programs/a.yaml", "tests/a.yaml", "valuesets/a.json")
    } < set(SHAPES)
