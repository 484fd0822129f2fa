"""A folder as Kubernetes mounts a ConfigMap: files are links into `..data`, itself a link that is pointed elsewhere in one step."""

from __future__ import annotations

import shutil
from itertools import count
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "rules" / "low-back-pain"


class Mounted:
    """A mounted rule pack that can be changed as kubelet changes it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._numbers = count()
        path.mkdir()
        self.change()

    def change(self, **texts: str) -> None:
        """Put the shipped pack there, with these replacements in pack.yaml (old text -> new text), and take the former away."""
        data = self.path / f"..2026_{next(self._numbers)}"
        shutil.copytree(SHIPPED, data, ignore=shutil.ignore_patterns("tests", "*.md"))
        written = (data / "pack.yaml").read_text("utf-8")
        for old, new in texts.items():
            assert old in written
            written = written.replace(old, new)
        (data / "pack.yaml").write_text(written, "utf-8")
        link = self.path / "..data"
        former = link.resolve() if link.is_symlink() else None
        (self.path / "..data_tmp").symlink_to(data.name)
        (self.path / "..data_tmp").rename(link)
        for name in [found.name for found in data.iterdir()]:
            if not (self.path / name).is_symlink():
                (self.path / name).symlink_to(f"..data/{name}")
        if former is not None:
            shutil.rmtree(former)

    def version(self, number: int) -> None:
        """The shipped pack under another version: a good pack with another digest."""
        self.change(**{"version: 2026.11.0": f"version: 2026.11.{number}"})

    def broken(self) -> None:
        """A pack with an error."""
        self.change(**{"about: {all: [active_back_pain": "about: {all: [no_such_fact"})
