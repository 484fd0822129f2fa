"""Whatever stands in a pack's folder, the author's commands answer with findings or a sentence: no stack trace, no hang, no code run."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from types import FrameType

import orjson
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exercise_cds.authoring import findings_shown
from exercise_cds.authoring.check import check
from exercise_cds.authoring.form import in_form
from exercise_cds.cli import main
from rulepack.planted import SMALL
from rulepack.test_any_bytes import TOKENS

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "rules" / "low-back-pain"
COMMANDS = (["check"], ["check", "--format", "github"], ["test"], ["fmt", "--check"], ["schema"], ["watch", "--saves", "0"])
PROCESSOR_SECONDS, SECONDS = 8.0, 120.0
"""A command that needs more is stopped, and its test fails. The second is for a read that waits."""


@pytest.fixture(autouse=True)
def within_limits() -> Iterator[None]:
    """Ends a test that computes or waits without end."""

    def over(number: int, _frame: FrameType | None) -> None:
        raise RuntimeError(f"the command did not end: {signal.Signals(number).name}")

    kept = {number: signal.signal(number, over) for number in (signal.SIGPROF, signal.SIGALRM)}
    signal.setitimer(signal.ITIMER_PROF, PROCESSOR_SECONDS * len(COMMANDS))
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in kept.items():
            signal.signal(number, handler)


def _bytes(content: bytes) -> Callable[[Path], None]:
    return lambda path: (path.unlink(), path.write_bytes(content))[0]


def _in(encoding: str) -> Callable[[Path], None]:
    return lambda path: (path.write_bytes(("# café\n" + path.read_text("utf-8")).encode(encoding)), None)[1]


def _link(target: str) -> Callable[[Path], None]:
    return lambda path: (path.unlink(), path.symlink_to(target))[0]


HOSTILE: dict[str, Callable[[Path], object]] = {
    "ten megabytes": _bytes(b"a: b\n" * 2_000_000),
    "ten thousand entries": _bytes(b"- a\n" * 10_000),
    "open brackets": _bytes(b"[" * 50_000),
    "an open quotation": _bytes(b'a: "' + b"x\n" * 50_000),
    "one long key": _bytes(b"x" * 200_000),
    "one key again and again": _bytes(b"a: 1\n" * 5_000),
    "steps ever deeper": _bytes(b"".join(b" " * depth + b"a:\n" for depth in range(1_400))),
    "aliases that explode": _bytes(
        b"a: &a [x, x, x]\n" + b"".join(b"%c: &%c [*%c, *%c]\n" % (98 + n, 98 + n, 97 + n, 97 + n) for n in range(20))
    ),
    "thousands of anchors": _bytes(b"".join(b"k%d: &a%d x\n" % (n, n) for n in range(4_000))),
    "a tag that would run code": _bytes(b'!!python/object/apply:os.mkdir ["ran"]\n'),
    "UTF-16 with its mark": _in("utf-16"),
    "UTF-16 without a mark": _in("utf-16-le"),
    "Latin-1": _in("latin-1"),
    "nothing but NUL": _bytes(b"\0" * 1_000),
    "tabs": lambda path: path.write_bytes(path.read_bytes().replace(b"  ", b"\t")),
    "nothing at all": _bytes(b""),
    "a folder of that name": lambda path: (path.unlink(), path.mkdir()),
    "a pipe that nobody writes to": lambda path: (path.unlink(), os.mkfifo(path)),
    "a link to itself": lambda path: _link(path.name)(path),
    "a link to nothing": _link("nothing-there"),
    "a link out of the pack": _link("/dev/zero"),
}
FILES = ("rules/base.yaml", "pack.yaml", "facts.yaml", "valuesets/fever.json", "tests/base.yaml", "evidence.yaml", "programs/water.yaml")


@pytest.mark.parametrize(("number", "name"), list(enumerate(HOSTILE)), ids=list(HOSTILE))
def test_every_command_ends_with_a_sentence(number: int, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hostile file in the place of a good one: each of the author's commands ends with 0, 1 or 2, and nothing of the file is run."""
    monkeypatch.chdir(tmp_path)
    for file in (FILES[number % len(FILES)], FILES[(number + 3) % len(FILES)]):
        shutil.rmtree(tmp_path / "pack", ignore_errors=True)
        pack = Path(shutil.copytree(SMALL, tmp_path / "pack"))
        HOSTILE[name](pack / file)
        for command in COMMANDS:
            done = CliRunner().invoke(main, [*command, str(pack)])
            assert done.exception is None or isinstance(done.exception, SystemExit), (file, command, done.exception)
            assert done.exit_code in (0, 1, 2)
            assert done.output, "something is said"
            good = name == "tabs" and file.endswith(".json")  # which JSON allows
            assert command != ["check"] or good == (done.exit_code == 0), file
    assert not (tmp_path / "ran").exists()


