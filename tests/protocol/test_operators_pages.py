"""docs/operators/failures.md and clients.md are true: their settings, metrics, tests, reasons and example are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from exercise_cds.security import KEY_FAULTS, REASONS
from exercise_cds.settings import Settings, load
from exercise_cds.settings.trust import ClientSettings

ROOT = Path(__file__).resolve().parents[2]
OPERATORS = ROOT / "docs" / "operators"


def _rows(page: str) -> list[list[str]]:
    lines = [line for line in (OPERATORS / page).read_text("utf-8").splitlines() if line.startswith("| ") and "`tests/" in line]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def _is_setting(name: str) -> bool:
    model: type[BaseModel] | None = Settings
    for part in name.split("."):
        if model is None or part not in model.model_fields:
            return False
        inner = model.model_fields[part].annotation
        model = inner if isinstance(inner, type) and issubclass(inner, BaseModel) else None
    return True


@pytest.mark.parametrize("row", _rows("failures.md"), ids=lambda row: row[0])
def test_a_failure_has_setting_metric_and_test(row: list[str]) -> None:
    """Each row of the table of failures names a setting that there is (or says why none), a metric of metrics.md, and a test."""
    _what, says, setting, metric, test = row
    assert says
    assert setting.startswith("none") or _is_setting(re.findall(r"`([^`]+)`", setting)[0])
    names = re.findall(r"^\| `(\w+)` \|", (OPERATORS / "metrics.md").read_text("utf-8"), re.MULTILINE)
    assert metric.startswith("none: ") or re.findall(r"`([^`]+)`", metric)[0] in names
    path, _, name = test.strip("` ").removesuffix("` |").partition("::")
    assert name in {node.name for node in ast.walk(ast.parse((ROOT / path).read_text("utf-8"))) if isinstance(node, ast.FunctionDef)}


def test_every_default_of_a_failure_is_in_the_table() -> None:
    """Whatever a setting offers for a failure stands in the table."""
    said = " ".join(row[2] for row in _rows("failures.md"))
    for name in ("replay.on_failure", "replay.most", "decision_log.on_failure", "max_in_flight", "deadline_ms", "rates.client", "rules"):
        assert f"`{name}`" in said
    assert len(_rows("failures.md")) >= 18


def test_every_reason_is_explained() -> None:
    """The page on clients lists every reason code of a 401 with its sentence, and no other."""
    page = (OPERATORS / "clients.md").read_text("utf-8").partition("## Why a token was refused")[2]
    assert dict(re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", page, re.MULTILINE)) == dict(REASONS)


def test_every_fault_of_keys_is_explained() -> None:
    """The page on clients lists every reason why keys were not obtained; the code gives no other, and all of them."""
    page = (OPERATORS / "clients.md").read_text("utf-8").partition("## Keys")[2].partition("\n## ")[0]
    assert dict(re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", page, re.MULTILINE)) == dict(KEY_FAULTS)
    room = "".join(path.read_text("utf-8") for path in (ROOT / "service" / "exercise_cds" / "security").glob("*.py"))
    given = re.findall(r"raise KeysUnavailable\((.+)\)", room)
    assert {reason for one in given for reason in re.findall(r'"([a-z-]+)"', one)} == set(KEY_FAULTS)


def test_the_example_loads(tmp_path: Path) -> None:
    """The example of the page on clients is a configuration that starts, and uses names of settings only."""
    page = (OPERATORS / "clients.md").read_text("utf-8")
    example = page.partition("```yaml\n")[2].partition("```")[0]
    (tmp_path / "site.yaml").write_text(example)
    settings = load(tmp_path / "site.yaml")
    assert [client.mode for client in settings.clients] == ["active", "silent"]
    for name in ClientSettings.model_fields:
        if name != "patients_may_ask":
            assert f"`{name}`" in page or f"{name}:" in page, name
