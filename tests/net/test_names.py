"""Names are looked up with a limit of time, and a resolver that hangs costs one thread for each name, not one for each call."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from exercise_cds.net import Address, Names
from exercise_cds.net.names import system

FOUND: list[Address] = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 443))]
LONG = 10.0
"""Seconds that no test comes near."""


class Resolver:
    """Answers once its gate is open; counts what it was asked, and how many ask at once."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.asked: list[str] = []
        self.fault: Exception | None = None

    def __call__(self, host: str, port: int) -> list[Address]:
        """As `getaddrinfo`."""
        self.asked.append(host)
        assert self.gate.wait(30)
        if self.fault is not None:
            raise self.fault
        return [(*one[:4], (one[4][0], port)) for one in FOUND]


class Tick:
    """A clock that stands still until it is moved."""

    now = 1000.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


@pytest.fixture
def resolver() -> Iterator[Resolver]:
    """Hangs until its gate is opened; at the end it always is."""
    made = Resolver()
    yield made
    made.gate.set()


def _waiting() -> int:
    return sum(thread.name == "names" for thread in threading.enumerate())


def test_a_resolver_that_hangs_piles_up_no_threads(resolver: Resolver) -> None:
    """Two hundred callers of three names all hear in time that there is no answer, behind three threads; once it comes, the next has it."""
    names = Names(resolver)
    before = _waiting()

    def call(number: int) -> str:
        with pytest.raises(TimeoutError):
            names.addresses(f"fhir{number % 3}.example", 443, 0.01)
        return "late"

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(call, range(200))) == ["late"] * 200
    assert _waiting() == before + 3
    assert sorted(resolver.asked) == ["fhir0.example", "fhir1.example", "fhir2.example"]
    resolver.gate.set()
    assert names.addresses("fhir0.example", 443, LONG) == FOUND
    assert len(resolver.asked) == 3


def test_so_many_names_at_once_and_no_more(resolver: Resolver) -> None:
    """Where as many names hang as may be looked up, a further one is refused at once; a name that is under way is waited for."""
    names = Names(resolver, most=2)
    for host in ("a.example", "b.example"):
        with pytest.raises(TimeoutError):
            names.addresses(host, 443, 0)
    with pytest.raises(OSError, match="too many names"):
        names.addresses("c.example", 443, LONG)
    with pytest.raises(TimeoutError):
        names.addresses("a.example", 443, 0)
    resolver.gate.set()
    assert names.addresses("a.example", 443, LONG) == names.addresses("b.example", 443, LONG) == FOUND
    assert names.addresses("c.example", 443, LONG) == FOUND


def test_an_answer_is_believed_for_moments(resolver: Resolver) -> None:
    """Within five seconds a name is not asked for again; after them it is, since it may have moved."""
    tick = Tick()
    resolver.gate.set()
    names = Names(resolver, tick=tick)
    for _ in range(3):
        assert names.addresses("a.example", 8443, LONG)[0][4] == ("192.0.2.1", 8443)
    assert len(resolver.asked) == 1
    tick.now += 5
    assert names.addresses("a.example", 8443, LONG)
    assert len(resolver.asked) == 2


def test_a_failure_is_not_remembered(resolver: Resolver) -> None:
    """A name that could not be found is asked for again by the next caller, and what rises says nothing but that."""
    resolver.gate.set()
    names = Names(resolver)
    for fault in (socket.gaierror(-2, "Name or service not known"), UnicodeError("label too long")):
        resolver.fault = fault
        with pytest.raises(OSError, match=type(fault).__name__):
            names.addresses("a.example", 443, LONG)
    resolver.fault = None
    assert names.addresses("a.example", 443, LONG) == FOUND


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "fe80::1%lo"])
def test_an_address_needs_no_look_up(host: str) -> None:
    """What is an address already takes no thread."""
    before = _waiting()
    assert Names().addresses(host, 443, 0)[0][4][1] == 443
    assert _waiting() == before


def test_the_systems_resolver_answers() -> None:
    """The name localhost is found, as the system finds it."""
    assert Names().addresses("localhost", 443, LONG) == system("localhost", 443)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # Python 3.12 warns of just what is tried here
def test_a_fork_asks_anew(resolver: Resolver) -> None:
    """A process forked while a look-up hung does not wait for a thread that it does not have."""
    names = Names(resolver)
    with pytest.raises(TimeoutError):
        names.addresses("a.example", 443, 0)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        resolver.gate.set()
        os.write(write, b"found" if names.addresses("a.example", 443, LONG) == FOUND else b"wrong")
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as told:
        assert told.read() == b"found"
    assert os.waitpid(child, 0)[1] == 0
