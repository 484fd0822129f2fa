"""Handouts and workbench in a real browser: the system's Chromium, driven by Playwright."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from builders.looked import Looked
from builders.served import COMMAND, served
from exercise_cds.model.pack import RulePack

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = [
    "<script>window.hurt = 1</script>",
    "<img src=x onerror='window.hurt = 1'>",
    "<svg onload='window.hurt = 1'></svg>",
    "![x](https://evil.example/x.png)",
    "[x](javascript:window.hurt=1)",
    "</pre><iframe src=https://evil.example></iframe>",
]
HANDOUTS = ("stretching", "sciatica-by-cause?without=extension-direction,neutral-direction", "aquatic", "stretching?without=what", "nobody")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`exercise-cds serve` as `make serve` starts it."""
    folder = tmp_path_factory.mktemp("served")
    settings = {
        "EXERCISE_CDS_WORKBENCH__ENABLED": "true",
        "EXERCISE_CDS_NAMED_SERVICES": "low-back-pain-orders-sign",
        "EXERCISE_CDS_HANDOUTS__BASE_URL": "https://cds.example.org/handouts",
        "EXERCISE_CDS_DATABASE_URL": f"sqlite:///{folder / 'records.sqlite'}",
    }
    with served(folder, COMMAND, ("serve",), **settings) as running:
        yield f"http://127.0.0.1:{running.port}"


@pytest.fixture
def looked(chromium: Browser, address: str) -> Iterator[Looked]:
    """A fresh page."""
    one = Looked(chromium, address)
    yield one
    one.context.close()


def _offered(page: Page) -> set[str]:
    found = page.locator("[data-state=offered]").evaluate_all("all => all.map((one) => one.dataset.program)")
    return {str(name) for name in found}


@pytest.mark.parametrize("path", HANDOUTS)
def test_a_handout_loads_without_a_word_of_complaint(looked: Looked, path: str) -> None:
    """No error in the console, nothing fetched from elsewhere, no script."""
    page = looked.at(f"/handouts/{path}")
    expect(page.locator("h1")).to_be_visible()
    assert looked.foreign == []
    assert [line for line in looked.said if "404" not in line or path != "nobody"] == []
    assert page.locator("script").count() == 0


def test_a_handout_fits_a_narrow_screen(looked: Looked) -> None:
    """On a phone nothing is wider than the screen."""
    looked.page.set_viewport_size({"width": 360, "height": 740})
    page = looked.at("/handouts/stretching?print=large")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_workbench_fits_a_narrow_screen(looked: Looked) -> None:
    """On a phone no panel of the workbench is wider than the screen."""
    looked.page.set_viewport_size({"width": 360, "height": 740})
    page = looked.workbench("#example=fourteen-days")
    for tab in ("Facts", "Chart", "Request and response", "Rules"):
        page.get_by_role("tab", name=tab).click()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), tab


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_handouts_print_on_few_pages(looked: Looked, pack: RulePack, paper: str) -> None:
    """On A4 and on Letter each program takes at most three pages, four in large print; nothing is wider than the paper."""
    pages = {}
    for program in pack.programs:
        for large, most in (("", 3), ("?print=large", 4)):
            page = looked.at(f"/handouts/{program}{large}")
            page.emulate_media(media="print")
            printed = page.pdf(format=paper)
            pages[program, large] = len(re.findall(rb"/Type\s*/Page\b", printed))
            assert pages[program, large] <= most, pages
            page.set_viewport_size({"width": 680, "height": 900})  # the narrower paper within its margins, at 96 to the inch
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), program
    assert looked.said == []


def test_every_example_is_drawn_without_a_word_of_complaint(looked: Looked) -> None:
    """Each example of the list is shown with its outcome, without error in the console and without a foreign request."""
    page = looked.workbench()
    names = [name for name in page.locator("#example option").evaluate_all("all => all.map((one) => one.value)") if name]
    assert len(names) >= 12
    for times, name in enumerate(names, 2):
        page.get_by_label("Example").select_option(name)
        looked.answered(times)
        assert page.locator("#outcome").inner_text()
        assert page.locator("#fault").is_hidden()
    assert (looked.said, looked.foreign) == ([], [])


