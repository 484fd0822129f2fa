"""Searches of several pages: followed as far as they are needed, and no further than is allowed (CH-055, SEC-22)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from builders.ehr import Ehr, Story, shipped, story
from exercise_cds.fhir.fetch import FetchLimits
from exercise_cds.fhir.folder import answered
from exercise_cds.model.facts import InDoubt

KEY = "observations-temperature"


def with_more(told: Story, *more: Mapping[str, Any]) -> Story:
    """The story with further resources."""
    return replace(told, resources=(*told.resources, *more))


def conditions(number: int) -> list[dict[str, Any]]:
    """Conditions that no rule speaks of."""
    subject = {"reference": "Patient/example"}
    return [{"resourceType": "Condition", "id": f"c{n}", "subject": subject, "code": {"text": "hay fever"}} for n in range(number)]


def readings(told: Story, loinc: str, every: timedelta, number: int, **value: Any) -> list[dict[str, Any]]:
    """Observations of one code, the newest an hour ago."""
    return [
        {
            "resourceType": "Observation",
            "id": f"r{loinc}-{n}",
            "status": "final",
            "subject": {"reference": "Patient/example"},
            "code": {"coding": [{"system": "http://loinc.org", "code": loinc}]},
            "effectiveDateTime": (told.now - timedelta(hours=1) - every * n).isoformat(),
            "valueQuantity": value,
        }
        for n in range(number)
    ]


def pages_of(it: Ehr, type_: str, code: str = "") -> int:
    """How many requests were made for a type, or for one code."""
    return sum(one.type == type_ and code in one.target for one in it.server.asked)


def test_every_page_is_read(ehr: Callable[..., Ehr]) -> None:
    """A search of seven pages is followed to its end, and nothing is missing."""
    it = ehr(with_more(story(), *conditions(12)), deadline=5.0, page=2)
    seen = it.ask()
    assert pages_of(it, "Condition") == 7
    assert it.whys(seen) == {}


def test_pages_beyond_the_limit_are_a_gap(ehr: Callable[..., Ehr]) -> None:
    """After so many pages the rest is left, and said."""
    it = ehr(with_more(story(), *conditions(12)), deadline=5.0, page=2, limits=FetchLimits(pages=3))
    seen = it.ask()
    assert pages_of(it, "Condition") == 3
    assert it.whys(seen) == {"conditions": "conditions were not all sent"}


def test_a_page_that_the_ehr_sent_is_followed(ehr: Callable[..., Ehr]) -> None:
    """A prefetched Bundle with a next link on the EHR's own server is completed from there: the first page is not asked for again."""
    it = ehr(with_more(story(), *conditions(3)), deadline=5.0)
    plan = shipped().plans[it.told.request.service]
    prefetch = answered(plan, it.told.resources)
    bundle = json.loads(prefetch["conditions"])
    bundle["entry"] = bundle["entry"][:1]
    bundle["link"] = [{"relation": "next", "url": f"{it.server.base}/Condition?patient=example&_start=1"}]
    seen = it.ask(prefetch=prefetch | {"conditions": json.dumps(bundle).encode()})
    assert [one.target for one in it.server.asked] == ["/fhir/Condition?patient=example&_start=1"]
    assert it.whys(seen) == {}
    assert it.counted == {"obtained": 1}


@pytest.mark.parametrize("url", ["https://evil.example.org/fhir/Condition?page=2", None, 7])
def test_a_sent_page_that_leads_elsewhere_is_not_followed(ehr: Callable[..., Ehr], url: object) -> None:
    """What the caller sent is trusted no further than what its server sends."""
    it = ehr()
    bundle = {"resourceType": "Bundle", "type": "searchset", "link": [{"relation": "next", "url": url}]}
    seen = it.ask(prefetch=it.told.request.prefetch | {"conditions": json.dumps(bundle).encode()})
    assert it.server.lines == 0
    assert it.whys(seen) == {"conditions": "conditions were not all sent"}


def test_of_newest_readings_one_page_is_enough(ehr: Callable[..., Ehr]) -> None:
    """Temperatures of every four hours: twenty go back to the day before yesterday, so the newest is known after one page."""
    told = story()
    it = ehr(with_more(told, *readings(told, "8310-5", timedelta(hours=4), 100, value=37, unit="Cel")), deadline=5.0)
    seen = it.ask()
    assert pages_of(it, "Observation", "8310-5") == 1
    assert seen.facts is not None
    assert not isinstance(seen.facts["temperature"], InDoubt)
    assert it.whys(seen)[KEY].endswith("were not all sent")


def test_readings_of_one_day_are_followed_to_the_day_before(ehr: Callable[..., Ehr]) -> None:
    """Temperatures of every ten minutes: twenty are all of today, and today may go on overleaf; the page after them settles it."""
    told = story()
    it = ehr(with_more(told, *readings(told, "8310-5", timedelta(minutes=10), 200, value=37, unit="Cel")), deadline=5.0)
    seen = it.ask()
    assert 1 < pages_of(it, "Observation", "8310-5") < 6
    assert seen.facts is not None
    assert not isinstance(seen.facts["temperature"], InDoubt)


def test_a_comparison_needs_its_window_whole(ehr: Callable[..., Ehr]) -> None:
    """The drop in weight compares a year: daily weights are followed back as far as that, in long pages, and not to the first ever."""
    told = story()
    it = ehr(with_more(told, *readings(told, "29463-7", timedelta(days=1), 1_000, value=80, unit="kg", code="kg")), deadline=5.0)
    seen = it.ask()
    assert shipped().pack.facts["weight_drop"].drop_over == 365
    assert pages_of(it, "Observation", "29463-7") == 2
    assert seen.facts is not None
    assert not isinstance(seen.facts["weight_drop"], InDoubt)


def test_a_server_that_does_not_sort_is_followed_to_the_end(ehr: Callable[..., Ehr]) -> None:
    """Without date order nobody knows how far back it goes, so every page is read."""
    told = story()
    mixed = readings(told, "8310-5", timedelta(hours=4), 6, value=37, unit="Cel")

    it = ehr(with_more(told, *mixed[3:], *mixed[:3]), deadline=5.0, page=2, sorts=False)
    seen = it.ask()
    assert pages_of(it, "Observation", "8310-5") == 3
    assert it.whys(seen) == {}
