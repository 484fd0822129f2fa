"""`exercise-cds diff`: what a new version of a pack means, and for whom."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from pathlib import Path

import click
import orjson

from exercise_cds.authoring.check import Checked, check
from exercise_cds.authoring.packs_compared import changes
from exercise_cds.authoring.requests_compared import Both, Compared
from exercise_cds.cli.check import Day, say
from exercise_cds.engine import as_json

_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
MOST = 40
"""Questions shown without --all."""


@click.command("diff")
@click.argument("old", type=_FOLDER)
@click.argument("new", type=_FOLDER)
@click.option("--requests", type=_FOLDER, help="A folder of hook requests: who gains, loses or changes a card.")
@click.option("--as-of", type=Day(), help="The day of asking for requests without a story. Left out: today.")
@click.option("--all", "everything", is_flag=True, help="Show every question whose answer differs.")
@click.option("--json", "as_data", is_flag=True, help="For programs: one JSON object.")
def diff(*, old: Path, new: Path, requests: Path | None, as_of: date | None, everything: bool, as_data: bool) -> None:  # noqa: PLR0913 - options
    """Say what changes from pack OLD to pack NEW: in meaning, for the cases of NEW, and for real requests.

    Exit code 0: nothing differs. 1: something does. 2: one of them cannot be served.
    """
    before, after = _checked(old), _checked(new)
    assert before.pack is not None
    assert after.pack is not None
    both = Both(before.pack, after.pack)
    meaning = changes(before.pack, after.pack)
    asked = {"cases": list(both.cases(after.cases))}
    if requests is not None:
        asked["requests"] = list(both.requests(requests, as_of or datetime.now(UTC).date()))
    other = [one for found in asked.values() for one in found if one.differences]
    if as_data:
        data = {"changes": as_json(meaning)} | {name: as_json(found) for name, found in asked.items()}
        click.echo(orjson.dumps(data, option=orjson.OPT_INDENT_2))
    else:
        for line in meaning:
            click.echo(f"{click.style(f'{line.sort:>8}', dim=True)} {click.style(line.name, bold=True)}: {line.change}")
        for name, found in asked.items():
            _tell(name, found, everything=everything)
    sys.exit(1 if meaning or other else 0)


def _checked(folder: Path) -> Checked:
    checked = check(folder)
    if checked.pack is None:
        say([checked], "text")
        sys.exit(2)
    return checked


def _tell(name: str, found: list[Compared], *, everything: bool) -> None:
    other = sorted((one for one in found if one.differences), key=_only_words)
    for one in other if everything else other[:MOST]:
        click.echo(f"\n{click.style(one.name, bold=True)}")
        for line in one.differences:
            click.echo(f"  {line}")
    for one in found:
        if one.refused:
            click.echo(f"\n{one.name}: not asked, {one.refused}", err=True)
    if len(other) > MOST and not everything:
        click.echo(f"\nand {len(other) - MOST} more; --all shows them")
    refused = sum(bool(one.refused) for one in found)
    left_out = f"; {refused} could not be asked" if refused else ""
    click.echo(f"\n{len(other)} of {len(found) - refused} {name} are answered otherwise{left_out}")


def _only_words(one: Compared) -> bool:
    """Whether nothing but words differs: such answers come last."""
    return all(line.startswith("other words") for line in one.differences)
