"""Where settings come from, and the sentence that each mistake gets."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from exercise_cds.settings import PREFIX, ClientSettings, Settings, UnusableSettings, load

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test starts from an environment without our variables."""
    import os  # noqa: PLC0415 - only this fixture looks at the environment

    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)


def _file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "site.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def _sentences(config: Path | None = None, **flags: object) -> tuple[str, ...]:
    with pytest.raises(UnusableSettings) as caught:
        load(config, **flags)
    return caught.value.sentences


def test_without_anything_set_the_defaults_hold_and_authentication_is_on() -> None:
    """A process that nobody configured asks its callers who they are, and listens on this machine only."""
    settings = load()
    assert (settings.authentication, settings.host, settings.port) == ("on", "127.0.0.1", 8080)
    assert (settings.limits.body, settings.limits.depth, settings.limits.entries, settings.limits.string) == (5_242_880, 64, 20_000, 2_000)
    assert (settings.deadline_ms, settings.time_zone, settings.clients) == (400, "UTC", [])


def test_flag_beats_variable_beats_file_beats_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nearest word counts; parts of a group may come from different places."""
    config = _file(tmp_path, "port: 1001\nhost: 127.0.0.2\ntime_zone: Europe/Paris\nlimits: {body: 2048, depth: 32}\n")
    monkeypatch.setenv("EXERCISE_CDS_PORT", "1002")
    monkeypatch.setenv("EXERCISE_CDS_HOST", "127.0.0.3")
    monkeypatch.setenv("EXERCISE_CDS_LIMITS__BODY", "4096")
    settings = load(config, port=1003, overlay=None)
    assert (settings.port, settings.host, settings.time_zone) == (1003, "127.0.0.3", "Europe/Paris")
    assert (settings.limits.body, settings.limits.depth, settings.limits.header) == (4096, 32, 8192)


def test_the_file_may_be_named_by_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """EXERCISE_CDS_CONFIG names the file where no flag does."""
    monkeypatch.setenv("EXERCISE_CDS_CONFIG", str(_file(tmp_path, "port: 1001\nauthentication: on\n")))
    assert load().port == 1001


@pytest.mark.parametrize("value", ["a,b", " a , b ", '["a", "b"]'])
def test_a_list_in_the_environment(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """A list is written with commas or as JSON."""
    monkeypatch.setenv("EXERCISE_CDS_NAMED_SERVICES", value)
    assert load().named_services == ["a", "b"]


def test_clients_come_from_the_file_or_as_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients are a list in the file; in the environment they are JSON."""
    in_file = load(
        _file(tmp_path, "clients:\n  - issuer: https://ehr.example.org\n    jku: https://ehr.example.org/keys\n    mode: silent\n")
    )
    monkeypatch.setenv(
        "EXERCISE_CDS_CLIENTS", json.dumps([{"issuer": "https://ehr.example.org", "jku": "https://ehr.example.org/keys", "mode": "silent"}])
    )
    assert (
        load().clients
        == in_file.clients
        == [ClientSettings(issuer="https://ehr.example.org", jku="https://ehr.example.org/keys", mode="silent")]
    )
    assert in_file.clients[0].algorithms == ["ES384", "RS384"]


