"""Making lines fit."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from exercise_cds.cards.fitting import block, fitted, fitted_paragraphs, line, names, paragraphs, shared


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(0, 3000), max_size=12), st.integers(0, 2500))
def test_room_is_shared_so_that_small_parts_are_whole(needs: list[int], room: int) -> None:
    """No part gets more than it needs, all together no more than there is, and nothing is left over while a part is cut."""
    given_ = shared(needs, room)
    assert all(got <= need for got, need in zip(given_, needs, strict=True))
    assert sum(given_) <= room
    if any(got < need for got, need in zip(given_, needs, strict=True)):
        assert sum(given_) > room - len(needs)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=400), st.integers(0, 300))
def test_a_text_is_cut_to_its_room_after_escaping(text: str, room: int) -> None:
    """Escapes count: what goes into the card is never longer than its room."""
    assert len(fitted(text, room)) <= room
    assert len(fitted_paragraphs(text.splitlines(), room)) <= room


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=60), st.integers(20, 500))
def test_names_fit_their_room(all_names: list[str], room: int) -> None:
    """As many names as there is room for, then how many more; always within the room."""
    assert len(names(all_names, room, "facts")) <= room


def test_names_are_shortened_before_they_are_counted() -> None:
    """Three long names in little room are each cut at a word; thirty are counted."""
    three = ["a long name of the first", "a long name of the second", "a long name of the third"]
    assert names(three, 200, "facts") == "a long name of the first, a long name of the second, a long name of the third"
    assert names(three, 60, "facts") == "a long name of…, a long name of…, a long name of…"
    assert names(["fact number one"] * 30, 62, "facts") == "fact number one, fact number one, fact number one and 27 more"
    assert names(["fact number one"] * 30, 10, "facts") == "30 facts"
    assert names([], 10, "facts") == ""


def test_labels_and_lists() -> None:
    """One item stands beside its label, several in a list; bullets of an author stay a list."""
    assert block("Note", ["a"]) == "**Note:** a"
    assert block("Note", ["a", "*b*"]) == "**Note:**\n\n- a\n- \\*b\\*"
    assert block("Note", []) == line("Note", []) == ""
    assert line("In doubt", ["a", "b"]) == "**In doubt:** a; b"
    assert paragraphs(["one", "- a", "- b", "two"]) == "one\n\n- a\n- b\n\ntwo"
