"""FHIR ValueSet resources to `ValueSet`: extensional ones only, every code checked."""

from __future__ import annotations

from functools import lru_cache

from exercise_cds.model.codes import Code, ValueSet
from exercise_cds.model.where import Finding
from exercise_cds.rulepack.codings import key_of, system_of
from exercise_cds.rulepack.json_reader import read_json
from exercise_cds.rulepack.nodes import Place
from exercise_cds.rulepack.report import Report, listed, quoted
from exercise_cds.rulepack.shapes.valuesets import CODE_CHECK, IncludeShape, ValueSetFile
from exercise_cds.rulepack.shaping import shaped


def read_valueset(content: bytes, file: str, report: Report) -> ValueSet | None:
    """One file of valuesets/, or None with findings."""
    valueset, findings = _read(content, file)
    for finding in findings:
        report.add(finding.code, finding.where, finding.sentence, finding.hint)
    return valueset


@lru_cache(maxsize=256)
def _read(content: bytes, file: str) -> tuple[ValueSet | None, tuple[Finding, ...]]:
    """The same for the same bytes: a pack is linked again for every set of settings and after every save, and few of its files change."""
    report = Report()
    return _valueset(content, file, report), report.findings()


def _valueset(content: bytes, file: str, report: Report) -> ValueSet | None:
    place = read_json(content, file, report)
    if place is None or _is_intensional(place, report):
        return None
    shape = shaped(place, ValueSetFile, report)
    if shape is None:
        return None
    name = file.rpartition("/")[2].removesuffix(".json")
    if shape.id != name:
        sentence = f"the id {quoted(shape.id)} is not the file's name"
        report.add("id-not-file-name", (place / "id").where, sentence, f"write {quoted(name)}, or rename the file to {shape.id}.json")
    codes: dict[tuple[str, str], Code] = {}
    unverified: dict[Code, None] = {}
    for index, include in enumerate(shape.compose.include):
        _include(include, place / "compose" / "include" / index, codes, unverified, report)
    if unverified:
        sentence = f"nobody has verified {len(unverified)} of {len(codes)} codes: {listed([code.code for code in unverified], 5)}"
        report.add("unverified-code", place.where, sentence, "compare them with their source, then drop the mark")
    return ValueSet(name, shape.title, tuple(codes.values()), frozenset(unverified), frozenset(codes))


def _is_intensional(place: Place, report: Report) -> bool:
    """A set that must be computed is refused: nobody could say today what it will match tomorrow."""
    compose = place / "compose"
    wrong = [(compose, "exclude"), (place, "expansion")]
    wrong += [(include, key) for include in compose / "include" for key in ("filter", "valueSet")]
    found = [(there, key) for there, key in wrong if key in there.names]
    for there, key in found:
        report.add("not-extensional", there.key(key), f"{quoted(key)} is not read", "list the codes under compose.include.concept")
    return bool(found)


def _include(
    shape: IncludeShape, place: Place, codes: dict[tuple[str, str], Code], unverified: dict[Code, None], report: Report,
) -> None:  # fmt: skip
    system = system_of(shape.system, (place / "system").where, report)
    if not system:
        return
    for index, concept in enumerate(shape.concept):
        there = place / "concept" / index
        where = (there / "code").where
        key = key_of(system, concept.code, where, report)
        if key in codes:
            report.add("duplicate-code", where, f"{quoted(concept.code)} stands twice in this set", "delete one of them")
            continue
        codes[key] = Code(*key, concept.display or "")
        for extension in concept.extension:
            if extension.url == CODE_CHECK and extension.value_code == "unverified":
                unverified[codes[key]] = None
