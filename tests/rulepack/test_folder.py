"""The files of a pack: what is read, what is refused, whatever somebody puts into the folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from exercise_cds.model.where import Finding
from exercise_cds.rulepack import load
from rulepack.planted import copy_of_small


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A copy of the small pack."""
    return copy_of_small(tmp_path)


def _found(pack: Path) -> list[Finding]:
    return [finding for finding in load(pack).findings if finding.code != "unverified-code"]


def test_what_people_need_beside_a_pack_is_let_through(pack: Path) -> None:
    """README, NOTICE, pictures, a folder of pages, hidden files and editors' folders are no mistakes."""
    for name in (
        "NOTICE",
        "CHANGELOG.md",
        "picture.svg",
        "sheet.csv",
        "docs/page.html",
        ".git/config",
        ".vscode/settings.json",
        "rules/notes.md",
    ):
        (pack / name).parent.mkdir(exist_ok=True)
        (pack / name).write_text("words\n", "utf-8")
    assert not _found(pack)


@pytest.mark.parametrize(
    "name", ["rules/base.yaml~", "#facts.yaml#", "rules/.base.yaml.swp", "Thumbs.db", "valuesets/desktop.ini", "old~/a.yaml"]
)
def test_copies_that_an_editor_leaves_are_passed_over(pack: Path, name: str) -> None:
    """Saving a file in a folder that is served does not stop it from being served."""
    (pack / name).parent.mkdir(exist_ok=True)
    (pack / name).write_text("rules: [\n", "utf-8")
    assert not _found(pack)


@pytest.mark.parametrize(
    "name", ["rules/a.yml", "rules/deep/a.yaml", "rules/a.json", "valuesets/a.yaml", "Pack.yaml", "rule/a.yaml", "programs/a.yaml.bak"]
)
def test_a_file_that_seems_to_be_read_and_is_not_is_a_mistake(pack: Path, name: str) -> None:
    """A rule in a misnamed file would silently not be there."""
    (pack / name).parent.mkdir(exist_ok=True)
    (pack / name).write_text("rules: []\n", "utf-8")
    assert [(finding.code, finding.where.file) for finding in _found(pack)] == [("stray-file", name)]


def test_a_pipe_does_not_hang_the_loader(pack: Path) -> None:
    """What is no ordinary file is not opened."""
    os.mkfifo(pack / "rules" / "pipe.yaml")
    assert [finding.code for finding in _found(pack)] == ["unreadable-file"]


def test_a_folder_that_links_to_itself_ends(pack: Path) -> None:
    """Links in a circle are walked once."""
    (pack / "tests" / "again").symlink_to(pack)
    (pack / "docs").mkdir()
    (pack / "docs" / "up").symlink_to("..")
    assert load(pack).pack is not None


def test_links_that_leave_are_refused_also_through_a_folder(pack: Path) -> None:
    """Neither a file nor a folder outside the pack can be read through it."""
    outside = pack.parent / "outside"
    outside.mkdir()
    (outside / "secret.yaml").write_text("rules: []\n", "utf-8")
    (pack / "rules" / "folder").symlink_to(outside)
    (pack / "rules" / "up.yaml").symlink_to("../../outside/secret.yaml")
    (pack / "rules" / "far.yaml").symlink_to("/etc/hostname")
    assert [(finding.code, finding.where.file) for finding in _found(pack)] == [
        ("link-leaves-folder", "rules/far.yaml"), ("link-leaves-folder", "rules/folder"), ("link-leaves-folder", "rules/up.yaml"),
    ]  # fmt: skip


def test_a_dead_link_is_a_finding(pack: Path) -> None:
    """A link to nothing inside the folder is said as a file that cannot be read."""
    (pack / "rules" / "gone.yaml").symlink_to("nothing.yaml")
    assert [finding.code for finding in _found(pack)] == ["unreadable-file"]


@pytest.mark.parametrize("name", [b"rules/\xff\xfe.yaml", b"rules/a\nb.yaml", b"rules/a\x1bb.yaml"])
def test_names_that_cannot_be_shown_are_findings_that_can_be_shown(pack: Path, name: bytes) -> None:
    """A file's name never breaks the report: the finding is plain text on one line."""
    Path(os.fsdecode(os.fsencode(pack) + b"/" + name)).write_bytes(b"rules: []\n")
    (finding,) = _found(pack)
    assert finding.code == "stray-file"
    assert str(finding).isprintable()
