"""The pages of authors and committees in a real browser: map, live, feedback, and the workbench in production."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, Response, expect

from builders.looked import Looked
from builders.served import COMMAND, Served, free_port, served
from builders.tokens import trusting_environment
from records.made_up import keep_practice

ROOT = Path(__file__).resolve().parents[2]
NAME, PASSWORD = "committee", "a long enough password"
MOST_BYTES = 200_000
PATHS = (
    "/handouts/stretching",
    "/workbench/",
    "/workbench/map/",
    "/workbench/map/rules/stabilize-from-two-weeks",
    "/workbench/map/offered/low-back-pain-exercise",
    "/workbench/live/",
)
FEEDBACK = "/feedback/?since="


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, str]]:
    """`exercise-cds serve` as `make serve` starts it, with the feedback page on the operators' port."""
    folder, port = tmp_path_factory.mktemp("served"), free_port()
    url = f"sqlite:///{folder / 'records.sqlite'}"
    keep_practice(url, 400).close()
    (folder / "people").write_text(f"{NAME} {PASSWORD}\n", "utf-8")
    settings = {
        "EXERCISE_CDS_WORKBENCH__ENABLED": "true",
        "EXERCISE_CDS_NAMED_SERVICES": "low-back-pain-orders-sign",
        "EXERCISE_CDS_DATABASE_URL": url,
        "EXERCISE_CDS_METRICS_PORT": str(port),
        "EXERCISE_CDS_OPERATORS__FEEDBACK_PAGE": "true",
        "EXERCISE_CDS_OPERATORS__PASSWORDS_FILE": str(folder / "people"),
    }
    with served(folder, COMMAND, ("serve",), **settings) as running:
        yield running, f"http://127.0.0.1:{port}"


def _look(browser: Browser, both: tuple[Served, str], path: str, **options: Any) -> Looked:
    """A page of the service's port, or the feedback page for somebody who signs on."""
    running, operators = both
    if path.startswith("/feedback/"):
        return Looked(browser, operators, http_credentials={"username": NAME, "password": PASSWORD}, **options)
    return Looked(browser, f"http://127.0.0.1:{running.port}", **options)


def _quiet(page: Page) -> None:
    """Wait until the page has drawn what it asked for; a page that follows never stops asking."""
    page.wait_for_timeout(400)


@pytest.mark.parametrize("path", [*PATHS, FEEDBACK])
def test_a_page_is_light_and_says_nothing(
    chromium: Browser, both: tuple[Served, str], path: str, record_testsuite_property: Callable[[str, object], None]
) -> None:
    """Each page loads under 200 kB of our own files, without a word in the console, a foreign request or a broken policy.

    When it was painted first is recorded, not asserted: a busy machine is no fault of the page.
    """
    one = _look(chromium, both, path)
    weight: dict[str, int] = {}

    def weigh(answer: Response) -> None:
        kind = answer.request.resource_type
        if kind not in {"document", "fetch", "eventsource"}:
            weight[answer.url] = len(answer.body())

    one.page.on("response", weigh)
    page = one.at(path)
    _quiet(page)
    painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime")
    record_testsuite_property(f"{path}: first paint, ms", painted)
    record_testsuite_property(f"{path}: bytes of files", sum(weight.values()))
    one.context.close()
    assert 0 < sum(weight.values()) < MOST_BYTES
    assert (one.said, one.foreign) == ([], [])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", [*PATHS[2:], "/feedback/?since=2026-11-20", "/feedback/?since=yesterday"])
def test_axe_finds_nothing_serious(chromium: Browser, both: tuple[Served, str], path: str, scheme: str) -> None:
    """Contrast, names, roles and order of map, live and feedback: no violation that axe calls serious or critical, by day and by night."""
    one = _look(chromium, both, path, color_scheme=scheme, bypass_csp=True)  # axe puts its script into the page
    page = one.at(path)
    _quiet(page)
    for summary in page.locator("summary").all()[:3]:
        summary.click()
    grave = one.grave()
    one.context.close()
    assert grave == []


def test_the_map_is_usable_with_the_keyboard_alone(chromium: Browser, both: tuple[Served, str]) -> None:
    """Without a mouse: a search is typed, its result followed, and the table of what is offered scrolls."""
    one = _look(chromium, both, "/")
    page = one.at("/workbench/map/")
    one.tab_to("input[type=search]")
    page.keyboard.type("two weeks stabilization")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("found for")
    one.tab_to("a[href$='/rules/stabilize-from-two-weeks']")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Lumbar stabilization once")
    one.at("/workbench/map/offered/low-back-pain-exercise")
    one.tab_to(".scroll")
    one.context.close()


