"""Refusals of the whole house carry nothing of what was sent, whatever was sent."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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
    if answer.status_code != 200:
        assert answer.json["resourceType"] == "OperationOutcome"
        assert CANARY not in json.dumps(answer.json)
