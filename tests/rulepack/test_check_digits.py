"""Check digits and forms: what a typing mistake does to a code is seen."""

from __future__ import annotations

import pytest

from exercise_cds.model.codes import CPT, ICD10CM, LOINC, RXNORM, SNOMED
from exercise_cds.rulepack.check_digits import mod_10_is_right, trouble_with, verhoeff_is_right

SNOMED_CODES = ("279039007", "278860009", "386661006", "38781000087100", "616839841000119101", "50172003", "12454008")
LOINC_CODES = (
    "72514-3",
    "75260-0",
    "38208-5",
    "8310-5",
    "LA6113-0",
    "LA10137-0",
    "LA15173-0",
    "LA26683-5",
    "LA13942-0",
    "91148-7",
    "4548-4",
)


@pytest.mark.parametrize("code", SNOMED_CODES)
def test_real_snomed_codes_pass(code: str) -> None:
    """Codes of the terminology have the right check digit."""
    assert trouble_with(SNOMED, code) == ("", "")


@pytest.mark.parametrize("code", LOINC_CODES)
def test_real_loinc_codes_pass(code: str) -> None:
    """Codes and answer codes of the terminology have the right check digit."""
    assert trouble_with(LOINC, code) == ("", "")


@pytest.mark.parametrize("code", SNOMED_CODES)
def test_every_single_wrong_digit_of_a_snomed_code_is_seen(code: str) -> None:
    """Verhoeff's scheme catches every wrong digit and every swap of neighbours."""
    for place, right in enumerate(code):
        for digit in "0123456789":
            assert verhoeff_is_right(code[:place] + digit + code[place + 1 :]) == (digit == right)
        if place and code[place - 1] != right:
            assert not verhoeff_is_right(code[: place - 1] + right + code[place - 1] + code[place + 1 :])


@pytest.mark.parametrize("code", LOINC_CODES)
def test_every_single_wrong_digit_of_a_loinc_code_is_seen(code: str) -> None:
    """Mod 10 catches every wrong digit."""
    for place, right in enumerate(code):
        if right.isdigit():
            for digit in "0123456789":
                assert mod_10_is_right(code[:place] + digit + code[place + 1 :]) == (digit == right)


@pytest.mark.parametrize(
    ("system", "code", "trouble"),
    [
        (SNOMED, "12345", "bad-code-form"), (SNOMED, "0279039007", "bad-code-form"), (SNOMED, "279039007x", "bad-code-form"),
        (SNOMED, "279039007 ", "bad-code-form"), (SNOMED, "٢79039007", "bad-code-form"), (LOINC, "72514", "bad-code-form"),
        (LOINC, "LX6113-0", "bad-code-form"), (LOINC, "72514-4", "bad-check-digit"), (ICD10CM, "M54.50", ""), (ICD10CM, "C50", ""),
        (ICD10CM, "S32.001A", ""), (ICD10CM, "M54.", "bad-code-form"), (ICD10CM, "54.50", "bad-code-form"),
        (ICD10CM, "M54.50000", "bad-code-form"),
        (CPT, "72148", ""), (CPT, "0042T", ""), (CPT, "7214", "bad-code-form"), (RXNORM, "8640", ""), (RXNORM, "8640a", "bad-code-form"),
        ("https://example.org/local", "anything goes", ""),
    ],
)  # fmt: skip
def test_forms(system: str, code: str, trouble: str) -> None:
    """A code that its system cannot have is refused; codes of systems that nobody here knows pass."""
    assert trouble_with(system, code)[0] == trouble
