"""A repository that holds only rules: the hooks for pre-commit and the commands of the CI snippet do what docs/authors/README.md says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from exercise_cds.authoring.starts import new_pack
from exercise_cds.cli import main

ROOT = Path(__file__).resolve().parents[2]
HOOKS = {hook["id"]: hook for hook in YAML(typ="safe").load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))}
PAGE = (ROOT / "docs" / "authors" / "README.md").read_text("utf-8").split("## In a repository of its own")[1]
SNIPPET = re.findall(r"- run: exercise-cds (.*)", PAGE)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one pack under rules/, as somebody stands in it."""
    new_pack(tmp_path / "rules" / "my-rules")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _run(words: list[str]) -> int:
    return CliRunner().invoke(main, words).exit_code


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_passes_a_good_pack(name: str, repository: Path) -> None:
    """As pre-commit calls it: the entry and its arguments, without file names, only where a file under rules/ is committed."""
    hook = HOOKS[name]
    command, *words = shlex.split(hook["entry"])
    assert command == "exercise-cds"
    assert _run([*words, *hook["args"]]) == 0
    assert re.match(hook["files"], next((repository / "rules").rglob("*.yaml")).relative_to(repository).as_posix())
    assert name in PAGE


def test_the_hook_stops_a_pack_with_a_mistake(repository: Path) -> None:
    """A commit with a misspelt fact does not go through."""
    facts = repository / "rules" / "my-rules" / "facts.yaml"
    facts.write_text(facts.read_text("utf-8").replace("kind: episode", "kind: episde"), "utf-8")
    assert _run(["check", *HOOKS["exercise-cds-check"]["args"]]) == 1


@pytest.mark.parametrize("line", SNIPPET)
def test_a_line_of_the_snippet_works(line: str, repository: Path) -> None:
    """Each command of the CI snippet passes for a good pack of that name, and writes what it says."""
    assert _run(shlex.split(line)) == 0
    assert "--junit" not in line or (repository / "results.xml").is_file()


def test_the_snippet_checks_forms_and_tests() -> None:
    """The snippet leaves none of the three out."""
    assert [line.split()[0] for line in SNIPPET] == ["check", "fmt", "test"]
