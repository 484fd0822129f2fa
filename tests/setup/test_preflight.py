"""What `tools/set-up` says before it makes anything."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from builders.tiny_checkout import Checkout, tiny_checkout


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A machine that has everything, and nothing set up."""
    return tiny_checkout(tmp_path)


def _no_python(checkout: Checkout) -> None:
    checkout.without("python3")


def _old_python(checkout: Checkout) -> None:
    checkout.command("python3", 'case "$*" in *print*) echo 3.9 ;; *) exit 1 ;; esac')


def _no_ensurepip(checkout: Checkout) -> None:
    _python_that_fails_at(checkout, "ensurepip")


def _no_compiler(checkout: Checkout) -> None:
    checkout.without("cc")


def _compiler_without_libc(checkout: Checkout) -> None:
    checkout.command("cc", "exit 1")


def _no_header(checkout: Checkout) -> None:
    checkout.command("cc", f'case "$*" in *header.c*) exit 1 ;; esac; exec {shutil.which("cc")} "$@"')


def _read_only_folder(checkout: Checkout) -> None:
    checkout.command("mktemp", f'case "$*" in *checkout*) exit 1 ;; esac; exec {shutil.which("mktemp")} "$@"')


def _python_that_fails_at(checkout: Checkout, word: str, name: str = "python3") -> None:
    so_far = (checkout.commands / "python3").read_text(encoding="utf-8").removeprefix("#!/bin/sh\n")
    checkout.command(name, f'case "$*" in *{word}*) exit 1 ;; esac\n{so_far}')


CASES = [
    (_no_python, "Python 3.11 or newer (python3 is not here", "python3 python3-dev python3-venv"),
    (_old_python, "Python 3.11 or newer (python3 is 3.9", "python3 python3-dev python3-venv"),
    (_no_ensurepip, "the modules venv and ensurepip of python3", "python3-venv"),
    (_no_compiler, "a C compiler that links (cc, gcc and clang are not here)", "gcc libc6-dev"),
    (_compiler_without_libc, "a C compiler that links (cc)", "gcc libc6-dev"),
    (_no_header, "Python.h, the header files of python3", "python3-dev"),
    (_read_only_folder, "permission to write in ", ""),
]


@pytest.mark.parametrize(("take_away", "sentence", "packages"), CASES, ids=[case[0].__name__.strip("_") for case in CASES])
def test_what_is_missing_is_named(checkout: Checkout, take_away: Callable[[Checkout], None], sentence: str, packages: str) -> None:
    """Whatever is missing is named in a sentence, with the one command that installs it, and nothing is made."""
    take_away(checkout)
    done = checkout.set_up()
    assert done.returncode == 1
    assert sentence in done.stderr
    command = f"sudo apt-get install -y {packages}\n"
    assert (command in done.stderr) if packages else ("apt-get" not in done.stderr)
    assert "Nothing was changed." in done.stderr
    assert sorted(entry.name for entry in checkout.folder.iterdir()) == [
        "pyproject.toml",
        "requirements",
        "service",
        "tiny_backend.py",
        "tools",
    ]


def test_everything_missing_is_said_at_once(checkout: Checkout) -> None:
    """Five things that are missing are five lines of one message, with one command for all packages."""
    _no_ensurepip(checkout)
    _no_compiler(checkout)
    _read_only_folder(checkout)
    _python_that_fails_at(checkout, "get_path")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = checkout.set_up("--port", str(taken.getsockname()[1]))
    assert done.stderr.count("\n  - ") == 5
    assert "sudo apt-get install -y python3-venv gcc libc6-dev python3-dev\n" in done.stderr


def test_without_python_the_compiler_is_looked_at_all_the_same(checkout: Checkout) -> None:
    """A machine with neither Python nor compiler is told of both."""
    _no_python(checkout)
    _no_compiler(checkout)
    done = checkout.set_up()
    assert "sudo apt-get install -y python3 python3-dev python3-venv gcc libc6-dev\n" in done.stderr


def test_a_complete_machine_lacks_nothing(checkout: Checkout) -> None:
    """Looking only makes nothing and finds nothing missing."""
    done = checkout.set_up("--look")
    assert (done.returncode, done.stderr) == (0, "")
    assert not (checkout.folder / ".venv").exists()


def test_a_named_python_is_the_one_that_is_looked_at(checkout: Checkout) -> None:
    """PYTHON overrides the search: one that is not there is not replaced in silence."""
    done = checkout.set_up("--look", PYTHON="python3.99")
    assert "python3.99 is not here" in done.stderr


def test_an_incomplete_newer_python_gives_way(checkout: Checkout) -> None:
    """python3.13 without ensurepip is passed over for a python3 that has everything."""
    _python_that_fails_at(checkout, "ensurepip", name="python3.13")
    assert checkout.set_up("--look").returncode == 0


@pytest.mark.parametrize("port", ["", "0", "65536", "http", "-1", "8080 "])
def test_a_port_is_a_number(checkout: Checkout, port: str) -> None:
    """A PORT that is no port is said to be none."""
    done = checkout.set_up("--look", "--port", port)
    if port:
        assert f"PORT={port} is no number from 1 to 65535" in done.stderr
    else:
        assert done.returncode == 0


def test_a_taken_port_is_said_before_anything_is_made(checkout: Checkout) -> None:
    """A port that somebody listens on is named, with the way to choose another."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = checkout.set_up("--port", str(port))
    assert done.returncode == 1
    assert f"a free port: {port} on 127.0.0.1 is taken" in done.stderr
    assert "make serve PORT=" in done.stderr
    assert not (checkout.folder / ".venv").exists()
