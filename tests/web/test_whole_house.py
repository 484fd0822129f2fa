"""The shipped pack and the real steward behind the real door: whatever becomes of a shipped example, the answer is no fault of ours."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from builders.hook_requests import SERVICE_OF
from exercise_cds import rulepack
from exercise_cds.cards import broken_invariants
from exercise_cds.cds_service import CdsService, prepare
from exercise_cds.settings import Settings
from exercise_cds.web import create_app
from web.conftest import NOW, told

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "fhir_examples").glob("*/request.json"))
_JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=6),
    st.sampled_from(
        [
            "Patient/other",
            "2026-02-30",
            "2026-03-02T25:00:00Z",
            "0001-01-01",
            "9999-12-31",
            "urn:uuid:x",
            "#x",
            "http://[::1",
            "\u0000",
            "entered-in-error",
            "\ud83d\ude00",
        ]
    ),
    st.sampled_from(
        [
            [],
            {},
            [[]],
            [None],
            {"reference": "Patient/other"},
            {"coding": [{"code": 1}]},
            {"resourceType": "Nonsense"},
            {"resourceType": "Patient"},
        ]
    ),
)


@cache
def _house() -> FlaskClient:
    pack = rulepack.load(ROOT / "rules" / "low-back-pain").pack
    assert pack is not None
    steward = CdsService(prepare(pack, named_services=frozenset({"low-back-pain-orders-sign"})))
    return create_app(steward, Settings(authentication="none"), clock=lambda: NOW).test_client()


def _answer(request: Any, hook: str) -> Any:
    body = json.dumps(request).encode()
    return _house().post(f"/cds-services/{SERVICE_OF[hook]}", data=body, content_type="application/json")


def _places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(place for key, value in inner for place in _places(value, (*path, key)))]


@st.composite
def _bent_examples(draw: st.DrawFn) -> tuple[Any, str]:
    """A shipped request, some of its parts replaced by junk, taken away or doubled."""
    request = json.loads(draw(st.sampled_from(EXAMPLES)).read_text("utf-8"))
    hook = request["hook"]
    for _ in range(draw(st.integers(1, 6))):
        path = draw(st.sampled_from([place for place in _places(request) if place]))
        holder = request
        for step in path[:-1]:
            holder = holder[step]
        deed = draw(st.sampled_from(["replace", "replace", "remove", "double"]))
        if deed == "replace":
            holder[path[-1]] = copy.deepcopy(draw(_JUNK))
        elif deed == "remove":
            del holder[path[-1]]
        elif isinstance(holder, list):
            holder.append(copy.deepcopy(holder[path[-1]]))
        if not request:
            break
    return request, hook


def test_every_example_is_answered() -> None:
    """Each shipped request is a 200, or the 412 that its story is about."""
    for example in EXAMPLES:
        request = json.loads(example.read_text("utf-8"))
        assert _answer(request, request["hook"]).status_code in {200, 412}, example


@settings(max_examples=1500, deadline=None)
@given(_bent_examples())
def test_a_bent_example_is_answered_or_refused(case: tuple[Any, str]) -> None:
    """A shipped request with junk in it, anywhere, gets cards that obey the specification or a refusal with a sentence: never a 5xx."""
    request, hook = case
    answer = _answer(request, hook)
    assert answer.status_code < 500, answer.text
    if answer.status_code == 200:
        assert not broken_invariants(answer.json)
    else:
        assert told(answer)
