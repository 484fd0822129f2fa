"""A real PostgreSQL for the tests: a cluster in a temporary folder, on a free loopback port, started as somebody who is not root."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

MISSING = (
    "PostgreSQL's server programs (initdb, postgres) were not found under /usr/lib/postgresql/*/bin or on PATH, so NOTHING that several "
    "replicas need was tested. On Debian: apt-get install postgresql"
)


def find_programs() -> Path | None:
    """The folder with initdb and postgres: Debian keeps one for each major version, and puts none of them on PATH."""
    versions = [folder for folder in Path("/usr/lib/postgresql").glob("*/bin") if (folder / "initdb").exists()]
    if versions:
        return max(versions, key=lambda folder: float(folder.parent.name))
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


class Cluster:
    """One server with throw-away databases. The password is made on the spot."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._folder = Path(tempfile.mkdtemp(prefix="exercise-cds-postgresql-"))
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root
            owner = pwd.getpwnam(next(name for name in ("postgres", "nobody") if name in {entry.pw_name for entry in pwd.getpwall()}))
            os.chown(self._folder, owner.pw_uid, owner.pw_gid)
            self._as = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        self._password = secrets.token_urlsafe(12)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self._made = 0
        secret = self._folder / "password"
        secret.write_text(self._password)
        self._run(
            "initdb", "-D", str(self._folder / "data"), "-U", "exercise", "-A", "scram-sha-256", "--pwfile", str(secret), "-E", "UTF8"
        )
        self.start()

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(
            [str(self._programs / program), *words], cwd=self._folder, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=60, **self._as,
        )  # fmt: skip
        assert done.returncode == 0, f"{program}: {done.stdout}"

    def start(self) -> None:
        """Start, and wait until it answers."""
        # fsync guards against the loss of power, which no test here can cause; the crashes that they cause keep the kernel's pages
        options = f"-p {self._port} -c fsync=off -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=60"
        data, log = str(self._folder / "data"), str(self._folder / "log")
        self._run("pg_ctl", "start", "-w", "-D", data, "-l", log, "-o", options)

    def stop(self, mode: str = "immediate") -> None:
        """Stop; `immediate` is what a crash of the server looks like from outside."""
        self._run("pg_ctl", "stop", "-w", "-m", mode, "-D", str(self._folder / "data"))

    def remove(self) -> None:
        """Stop, and leave nothing behind."""
        self.stop()
        shutil.rmtree(self._folder)

    def new_database(self, like: str = "") -> str:
        """The URL of a new database: empty, or a copy of the one at the URL `like`, to which nobody may be connected."""
        self._made += 1
        name = f"records_{self._made}"
        self._administer(f"CREATE DATABASE {name} TEMPLATE {like.rpartition('/')[2] or 'template1'} STRATEGY FILE_COPY")
        return f"postgresql://exercise:{quote(self._password)}@127.0.0.1:{self._port}/{name}"

    def drop(self, url: str) -> None:
        """Remove a database, whoever is still connected."""
        self._administer(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def _administer(self, statement: str) -> None:
        address = f"postgresql://exercise:{quote(self._password)}@127.0.0.1:{self._port}/postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]  # psycopg wants literals, and identifiers cannot be parameters
