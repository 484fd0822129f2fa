"""The Dockerfile builds what tools/set-up builds."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import set_up  # noqa: E402 - a script of the folder tools, which is no package

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_the_compiler_is_told_the_same() -> None:
    """The image's durable-rules is compiled with the flags that a checkout's is compiled with."""
    (said,) = re.findall(r'CC="cc (.+?)"', DOCKERFILE)
    assert tuple(said.split()) == set_up.COMPILER_FLAGS


def test_nothing_is_installed_that_was_not_tested() -> None:
    """The image installs from the same two locks as the tests, with every hash required, and from no index afterwards."""
    fetching = re.findall(r"-m pip (?:install|wheel)(?:[^&\n]|\\\n)*", DOCKERFILE)
    assert len(fetching) >= 3
    for command in fetching:
        assert "--require-hashes" in command or "--no-index" in command, command
    assert re.findall(r"--requirement (\S+)", DOCKERFILE) == ["build.txt", "runtime.txt"]


def test_the_version_is_the_packages() -> None:
    """The image's label and the package name one version."""
    version = re.search(r'__version__ = "(.+)"', (ROOT / "service/exercise_cds/__init__.py").read_text(encoding="utf-8"))
    assert version
    assert f"ARG VERSION={version.group(1)}\n" in DOCKERFILE


def test_no_digest_is_made_up() -> None:
    """The Dockerfile leaves the digests of its bases to who builds it: every one in it is an ellipsis."""
    assert re.findall(r"@sha256:(\S+)", DOCKERFILE) == ["...", "..."]


def test_the_builder_sees_only_what_the_image_is_made_of() -> None:
    """Everything that the Dockerfile copies from the checkout is let through by .dockerignore, which begins by refusing all."""
    lines = [line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert lines[0] == "*"
    copied = {name for words in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, flags=re.MULTILINE) for name in words.split()}
    assert copied == {line.removeprefix("!") for line in lines if line.startswith("!")}
