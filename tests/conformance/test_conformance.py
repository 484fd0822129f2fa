"""`exercise-cds conformance`: it finds nothing to mend in ourselves, and finds what is broken in two small services."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from builders.broken_services import GOOD_CARD, careless, running
from builders.broken_services import trusting as too_trusting
from builders.served import COMMAND, ROOT, process_environment, served
from builders.tokens import BASE, ISSUER, a_key, trusting_environment
from exercise_cds.conformance import MOST, RULES
from exercise_cds.conformance.occasions import seen_on

NEVER_SEEN = {"CH-001", "CH-111", "CH-115", "CH-121"}
"""What our own service gives no occasion to see, on loopback: TLS, two recommendations, a delete, a link to a SMART app."""
SHIPPED = {"EXERCISE_CDS_NAMED_SERVICES": "low-back-pain-orders-sign"}


def _examine(url: str, *options: str) -> tuple[int, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, "conformance", url, "--json", *options],
        cwd=ROOT, env=process_environment(), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def _verdicts(found: dict[str, Any], verdict: str) -> dict[str, list[str]]:
    return {rule["id"]: rule["details"] for rule in found["rules"] if rule["verdict"] == verdict}


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """The EHR's private key, as a PEM file."""
    path = tmp_path / "key.pem"
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path.write_bytes(a_key("P-384").private_bytes(encoding, form, serialization.NoEncryption()))
    return path


def test_we_keep_what_we_examine(tmp_path: Path) -> None:
    """Every rule that SHALL be kept is kept by our own process, with feedback; the only advice is that nobody is asked for a token."""
    database = f"sqlite:///{tmp_path}/records.sqlite"
    with served(tmp_path, COMMAND, ("serve",), EXERCISE_CDS_DATABASE_URL=database, **SHIPPED) as process:
        status, found = _examine(process.url, "--feedback")
    assert (status, found["broken"]) == (0, [])
    assert set(_verdicts(found, "advice")) == {"CH-130"}
    kept = _verdicts(found, "kept")
    assert {"CH-010", "CH-032", "CH-051", "CH-053", "CH-083", "CH-091", "CH-096", "CH-113", "CH-127", "CH-128", "CH-129"} <= set(kept)
    assert found["requests"] <= MOST
    assert any("TLS" in note for note in found["notes"])


def test_we_keep_what_we_examine_with_tokens(tmp_path: Path, key: Path) -> None:
    """CH-130 to CH-136: with a key, calls without token, with alg none, with an HMAC, for another address or used twice are refused."""
    links = {"EXERCISE_CDS_HANDOUTS__BASE_URL": f"{BASE}/handouts"}
    with served(tmp_path, COMMAND, ("serve",), **trusting_environment(tmp_path), **SHIPPED, **links) as process:
        options = ("--token-key", str(key), "--token-kid", "k1", "--token-issuer", ISSUER, "--token-base", BASE, "--feedback")
        status, found = _examine(process.url, *options)
    assert (status, found["broken"], _verdicts(found, "advice")) == (0, [], {})
    assert {"CH-130", "CH-135", "CH-136", "SEC-10", "CH-128"} <= set(_verdicts(found, "kept"))
    assert set(_verdicts(found, "not seen")) == NEVER_SEEN
    assert found["requests"] <= MOST


def test_a_closed_service_is_not_blamed(tmp_path: Path) -> None:
    """CH-130: where calls need a token and no key was given, nothing is broken, and the note says what to give."""
    with served(tmp_path, COMMAND, ("serve",), **trusting_environment(tmp_path)) as process:
        status, found = _examine(process.url)
    assert (status, found["broken"]) == (0, [])
    assert "CH-130" in _verdicts(found, "kept")
    assert any("--token-key" in note for note in found["notes"])


def test_a_careless_service_is_caught() -> None:
    """Nulls, 140 characters, an unknown indicator, a missing source, a uuid for two things and a strange token are broken SHALLs."""
    with running(careless) as url:
        status, found = _examine(url)
    assert status == 1
    broken = _verdicts(found, "broken")
    assert set(broken) == {"CH-002", "CH-019", "CH-051", "CH-090", "CH-091", "CH-093", "CH-094", "CH-096"}
    assert broken["CH-051"] == ["services[0].prefetch.all: {{context.patient.id}} is no field of the context and no user"]
    advice = _verdicts(found, "advice")
    assert {"CH-031", "CH-032", "CH-033", "CH-052", "CH-083", "CH-130"} <= set(advice)
    assert any("answered 500" in detail for detail in advice["CH-031"])