def test_live_is_usable_with_the_keyboard_alone(chromium: Browser, both: tuple[Served, str]) -> None:
    """Without a mouse: the pieces of advice are opened."""
    one = _look(chromium, both, "/")
    page = one.at("/workbench/live/")
    expect(page.locator("#findings summary")).to_be_visible(timeout=30_000)
    expect(page.locator("#verdict")).to_contain_text("cases pass", timeout=60_000)
    one.tab_to("#findings summary")
    page.keyboard.press("Enter")
    expect(page.locator("#findings details")).to_have_attribute("open", "")
    one.context.close()


def test_the_feedback_page_is_usable_with_the_keyboard_alone(chromium: Browser, both: tuple[Served, str]) -> None:
    """Without a mouse: a period is typed and asked for, and a table is sorted."""
    one = _look(chromium, both, FEEDBACK)
    page = one.at(FEEDBACK)
    one.tab_to("input[name=since]")
    page.keyboard.type("2026-02-01")
    one.tab_to("input[name=small]")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.locator("header")).to_contain_text("From 2026-02-01 until now")
    expect(page.locator("header")).to_contain_text("Small counts are shown")
    assert "since=2026-02-01" in page.url
    one.tab_to("section:nth-of-type(1) th:nth-child(3) button")
    page.keyboard.press("Enter")
    expect(page.locator("section:nth-of-type(1) th:nth-child(3)")).to_have_attribute("aria-sort", "descending")
    one.context.close()


def test_the_live_page_tells_a_save(chromium: Browser, tmp_path: Path) -> None:
    """A saved rule shows whose cards changed; a broken pack its mistake at its line, and which pack answers; cards are answered."""
    pack = tmp_path / "pack"
    shutil.copytree(ROOT / "rules" / "low-back-pain", pack)
    for path in (pack / "tests").glob("*.yaml"):
        if path.name not in {"ordering.yaml", "duration.yaml"}:
            path.unlink()
    settings = {
        "EXERCISE_CDS_WORKBENCH__ENABLED": "true",
        "EXERCISE_CDS_RULES": str(pack),
        "EXERCISE_CDS_RELOAD_SECONDS": "1",
        "EXERCISE_CDS_DATABASE_URL": f"sqlite:///{tmp_path / 'records.sqlite'}",
    }
    with served(tmp_path, COMMAND, ("serve",), **settings) as running:
        one = Looked(chromium, f"http://127.0.0.1:{running.port}")
        page = one.at("/workbench/live/")
        expect(page.locator("#verdict")).to_contain_text("cases pass", timeout=60_000)
        written = (pack / "pack.yaml").read_text("utf-8")
        (pack / "pack.yaml").write_text(written.replace("{default: 14, unit: days", "{default: 12, unit: days"), "utf-8")
        expect(page.locator("#changes")).to_contain_text("thirteen-days", timeout=30_000)
        expect(page.locator("#verdict")).to_contain_text("fail", timeout=60_000)
        expect(page.locator("#which")).not_to_contain_text("are answered with", timeout=30_000)
        twelve = (pack / "pack.yaml").read_text("utf-8")
        (pack / "pack.yaml").write_text(twelve.replace("about: {all:", "about: {alll:"), "utf-8")
        expect(page.locator("#verdict")).to_have_text("The pack is broken", timeout=30_000)
        expect(page.locator("#findings")).to_contain_text("about: {alll:")
        expect(page.locator("#findings")).to_contain_text("pack.yaml:")
        expect(page.locator("#which")).to_contain_text("those of the last good pack")
        expect(page.locator("#which")).to_contain_text("keeps answering")
        body = (ROOT / "fhir_examples" / "fourteen-days" / "request.json").read_bytes()
        address = f"{one.address}/cds-services/low-back-pain-exercise"
        found = requests.post(address, data=body, headers={"Content-Type": "application/json"}, timeout=10).json()
        said = page.locator("#which").inner_text()
        assert found["cards"][-1]["extension"]["org.exercise-cds.decision"]["digest"][:12] in said
        (pack / "pack.yaml").write_text(written, "utf-8")
        expect(page.locator("#verdict")).to_contain_text("cases pass", timeout=60_000)
        assert (one.said, one.foreign) == ([], [])
        one.context.close()


