"""The files of a pack's folder, as bytes: which are read, which make the digest, which are refused. The only reader of the disk here.

Symbolic links are followed inside the folder only (Kubernetes mounts a ConfigMap as links into a hidden folder beside them).
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from exercise_cds.model.where import Where
from exercise_cds.rulepack.bytes_reader import MOST_BYTES
from exercise_cds.rulepack.report import Report, listed, quoted

MOST_PACK_BYTES = 20 * 1024 * 1024
MOST_FILES = 2_000
PACK, FACTS, EVIDENCE = "pack.yaml", "facts.yaml", "evidence.yaml"
ROOT_FILES = (PACK, FACTS, EVIDENCE)
"""Files that every pack has."""
FOLDERS: Mapping[str, str] = {"rules": ".yaml", "programs": ".yaml", "valuesets": ".json", "tests": ".yaml"}
"""Folder -> ending of the files that are read in it."""
_NO_ANSWER = "tests"
"""The folder that changes no answer: not part of the digest."""
_OF_BROWSERS = frozenset({"Thumbs.db", "desktop.ini"})
_BESIDE = frozenset({".md", ".txt", ".csv", ".svg", ".png", ".html", ""})
"""Endings of files that may stand in a pack for people: README.md, NOTICE, ..."""


@dataclass(frozen=True, slots=True)
class Files:
    """Relative name -> bytes of every file that is read, in order of name."""

    root: Path
    contents: Mapping[str, bytes]

    def under(self, folder: str) -> Iterable[tuple[str, bytes]]:
        """The files of one folder."""
        return ((name, content) for name, content in self.contents.items() if name.startswith(f"{folder}/"))

    def digest(self, overlay: bytes | None = None) -> str:
        """SHA-256 (hex) over names and bytes of all that can change an answer, and of the overlay (whatever its file is called)."""
        hashed = hashlib.sha256()
        for name, content in self.contents.items():
            if not name.startswith(f"{_NO_ANSWER}/"):
                _hash(hashed, name, content)
        if overlay is not None:
            _hash(hashed, "overlay", overlay)
        return hashed.hexdigest()


def is_passed_over(name: str) -> bool:
    """Whether a file or folder of this name is no author's: hidden, an editor's copy (`x.yaml~`, `#x.yaml#`), a file browser's notes."""
    return name.startswith(".") or name.endswith("~") or (name.startswith("#") and name.endswith("#")) or name in _OF_BROWSERS


def _hash(hashed: hashlib._Hash, name: str, content: bytes) -> None:
    # Lengths stand before the bytes, so that no two sets of files hash alike.
    hashed.update(f"{len(name.encode())}:{name}:{len(content)}:".encode())
    hashed.update(content)


def read_folder(folder: Path, report: Report) -> Files:
    """Every file that a pack is made of. What cannot be read is a finding; nothing is raised."""
    walk = _Walk(folder, report)
    if walk.begin():
        for name in ROOT_FILES:
            if name not in walk.contents and not walk.stopped:
                report.add("missing-file", Where(name), f"there is no {name} in {quoted(folder.name)}", "every pack has one")
    return Files(folder, dict(sorted(walk.contents.items())))


def read_file(path: Path, name: str, report: Report) -> bytes | None:
    """One file's bytes, at most a little more than 1 MiB (the reader of its text refuses the rest)."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            report.add("unreadable-file", Where(name), "this is no ordinary file", "put a file here, or take it away")
            return None
        with path.open("rb") as opened:
            return opened.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "the name is not allowed"
        report.add("unreadable-file", Where(name), f"the file cannot be read: {why}", "see its name and its permissions")
        return None


class _Walk:
    """One pass over the folder, within the limits."""

    def __init__(self, folder: Path, report: Report) -> None:
        self.folder = folder
        self.report = report
        self.contents: dict[str, bytes] = {}
        self.files = self.size = 0
        self.stopped = False
        self.seen: set[str] = set()

    def begin(self) -> bool:
        """Whether there is a folder to walk."""
        try:
            self.real = os.path.realpath(self.folder)
            is_folder = self.folder.is_dir()
        except (OSError, ValueError):
            is_folder = False
        if not is_folder:
            self.report.add(
                "missing-file", Where(self.folder.name or "."), "there is no such folder", "name the folder that holds pack.yaml"
            )
            return False
        self._walk(self.folder, "")
        return True

    def _walk(self, folder: Path, inside: str) -> None:
        real = os.path.realpath(folder)
        if self.stopped or real in self.seen:
            return
        self.seen.add(real)
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            self.report.add("unreadable-file", Where(inside or "."), f"the folder cannot be read: {error.strerror}", "see its permissions")
            return
        for entry in entries:
            if not entry.name.isprintable():
                self.report.add(
                    "stray-file",
                    Where(f"{inside}{ascii(entry.name)[1:-1]}"),
                    "this file's name holds hidden or broken characters",
                    "rename it",
                )
            elif not is_passed_over(entry.name):
                self._entry(Path(entry.path), f"{inside}{entry.name}")
            if self.stopped:
                return

    def _entry(self, path: Path, name: str) -> None:
        real = os.path.realpath(path)
        if real != self.real and not real.startswith(self.real + os.sep):
            self.report.add("link-leaves-folder", Where(name), "this link leaves the pack's folder", "put the file itself here")
            return
        if path.is_dir():
            if name.count("/") < 8:
                self._walk(path, f"{name}/")
            return
        self.files += 1
        try:
            self.size += path.stat().st_size
        except OSError as error:
            self.report.add("unreadable-file", Where(name), f"the file cannot be read: {error.strerror}", "see its permissions")
            return
        if self._over():
            return
        if self._is_read(name) and (content := read_file(path, name, self.report)) is not None:
            self.contents[name] = content

    def _over(self) -> bool:
        if self.files > MOST_FILES:
            self.report.add("too-many-files", Where("."), f"the folder holds more than {MOST_FILES:,} files", "keep only the pack in it")
            self.stopped = True
        elif self.size > MOST_PACK_BYTES:
            self.report.add("pack-too-large", Where("."), "the folder holds more than 20 MiB", "keep only the pack in it")
            self.stopped = True
        return self.stopped

    def _is_read(self, name: str) -> bool:
        """Whether the file is part of the pack; a file that looks as if it were, and is not, is a finding."""
        if name in ROOT_FILES:
            return True
        folder, slash, rest = name.partition("/")
        ending = PurePosixPath(name).suffix
        if slash and folder in FOLDERS:
            if folder == "tests" and "/" in rest:
                return False  # stories, read by the runner of cases
            if "/" not in rest and ending == FOLDERS[folder]:
                return True
            hint = f"only {folder}/*{FOLDERS[folder]} is read"
        else:
            if slash:
                return self._stray_folder(name, folder)
            hint = self.report.did_you_mean(name, (*ROOT_FILES, *FOLDERS))
        if ending not in _BESIDE:
            self.report.add("stray-file", Where(name), f"{quoted(name)} stands where it is not read", hint)
        return False

    def _stray_folder(self, name: str, folder: str) -> bool:
        if PurePosixPath(name).suffix in (".yaml", ".yml") or folder in ("rule", "program", "valueset", "test"):
            hint = self.report.did_you_mean(folder, tuple(FOLDERS))
            self.report.add("stray-file", Where(name), f"the folder {quoted(folder)} is not read", hint or f"folders are {listed(FOLDERS)}")
        return False
