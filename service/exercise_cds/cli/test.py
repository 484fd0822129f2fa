"""`exercise-cds test`: a pack's cases, what they leave unseen, and which mistakes they would not notice."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click
import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from exercise_cds.authoring import results as shown
from exercise_cds.authoring.check import check, packs_at
from exercise_cds.authoring.mutation import described
from exercise_cds.authoring.results import Results
from exercise_cds.authoring.tests_of_pack import chosen, run
from exercise_cds.cli.check import say


@click.command("test")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--overlay", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="A site's overlay file.")
@click.option("--coverage", "with_coverage", is_flag=True, help="Say which rules, questions and programs no case has seen.")
@click.option("--mutation", "with_mutation", is_flag=True, help="Change one thing at a time, and say which changes no case notices.")
@click.option("--only", multiple=True, help="Run these cases: a name or part of it, a file, or file:line. May be repeated.")
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="Write the results to this file as JUnit's XML.")
@click.option("--json", "as_json", is_flag=True, help="For programs: the results as one JSON object.")
@click.option("--strict", is_flag=True, help="What is not covered, and what survives, is a reason to fail, too.")
@click.option("--processes", type=click.IntRange(1, 64), help="How many mutants are tried at once. Left out: one a processor.")
def test_command(  # noqa: PLR0913 - one parameter an option
    *,
    path: Path,
    overlay: Path | None,
    with_coverage: bool,
    with_mutation: bool,
    only: tuple[str, ...],
    junit: Path | None,
    as_json: bool,
    strict: bool,
    processes: int | None,
) -> None:
    """Run the cases of a pack.

    PATH is a pack's folder. Exit code 0: every case got what it expects. 1: one did not, or the pack has errors. 2: no pack, or no case.
    """
    packs = packs_at(path)
    if len(packs) != 1:
        click.echo(f"{path}: name one pack's folder{'; it holds ' + str(len(packs)) if packs else ''}.", err=True)
        sys.exit(2)
    checked = check(packs[0], overlay)
    if checked.errors:
        say([checked], "text")
        sys.exit(1)
    assert checked.pack is not None
    cases = chosen(checked.cases, only)
    if not cases:
        click.echo(f"{path}: no case {'is called ' + ', '.join(only) if only else 'stands in tests/'}.", err=True)
        sys.exit(2)
    with bars() as progress:

        def begin(what: str, steps: int) -> Callable[[int], None]:
            task = progress.add_task(what, total=steps)
            return lambda done: progress.advance(task, done)

        options = {"with_coverage": with_coverage, "with_mutation": with_mutation}
        results = run(checked, cases, processes=processes, begin=begin, **options)
    if junit is not None:
        junit.write_bytes(shown.as_junit(results))
    if as_json:
        click.echo(orjson.dumps(shown.as_data(results), option=orjson.OPT_INDENT_2))
    else:
        tell(results)
    sys.exit(1 if results.failed or (strict and results.gaps) else 0)


def bars() -> Progress:
    """Progress bars on the error stream, where somebody looks on; gone when they are done."""
    columns = (TextColumn("{task.description:>8}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())


def tell(results: Results) -> None:
    """For people: what failed and why, then what is open, then one line."""
    for one in results.failed:
        where = one.case.where
        place = f"{(results.folder / where.file).as_posix()}:{where.line}:{where.column}:"
        click.echo(f"{click.style('FAILED', fg='red', bold=True)} {click.style(place, bold=True)} {one.case.name}")
        for difference in one.differences:
            click.echo("  " + difference.replace("\n", "\n  "))
        lines = shown.why(one, results.pack)
        for line in lines:
            click.echo(click.style(f"    {line}", dim=line.startswith("  ")))
        click.echo()
    _tell_coverage(results)
    _tell_mutation(results)
    failed, total = len(results.failed), len(results.ran)
    verdict = (
        click.style(f"{failed} of {total} cases failed", fg="red")
        if failed
        else click.style(f"{total} case{'' if total == 1 else 's'} passed", fg="green")
    )
    click.echo(f"{results.pack.id} {results.pack.version}: {verdict} in {sum(results.seconds):.1f} s")


def _tell_coverage(results: Results) -> None:
    if results.coverage is None:
        return
    for goal in results.coverage.missed:
        click.echo(f"{click.style('not seen', fg='yellow')} {results.folder.as_posix()}/{goal}")
    reached = len(results.coverage.goals) - len(results.coverage.missed)
    click.echo(f"coverage: {reached} of {len(results.coverage.goals)} seen, {_percent(results.coverage.percent)}")


def _tell_mutation(results: Results) -> None:
    if results.mutation is None:
        return
    for line in described(results.mutation):
        click.echo(f"{click.style('survived', fg='yellow')} {results.folder.as_posix()}/{line}")
    total = len(results.mutation.mutants)
    noticed = total - len(results.mutation.survivors)
    click.echo(f"mutation: {noticed} of {total} changes noticed, {_percent(results.mutation.percent)}")


def _percent(value: float) -> str:
    """Never 100 % where something is missing."""
    return f"{int(value * 10) / 10:g} %"