def test_ten_tabs_take_nothing_from_the_cards(
    chromium: Browser, both: tuple[Served, str], record_testsuite_property: Callable[[str, object], None]
) -> None:
    """While ten tabs of a browser follow the files, every card is answered, and every tab knows how the pack stands."""
    one = _look(chromium, both, "/")
    tabs = [one.context.new_page() for _ in range(10)]
    for tab in tabs:
        tab.goto(f"{one.address}/workbench/live/")
    body = (ROOT / "fhir_examples" / "fourteen-days" / "request.json").read_bytes()

    def call(_: int) -> tuple[int, float]:
        began = time.perf_counter()
        address = f"{one.address}/cds-services/low-back-pain-exercise"
        found = requests.post(address, data=body, headers={"Content-Type": "application/json"}, timeout=10)
        return found.status_code, time.perf_counter() - began

    with ThreadPoolExecutor(4) as callers:
        answered = list(callers.map(call, range(80)))
    record_testsuite_property("slowest of 80 cards, s", max(seconds for _, seconds in answered))
    assert {status for status, _ in answered} == {200}
    for tab in tabs:
        expect(tab.locator("#verdict")).to_contain_text("cases pass", timeout=60_000)
    one.context.close()


def _two_hundred() -> str:
    """A chart of 200 resources with back pain of some weeks."""
    active = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]}
    found: list[dict[str, Any]] = [{"resourceType": "Patient", "id": "p", "birthDate": "1980-01-01"}]
    for number in range(199):
        code = ("M54.50", "E11.9", "I10", "J45.909")[number % 4]
        coded = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": code}], "text": f"condition {number}"}
        condition = {"resourceType": "Condition", "id": f"c{number}", "clinicalStatus": active, "subject": {"reference": "Patient/p"}}
        found.append({**condition, "code": coded, "onsetDateTime": f"2026-10-{1 + number % 20:02}"})
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in found]})


def test_a_change_is_drawn_for_a_chart_of_two_hundred(
    chromium: Browser, both: tuple[Served, str], record_testsuite_property: Callable[[str, object], None]
) -> None:
    """With 200 resources pasted, a moved slider is answered and drawn; how long that took is recorded, not asserted."""
    one = _look(chromium, both, "/")
    page = one.workbench()
    one.paste(_two_hundred())
    page.locator("#date").fill("2026-11-20")
    one.answered(3)
    spent = [page.evaluate(DRAWN, str(days)) for days in (10, 20, 40, 80, 100)]
    record_testsuite_property("change until drawn, ms", spent)
    assert one.said == []
    one.context.close()


DRAWN = """async (days) => {
  const slider = document.getElementById("if-back_pain_days"), before = document.body.dataset.answered, began = performance.now();
  slider.value = days;
  slider.dispatchEvent(new Event("input", { bubbles: true }));
  while (document.body.dataset.answered === before) await new Promise((ready) => setTimeout(ready, 1));
  return performance.now() - began;
}"""


def test_the_workbench_of_operators_works_in_a_browser(chromium: Browser, tmp_path: Path) -> None:
    """In production, behind the sign-on: the page is drawn, the slider moves programs, and nothing is said in the console."""
    port = free_port()
    (tmp_path / "people").write_text(f"{NAME} {PASSWORD}\n", "utf-8")
    settings = {
        **trusting_environment(tmp_path),
        "EXERCISE_CDS_AUTHENTICATION": "on",
        "EXERCISE_CDS_DATABASE_URL": f"sqlite:///{tmp_path / 'records.sqlite'}",
        "EXERCISE_CDS_WORKBENCH__ENABLED": "true",
        "EXERCISE_CDS_METRICS_PORT": str(port),
        "EXERCISE_CDS_OPERATORS__PASSWORDS_FILE": str(tmp_path / "people"),
    }
    with served(tmp_path, COMMAND, ("serve",), **settings):
        one = Looked(chromium, f"http://127.0.0.1:{port}", http_credentials={"username": NAME, "password": PASSWORD})
        page = one.workbench("#example=thirteen-days")
        page.locator("#if-back_pain_days").fill("14")
        one.answered(2)
        expect(page.locator("[data-program=lumbar-stabilization]")).to_have_attribute("data-state", "offered")
        assert (one.said, one.foreign) == ([], [])
        one.context.close()
