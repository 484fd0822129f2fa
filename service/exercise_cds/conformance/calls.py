"""What a service answers to calls: good ones, odd ones, broken ones (CH-030 to CH-083, and of every card CH-090 to CH-126)."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from uuid import uuid4

from exercise_cds.cards.invariants import broken_invariants
from exercise_cds.conformance.occasions import seen_on
from exercise_cds.conformance.patient import request_for
from exercise_cds.conformance.report import RULES, Report
from exercise_cds.conformance.visitor import ENDPOINT, Answer, Visitor

_ID = re.compile(r"(CH|SEC)-\d+")
_OURS = (
    "https address", "holds HTML", "holds a table", "topic is missing", "not listed", "only create", "ever created", "not emitted",
    "may hide", "is not a UUID", "more than one line", "lesson", "is the server's", "must be draft", "must be the patient",
)  # fmt: skip
"""Parts of sentences about what we ask for beyond the guide."""
_BAD_OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}


def look_at_service(visitor: Visitor, report: Report, service: Mapping[str, Any], today: date) -> list[str]:
    """Call one service in all ways; returns the uuids of the cards that it gave."""
    path = f"{ENDPOINT}/{service['id']}"
    whole = request_for(service, today)
    answer = visitor.post(path, whole)
    uuids = _look_at_answer(answer, report, path)
    again = visitor.post(path, whole)
    alike = (answer.status, _shape(answer.body)) == (again.status, _shape(again.body))
    report.look("CH-038", alike, f"{path}: the same call twice is answered {answer.status}, then {again.status} or otherwise")
    for rule, says, odd in _odd_but_good(whole):
        _look_at_odd(visitor.post(path, odd), report, rule, f"{path}: {says}")
    for rule, says, bad in _bad(whole, str(service["hook"])):
        _refused(visitor.post(path, bad), report, rule, f"{path}: {says}")
    return uuids


def look_at_the_door(visitor: Visitor, report: Report, service: Mapping[str, Any], today: date) -> None:
    """What needs looking at once, whichever service: paths, methods, media types, CORS."""
    path, whole = f"{ENDPOINT}/{service['id']}", request_for(service, today)
    _refused(visitor.post(f"{ENDPOINT}/no-such-service-{uuid4().hex[:8]}", whole), report, "CH-032", "an unknown id", (404,))
    _refused(visitor.send("PUT", path, b"{}", {"Content-Type": "application/json"}), report, "CH-082", "PUT", (404, 405, 501))
    _refused(visitor.post(path, b"{"), report, "CH-082", "a body that is no JSON")
    _refused(visitor.post(path, b"<request/>", **{"Content-Type": "application/xml"}), report, "CH-082", "a body of XML")
    page = {"Origin": "https://pages.example.org", "Access-Control-Request-Method": "POST"}
    preflight = visitor.send("OPTIONS", path, headers={**page, "Authorization": ""})
    opened = preflight.headers.get("access-control-allow-origin", "")
    credentials = preflight.headers.get("access-control-allow-credentials", "").lower() == "true"
    fits = not (credentials and opened in {"*", page["Origin"]})
    report.look("CH-150", fits, "a page of any origin may call with credentials")


def _look_at_answer(answer: Answer, report: Report, path: str) -> list[str]:
    """A whole request with the prefetch that was asked for."""
    if not report.look("CH-030", answer.status in {200, 412}, f"{path}: a whole request is answered {answer.status}"):
        return []
    if answer.status == 412:
        report.note(f"{path} answers 412 to the prefetch that it asked for: no card was seen")
        return []
    report.look("CH-006", answer.is_json, f"{path}: the answer's Content-Type is {answer.headers.get('content-type', 'missing')}")
    broken = broken_invariants(answer.body)
    cards = answer.body.get("cards") if isinstance(answer.body, dict) else None
    if isinstance(cards, list):
        report.look("CH-080", kept=True, otherwise="")
        report.look("CH-002", kept=True, otherwise="")
        for rule in seen_on(cards):
            if not any(sentence.startswith(rule) for sentence in broken):
                report.look(rule, kept=True, otherwise="")
    for sentence in broken:
        found = _ID.match(sentence)
        rule = found.group() if found and found.group() in RULES else "CH-095"  # lessons are about what a card suggests
        words = f"{path}: {sentence.partition(': ')[2] or sentence}"
        if any(part in sentence for part in _OURS):
            report.advise(rule, words)
        else:
            report.look(rule, kept=False, otherwise=words)
    listed = cards if isinstance(cards, list) else []
    return [card["uuid"] for card in listed if isinstance(card, dict) and isinstance(card.get("uuid"), str)]


def _odd_but_good(whole: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Requests that a service has to take, or to answer 412 for want of data."""
    prefetch = whole.get("prefetch", {})
    yield "CH-037", "unknown fields and an extension", {**whole, "extension": {"org.example": {"a": 1}}, "x-unknown": [1]}
    yield "CH-037", "an unknown field of the context", {**whole, "context": {**whole["context"], "unknownField": "x"}}
    yield "CH-036", "a hookInstance that is no UUID", {**whole, "hookInstance": "instance-1"}
    yield "CH-053", "no prefetch", {name: value for name, value in whole.items() if name != "prefetch"}
    if prefetch:
        yield "CH-003", "prefetch values of null", {**whole, "prefetch": dict.fromkeys(prefetch)}
        yield "CH-053", "prefetch values that are OperationOutcomes", {**whole, "prefetch": dict.fromkeys(prefetch, _BAD_OUTCOME)}
        yield "CH-053", "a prefetch key of somebody else", {**whole, "prefetch": {**prefetch, "not-yours": None}}


