"""Whatever is sent, the answer is a success or a refusal with a sentence: never a 5xx, never a stack."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders.hook_requests import SERVICE_OF, a_request, an_authorization
from builders.stand_in import TinySteward
from exercise_cds.model.hooks import HOOKS
from exercise_cds.wire import HookRequest
from web.conftest import Asked, told

_ASKED = Asked(TinySteward())
_any_test = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["Patient/p1", "p1", "\ud800", "{{context.patientId}}"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def _places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(place for key, value in inner for place in _places(value, (*path, key)))]


def _put(node: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = dict(node) if isinstance(node, dict) else list(node)
    copy[path[0]] = _put(copy[path[0]], path[1:], value)
    return copy


@st.composite
def _mutated(draw: st.DrawFn) -> tuple[str, Any]:
    """A whole request of some hook, one to three of its parts replaced by anything."""
    hook = draw(st.sampled_from(sorted(HOOKS)))
    request: Any = a_request(hook, fhirServer="https://fhir.example.org/r4", fhirAuthorization=an_authorization(), extension={"a": {}})
    for _ in range(draw(st.integers(1, 3))):
        request = _put(request, draw(st.sampled_from(_places(request))), draw(_json))
    return SERVICE_OF[hook], request


def _sound(answer: Any) -> None:
    assert answer.status_code < 500, answer.text
    if answer.status_code == 200:
        assert answer.json["cards"]
        request = _ASKED.steward.asked[-1]
        assert isinstance(request, HookRequest)
        assert request.patient_id
        assert all(isinstance(text, bytes) for text in request.prefetch.values())
    else:
        assert told(answer).endswith(".")


@_any_test
@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode) | _json.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_get_an_answer(body: bytes) -> None:
    """CH-031, CH-083: arbitrary bytes are a refusal with an OperationOutcome, never a fault of ours."""
    _sound(_ASKED.post(body))


@_any_test
@given(_mutated())
def test_any_change_of_a_request_gets_an_answer(case: tuple[str, Any]) -> None:
    """A request with parts replaced by anything is answered or refused; what is answered has a patient."""
    service, request = case
    _sound(_ASKED.post(json.dumps(request).encode(), service))


@_any_test
@given(st.data())
def test_any_cut_or_bent_body_gets_an_answer(data: st.DataObject) -> None:
    """A body with bytes cut out, doubled or changed is answered or refused."""
    body = json.dumps(a_request("order-select")).encode()
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, len(body)))
    middle = data.draw(st.sampled_from([b"", body[start:end] * 2, b"\x00", b"\xff", b"\\", b'"', b"}", b"NaN", b"1e999"]))
    _sound(_ASKED.post(body[:start] + middle + body[end:], "low-back-pain-orders"))


_header_texts = st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=30)


@_any_test
@given(
    st.dictionaries(
        st.sampled_from(["Host", "Origin", "Sec-Fetch-Site", "Content-Type", "Content-Encoding", "Authorization", "X-Any"]), _header_texts
    )
)
def test_any_headers_get_an_answer(headers: dict[str, str]) -> None:
    """Headers of any content are answered or refused."""
    answer = _ASKED.post(a_request(), headers=headers, content_type=headers.pop("Content-Type", "application/json"))
    _sound(answer)


@_any_test
@given(st.text(max_size=40), st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE"]))
def test_any_path_gets_an_answer(path: str, method: str) -> None:
    """Paths and methods of any kind are answered or refused, and never lead elsewhere."""
    answer = _ASKED.client.open("/", method=method, environ_overrides={"PATH_INFO": f"/{path}".encode().decode("latin-1")})
    assert answer.status_code in {200, 204, 400, 403, 404, 405}
