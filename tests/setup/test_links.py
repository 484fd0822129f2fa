"""Pages point at pages that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\(([^)#\s]+)")
ROOMS = ("docs", "rules", "fhir_examples", "helm", "tests")
PAGES = sorted(page.relative_to(ROOT) for page in [*ROOT.glob("*.md"), *(page for room in ROOMS for page in (ROOT / room).rglob("*.md"))])


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_what_a_page_points_at_is_there(page: Path) -> None:
    """Every link of a page that is no address leads to a file or folder of the repository."""
    links = [link for link in LINK.findall((ROOT / page).read_text("utf-8")) if "://" not in link and not link.startswith("mailto:")]
    assert [link for link in links if not (ROOT / page.parent / link).exists()] == []


def test_operators_find_every_page() -> None:
    """The index of the operators' manual names each of its pages."""
    folder = ROOT / "docs" / "operators"
    index = (folder / "README.md").read_text("utf-8")
    assert [page.name for page in folder.glob("*.md") if page.name != "README.md" and f"({page.name})" not in index] == []