def test_odd_neighbours_are_no_trouble(tmp_path: Path) -> None:
    """A folder that holds itself, a pipe among the stories, broken schemas: said or passed over, never waited for."""
    pack = Path(shutil.copytree(SMALL, tmp_path / "pack"))
    (pack / "rules" / "again").symlink_to("..")
    os.mkfifo(pack / "rules" / "pipe.yaml")
    os.mkfifo(pack / "tests" / "stories" / "pipe.json")
    (pack / ".schemas" / "facts.schema.json").mkdir(parents=True)
    (pack / ".schemas" / "rules.schema.json").write_bytes(b"\xff\xfe\0")
    os.mkfifo(pack / ".schemas" / "tests.schema.json")
    for command in COMMANDS:
        done = CliRunner().invoke(main, [*command, str(pack)])
        assert done.exception is None or isinstance(done.exception, SystemExit), (command, done.exception)
    (pack / "rules" / "pipe.yaml").unlink()
    done = CliRunner().invoke(main, ["schema", "--write", str(pack)])
    assert (done.exit_code, isinstance(done.exception, SystemExit)) == (2, True)
    assert "facts.schema.json: Is a directory" in done.output


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the shipped pack with a part of its cases, whose files are changed one at a time and put back."""
    copy = Path(shutil.copytree(SHIPPED, tmp_path_factory.mktemp("shipped") / "pack"))
    for file in (copy / "tests").glob("*.yaml"):
        if file.name not in ("doubt.yaml", "severity.yaml"):
            file.unlink()
    return copy


def _changed(content: bytes, random: Random) -> bytes:
    """A few changes of bytes, words or lines."""
    lines = content.splitlines(keepends=True)
    for _ in range(random.randrange(3)):
        one, other = random.randrange(len(lines)), random.randrange(len(lines))
        lines[one], lines[other] = lines[other], lines[one]
    changed = bytearray(b"".join(lines))
    for _ in range(random.randrange(4)):
        at = random.randrange(len(changed) + 1)
        changed[at : at + random.choice((0, 0, 1, 12))] = random.choice((b"", *TOKENS, bytes([random.randrange(256)])))
    return bytes(changed)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(("rules", "programs", "tests", "valuesets", "facts.yaml", "pack.yaml", "evidence.yaml")), st.integers(0, 2**32))
def test_a_changed_shipped_file_is_checked_shown_and_formed(shipped: Path, part: str, seed: int) -> None:
    """Shipped files with lines moved and bytes changed: findings in all three forms, each inside its file; `fmt` ends, too."""
    random = Random(seed)  # noqa: S311 - repeatable, not secret
    file = shipped / part if part.endswith(".yaml") else random.choice(sorted((shipped / part).glob("*.*")))
    whole = file.read_bytes()
    file.write_bytes(_changed(whole, random))
    try:
        checked = check(shipped)
        assert len(list(findings_shown.as_text(checked))) == len(list(findings_shown.as_github(checked))) == len(checked.findings)
        assert orjson.dumps(findings_shown.as_data(checked))
        lines = file.read_bytes().decode("utf-8", "replace").count("\n") + 1
        assert all(finding.where.line <= lines for finding in checked.findings if shipped / finding.where.file == file)
        in_form(file.read_bytes().decode("utf-8", "replace"), "f.yaml")
    finally:
        file.write_bytes(whole)
