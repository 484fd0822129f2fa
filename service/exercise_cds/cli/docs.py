"""`exercise-cds docs`: a pack as pages for a review committee."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from exercise_cds.authoring.check import Checked, check
from exercise_cds.authoring.pages import write_pages
from exercise_cds.authoring.tests_of_pack import run
from exercise_cds.cli.check import say

_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


@click.command("docs")
@click.argument("pack", type=_FOLDER)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="The folder that the pages are written to.")
@click.option("--since", type=_FOLDER, help="An older version of the pack: what changed since then stands on the first page.")
@click.option("--overlay", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="A site's overlay file.")
def docs(*, pack: Path, out: Path, since: Path | None, overlay: Path | None) -> None:
    """Write PACK as pages: HTML and Markdown, with a picture of time, a graph, the decision table and a sign-off sheet."""
    checked = _served(pack, overlay)
    older = _served(since, None).pack if since is not None else None
    for path in write_pages(run(checked, checked.cases), out, since=older):
        click.echo(f"wrote {path}")


def _served(folder: Path, overlay: Path | None) -> Checked:
    checked = check(folder, overlay)
    if checked.errors:
        say([checked], "text")
        sys.exit(1)
    return checked
