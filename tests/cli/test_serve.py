"""`exercise-cds serve`: what it says at the start, and why it would not start."""

from __future__ import annotations

import re
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import click
import pytest
import requests

from builders.served import COMMAND, ROOT, process_environment, served
from exercise_cds import __version__
from exercise_cds.cli.commands import COMMANDS, main


def _command(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", COMMAND, *arguments],
        cwd=ROOT,
        env=process_environment(**settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_says_its_version_and_its_commands() -> None:
    """--version is one line; --help names every command."""
    assert _command("--version").stdout == f"exercise-cds {__version__}\n"
    listed = _command("--help").stdout
    assert all(f"  {name} " in listed for name in COMMANDS)
    assert "EXERCISE_CDS_" in _command("serve", "--help").stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_can_be_loaded(name: str) -> None:
    """Each line of the list leads to a command of that name, with a help text of its own."""
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert (command.name, bool(command.help)) == (name, True)


def test_an_unknown_command_is_exit_2() -> None:
    """A command that is not understood is exit code 2 with a sentence."""
    done = _command("sing")
    assert done.returncode == 2
    assert "No such command" in done.stderr


WRONG = [
    (("--authentication", "none", "--host", "0.0.0.0"), "--host: host is 0.0.0.0 while authentication is none"),  # noqa: S104 - refused
    (("--authentication", "maybe"), "--authentication: authentication is maybe; allowed is on or none"),
    (("--port", "70000"), "--port: port is 70000"),
    (("--config", "no-such-file.yaml"), "no-such-file.yaml cannot be read"),
    ((), "base_url is missing: tokens are made for it"),
    ((), "clients is empty while authentication is on: nobody could call"),
    (("--authentication", "none", "--rules", "no/such/pack"), "the rule pack no/such/pack has errors, so nothing is served"),
]


@pytest.mark.parametrize(("arguments", "sentence"), WRONG, ids=[sentence[:40] for _, sentence in WRONG])
def test_what_is_wrong_stops_the_start_with_a_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    """A setting or a pack that cannot be used is exit code 1 and a sentence, never a stack trace."""
    done = _command("serve", *arguments)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_taken_port_is_a_sentence() -> None:
    """A port that somebody listens on is named, with the setting to change."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = _command("serve", "--authentication", "none", "--port", str(port))
    assert done.returncode == 1
    assert f"port {port} on 127.0.0.1 cannot be used" in done.stderr


def test_it_says_loudly_that_nobody_is_asked_and_prints_a_curl_that_works(tmp_path: Path) -> None:
    """The start says that there is no authentication, where discovery is, and a curl that gets a card."""
    with served(tmp_path, COMMAND, ("serve",)) as running:
        said = running.said()
        assert "NO AUTHENTICATION" in said
        assert f"Discovery  {running.url}\n" in said
        assert requests.get(running.url, timeout=5).json()["services"]
        found = re.search(r"curl .*", said)
        assert found
        words = shlex.split(found.group())
        body = next(word for word in words if word.startswith("@"))[1:]
        answer = requests.post(words[-1], data=(ROOT / body).read_bytes(), headers={"Content-Type": "application/json"}, timeout=10)
        assert answer.status_code == 200, answer.text
        assert answer.json()["cards"]
        assert running.stop() == 0
