"""`exercise-cds registration`: the sheet that goes to an EHR's team, from this site's own settings and rules."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

import click
import orjson

from exercise_cds import rulepack
from exercise_cds.cli.packs import files_of, serving_of
from exercise_cds.cli.registration_sheet import markdown, sheet_of
from exercise_cds.settings import ClientSettings, Settings, UnusableSettings, load


@click.command("registration")
@click.option("--config", type=click.Path(path_type=Path), help="A YAML file with settings (also EXERCISE_CDS_CONFIG).")
@click.option("--rules", type=click.Path(path_type=Path), help="Folder of the rule pack.")
@click.option("--overlay", type=click.Path(path_type=Path), help="The site's overlay file.")
@click.option("--client", help="The issuer of a configured client. Left out: a sheet for an EHR that is not configured yet.")
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def registration(*, config: Path | None, rules: Path | None, overlay: Path | None, client: str | None, as_json: bool) -> None:
    """Print what an EHR's team needs to register this service, and what it has to answer, as Markdown.

    Addresses, prefetch templates, scopes, audiences, algorithms and time-outs are those of this site: give it the settings that
    `serve` gets.
    """
    try:
        settings = load(config, rules=rules, overlay=overlay)
    except UnusableSettings as fault:
        _stop(*fault.sentences)
    if settings.base_url is None:
        _stop("base_url is missing: set the https address under which EHRs reach the service, such as https://cds.example.org")
    chosen = _client(settings, client)
    loaded = rulepack.load(*files_of(settings).at_rest())
    if loaded.pack is None:
        _stop(f"the rule pack {settings.rules} has errors: exercise-cds check {settings.rules} says which")
    serving = serving_of(settings, loaded.pack)
    sheet = sheet_of(settings, serving, chosen)
    serving.engine.close()
    click.echo(orjson.dumps(sheet, option=orjson.OPT_INDENT_2).decode() if as_json else markdown(sheet), nl=as_json)


def _client(settings: Settings, issuer: str | None) -> ClientSettings | None:
    known = {one.issuer: one for one in settings.clients}
    if issuer is not None and issuer not in known:
        _stop(f"--client: no client has the issuer {issuer}; configured: {', '.join(known) or 'none'}")
    return None if issuer is None else known[issuer]


def _stop(*sentences: str) -> NoReturn:
    for sentence in sentences:
        click.echo(f"exercise-cds: {sentence}", err=True)
    sys.exit(1)
