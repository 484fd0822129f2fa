"""The rules of the guide on what we really send: discovery of the shipped pack, and every card of every shipped example."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import jwt
import pytest
from fhir.resources.R4B import get_fhir_model_class
from flask.testing import FlaskClient

from builders.ehr import shipped, story
from exercise_cds.cds_service import CdsService
from exercise_cds.model.client import Client
from protocol.conftest import Ask, example


@pytest.fixture
def services(house: FlaskClient) -> list[dict[str, Any]]:
    """Discovery's entries."""
    found: list[dict[str, Any]] = house.get("/cds-services").json["services"]
    return found


def _empties(value: Any, path: str = "") -> Iterator[str]:
    if value is None or value in ("", [], {}):
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from _empties(each, f"{path}/{key}")


def _suggestions(cards: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = [suggestion for card in cards for suggestion in card.get("suggestions", [])]
    assert len(found) > 20
    return found


def _actions(cards: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = [action for suggestion in _suggestions(cards) for action in suggestion.get("actions", [])]
    assert len(found) > 20
    return found


def test_every_service_says_what_a_client_needs(services: list[dict[str, Any]]) -> None:
    """CH-014, CH-015, CH-016, CH-017, CH-019, CH-020: hook, description, id safe in a path, title and the guide's version, all texts."""
    for service in services:
        assert all(isinstance(service[name], str) and service[name] for name in ("hook", "description", "id", "title"))
        assert re.fullmatch(r"[a-z0-9-]+", service["id"])
        assert service["version"] == "2.0.1"
        assert isinstance(service.get("usageRequirements", ""), str)


def test_ids_and_hooks_are_single(services: list[dict[str, Any]]) -> None:
    """CH-022, CH-047: each id stands once, and each hook is one of the published catalogue."""
    assert len({service["id"] for service in services}) == len(services)
    assert {service["hook"] for service in services} == {"patient-view", "order-select", "order-sign"}


def test_discovery_holds_nothing_empty(services: list[dict[str, Any]]) -> None:
    """CH-002, CH-018: nothing null or empty; prefetch is keys and texts."""
    assert not list(_empties(services))
    assert all(isinstance(text, str) for service in services for text in service["prefetch"].values())


def test_discovery_sends_no_field_that_is_not_offered(services: list[dict[str, Any]]) -> None:
    """CH-021, CH-023: neither hookVersion nor an extension stands in discovery."""
    assert all(set(service) <= {"hook", "title", "description", "id", "prefetch", "usageRequirements", "version"} for service in services)


def test_templates_keep_to_the_subset(services: list[dict[str, Any]]) -> None:
    """CH-050, CH-051, CH-052, CH-062, CH-063: reads and searches by patient, token, _sort and _count; one token; R4's own parameters."""
    for service in services:
        for key, template in service["prefetch"].items():
            assert set(re.findall(r"\{\{(.*?)\}\}", template)) == {"context.patientId"}, key
            type_, mark, query = template.partition("?")
            names = {name for name, _ in parse_qsl(query, keep_blank_values=True)}
            if mark:
                assert names <= {"patient", "subject", "code", "category", "status", "clinical-status", "_sort", "_count"}, key
                assert (type_, "status" in names) != ("Condition", True), "R4 says clinical-status"
            else:
                assert template == "Patient/{{context.patientId}}"


def test_a_200_has_cards_and_nothing_empty(answers: dict[str, Any]) -> None:
    """CH-002, CH-080, CH-125, CH-126: an array cards, no other empty value than `cards: []`, and never systemActions."""
    for name, body in answers.items():
        assert isinstance(body["cards"], list), name
        assert set(body) <= {"cards", "extension"}
        assert [path for path in _empties(body) if path != "/cards"] == [], name


def test_nothing_to_say_is_no_card(answers: dict[str, Any]) -> None:
    """CH-081: a patient that the pack is not about gets a 200 without a card."""
    assert answers["neck-pain"]["cards"] == []


def test_what_was_not_sent_is_not_taken_for_absent(ask: Ask) -> None:
    """CH-057, CH-059, CH-084: conditions that did not come are a 412 that names them, or a card that says so; never a plain offer."""
    answer = ask(example("conditions-not-sent"))
    assert answer.status_code == 412
    assert "Condition" in answer.json["issue"][0]["details"]["text"]
    blind = example("procedures-not-sent")
    sighted = {**blind, "prefetch": {**blind["prefetch"], "procedures": None}}
    told, offered = zip(*(_told_and_offered(ask(request)) for request in (blind, sighted)), strict=True)
    assert "procedures were not sent" in told[0]
    assert "procedures were not sent" not in told[1]
    assert len(offered[0]) < len(offered[1])


def _told_and_offered(answer: Any) -> tuple[str, list[str]]:
    """All details in one text, and what is suggested."""
    assert answer.status_code == 200
    cards = answer.json["cards"]
    return " ".join(card.get("detail", "") for card in cards), [one["label"] for card in cards for one in card.get("suggestions", [])]


@pytest.mark.parametrize("user", ["Patient/example", "RelatedPerson/mother"])
def test_patients_get_no_card_for_clinicians(ask: Ask, user: str) -> None:
    """CH-042: a user that is the patient or a relative gets a 200 without a card, where a clinician gets one; a site may say otherwise."""
    request = example("chronic-low-back-pain")
    assert ask(request).json["cards"]
    theirs = {**request, "context": {**request["context"], "userId": user}}
    assert (ask(theirs).status_code, ask(theirs).json) == (200, {"cards": []})
    told = story("chronic-low-back-pain")
    steward = CdsService(shipped())
    asked = [
        steward.visit(replace(told.request, user_id=user), Client("https://ehr.example.org", patients_may_ask=may), told.now)
        for may in (False, True)
    ]
    assert [len(seen.composed.cards) for seen in asked] == [0, 1]


def test_another_patients_data_are_refused_or_left_alone(ask: Ask) -> None:
    """SEC-24: another Patient in the prefetch, or in fhirAuthorization, is a 400 without a card; another's Condition offers nothing."""
    request = example("chronic-low-back-pain")
    other = copy.deepcopy(request)
    other["prefetch"]["patient"]["id"] = "somebody-else"
    access = {"access_token": "x", "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.rs", "subject": "us", "patient": "other"}
    for bad in (other, {**request, "fhirServer": "https://ehr.example.org/fhir", "fhirAuthorization": access}):
        answer = ask(bad)
        assert answer.status_code == 400
        assert "cards" not in answer.json
    theirs = copy.deepcopy(request)
    for entry in theirs["prefetch"]["conditions"]["entry"]:
        entry["resource"]["subject"] = {"reference": "Patient/somebody-else"}
    told, offered = _told_and_offered(ask(theirs))
    assert "conditions are not all known to be this patient's" in told
    assert offered == []


def test_uuids_name_one_thing(answers: dict[str, Any]) -> None:
    """CH-090, CH-110: every card and every suggestion has a UUID of its own, and a suggestion has a label."""
    for body in answers.values():
        named = [one for card in body["cards"] for one in (card, *card.get("suggestions", []))]
        assert len({UUID(one["uuid"]) for one in named}) == len(named)
    assert all(one["label"].strip() for body in answers.values() for card in body["cards"] for one in card.get("suggestions", []))


def test_summary_detail_and_indicator(cards: list[dict[str, Any]]) -> None:
    """CH-091, CH-092, CH-093: fewer than 140 characters in one line; Markdown without HTML and tables; info or warning or critical."""
    for card in cards:
        assert 0 < len(card["summary"]) < 140
        assert "\n" not in card["summary"]
        assert card["indicator"] in {"info", "warning", "critical"}
        detail = card.get("detail", "x")
        assert isinstance(detail, str)
        assert not re.search(r"(?<!\\)<[A-Za-z/!]", detail)
        assert not re.search(r"^ *\|? *:?-{3,}:? *\|", detail, re.MULTILINE)


def test_the_source_is_the_guideline(cards: list[dict[str, Any]]) -> None:
    """CH-094, CH-099, CH-100, CH-101: a label that is not our own name, a general https address, a topic with code and system, no icon."""
    for card in cards:
        source = card["source"]
        assert source["label"]
        assert "exercise-cds" not in source["label"]
        assert urlsplit(source["url"]).scheme == "https"
        assert source["topic"]["code"]
        assert source["topic"]["system"]
        assert "icon" not in source


def test_suggestions_come_with_their_behavior(cards: list[dict[str, Any]]) -> None:
    """CH-095, CH-096, CH-111, CH-117: suggestions are not empty, at-most-one or any; one recommended; no actionSelectionBehavior."""
    assert _suggestions(cards)
    for card in cards:
        suggestions = card.get("suggestions")
        if suggestions is None:
            assert "selectionBehavior" not in card
            continue
        assert suggestions
        assert card["selectionBehavior"] in {"any", "at-most-one"}
        assert sum(one.get("isRecommended", False) for one in suggestions) <= 1 or card["selectionBehavior"] == "any"
        assert not any("actionSelectionBehavior" in one for one in suggestions)
        assert not any(one.get("isRecommended") is False for one in suggestions)


def test_override_reasons_can_be_shown_and_sent_back(cards: list[dict[str, Any]]) -> None:
    """CH-097, CH-101: each reason has code, system and display."""
    reasons = [reason for card in cards for reason in card.get("overrideReasons", [])]
    assert reasons
    assert all(reason["code"] and reason["system"] and reason["display"] for reason in reasons)


def test_links_are_plain(cards: list[dict[str, Any]]) -> None:
    """CH-098, CH-120, CH-121, CH-122: links have label and https address, are absolute, and start nothing by themselves."""
    links = [link for card in cards for link in card.get("links", [])]
    assert len(links) > 20
    for link in links:
        assert set(link) == {"label", "url", "type"}
        assert (link["type"], urlsplit(link["url"]).scheme) == ("absolute", "https")


def test_actions_only_create_valid_drafts(cards: list[dict[str, Any]]) -> None:
    """CH-112 to CH-119, SEC-31: every action creates one valid R4 draft about the patient, refers to nothing it makes itself, no Task."""
    for action in _actions(cards):
        assert set(action) == {"type", "description", "resource"}
        assert action["type"] == "create"
        assert action["description"]
        resource = action["resource"]
        assert resource["resourceType"] in {"ServiceRequest", "CarePlan"}
        get_fhir_model_class(resource["resourceType"]).model_validate_json(json.dumps(resource))
        assert resource["status"] == "draft"
        assert resource["subject"]["reference"] == "Patient/example", "every example is about the patient example"
        assert not {"id", "meta"} & set(resource)
        assert "urn:uuid" not in json.dumps(resource)


def test_extensions_are_objects(answers: dict[str, Any]) -> None:
    """CH-160: where there is an extension, it is an object with something in it."""
    holders = [*answers.values()] + [card for body in answers.values() for card in body["cards"]]
    extensions = [holder["extension"] for holder in holders if "extension" in holder]
    assert len(extensions) > 20
    assert all(isinstance(extension, dict) and extension for extension in extensions)


def test_words_of_the_chart_stay_words(ask: Ask) -> None:
    """SEC-30: markup in the chart's own words reaches a card as text, never as HTML, a link or a heading."""
    request = example("chronic-low-back-pain")
    hostile = "<img src=x onerror=alert(1)> [click](https://evil.example) # Heading"
    for entry in request["prefetch"]["conditions"]["entry"]:
        entry["resource"]["code"]["text"] = hostile
        entry["resource"]["code"]["coding"][0]["display"] = hostile
    answer = ask(request)
    assert answer.status_code == 200
    shown = ""
    for card in answer.json["cards"]:
        for text in (card["summary"], card.get("detail", ""), *(one["label"] for one in card.get("suggestions", []))):
            assert not re.search(r"(?<!\\)<img", text)
            assert not re.search(r"(?<!\\)\[click", text)
            assert not re.search(r"^ {0,3}# Heading", text, re.MULTILINE)
            shown += text
    assert "onerror" in shown, "the words must reach a card, or nothing was tried"


def test_a_bundle_of_type_collection_counts(ask: Ask) -> None:
    """CH-061: prefetch in a Bundle of type collection gets the same cards as in a searchset."""
    request = example("chronic-low-back-pain")
    other = copy.deepcopy(request)
    for value in other["prefetch"].values():
        if value and value["resourceType"] == "Bundle":
            value["type"] = "collection"
            value.pop("total", None)
    summaries = [[card["summary"] for card in ask(one).json["cards"]] for one in (request, other)]
    assert summaries[0]
    assert summaries[0] == summaries[1]


def test_signed_orders_may_be_signed_again(ask: Ask) -> None:
    """CH-045: an order among draftOrders that is active, since it is signed again, is no mistake of the caller: the same cards."""
    request = example("bed-rest-signed")
    assert request["hook"] == "order-sign"
    summaries = [card["summary"] for card in ask(request).json["cards"]]
    assert summaries
    for entry in request["context"]["draftOrders"]["entry"]:
        entry["resource"]["status"] = "active"
    assert [card["summary"] for card in ask(request).json["cards"]] == summaries


@pytest.mark.parametrize(
    "change",
    [
        {"user": "Practitioner/example", "patient": "example"},
        {"hookInstance": "not a uuid"},
        {"extension": {"org.example": {"a": 1}}, "unknown": [None]},
    ],
    ids=["1.0 style", "hookInstance", "unknown fields"],
)
def test_odd_requests_get_the_same_cards(ask: Ask, change: dict[str, Any]) -> None:
    """CH-036, CH-037: `user` as in 1.0, a hookInstance that is no UUID, and fields that we do not know change nothing of the answer."""
    request = example("chronic-low-back-pain")
    summaries = [[card["summary"] for card in ask({**request, **more}).json["cards"]] for more in ({}, change)]
    assert summaries[0]
    assert summaries[0] == summaries[1]


@pytest.mark.parametrize(
    ("value", "statuses"),
    [
        (None, {200}),
        ("text", {412}),
        ({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}, {412}),
        ({"response": {"status": "500"}}, {412}),
        ("{{context.patientId}}", {412}),
    ],
    ids=["null", "a text", "OperationOutcome", "the old wrapper, failed", "an unresolved token"],
)
def test_odd_prefetch_has_a_defined_answer(ask: Ask, value: Any, statuses: set[int]) -> None:
    """CH-003, CH-053, CH-054, CH-057: required conditions that are null are an answer; that failed or are no resource are a 412."""
    request = example("chronic-low-back-pain")
    request["prefetch"]["conditions"] = value
    assert ask(request).status_code in statuses


def test_the_old_wrapper_is_read(ask: Ask) -> None:
    """CH-053: prefetch as 1.0 drafts wrapped it, {response, resource}, gets the same cards."""
    request = example("chronic-low-back-pain")
    wrapped = {key: {"response": {"status": "200 OK"}, "resource": value} for key, value in request["prefetch"].items()}
    summaries = [[card["summary"] for card in ask(one).json["cards"]] for one in (request, {**request, "prefetch": wrapped})]
    assert summaries[0]
    assert summaries[0] == summaries[1]


@pytest.mark.parametrize("patient", ["Patient/example", "example"])
def test_a_patient_id_may_have_its_type(ask: Ask, patient: str) -> None:
    """CH-041: `Patient/example` is read as `example`, and gets its cards."""
    request = example("chronic-low-back-pain")
    request["context"]["patientId"] = patient
    assert ask(request).json["cards"]


def test_both_algorithms_are_at_hand() -> None:
    """SEC-13: the library that verifies tokens has ES384 and RS384 where the service is installed."""
    assert {"ES384", "RS384"} <= set(jwt.algorithms.get_default_algorithms())
