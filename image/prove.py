"""Runs inside the image's root, as the user who will run it, and tells whether all is as docs/operators/install.md says.

tools/image-proof starts it: the root is read-only, /tmp and /data are empty and writable, the network is loopback only.
Standard library only.
"""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/opt/exercise-cds")
SMOKE = Path(__file__).with_name("smoke.py")
EXAMPLE = ROOT / "fhir_examples" / "chronic-low-back-pain" / "request.json"
BASE, OPERATOR = "http://127.0.0.1:8080", "http://127.0.0.1:9090"
PACK = ROOT / "rules" / "low-back-pain"
INIT = (("check", PACK), ("test", PACK))
"""What the chart's init containers run."""
UNWANTED = ("pip", "pip3", "gcc", "cc", "ld", "git", "curl", "wget")
STOP_SECONDS = 30
LOG = Path("/tmp/server.log")
READABLE = stat.S_IRGRP | stat.S_IROTH
SEARCHABLE = stat.S_IXGRP | stat.S_IXOTH
WRITABLE = stat.S_IWGRP | stat.S_IWOTH


def faults_of_content() -> Iterator[str]:
    """What must not be in the root."""
    for name in UNWANTED:
        for folder in ("/opt/exercise-cds/bin", "/usr/local/bin", "/usr/bin", "/bin"):
            if (Path(folder) / name).exists():
                yield f"{folder}/{name} is in the image"
    pip = subprocess.run([ROOT / "bin" / "python", "-m", "pip"], capture_output=True, check=False)
    if pip.returncode == 0:
        yield "pip can be imported"


def faults_of_files() -> Iterator[str]:
    """Every file can be read by any user of group 0, written by nobody, and is compiled."""
    for path in (found for found in ROOT.rglob("*") if not found.is_symlink()):
        mode = path.stat().st_mode
        if mode & READABLE != READABLE or (path.is_dir() and mode & SEARCHABLE != SEARCHABLE):
            yield f"{path} cannot be read by any user of group 0"
        if mode & WRITABLE:
            yield f"{path} can be written by others than root"
        if path.suffix == ".py" and "site-packages" in path.parts and not list((path.parent / "__pycache__").glob(f"{path.stem}.*.pyc")):
            yield f"{path} is not compiled"
    try:
        (ROOT / "written").touch()
    except OSError:
        return
    yield "the root can be written"


def resident(pid: int) -> int:
    """Proportional MiB of a process and its children."""
    pids = [pid, *(int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and _parent(entry) == pid)]
    kilobytes = 0
    for found in pids:
        for line in Path(f"/proc/{found}/smaps_rollup").read_text(encoding="ascii").splitlines():
            kilobytes += int(line.split()[1]) if line.startswith("Pss:") else 0
    return kilobytes // 1024


def _parent(process: Path) -> int:
    try:
        return int(process.joinpath("stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[1])
    except OSError:
        return 0


def faults_of_rules() -> Iterator[str]:
    """The packaged rules pass what the chart's init containers ask of them."""
    for arguments in INIT:
        began = time.monotonic()
        done = subprocess.run([ROOT / "bin" / "exercise-cds", *arguments], capture_output=True, text=True, check=False)
        print(f"exercise-cds {arguments[0]}: {time.monotonic() - began:.1f} s")
        if done.returncode:
            print(done.stdout[-2000:], done.stderr[-2000:], file=sys.stderr)
            yield f"exercise-cds {arguments[0]} of the packaged rules ends with {done.returncode}"


def faults_of_service() -> Iterator[str]:
    """Start it, ask it, stop it."""
    settings = {"EXERCISE_CDS_HOST": "127.0.0.1", "EXERCISE_CDS_METRICS_PORT": "9090", "EXERCISE_CDS_AUTHENTICATION": "none"}
    began = time.monotonic()
    with LOG.open("wb") as log:
        server = subprocess.Popen([ROOT / "bin" / "exercise-cds", "serve"], env={**os.environ, **settings}, stdout=log, stderr=log)
        asked = subprocess.run([sys.executable, "-B", SMOKE, BASE, "--operator", OPERATOR, "--example", EXAMPLE], check=False)
        print(f"asked {time.monotonic() - began:.1f} s after the start; {resident(server.pid)} MiB in use (proportional)")
        server.send_signal(signal.SIGTERM)
        try:
            code = server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            code = None
    if asked.returncode or code != 0:
        print(LOG.read_text(encoding="utf-8"), file=sys.stderr)
    if asked.returncode:
        yield "it does not answer as it should (its words are above)"
    if code != 0:
        yield f"it does not end within {STOP_SECONDS} s of SIGTERM" if code is None else f"it ends with {code} after SIGTERM"


def main() -> int:
    """Exit 1 where anything is wrong, all of it said."""
    print(f"uid {os.getuid()}, gid {os.getgid()}, Python {sys.version.split()[0]}, {os.uname().machine}")
    faults = [*faults_of_content(), *faults_of_files(), *faults_of_rules(), *faults_of_service()]
    for fault in faults:
        print(f"wrong: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
