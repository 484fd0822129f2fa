"""Whatever bytes stand in a pack, loading gives findings: never an exception, never a hang, and no pack that nobody wrote."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from exercise_cds.rulepack import load, read_cases
from exercise_cds.rulepack.json_reader import read_json
from exercise_cds.rulepack.report import Report
from exercise_cds.rulepack.yaml_reader import read_yaml
from rulepack.planted import SMALL, copy_of_small

FILES = sorted(str(path.relative_to(SMALL)) for path in SMALL.rglob("*") if path.is_file() and path.parent.name != "stories")
FILES.remove("README.md")
TOKENS = (
    b'"', b"'", b"{", b"}", b"[", b"]", b"- ", b": ", b"? ", b"&a ", b"*a ", b"!t ", b"|\n",
    b">-\n", b"%YAML 1.2\n", b"---\n", b"...\n", b"#",
    b"\n", b"  ",
    b",", b"\\x", b"\\U00110000", b"\\ud800", b"!<", b"<<: ", b"~", b"`", b"@", b"\x00", b"\xff", b"\t", b"1e999",
    b"9" * 30, b"null", b"{}", b"[]", b"always", b"{found}", b"{{", b"all", b"not: ", b"any: ", b"0", b"-1", b".5", b"true",
)  # fmt: skip
"""What makes YAML, JSON and our grammar change their mind."""


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300) | st.lists(st.sampled_from(TOKENS), max_size=30).map(b"".join))
@example(b"#")
@example(b'"\\UFFFFFFFF"')
@example(b"%YAML 11111111111111111111111111111111.2\n---\na")
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    """Both readers end on any bytes, with a file's content or with at least one finding."""
    for read in (read_yaml, read_json):
        report = Report()
        place = read(content, "f", report)
        assert (place is not None) or report.errors


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One copy of the small pack, whose files are changed one at a time and put back."""
    return copy_of_small(tmp_path_factory.mktemp("any"))


def _everything(pack: Path) -> None:
    """Load the pack and read its cases; an exception fails the test that calls this."""
    loaded = load(pack)
    assert (loaded.pack is None) == any(finding.level == "error" for finding in loaded.findings)
    if loaded.pack is not None:
        read_cases(pack, loaded.pack)


def _changes(file: str) -> Iterator[bytes]:
    whole = (SMALL / file).read_bytes()
    yield from (whole[:length] for length in range(0, len(whole), 50))


@pytest.mark.parametrize("file", FILES)
def test_a_file_cut_off_anywhere_gives_findings(file: str, pack: Path) -> None:
    """Half a file (a full disk, a broken copy) is never an exception; each cut at a multiple of fifty bytes is tried."""
    for content in _changes(file):
        (pack / file).write_bytes(content)
        _everything(pack)
    shutil.copyfile(SMALL / file, pack / file)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(FILES), st.integers(0, 2**32), st.integers(1, 6))
def test_a_changed_file_gives_findings(pack: Path, file: str, seed: int, changes: int) -> None:
    """Bytes put in, taken out or changed anywhere in a good file: findings, or another good pack, and within a few seconds."""
    random = Random(seed)  # noqa: S311 - repeatable, not secret
    content = bytearray((SMALL / file).read_bytes())
    for _ in range(changes):
        at = random.randrange(len(content) + 1)
        sort = random.random()
        if sort < 0.6:
            content[at:at] = random.choice(TOKENS)
        elif sort < 0.8:
            del content[at : at + random.randrange(1, 20)]
        else:
            content[at : at + 1] = bytes([random.randrange(256)])
    (pack / file).write_bytes(bytes(content))
    before = time.process_time()
    _everything(pack)
    assert time.process_time() - before < 10
    shutil.copyfile(SMALL / file, pack / file)


def test_lines_may_change_places(pack: Path) -> None:
    """Lines of a good file in any other order: findings, or another good pack."""
    random = Random(7)  # noqa: S311 - repeatable, not secret
    for file in FILES:
        if file.startswith(("rules/", "programs/", "pack", "facts")):
            lines = (SMALL / file).read_text("utf-8").splitlines(keepends=True)
            for _ in range(5):
                random.shuffle(lines)
                (pack / file).write_text("".join(lines), "utf-8")
                _everything(pack)
            shutil.copyfile(SMALL / file, pack / file)
