"""Makes this checkout's `.venv` from the lock; `tools/set-up` has looked for what is needed before. Standard library only.

    current   exit 0 if `.venv` is whole and of this lock, this Python and this folder
    wheel     exit 0 if the wheel of durable-rules for this lock and this Python is in `.cache`
    make      make it

`.venv` is whole when its stamp is there, and the stamp is written last. Before anything else a mark is set in it that says who makes it:
what has the mark but no fitting stamp was cut short or is of another lock, and is made anew; what has no mark is somebody else's
and is never touched. durable-rules comes as source only: DECISIONS.md and docs/durable-rules.md say why it is built as it is here.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
CACHE = ROOT / ".cache"
STAMP = VENV / "set-up.json"
MARK = VENV / "made-by-exercise-cds"
BUILDS = ROOT / "requirements" / "build.txt"
LOCK = ROOT / "requirements" / "dev.txt"

SOURCE_ONLY = "durable-rules"
COMPILER_FLAGS = (
    "-DPyEval_CallObject=PyObject_CallObject",  # Python 3.13 has no PyEval_CallObject any more: without this it builds, and fails at import
    "-Wno-error=implicit-function-declaration",  # gcc 14 and later take these for errors
    "-Wno-error=incompatible-pointer-types",
    "-Wno-error=int-conversion",
)
STRAY = ("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV", "PIP_NO_BINARY", "PIP_ONLY_BINARY", "PIP_CONSTRAINT")
"""Settings of a person's own pip that would put things elsewhere; where to download from, proxy and certificates are kept."""


class CannotSetUp(Exception):
    """Says in one sentence what to do."""


def lock_digest() -> str:
    """SHA-256 (hex) over the files that say what is installed."""
    digest = hashlib.sha256()
    for file in (BUILDS, LOCK):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def identity() -> dict[str, str]:
    """What a `.venv` is made of and for: written into the stamp, compared with it."""
    return {
        "lock": lock_digest(),
        "python": f"{sys.implementation.cache_tag} {sys.version.split()[0]} {sys.base_prefix}",
        "platform": sysconfig.get_platform(),
        "folder": str(ROOT),
    }


def is_current() -> bool:
    """Whether `.venv` is whole and nothing that it was made from has changed."""
    try:
        return bool(json.loads(STAMP.read_text(encoding="utf-8")) == identity()) and (VENV / "bin" / "python").exists()
    except (OSError, ValueError):
        return False


def wheel_folder() -> Path:
    """Where the wheel of durable-rules is kept: one folder for each lock, Python and platform."""
    return CACHE / "wheels" / f"{lock_digest()[:16]}-{sys.implementation.cache_tag}-{sysconfig.get_platform()}"


def kept_wheel() -> Path | None:
    """The wheel that an earlier set-up built, if it is there and unchanged."""
    for wheel in wheel_folder().glob("*.whl"):
        digest = wheel.with_suffix(".sha256")
        if digest.exists() and digest.read_text(encoding="utf-8") == hashlib.sha256(wheel.read_bytes()).hexdigest():
            return wheel
    return None


