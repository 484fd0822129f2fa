"""Builds the image from the Dockerfile without docker, and proves that it runs as Kubernetes will run it.

    tools/image-proof             build, then prove; exit 0 proven, 1 refuted, 3 cannot be tried on this machine (why is said)
    tools/image-proof --root DIR  the same, and leave the image's root in DIR

Needs root on Debian or Ubuntu with mmdebstrap, buildah and bubblewrap (`--install` fetches them with apt-get). The bases are made by
mmdebstrap from the machine's own package sources, so that nothing is pulled: they are Debian's Python, not the base that the Dockerfile
names. What is proven is the Dockerfile and the image's content, not that base.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "image"
TOOLS = {"mmdebstrap": "mmdebstrap", "buildah": "buildah", "bwrap": "bubblewrap"}
BASES = {"run": ("python3", "ca-certificates"), "build": ("python3-venv", "python3-dev", "gcc", "libc6-dev", "ca-certificates")}
SOURCES = (
    Path("/etc/apt/sources.list.d/debian.sources"),
    Path("/etc/apt/sources.list.d/ubuntu.sources"),
    Path("/etc/apt/sources.list"),
)
IMAGE = "localhost/exercise-cds:proof"
USERS = {"the image's own user": (65532, 65532), "any user of group 0, as on OpenShift": (1000730000, 0)}
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
CONFIG = {
    "User": "65532:65532",
    "WorkingDir": "/opt/exercise-cds",
    "Entrypoint": ["/opt/exercise-cds/bin/exercise-cds"],
    "Cmd": ["serve"],
}
CANNOT = 3
INSIDE = "/tmp"  # noqa: S108 - a file system of its own, in the image's root


class Refuted(Exception):
    """Says in one sentence what failed."""


def say(sentence: str) -> None:
    """One line to whoever waits."""
    print(f"image-proof: {sentence}", flush=True)


def run(*command: str | Path, **options: Any) -> str:
    """What a program prints. Raises Refuted."""
    done = subprocess.run([str(part) for part in command], check=False, text=True, stdout=subprocess.PIPE, **options)  # noqa: S603 - ours
    if done.returncode:
        raise Refuted(f"{command[0]} {command[1]} fails with {done.returncode} (its words are above)\n{done.stdout[-4000:]}")
    return str(done.stdout).strip()


def missing(*, install: bool) -> str:
    """Why it cannot be tried here; "" where it can."""
    if os.geteuid() != 0:
        return "it needs root, to make the root file system of the base"
    wanted = [package for tool, package in TOOLS.items() if not shutil.which(tool)]
    if wanted and install and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=False, env=quiet)  # noqa: S607 - wherever apt-get is
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *wanted]
        subprocess.run(command, check=False, env=quiet, stdout=subprocess.DEVNULL)  # noqa: S603 - the packages above
        wanted = [package for tool, package in TOOLS.items() if not shutil.which(tool)]
    return f"{', '.join(wanted)} not found: apt-get install {' '.join(wanted)}" if wanted else ""


def storage() -> dict[str, str]:
    """The environment in which buildah keeps its images in our cache, beside nobody else's."""
    file = CACHE / "storage.conf"
    file.write_text(f'[storage]\ndriver = "vfs"\ngraphroot = "{CACHE}/storage"\nrunroot = "{CACHE}/run"\n', encoding="utf-8")
    return {**os.environ, "CONTAINERS_STORAGE_CONF": str(file)}


def base(name: str, buildah: dict[str, str]) -> str:
    """The name of a base image, made if no image of the same packages and sources is kept."""
    series = next(
        line.partition("=")[2].strip('"') for line in Path("/etc/os-release").read_text("utf-8").splitlines() if "VERSION_CODENAME" in line
    )
    sources = next((file for file in SOURCES if file.exists()), None)
    identity = [series, *BASES[name], sources.read_text(encoding="utf-8") if sources else ""]
    tag = f"localhost/exercise-cds-base:{name}-{hashlib.sha256(repr(identity).encode()).hexdigest()[:12]}"
    kept = subprocess.run(["buildah", "inspect", "--type", "image", tag], check=False, env=buildah, capture_output=True)  # noqa: S603, S607 - wherever it is
    if kept.returncode == 0:
        return tag
    tar = CACHE / f"{name}.tar"
    include = f"--include={','.join(BASES[name])}"
    run("mmdebstrap", "--quiet", "--variant=essential", include, series, tar, *([sources] if sources else []), env=os.environ)
    container = run("buildah", "from", "scratch", env=buildah)
    run("buildah", "add", "--quiet", container, tar, "/", env=buildah)
    run("buildah", "commit", "--quiet", "--rm", container, tag, env=buildah)
    tar.unlink()
    return tag