def test_a_trusting_service_is_caught(key: Path) -> None:
    """A service that takes any token, gives an object for cards, lists an id twice and opens to every page is caught with a key."""
    with running(too_trusting) as url:
        status, found = _examine(url, "--token-key", str(key), "--token-kid", "k1", "--token-issuer", ISSUER, "--feedback")
    assert status == 1
    assert {"CH-022", "CH-080", "CH-128", "CH-136"} <= set(_verdicts(found, "broken"))
    assert {"CH-006", "CH-135", "CH-150", "SEC-10"} <= set(_verdicts(found, "advice"))
    assert {"CH-096", "CH-097", "CH-110", "CH-113", "CH-120", "SEC-31"} <= set(_verdicts(found, "not seen"))


@pytest.mark.parametrize(
    ("card", "seen"),
    [
        (GOOD_CARD, {"CH-090", "CH-091", "CH-093", "CH-094", "CH-099", "CH-126", "SEC-30"}),
        (
            {"links": [{"label": "a", "type": "smart"}]},
            {"CH-091", "CH-093", "CH-094", "CH-098", "CH-120", "CH-121", "CH-122", "CH-126", "SEC-30"},
        ),
        ({"suggestions": 5, "links": {"a": 1}, "source": "x"}, {"CH-091", "CH-093", "CH-094", "CH-095", "CH-096", "CH-098", "CH-099"}),
        ("a text", set()),
    ],
)
def test_a_rule_without_occasion_is_not_kept(card: Any, seen: set[str]) -> None:
    """A card without links does not keep the rules of links: only what a card has counts, whatever shape it is of."""
    assert seen <= set(seen_on([card]))
    if "suggestions" not in card:
        assert seen == set(seen_on([card]))


def test_nobody_there_is_a_sentence() -> None:
    """An address at which nothing listens is exit code 1 and a sentence, never a stack trace."""
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, "conformance", "http://127.0.0.1:1"],
        cwd=ROOT, env=process_environment(), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == "exercise-cds: GET /cds-services was not answered (ConnectionError)\n"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("ftp://example.org",), "is no URL of a CDS service"),
        (("http://127.0.0.1:1", "--token-issuer", "a"), "go with --token-key"),
        (("http://127.0.0.1:1", "--token-key", __file__), "needs --token-issuer"),
        (("http://127.0.0.1:1", "--token-key", __file__, "--token-issuer", "a"), "holds no private EC or RSA key"),
    ],
)
def test_a_wrong_command_line_is_a_sentence(options: tuple[str, ...], says: str) -> None:
    """Options that do not go together are exit code 2 and say what goes with what."""
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, "conformance", *options],
        cwd=ROOT, env=process_environment(), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert says in done.stderr


def test_the_table_is_for_people(tmp_path: Path) -> None:
    """Without --json every rule is a row with its id, level and what was seen, and the last line counts."""
    with running(careless) as url:
        done = subprocess.run(
            [sys.executable, "-c", COMMAND, "conformance", url],
            cwd=tmp_path, env={**process_environment(), "COLUMNS": "120"}, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert all(rule in done.stdout for rule in RULES)
    assert "services[0].usageRequirements is no text" in done.stdout
    assert "8 broken" in done.stdout.splitlines()[-1]


def test_call_signs_its_calls(tmp_path: Path, key: Path) -> None:
    """CH-131, CH-135: `exercise-cds call` with a key gets cards where tokens are asked for, and a sentence without one."""
    folder = tmp_path / "fhir"
    folder.mkdir()
    patient = {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1979-06-14"}
    (folder / "patient.json").write_text(json.dumps(patient))
    with served(tmp_path, COMMAND, ("serve",), **trusting_environment(tmp_path)) as process:
        ask = [sys.executable, "-c", COMMAND, "call", process.url, "--fhir", str(folder), "--patient", "p1", "--json"]
        sign = ["--token-key", str(key), "--token-kid", "k1", "--token-issuer", ISSUER, "--token-base", BASE]
        signed, unsigned = (
            subprocess.run([*ask, *more], cwd=ROOT, env=process_environment(), capture_output=True, text=True, timeout=60, check=False)
            for more in (sign, [])
        )
    assert signed.returncode == 0, signed.stderr
    assert "cards" in json.loads(signed.stdout)["response"]
    assert unsigned.returncode == 1
    assert "was answered 401: it asks for tokens, so sign the calls (--token-key" in unsigned.stderr
