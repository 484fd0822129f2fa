"""The invariants of a response find what is wrong, name the rule, and stand whatever body they are given."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cards.situations import SITUATIONS
from exercise_cds.cards import broken_invariants

Change = Callable[[dict[str, Any]], object]


def body() -> dict[str, Any]:
    """A body that breaks nothing: a program card with links and override reasons."""
    return copy.deepcopy({"cards": list(SITUATIONS["twenty-days"].composed().cards)})


def first(whole: dict[str, Any]) -> dict[str, Any]:
    """Its card."""
    return whole["cards"][0]


def suggestion(whole: dict[str, Any]) -> dict[str, Any]:
    """Its first suggestion."""
    return first(whole)["suggestions"][0]


def action(whole: dict[str, Any]) -> dict[str, Any]:
    """Its first action."""
    return suggestion(whole)["actions"][0]


def drop(key: str, of: Callable[[dict[str, Any]], dict[str, Any]] = first) -> Change:
    """Leave a key out."""
    return lambda whole: of(whole).pop(key)


def put(key: str, value: Any, of: Callable[[dict[str, Any]], dict[str, Any]] = first) -> Change:
    """Set a key."""
    return lambda whole: of(whole).update({key: value})


BROKEN: dict[str, tuple[str, Change]] = {
    "no cards": ("CH-080", lambda whole: whole.pop("cards")),
    "a card that is a string": ("CH-080", lambda whole: whole["cards"].append("x")),
    "a null": ("CH-002", put("detail", None)),
    "an empty string deep inside": ("CH-002", lambda whole: action(whole)["resource"].update(title="")),
    "an empty array": ("CH-002", put("links", [])),
    "an empty object": ("CH-002", put("extension", {})),
    "system actions": ("CH-126", lambda whole: whole.update(systemActions=[{"type": "create"}])),
    "no uuid": ("CH-090", drop("uuid")),
    "a uuid that is none": ("CH-090", put("uuid", "card-1")),
    "two equal uuids": ("CH-090", lambda whole: suggestion(whole).update(uuid=first(whole)["uuid"])),
    "no summary": ("CH-091", drop("summary")),
    "a summary of 140 characters": ("CH-091", put("summary", "x" * 140)),
    "a summary of two lines": ("CH-091", put("summary", "a\nb")),
    "HTML in a summary": ("SEC-30", put("summary", "a <b>b</b>")),
    "hard-stop": ("CH-093", put("indicator", "hard-stop")),
    "an indicator that is no word": ("CH-093", put("indicator", ["info"])),
    "HTML in a detail": ("CH-092", put("detail", "a <img src=x>")),
    "HTML behind an escaped backslash": ("CH-092", put("detail", "a \\\\<img src=x>")),
    "a table": ("CH-092", put("detail", "| a | b |\n|---|---|\n| 1 | 2 |")),
    "a detail that is no string": ("CH-092", put("detail", 3)),
    "no source": ("CH-094", drop("source")),
    "no source label": ("CH-099", lambda whole: first(whole)["source"].pop("label")),
    "no topic": ("CH-099", lambda whole: first(whole)["source"].pop("topic")),
    "a relative source": ("CH-099", lambda whole: first(whole)["source"].update(url="/guideline")),
    "a source over http": ("CH-099", lambda whole: first(whole)["source"].update(url="http://x.org")),
    "a topic without system": ("CH-101", lambda whole: first(whole)["source"]["topic"].pop("system")),
    "a topic that is a string": ("CH-101", lambda whole: first(whole)["source"].update(topic="pain")),
    "suggestions without selectionBehavior": ("CH-096", drop("selectionBehavior")),
    "an unknown selectionBehavior": ("CH-096", put("selectionBehavior", "all")),
    "suggestions that are no array": ("CH-095", put("suggestions", {"label": "x"})),
    "a suggestion that is a string": ("CH-095", put("suggestions", ["x"])),
    "a suggestion without label": ("CH-110", drop("label", suggestion)),
    "a suggestion without uuid": ("CH-110", drop("uuid", suggestion)),
    "two recommended of at most one": (
        "CH-111",
        lambda whole: first(whole).update(
            selectionBehavior="at-most-one", suggestions=[one | {"isRecommended": True} for one in first(whole)["suggestions"]]
        ),
    ),
    "actionSelectionBehavior": ("CH-117", put("actionSelectionBehavior", "any", suggestion)),
    "actions that are no array": ("CH-112", put("actions", "create", suggestion)),
    "an action that is a string": ("CH-112", put("actions", ["create"], suggestion)),
    "an action in capitals": ("CH-113", put("type", "CREATE", action)),
    "an action without description": ("CH-113", drop("description", action)),
    "an update": ("SEC-31", put("type", "update", action)),
    "a delete with a resource": ("CH-115", put("type", "delete", action)),
    "a resource that is a string": ("CH-114", put("resource", "{}", action)),
    "a create without resource": ("CH-114", drop("resource", action)),
    "a medication": ("SEC-31", put("resource", {"resourceType": "MedicationRequest", "status": "draft"}, action)),
    "a resource that is active": ("CH-118", lambda whole: action(whole)["resource"].update(status="active")),
    "a resource of nobody": ("CH-118", lambda whole: action(whole)["resource"].pop("subject")),
    "a resource with an id": ("CH-118", lambda whole: action(whole)["resource"].update(id="1")),
    "a critical card about exercise": ("lesson 14", put("indicator", "critical")),
    "override reasons that are no array": ("CH-097", put("overrideReasons", "no")),
    "an override reason without display": ("CH-097", lambda whole: first(whole)["overrideReasons"][0].pop("display")),
    "an override reason without system": ("CH-101", lambda whole: first(whole)["overrideReasons"][0].pop("system")),
    "links that are no array": ("CH-098", put("links", "https://x.org")),
    "a link that is a string": ("CH-120", put("links", ["https://x.org"])),
    "a link over http": ("CH-120", lambda whole: first(whole)["links"][0].update(url="http://x.org")),
    "a link that is no address": ("CH-120", lambda whole: first(whole)["links"][0].update(url="https://[")),
    "a link without label": ("CH-120", lambda whole: first(whole)["links"][0].pop("label")),
    "a link without type": ("CH-120", lambda whole: first(whole)["links"][0].pop("type")),
    "appContext on an absolute link": ("CH-121", lambda whole: first(whole)["links"][0].update(appContext="x")),
    "autolaunchable": ("CH-122", lambda whole: first(whole)["links"][0].update(autolaunchable=True)),
    "an extension that is an array": ("CH-160", put("extension", [1])),
    "a patient in our extension": ("CH-160", lambda whole: first(whole)["extension"]["org.exercise-cds.decision"].update(patient="p1")),
}


def test_a_sound_body_breaks_nothing() -> None:
    """The body that all cases below start from keeps every rule; an empty list of cards does too."""
    assert broken_invariants(body()) == []
    assert broken_invariants({"cards": []}) == []


@pytest.mark.parametrize(("rule", "change"), BROKEN.values(), ids=BROKEN)
def test_what_is_broken_is_named_by_its_rule(rule: str, change: Change) -> None:
    """Each single fault is found and cited."""
    whole = body()
    change(whole)
    assert rule in {sentence.split(":")[0] for sentence in broken_invariants(whole)}


@pytest.mark.parametrize("whole", [None, [], "cards", 3, {"cards": None}, {"cards": {}}, {"cards": [None, 3, []]}])
def test_a_body_of_any_shape_gets_an_answer(whole: Any) -> None:
    """What is no body at all is a broken CH-080."""
    assert any(sentence.startswith("CH-080") for sentence in broken_invariants(whole))


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.sampled_from(["info", "critical", "any", "create"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["cards", "uuid", "summary", "detail", "indicator", "source", "label", "topic", "suggestions", "actions", "type",
                 "resource", "resourceType", "subject", "links", "url", "overrideReasons", "extension",
                 "org.exercise-cds.decision", "code", "system"],
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(JSON)
def test_no_body_makes_the_check_itself_fail(whole: Any) -> None:
    """Another service may send anything: the answer is a list of sentences, never an exception."""
    for candidate in (whole, {"cards": [whole]}, {"cards": whole}):
        assert all(isinstance(sentence, str) for sentence in broken_invariants(candidate))
