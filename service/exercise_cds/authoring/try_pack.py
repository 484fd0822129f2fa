"""A changed pack, loaded, compiled and tried in a process of its own, before a serving process touches it.

`python -m exercise_cds.authoring.try_pack BYTES FOLDER [OVERLAY]` writes one line of JSON. What durable-rules does wrong, it does by
killing the process or by never coming back, so whoever starts this limits its time (`try_in_child` does). It gets no setting and no
secret of the service.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from exercise_cds import rulepack
from exercise_cds.cards import Composer
from exercise_cds.cds_service import prepare
from exercise_cds.engine import try_out
from exercise_cds.model.where import Level

MOST_BYTES = 320 * 1024 * 1024
"""Address space of the child. The shipped pack needs a fifth (64 MB), and beside it the service must fit into a pod's memory: where a pod
has none left, Kubernetes kills all of its processes, not the child alone."""
_PACKAGES = Path(__file__).resolve().parents[2]
"""Where this very package stands, so that the child is of the same release."""
_HANDED_ON = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TMPDIR", "PYTHONDONTWRITEBYTECODE")


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a try. Fit to be served where `why` is ""; else it is findings, trial, late or died."""

    why: str
    digest: str = ""
    faults: int = 0
    first: str = ""
    """Where the first finding stands, and its code; "" where there is none."""


def tried(folder: Path, overlay: Path | None) -> Tried:
    """Load, compile for every room, and put boundary charts to both engines."""
    loaded = rulepack.load(folder, overlay)
    if loaded.pack is None:
        errors = [finding for finding in loaded.findings if finding.level is Level.ERROR]
        return Tried("findings", "", len(errors), f"{errors[0].where} {errors[0].code}")
    pack = loaded.pack
    if faults := try_out(pack).faults:
        return Tried("trial", pack.digest, len(faults))
    prepare(pack, named_services=frozenset(pack.services), composer=Composer(pack)).engine.close()
    return Tried("", pack.digest)


def try_in_child(folder: Path, overlay: Path | None, *, seconds: float, most_bytes: int = MOST_BYTES) -> Tried:
    """The same in a new process (not a fork) with so much address space, killed after that time."""
    command = [sys.executable, "-P", "-m", "exercise_cds.authoring.try_pack", str(most_bytes), str(folder)]
    command += [str(overlay)] if overlay else []
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module
            command,
            env=child_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            timeout=seconds,
            check=True,
        )
    except subprocess.TimeoutExpired:
        return Tried("late")
    except (OSError, subprocess.CalledProcessError):
        return Tried("died")
    return Tried(**json.loads(done.stdout.splitlines()[-1]))


def child_environment() -> dict[str, str]:
    """What a child of ours is given: this very package, and no setting and no secret of the service."""
    environment = {name: os.environ[name] for name in _HANDED_ON if name in os.environ}
    environment["PYTHONPATH"] = os.pathsep.join([str(_PACKAGES), *filter(None, [environment.get("PYTHONPATH")])])
    return environment


def main(arguments: list[str]) -> None:
    """The child."""
    most_bytes = int(arguments[0])
    resource.setrlimit(resource.RLIMIT_AS, (most_bytes, most_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    folder, *overlay = (Path(one) for one in arguments[1:])
    found = tried(folder, overlay[0] if overlay else None)
    sys.stdout.write(json.dumps({"why": found.why, "digest": found.digest, "faults": found.faults, "first": found.first}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
