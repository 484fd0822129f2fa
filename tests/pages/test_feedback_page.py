"""The feedback page of a real process: on the operators' port, behind the operators' sign-on, and nowhere else."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import orjson
import pytest
import requests
from flask import Blueprint
from sqlalchemy import select

from builders.served import COMMAND, ROOT, free_port, process_environment, served
from exercise_cds.records import KeyRing, Store, open_store, parse_keys
from exercise_cds.records.schema import audit
from exercise_cds.settings import UnusableSettings, load
from exercise_cds.web import feedback_page
from exercise_cds.web.metrics import Metrics
from exercise_cds.web.ops import Readiness, operators_app
from exercise_cds.web.sign_on import NotSignedOn, SignOn, read_passwords
from records.made_up import keep_practice

NAME, PASSWORD = "committee", "a long enough password"
PROXY = {"X-Forwarded-User": "Dr. Who"}
SECRET = (NAME, PASSWORD)
DECISIONS = 400


def _keys() -> KeyRing:
    return parse_keys(f"a {'0123456789abcdef' * 4}")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Records that are there before the process starts."""
    found = keep_practice(f"sqlite:///{tmp_path_factory.mktemp('records') / 'records.sqlite'}", DECISIONS, _keys())
    yield found
    found.close()


def _settings(store: Store, folder: Path, port: int, **more: str) -> dict[str, str]:
    passwords = folder / "passwords"
    passwords.write_text(f"# who may look\n{NAME} {PASSWORD}\n", "utf-8")
    return {
        "EXERCISE_CDS_DATABASE_URL": f"sqlite:///{store.engine.url.database}",
        "EXERCISE_CDS_METRICS_PORT": str(port),
        "EXERCISE_CDS_OPERATORS__FEEDBACK_PAGE": "true",
        "EXERCISE_CDS_OPERATORS__PASSWORDS_FILE": str(passwords),
        **more,
    }


