"""Helios, a FHIR server that is not ours, as a process on loopback; `tools/real-fhir` installs it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from builders.served import ROOT, free_port

HERE = ROOT / ".cache" / "real-fhir"
PROGRAM = HERE / "bin" / "hfs"
IS_INSTALLED = bool(list(HERE.glob("installed-*")))
HOW = "the FHIR server that is not ours is not installed: run tools/real-fhir (about six minutes, once)"


@contextmanager
def helios(folder: Path, *, knows_parameters: bool = True, page: int = 10) -> Iterator[str]:
    """Start one with an empty memory, of at most `page` entries a page; yields its base URL.

    `knows_parameters` False leaves it without the search parameters of FHIR: it then ignores `patient` and all others.
    """
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    kept = {name: text for name, text in os.environ.items() if not name.startswith("HFS_")}
    data = HERE / "data" if knows_parameters else folder
    command = [str(PROGRAM), "--port", str(port), "--database-url", ":memory:", "--data-dir", str(data), "--log-level", "error"]
    command += ["--base-url", base, "--max-page-size", str(page), "--default-page-size", str(page)]
    with (folder / f"helios-{port}.txt").open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, env=kept, stdout=output, stderr=output)
    try:
        _wait(process, base)
        yield base
    finally:
        process.kill()
        process.wait(30)


def _wait(process: subprocess.Popen[bytes], base: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "the FHIR server has ended"
        try:
            if requests.get(f"{base}/metadata", timeout=10).status_code == 200:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise AssertionError("the FHIR server is not ready after 60 s")


def put(base: str, resources: Iterable[Mapping[str, Any]]) -> None:
    """Store resources under their own ids."""
    with requests.Session() as session:
        for resource in resources:
            url = f"{base}/{resource['resourceType']}/{resource['id']}"
            answer = session.put(url, json=resource, headers={"Content-Type": "application/fhir+json"}, timeout=30)
            assert answer.status_code in {200, 201}, (url, answer.status_code, answer.text[:500])
