"""The golden cards are what the composer writes today: a change is seen, read, and committed on purpose."""

from __future__ import annotations

import pytest

from cards.golden_cards import GOLDEN, as_read, as_sent
from cards.situations import SITUATIONS
from exercise_cds.cards import broken_invariants


@pytest.mark.parametrize("name", SITUATIONS)
def test_the_cards_of_a_situation_are_the_golden_ones(name: str) -> None:
    """To change them on purpose, run `python tests/cards/golden_cards.py` and read the difference as a busy clinician."""
    assert as_read(SITUATIONS[name]) == (GOLDEN / f"{name}.md").read_text("utf-8")
    assert as_sent(SITUATIONS[name]) == (GOLDEN / f"{name}.json").read_text("utf-8")


def test_no_golden_card_is_left_over() -> None:
    """Every file in the folder belongs to a situation."""
    assert {path.stem for path in GOLDEN.iterdir()} == set(SITUATIONS)


@pytest.mark.parametrize("name", SITUATIONS)
def test_golden_cards_break_no_rule_of_cds_hooks(name: str) -> None:
    """Each situation's body keeps every invariant."""
    assert broken_invariants({"cards": SITUATIONS[name].composed().cards}) == []


@pytest.mark.parametrize("name", SITUATIONS)
def test_golden_cards_are_few_and_short(name: str) -> None:
    """At most two cards, and details that a busy clinician reads: about 1,200 characters."""
    cards = SITUATIONS[name].composed().cards
    assert 1 <= len(cards) <= 2
    assert all(len(card.get("detail", "")) <= 1300 for card in cards)
