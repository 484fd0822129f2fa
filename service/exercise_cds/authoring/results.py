"""What came of a pack's cases, for programs: JSON, and JUnit's XML for whatever shows test results."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from exercise_cds.authoring.coverage import Coverage
from exercise_cds.authoring.mutation import Mutation
from exercise_cds.authoring.runner import Ran
from exercise_cds.authoring.why import disagreeing, rule_lines
from exercise_cds.model.pack import RulePack


@dataclass(frozen=True, slots=True)
class Results:
    """One run of a pack's cases."""

    folder: Path
    pack: RulePack
    ran: tuple[Ran, ...]
    seconds: tuple[float, ...]
    coverage: Coverage | None = None
    mutation: Mutation | None = None

    @property
    def failed(self) -> tuple[Ran, ...]:
        """The cases that did not get what they expect."""
        return tuple(one for one in self.ran if not one.passed)

    @property
    def gaps(self) -> bool:
        """Whether something is not covered, or a mutant survived."""
        return bool((self.coverage and self.coverage.missed) or (self.mutation and self.mutation.survivors))


def why(ran: Ran, pack: RulePack) -> list[str]:
    """The traces of the rules that a failed case is about, in lines."""
    return [line for rule in disagreeing(ran, pack) for line in rule_lines(rule, pack)]


def as_data(results: Results) -> dict[str, Any]:
    """One JSON object."""
    pack, coverage, mutation = results.pack, results.coverage, results.mutation
    data: dict[str, Any] = {
        "pack": {"id": pack.id, "version": pack.version, "digest": pack.digest},
        "cases": len(results.ran),
        "failed": [
            {"case": one.case.name, "where": str(one.case.where), "differences": list(one.differences), "why": why(one, pack)}
            for one in results.failed
        ],
    }
    if coverage is not None:
        missed = [{"where": str(goal.where), "sort": goal.sort, "name": goal.name, "never": goal.wanted} for goal in coverage.missed]
        data["coverage"] = {"goals": len(coverage.goals), "percent": round(coverage.percent, 2), "missed": missed}
    if mutation is not None:
        left = [{"where": str(mutant.where), "sort": mutant.sort.value, "change": mutant.words} for mutant in mutation.survivors]
        data["mutation"] = {"mutants": len(mutation.mutants), "percent": round(mutation.percent, 2), "survivors": left}
    return data


def as_junit(results: Results) -> bytes:
    """JUnit's XML: one testsuite, one testcase a case."""
    attributes = {
        "name": results.pack.id,
        "tests": str(len(results.ran)),
        "failures": str(len(results.failed)),
        "errors": "0",
        "skipped": "0",
    }
    suite = ET.Element("testsuite", {**attributes, "time": f"{sum(results.seconds):.3f}"})
    for one, seconds in zip(results.ran, results.seconds, strict=True):
        where = one.case.where
        case = ET.SubElement(suite, "testcase", {
            "classname": where.file, "name": _printable(one.case.name), "time": f"{seconds:.4f}",
            "file": (results.folder / where.file).as_posix(), "line": str(where.line),
        })  # fmt: skip
        if not one.passed:
            failure = ET.SubElement(case, "failure", {"message": _printable(one.differences[0].splitlines()[0])})
            failure.text = _printable("\n".join([*one.differences, *why(one, results.pack)]))
    root = ET.Element("testsuites", attributes)
    root.append(suite)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _printable(text: str) -> str:
    """XML 1.0 holds no control characters."""
    return "".join(char if char.isprintable() or char == "\n" else "?" for char in text)