@pytest.fixture(scope="module")
def ports(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    """A process with passwords and a proxy that is not on this machine: the service's port, and the operators'."""
    folder, port = tmp_path_factory.mktemp("served"), free_port()
    proxy = {"EXERCISE_CDS_OPERATORS__SIGN_ON_HEADER": "X-Forwarded-User", "EXERCISE_CDS_OPERATORS__SIGN_ON_PROXIES": "192.0.2.1"}
    with served(folder, COMMAND, ("serve",), **_settings(store, folder, port, **proxy)) as running:
        yield running.port, port


@pytest.fixture(scope="module")
def page(ports: tuple[int, int]) -> str:
    """Where it is."""
    return f"http://127.0.0.1:{ports[1]}/feedback/"


def _get(address: str, **options: object) -> requests.Response:
    return requests.get(address, timeout=20, allow_redirects=False, **options)  # type: ignore[arg-type]


def test_who_has_not_signed_on_sees_nothing(page: str) -> None:
    """Without name and password every path of the page is 401, and asks for them; a proxy's header counts from nobody else."""
    for path in ("", "?since=30d", "report.json", "report.html", "programs.csv", "page.css", "nothing"):
        for headers in ({}, PROXY, {"X_Forwarded_User": "me"}, {"Authorization": "Bearer x"}, {"Authorization": "Basic !"}):
            answer = _get(page + path, headers=headers)
            assert (answer.status_code, answer.headers["WWW-Authenticate"][:5]) == (401, "Basic")
            assert "Sign on first" in answer.text
            assert "ccepted" not in answer.text


def test_who_has_signed_on_sees_the_report(page: str) -> None:
    """With name and password the page holds the report's tables and its form, under the headers of every page."""
    answer = _get(page, params={"since": ""}, auth=SECRET)
    assert answer.status_code == 200
    assert "What clinicians did with the cards" in answer.text
    assert f"Signed on as {NAME}" in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "<style" not in answer.text
    assert " style=" not in answer.text


def test_the_page_is_not_on_the_services_port(ports: tuple[int, int]) -> None:
    """EHRs' port knows nothing of it, signed on or not; the operators' own pages ask nobody to sign on."""
    for path in ("/feedback/", "/feedback/report.json", "/feedback/page.css"):
        assert _get(f"http://127.0.0.1:{ports[0]}{path}", auth=SECRET).status_code == 404
    for path in ("/livez", "/readyz", "/metrics"):
        assert _get(f"http://127.0.0.1:{ports[1]}{path}").status_code == 200


def test_a_period_is_asked_for(page: str) -> None:
    """`since` and `until` choose the decisions that are counted, as the command `report` does; the JSON says which."""
    whole = _get(f"{page}report.json", params={"since": ""}, auth=SECRET).json()
    part = _get(f"{page}report.json", params={"since": "2026-01-01", "until": "2026-03-01"}, auth=SECRET).json()
    assert (part["since"], part["until"]) == ("2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z")
    assert 0 < part["totals"]["answers"] < whole["totals"]["answers"]
    assert whole["since"] is None
    assert whole["hidden_below"] == 5
    assert _get(f"{page}report.json", params={"since": "", "small": "shown"}, auth=SECRET).json()["hidden_below"] == 0


def test_every_form_has_the_same_numbers(page: str) -> None:
    """Page, JSON, CSV and the one-file page are of one report."""
    told = _get(f"{page}report.json", params={"since": ""}, auth=SECRET).json()
    table = _get(f"{page}outcomes.csv", params={"since": ""}, auth=SECRET)
    assert table.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert len(table.text.splitlines()) == len(told["tables"]["outcomes"]["rows"]) + 1
    whole = _get(f"{page}report.html", params={"since": ""}, auth=SECRET).text
    assert "<form" not in whole
    assert "http-equiv" in whole
    assert _get(f"{page}nothing.csv", auth=SECRET).status_code == 404


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("since=yesterday", "From: this is no day"),
        ("until=2026-02-30", "Until: this is no day"),
        ("since=99999999d", "From: this is no day"),
        ("since=2026-03-02&until=2026-03-02", "The period is empty"),
        ("since=<script>", "From: this is no day"),
    ],
)
def test_a_bad_question_is_a_sentence(page: str, query: str, sentence: str) -> None:
    """A day that is none is answered with what to write, and with none of what was written."""
    answer = _get(f"{page}?{query}", auth=SECRET)
    assert answer.status_code == 400
    assert sentence in answer.text
    assert "<script" not in answer.text


def test_each_look_is_in_the_audit(page: str, store: Store) -> None:
    """Who looked at which period, in which form, stands in the audit."""
    _get(f"{page}report.json", params={"since": "2026-02-02", "small": "shown"}, auth=SECRET)
    with store.reading() as connection:
        rows = connection.execute(select(audit.c.action, audit.c.actor, audit.c.details).order_by(audit.c.id.desc()).limit(1)).all()
    assert [(action, actor) for action, actor, _ in rows] == [("feedback page", NAME)]
    details = orjson.loads(rows[0][2])
    assert (details["since"], details["small_counts"], details["form"]) == ("2026-02-02T00:00:00+00:00", True, "report.json")


def test_a_database_that_does_not_answer_is_a_page(tmp_path: Path) -> None:
    """While nobody can write to the records the look cannot be noted, so nothing is shown: 503 with a sentence, and Retry-After."""
    file = tmp_path / "records.sqlite"
    store = open_store(f"sqlite:///{file}", lock_wait=0.2)
    sign_on = SignOn(passwords=dict([SECRET]), tick=time.monotonic)
    client = operators_app(Readiness(), Metrics(), pages=[feedback_page.blueprint(store)], sign_on=sign_on).test_client()
    assert client.get("/feedback/", auth=SECRET).status_code == 200
    with closing(sqlite3.connect(file, isolation_level=None)) as another:
        another.execute("BEGIN IMMEDIATE")
        refused = client.get("/feedback/", auth=SECRET)
        another.execute("ROLLBACK")
    assert (refused.status_code, refused.headers["Retry-After"], refused.mimetype) == (503, "5", "text/html")
    assert "cannot keep records at the moment" in refused.get_data(as_text=True)
    assert client.get("/feedback/", auth=SECRET).status_code == 200
    store.close()


