"""Pseudonyms: recognisable with the key, meaningless without, never the id alone."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercise_cds.records.pseudonyms import BadKeyRing, Key, parse_keys

KEY = Key("2026", b"k" * 32)
SECRET = base64.b64encode(b"k" * 32).decode()
words = st.text(max_size=6)


@given(st.tuples(words, words, words, words), st.tuples(words, words, words, words))
def test_different_people_have_different_pseudonyms(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    """Two quadruples of issuer, tenant, FHIR server and id have the same pseudonym only if they are the same (a last slash apart)."""
    same = [(*each[:2], each[2].rstrip("/"), each[3]) for each in (one, other)]
    assert (KEY.pseudonym(*one) == KEY.pseudonym(*other)) == (same[0] == same[1])  # type: ignore[call-arg]  # tuples of four


def test_text_that_moves_between_parts_changes_the_pseudonym() -> None:
    """Tenant "a" with id "bc" is somebody else than tenant "ab" with id "c"."""
    assert KEY.pseudonym("i", "a", "", "bc") != KEY.pseudonym("i", "ab", "", "c")


def test_another_key_makes_another_pseudonym() -> None:
    """Without the site's key nobody can make the pseudonym of a known id."""
    assert KEY.pseudonym("i", "t", "", "1") != Key("2026", b"x" * 32).pseudonym("i", "t", "", "1")


def test_the_first_line_writes_and_all_are_read() -> None:
    """A key file lists keys newest first; comments and empty lines are passed over."""
    ring = parse_keys(f"# since March\n2026 {SECRET}\n\n2025 {base64.b64encode(b'o' * 40).decode()}\n")
    assert ring.newest == KEY
    assert [key.id for key in ring.keys] == ["2026", "2025"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "holds no key"),
        ("2026", "Line 1 .* an id, a space"),
        ("2026 not-base64!", "Line 1 .* not base64"),
        ("# x\n2026 c2hvcnQ=", "Line 2 .* at least 32 bytes"),
        (f"2026 {SECRET}\n2026 {SECRET}", "Line 2 .* stands twice"),
    ],
)
def test_a_bad_key_file_says_what_to_change(text: str, says: str) -> None:
    """A key file with a mistake is refused with the line, and without showing what stands in it."""
    with pytest.raises(BadKeyRing, match=says) as caught:
        parse_keys(text)
    assert "c2hvcnQ" not in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_key_does_not_show_its_secret() -> None:
    """The text of a key in a log or a traceback holds no secret."""
    assert "k" * 32 not in repr(KEY)
