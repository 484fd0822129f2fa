"""What `tools/set-up` makes, and that what was cut short, changed or moved is made anew."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from builders.tiny_checkout import Checkout, tiny_checkout


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A machine that has everything, and nothing set up."""
    return tiny_checkout(tmp_path)


def _made(checkout: Checkout) -> Checkout:
    done = checkout.set_up()
    assert done.returncode == 0, done.stderr
    assert checkout.is_made
    return checkout


def test_the_second_run_needs_nothing(checkout: Checkout) -> None:
    """Once set up, a run fetches nothing, compiles nothing and says nothing; from then on a changed lock or a moved folder is noticed."""
    _made(checkout)
    assert "-DPyEval_CallObject=PyObject_CallObject" in checkout.installed("built_with.COMPILER")
    shutil.rmtree(checkout.packages)
    checkout.without("cc")
    again = checkout.set_up()
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")

    checkout.packages.mkdir()
    checkout.command("cc", f'exec {shutil.which("cc")} "$@"')
    _repack(checkout)
    checkout.lock("1.1")
    _made(checkout)
    assert checkout.installed("tiny_tool.VERSION") == "1.1"

    moved = Checkout(checkout.folder.with_name("elsewhere"), checkout.commands, checkout.packages, checkout.environment)
    checkout.folder.rename(moved.folder)
    checkout.without("cc")  # the wheel was kept, and moved along
    assert moved.set_up("--look").returncode == 0
    _made(moved)
    assert moved.installed("tiny_tool.__file__").startswith(str(moved.folder))


def _repack(checkout: Checkout) -> None:
    """The packages again, as an index would still have them."""
    fresh = tiny_checkout(checkout.folder.with_name("fresh"))
    for file in fresh.packages.iterdir():
        shutil.copy(file, checkout.packages)
    shutil.copy(fresh.folder / "requirements" / "dev.txt", checkout.folder / "requirements")


def test_a_kept_wheel_is_used_only_unchanged(checkout: Checkout) -> None:
    """A wheel in the cache that is not the one that was built is not installed: a compiler is asked for instead."""
    _made(checkout)
    shutil.rmtree(checkout.folder / ".venv")
    checkout.without("cc")
    assert checkout.set_up("--look").returncode == 0
    (wheel,) = checkout.folder.glob(".cache/wheels/*/*.whl")
    wheel.write_bytes(wheel.read_bytes() + b" ")
    assert "a C compiler that links" in checkout.set_up("--look").stderr


def test_what_was_cut_short_is_made_anew(checkout: Checkout) -> None:
    """Killed in the middle of compiling, the set-up leaves no stamp, and the next run starts again and ends well."""
    waiting = checkout.folder.parent / "compiling"
    real = (checkout.commands / "cc").read_text(encoding="utf-8").splitlines()[1]
    checkout.command("cc", f'case "$*" in *tiny.c*) touch {waiting}; exec sleep 60 ;; esac\n{real}')
    running = subprocess.Popen(
        [checkout.folder / "tools" / "set-up"], env=checkout.environment, stderr=subprocess.DEVNULL, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while not waiting.exists():
        assert running.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    assert not checkout.is_made
    checkout.command("cc", real)
    _made(checkout)


def test_a_failed_download_is_a_sentence(checkout: Checkout) -> None:
    """A package that cannot be had, or has another hash than the lock says, stops the set-up with a sentence and no stamp."""
    lock = checkout.folder / "requirements" / "dev.txt"
    lock.write_text(lock.read_text(encoding="utf-8").rsplit(":", 1)[0] + ":" + "0" * 64 + "\n", encoding="utf-8")
    done = checkout.set_up()
    assert done.returncode == 1
    assert "exercise-cds: pip install failed (its message is above)" in done.stderr
    assert not checkout.is_made


def test_a_folder_that_is_somebody_elses_is_left_alone(checkout: Checkout) -> None:
    """A .venv that this set-up did not make is not removed."""
    theirs = checkout.folder / ".venv" / "precious.txt"
    theirs.parent.mkdir()
    theirs.write_text("keep me", encoding="utf-8")
    done = checkout.set_up()
    assert done.returncode == 1
    assert "was not made by this set-up, so it is left alone" in done.stderr
    assert theirs.read_text(encoding="utf-8") == "keep me"


def test_two_at_once_make_it_once(checkout: Checkout) -> None:
    """`make serve` and `make test` started together both end well, and only one of them works."""
    both = [
        subprocess.Popen([checkout.folder / "tools" / "set-up"], env=checkout.environment, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=120)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert "".join(said).count("setting up .venv") == 1
    assert checkout.is_made
