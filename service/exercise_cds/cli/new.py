"""`exercise-cds new`: a commented, valid start."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click

from exercise_cds.authoring import schema_files, starts
from exercise_cds.authoring.chart_builder import SYSTEMS
from exercise_cds.authoring.check import check
from exercise_cds.authoring.starts import CannotStart
from exercise_cds.cli.check import say
from exercise_cds.model.pack import RulePack

_PACK = click.argument("pack", type=click.Path(path_type=Path, exists=True, file_okay=False))
_NAME = click.argument("name")


@click.group("new")
def new() -> None:
    """Write a commented, valid start: pack, rule, program, case or valueset."""


@new.command("pack")
@click.argument("folder", type=click.Path(path_type=Path))
def pack_command(folder: Path) -> None:
    """A whole pack in FOLDER, whose name is its id."""
    _start(folder, lambda: starts.new_pack(folder))


@new.command("rule")
@_PACK
@_NAME
def rule_command(pack: Path, name: str) -> None:
    """A rule NAME in rules/NAME.yaml."""
    _start(pack, lambda: starts.new_rule(pack, _loaded(pack), name))


@new.command("program")
@_PACK
@_NAME
def program_command(pack: Path, name: str) -> None:
    """A program NAME in programs/NAME.yaml, listed in pack.yaml."""
    _start(pack, lambda: starts.new_program(pack, _loaded(pack), name))


@new.command("case")
@_PACK
@_NAME
def case_command(pack: Path, name: str) -> None:
    """A case in tests/NAME.yaml."""
    _start(pack, lambda: starts.new_case(pack, _loaded(pack), name))


@new.command("valueset")
@_PACK
@_NAME
@click.option("--code", "codes", multiple=True, required=True, metavar="CODE=WORDS", help="A code and its words. May be repeated.")
@click.option("--system", default="icd-10-cm", show_default=True, help=f"The codes' system: {', '.join(SYSTEMS)}, or its address.")
@click.option("--title", help="Left out: the name.")
def valueset_command(pack: Path, name: str, codes: tuple[str, ...], system: str, title: str | None) -> None:
    """A value set NAME in valuesets/NAME.json."""
    words = title or name.replace("-", " ").capitalize()
    _start(pack, lambda: starts.new_valueset(pack, name, words, system, starts.pairs(codes)))


def _loaded(folder: Path) -> RulePack:
    checked = check(folder)
    if checked.pack is None:
        say([checked], "text")
        sys.exit(1)
    return checked.pack


def _start(folder: Path, write: Callable[[], list[Path]]) -> None:
    """Write, freshen the schemas, and check: what is written is valid, and whoever reads on sees that it is."""
    try:
        written = write()
    except CannotStart as why:
        click.echo(str(why), err=True)
        sys.exit(1)
    for path in written:
        click.echo(f"wrote {path}")
    checked = check(folder)
    if checked.pack is not None:
        schema_files.write(schema_files.of_pack(folder, checked.pack))
        checked = check(folder)
    say([checked], "text")
    sys.exit(1 if checked.errors else 0)
