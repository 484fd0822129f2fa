"""The commands about what is kept: `report`, `export`, `purge`, `backup`, `verify`, `forget`. They open the database of the settings."""

from __future__ import annotations

import os
import pwd
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn, TypeVar

import click

from exercise_cds.cli.kept import read_keys
from exercise_cds.records import (
    BadDatabaseUrl,
    BadKeyRing,
    Store,
    StoreUnreachable,
    UnknownSchema,
    open_store,
    sqlite_file,
)
from exercise_cds.records.audit import note
from exercise_cds.records.backup import NoBackup, backup
from exercise_cds.records.export import Format, NoExport, export
from exercise_cds.records.period import Period, moment
from exercise_cds.records.retention import NoKey, Patient, forget, purge
from exercise_cds.records.verify import verify
from exercise_cds.settings import Settings, UnusableSettings, load

_Command = TypeVar("_Command", bound=Callable[..., None])
_FAULTS = (UnusableSettings, BadDatabaseUrl, BadKeyRing, UnknownSchema, NoBackup, NoExport, NoKey)


class Moment(click.ParamType[datetime]):
    """A day, or so many days ago; the beginning of that day in UTC."""

    name = "day"

    def convert(self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """2026-03-02, or 90d."""
        if isinstance(value, datetime):
            return value
        try:
            return moment(value, datetime.now(UTC))
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no day: write 2026-03-02, or 90d for ninety days ago.", param, ctx)


def _in_period(command: _Command) -> _Command:
    command = click.option("--until", type=Moment(), help="Until this day, which is not included. Left out: until now.")(command)
    return click.option("--since", type=Moment(), help="From this day (2026-03-02, or 90d for ninety days ago). Left out: all.")(command)


def _with_settings(command: _Command) -> _Command:
    """Where the database is comes from the settings, as for `serve`."""
    return click.option("--config", type=click.Path(path_type=Path), help="A YAML file with settings (also EXERCISE_CDS_CONFIG).")(command)


@click.command("report")
@_in_period
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The page to write, such as report.html.")
@click.option(
    "--show-small-counts", is_flag=True, help="Show counts from 1 to 4 too: few patients can be recognised by those who know them."
)
@_with_settings
def report_command(*, since: datetime | None, until: datetime | None, out: Path, show_small_counts: bool, config: Path | None) -> None:
    """Write what a committee learns from the records.

    One page that works offline; beside it the same numbers as NAME.json and as NAME-csv/TABLE.csv. Files of these names are replaced.
    """
    # what draws and renders is loaded for this command alone
    from exercise_cds.records.reports.files import as_csv, as_json  # noqa: PLC0415  # see above
    from exercise_cds.records.reports.page import as_page  # noqa: PLC0415  # see above
    from exercise_cds.records.reports.report import BELOW, gather  # noqa: PLC0415  # see above

    with _opened(config) as (store, _):
        details = {"since": since, "until": until, "small_counts": show_small_counts}
        note(store, "report", _actor(), details)
        report = gather(store, Period(since, until), below=0 if show_small_counts else BELOW)
    tables = out.with_name(f"{out.stem}-csv")
    try:
        out.write_text(as_page(report), "utf-8")
        out.with_suffix(".json").write_bytes(as_json(report))
        tables.mkdir(exist_ok=True)
        for name, table in report.tables.items():
            (tables / f"{name}.csv").write_text(as_csv(table), "utf-8", newline="")
    except OSError as fault:
        _stop(f"the report cannot be written to {out}: {fault.strerror}")
    click.echo(f"{out}, {out.with_suffix('.json').name}, {tables.name}/: {report.totals.answers} answers")


@click.command("export")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--format", "form", type=click.Choice([each.value for each in Format]), default=Format.NDJSON.value, show_default=True)
@_in_period
@_with_settings
def export_command(*, folder: Path, form: str, since: datetime | None, until: datetime | None, config: Path | None) -> None:
    """Write all decisions, cards and feedback into FOLDER, which must be new or empty.

    The files hold health data under pseudonyms, are readable by their owner alone, and the export is in the audit.
    """
    with _opened(config) as (store, _):
        exported = export(store, folder, form=Format(form), period=Period(since, until), actor=_actor())
    for name, lines in exported.lines.items():
        click.echo(f"{folder / name}: {lines} lines")


@click.command("purge")
@click.option("--days", type=click.IntRange(1), help="Remove what is older than this. Left out: the setting decision_log.days.")
@_with_settings
def purge_command(*, days: int | None, config: Path | None) -> None:
    """Remove decisions, cards and feedback that are older than their days.

    The service does this by itself; this is for doing it now.
    """
    with _opened(config) as (store, settings):
        if settings.decision_log.days == 0:
            _stop("decision_log.days is 0, a legal hold: nothing is removed")
        removed = purge(store, days=days or settings.decision_log.days, actor=_actor())
    click.echo(f"removed: {removed.decisions} decisions, {removed.cards} cards, {removed.feedback} feedback entries")


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@_with_settings
def backup_command(*, file: Path, config: Path | None) -> None:
    """Copy the SQLite database to FILE while it is in use.

    The copy is whole, checked, and appears under its name only when it is on disk. PostgreSQL has tools of its own.
    """
    with _opened(config) as (store, _):
        size = backup(store, file, actor=_actor())
    click.echo(f"{file}: {size} bytes")


@click.command("verify")
@_with_settings
def verify_command(*, config: Path | None) -> None:
    """Check the records: the database's own integrity, rows without those they belong to, gaps in the numbers of decisions.

    Exit code 1 where something is damaged. Gaps and losses are told, and are no damage.
    """
    with _opened(config) as (store, _):
        found = verify(store)
    for line in found.notes:
        click.echo(line)
    for line in found.broken:
        click.echo(f"DAMAGED: {line}", err=True)
    sys.exit(1 if found.broken else 0)


@click.command("forget")
@click.option("--issuer", required=True, help="The client's issuer, as configured.")
@click.option("--tenant", default="", help="The client's tenant, where its tokens have one.")
@click.option("--fhir-server", default="", help="Base URL of the FHIR server whose id it is.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_with_settings
def forget_command(*, issuer: str, tenant: str, fhir_server: str, yes: bool, config: Path | None) -> None:
    """Remove every record of one patient.

    The patient's FHIR id is asked for, or read from standard input: on the command line it would stay in histories and lists of processes.
    Needs the setting decision_log.keys_file. Backups and exports keep what they hold.
    """
    person = click.prompt("Patient id", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline().strip()
    if not person:
        _stop("no patient id was given")
    if not yes:
        click.confirm("Remove all records of this patient for good?", abort=True)
    with _opened(config) as (store, _):
        removed = forget(store, Patient(issuer, tenant, fhir_server, person.removeprefix("Patient/")), actor=_actor())
    click.echo(f"removed: {removed.decisions} decisions, {removed.cards} cards, {removed.feedback} feedback entries")


@contextmanager
def _opened(config: Path | None) -> Iterator[tuple[Store, Settings]]:
    """The store of the settings, and the settings. Every foreseen fault is one sentence and exit code 1."""
    try:
        settings = load(config)
        file = sqlite_file(settings.database_url)
        if file is not None and not file.exists():
            _stop(f"there is no database at {file}: see the setting database_url")
        store = open_store(settings.database_url, keys=read_keys(settings.decision_log.keys_file))
        try:
            yield store, settings
        finally:
            store.close()
    except StoreUnreachable as fault:
        _stop(f"the records' database is {fault.trouble}: see the setting database_url")
    except _FAULTS as fault:
        _stop(str(fault))


def _actor() -> str:
    """Who runs this, as the machine knows them; a container's user often has a number only."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def _stop(sentence: str) -> NoReturn:
    for line in sentence.splitlines():
        click.echo(f"exercise-cds: {line}", err=True)
    sys.exit(1)