WRONG = [
    ("port: 99999", "site.yaml:1: port is 99999; allowed is a whole number from 1 to 65535"),
    ("\n\nport: many", "site.yaml:3: port is many; allowed is a whole number from 1 to 65535"),
    ("host: nowhere.example", "site.yaml:1: host is nowhere.example; allowed is an IP address, or localhost"),
    ("time_zone: Europe/Pari", "site.yaml:1: time_zone is Europe/Pari; allowed is a name of the IANA time zone database"),
    ("time_zone: ../../etc/passwd", "site.yaml:1: time_zone is ../../etc/passwd; allowed is a name of the IANA"),
    ("time_zone: America", "site.yaml:1: time_zone is America; allowed is a name of the IANA"),
    ("authentication: maybe", "site.yaml:1: authentication is maybe; allowed is on or none"),
    ("tme_zone: UTC", "site.yaml:1: there is no setting tme_zone; did you mean time_zone?"),
    ("limits:\n  bdy: 1", "site.yaml:2: there is no setting limits.bdy; did you mean body?"),
    ("limits:\n  depth: 1", "site.yaml:2: limits.depth is 1; allowed is a whole number from 8 to 128"),
    ("limits: 5", "site.yaml:1: limits is 5; allowed is the settings of the group limits"),
    ("cors_origins: ['*']", "site.yaml:1: cors_origins[0] is *; allowed is a list of origins"),
    ("cors_origins: [https://a.example/path]", "never *"),
    ("base_url: http://cds.example.org", "site.yaml:1: base_url is http://cds.example.org; allowed is an https URL"),
    ("base_url: https://cds.example.org?x=1", "allowed is an https URL without query"),
    ("allowed_hosts: ['cds.example.org:443']", "site.yaml:1: allowed_hosts[0] is cds.example.org:443; allowed is a list of host names"),
    ("log_level: loud", "allowed is debug, info, warning or error"),
    ("deadline_ms: null", "site.yaml:1: deadline_ms has a value that is not allowed; allowed is a whole number from 50 to 10000"),
    ("clients:\n  - jku: https://a.example/k", "site.yaml:2: clients[0].issuer is missing: set the text that the EHR puts into `iss`"),
    ("clients:\n  - issuer: a", "site.yaml:2: clients[0] needs its keys from somewhere: set jku or jwks_file"),
    ("clients:\n  - issuer: a\n    jku: http://a.example/k", "site.yaml:3: clients[0].jku is http://a.example/k; allowed is an https URL"),
    (
        "clients:\n  - issuer: a\n    jku: https://a.example/k\n    algorithms: [HS256]",
        "clients[0].algorithms[0] is HS256; allowed is a list of ES384",
    ),
    (
        "clients:\n  - {issuer: a, jku: https://a.example/k}\n  - {issuer: a, jku: https://a.example/k}",
        "site.yaml:1: clients has one issuer twice",
    ),
    ("clients: many", "site.yaml:1: clients is many; allowed is a list of clients"),
    (
        "authentication: none\nhost: 0.0.0.0",
        "site.yaml:2: host is 0.0.0.0 while authentication is none: set host to 127.0.0.1, or authentication to on",
    ),
    ("port: 1\nport: 2", "site.yaml:2: is no YAML: found duplicate key"),
    ("port: [", "is no YAML"),
    ("- port", "site.yaml:1: must hold settings as `name: value`"),
]


@pytest.mark.parametrize(("text", "sentence"), WRONG, ids=[text.strip().replace("\n", ";")[:40] for text, _ in WRONG])
def test_a_wrong_value_is_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    """A mistake in the file names its line, what is wrong and what is allowed."""
    (said,) = _sentences(_file(tmp_path, text))
    assert sentence in said


