"""How codes and words of a chart are compared with an author's."""

import pytest

from exercise_cds.model.codes import ICD10CM, SNOMED, Stems
from exercise_cds.model.matching import code_matches, first_word, normal_code
from exercise_cds.model.pack import Matcher, Site


@pytest.mark.parametrize("spelling", ["M54.50", "m54.50", "M5450", " M54.50 ", "m5450"])
def test_icd_10_cm_is_understood_in_every_spelling(spelling: str) -> None:
    """An ICD-10-CM code is the same code in lower case, without its dot, and with spaces around it."""
    assert normal_code("urn:oid:2.16.840.1.113883.6.90", spelling) == (ICD10CM, "M54.50")


def test_other_systems_are_compared_exactly() -> None:
    """A SNOMED CT code is left as it stands, and a missing system stays missing."""
    assert normal_code(SNOMED, "279039007") == (SNOMED, "279039007")
    assert normal_code(None, "M54.50") == ("", "M54.50")


@pytest.mark.parametrize(
    ("text", "found"),
    [("LOW BACK PAIN", True), ("low-back pain", True), ("low  back", True), ("below backpack", False), ("lowback", False), ("", False)],
)
def test_words_are_whole_words(text: str, found: bool) -> None:  # noqa: FBT001 - the answer is the row's second column
    """The author's "low back" finds "LOW BACK" and "low-back", and not a part of a longer word."""
    assert (first_word(("low back",), [text]) is not None) is found


def test_a_code_that_needs_a_site_counts_only_there() -> None:
    """Unspecific back pain counts only where the low back is named, while a code of its own right counts anywhere."""
    site = Site("low-back", ("low back",))
    matcher = Matcher(codes=frozenset({(ICD10CM, "M54.50")}), codes_with_site=frozenset({(ICD10CM, "M54.9")}), site=site)
    assert code_matches(matcher, ICD10CM, "M54.50", at_site=False)
    assert not code_matches(matcher, ICD10CM, "M54.9", at_site=False)
    assert code_matches(matcher, ICD10CM, "M54.9", at_site=True)


def test_a_range_of_categories_leaves_out_what_it_says() -> None:
    """C00 to C96 but C44: breast cancer is in, skin cancer is out, and so is a benign tumour."""
    stems = Stems(ICD10CM, "C00", "C96", frozenset({"C44"}))
    assert stems.hold(ICD10CM, "C50.911")
    assert not stems.hold(ICD10CM, "C44.91")
    assert not stems.hold(ICD10CM, "D05.10")
    assert not stems.hold(SNOMED, "C50.911")