def test_pages_of_other_sites_may_link_and_no_more(page: str) -> None:
    """A link from elsewhere is followed; a script elsewhere that reads with the reader's sign-on is refused."""
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert _get(page, headers=followed, auth=SECRET).status_code == 200
    fetched = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Origin": "https://evil.example"}
    assert _get(f"{page}report.json", headers=fetched, auth=SECRET).status_code == 403


def test_a_listed_proxy_says_who_signed_on(store: Store, tmp_path: Path) -> None:
    """From a listed proxy the header is the sign-on; without the header there is none, and no password is asked for."""
    port = free_port()
    settings = {
        "EXERCISE_CDS_DATABASE_URL": f"sqlite:///{store.engine.url.database}",
        "EXERCISE_CDS_METRICS_PORT": str(port),
        "EXERCISE_CDS_OPERATORS__FEEDBACK_PAGE": "true",
        "EXERCISE_CDS_OPERATORS__SIGN_ON_HEADER": "X-Forwarded-User",
        "EXERCISE_CDS_OPERATORS__SIGN_ON_PROXIES": "127.0.0.0/8",
    }
    with served(tmp_path, COMMAND, ("serve",), **settings):
        address = f"http://127.0.0.1:{port}/feedback/"
        assert "Signed on as Dr. Who" in _get(address, headers=PROXY).text
        for headers in ({}, {"X-Forwarded-User": ""}, {"X_Forwarded_User": "me"}):
            answer = _get(address, headers=headers, auth=SECRET)
            assert answer.status_code == 403
            assert "WWW-Authenticate" not in answer.headers


@pytest.mark.parametrize(
    ("address", "name", "who"),
    [
        ("10.1.2.3", "ada", "ada"),
        ("::ffff:10.1.2.3", " ada ", "ada"),
        ("fd00::7%eth0", "ada", "ada"),
        ("11.1.2.3", "ada", ""),
        ("::ffff:11.1.2.3", "ada", ""),
        ("", "ada", ""),
        ("nonsense", "ada", ""),
        ("10.1.2.3", "", ""),
        ("10.1.2.3", "a\x00b", ""),
        ("10.1.2.3", "a" * 500, "a" * 128),
    ],
)
def test_a_header_counts_from_listed_addresses_alone(address: str, name: str, who: str) -> None:
    """Whoever is not a listed proxy may write what they like; an empty or unprintable name is none, a long one is cut."""
    sign_on = SignOn(header="X-User", proxies=("10.0.0.0/8", "fd00::/8"), tick=time.monotonic)
    environ = {"REMOTE_ADDR": address, "HTTP_X_USER": name}
    if who:
        assert sign_on.who(environ) == who
    else:
        with pytest.raises(NotSignedOn, match="through the proxy"):
            sign_on.who(environ)


def test_a_sign_on_by_nothing_is_none() -> None:
    """Neither passwords nor a header of listed proxies: there is no such sign-on, and no application with pages without one."""
    for settings in ({}, {"header": "X-User"}, {"proxies": ("10.0.0.0/8",)}, {"passwords": {}}):
        with pytest.raises(ValueError, match="a sign-on needs"):
            SignOn(**settings, tick=time.monotonic)  # type: ignore[arg-type]  # each is one of its arguments
    with pytest.raises(ValueError, match="need a sign-on"):
        operators_app(Readiness(), Metrics(), pages=[Blueprint("page", __name__)])


