"""`exercise-cds conformance URL`: which rules of CDS Hooks a service keeps, as far as a caller can see."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from exercise_cds.cli.signing import signer_of, signing_options
from exercise_cds.conformance import RULES, Report, Unanswered, Verdict, Visitor, examine

_STYLES = {Verdict.KEPT: "green", Verdict.BROKEN: "bold red", Verdict.ADVICE: "yellow", Verdict.NOT_SEEN: "dim"}


@click.command("conformance")
@click.argument("url")
@click.option("--feedback", is_flag=True, help="Send feedback, too: it will be stored there.")
@click.option("--json", "as_data", is_flag=True, help="For programs: one JSON object.")
@signing_options
def conformance(*, url: str, feedback: bool, as_data: bool, token_base: str | None, **signing: Any) -> None:
    """Examine a CDS Hooks service from outside, with a made-up patient and at most 100 requests.

    URL is the base of the service (http://127.0.0.1:8080). Exit code 1 where a rule that SHALL be kept is broken.
    """
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        raise click.UsageError(f"{url!r} is no URL of a CDS service: write one such as http://127.0.0.1:8080")
    try:
        report = examine(Visitor(url, signer_of(**signing), token_base), datetime.now(UTC), feedback=feedback)
    except Unanswered as fault:
        click.echo(f"exercise-cds: {fault}", err=True)
        sys.exit(1)
    if as_data:
        click.echo(json.dumps(_data(url, report), indent=2))
    else:
        _show(report)
    sys.exit(1 if report.broken else 0)


def _data(url: str, report: Report) -> dict[str, Any]:
    rules = [
        {"id": rule, "level": level, "rule": words, "verdict": report.verdict(rule).value, "details": report.details(rule)}
        for rule, (level, words) in RULES.items()
    ]
    return {"url": url, "requests": report.asked, "broken": report.broken, "rules": rules, "notes": report.notes}


def _show(report: Report) -> None:
    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("id", "level", "seen", "rule"):
        table.add_column(name, no_wrap=name != "rule")
    for rule, (level, words) in RULES.items():
        verdict = report.verdict(rule)
        says = Text(words)
        for detail in report.details(rule):
            says.append(f"\n{detail}", style=_STYLES[verdict])
        table.add_row(rule, level, Text(verdict.value, style=_STYLES[verdict]), says)
    console.print(table)
    for note in report.notes:
        console.print(Text(note, style="yellow"))
    kept = sum(report.verdict(rule) is Verdict.KEPT for rule in RULES)
    advice = sum(report.verdict(rule) is Verdict.ADVICE for rule in RULES)
    counts = f"{kept} kept, {len(report.broken)} broken, {advice} with advice, {len(RULES) - kept - advice - len(report.broken)} not seen"
    console.print(Text(f"{report.asked} requests: {counts}.", style="bold red" if report.broken else "bold"))
