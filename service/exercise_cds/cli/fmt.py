"""`exercise-cds fmt`: a pack's files in one form."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from exercise_cds.authoring.check import packs_at
from exercise_cds.authoring.form import of_pack


@click.command("fmt")
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option("--check", "only_check", is_flag=True, help="Write nothing; exit code 1 where a file is not in form.")
def fmt(*, path: Path, only_check: bool) -> None:
    """Put a pack's YAML files into one form. Comments and quotation marks stay.

    PATH is a pack's folder, or a folder that holds packs. A file with mistakes is left as it is. Exit code 2: a file could not be read.
    """
    packs = packs_at(path)
    if not packs:
        click.echo(f"{path}: there is no pack.yaml in it.", err=True)
        sys.exit(2)
    formed = [one for pack in packs for one in of_pack(pack)]
    for one in formed:
        if one.why:
            click.echo(f"{one.path}: left as it is: {one.why}", err=True)
        elif one.changes:
            click.echo(f"{one.path}: {'is not in form' if only_check else 'written'}")
            if not only_check:
                one.path.write_bytes(one.after.encode("utf-8"))
    if any(one.unreadable for one in formed):
        sys.exit(2)
    sys.exit(1 if only_check and any(one.changes for one in formed) else 0)