def test_every_mistake_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three mistakes in three places are three sentences, each with its place."""
    monkeypatch.setenv("EXERCISE_CDS_LIMITS__BODY", "huge")
    said = "\n".join(_sentences(_file(tmp_path, "time_zone: Mars/Base\n"), port=0))
    assert "--port: port is 0" in said
    assert "EXERCISE_CDS_LIMITS__BODY: limits.body is huge; allowed is a whole number from 1024 to 104857600" in said
    assert "site.yaml:1: time_zone is Mars/Base" in said


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("EXERCISE_CDS_TIMEZONE", "UTC", "EXERCISE_CDS_TIMEZONE: there is no such setting; did you mean time_zone?"),
        ("EXERCISE_CDS_LIMITS__BDOY", "1", "EXERCISE_CDS_LIMITS__BDOY: there is no such setting; did you mean body?"),
        ("EXERCISE_CDS_LIMITS", "{", "EXERCISE_CDS_LIMITS: is not JSON"),
        ("EXERCISE_CDS_CLIENTS", "{", "EXERCISE_CDS_CLIENTS: clients is {; allowed is a list of clients"),
        ("EXERCISE_CDS_HOST", "0.0.0.0.0", "EXERCISE_CDS_HOST: host is 0.0.0.0.0; allowed is an IP address, or localhost"),
    ],
)
def test_a_wrong_variable_is_a_sentence(monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str) -> None:
    """A mistake in the environment names its variable; a variable that is no setting is a mistake."""
    monkeypatch.setenv(name, value)
    assert any(sentence in said for said in _sentences())


def test_a_database_password_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong database address is refused without being repeated, and the settings do not show it."""
    monkeypatch.setenv("EXERCISE_CDS_DATABASE_URL", "mysql://user:hunter2@db/x")
    (said,) = _sentences()
    assert "hunter2" not in said
    monkeypatch.setenv("EXERCISE_CDS_DATABASE_URL", "postgresql+psycopg://user:hunter2@db/x")
    assert "hunter2" not in repr(load())


def test_what_kubernetes_sets_beside_a_service_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pod beside a Service named exercise-cds has variables of our prefix that nobody meant as settings."""
    for name, value in {
        "EXERCISE_CDS_PORT": "tcp://10.0.0.7:8080",
        "EXERCISE_CDS_SERVICE_HOST": "10.0.0.7",
        "EXERCISE_CDS_SERVICE_PORT_HTTP": "8080",
        "EXERCISE_CDS_PORT_8080_TCP_ADDR": "10.0.0.7",
    }.items():
        monkeypatch.setenv(name, value)
    assert load().port == 8080


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_needs_no_second_flag(host: str) -> None:
    """Without authentication every address of this machine alone is allowed."""
    assert load(host=host, authentication="none").host == host


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])  # noqa: S104 - that it is refused is the test
def test_others_are_let_in_without_authentication_only_by_a_second_flag(host: str) -> None:
    """SEC-12: an address that others can reach needs authentication or the flag that says what it means."""
    (said,) = _sentences(host=host, authentication="none")
    assert said.startswith(f"--host: host is {host} while authentication is none")
    assert load(host=host, authentication="none", unauthenticated_beyond_loopback=True).host == host
    assert load(host=host).authentication == "on"


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b"a: " + b"x" * (1024 * 1024 + 1), b"!!python/object:os.system {command: ls}", b"a: &a [*a, *a]"]
)
def test_a_file_of_anything_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    """Bytes that are no settings stop the start with a sentence, never with a stack trace."""
    path = tmp_path / "site.yaml"
    path.write_bytes(content)
    assert _sentences(path)


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    """A missing file is named with what named it."""
    (said,) = _sentences(tmp_path / "no.yaml")
    assert said.startswith("--config: ")
    assert said.endswith("no.yaml cannot be read: No such file or directory")


def test_memory_is_refused_for_several_processes() -> None:
    """SEC-10: several processes with authentication need the database for used tokens, and the start says so."""
    assert _sentences(processes=2)[0].startswith("--processes: processes is 2 while replay.store is memory: set replay.store to database")
    assert load(processes=2, replay={"store": "database"}).processes == 2
    assert load(processes=2, authentication="none").processes == 2


def test_every_setting_says_what_it_is_for() -> None:
    """No setting is without a description and without words for what is allowed."""
    for model in (
        Settings,
        ClientSettings,
        *(
            kind
            for name in ("limits", "handouts", "tokens", "replay", "rates", "feedback")
            if (kind := Settings.model_fields[name].annotation)
        ),
    ):
        for name, field in model.model_fields.items():
            assert field.description, name
            assert isinstance(field.json_schema_extra, dict), name
            assert field.json_schema_extra["allowed"], name


def test_the_page_of_settings_is_fresh() -> None:
    """docs/operators/settings.md is what the code says, complete."""
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "settings_page.py", "--check"],
        env={"PYTHONPATH": str(ROOT / "service")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
