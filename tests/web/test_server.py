"""The server as a process: what it refuses before the application, how it ends, and what it writes."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from builders.hook_requests import a_request
from builders.served import Served, served

SERVICE = "/low-back-pain-exercise"
CANARY = "Zyxwvut-canary"


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for the tests that leave it as it was."""
    with served(tmp_path_factory.mktemp("server"), EXERCISE_CDS_LIMITS__BODY="100000") as running:
        yield running


def _refused(answer: bytes) -> tuple[int, dict[str, object]]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/json" in head.lower(), answer
    assert b"x-content-type-options: nosniff" in head.lower()
    outcome = json.loads(body)
    assert outcome["resourceType"] == "OperationOutcome"
    return int(head.split()[1]), outcome


def test_it_answers_and_ends_well(tmp_path: Path) -> None:
    """A started server answers discovery and a call; after SIGTERM it exits with 0 and its port is closed."""
    with served(tmp_path) as running:
        assert len(requests.get(running.url, timeout=5).json()["services"]) == 3
        answer = requests.post(running.url + SERVICE, json=a_request(), timeout=5)
        assert (answer.status_code, len(answer.json()["cards"])) == (200, 1)
        assert running.stop() == 0
        with pytest.raises(requests.ConnectionError):
            requests.get(running.url, timeout=5)


def test_a_call_under_way_is_answered_before_the_end(tmp_path: Path) -> None:
    """SIGTERM lets calls that have begun end, then the process exits with 0."""
    with served(tmp_path, SLOW="1.5") as running, ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(requests.post, running.url + SERVICE, json=a_request(), timeout=10) for _ in range(4)]
        time.sleep(0.5)
        assert running.stop() == 0
        assert [call.result().status_code for call in calls] == [200] * 4


def test_after_sigterm_the_door_is_closed_at_once(tmp_path: Path) -> None:
    """While a slow call ends after SIGTERM, a new caller is refused at once: nobody waits at a door behind which no answer comes."""
    with served(tmp_path, SLOW="2") as running, ThreadPoolExecutor(1) as pool:
        call = pool.submit(requests.post, running.url + SERVICE, json=a_request(), timeout=10)
        time.sleep(0.5)
        running.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", running.port), timeout=5)
        assert not call.done()
        assert call.result().status_code == 200
        assert running.process.wait(20) == 0


def test_who_stands_at_the_door_at_sigterm_is_answered(tmp_path: Path) -> None:
    """Forty callers have sent their calls to a process with two threads when SIGTERM comes: every one is answered, then exit 0."""
    body = json.dumps(a_request()).encode()
    call = _POST + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    with served(tmp_path, SLOW="0.05", EXERCISE_CDS_THREADS="2") as running:
        lines = [socket.create_connection(("127.0.0.1", running.port), timeout=20) for _ in range(40)]
        for line in lines:
            line.sendall(call)
        running.process.send_signal(signal.SIGTERM)
        assert [line.recv(12) for line in lines] == [b"HTTP/1.1 200"] * 40
        for line in lines:
            line.close()
        assert running.process.wait(20) == 0


def test_many_at_once_are_all_answered(process: Served) -> None:
    """Two hundred calls over sixteen connections are all answered with a card."""
    local = threading.local()

    def call(number: int) -> int:
        if not hasattr(local, "session"):
            local.session = requests.Session()
        answer = local.session.post(process.url + SERVICE, json=a_request(fields={"patientId": f"p{number}"}), timeout=30)
        return answer.status_code + len(answer.json()["cards"])

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(call, range(200))) == {201}


