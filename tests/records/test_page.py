"""The report's page: self-contained, safe against what it shows, readable without eyes, script or network."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from exercise_cds.records.decisions import DecisionLog, PackListing
from exercise_cds.records.feedback import FeedbackStore
from exercise_cds.records.period import Period
from exercise_cds.records.reports.page import as_page
from exercise_cds.records.reports.pictures import pictures
from exercise_cds.records.reports.report import gather
from exercise_cds.records.store import Store
from records.builders import EHR, WHEN, a_record, keep, overridden
from records.made_up import Practice, listings

CALL = {"service": "s", **EHR}
VOID = {"meta", "link", "br", "img", "input", "hr"}


class Reader(HTMLParser):
    """Reads a page as a browser's first pass does: tags in order, closed as they were opened."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember, and expect the end."""
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember."""
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Must be the innermost one."""
        assert self._open.pop() == tag

    def named(self, tag: str) -> list[dict[str, str | None]]:
        """Attributes of all tags of this name."""
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def page(store: Store) -> str:
    """A page with rows in every table and every picture."""
    practice = Practice(400)
    log = DecisionLog(store)
    for listing in listings():
        log.served(listing)
    records = [practice.record(number) for number in range(400)]
    for record in records:
        log.put(record)
    log.close()
    feedback = FeedbackStore(store)
    for record in records:
        feedback.add(list(practice.feedback(record)), issuer=record.issuer, tenant=record.tenant, service=record.service)
    feedback.add([overridden(("unknown", number)) for number in range(9)], **CALL)
    report = gather(store, below=0)
    assert set(pictures(report)) == {"programs", "cards", "reasons", "over_time", "changed_rules", "outcomes", "latency"}
    return as_page(report)


def _read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader


def test_a_page_is_whole(page: str) -> None:
    """Every tag is closed in order, every id stands once, every link of the page leads to one of them."""
    reader = _read(page)
    ids = [str(attributes["id"]) for _, attributes in reader.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {str(link["href"])[1:] for link in reader.named("a")} <= set(ids)


def test_a_page_asks_nobody(page: str) -> None:
    """Nothing in the page is loaded from elsewhere, and its policy forbids it; the one script is the one that the policy names."""
    reader = _read(page)
    assert not [attributes for _, attributes in reader.tags if {"src", "srcset", "action", "xlink:href"} & attributes.keys()]
    assert all(str(link["href"]).startswith("#") for link in reader.named("a"))
    assert not re.search(r"url\(|@import", page)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    policy = next(str(meta["content"]) for meta in reader.named("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy
    assert base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() in policy
    assert not [name for _, attributes in reader.tags for name in attributes if name.startswith("on")]


def test_a_page_can_be_read_without_eyes(page: str) -> None:
    """The page has a language, one first heading, named pictures, tables with column and row heads, and buttons for sorting."""
    reader = _read(page)
    assert reader.named("html")[0]["lang"] == "en"
    assert len(reader.named("h1")) == 1
    assert all(picture.get("role") == "img" and picture.get("aria-label") for picture in reader.named("svg") if picture.get("viewbox"))
    assert page.count("<table>") == page.count("<thead>")
    assert {str(head["scope"]) for head in reader.named("th")} == {"col", "row"}
    assert len(reader.named("button")) == sum(head["scope"] == "col" for head in reader.named("th"))


def test_a_page_prints(page: str) -> None:
    """There is a style for paper, on which heads repeat and folded tables are open."""
    assert "@media print" in page
    assert "beforeprint" in page


def test_hostile_words_stay_words(store: Store) -> None:
    """Titles, reasons and tenants that look like HTML are shown as text, in tables and in pictures."""
    hostile = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    log = DecisionLog(store)
    log.served(PackListing("p", "1", "d1", {"too-painful": hostile}, {"stretching": hostile, "lumbar-stabilization": hostile}))
    log.close()
    keep(store, *(a_record(n, tenant=hostile) for n in range(10)))
    FeedbackStore(store).add([overridden(n, hostile) for n in range(10)], **(CALL | {"tenant": hostile}))
    page = as_page(gather(store))
    reader = _read(page)
    assert hostile.split(">", maxsplit=1)[0] + ">" not in page.replace(re.findall(r"<script>.*?</script>", page, re.DOTALL)[-1], "")
    assert len(reader.named("script")) == 1
    assert not reader.named("img")


def test_nobody_is_on_the_page(store: Store) -> None:
    """Neither ids nor pseudonyms of patients and users, nor comments, nor card uuids stand on the page."""
    records = [a_record(n) for n in range(10)]
    keep(store, *records)
    FeedbackStore(store, keep_comments=True).add([overridden(n, comment="Canary") for n in range(10)], **CALL)
    page = as_page(gather(store, below=0))
    pseudonym = store.keys.newest.pseudonym(EHR["issuer"], EHR["tenant"], "https://fhir.example/r4", "patient-1") if store.keys else b""
    secrets = ["patient-1", "Practitioner/7", "Canary", pseudonym.hex(), records[0].decision_id, records[0].cards[0].uuid]
    assert not [secret for secret in secrets if secret in page]


def test_a_page_says_what_it_is_about(store: Store) -> None:
    """The page names its period, and says whether small counts are hidden."""
    keep(store, a_record(1))
    page = as_page(gather(store, Period(since=WHEN)))
    assert "From 2026-03-02 until now" in " ".join(page.split())
    assert "Small counts are hidden." in page
    assert "Small counts are shown." in as_page(gather(store, below=0))


def test_an_empty_page_is_a_page(store: Store) -> None:
    """A report on nothing says so table by table."""
    page = as_page(gather(store))
    assert not _read(page).named("table")
    assert "No card was overridden." in page
