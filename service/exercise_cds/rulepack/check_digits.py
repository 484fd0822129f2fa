"""Whether a code can exist in its code system: check digits of SNOMED CT and LOINC, the forms of ICD-10-CM, CPT and RxNorm.

A check digit catches every single wrong digit and nearly every swap: what happens when codes are typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from exercise_cds.model.codes import CPT, ICD10CM, LOINC, RXNORM, SNOMED

# The dihedral group D5 and its permutation, as in the SNOMED CT release guide, appendix "Check-digit computation" (Verhoeff 1969).
_D5 = (
    "0123456789",
    "1234067895",
    "2340178956",
    "3401289567",
    "4012395678",
    "5987604321",
    "6598710432",
    "7659821043",
    "8765932104",
    "9876543210",
)
_FIRST_PERMUTATION = "1576283094"
_PERMUTATIONS = ["0123456789", _FIRST_PERMUTATION]
for _ in range(6):
    _PERMUTATIONS.append("".join(_FIRST_PERMUTATION[int(digit)] for digit in _PERMUTATIONS[-1]))
_LOINC_FORM = re.compile(r"(?:L[ALP]|LG)?[1-9][0-9]{0,6}-[0-9]")
_ICD_FORM = re.compile(r"[A-Z][0-9][0-9A-Z](?:\.[0-9A-Z]{1,4})?")


def verhoeff_is_right(digits: str) -> bool:
    """Whether the last digit is the Verhoeff check digit of the others."""
    check = 0
    for index, digit in enumerate(reversed(digits)):
        check = int(_D5[check][int(_PERMUTATIONS[index % 8][int(digit)])])
    return check == 0


def mod_10_is_right(code: str) -> bool:
    """LOINC's mod 10 (Luhn), letters of answer and part ids (LA, LP) counted as character code minus 48."""
    body, _, check = code.partition("-")
    total = 0
    for index, character in enumerate(reversed(body)):
        value = ord(character) - 48
        total += value if index % 2 else 2 * value - (value // 5) * 9
    return (10 - total % 10) % 10 == int(check)


def _snomed(code: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]{5,17}", code):
        return "bad-code-form"
    return "" if verhoeff_is_right(code) else "bad-check-digit"


def _loinc(code: str) -> str:
    if not _LOINC_FORM.fullmatch(code):
        return "bad-code-form"
    return "" if mod_10_is_right(code) else "bad-check-digit"


def _of_form(pattern: str) -> Callable[[str], str]:
    compiled = re.compile(pattern)
    return lambda code: "" if compiled.fullmatch(code) else "bad-code-form"


_CHECKS: Mapping[str, tuple[str, Callable[[str], str]]] = {
    SNOMED: ("SNOMED CT", _snomed),
    LOINC: ("LOINC", _loinc),
    ICD10CM: ("ICD-10-CM", _of_form(_ICD_FORM.pattern)),
    CPT: ("CPT", _of_form(r"[0-9]{4}[0-9A-Z]")),
    RXNORM: ("RxNorm", _of_form(r"[1-9][0-9]{0,7}")),
}


def trouble_with(system: str, code: str) -> tuple[str, str]:
    """(finding code, sentence) of what is wrong with a code, or two empty texts. Codes of systems that we do not know pass."""
    if system not in _CHECKS:
        return "", ""
    name, check = _CHECKS[system]
    match check(code):
        case "bad-check-digit":
            return "bad-check-digit", f"'{code}' is no {name} code: its check digit is wrong"
        case "bad-code-form":
            return "bad-code-form", f"'{code}' is not written as codes of {name} are"
        case _:
            return "", ""
