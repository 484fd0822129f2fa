"""nginx on loopback in front of replicas, as an operator has it: servers are put in and taken out by writing its file anew."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from builders.served import free_port

MISSING = "nginx was not found (Debian: apt-get install nginx-light), so NOTHING about restarts behind a proxy was tested"
_CONFIGURATION = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
{user}
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    client_body_buffer_size 256k;
    upstream replicas {{ {servers} }}
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        location / {{
            proxy_pass http://replicas;
            proxy_set_header Host $host;
            proxy_next_upstream off;  # a hook call must not be sent twice: its token is good once
            proxy_read_timeout 30s;
        }}
    }}
}}
"""


def find_nginx() -> str | None:
    """Debian puts it where a plain user's PATH does not look."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


class Nginx:
    """A running nginx. A call that meets no replica is its 502; nothing is sent to a second one."""

    def __init__(self, folder: Path, ports: Iterable[int]) -> None:
        self._folder = folder / "nginx"
        self._folder.mkdir()
        self.port = free_port()
        self._write(ports)

    def __enter__(self) -> Self:
        """Start, and wait until it listens."""
        self._process = subprocess.Popen(self._command(), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._until(lambda: bool(self._workers()), "no worker")
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        """Stop at once."""
        self._process.terminate()
        self._process.wait(20)

    def lead_to(self, *ports: int) -> None:
        """Lead to these replicas from now on; returns when nobody is under way to the former ones."""
        former = self._workers()
        self._write(ports)
        done = subprocess.run([*self._command(), "-s", "reload"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        # a worker of the former file answers what it has taken, then ends
        self._until(lambda: not former & self._workers(), "the former workers did not end")

    def said(self) -> str:
        """What went wrong, as it wrote it."""
        lines = (self._folder / "error.log").read_text("utf-8").splitlines()
        return "\n".join(line for line in lines if "[notice]" not in line)

    def _command(self) -> list[str]:
        program = find_nginx()
        assert program is not None, MISSING
        return [program, "-e", str(self._folder / "error.log"), "-p", str(self._folder), "-c", str(self._folder / "nginx.conf")]

    def _write(self, ports: Iterable[int]) -> None:
        servers = " ".join(f"server 127.0.0.1:{port} max_fails=0;" for port in ports)
        user = "user root;" if os.geteuid() == 0 else ""
        text = _CONFIGURATION.format(folder=self._folder, user=user, servers=servers, port=self.port)
        (self._folder / "nginx.conf").write_text(text, "utf-8")

    def _workers(self) -> set[int]:
        pid = self._process.pid
        return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}

    def _until(self, holds: object, otherwise: str) -> None:
        assert callable(holds)
        end = time.monotonic() + 30
        while not holds():
            assert self._process.poll() is None, self.said()
            assert time.monotonic() < end, f"{otherwise}: {self.said()}"
            time.sleep(0.05)
