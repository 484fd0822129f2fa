"""The lock, pyproject.toml and docs/dependencies.md say the same."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import files, metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("build", "runtime", "dev", "chart", "sbom", "bench")


def _wanted() -> dict[str, Requirement]:
    """What pyproject.toml asks for itself, by name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"].values()
    lines = [*project["project"]["dependencies"], *(line for extra in extras for line in extra), *project["build-system"]["requires"]]
    found = [Requirement(line) for line in lines]
    return {canonicalize_name(requirement.name): requirement for requirement in found if requirement.name != "exercise-cds"}


def _locked(name: str) -> dict[str, str]:
    """Name -> version of one lock file."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    return {canonicalize_name(package): version for package, version in re.findall(r"^([\w.-]+)==(\S+)", text, flags=re.MULTILINE)}


def _told() -> list[tuple[str, str, str]]:
    """(name, why, licence) of every row of the page."""
    rows = re.findall(
        r"^\| (\S+) \| (.+?) \| (.+?) \|$", (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    return [row for row in rows if row[0] != "package"]


def test_every_dependency_is_explained_once() -> None:
    """docs/dependencies.md has one row for each package that pyproject.toml names, and no other."""
    assert sorted(canonicalize_name(name) for name, _, _ in _told()) == sorted(_wanted())


@pytest.mark.parametrize(("name", "licence"), [(name, licence) for name, _, licence in _told()])
def test_the_licence_is_the_packages_own_word(name: str, licence: str) -> None:
    """The licence on the page is what the installed package says of itself."""
    said = metadata(name)
    classified = [line.rsplit(" :: ", 1)[1] for line in said.get_all("Classifier") or [] if line.startswith("License ::")]
    assert licence == (said.get("License-Expression") or said.get("License") or (classified or _first_line_of_the_licence(name))[0])


def _first_line_of_the_licence(name: str) -> list[str]:
    """What a package says that has a licence's text and no word about it."""
    texts = [path for path in files(name) or () if path.name == "LICENSE"]
    return [path.read_text().splitlines()[0] for path in texts]


@pytest.mark.parametrize("name", LOCKS)
def test_everything_locked_has_a_hash_and_no_host(name: str) -> None:
    """Every pinned package carries at least one SHA-256, and no lock file names an index."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", text)
    assert all("--hash=sha256:" in entry for entry in entries if not entry.startswith("#"))
    assert "://" not in text
    assert "index" not in text


def test_the_lock_holds_what_is_asked_for() -> None:
    """Every package that pyproject.toml names is pinned at a version that it allows."""
    pinned = _locked("build") | _locked("dev")
    for name, requirement in _wanted().items():
        assert requirement.specifier.contains(pinned[name]), name


def test_a_server_gets_what_was_tested() -> None:
    """What a server installs is pinned at the very versions that the tests run with."""
    assert _locked("runtime").items() <= _locked("dev").items()
    tested = set(_locked("dev")) - set(_locked("runtime"))
    assert {"pytest", "mypy", "ruff"} <= tested


def test_the_builder_is_the_same_everywhere() -> None:
    """The builder, setuptools, is pinned alike in the lock and in pyproject.toml, since pip's hashes do not cover what builds a package."""
    assert str(_wanted()["setuptools"].specifier) == f"=={_locked('build')['setuptools']}"