def test_the_slider_moves_programs_at_14_and_at_85_days(looked: Looked) -> None:
    """Dragged to 13, 14, 84 and 85 days of pain, programs come and go as the rules say."""
    page = looked.workbench("#example=thirteen-days")
    slider = page.locator("#if-back_pain_days")
    found = {}
    for times, day in enumerate((12, 13, 14, 84, 85), 2):
        slider.fill(str(day))
        looked.answered(times)
        expect(page.locator('[data-name="back_pain_days"] output')).to_have_text(f"{day} days")
        found[day] = _offered(page)
    assert found[14] - found[13] == {"lumbar-stabilization", "mckenzie-mdt", "strengthening"}
    assert found[13] - found[14] == {"easy-starter"}
    assert found[84] == found[14]
    assert found[85] - found[84] == {"specialist-referral"}


def test_a_link_shows_the_same_again(looked: Looked, chromium: Browser) -> None:
    """The address holds example, day and what was changed; somebody else who opens it sees the same."""
    page = looked.workbench("#example=severe-pain")
    page.locator("#if-pain_severity").fill("3")
    looked.answered(2)
    page.locator("#if-back_pain_days").fill("90")
    looked.answered(3)
    link = page.url.split("/workbench/")[1]
    assert link == "#example=severe-pain&if=pain_severity:3,back_pain_days:90"
    other = Looked(chromium, looked.address)
    assert _offered(other.workbench(link)) == _offered(page)
    assert other.page.locator("#cards").inner_text() == page.locator("#cards").inner_text()
    other.context.close()


def test_a_link_to_what_is_not_there_says_so(looked: Looked) -> None:
    """A link to an example that this service does not have shows another one, and says that it does."""
    page = looked.workbench("#example=gone")
    expect(page.locator("#said")).to_contain_text("names an example that is not here")
    page.get_by_label("Example").select_option("fever")
    looked.answered(2)
    expect(page.locator("#said")).to_be_hidden()


def test_what_is_pasted_never_gets_into_the_address(looked: Looked) -> None:
    """Neither the data, nor what is changed of it, stands in the link or in the browser's history."""
    page = looked.workbench()
    looked.paste(json.dumps(_hostile_chart("Zebra")))
    page.locator("#if-back_pain_days").fill("20")
    looked.answered(3)
    assert page.url == f"{looked.address}/workbench/"
    assert page.evaluate("sessionStorage.length + localStorage.length") == 0


def test_nonsense_is_answered_with_a_sentence_in_the_page(looked: Looked) -> None:
    """What is no JSON leaves the page as it was, with a sentence that says what to change."""
    page = looked.workbench()
    page.get_by_role("button", name="Paste data…").click()
    page.get_by_label("JSON").fill("{nonsense")
    page.get_by_role("button", name="Use this").click()
    expect(page.get_by_role("alert")).to_contain_text("is not JSON")
    page.locator("#if-back_pain_days").fill("90")
    looked.answered(2)
    assert page.locator("#fault").is_hidden()
    assert "specialist-referral" in _offered(page)


def _hostile_chart(words: str) -> list[dict[str, Any]]:
    active = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]}
    code = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "M54.50", "display": words}], "text": words}
    subject = {"reference": "Patient/p"}
    return [
        {"resourceType": "Patient", "id": "p", "birthDate": "1980-01-01"},
        {"resourceType": "Condition", "id": "c", "clinicalStatus": active, "code": code, "subject": subject, "onsetDateTime": "2026-10-01"},
    ]


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_of_a_chart_are_words(looked: Looked, words: str) -> None:
    """HTML, SVG and Markdown in a diagnosis are shown as text in every place: nothing runs, nothing is fetched, no element is made."""
    page = looked.workbench()
    looked.paste(json.dumps(_hostile_chart(words)))
    for tab in ("Facts", "Chart", "Request and response"):
        page.get_by_role("tab", name=tab).click()
    page.get_by_role("tab", name="Chart").click()
    page.get_by_role("button", name="Condition/c").first.click()
    expect(page.locator("#resource")).to_contain_text(words[:12])
    expect(page.locator("#timeline svg")).to_be_visible()
    assert page.evaluate("window.hurt") is None
    assert page.locator("main img, main iframe, main script, main a[href^='javascript']").count() == 0
    assert (looked.said, looked.foreign) == ([], [])


