"""`exercise-cds schema`: what editors complete from."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from exercise_cds.authoring import schema_files
from exercise_cds.authoring.check import check, packs_at
from exercise_cds.authoring.schema_files import Stale
from exercise_cds.authoring.schemas import SHAPES, Schemas
from exercise_cds.cli.check import say
from exercise_cds.model.pack import RulePack


@click.command("schema")
@click.argument("path", required=False, type=click.Path(path_type=Path, exists=True))
@click.option("--kind", type=click.Choice(list(SHAPES)), help="Print the schema of this kind of file.")
@click.option("--write", "do_write", is_flag=True, help="Write what is not fresh: the schemas, and the line that points editors to them.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Without PATH: the folder of the general schemas.")
def schema(*, path: Path | None, kind: str | None, do_write: bool, out: Path | None) -> None:
    """JSON Schemas of a pack's files.

    PATH is a pack's folder: its schemas know its facts, programs and settings by name, and are kept in its folder .schemas. Without PATH
    they are those of any pack. Without --write and --kind: say what is not fresh (exit code 1 where something is not).
    """
    pack = None if path is None else _pack(path)
    if kind is not None:
        click.echo(Schemas(pack).text(kind), nl=False)
        return
    if path is None and out is None:
        raise click.UsageError("name a pack's folder, or --out FOLDER for the general schemas, or --kind to print one.")
    stale: list[Stale] = []
    if path is not None and pack is not None:
        stale += schema_files.of_pack(packs_at(path)[0], pack)
    elif out is not None:
        stale += schema_files.general(out)
    if do_write:
        for written in schema_files.write(iter(stale)):
            click.echo(f"wrote {written}")
        return
    for one in stale:
        click.echo(f"{one.path} is not fresh: run with --write")
    sys.exit(1 if stale else 0)


def _pack(path: Path) -> RulePack:
    packs = packs_at(path)
    if len(packs) != 1:
        raise click.UsageError(f"{path} is not one pack's folder.")
    checked = check(packs[0])
    if checked.pack is None:
        say([checked], "text")
        sys.exit(1)
    return checked.pack
