"""One form for a pack's YAML: indentation, line ends and the editor's line; comments, quotes and what the file says stay the same.

Whatever would change what a file says, or lose a comment, is not written: then the file stays as it is, and that is said.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from exercise_cds.authoring.check import UNREADABLE
from exercise_cds.authoring.schema_files import FOLDER, schema_line, with_line
from exercise_cds.authoring.schemas import kind_of
from exercise_cds.rulepack.folder import read_folder
from exercise_cds.rulepack.nodes import plain
from exercise_cds.rulepack.report import Report
from exercise_cds.rulepack.yaml_reader import read_yaml

_COMMENT = re.compile(r"(?:^|\s)(#.*)$", re.MULTILINE)
_BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class Formed:
    """One file: its text and its text in form; `why` where it was left alone."""

    path: Path
    before: str
    after: str
    why: str = ""
    unreadable: bool = False

    @property
    def changes(self) -> bool:
        """Whether there is something to write."""
        return self.before != self.after


def round_trip() -> YAML:
    """The reader and writer that keep comments and quotes."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4_096
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.brace_single_entry_mapping_in_flow_sequence = True
    return yaml


def in_form(text: str, name: str, first_line: str = "") -> tuple[str, str]:
    """The text in form, and why it was left alone ("" where it was not)."""
    content = _content(text, name)
    if content is None:
        return text, "it has mistakes: run check"
    yaml, out = round_trip(), io.StringIO()
    try:
        yaml.dump(yaml.load(text), out)
    except (YAMLError, ValueError, TypeError) as error:
        return text, f"it cannot be read and written back: {error.__class__.__name__}"
    after = _BLANK_LINES.sub("\n\n", "\n".join(line.rstrip() for line in out.getvalue().split("\n"))).rstrip("\n") + "\n"
    after = with_line(after, first_line) if first_line else after
    if _content(after, name) != content:
        return text, "its form would change what it says"
    if Counter(_COMMENT.findall(text)) - Counter(_COMMENT.findall(after)) - Counter({text.split("\n", 1)[0]: 1}):
        return text, "a comment would be lost"
    return after, ""


def _content(text: str, name: str) -> object:
    """What a file says, without its form; None where it has mistakes."""
    report = Report()
    root = read_yaml(text.encode("utf-8"), name, report)
    return None if root is None or root.node is None or report.errors else plain(root.node)


def of_pack(folder: Path) -> Iterator[Formed]:
    """Every YAML file of a pack; those of a pack with schemas get the editor's line."""
    report = Report()
    files = read_folder(folder, report)
    for finding in report.findings():
        if finding.code in UNREADABLE:
            yield Formed(folder / finding.where.file, "", "", finding.sentence, unreadable=True)
    for file, content in files.contents.items():
        if (kind := kind_of(file)) is not None and file.endswith(".yaml"):
            before = content.decode("utf-8", errors="replace")
            line = schema_line(file, kind) if (folder / FOLDER).is_dir() else ""
            after, why = in_form(before, file, line)
            yield Formed(folder / file, before, after, why)
