"""`exercise-cds check`: every mistake of a pack at its line."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from pathlib import Path

import click
import orjson

from exercise_cds.authoring import findings_shown
from exercise_cds.authoring.check import Checked, check, packs_at

STYLES = {
    "error": {"fg": "red", "bold": True},
    "advice": {"fg": "yellow"},
    "place": {"bold": True},
    "hint": {"fg": "cyan"},
    "dim": {"dim": True},
}


def paint(words: str, style: str) -> str:
    """Colours; click takes them away where nobody sees them."""
    return click.style(words, **STYLES[style])  # type: ignore[arg-type]  # a table of keyword arguments


class Day(click.ParamType[date]):
    """A date."""

    name = "date"

    def convert(self, value: str | date, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """2026-03-02."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no date: write 2026-03-02.", param, ctx)


@click.command("check")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--overlay", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="A site's overlay file, checked with the pack."
)
@click.option("--format", "form", type=click.Choice(["text", "json", "github"]), default="text", show_default=True)
@click.option("--strict", is_flag=True, help="Advice is a reason to fail, too.")
@click.option("--today", type=Day(), help="The day for review dates. Left out: today.")
def check_command(*, path: Path, overlay: Path | None, form: str, strict: bool, today: date | None) -> None:
    """Say every mistake of a pack, each at its line.

    PATH is a pack's folder, a file of it, or a folder that holds packs. Exit code 0: it can be served. 1: there are errors
    (with --strict: or advice). 2: it could not be read.
    """
    packs = packs_at(path)
    if not packs:
        why = "there is no pack.yaml in it" if path.exists() else "there is no such file or folder"
        click.echo(f"{path}: {why}. Name the folder that holds pack.yaml.", err=True)
        sys.exit(2)
    found = [check(pack, overlay, today=today or datetime.now(UTC).date()) for pack in packs]
    say(found, form)
    if any(checked.unreadable for checked in found):
        sys.exit(2)
    sys.exit(1 if any(checked.errors or (strict and checked.findings) for checked in found) else 0)


def say(found: list[Checked], form: str) -> None:
    """Print what was found in one of the three forms."""
    if form == "json":
        click.echo(orjson.dumps([findings_shown.as_data(checked) for checked in found], option=orjson.OPT_INDENT_2))
        return
    for checked in found:
        blocks = findings_shown.as_github(checked) if form == "github" else findings_shown.as_text(checked, paint)
        for block in blocks:
            click.echo(block)
        if form == "text":
            click.echo(findings_shown.summary(checked))
