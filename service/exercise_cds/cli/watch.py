"""`exercise-cds watch`: on every save, what is wrong, what changed, which cases fail."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from exercise_cds.authoring.check import packs_at
from exercise_cds.authoring.watching import Saved, look, stamp
from exercise_cds.cli.check import say
from exercise_cds.cli.test import tell

LOOKS = 0.2
"""Seconds between two looks at the folder."""


@click.command("watch")
@click.argument("pack", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--overlay", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="A site's overlay file.")
@click.option("--saves", type=click.IntRange(min=0), help="End after so many saves. Left out: end with Ctrl-C.")
def watch(*, pack: Path, overlay: Path | None, saves: int | None) -> None:
    """Check and test PACK on every save, and say what changed in meaning.

    Ends with Ctrl-C.
    """
    if packs_at(pack) != [pack]:
        click.echo(f"{pack}: there is no pack.yaml in it.", err=True)
        sys.exit(2)
    seen = stamp(pack, overlay)
    saved = look(pack, overlay)
    served = saved.state
    tell_save(saved)
    done = 0
    try:
        while saves is None or done < saves:
            time.sleep(LOOKS)
            if (now := stamp(pack, overlay)) == seen:
                continue
            seen, done = now, done + 1
            click.echo(f"\n{datetime.now(UTC).astimezone():%H:%M:%S} saved")
            saved = look(pack, overlay, served)
            served = saved.state if saved.state.checked.pack is not None else served
            tell_save(saved)
    except KeyboardInterrupt:
        click.echo("")


def tell_save(saved: Saved) -> None:
    """Mistakes first; without any, what changed and what the cases say of it."""
    state = saved.state
    if state.results is None:
        say([state.checked], "text")
        return
    for line in saved.changes:
        click.echo(f"{click.style(f'{line.sort:>8}', dim=True)} {click.style(line.name, bold=True)}: {line.change}")
    for name in sorted(saved.passes_now):
        click.echo(f"{click.style('passes again', fg='green')} {name}")
    tell(state.results)