def source_requirement() -> str:
    """The lock's own lines for durable-rules, with its hashes; "" where the lock has none."""
    found = re.search(rf"^{SOURCE_ONLY}==.*?(?=^\S|\Z)", LOCK.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return found.group() if found else ""


def pip(*arguments: str, environment: dict[str, str] | None = None) -> None:
    """Run the venv's own pip; its messages are shown as they come."""
    kept = {name: value for name, value in os.environ.items() if name not in STRAY}
    command = [str(VENV / "bin" / "python"), "-I", "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments]
    done = subprocess.run(command, cwd=ROOT, env={**kept, **(environment or {})}, stdin=subprocess.DEVNULL, check=False)  # noqa: S603 - ours
    if done.returncode:
        raise CannotSetUp(f"pip {arguments[0]} failed (its message is above). What was downloaded is kept; run the same command again.")


def begin() -> None:
    """An empty `.venv` that carries our mark."""
    if VENV.is_symlink() or (VENV.exists() and not MARK.exists() and any(VENV.iterdir())):
        raise CannotSetUp(f"{VENV} was not made by this set-up, so it is left alone. Move it away, then run the same command again.")
    if VENV.exists():
        doomed = CACHE / f"old-venv-{os.getpid()}"  # moved first: a removal that is cut short leaves no half a .venv
        VENV.rename(doomed)
    for doomed in CACHE.glob("old-venv-*"):
        shutil.rmtree(doomed)
    VENV.mkdir()
    MARK.write_text("Everything in this folder is made by tools/set-up and may be removed at any time.\n", encoding="utf-8")
    done = subprocess.run([sys.executable, "-I", "-m", "venv", str(VENV)], check=False, stdin=subprocess.DEVNULL)  # noqa: S603 - ours
    if done.returncode:
        raise CannotSetUp(f"{sys.executable} -m venv failed (its message is above).")


def wheel_of_source() -> Path | None:
    """The wheel of durable-rules, built if it is not kept; None where the lock has none."""
    requirement = source_requirement()
    if not requirement:
        return None
    if kept := kept_wheel():
        return kept
    folder = wheel_folder()
    building = folder.with_name(f"{folder.name}.{os.getpid()}")
    building.mkdir(parents=True)
    wanted = building / "wanted.txt"
    wanted.write_text(requirement, encoding="utf-8")
    compiler = os.environ.get("CC") or next(name for name in ("cc", "gcc", "clang") if shutil.which(name))
    pip(
        *("wheel", "--quiet", "--require-hashes", "--no-build-isolation", "--use-pep517", "--no-deps", "--no-cache-dir"),
        *("--only-binary", ":all:", "--no-binary", SOURCE_ONLY, "--wheel-dir", str(building), "--requirement", str(wanted)),
        environment={"CC": " ".join((compiler, *COMPILER_FLAGS))},
    )
    (wheel,) = building.glob("*.whl")
    wheel.with_suffix(".sha256").write_text(hashlib.sha256(wheel.read_bytes()).hexdigest(), encoding="utf-8")
    wanted.unlink()
    shutil.rmtree(folder, ignore_errors=True)  # a changed wheel, or one without its digest
    building.rename(folder)
    return folder / wheel.name


def make() -> None:
    """Make `.venv` whole, then write the stamp."""
    began = time.monotonic()
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "set-up.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # `make serve` and `make test` at once: the second waits and finds it done
        if is_current():
            return
        say(f"setting up .venv with Python {sys.version.split()[0]} (once; about a minute)")
        begin()
        only_wheels = ("--only-binary", ":all:", "--no-deps", "--quiet")
        pip("install", "--require-hashes", *only_wheels, "--requirement", str(BUILDS))
        if wheel := wheel_of_source():
            say(f"{SOURCE_ONLY} is built; fetching the rest")
            pip("install", "--no-index", *only_wheels, str(wheel))
        pip("install", "--require-hashes", *only_wheels, "--requirement", str(LOCK))
        pip("install", "--no-index", "--no-build-isolation", "--no-deps", "--quiet", "--editable", str(ROOT))
        pip("check", "--quiet")
        whole = STAMP.with_suffix(".new")
        whole.write_text(json.dumps(identity(), indent=1), encoding="utf-8")
        whole.replace(STAMP)
    say(f"set up in {time.monotonic() - began:.0f} s")


def say(sentence: str) -> None:
    """One line to whoever waits."""
    print(f"exercise-cds: {sentence}", file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    """Do one of the three commands."""
    match arguments:
        case ["current"]:
            return 0 if is_current() else 1
        case ["wheel"]:
            return 0 if kept_wheel() or not source_requirement() else 1
        case ["make"]:
            try:
                make()
            except CannotSetUp as fault:
                say(str(fault))
                return 1
            return 0
    say("tools/set_up.py takes one of: current, wheel, make")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
