"""The house's plan, read from the imports: they go down, never up, and never sideways between rooms."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "service" / "exercise_cds"
FLOORS = (
    {"model"},
    {"errors", "wire"},
    {"settings", "strict_json", "net"},
    {"envelope"},
    {"security", "fhir", "facts", "rulepack", "engine", "cards", "records"},
    {"cds_service"},
    {"authoring", "conformance"},
    {"web", "cli"},
)
"""From the stone up. Parts on one floor do not know each other; `cli` may start `web`."""
MAY = {("cli", "web"), ("wire", "errors")}
LONGEST = 400


def _modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def _part(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _imported(path: Path) -> set[str]:
    """The parts of the house that a module imports, wherever in the module the import stands."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("exercise_cds.")}
    return found


def _floor(part: str) -> int:
    return next(number for number, parts in enumerate(FLOORS) if part in parts)


@pytest.mark.parametrize("path", _modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path: Path) -> None:
    """A module imports its own room and lower floors only."""
    if path == PACKAGE / "__init__.py":
        assert not _imported(path)
        return
    part = _part(path)
    for other in _imported(path) - {part, "__version__"}:
        assert _floor(other) < _floor(part) or (part, other) in MAY, f"{part} imports {other}"


def test_only_one_module_imports_durable_rules() -> None:
    """The engine library is known in one file."""
    knowing = [path.name for path in _modules() if any(word in path.read_text("utf-8") for word in ("import durable", "from durable"))]
    assert knowing == ["durable.py"]


@pytest.mark.parametrize("room", ["facts", "engine", "cards"])
def test_the_deciding_part_has_no_io_and_no_clock(room: str) -> None:
    """Facts, engine and cards import nothing that reads files, sockets, the environment or the time."""
    forbidden = {
        "os",
        "io",
        "socket",
        "time",
        "requests",
        "flask",
        "sqlalchemy",
        "pathlib",
        "subprocess",
        "random",
        "uuid",
        "logging",
        "structlog",
    }
    for path in (PACKAGE / room).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = {alias.name for alias in node.names} if isinstance(node, ast.Import) else set()
            if isinstance(node, ast.ImportFrom):
                names = {node.module or ""}
            assert not {name.split(".")[0] for name in names} & forbidden, path


@pytest.mark.parametrize("path", _modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_stay_small(path: Path) -> None:
    """No module is longer than 400 lines, and none is named for a drawer of leftovers."""
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST
    assert path.stem not in {"utils", "util", "helpers", "helper", "manager", "common", "misc"}