def test_guessing_is_slowed(store: Store, tmp_path: Path) -> None:
    """After twenty wrong passwords a minute the right one does not help either, until the minute is over; who was in stays in."""
    port = free_port()
    with served(tmp_path, COMMAND, ("serve",), **_settings(store, tmp_path, port)) as running:
        address = f"http://127.0.0.1:{port}/feedback/page.css"
        assert _get(address, auth=SECRET).status_code == 200
        found = [_get(address, auth=(NAME, f"guess {number}")).status_code for number in range(24)]
        assert found[:19] == [401] * 19
        assert found[-1] == 429
        assert _get(address, auth=(NAME, PASSWORD + " ")).status_code == 429
        assert _get(address, auth=SECRET).status_code == 200
        assert PASSWORD not in running.said()
        assert '"event":"sign-on refused"' in running.said()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"METRICS_PORT": ""}, "operators.feedback_page is true, and it stands on the operators' port: set metrics_port"),
        ({"OPERATORS__PASSWORDS_FILE": ""}, "operators.feedback_page is true, and nobody can sign on to it: set operators.sign_on_header"),
        ({"OPERATORS__SIGN_ON_HEADER": "X-User"}, "sign_on_header counts from listed proxies alone"),
        ({"OPERATORS__SIGN_ON_PROXIES": "10.0.0.1"}, "sign_on_proxies are listed, but not what they say"),
        ({"OPERATORS__SIGN_ON_HEADER": "X_User", "OPERATORS__SIGN_ON_PROXIES": "10.0.0.1"}, "allowed is the name of a header"),
        (
            {"OPERATORS__FEEDBACK_PAGE": "false", "WORKBENCH__ENABLED": "true", "OPERATORS__PASSWORDS_FILE": "", "AUTHENTICATION": "on"},
            "workbench.enabled is true, and nobody can sign on to it",
        ),
    ],
)
def test_a_page_without_port_or_sign_on_is_a_sentence(monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], sentence: str) -> None:
    """Settings that would show a page to anybody, or to nobody, are refused with what to set."""
    usual = {"AUTHENTICATION": "none", "METRICS_PORT": "9090", "OPERATORS__FEEDBACK_PAGE": "true", "OPERATORS__PASSWORDS_FILE": "people"}
    for name, text in (usual | settings).items():
        if text:
            monkeypatch.setenv(f"EXERCISE_CDS_{name}", text)
    with pytest.raises(UnusableSettings) as caught:
        load()
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        (b"committee short\n", "operators.passwords_file:1: write `name password`"),
        (b"ada a long enough password\nada a long enough password\n", "operators.passwords_file:2: write `name password`"),
        (b"a:b a long enough password\n", "operators.passwords_file:1: write `name password`"),
        (b"# nobody\n\n", "operators.passwords_file: the file names nobody"),
        (b"\xff\xfe", "operators.passwords_file: the file cannot be read"),
        (None, "operators.passwords_file: the file cannot be read"),
    ],
)
def test_a_file_of_passwords_that_is_none_is_a_sentence(tmp_path: Path, written: bytes | None, sentence: str) -> None:
    """What is wrong with the file is said by its line, and never with what stands in it."""
    file = tmp_path / "people"
    if written is not None:
        file.write_bytes(written)
    with pytest.raises(UnusableSettings) as caught:
        read_passwords(file)
    assert sentence in str(caught.value)
    assert "short" not in str(caught.value)


def test_without_a_sign_on_nothing_starts(store: Store, tmp_path: Path) -> None:
    """A process whose file of passwords names nobody does not start: one sentence, exit code 1."""
    settings = _settings(store, tmp_path, free_port()) | {"EXERCISE_CDS_AUTHENTICATION": "none", "EXERCISE_CDS_PORT": str(free_port())}
    (tmp_path / "passwords").write_text("# nobody\n", "utf-8")
    started = [sys.executable, "-c", COMMAND, "serve"]
    done = subprocess.run(started, cwd=ROOT, env=process_environment(**settings), capture_output=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "exercise-cds: operators.passwords_file: the file names nobody" in done.stderr.decode()
