"""Texts of authors: what may stand between braces, where, and how long a summary can become."""

from __future__ import annotations

import pytest

from exercise_cds.model.kinds import ValueType
from exercise_cds.model.pack import Setting
from exercise_cds.rulepack.nodes import Place, Scalar
from exercise_cds.rulepack.report import Report
from exercise_cds.rulepack.scope import FactType, Scope
from exercise_cds.rulepack.texts import Spot, Texts

FACTS = {
    "days": FactType(ValueType.NUMBER, "days"),
    "pain": FactType(ValueType.NUMBER, ""),
    "state": FactType(ValueType.WORD, "", frozenset({"pregnant", "not-pregnant"})),
    "sick": FactType(ValueType.YES_NO),
}
SETTINGS = {"two_weeks": Setting("two_weeks", 14, 14, "days", 1, 84, "two weeks")}


def _texts() -> tuple[Texts, Report]:
    report = Report()
    return Texts(Scope(report, FACTS, SETTINGS)), report


def _place(text: str) -> Place:
    return Place("rules/a.yaml", Scalar(text, text, 3, 9))


def _codes(report: Report) -> list[str]:
    return [finding.code for finding in report.findings()]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Plain words", ("Plain words",)),
        ("For {days}", ("For ", "days", "")),
        ("{days}", ("", "days", "")),
        ("{days}{two_weeks}", ("", "days", "", "two_weeks", "")),
        ("{found} after {days}.", ("", "found", " after ", "days", ".")),
    ],
)
def test_a_text_is_cut_at_its_names(text: str, pieces: tuple[str, ...]) -> None:
    """Literal pieces and names alternate, beginning and ending with a literal piece."""
    texts, report = _texts()
    read = texts.filled(text, _place(text), Spot("a-rule", frozenset({"days"}), finds=True), "because")
    assert not _codes(report)
    assert read.pieces == pieces
    assert "".join(f"{{{piece}}}" if index % 2 else piece for index, piece in enumerate(read.pieces)) == text


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("{dyas}", ["unknown-placeholder"]), ("{Days}", ["unknown-placeholder"]),
        ("{ days }", ["unknown-placeholder"]), ("{}", ["unknown-placeholder"]),
        ("{days", ["bad-placeholder"]), ("days}", ["bad-placeholder"]),
        ("{{days}}", ["bad-placeholder"]), ("{days!r}", ["unknown-placeholder"]),
        ("{days:>10}", ["unknown-placeholder"]), ("{sick}", ["yes-no-placeholder"]),
        ("{pain}", ["perhaps-unknown"]), ("{state}", ["perhaps-unknown"]),
        ("{two_weeks}", []), ("{found}", ["found-nothing"]),
        ("{days} {pain} {days}", ["perhaps-unknown"]), ("{days.__class__}", ["unknown-placeholder"]),
    ],
)  # fmt: skip
def test_what_may_not_stand_between_braces(text: str, codes: list[str]) -> None:
    """Only a fact that is certain to be known, a setting, or `found`: no formats, no attributes, nothing that computes."""
    texts, report = _texts()
    texts.filled(text, _place(text), Spot("a-rule", frozenset({"days"})), "because")
    assert _codes(report) == codes


def test_of_summaries_only_the_last_must_be_fillable() -> None:
    """The first summary whose facts are known is taken, so only the last must need nothing that may be unknown."""
    texts, report = _texts()
    texts.summaries(["{days}, {pain}", "{days}", "Nothing known"], _place("x"), Spot(), "card.summary")
    assert not _codes(report)
    texts.summaries(["Nothing known", "{days}"], _place("x"), Spot(), "card.summary")
    assert _codes(report) == ["perhaps-unknown"]


def test_nothing_is_said_of_certainty_where_the_condition_is_broken() -> None:
    """A rule whose `when` has a mistake is not told besides that its texts name unknown facts."""
    texts, report = _texts()
    texts.filled("{pain}", _place("x"), Spot("a-rule", None, finds=True), "because")
    assert not _codes(report)


@pytest.mark.parametrize(("length", "fits"), [(139, True), (140, False)])
def test_a_summary_stays_under_140_characters(length: int, *, fits: bool) -> None:
    """139 characters fit, 140 do not (CH-091)."""
    texts, report = _texts()
    texts.summaries(["x" * length], _place("x"), Spot(), "card.summary")
    assert _codes(report) == ([] if fits else ["summary-too-long"])


@pytest.mark.parametrize(
    ("name", "longest"), [("days", "at least 1000 days"), ("pain", "38.25"), ("state", "not-pregnant"), ("two_weeks", "14 days")]
)
def test_a_name_counts_with_its_longest_filling(name: str, longest: str) -> None:
    """A summary that fits only with a short value does not fit."""
    room = 139 - len(longest)
    for length, fits in ((room, True), (room + 1, False)):
        texts, report = _texts()
        texts.summaries(["x" * length + "{" + name + "}"], _place("x"), Spot("", frozenset(FACTS)), "card.summary")
        assert _codes(report) == ([] if fits else ["summary-too-long"])


def test_texts_that_are_shown_as_they_are_have_no_braces() -> None:
    """A title or a step is never filled; braces in it would reach the clinician."""
    texts, report = _texts()
    assert texts.shown("Plain", _place("Plain"), Spot(), "title") == "Plain"
    assert not _codes(report)
    texts.shown("For {days}", _place("x"), Spot(), "title")
    assert _codes(report) == ["placeholder-not-here"]
