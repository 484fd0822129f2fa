"""Searches of more than one page: what is missing, and how far back the rest is whole."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from builders.reading import PLAN, TODAY, bundle, read, resource, taken, text_of
from exercise_cds.fhir import read_chart, take_prefetch
from exercise_cds.fhir.gaps import last_day
from exercise_cds.model.chart import Gap
from exercise_cds.model.facts import Cause
from exercise_cds.model.prefetch import Obtained
from exercise_cds.wire import HookRequest

NEXT = [{"relation": "self", "url": "https://a"}, {"relation": "next", "url": "https://b"}]
UTC = ZoneInfo("UTC")


def dated(*dates: str | None) -> list[dict[str, Any]]:
    """Pain scores of these dates, in this order."""
    return [resource("Observation", f"o{number}", effectiveDateTime=day) for number, day in enumerate(dates)]


def gap_of(*dates: str | None, zone: ZoneInfo = UTC) -> Gap:
    """The gap of a first page with these scores whose next page nobody fetched."""
    return read(Observation=bundle(*dated(*dates), link=NEXT), zone=zone).gaps["observations-pain"]


def test_a_page_that_was_not_fetched_is_a_gap() -> None:
    """A Bundle with a next link is used, and the facts of its key are in doubt for what is overleaf."""
    chart = read(Condition=bundle(resource("Condition"), link=NEXT))
    assert taken(chart)["back_pain"] == ("x1",)
    assert chart.gaps == {"conditions": Gap("conditions", Cause.INCOMPLETE, "conditions were not all sent")}
    assert [issue.kind.value for issue in chart.issues] == ["more-pages"]


def test_a_total_beyond_the_entries_is_a_gap() -> None:
    """A search that found 45 and sent 1, without a link to the rest, did not send everything; a total of 1 is no gap."""
    assert read(Condition=bundle(resource("Condition"), total=45)).gaps["conditions"].cause is Cause.INCOMPLETE
    assert not read(Condition=bundle(resource("Condition"), total=1)).gaps
    assert not read(Condition=bundle(resource("Condition"), total="45")).gaps


@pytest.mark.parametrize("link", [None, [], "x", [None], [{"relation": "self"}], {"relation": "next"}])
def test_other_links_are_no_gap(link: Any) -> None:
    """Only a link with the relation next tells of a further page."""
    assert not read(Condition=bundle(resource("Condition"), link=link)).gaps


def test_in_date_order_the_rest_is_older() -> None:
    """Newest first, everything after the last entry's day was obtained; that day itself may go on overleaf."""
    assert gap_of("2026-03-01", "2026-02-20T10:00:00Z", "2026-02-10").complete_back_to == date(2026, 2, 11)


@pytest.mark.parametrize(
    "dates",
    [
        ("2026-02-10", "2026-03-01"),
        ("2026-03-01", None),
        ("2026-03-01", "nonsense"),
        ("2026-03-01", "2026-02-01T10:00:00"),
        ("9999-12-31",),
        (),
    ],
)
def test_without_date_order_nothing_is_whole(dates: tuple[str | None, ...]) -> None:
    """A server that did not sort, or a date that is missing or cannot be read: nobody knows how far back it is complete."""
    assert gap_of(*dates).complete_back_to is None


def test_a_partial_date_counts_with_its_last_day() -> None:
    """A last entry of "2026-01" may be of the 31st, so only February is surely whole."""
    assert gap_of("2026-03-01", "2026-01").complete_back_to == date(2026, 2, 1)
    assert gap_of("2026-03-01", "2025").complete_back_to == date(2026, 1, 1)


def test_days_are_those_of_the_clients_zone() -> None:
    """Half past eleven in the evening in UTC is the next day in Auckland."""
    assert gap_of("2026-02-10T23:30:00Z").complete_back_to == date(2026, 2, 11)
    assert gap_of("2026-02-10T23:30:00Z", zone=ZoneInfo("Pacific/Auckland")).complete_back_to == date(2026, 2, 12)


def test_a_key_that_is_not_sorted_is_never_whole() -> None:
    """Conditions come in no order."""
    one = resource("Condition", onsetDateTime="2026-01-01")
    assert read(Condition=bundle(one, link=NEXT)).gaps["conditions"].complete_back_to is None


def test_a_graver_gap_comes_first() -> None:
    """Where a page is missing and an entry cannot be read, nothing is whole."""
    chart = read(Observation=bundle(*dated("2026-03-01"), None, link=NEXT))
    assert chart.gaps["observations-pain"] == Gap("observations-pain", Cause.UNREADABLE, "readings for “pain” could not all be read")


def test_further_pages_are_read_with_the_first() -> None:
    """Pages that were fetched count as one answer: their entries, their references, and only the last one's next link."""
    order = resource("MedicationRequest", "m1", medicationCodeableConcept=None, medicationReference={"reference": "Medication/drug"})
    first, last = bundle(order, link=NEXT), bundle(resource("Medication", "drug"), resource("MedicationRequest", "m2"))
    for pages, is_gap in (((first, last), False), ((last, first), True)):
        prefetch = dict(take_prefetch(PLAN, {}))
        prefetch["medications"] = Obtained(text_of(pages[0]), (text_of(pages[1]),))
        chart = read_chart(PLAN, prefetch, HookRequest("patient-view", "", "p1"), today=TODAY, zone=UTC)
        assert set(taken(chart)["steroid"]) == {"m1", "m2"}
        assert ("medications" in chart.gaps) is is_gap


def test_a_page_that_is_no_bundle_is_a_gap() -> None:
    """A further page that is not JSON, or an OperationOutcome, leaves the key incomplete and says where."""
    for page in (b"<html>", text_of(resource("OperationOutcome"))):
        prefetch = dict(take_prefetch(PLAN, {})) | {"conditions": Obtained(text_of(bundle(resource("Condition"))), (page,))}
        chart = read_chart(PLAN, prefetch, HookRequest("patient-view", "", "p1"), today=TODAY, zone=UTC)
        assert taken(chart)["back_pain"] == ("x1",)
        assert "conditions" in chart.gaps
        assert chart.issues[0].place == "conditions.page[2]"


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026", "2026-12-31"),
        ("2026-02", "2026-02-28"),
        ("2026-12", "2026-12-31"),
        ("2026-03-02", "2026-03-02"),
        ("2026-03-02T00:30:00+02:00", "2026-03-01"),
    ],
)
def test_the_last_day_of_a_date(written: str, day: str) -> None:
    """A year ends on its last of December, a month on its last day, and an instant has the day of the zone."""
    assert last_day(written, UTC) == date.fromisoformat(day)


@pytest.mark.parametrize(
    "written", ["", "x", "2026-13", "2026-02-30", "0000", "2026-02-10T", "0001-01-01T00:00:00+14:00", 5, None, ["2026"], "2026-1-1"]
)
def test_what_is_no_date_has_no_day(written: Any) -> None:
    """Nothing is guessed."""
    assert last_day(written, UTC) is None
