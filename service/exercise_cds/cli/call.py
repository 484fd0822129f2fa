"""`exercise-cds call URL --fhir FOLDER --patient ID`: play the EHR, and show the cards that come back."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import click
import orjson
from rich.console import Console
from rich.text import Text

from exercise_cds.cli.card_view import card_views, plain
from exercise_cds.cli.ehr import Filled, NoAnswer, Service, Visit, fhir_access, fill, hook_request
from exercise_cds.cli.signing import Signer, signing_options
from exercise_cds.fhir.folder import UnreadableFile, read_folder, resources_of


@click.command("call")
@click.argument("url")
@click.option(
    "--fhir",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help="A folder with FHIR R4 resources or Bundles in *.json files.",
)
@click.option("--patient", required=True, help="The id of the patient whose chart is open.")
@click.option("--service", help="The service to ask. Left out: the one that the URL names, else the first on patient-view.")
@click.option("--user", default="Practitioner/example", show_default=True, help="Who looks at the chart.")
@click.option("--encounter", default="", help="The id of the encounter.")
@click.option(
    "--drafts",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A file with the drafted orders (a resource, or a Bundle), for order-select and order-sign.",
)
@click.option("--without", multiple=True, metavar="KEY", help="A prefetch key to leave out, as an EHR does that cannot send it.")
@click.option("--fhir-server", default="", help="A FHIR server that the service may ask for what is left out.")
@click.option("--fhir-token-file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="The access token for it, in a file.")
@click.option("--json", "as_data", is_flag=True, help="For programs: the request and the answer as one JSON object.")
@signing_options
def call(  # noqa: PLR0913 - one parameter an option
    *,
    url: str,
    folder: Path,
    patient: str,
    service: str | None,
    user: str,
    encounter: str,
    drafts: Path | None,
    without: tuple[str, ...],
    fhir_server: str,
    fhir_token_file: Path | None,
    as_data: bool,
    **signing: Any,
) -> None:
    """Ask a CDS Hooks service as an EHR would.

    URL is the base of the service (http://127.0.0.1:8080), or the address of one of its services. Discovery is read, the prefetch that
    it asks for is filled from the FHIR files, and the cards are shown. Nothing but the service itself is called.
    """
    try:
        there = Service(url, Signer(**signing))
        visit = Visit(patient, user, encounter, tuple(resources_of(drafts)) if drafts else ())
        access = _access(fhir_server, fhir_token_file, patient)
        resources = _chart(folder, patient)
        chosen = _chosen(there.discovery(), service or there.named)
        hook, templates = plain(chosen["hook"]), chosen.get("prefetch")
        filled = fill(templates if isinstance(templates, Mapping) else {}, resources, visit.context(hook), frozenset(without))
        request = hook_request(hook, visit, filled, access)
        began = time.perf_counter()
        answer = there.call(plain(chosen["id"]), request)
        spent = (time.perf_counter() - began) * 1_000
    except (NoAnswer, UnreadableFile, OSError, UnicodeDecodeError) as fault:
        _stop(fault)
    if as_data:
        request.pop("fhirAuthorization", None)
        click.echo(orjson.dumps({"service": chosen["id"], "request": request, "response": answer}, option=orjson.OPT_INDENT_2))
    else:
        _show(chosen, filled, answer, spent)


def _access(server: str, token_file: Path | None, patient: str) -> dict[str, Any]:
    if not server and token_file is None:
        return {}
    if not server or token_file is None:
        raise NoAnswer("--fhir-server and --fhir-token-file belong together")
    return fhir_access(server, token_file.read_text("utf-8").strip(), patient)


def _chart(folder: Path, patient: str) -> list[Mapping[str, Any]]:
    """What lies in the folder; a patient that is not there is a slip of the pen, and not an empty chart."""
    resources = read_folder(folder)
    patients = sorted(str(one.get("id")) for one in resources if one.get("resourceType") == "Patient")
    if patient not in patients:
        known = f"the patients {', '.join(patients[:5])}{' and more' if len(patients) > 5 else ''}" if patients else "no patient at all"
        raise NoAnswer(f"{folder} holds no Patient with the id {patient!r}; it holds {known}")
    return resources


def _chosen(services: list[dict[str, Any]], named: str) -> dict[str, Any]:
    """The service to ask."""
    ids = ", ".join(plain(one["id"]) for one in services) or "none"
    if named:
        found = next((one for one in services if one["id"] == named), None)
        if found is None:
            raise NoAnswer(f"there is no service {named!r}; there are {ids}")
        return found
    found = next((one for one in services if one["hook"] == "patient-view"), None)
    if found is None:
        raise NoAnswer(f"no service answers patient-view: choose one with --service; there are {ids}")
    return found


def _show(chosen: Mapping[str, Any], filled: Filled, answer: Mapping[str, Any], spent: float) -> None:
    console = Console(highlight=False)
    console.print(
        Text.assemble(
            (plain(chosen["id"]), "bold"), f"  {plain(chosen['hook'])}, {len(filled.values)} prefetch keys sent, answered in {spent:.0f} ms"
        )
    )
    for key, why in filled.left_out.items():
        console.print(Text(f"Not sent: {plain(key)} ({plain(why)})", "yellow"))
    cards = answer["cards"]
    if not cards:
        console.print(Text("No card.", "dim"))
    for view in card_views(cards):
        console.print(view)


def _stop(fault: Exception) -> NoReturn:
    """One sentence, and what the service said of it."""
    click.echo(f"exercise-cds: {plain(str(fault))}", err=True)
    detail = fault.detail if isinstance(fault, NoAnswer) else None
    for issue in detail.get("issue", ()) if isinstance(detail, dict) else ():
        words = issue.get("details", {}).get("text") if isinstance(issue, dict) and isinstance(issue.get("details"), dict) else None
        if words:
            click.echo(f"  {plain(words)}", err=True)
    sys.exit(1)
