"""Writes docs/authors/findings.md from the table of codes and the planted mistakes of the tests; `--check` says whether it is fresh."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from exercise_cds.rulepack import CODES

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "authors" / "findings.md"
EXAMPLES = ROOT / "tests" / "rulepack" / "bad"
MARK = "⟦"
LONGEST = 14

HEAD = """\
# Findings: what `exercise-cds check` says

<!-- Written by `make docs` from service/exercise_cds/rulepack/codes.py and tests/rulepack/bad/: change it there. -->

A finding is `file:line:column: code: sentence`, the line with a caret under the place, and a hint. **Errors** keep a pack from being served
(exit code 1). **Advice** does not (exit code 0; 1 with `--strict`). Exit code 2: a file could not be read.
`--format json` is for programs, `--format github` shows each finding beside its line in a pull request.

In the examples `⟦` marks the place at which the finding points; it is not part of the file.
"""
IN_WORDS = {
    "too-many-files": "A folder with 2,001 stories under `tests/`.",
    "pack-too-large": "A folder with 21 files of 1 MB each.",
    "file-too-large": "A `rules/more.yaml` of 1 MiB and one byte.",
    "too-deep": "`[[[[...]]]]`, 41 deep.",
    "too-many-values": "A file of 50,001 values.",
    "link-leaves-folder": "`rules/more.yaml` is a link to `../elsewhere.yaml`.",
    "unreadable-file": "`rules/more.yaml` is a link to itself, or may not be read.",
    "more-findings": "A file with 402 mistakes: 400 are shown, the rest is counted.",
    "unverified-code": "A concept of a value set with the extension `http://exercise-cds.org/fhir/code-check` and the value `unverified`.",
}
"""Mistakes of folders, which no piece of text shows."""
GOOD_IN_WORDS = "Good: a folder of text files within these limits, each readable, without links that lead out of it."
VERIFIED = "Good: somebody has compared the code with its source, and taken the mark away."


def shown(text: str) -> str:
    """A piece of a file, shortened."""
    lines = text.strip("\n").split("\n")
    return "\n".join([*lines[:LONGEST], "..."] if len(lines) > LONGEST else lines)


def fenced(text: str, file: str) -> str:
    """As a block of Markdown."""
    return f"```{'json' if file.endswith('.json') else 'yaml'}\n{shown(text)}\n```"


def example(change: dict[str, Any]) -> str:
    """Bad and good, with the file they stand in."""
    if "delete" in change:
        return f"Bad: `{change['delete']}` is not there. Good: it is."
    file = change["in"]
    good = fenced(change["good"], file) if "good" in change else "The same file without this mistake."
    return f"Bad, in `{file}`:\n\n{fenced(change['bad'], file)}\n\nGood:\n\n{good}"


def section(code: str) -> str:
    """One code."""
    row = CODES[code]
    head = f"## {code}\n\n*{row.level.value}*: {row.meaning}.\n"
    path = EXAMPLES / f"{code}.yaml"
    if code in IN_WORDS:
        return f"{head}\nBad: {IN_WORDS[code]}\n\n{VERIFIED if code == 'unverified-code' else GOOD_IN_WORDS}\n"
    changes = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))
    return f"{head}\n{example(changes[0])}\n"


def page() -> str:
    """The whole page."""
    index = "\n".join(f"| [`{code}`](#{code}) | {row.level.value} | {row.meaning} |" for code, row in CODES.items())
    return "\n".join([HEAD, f"| code | level | meaning |\n|---|---|---|\n{index}\n", *map(section, CODES)])


def main(arguments: list[str]) -> int:
    """Write, or with `--check` compare."""
    if arguments == ["--check"]:
        fresh = PAGE.exists() and PAGE.read_text(encoding="utf-8") == page()
        print("docs/authors/findings.md is fresh" if fresh else "docs/authors/findings.md is not fresh: run `make docs`")
        return 0 if fresh else 1
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
