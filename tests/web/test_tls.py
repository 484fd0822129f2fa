"""TLS of the process itself: calls, callers who speak none, callers who fall silent, and a certificate that changes."""

from __future__ import annotations

import re
import shutil
import socket
import ssl
import time
from pathlib import Path

import pytest
import requests

from builders.certificates import make_authority
from builders.served import COMMAND, ROOT, Served, free_port, served
from exercise_cds.settings import Settings, UnusableSettings
from exercise_cds.web.certificates import certificate_of

STORY = (ROOT / "fhir_examples" / "chronic-low-back-pain" / "request.json").read_bytes()
JSON = {"Content-Type": "application/json"}


def _environment(folder: Path, **more: str) -> dict[str, str]:
    make_authority(folder)
    pem = str(folder / "server.pem")
    database = f"sqlite:///{folder / 'records.sqlite'}"
    return {
        "EXERCISE_CDS_TLS__CERT_FILE": pem, "EXERCISE_CDS_TLS__KEY_FILE": pem, "EXERCISE_CDS_METRICS_PORT": str(free_port()),
        "EXERCISE_CDS_DATABASE_URL": database, **more,
    }  # fmt: skip


def _discovery(running: Served, authority: Path) -> int:
    return requests.get(f"https://127.0.0.1:{running.port}/cds-services", verify=str(authority), timeout=10).status_code


def test_calls_over_tls(tmp_path: Path) -> None:
    """A client that trusts the authority calls over one connection, small and large; the version is 1.2 or newer; the end is exit 0."""
    with served(tmp_path, COMMAND, ("serve",), **_environment(tmp_path)) as running, requests.Session() as line:
        url = f"https://127.0.0.1:{running.port}/cds-services/low-back-pain-exercise"
        for body in (STORY, STORY + b" " * 1_000_000, STORY):
            answer = line.post(url, data=body, headers=JSON, verify=str(tmp_path / "ca.pem"), timeout=20)
            assert (answer.status_code, len(answer.json()["cards"])) == (200, 1)
        context = ssl.create_default_context(cafile=tmp_path / "ca.pem")
        with (
            socket.create_connection(("127.0.0.1", running.port)) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
        ):
            assert secure.version() in {"TLSv1.2", "TLSv1.3"}
        assert running.stop() == 0


def test_who_speaks_no_tls_or_nothing_keeps_no_thread(tmp_path: Path) -> None:
    """HTTP, nonsense and half a greeting on the TLS port: nobody keeps one of two threads, no line is an error, others are answered."""
    environment = _environment(tmp_path, EXERCISE_CDS_THREADS="2", EXERCISE_CDS_SILENCE_SECONDS="1")
    with served(tmp_path, COMMAND, ("serve",), **environment) as running:
        lines = [socket.create_connection(("127.0.0.1", running.port), timeout=10) for _ in range(6)]
        for line, words in zip(
            lines, [b"GET / HTTP/1.1\r\n\r\n", b"nonsense", b"\x16\x03\x01\x02\x00\x01", b"\x16", b"", b"\x16\x03"], strict=True
        ):
            line.sendall(words)
        assert _discovery(running, tmp_path / "ca.pem") == 200
        for line in lines:
            line.close()
        assert running.stop() == 0
        assert '"level":"error"' not in running.said()


def test_a_changed_certificate_is_taken_up(tmp_path: Path) -> None:
    """New files serve the next connection, without a restart; files that are none do not; when the certificate ends is a number."""
    other = tmp_path / "other"
    other.mkdir()
    environment = _environment(tmp_path)
    with served(tmp_path, COMMAND, ("serve",), **environment) as running:
        make_authority(other)
        assert _discovery(running, tmp_path / "ca.pem") == 200
        numbers = requests.get(f"http://127.0.0.1:{environment['EXERCISE_CDS_METRICS_PORT']}/metrics", timeout=10).text
        (ends,) = re.findall(r"^exercise_cds_certificate_expires_timestamp_seconds (\S+)$", numbers, re.MULTILINE)
        assert 86_400 < float(ends) - time.time() < 3 * 86_400
        _put(other / "server.pem", tmp_path / "server.pem")
        with pytest.raises(requests.exceptions.SSLError):
            _discovery(running, tmp_path / "ca.pem")
        assert _discovery(running, other / "ca.pem") == 200
        (other / "broken.pem").write_text("no certificate")
        _put(other / "broken.pem", tmp_path / "server.pem")
        assert _discovery(running, other / "ca.pem") == 200
        assert running.stop() == 0
        assert running.said().count('"event":"certificate refused"') == 1


def _put(file: Path, place: Path) -> None:
    """As Kubernetes does: in one step."""
    shutil.copy(file, place.with_suffix(".new"))
    place.with_suffix(".new").rename(place)


def test_what_is_no_certificate_stops_the_start(tmp_path: Path) -> None:
    """A key of another certificate, a file that is not there, one file of two: each is a sentence."""
    (tmp_path / "other").mkdir()
    make_authority(tmp_path)
    make_authority(tmp_path / "other")
    pem, key = tmp_path / "server.pem", tmp_path / "other" / "key.pem"
    key.write_text((tmp_path / "other" / "server.pem").read_text().partition("-----BEGIN CERTIFICATE")[0])
    for cert_file, key_file in ((pem, key), (pem, tmp_path / "none.pem"), (key, key)):
        settings = Settings(authentication="none", tls={"cert_file": cert_file, "key_file": key_file})
        with pytest.raises(UnusableSettings, match=r"tls\.cert_file and tls\.key_file cannot be used together \("):
            certificate_of(settings)
    with pytest.raises(ValueError, match="needs cert_file and key_file: set both, or none"):
        Settings(authentication="none", tls={"cert_file": pem})


def test_silence_in_a_body_is_given_up(tmp_path: Path) -> None:
    """A caller who stops in the middle of a body over TLS is answered 408 or hung up on within the set time."""
    with served(tmp_path, COMMAND, ("serve",), **_environment(tmp_path, EXERCISE_CDS_SILENCE_SECONDS="1")) as running:
        context = ssl.create_default_context(cafile=tmp_path / "ca.pem")
        plain = socket.create_connection(("127.0.0.1", running.port), timeout=20)
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as line:
            line.sendall(b"POST /cds-services/low-back-pain-exercise HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n")
            line.sendall(b"Content-Length: 500\r\n\r\n{")
            began = time.monotonic()
            assert line.recv(12) in {b"HTTP/1.1 408", b""}
            assert time.monotonic() - began < 15  # it is not for ever
        assert running.stop() == 0
