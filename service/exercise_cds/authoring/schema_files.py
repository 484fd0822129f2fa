"""Where schemas are kept: a pack's in its own hidden folder, each file of the pack with a first line that points an editor there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from exercise_cds.authoring.schemas import SHAPES, Schemas, kind_of
from exercise_cds.model.pack import RulePack
from exercise_cds.rulepack.folder import read_folder
from exercise_cds.rulepack.report import Report

FOLDER = ".schemas"
"""Inside the pack; hidden files are no part of a pack, so its digest does not change."""
LINE = "# yaml-language-server: $schema="
GENERAL = tuple(SHAPES)


@dataclass(frozen=True, slots=True)
class Stale:
    """A file that is not as it should be, and what it should be."""

    path: Path
    content: str


def general(folder: Path) -> Iterator[Stale]:
    """The general schemas that are not fresh in this folder."""
    yield from _stale(folder, Schemas())


def of_pack(root: Path, pack: RulePack) -> Iterator[Stale]:
    """A pack's schemas that are not fresh, and its YAML files without the line."""
    yield from _stale(root / FOLDER, Schemas(pack))
    for file, content in read_folder(root, Report()).contents.items():
        if (kind := kind_of(file)) is not None and file.endswith(".yaml"):
            before = content.decode("utf-8", errors="surrogateescape")
            if (wanted := with_line(before, schema_line(file, kind))) != before:
                yield Stale(root / file, wanted)


def _stale(folder: Path, schemas: Schemas) -> Iterator[Stale]:
    for kind in SHAPES:
        path, wanted = folder / f"{kind}.schema.json", schemas.text(kind)
        if not path.is_file() or path.read_bytes() != wanted.encode("utf-8"):
            yield Stale(path, wanted)


def schema_line(file: str, kind: str) -> str:
    """The first line of a file of a pack."""
    return f"{LINE}{'../' * file.count('/')}{FOLDER}/{kind}.schema.json"


def with_line(text: str, line: str) -> str:
    """The text with the line first, in the place of another one where there is one."""
    first, _, rest = text.partition("\n")
    return f"{line}\n{rest}" if first.startswith(LINE) else f"{line}\n{text}"


def write(stale: Iterator[Stale]) -> list[Path]:
    """Write what is not fresh; the files written."""
    written = []
    for one in list(stale):
        one.path.parent.mkdir(parents=True, exist_ok=True)
        one.path.write_bytes(one.content.encode("utf-8", errors="surrogateescape"))
        written.append(one.path)
    return written
