"""The kind `answer`: the newest answer to a questionnaire item."""

from typing import Any

import pytest

from builders.facts import derive, fact, gap
from builders.resources import When, answers
from exercise_cds.model.facts import Fact, InDoubt, Known, NotRecorded

TOTAL = fact("answer", "startback_total", link_ids=("total", "/total"), within=180, says="newest STarT Back total")
NUMB = fact("answer", "numb", link_ids=("numb",), within=30, answers={"loinc|LA33-6": "yes", "loinc|LA32-8": "no"})
WEIGHT = fact("answer", "weight", link_ids=("weight",), within=30, unit="kg")


def value(found: Fact) -> object:
    """The answer, or None where there is none."""
    assert isinstance(found, Known | NotRecorded)
    return found.value if isinstance(found, Known) else None


def item(link_id: str, *given: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An item with its answers."""
    return {"linkId": link_id} | ({"answer": list(given)} if given else {}) | more


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"valueInteger": 5}, 5),
        ({"valueDecimal": 4.5}, 4.5),
        ({"valueQuantity": {"value": 4}}, 4),
        ({"valueQuantity": {"value": 4, "unit": "{score}"}}, 4),
        ({"valueQuantity": {"value": 4, "unit": "kg", "code": "kg"}}, None),
        ({"valueString": "5"}, None),
        ({"valueBoolean": True}, None),
        ({"valueCoding": {"system": "http://loinc.org", "code": "LA33-6"}}, None),
    ],
)
def test_a_number_is_read(given: dict[str, Any], expected: float | None) -> None:
    """A whole or a decimal number or a bare quantity is the answer; words, yes and kilograms are not."""
    assert value(derive(TOTAL, answers(item("total", given)))) == expected


def test_a_quantity_is_converted() -> None:
    """A weight answered in pounds is read in kilograms."""
    pounds = {"valueQuantity": {"value": 154, "unit": "lbs"}}
    assert value(derive(WEIGHT, answers(item("weight", pounds)))) == pytest.approx(69.85322498)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"valueCoding": {"system": "http://loinc.org", "code": "LA33-6", "display": "No"}}, "yes"),
        ({"valueCoding": {"system": "http://loinc.org", "code": "LA9-9"}}, None),
        ({"valueBoolean": True}, "yes"),
        ({"valueBoolean": False}, "no"),
        ({"valueInteger": 1}, None),
    ],
)
def test_an_answer_in_words_is_read_by_its_code(given: dict[str, Any], expected: str | None) -> None:
    """A coded answer is the author's word for its code, whatever its display; yes and no are words too."""
    assert value(derive(NUMB, answers(item("numb", given)))) == expected


def test_items_are_found_at_any_depth() -> None:
    """An item within a group, or within another item's answer, is found."""
    group = item("group", item=[item("inner", item=[item("total", {"valueInteger": 6})])])
    below = item("question", {"valueBoolean": True, "item": [item("/total", {"valueInteger": 7})]})
    assert value(derive(TOTAL, answers(group))) == 6
    assert value(derive(TOTAL, answers(below))) == 7
    assert derive(TOTAL, answers(item("other", {"valueInteger": 5}))) == NotRecorded()
    assert derive(TOTAL, answers()) == NotRecorded()


@pytest.mark.parametrize(
    ("status", "expected"), [("completed", 5), ("amended", 5), ("in-progress", None), ("entered-in-error", None), ("stopped", None)]
)
def test_only_finished_responses_count(status: str, expected: float | None) -> None:
    """Completed and amended responses count, others do not."""
    assert value(derive(TOTAL, answers(item("total", {"valueInteger": 5}), status=status))) == expected


@pytest.mark.parametrize(("dated", "expected"), [(180, 5), (181, None), (-1, 5), (-2, None), (None, None)])
def test_the_window_of_answers(dated: When, expected: float | None) -> None:
    """An answer of 180 days ago counts in a window of 180 days, one of 181 or without a date does not."""
    assert value(derive(TOTAL, answers(item("total", {"valueInteger": 5}), dated=dated))) == expected


def test_the_newest_response_wins() -> None:
    """Of two responses the newer counts; of two answers in one response the higher, and it is said."""
    old, new = answers(item("total", {"valueInteger": 9}), dated=3), answers(item("total", {"valueInteger": 2}), id="q2")
    assert value(derive(TOTAL, old, new)) == 2
    twice = derive(TOTAL, answers(item("total", {"valueInteger": 2}, {"valueInteger": 3})))
    assert value(twice) == 3
    assert isinstance(twice, Known)
    assert len(twice.remarks) == 1


def test_missing_responses_are_a_doubt() -> None:
    """Where responses were not sent, or one could not be read, the answer is in doubt."""
    assert isinstance(derive(TOTAL, answers(item("total", {"valueInteger": 5})), gaps=[gap("responses")]), InDoubt)
    assert isinstance(derive(TOTAL, unreadable=1), InDoubt)