def pip_settings() -> Path:
    """This machine's own pip settings that say where packages come from, in a file for the build; certificates reach it beside it."""
    said = subprocess.run([sys.executable, "-m", "pip", "config", "list"], check=False, capture_output=True, text=True)
    lines = ["[global]", "cert = /run/secrets/ca", "timeout = 120"]
    for line in said.stdout.splitlines():
        name, _, value = line.partition("=")
        if (key := name.rpartition(".")[2]) in {"index-url", "extra-index-url", "trusted-host", "proxy"}:
            lines.append(f"{key} = {value.strip(chr(39))}")
    file = CACHE / "pip.conf"
    file.touch(mode=0o600)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def build(buildah: dict[str, str]) -> None:
    """Build the Dockerfile on our bases."""
    arguments = [f"{argument}={base(name, buildah)}" for argument, name in (("BASE_IMAGE", "run"), ("BUILD_IMAGE", "build"))]
    command: list[str | Path] = ["buildah", "bud", "--isolation", "chroot", "--network", "host", "--quiet", "--layers=false"]
    command += [part for argument in arguments for part in ("--build-arg", argument)]
    command += ["--secret", f"id=pip,src={pip_settings()}"]
    command += ["--secret", f"id=ca,src={CERTIFICATES}"] if CERTIFICATES.exists() else []
    run(*command, "--tag", IMAGE, "--file", ROOT / "Dockerfile", ROOT, env=buildah)
    run("buildah", "rmi", "--prune", "--force", env=buildah)  # what the last run called by that name


def unpack(folder: Path, buildah: dict[str, str]) -> dict[str, Any]:
    """Copy the image's root to `folder`; return what the image says of itself."""
    config: dict[str, Any] = json.loads(run("buildah", "inspect", "--type", "image", IMAGE, env=buildah))["OCIv1"]["config"]
    container = run("buildah", "from", "--pull-never", IMAGE, env=buildah)
    try:
        mounted = run("buildah", "mount", container, env=buildah)
        run("cp", "-a", f"{mounted}/.", folder)
    finally:
        run("buildah", "rm", container, env=buildah)
    folder.chmod(0o755)
    return config


def look_at(config: dict[str, Any]) -> None:
    """What the image says of itself is what docs/operators say. Raises Refuted."""
    for name, value in CONFIG.items():
        if config.get(name) != value:
            raise Refuted(f"the image's {name} is {config.get(name)!r}, and should be {value!r}")
    labels = config.get("Labels", {})
    for name in ("title", "description", "licenses", "version", "revision", "created"):
        if f"org.opencontainers.image.{name}" not in labels:
            raise Refuted(f"the image has no label org.opencontainers.image.{name}")


def prove(folder: Path, environment: Sequence[str], user: int, group: int) -> None:
    """Run image/prove.py in the root as that user. Raises Refuted."""
    command: list[str | Path] = ["bwrap", "--unshare-all", "--die-with-parent", "--clearenv", "--cap-drop", "ALL", "--ro-bind", folder, "/"]
    command += ["--dev", "/dev", "--proc", "/proc", "--tmpfs", INSIDE, "--tmpfs", "/data", "--chdir", "/opt/exercise-cds"]
    for file in (ROOT / "image" / "prove.py", ROOT / "helm" / "exercise-cds" / "files" / "smoke.py"):
        command += ["--ro-bind", file, f"{INSIDE}/proof/{file.name}"]
    for line in environment:
        name, _, value = line.partition("=")
        command += ["--setenv", name, value]
    command += ["/opt/exercise-cds/bin/python", "-B", f"{INSIDE}/proof/prove.py"]
    done = subprocess.run([str(part) for part in command], check=False, user=user, group=group, extra_groups=[], cwd="/")  # noqa: S603 - ours
    if done.returncode:
        raise Refuted(f"as uid {user}, gid {group}: not proven (why is above)")


def main() -> int:
    """Build, look, prove."""
    options = argparse.ArgumentParser(description="Build the image without docker and prove that it runs.")
    options.add_argument("--root", type=Path, help="leave the image's root in this folder, which must not exist")
    options.add_argument("--install", action="store_true", help="fetch what is needed with apt-get")
    given = options.parse_args()
    if reason := missing(install=given.install):
        say(f"NOT TRIED on this machine: {reason}")
        return CANNOT
    CACHE.mkdir(parents=True, exist_ok=True)
    buildah = storage()
    began = time.monotonic()
    folder = given.root or Path(tempfile.mkdtemp(prefix="exercise-cds-root-", dir="/var/tmp"))
    try:
        build(buildah)
        say(f"built in {time.monotonic() - began:.0f} s")
        folder.mkdir(parents=True, exist_ok=folder != given.root)
        config = unpack(folder, buildah)
        look_at(config)
        size = int(run("du", "-sm", folder).split()[0])
        say(f"the root holds {size} MiB, of them {run('du', '-sm', folder / 'opt/exercise-cds').split()[0]} ours")
        for name, (user, group) in USERS.items():
            say(f"as {name}, on a read-only root:")
            prove(folder, config["Env"], user, group)
    except Refuted as fault:
        say(f"REFUTED: {fault}")
        return 1
    finally:
        if folder != given.root:
            shutil.rmtree(folder)
    say(f"proven in {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
