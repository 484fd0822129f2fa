"""The whole house, whatever is sent to its three endpoints: never a 5xx, every 200 obeys the guide, no refusal repeats what was sent."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders.stand_in import TinySteward
from exercise_cds.cards import broken_invariants
from exercise_cds.records import FeedbackStore, open_store
from exercise_cds.settings import Settings
from exercise_cds.web import create_app
from protocol.conftest import Ask, example

CANARY = "Zyxwvut"
_WHOLE = {name: example(name) for name in ("chronic-low-back-pain", "opioid-draft", "early-mri")}


def _marked(node: Any, path: tuple[Any, ...], chosen: frozenset[tuple[Any, ...]], value: Any) -> Any:
    """The same JSON with other values at the chosen places."""
    if path in chosen:
        return value
    if isinstance(node, dict):
        return {key: _marked(each, (*path, key), chosen, value) for key, each in node.items()}
    return [_marked(each, (*path, place), chosen, value) for place, each in enumerate(node)] if isinstance(node, list) else node


def _places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(place for key, value in inner for place in _places(value, (*path, key)))]


_VALUES = st.sampled_from(
    [CANARY, f"Patient/{CANARY}", [CANARY], {CANARY: CANARY}, {"resourceType": CANARY}, {"reference": f"Patient/{CANARY}"}]
)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_refusal_says_nothing_of_what_was_sent(ask: Ask, data: st.DataObject) -> None:
    """CH-083, SEC-01: a request with a mark at any places is answered, or refused in words of ours in which the mark does not stand."""
    name = data.draw(st.sampled_from(sorted(_WHOLE)))
    request = _WHOLE[name]
    places = [place for place in _places(request) if place and place != ("hook",)]
    chosen = frozenset(data.draw(st.lists(st.sampled_from(places), min_size=1, max_size=4)))
    answer = ask(_marked(request, (), chosen, data.draw(_VALUES)))
    assert answer.status_code < 500, answer.text
    if answer.status_code == 200:
        assert not broken_invariants(answer.json)
    else:
        _says_nothing(answer)


def _says_nothing(answer: Any) -> None:
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.json["resourceType"] == "OperationOutcome"
    assert answer.json["issue"][0]["details"]["text"].endswith(".")
    assert CANARY not in answer.text + str(answer.headers)


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """A service with a store of feedback behind it."""
    store = FeedbackStore(open_store(f"sqlite:///{tmp_path_factory.mktemp('feedback')}/records.db"), keep_comments=True)
    site = Settings(authentication="none", rates={"address": 0, "client": 0})
    return create_app(TinySteward(), site, feedback_store=store).test_client()


_BATCH = {
    "feedback": [
        {
            "card": "5c0a8b9e-0000-4000-8000-000000000001",
            "outcome": "accepted",
            "acceptedSuggestions": [{"id": "s1"}, {"id": "s2"}],
            "outcomeTimestamp": "2026-03-02T11:00:00Z",
        },
        {
            "card": "5c0a8b9e-0000-4000-8000-000000000002",
            "outcome": "overridden",
            "overrideReason": {"reason": {"code": "a", "system": "https://example.org/reasons", "display": "A"}, "userComment": "no"},
            "outcomeTimestamp": "2026-03-02T11:00:00+02:00",
            "extension": {"org.example": {}},
        },
    ]
}
_ODD = _VALUES | st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        1e300,
        "",
        " ",
        "\x00",
        "\ud800",
        "9999-12-31T23:59:59Z",
        "2026-02-30T00:00:00Z",
        "2016-12-31T23:59:60Z",
        "x" * 3000,
        [],
        {},
    ]
)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_feedback_is_stored_or_refused(reported: FlaskClient, data: st.DataObject) -> None:
    """CH-083, CH-128: a batch with anything at any places is stored, or refused in words of ours; a real store is behind it."""
    places = [place for place in _places(_BATCH) if place]
    batch: Any = _BATCH
    for place in data.draw(st.lists(st.sampled_from(places), min_size=1, max_size=4)):
        batch = _marked(batch, (), frozenset([place]), data.draw(_ODD))
    answer = reported.post("/cds-services/low-back-pain-exercise/feedback", data=json.dumps(batch), content_type="application/json")
    if answer.status_code == 200:
        assert answer.data == b""
    else:
        _says_nothing(answer)


_TEXTS = st.sampled_from(
    [CANARY, f"https://{CANARY}.example", f"Bearer {CANARY}", f"{CANARY}, {CANARY}", "null", "*", "cross-site", "127.0.0.1"]
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    headers=st.dictionaries(
        st.sampled_from(
            ["Host", "Origin", "Sec-Fetch-Site", "Accept", "Authorization", "X-Forwarded-For", "X-Forwarded-Host", "Range", "If-Match"]
        ),
        _TEXTS,
    ),
    query=st.dictionaries(_TEXTS, _TEXTS, max_size=2),
    body=st.sampled_from([b"", b"{}", CANARY.encode()]),
)
def test_any_discovery_is_the_same(house: FlaskClient, headers: dict[str, str], query: dict[str, str], body: bytes) -> None:
    """CH-010 to CH-020: whatever headers, parameters or body come with it, discovery is one and the same list, or refused in our words."""
    answer = house.get("/cds-services", headers=headers, query_string=query, data=body)
    if answer.status_code == 200:
        assert answer.data == house.get("/cds-services").data
        assert CANARY not in str(answer.headers)
    else:
        _says_nothing(answer)