def _bad(whole: dict[str, Any], hook: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name in ("hook", "hookInstance", "context"):
        yield "CH-031", f"no {name}", {field: value for field, value in whole.items() if field != name}
    without = copy.deepcopy(whole)
    del without["context"]["patientId"]
    yield "CH-031", "no context.patientId", without
    yield "CH-031", "a context that is a text", {**whole, "context": "patient"}
    yield "CH-032", "another hook", {**whole, "hook": "order-sign" if hook != "order-sign" else "patient-view"}
    access = {"access_token": "x", "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.rs", "subject": "conformance"}
    yield "CH-033", "fhirAuthorization without fhirServer", {**whole, "fhirAuthorization": access}


def _look_at_odd(answer: Answer, report: Report, rule: str, says: str) -> None:
    if report.look(rule, answer.status in {200, 412}, f"{says}: answered {answer.status}") and rule in {"CH-003", "CH-053"}:
        report.look("CH-057", kept=True, otherwise="")
    elif answer.status >= 500:
        report.look("CH-057", kept=False, otherwise=f"{says}: answered {answer.status}, not 412")
    if answer.status == 200:
        cards = answer.body.get("cards") if isinstance(answer.body, dict) else None
        report.look("CH-080", isinstance(cards, list), f"{says}: there is no array cards")


def _refused(answer: Answer, report: Report, rule: str, says: str, allowed: tuple[int, ...] = tuple(range(400, 500))) -> None:
    if report.look(rule, answer.status in allowed, f"{says}: answered {answer.status}"):
        outcome = isinstance(answer.body, dict) and answer.body.get("resourceType") == "OperationOutcome"
        report.look("CH-083", outcome, f"{says}: {answer.status} without an OperationOutcome")


def _shape(body: Any) -> Any:
    """An answer without what may differ from call to call: uuids, and what is inside resources and extensions."""
    if isinstance(body, dict):
        return {name: _shape(value) for name, value in body.items() if name not in {"uuid", "resource", "extension"}}
    return [_shape(each) for each in body] if isinstance(body, list) else body
