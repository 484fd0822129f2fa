"""Whoever asks: wrk where it is installed, else a bounded client of ours. Both post the bodies of one file in turn.

What a server spends is told twice: answers a second on the wall, which a busy machine disturbs, and processor time an answer,
which it disturbs much less. Processor time is that of the server's processes alone, from /proc.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import statistics
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from bench.bodies import Body

WRK = shutil.which("wrk")
CLIENT = "wrk" if WRK else "Python client of ours (wrk is not installed)"
_SCRIPT = Path(__file__).with_name("wrk.lua")
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Target:
    """A server that listens: where, which process, and the token that it asks for."""

    port: int
    path: str
    pid: int
    token: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """One round: answers a second, milliseconds of half and of 99 of 100 answers, processor microseconds an answer, what went wrong."""

    rate: float
    p50: float
    p99: float
    processor: float
    wrong: int


def write_bodies(path: Path, made: list[Body]) -> None:
    """The file that wrk.lua reads."""
    with path.open("wb") as file:
        for body in made:
            file.write(b"%d\n" % len(body.text) + body.text)


def ask(target: Target, file: Path, *, connections: int, seconds: float) -> Seen:
    """One round."""
    before = processor_seconds(target.pid)
    told = _by_wrk(target, file, connections, seconds) if WRK else _by_ours(target, file, connections, seconds)
    spent = processor_seconds(target.pid) - before
    answers = max(1, told["requests"])
    rate = told["requests"] / (told["microseconds"] / 1e6)
    return Seen(rate, told["p50"] / 1e3, told["p99"] / 1e3, spent / answers * 1e6, told["refused"] + told["broken"])


def _by_wrk(target: Target, file: Path, connections: int, seconds: float) -> dict[str, int]:
    command = [str(WRK), "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "10s", "-s", str(_SCRIPT)]
    command += [f"http://127.0.0.1:{target.port}{target.path}", "--", str(file), target.token]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 60).stdout
    line = next(line for line in said.splitlines() if line.startswith("JSON "))
    told: dict[str, int] = json.loads(line.removeprefix("JSON "))
    return told


def _by_ours(target: Target, file: Path, connections: int, seconds: float) -> dict[str, int]:
    texts = _texts(file)
    taken: list[float] = []
    wrong = [0]
    began = time.perf_counter()

    def one_connection(start: int) -> None:
        line = http.client.HTTPConnection("127.0.0.1", target.port, timeout=10)
        number = start
        while time.perf_counter() - began < seconds:
            asked = time.perf_counter()
            status, _ = post(line, target, texts[number % len(texts)])
            taken.append((time.perf_counter() - asked) * 1e6)
            wrong[0] += status != 200
            number += connections

    threads = [threading.Thread(target=one_connection, args=(number,)) for number in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent = int((time.perf_counter() - began) * 1e6)
    parts = statistics.quantiles(taken, n=100) if len(taken) > 1 else [0.0] * 99
    return {"requests": len(taken), "microseconds": spent, "refused": wrong[0], "broken": 0, "p50": int(parts[49]), "p99": int(parts[98])}


def post(line: http.client.HTTPConnection, target: Target, text: bytes) -> tuple[int, bytes]:
    """One request: status and body of the answer."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {target.token}"} if target.token else {})
    line.request("POST", target.path, text, headers)
    answer = line.getresponse()
    return answer.status, answer.read()


def with_cards(target: Target, made: list[Body]) -> set[str]:
    """The patients for whom a card came: what is compared, so that an empty answer never wins. Raises where an answer is no 200."""
    line = http.client.HTTPConnection("127.0.0.1", target.port, timeout=10)
    found = set()
    for body in made:
        status, text = post(line, target, body.text)
        if status != 200:
            raise RuntimeError(f"port {target.port} answers {status}")
        if json.loads(text)["cards"]:
            found.add(body.patient)
    line.close()
    return found


def _texts(file: Path) -> list[bytes]:
    found = []
    with file.open("rb") as lines:
        while length := lines.readline():
            found.append(lines.read(int(length)))
    return found


def _family(pid: int) -> list[int]:
    """The process and those that it started."""
    found = [pid]
    for each in found:
        for task in Path(f"/proc/{each}/task").glob("*/children"):
            found += map(int, task.read_text().split())
    return found


def processor_seconds(pid: int) -> float:
    """What a process and those that it started have spent."""
    spent = 0
    for each in _family(pid):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        spent += int(fields[11]) + int(fields[12])
    return spent / _TICK


def proportional_memory(pid: int) -> float:
    """Megabytes of the process and its children, what they share counted once."""
    total = 0
    for each in _family(pid):
        lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
        total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024