DROP = """([name, text]) => {
  const carried = new DataTransfer();
  if (name) carried.items.add(new File([text], name, { type: "application/json" }));
  else carried.setData("text", text);
  document.dispatchEvent(new DragEvent("drop", { dataTransfer: carried, bubbles: true, cancelable: true }));
}"""


@pytest.mark.parametrize("name", ["chart.json", ""])
def test_what_is_dropped_is_asked(looked: Looked, name: str) -> None:
    """A file, or a text, that is dropped on the page is asked as a chart; the page says that it is no example."""
    page = looked.workbench()
    page.evaluate(DROP, [name, json.dumps(_hostile_chart("Low back pain"))])
    looked.answered(2)
    expect(page.locator("#why")).to_have_text("Pasted data.")
    expect(page.locator("#said")).to_contain_text("what was pasted as the whole chart")
    assert page.get_by_label("Example").input_value() == ""
    assert looked.said == []


def test_more_than_ten_megabytes_are_a_sentence_in_the_page(looked: Looked) -> None:
    """What is too large is not sent: the page says so, and keeps the answer that it had."""
    page = looked.workbench("#example=fourteen-days")
    page.evaluate(f"(() => {{ const drop = {DROP}; drop(['chart.json', 'x'.repeat(11 * 1024 * 1024)]); }})()")
    expect(page.get_by_role("alert")).to_have_text("This is larger than 10 MB: paste fewer resources.")
    assert "lumbar-stabilization" in _offered(page)
    assert looked.said == []


def test_a_pasted_token_is_dropped_and_the_page_says_so(looked: Looked) -> None:
    """A whole request with a FHIR server and a token: the page says that both were dropped, shows neither, and fetches nothing."""
    request = json.loads((ROOT / "fhir_examples" / "fourteen-days" / "request.json").read_text("utf-8"))
    secret = {"access_token": "canary-token", "token_type": "Bearer", "expires_in": 300, "scope": "x", "subject": "y"}
    page = looked.workbench()
    looked.paste(json.dumps(request | {"fhirServer": "https://fhir.invalid/r4", "fhirAuthorization": secret}))
    expect(page.locator("#said")).to_contain_text("fhirServer was dropped")
    expect(page.locator("#said")).to_contain_text("fhirAuthorization was dropped")
    page.get_by_role("tab", name="Request and response").click()
    shown = page.locator("main").inner_text()
    assert "canary-token" not in shown
    assert "fhir.invalid" not in shown
    assert looked.foreign == []


def test_a_card_is_drawn_with_everything_on_it(looked: Looked) -> None:
    """Indicator, summary, Markdown, suggestions with their actions, source, links, override reasons: as the response has them."""
    page = looked.workbench("#example=fourteen-days")
    page.get_by_role("tab", name="Request and response").click()
    response = json.loads(page.get_by_label("Response", exact=True).inner_text())
    expect(page.locator("#panel-json")).to_contain_text("Every rule of CDS Hooks that is checked on an answer is kept")
    assert "hookInstance" in page.get_by_label("Request", exact=True).inner_text()
    drawn = page.locator("#cards .card").all()
    assert len(drawn) == len(response["cards"])
    for card, box in zip(response["cards"], drawn, strict=True):
        expect(box).to_have_class(f"card {card['indicator']}")
        expect(box.locator("h3")).to_have_text(card["summary"])
        assert box.locator(".detail strong").count()
        assert box.locator(".suggestions > li").count() == len(card["suggestions"])
        assert [one.inner_text() for one in box.locator(".suggestions .label").all()] == [one["label"] for one in card["suggestions"]]
        expect(box.locator(".source a")).to_have_attribute("href", card["source"]["url"])
        assert box.locator(".override option").all_inner_texts()[1:] == [one["display"] for one in card["overrideReasons"]]
        assert [one.get_attribute("href") for one in box.locator(".links a").all()] == [one["url"] for one in card["links"]]
    assert {"critical", "warning", "info"} >= {card["indicator"] for card in response["cards"]}


