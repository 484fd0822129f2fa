"""A Bundle cut up in one pass says what reading it object by object says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercise_cds.errors import BadRequest
from exercise_cds.fhir.bundles import Page, Reader
from exercise_cds.fhir.cut import cut
from exercise_cds.fhir.limits import Limits
from exercise_cds.fhir.raw import Misshapen
from exercise_cds.strict_json import compact

STYLES = st.sampled_from([(",", ":"), (", ", ": "), (" ,\n\t", " : ")])
Pairs = list[tuple[str, Any]]


class Pairwise(dict[str, Any]):
    """A JSON object whose members stand as they are written, one name twice too."""

    def __init__(self, pairs: Pairs) -> None:
        super().__init__(pairs)
        self._pairs = pairs

    def items(self) -> Any:
        """What json.dumps writes."""
        return self._pairs


def some_of(*members: tuple[str, Any]) -> st.SearchStrategy[Pairwise]:
    """Objects that hold some of these members, in any order, now and then one of them twice."""
    return st.lists(st.sampled_from(members), max_size=len(members) + 1).map(Pairwise)


def no_doubles(pairs: Pairs) -> bool:
    """Whether each name stands once."""
    return len(dict(pairs)) == len(pairs)


VALUES = st.sampled_from([None, 1, "x", 'a "{[ b', [], {"a": [{"b": "é\\"}]}])
RESOURCES = st.one_of(
    st.builds(
        lambda found, value, name: Pairwise([*found.items(), (name, value)]),
        some_of(("resourceType", "Condition"), ("resourceType", "Observation"), ("id", "1"), ("é", 1)),
        VALUES,
        st.sampled_from(["code", "né", 'a"b', "\\u0041", "id"]),
    ),
    st.sampled_from([None, 5, [], {}, {"resourceType": "Bundle"}, {"resourceType": "Condtion"}, {"resourceType": 5}]),
)
ENTRIES = st.one_of(
    st.builds(
        lambda found, resource: Pairwise([*found.items(), ("resource", resource)]),
        some_of(("fullUrl", "urn:uuid:1"), ("search", {"mode": "include"}), ("request", {}), ("vendor", 1)),
        RESOURCES,
    ),
    st.sampled_from([None, 5, {}, {"search": {"mode": "match"}}]),
)
BUNDLES = st.builds(
    lambda found, entries: Pairwise([*found.items(), *entries]),
    some_of(("resourceType", "Bundle"), ("total", 2), ("link", [{"relation": "next", "url": "x"}]), ("id", "b"), ("vendor", 1)),
    st.lists(st.tuples(st.just("entry"), st.one_of(st.none(), st.lists(ENTRIES, max_size=3))), max_size=2),
)


def seen(page: Page) -> Any:
    """All that a page says."""
    entries = [
        (one.where, one.type, {name: json.loads(bytes(raw)) for name, raw in one.fields.items()}, one.full_url, one.mode)
        for one in page.entries
    ]
    return entries, page.faults, page.more, page.total


def outcome(read: Any, text: bytes) -> Any:
    """What a reading says, or how it refuses."""
    try:
        return seen(read(text, "key"))
    except (Misshapen, BadRequest) as refused:
        return repr(refused)


@given(bundle=BUNDLES, style=STYLES, ascii_only=st.booleans())
def test_it_says_what_reading_by_hand_says(bundle: Any, style: tuple[str, str], ascii_only: bool) -> None:  # noqa: FBT001 - drawn
    """Whatever stands in a Bundle, however it is written: the same entries, faults and refusals, a name that stands twice among them."""
    text = json.dumps(bundle, separators=style, ensure_ascii=ascii_only).encode()
    quick, slow = (outcome(read, text) for read in (Reader(Limits(), flat=True).page, Reader(Limits(), flat=True)._by_hand))
    assert quick == slow


@pytest.mark.parametrize("style", [(",", ":"), (", ", ": ")])
def test_what_servers_send_is_cut_at_once(style: tuple[str, str]) -> None:
    """The Bundles that FHIR servers write are cut in one pass, with spaces and without."""
    entry = {"fullUrl": "x", "resource": {"resourceType": "Condition", "id": "1"}, "search": {"mode": "match"}}
    bundle = {"resourceType": "Bundle", "id": "b", "type": "searchset", "total": 1, "link": [], "entry": [entry, entry]}
    assert cut(json.dumps(bundle, separators=style).encode()) is not None


@pytest.mark.parametrize("place", ["", "entry", "resource"])
def test_what_stands_twice_is_not_cut(place: str) -> None:
    """A name that stands twice in the Bundle, in an entry or in its resource is left to the exact reading."""
    twice = '"id":"1","id":"2",'
    text = (
        f'{{"resourceType":"Bundle",{twice if not place else ""}"entry":[{{{twice if place == "entry" else ""}'
        f'"resource":{{{twice if place == "resource" else ""}"resourceType":"Condition"}}}}]}}'
    )
    assert cut(text.encode()) is None
    assert cut(text.replace(twice, '"id":"1",').encode()) is not None


@given(bundle=BUNDLES, style=STYLES, ascii_only=st.booleans())
def test_spaces_are_taken_away_and_nothing_else(bundle: Any, style: tuple[str, str], ascii_only: bool) -> None:  # noqa: FBT001 - drawn
    """Without its spaces a text holds the same members in the same order, as often as they stood there."""
    text = json.dumps(bundle, separators=style, ensure_ascii=ascii_only).encode()
    assert json.loads(compact(text), object_pairs_hook=list) == json.loads(text, object_pairs_hook=list)


@pytest.mark.parametrize("text", [b"", b" ", b"{ ", b'{"a" 1}', b'{"a": NaN}', b'{"a": "\\', b"[ " * 100_000])
def test_what_is_no_json_stays_as_it_is(text: bytes) -> None:
    """Nothing is made of a text that is no JSON: whoever reads it next says what is wrong with it."""
    assert compact(text) == text
