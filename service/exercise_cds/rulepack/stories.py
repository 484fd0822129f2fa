"""A story.yaml beside a hook request: why it is worth keeping, which service it asks, on which day, and what must come of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from exercise_cds.model.where import Finding
from exercise_cds.rulepack.folder import read_file
from exercise_cds.rulepack.report import Report, quoted
from exercise_cds.rulepack.shapes.cases import Expectation, StoryFile
from exercise_cds.rulepack.shaping import shaped
from exercise_cds.rulepack.yaml_reader import read_yaml


@dataclass(frozen=True, slots=True)
class Story:
    """One story: `why` is a line for people."""

    why: str
    service: str
    as_of: date
    expect: Expectation


def read_story(path: Path) -> tuple[Story | None, tuple[Finding, ...]]:
    """The story, or None and what is wrong with the file."""
    report = Report()
    content = read_file(path, path.name, report)
    root = None if content is None else read_yaml(content, path.name, report)
    shape = None if root is None else shaped(root, StoryFile, report)
    if root is None or shape is None:
        return None, report.findings()
    try:
        as_of = date.fromisoformat(shape.as_of)
    except ValueError:
        sentence = f"{quoted(shape.as_of)} is no day of the calendar"
        report.add("bad-form", (root / "as_of").where, sentence, "write a date: 2026-03-02")
        return None, report.findings()
    return Story(shape.why, shape.service, as_of, shape.expect), report.findings()
