"""How values of a chart read in a text."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders.packs import fact_spec, text
from cards.situations import NOTHING, scored, since, there
from cards.small_pack import PACK
from exercise_cds.cards.texts import STRING_LIMIT, SUMMARY_LIMIT, Filler, clean, clip, finding, number, worded
from exercise_cds.model.facts import Bounds, Cause, Evidence, Fact, InDoubt, Known, NotRecorded


@pytest.mark.parametrize(
    ("fact", "unit", "reads"),
    [
        (Known(20.0), "days", "20 days"),
        (Known(1.0), "days", "1 day"),
        (Known(0.0), "days", "0 days"),
        (Bounds(40, None), "days", "at least 40 days"),
        (Bounds(1, None), "days", "at least 1 day"),
        (Bounds(None, 13), "days", "at most 13 days"),
        (Bounds(14, 28), "days", "14 to 28 days"),
        (Known(6.6), "", "6.6"),
        (Known(7.0), "{score}", "7"),
        (Known(38.2), "Cel", "38.2 °C"),
        (Known(31.25), "kg/m2", "31.25 kg/m²"),
        (Known(5.0), "%", "5%"),
        (Known(1.0), "years", "1 year"),
        (Known("not-pregnant"), "", "not pregnant"),
        (Known(value=True), "", "yes"),
        (Known(value=False), "", "no"),
        (NotRecorded(), "days", None),
        (InDoubt(Cause.UNREADABLE, "an entry could not be read"), "days", None),
        (None, "days", None),
    ],
)
def test_a_value_reads_with_its_unit_and_bound(fact: Fact | None, unit: str, reads: str | None) -> None:
    """Exact values, lower bounds, upper bounds and ranges each read as people say them; what is not known reads as nothing."""
    assert worded(fact, unit) == reads


@pytest.mark.parametrize(
    ("value", "reads"), [(7.0, "7"), (6.6, "6.6"), (37.944444, "37.94"), (6.999, "6.999"), (0.001, "0.001"), (-1.5, "-1.5")]
)
def test_rounding_never_makes_a_whole_number_of_a_fraction(value: float, reads: str) -> None:
    """Since 6.999 is below 7, it is never shown as 7."""
    assert number(value) == reads


def test_a_finding_names_status_and_date() -> None:
    """A suspected cauda equina syndrome reads "cauda equina syndrome, provisional, 2026-02-20"."""
    spec = PACK.facts["cauda_equina"]
    assert (
        finding(spec, there("Condition/c", "2026-02-20T08:15:00+01:00", "CES", "provisional"))
        == "cauda equina syndrome, provisional, 2026-02-20"
    )


def test_a_number_is_named_with_its_value_and_date() -> None:
    """A fever reads "newest temperature 38.6 °C, 2026-03-01"; a duration reads "20 days since ..."."""
    fever = Known(38.6, (Evidence("Observation/t", "2026-03-01"),))
    assert finding(PACK.facts["temperature"], fever) == "newest temperature 38.6 °C, 2026-03-01"
    assert finding(PACK.facts["back_pain_days"], since(20)) == "20 days since the current episode of back pain began, 2026-02-10"


def test_an_episode_shows_its_oldest_condition() -> None:
    """Of two conditions the one that makes the episode as old as it is, is the one whose date is shown."""
    fact = Known(60.0, (Evidence("Condition/new", "2026-02-20"), Evidence("Condition/old", "2026-01-01")))
    assert finding(PACK.facts["back_pain_days"], fact).endswith("2026-01-01")


def test_the_first_text_whose_facts_are_known_is_taken() -> None:
    """Without a pain score the second summary is said, without a duration the third; bounds count as known."""
    texts = PACK.card.summary
    assert Filler(PACK, {**NOTHING, "back_pain_days": since(20), "pain_severity": scored(4)}).summary(texts, (), "x") == (
        "Back pain 20 days, pain 4: programs that fit"
    )
    assert (
        Filler(PACK, {**NOTHING, "back_pain_days": Bounds(40, None)}).summary(texts, (), "x")
        == "Back pain at least 40 days: programs that fit"
    )
    assert Filler(PACK, NOTHING).summary(texts, (), "x") == "Low back pain: please record when it began"
    assert Filler(PACK, NOTHING).summary(texts[:2], (), "the title") == "the title"


def test_settings_are_filled_with_their_unit() -> None:
    """A text may name a setting; where a text that must be said names an unknown fact, it says so instead of failing."""
    filler = Filler(PACK, NOTHING)
    assert filler.fill(text("from {strengthen_from_days} on, pain {pain_severity}")) == "from 14 days on, pain not known"


def test_what_was_found_is_shortened_before_anything_else() -> None:
    """A summary that is too long names fewer findings, then cuts the one that is left at a word, and stays under 140 characters."""
    filler = Filler(PACK, NOTHING)
    many = [f"finding number {name}, provisional, 2026-02-20" for name in ("one", "two", "three", "four")]
    assert filler.summary([text("Check first: {found}")], many, "x") == (
        "Check first: finding number one, provisional, 2026-02-20; finding number two, provisional, 2026-02-20 and 2 more"
    )
    long = filler.summary([text("Check first: {found} (ask the patient)")], ["word " * 60, "another"], "x")
    assert len(long) <= SUMMARY_LIMIT
    assert long.startswith("Check first: word word")
    assert long.endswith("word… (ask the patient)")


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text(max_size=300), max_size=6), st.text(min_size=1, max_size=300))
def test_a_summary_is_always_under_140_characters(found: list[str], says: str) -> None:
    """Whatever is found and whatever the author wrote, CH-091 holds."""
    filler = Filler(PACK, NOTHING)
    pieces = replace(text("x"), pieces=(says, "found", " end"))
    assert 0 < len(filler.summary([pieces], found, "title")) <= SUMMARY_LIMIT


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=200), st.integers(min_value=1, max_value=120))
def test_a_cleaned_text_is_one_short_line_of_visible_characters(dirty: str, limit: int) -> None:
    """No newline, no control character, no bidi override, no double space, no surrogate; cleaning twice changes nothing."""
    made = clean(dirty, limit)
    assert len(made) <= limit
    assert made == made.strip()
    assert not any(unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") for sign in made)
    assert not set(made) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\u200b\ufeff")
    assert "  " not in made
    assert clean(made, limit) == made


def test_right_to_left_writing_stays_and_overrides_go() -> None:
    """Hebrew is text; an override that would turn the rest of the line around is taken out; a lone surrogate too."""
    assert clean("כאב גב\u202e txt.exe \ud800") == "כאב גב txt.exe"


def test_ten_thousand_characters_become_two_thousand() -> None:
    """A string of a chart is cut at the limit that is handed in, at a word."""
    long = "lumbago " * 1250
    assert len(clean(long)) <= STRING_LIMIT
    assert clean(long).endswith("lumbago…")
    assert clean(long, 20) == "lumbago lumbago…"
    assert clean("a\n\n b\tc\u2028d\r\ne") == "a b c d e"


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=80), st.integers(min_value=0, max_value=60))
def test_cutting_never_makes_longer(text_: str, limit: int) -> None:
    """A cut text fits, and a text that fits is not cut."""
    made = clip(text_, limit)
    assert len(made) <= max(limit, 0) or made == text_
    assert made == text_ or len(text_) > limit


def test_a_fact_without_a_specification_is_not_known() -> None:
    """A text that names nothing of the pack (a bug of the loader) says "not known" and raises nothing."""
    assert Filler(PACK, NOTHING).fill(text("{nobody}")) == "not known"
    assert finding(fact_spec("x", says="a thing"), None) == "a thing"
