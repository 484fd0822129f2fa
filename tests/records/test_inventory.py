"""docs/operators/data-inventory.md and the schema say the same."""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy import inspect

from exercise_cds.records import Store, export
from exercise_cds.records.schema import STAGES

DOCS = Path(__file__).resolve().parents[2] / "docs" / "operators"
ROW = re.compile(r"^\| `(\w+)` \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)


def _inventory() -> dict[str, list[str]]:
    """Field names by table, as the page lists them."""
    sections = re.split(r"^## ", (DOCS / "data-inventory.md").read_text("utf-8"), flags=re.MULTILINE)[1:]
    return {section.split("\n", 1)[0]: [row[0] for row in ROW.findall(section)] for section in sections if ROW.search(section)}


def test_every_stored_field_is_in_the_inventory(store: Store) -> None:
    """Each column of each table of the database has one line with its why, how long and who; no line is about a column that is none."""
    looked_at = inspect(store.engine)
    stored = {table: [column["name"] for column in looked_at.get_columns(table)] for table in looked_at.get_table_names()}
    assert _inventory() == stored


def test_exports_are_documented() -> None:
    """Each column of an export is named in records.md."""
    text = (DOCS / "records.md").read_text("utf-8")
    for name, columns in export.COLUMNS.items():
        line = next(line for line in text.splitlines() if line.startswith(f"| `{name}` |"))
        assert re.findall(r"`(\w+)`", line)[1:] == [column for column in columns if not column.endswith("_us")] or name == "decisions"
        assert all(f"`{column}`" in line for column in columns)
    assert all(f"`{stage}_us`" in text for stage in STAGES)
