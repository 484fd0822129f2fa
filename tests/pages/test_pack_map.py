"""The map of the pack: every part has its page, every link leads somewhere, and what is offered when is the engine's own word."""

from __future__ import annotations

import re
import shutil
import time
from html import unescape
from pathlib import Path
from typing import cast

import pytest
from flask.testing import FlaskClient

from exercise_cds.authoring.check import check
from exercise_cds.authoring.heat import drafts_of, heat_of
from exercise_cds.authoring.marks import Marks, Places, read_in_child, seen_by
from exercise_cds.authoring.pack_map import KINDS, PackMap
from exercise_cds.authoring.runner import Runner
from exercise_cds.cds_service import CdsService, Serving
from exercise_cds.model.pack import RulePack
from exercise_cds.settings import Settings
from exercise_cds.settings.workbench import WorkbenchSettings
from exercise_cds.web import create_app, for_people, pack_map
from exercise_cds.web.pack_map import Counted

ROOT = Path(__file__).resolve().parents[2]
PACK = ROOT / "rules" / "low-back-pain"
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


def test_each_service_and_each_drafted_order_has_its_tables(client: FlaskClient, serving: Serving) -> None:
    """What is offered when is shown for every service that is served, and for each order that a service asks about."""
    page = client.get(f"/workbench/map/offered/{SERVICE}").get_data(as_text=True)
    for name in serving.services:
        for draft in drafts_of(serving.pack, name) or ("",):
            path = f"/workbench/map/offered/{name}/{draft}".rstrip("/")
            assert f'"{path}"' in page
            assert client.get(path).status_code == 200
    heats = heat_of(serving, "low-back-pain-orders", "drafts_opioid")
    assert any("aquatic" in cell.offered for row in heats[0].cells for cell in row)
    assert not [cell for heat in heats for row in heat.cells for cell in row if cell.uneven]
    assert heat_of(serving, "low-back-pain-orders", "drafts_imaging") != heats


@pytest.fixture(scope="module")
def marked() -> list[Marks]:
    """What the shipped pack's cases are found to know, step by step."""
    return list(read_in_child(PACK, None))


def test_what_the_cases_know_of_each_part_is_counted(marked: list[Marks], pack: RulePack) -> None:
    """First what the cases saw, then the changes that they notice; each rule has its numbers."""
    first, last = marked
    assert (first.noticed, first.seen, first.failed, first.digest) == (None, last.seen, 0, pack.digest)
    assert last.noticed is not None
    assert 0 < last.noticed.reached <= last.noticed.of
    assert {kind for kind, _ in last.seen_of} == {"rules", "programs", "facts"}
    assert {name for kind, name in last.seen_of if kind == "rules"} == {rule.id for rule in pack.rules}


def test_what_no_case_saw_is_named_with_its_place() -> None:
    """With one file of the cases alone, parts have gaps: each says what was never seen, and where it is written."""
    checked = check(PACK)
    assert checked.pack is not None
    with Runner(checked.folder, checked.pack) as runner:
        ran = [runner.run(case) for case in checked.cases if case.where.file == "tests/ordering.yaml"]
    marks = seen_by(checked.pack, ran)
    assert len(ran) == marks.cases
    gaps = [words for tally in marks.seen_of.values() for words in tally.missing]
    assert all(", never " in words and ".yaml:" in words for words in gaps)
    assert set(marks.seen.missing) == set(gaps)
    assert marks.seen_of["rules", "unstable-heart"].reached < marks.seen_of["rules", "unstable-heart"].of


def test_a_place_belongs_to_what_is_written_there(pack: RulePack) -> None:
    """A question belongs to the rule or the named condition where it stands, and to the fact that it asks."""
    places = Places(pack)
    rule = next(rule for rule in pack.rules if rule.id == "minor")
    assert ("rules", "minor") in places.at(rule.when.where)
    named = pack.named["early_imaging"]
    inside = named.condition.parts[1]  # type: ignore[union-attr]  # an `all`
    assert places.at(inside.where) == {("facts", "early_imaging"), ("facts", "back_pain_days")}


class _Known:
    """Marks that are there already."""

    def __init__(self, marks: Marks | None) -> None:
        self._marks = marks

    def of(self, _digest: str) -> Marks | None:
        return self._marks


def test_the_map_shows_the_marks(serving: Serving, marked: list[Marks]) -> None:
    """Contents and parts say how well the cases know them; until it is known the pages say that it is being counted."""
    texts = []
    for marks in (None, *marked):
        counted = cast("Counted", _Known(marks))
        pages = [pack_map.blueprint(CdsService(serving).answering, counted=counted)]
        client = create_app(CdsService(serving), Settings(authentication="none"), pages=pages).test_client()
        texts.append([client.get(f"/workbench/map/{path}").get_data(as_text=True) for path in ("", "rules/minor", "programs/aquatic")])
    nothing, seen, noticed = texts
    assert all("being counted" in page for page in nothing)
    assert "is being tried" in seen[0]
    assert all("being counted" not in page for page in (*seen, *noticed))
    assert "changes of one thing" in noticed[0]
    assert "Changes of one thing that a case notices: 1 of 1." in noticed[1]
    assert client.get(f"/workbench/map/offered/{SERVICE}").status_code == 200


def test_a_part_that_is_not_there_is_said_in_a_page(client: FlaskClient) -> None:
    """An unknown rule, kind or service is 404 with a sentence."""
    for path in ("rules/nothing", "nothing/at-all", "offered/nothing", f"offered/{SERVICE}/nothing", "offered/low-back-pain-orders"):
        answer = client.get(f"/workbench/map/{path}")
        assert (answer.status_code, answer.mimetype) == (404, "text/html")


def test_marks_are_counted_beside_whoever_looks(tmp_path: Path, pack: RulePack) -> None:
    """The first look finds nothing and is not kept waiting; some seconds later the marks are there; saved cases are counted anew."""
    copy = tmp_path / "pack"
    shutil.copytree(PACK, copy)
    for path in (copy / "tests").glob("*.yaml"):
        if path.name != "ordering.yaml":
            path.unlink()
    counted = Counted(copy, None)
    assert counted.of(pack.digest) is None
    first = _until_known(counted, pack.digest)
    shutil.copy(PACK / "tests" / "diagnosis.yaml", copy / "tests")
    assert counted.of(pack.digest) is None
    assert _until_known(counted, pack.digest).cases > first.cases


def _until_known(counted: Counted, digest: str) -> Marks:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if (known := counted.of(digest)) is not None:
            return known
        time.sleep(0.1)
    raise AssertionError("the marks were never counted")
