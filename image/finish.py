"""The last step of the image's build, run once by the very Python that will serve; then it removes itself.

It looks whether this Python is the one that everything was compiled for, loads every compiled part, and takes what installs packages out of
the base. Standard library only, and no shell, so that bases without one will do.
"""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

ROOT = Path("/opt/exercise-cds")
RECORDS = Path("/data")
USER = 65532
INSTALLERS = ("pip", "setuptools", "wheel", "pkg_resources", "_distutils_hack", "distutils-precedence.pth", "easy_install.py")
LOADED = ("durable_rules_engine", "cryptography.hazmat.bindings._rust", "psycopg", "exercise_cds.records", "exercise_cds.cli.serve")
"""What loads every compiled part; psycopg refuses to load without its library."""


def installers() -> Iterator[Path]:
    """What the base brings to install packages: as packages, as what ensurepip would unpack, as commands."""
    base = {"base": sys.base_prefix, "platbase": sys.base_exec_prefix}
    for folder in {Path(sysconfig.get_path("purelib", vars=base)), Path("/usr/lib/python3/dist-packages")}:
        for name in INSTALLERS:
            yield folder / name
            yield from folder.glob(f"{name}-*.*-info")
    yield Path(sysconfig.get_path("stdlib")) / "ensurepip"
    for folder in {Path(sys.base_prefix) / "bin", Path("/usr/bin")}:
        yield from folder.glob("pip*")
        yield from folder.glob("easy_install*")


def main() -> int:
    """Exit 1 with a sentence where the two bases do not fit each other."""
    if not any((ROOT / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}").glob("site-packages/exercise_cds")):
        version = ".".join(map(str, sys.version_info[:2]))
        print(f"BASE_IMAGE has Python {version}, and BUILD_IMAGE another: choose two images of one Python.", file=sys.stderr)
        return 1
    for name in LOADED:
        import_module(name)
    for found in installers():
        if found.is_dir():
            shutil.rmtree(found)
        else:
            found.unlink(missing_ok=True)
    RECORDS.mkdir(exist_ok=True)  # a volume that is mounted here takes this owner over
    os.chown(RECORDS, USER, 0)
    RECORDS.chmod(0o770)
    Path(__file__).unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
