"""Codes as authors write them (`loinc|72514-3`, `{system: snomed, code: ..., display: ...}`) to codes as FHIR writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from exercise_cds.model.codes import CPT, ICD10CM, LOINC, RXNORM, SNOMED, Code
from exercise_cds.model.matching import normal_code
from exercise_cds.model.where import Where
from exercise_cds.rulepack.check_digits import trouble_with
from exercise_cds.rulepack.nodes import Place
from exercise_cds.rulepack.report import Report, quoted
from exercise_cds.rulepack.shapes.vocabulary import CodeShape

ALIASES: Mapping[str, str] = {"snomed": SNOMED, "loinc": LOINC, "icd-10-cm": ICD10CM, "cpt": CPT, "rxnorm": RXNORM}


def system_of(written: str, where: Where, report: Report) -> str:
    """The system's address, from its alias or as written; "" with a finding where it is neither."""
    if written in ALIASES:
        return ALIASES[written]
    if written.startswith(("http://", "https://", "urn:")):
        return normal_code(written, "")[0]
    report.add("unknown-code-system", where, f"unknown code system {quoted(written)}", report.did_you_mean(written, tuple(ALIASES)))
    return ""


def key_of(system: str, code: str, where: Where, report: Report) -> tuple[str, str]:
    """(system, code) as charts are compared with, its check digit checked."""
    key = normal_code(system, code)
    trouble, sentence = trouble_with(*key)
    if trouble:
        report.add(trouble, where, sentence, "compare it with its source, digit by digit")
    return key


def code_word(written: str, where: Where, report: Report) -> tuple[str, str]:
    """(system, code) of a code in one word."""
    alias, _, code = written.rpartition("|")
    system = system_of(alias, where, report)
    return key_of(system, code, where, report) if system else ("", code)


def code_words(written: Iterable[str] | None, place: Place, report: Report) -> tuple[tuple[str, str], ...]:
    """The same for a list."""
    return tuple(code_word(word, (place / index).where, report) for index, word in enumerate(written or ()))


def code(shape: CodeShape, place: Place, report: Report) -> Code:
    """A coding as a mapping."""
    system = system_of(shape.system, (place / "system").where, report)
    if system:
        system, written = key_of(system, shape.code, (place / "code").where, report)
        return Code(system, written, shape.display or "")
    return Code("", shape.code, shape.display or "")


def codes(shapes: Iterable[CodeShape], place: Place, report: Report) -> tuple[Code, ...]:
    """The same for a list."""
    return tuple(code(shape, place / index, report) for index, shape in enumerate(shapes))
