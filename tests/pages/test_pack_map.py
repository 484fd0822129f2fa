"""The map of the pack: every part has its page, every link leads somewhere, and what is offered when is the engine's own word."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from exercise_cds.authoring.heat import heat_of
from exercise_cds.authoring.pack_map import KINDS, PackMap
from exercise_cds.cds_service import CdsService, Serving
from exercise_cds.model.pack import RulePack
from exercise_cds.settings import Settings
from exercise_cds.settings.workbench import WorkbenchSettings
from exercise_cds.web import create_app, for_people

ROOT = Path(__file__).resolve().parents[2]
SERVICE = "low-back-pain-exercise"


@pytest.fixture(scope="module")
def client(serving: Serving) -> FlaskClient:
    """The application with the map."""
    settings = Settings(authentication="none", workbench=WorkbenchSettings(enabled=True, examples=ROOT / "fhir_examples"))
    service = CdsService(serving)
    return create_app(service, settings, pages=for_people.blueprints(settings, service)).test_client()


def test_every_part_has_a_page_and_every_link_leads_to_one(client: FlaskClient, pack: RulePack) -> None:
    """From the first page each rule, program, fact, value set and source is reached, and no link of any page is dead."""
    queue, seen = ["/workbench/map/"], set[str]()
    while queue:
        path = queue.pop()
        answer = client.get(path)
        assert answer.status_code == 200, path
        seen.add(path)
        links = {unescape(link).split("#")[0] for link in re.findall(r'href="(/workbench/map/[^"?]*)', answer.get_data(as_text=True))}
        queue += sorted(links - seen - set(queue))
    parts = PackMap(pack).entries
    assert {f"/workbench/map/{kind}/{name}" for kind in KINDS for name in parts[kind]} <= seen
    assert parts["rules"].keys() == {rule.id for rule in pack.rules}
    assert parts["facts"].keys() == pack.facts.keys() | pack.named.keys()


def test_a_rule_and_its_program_name_each_other(client: FlaskClient) -> None:
    """The page of a rule links the program that it offers, and that of the program the rule."""
    rule = client.get("/workbench/map/rules/stabilize-from-two-weeks").get_data(as_text=True)
    program = client.get("/workbench/map/programs/lumbar-stabilization").get_data(as_text=True)
    assert "/workbench/map/programs/lumbar-stabilization" in rule
    assert "/workbench/map/rules/stabilize-from-two-weeks" in program


def test_the_search_finds_by_every_word(client: FlaskClient) -> None:
    """All words must be there; a title comes before a text; nothing is found for nonsense, and what is typed is shown as text."""
    page = client.get("/workbench/map/?q=two+weeks").get_data(as_text=True)
    assert "stabilize-from-two-weeks" in page
    assert "0 found" in client.get("/workbench/map/?q=zebra").get_data(as_text=True)
    assert "<b>" not in client.get("/workbench/map/?q=<b>x").get_data(as_text=True)


def test_what_is_offered_when_holds_within_each_cell(serving: Serving) -> None:
    """Both ends of every cell get the same answer, and stabilization begins at 14 days."""
    heats = heat_of(serving, SERVICE)
    assert not [cell for heat in heats for row in heat.cells for cell in row if cell.uneven]
    plain = heats[0]
    assert plain.fact == ""
    row = dict(zip([span.words for span in plain.lengths], plain.cells[1], strict=True))
    assert "lumbar-stabilization" not in row["0 to 13 days"].offered
    assert "lumbar-stabilization" in row["14 to 27 days"].offered
    assert "specialist-referral" in row["85 days and more"].offered
    assert {heat.fact for heat in heats} >= {"sciatica", "stenosis", "herniation", "spondylolisthesis"}


def test_a_part_that_is_not_there_is_said_in_a_page(client: FlaskClient) -> None:
    """An unknown rule, kind or service is 404 with a sentence."""
    for path in ("rules/nothing", "nothing/at-all", "offered/nothing"):
        answer = client.get(f"/workbench/map/{path}")
        assert (answer.status_code, answer.mimetype) == (404, "text/html")