def test_indicators_have_colours_of_their_own(looked: Looked) -> None:
    """A critical, a warning and an informing card differ in colour, and each says in words what it is."""
    colours = {}
    for example in ("cauda-equina-suspected", "fever", "fourteen-days"):
        looked.page.goto("about:blank")
        page = looked.workbench(f"#example={example}")
        first = page.locator("#cards .card").first
        colours[first.locator(".indicator").inner_text()] = first.evaluate("(card) => getComputedStyle(card).borderTopColor")
    assert colours.keys() == {"Critical", "Warning", "Info"}
    assert len(set(colours.values())) == 3


def test_the_timeline_draws_bands_and_events(looked: Looked) -> None:
    """The length of pain is cut into bands where rules compare it, and an event on the line leads to its resource."""
    page = looked.workbench("#example=fourteen-days")
    assert page.locator("#timeline .band").count() >= 3
    page.locator("#timeline .event").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#panel-chart")).to_be_visible()
    expect(page.locator("#resource")).to_contain_text("resourceType")


def test_another_service_and_another_day_are_asked(looked: Looked) -> None:
    """The same chart, asked by another service or on another day, gets the answer of that service and that day, and a link to it."""
    page = looked.workbench("#example=fourteen-days")
    page.get_by_label("Day of asking").fill("2026-02-20")
    looked.answered(2)
    assert "date=2026-02-20" in page.url
    assert "lumbar-stabilization" not in _offered(page)
    page.get_by_label("Service").select_option("low-back-pain-orders")
    looked.answered(3)
    assert "service=low-back-pain-orders" in page.url
    assert page.locator("#fault").is_hidden()


def test_evidence_leads_to_its_resource(looked: Looked) -> None:
    """A fact's evidence is a link to the resource in the chart."""
    page = looked.workbench("#example=fever")
    page.get_by_role("tab", name="Facts").click()
    page.locator("#panel-facts button.ref").filter(has_text="Observation").first.click()
    expect(page.locator("#panel-chart")).to_be_visible()
    expect(page.locator("#resource")).to_contain_text('"resourceType": "Observation"')


def test_the_workbench_is_usable_with_the_keyboard_alone(looked: Looked) -> None:
    """Without a mouse: the slider moves, the tabs change, a rule opens."""
    page = looked.workbench("#example=thirteen-days")
    looked.tab_to("#if-back_pain_days")
    page.keyboard.press("ArrowRight")
    looked.answered(2)
    assert "lumbar-stabilization" in _offered(page)
    looked.tab_to("#tab-rules")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#panel-facts")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    looked.tab_to("#panel-rules summary")
    page.keyboard.press("Enter")
    expect(page.locator("#panel-rules details").first).to_have_attribute("open", "")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/handouts/stretching", "/handouts/stretching?without=what", "/workbench/"])
def test_axe_finds_nothing_serious(chromium: Browser, address: str, path: str, scheme: str) -> None:
    """Contrast, names, roles and order: no violation that axe calls serious or critical, by day and by night."""
    one = Looked(chromium, address, color_scheme=scheme, bypass_csp=True)  # axe puts its script into the page
    page = one.workbench() if path == "/workbench/" else one.at(path)
    if path == "/workbench/":
        for summary in page.locator("#panel-rules > div details summary").all()[:2]:
            summary.click()
    grave = one.grave()
    one.context.close()
    assert grave == []
