"""`exercise-cds registration`: whoever follows the sheet gets in, and it holds nothing secret."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from builders.ehr import shipped
from builders.replicas import hook_call, report
from builders.served import COMMAND, ROOT, process_environment, served
from builders.tokens import BASE, ISSUER, bearer, fresh_token, trusting_environment
from exercise_cds.fhir.scopes import grants_of

UNTOLD = {"EXERCISE_CDS_BASE_URL": BASE}


def _run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", COMMAND, "registration", *arguments]
    environment = process_environment(**settings)
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)


def _sheet(*arguments: str, **settings: str) -> dict[str, Any]:
    done = _run(*arguments, "--json", **settings)
    assert done.returncode == 0, done.stderr
    sheet: dict[str, Any] = json.loads(done.stdout)
    return sheet


def test_an_ehr_that_follows_the_sheet_gets_in(tmp_path: Path) -> None:
    """Addresses, audiences and algorithm of a client's sheet make tokens that are taken, and its services are those of discovery."""
    environment = trusting_environment(tmp_path, feedback_audiences=["feedback of ours"])
    sheet = _sheet("--client", ISSUER, **environment)
    algorithm = sheet["tokens"]["algorithms"][0]
    with served(tmp_path, COMMAND, ("serve",), **environment) as running:

        def ask(endpoint: dict[str, Any], audience: str, body: bytes) -> int:
            headers = {"Content-Type": "application/json", **bearer(fresh_token(algorithm=algorithm, aud=audience))}
            url = f"http://127.0.0.1:{running.port}{urlsplit(endpoint['url']).path}"
            return requests.post(url, body, headers=headers, timeout=20).status_code

        listed = requests.get(f"http://127.0.0.1:{running.port}{urlsplit(sheet['discovery']['url']).path}", timeout=20).json()["services"]
        assert [(one["id"], one["hook"], one["prefetch"]) for one in listed] == [
            (one["id"], one["hook"], one["prefetch"]) for one in sheet["services"]
        ]
        service = sheet["services"][0]
        assert [ask(service, audience, hook_call()) for audience in service["audiences"]] == [200]
        feedback = service["feedback"]
        statuses = [ask(feedback, audience, report("5c0a8b9e-0000-4000-8000-000000000001")) for audience in feedback["audiences"]]
        assert statuses == [200, 200]
        assert ask(service, feedback["audiences"][0], hook_call()) == 401


def test_the_scopes_cover_every_query() -> None:
    """A token with just the scopes of the sheet, of either version, covers all that is ever asked of a FHIR server."""
    sheet = _sheet(**UNTOLD)
    for version in ("version_1", "version_2"):
        grants = grants_of(" ".join(sheet["scopes"][version]))
        plans = [shipped().plans[service["id"]] for service in sheet["services"]]
        faults = {query.key: grants.fault(type_, query.ask) for plan in plans for query in plan.queries.values() for type_ in query.types}
        assert not any(faults.values()), faults


def test_a_sheet_for_people() -> None:
    """For an EHR that is not configured the sheet has every service with its templates, and asks for what we have to know."""
    sheet, page = _sheet(**UNTOLD), _run(**UNTOLD).stdout
    for service in sheet["services"]:
        assert f"`{service['url']}`" in page
        assert all(f'"{key}": "{template}"' in page for key, template in service["prefetch"].items())
    assert all(question in page for question in sheet["to_fill_in"].values())
    assert f"`{BASE}/cds-services`" in page
    assert "not approved by any clinician" in page
    assert all(len(line.split("|")) in {1, 4, 5} for line in page.splitlines() if line.startswith("|")), "a table is broken"


def test_nothing_secret_is_on_it(tmp_path: Path) -> None:
    """Neither the database's password nor the path of a key file stands on a sheet in either form."""
    environment = trusting_environment(tmp_path) | {
        "EXERCISE_CDS_DATABASE_URL": "postgresql+psycopg://user:canary-password@db.example.org/x"
    }
    for form in ((), ("--json",)):
        page = _run("--client", ISSUER, *form, **environment).stdout
        assert ISSUER in page
        assert "canary-password" not in page
        assert str(tmp_path) not in page


def test_what_is_lacking_is_said() -> None:
    """Without base_url, or for a client that is not configured, there is no sheet but a sentence, and exit code 1."""
    without, unknown = _run(), _run("--client", "https://x.example", **UNTOLD)
    assert (without.returncode, unknown.returncode) == (1, 1)
    assert "base_url is missing: set the https address" in without.stderr
    assert "no client has the issuer https://x.example; configured: none" in unknown.stderr