_POST = b"POST /cds-services/low-back-pain-exercise HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
_GET = b"GET /cds-services HTTP/1.1\r\nHost: localhost\r\n"
BROKEN = [
    ("nonsense", b"nonsense\r\n\r\n", 400),
    ("a version that is none", b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", 400),
    ("a path of 10 kB", b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
    ("a header of 100 kB", _GET + b"X-Long: " + b"a" * 100_000 + b"\r\n\r\n", 431),
    ("a header of 9 kB", _GET + b"Connection: close\r\nX-Long: " + b"a" * 9_000 + b"\r\n\r\n", 431),
    ("200 headers", _GET + b"".join(b"X-%d: 1\r\n" % n for n in range(200)) + b"\r\n", 431),
    ("a space in a header's name", _GET + b"Bad Header: 1\r\n\r\n", 400),
    ("no host", b"GET /cds-services HTTP/1.0\r\n\r\n", 400),
    ("two hosts", _GET + b"Connection: close\r\nHost: evil.example\r\n\r\n", 400),
    ("two lengths", _POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("a negative length", _POST + b"Content-Length: -5\r\n\r\n", 400),
    ("a chunk that is none", _POST + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nhello\r\n0\r\n\r\n", 400),
]


@pytest.mark.parametrize(("request_bytes", "status"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_what_is_no_http_is_refused_like_everything_else(process: Served, request_bytes: bytes, status: int) -> None:
    """CH-083: what the server itself cannot read is refused with an OperationOutcome, too, and the server goes on."""
    found, outcome = _refused(process.raw(request_bytes))
    assert found == status, outcome
    assert requests.get(process.url, timeout=5).status_code == 200


def _chunked(body: bytes, size: int = 1000) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


def test_a_body_may_come_in_pieces(process: Served) -> None:
    """A body without Content-Length is read like another, and the limit holds for it."""
    headers = {"Content-Type": "application/json"}
    body = json.dumps(a_request()).encode()
    assert requests.post(process.url + SERVICE, data=_chunked(body, 10), headers=headers, timeout=10).status_code == 200
    answer = requests.post(process.url + SERVICE, data=_chunked(body.ljust(150_000)), headers=headers, timeout=10)
    assert (answer.status_code, answer.json()["resourceType"]) == (413, "OperationOutcome")


def test_who_sends_too_much_hears_why(process: Served) -> None:
    """A sender of three times the limit can send it all and reads a 413, not a broken connection."""
    answer = requests.post(process.url + SERVICE, data=b" " * 300_000, headers={"Content-Type": "application/json"}, timeout=10)
    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (413, "too-long")


def test_a_body_that_breaks_off_is_no_fault_of_ours(process: Served) -> None:
    """A caller that hangs up in the middle of its body leaves no error behind."""
    before = process.said().count('"level":"error"')
    process.raw(_POST + b"Content-Length: 500\r\n\r\n{")
    assert requests.get(process.url, timeout=5).status_code == 200
    assert process.said().count('"level":"error"') == before


def test_silent_callers_keep_no_thread(tmp_path: Path) -> None:
    """Callers that stop in the middle of a header or a body are given up after the set time, and others are answered soon."""
    with served(tmp_path, EXERCISE_CDS_SILENCE_SECONDS="1", EXERCISE_CDS_THREADS="4") as running:
        lines = [socket.create_connection(("127.0.0.1", running.port), timeout=5) for _ in range(8)]
        for number, line in enumerate(lines):
            line.sendall(_POST + b"Content-Length: 500\r\n\r\n{" if number % 2 else _GET)
        began = time.monotonic()
        assert requests.get(running.url, timeout=10).status_code == 200
        assert time.monotonic() - began < 5
        answers = [line.recv(100) for line in lines]
        assert [answer[9:12] for answer in answers[1::2]] == [b"408"] * 4
        for line in lines:
            line.close()
        assert running.stop() == 0


def test_who_sends_a_byte_now_and_then_keeps_no_thread(tmp_path: Path) -> None:
    """Callers that drip their header or body are given up after twice the longest silence, though they never fall silent; 408 says why."""
    with served(tmp_path, EXERCISE_CDS_SILENCE_SECONDS="1", EXERCISE_CDS_THREADS="4") as running:
        lines = [socket.create_connection(("127.0.0.1", running.port), timeout=20) for _ in range(8)]
        for number, line in enumerate(lines):
            line.sendall(_POST + b"Content-Length: 500\r\n\r\n{" if number % 2 else _GET + b"X-Slow: ")
        ended = threading.Event()

        def drip() -> None:
            while not ended.wait(0.2):
                for line in lines:
                    with contextlib.suppress(OSError):
                        line.sendall(b" ")

        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            assert requests.get(running.url, timeout=20).status_code == 200
            answers = [line.recv(100) for line in lines[1::2]]
        finally:
            ended.set()
            dripping.join()
        assert [answer[9:12] for answer in answers] == [b"408"] * 4
        assert '"reason":"TooSlow"' in running.said()
        for line in lines:
            line.close()
        assert running.stop() == 0


def test_who_says_nothing_has_no_thread(tmp_path: Path) -> None:
    """Connections on which nothing was sent wait without a thread: a call is answered while ten times as many stand open."""
    with served(tmp_path, EXERCISE_CDS_THREADS="2", EXERCISE_CDS_MAX_IN_FLIGHT="2", EXERCISE_CDS_SILENCE_SECONDS="60") as running:
        lines = [socket.create_connection(("127.0.0.1", running.port), timeout=5) for _ in range(20)]
        assert requests.get(running.url, timeout=4).status_code == 200
        lines[0].sendall(_GET + b"Connection: close\r\n\r\n")
        assert lines[0].recv(15) == b"HTTP/1.1 200 OK"
        for line in lines:
            line.close()
        assert running.stop() == 0


def test_nothing_that_was_sent_is_written(tmp_path: Path) -> None:
    """Law 7: the server's own log has no word of a request, readable or not; every line is JSON."""
    with served(tmp_path) as running:
        for line in (
            f"GET /{CANARY}?patient={CANARY} HTTP/1.1\r\nHost: localhost\r\nReferer: {CANARY}\r\n\r\n",
            f"{CANARY} / HTTP/1.1\r\nHost: localhost\r\n\r\n",
            f"GET / HTTP/{CANARY}\r\n\r\n",
            f"GET / HTTP/1.1\r\nHost: {CANARY}\r\n{CANARY}\r\n\r\n",
            f"GET / HTTP/1.1\r\nHost: localhost\r\n{CANARY} {CANARY}: 1\r\n\r\n",
        ):
            assert running.raw(line.encode())
        requests.post(running.url + SERVICE, json=a_request(hookInstance=CANARY), timeout=5)
        assert running.stop() == 0
        lines = [json.loads(line) for line in running.said().splitlines()]
    assert CANARY not in json.dumps(lines)
    assert [line["event"] for line in lines if line.get("source") == "gunicorn"][-1] == "stopped"
    assert len([line for line in lines if line["event"] == "request"]) >= 5
