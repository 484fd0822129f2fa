"""The processes that are measured: started, waited for, and ended by whoever started them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import requests

from bench.apps import ISSUER
from bench.bodies import SERVICE
from bench.load import Target
from builders.served import free_port
from builders.tokens import a_jwk, a_token

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
OURS = f"/cds-services/{SERVICE}"
PEERS = "/cds/cds-services/peer"
KEYS = {"ours-es384": ("P-384", "ES384"), "ours-rs384": ("RSA-2048", "RS384")}
_PATIENCE = 60.0
"""Seconds until a process must be ready."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """One application on one server. `says` is its name in tables."""

    name: str
    says: str
    server: str
    workers: int = 1

    @property
    def label(self) -> str:
        """A name for files."""
        return f"{self.name}-{self.server}-{self.workers}"


def peer_python(venv: str) -> Path:
    """The interpreter that has HealthChain."""
    return Path(venv).absolute() / "bin" / "python"


def keys_into(folder: Path) -> None:
    """Write the public keys of the clients of the benchmark, a set for each algorithm."""
    for kind, algorithm in KEYS.values():
        jwk = {**a_jwk(kind), "alg": algorithm, "use": "sig"}
        (folder / f"{algorithm}.json").write_text(json.dumps({"keys": [jwk]}))


@contextmanager
def running(contestants: list[Contestant], folder: Path, venv: str) -> Iterator[Mapping[Contestant, Target]]:
    """All of them, ready to answer. Those of a peer that cannot be installed must not be among them."""
    keys_into(folder)
    with ExitStack() as stack:
        started = {one: stack.enter_context(_process(one, folder, venv)) for one in contestants}
        for one, target in started.items():
            _wait(one, target, folder)
        yield started


@contextmanager
def _process(one: Contestant, folder: Path, venv: str) -> Iterator[Target]:
    port = free_port()
    path = [str(ROOT / "service"), str(ROOT / "tests")]
    if one.server == "uvicorn":
        command = [str(peer_python(venv)), "peer.py", one.name.removeprefix("healthchain-"), str(port), str(one.workers)]
        where, path = HERE, []
    else:
        command = [sys.executable, "-m", "bench.apps", one.name, str(port), str(one.workers), one.server, str(folder)]
        where = ROOT
        if one.server == "granian":  # behind ours, so that of what both have ours is taken
            path += [str(found) for found in Path(venv).glob("lib/python3*/site-packages")]
    environment = {name: text for name, text in os.environ.items() if not name.startswith("EXERCISE_CDS_")}
    environment["PYTHONPATH"] = os.pathsep.join(path)
    with (folder / f"{one.label}.txt").open("wb") as output:
        process = subprocess.Popen(command, cwd=where, env=environment, stdout=output, stderr=output)
    try:
        yield Target(port, PEERS if one.server == "uvicorn" else OURS, process.pid, token_of(one.name))
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(20)


def token_of(name: str) -> str:
    """A token for an hour at most: the client of the benchmark may use it again, so that each request costs one verification."""
    if name not in KEYS:
        return ""
    kind, algorithm = KEYS[name]
    now = int(datetime.now(UTC).timestamp())
    return a_token(OURS, key=kind, algorithm=algorithm, iss=ISSUER, aud=f"http://127.0.0.1:8080{OURS}", iat=now, exp=now + 3_600)


def _wait(one: Contestant, target: Target, folder: Path) -> None:
    """Until it answers anything at all."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        try:
            requests.get(f"http://127.0.0.1:{target.port}/readyz", timeout=5)
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"{one.label} is not ready: {(folder / f'{one.label}.txt').read_text(errors='replace')[-2000:]}")
