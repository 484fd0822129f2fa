"""A checkout in small, for the tests of set-up: the real tools, three packages made here, and a PATH that holds what a test allows.

Nothing is fetched: pip reads a folder. `durable-rules` is a source distribution of a few lines of C, since what is tested is how it is
built and kept, and the real one takes longer.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ("sh", "dirname", "mktemp", "rm", "rmdir", "mkdir", "cat", "sleep", "as", "ld", "touch", "uname")

_BACKEND = """
import os, shlex, subprocess, zipfile
from pathlib import Path

def _wheel(folder, name, files):
    info = f"{name}-2.0.28.dist-info"
    files = {**files, f"{info}/METADATA": f"Metadata-Version: 2.1\\nName: {name.replace('_', '-')}\\nVersion: 2.0.28\\n",
             f"{info}/WHEEL": "Wheel-Version: 1.0\\nGenerator: tiny\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"}
    files[f"{info}/RECORD"] = "".join(f"{file},,\\n" for file in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(Path(folder) / f"{name}-2.0.28-py3-none-any.whl", "w") as wheel:
        for file, text in files.items():
            wheel.writestr(file, text)
    return f"{name}-2.0.28-py3-none-any.whl"

def build_wheel(folder, config_settings=None, metadata_directory=None):
    compiler = os.environ["CC"]
    Path("tiny.c").write_text("int tiny(void) { return 0; }")
    subprocess.run([*shlex.split(compiler), "-c", "tiny.c", "-o", "tiny.o"], check=True)
    return _wheel(folder, "durable_rules", {"built_with.py": f"COMPILER = {compiler!r}\\n"})

def build_editable(folder, config_settings=None, metadata_directory=None):
    return _wheel(folder, "exercise_cds", {"exercise_cds.pth": str(Path.cwd() / "service") + "\\n"})
"""
_PROJECT = '[build-system]\nrequires = []\nbuild-backend = "tiny_backend"\nbackend-path = ["."]\n'


@dataclass
class Checkout:
    """The folder, and the commands that set-up finds on its PATH."""

    folder: Path
    commands: Path
    packages: Path
    environment: dict[str, str] = field(default_factory=dict)

    def set_up(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run tools/set-up to its end."""
        return subprocess.run(
            [self.folder / "tools" / "set-up", *arguments],
            cwd=self.folder.parent,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def command(self, name: str, script: str) -> None:
        """Put a shell script on the PATH under this name."""
        file = self.commands / name
        file.unlink(missing_ok=True)
        file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        file.chmod(0o755)

    def without(self, name: str) -> None:
        """Take a command away."""
        (self.commands / name).unlink()

    def lock(self, tool_version: str) -> None:
        """Write a lock whose one tool has this version."""
        wheel = _wheel(self.packages, "tiny_tool", tool_version)
        source = _source(self.packages)
        (self.folder / "requirements" / "dev.txt").write_text(
            f"durable-rules==2.0.28 \\\n    --hash=sha256:{_digest(source)}\n"
            f"tiny-tool=={tool_version} \\\n    --hash=sha256:{_digest(wheel)}\n",
            encoding="utf-8",
        )

    def installed(self, expression: str) -> str:
        """What an expression is in the venv that was made."""
        done = subprocess.run(
            [self.folder / ".venv" / "bin" / "python", "-I", "-c", f"import built_with, tiny_tool; print({expression})"],
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    @property
    def is_made(self) -> bool:
        """Whether the stamp is there."""
        return (self.folder / ".venv" / "set-up.json").exists()


def tiny_checkout(parent: Path) -> Checkout:
    """A checkout where nothing has been set up, on a machine that has all that is needed."""
    folder, commands, packages = parent / "checkout", parent / "bin", parent / "packages"
    for new in (folder / "service", folder / "requirements", commands, packages):
        new.mkdir(parents=True)
    shutil.copytree(ROOT / "tools", folder / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "pyproject.toml").write_text(_PROJECT, encoding="utf-8")
    (folder / "tiny_backend.py").write_text(_BACKEND, encoding="utf-8")
    builds = _wheel(packages, "tiny_builder", "1.0")
    (folder / "requirements" / "build.txt").write_text(f"tiny-builder==1.0 --hash=sha256:{_digest(builds)}\n", encoding="utf-8")
    for name in NEEDED:
        if found := shutil.which(name):
            (commands / name).symlink_to(found)
    environment = {
        "PATH": str(commands),
        "HOME": str(parent),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(packages),
        "PIP_CONFIG_FILE": os.devnull,
    }
    checkout = Checkout(folder, commands, packages, environment)
    checkout.command("python3", f'exec {_base_python()} "$@"')
    checkout.command("cc", f'exec {shutil.which("cc")} "$@"')
    checkout.lock("1.0")
    return checkout


def _base_python() -> str:
    """The interpreter under the one that runs the tests, which may be a venv's."""
    return str(Path(sys.base_prefix) / "bin" / f"python{sysconfig.get_python_version()}")


def _wheel(folder: Path, name: str, version: str) -> Path:
    info = f"{name}-{version}.dist-info"
    file = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as wheel:
        for path, text in {
            f"{name}.py": f"VERSION = {version!r}\n",
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: {version}\n",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tiny\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{info}/RECORD": f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n",
        }.items():
            wheel.writestr(zipfile.ZipInfo(path), text)  # no time of day in it: the same bytes, the same hash
    return file


def _source(folder: Path) -> Path:
    file = folder / "durable_rules-2.0.28.tar.gz"
    if file.exists():
        return file
    with tarfile.open(file, "w:gz") as archive:
        for path, text in {
            "PKG-INFO": "Metadata-Version: 2.1\nName: durable-rules\nVersion: 2.0.28\n",
            "pyproject.toml": _PROJECT,
            "tiny_backend.py": _BACKEND,
        }.items():
            entry = tarfile.TarInfo(f"durable_rules-2.0.28/{path}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return file


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
