"""Whatever a FHIR server does: every failing, slow and lying one has its words, in time, and none is taken for "nothing there"."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from builders.bad_servers import FOREIGN_NEXT, LATE, NOT_WHOLE, NOTHING_TO_USE, UNREACHABLE, UNREADABLE
from builders.ehr import SAFE, TOKEN, Ehr
from builders.fhir_server import Asked, Line, Play, good, outcome
from exercise_cds.fhir.fetch import FetchLimits
from exercise_cds.model.decision import Outcome
from exercise_cds.model.facts import Cause
from exercise_cds.net import Address, Names
from exercise_cds.net.names import system

DEADLINE = 0.3
AMPLE = 3.0
"""A deadline for what does not end with it, so that a busy machine does not make it late."""
SMALL = FetchLimits(pages=4, entries=50, bytes=2 * 1024 * 1024)


def asked_of(it: Ehr) -> dict[str, bytes]:
    """Everything prefetched but the conditions."""
    return {key: text for key, text in it.told.request.prefetch.items() if key != "conditions"}


@pytest.mark.parametrize("name", NOTHING_TO_USE)
def test_a_failing_server_has_its_own_words(ehr: Callable[..., Ehr], name: str) -> None:
    """Each way to fail leaves the key not obtained, says why on the card, and is answered 412 since Condition is required (CH-057).

    Among them are bodies without an end, a gigabyte in a megabyte, and answers that drip: bytes and time have limits (SEC-22).
    """
    play, words = NOTHING_TO_USE[name]
    it = ehr(deadline=DEADLINE if words == LATE else AMPLE, limits=SMALL, plays={"Condition": play})
    seen = it.ask_in_time(prefetch=asked_of(it))
    assert it.whys(seen) == {"conditions": f"conditions {words}"}
    assert seen.unobtainable == ("Condition",)
    assert seen.decision.outcome is Outcome.DATA_UNOBTAINABLE
    assert len(it.counted) == 1
    assert it.counted["obtained"] == 0


@pytest.mark.parametrize("name", NOT_WHOLE)
def test_a_lying_server_is_not_believed(ehr: Callable[..., Ehr], name: str) -> None:
    """What is another patient's, and what lies behind a next link that is not followed, leaves the key not fully obtained."""
    play, words = NOT_WHOLE[name]
    it = ehr(deadline=AMPLE, limits=SMALL, plays={"Procedure": play, "Condition": good})
    it.server.plays[""] = play
    prefetch = {key: text for key, text in it.told.request.prefetch.items() if key != "procedures"}
    seen = it.ask(prefetch=prefetch)
    assert it.whys(seen) == {"procedures": f"procedures {words}"}
    assert not seen.unobtainable
    assert len(it.server.asked) <= SMALL.pages


@pytest.mark.parametrize("name", FOREIGN_NEXT)
def test_no_token_leaves_the_server(ehr: Callable[..., Ehr], name: str) -> None:
    """A next link to anywhere else is not called at all, with or without the token (SEC-21)."""
    it = ehr(deadline=AMPLE, plays={"Procedure": NOT_WHOLE[f"next is {name}"][0]})
    it.ask(prefetch={key: text for key, text in it.told.request.prefetch.items() if key != "procedures"})
    assert [one.target for one in it.server.asked] == ["/fhir/Procedure?patient=example&_count=200"]


def _ignores(client: socket.socket) -> None:
    """Takes the connection and says nothing, not even TLS."""
    client.settimeout(30)
    while client.recv(65536):
        pass


def _handshake_in_drips(client: socket.socket) -> None:
    """The head of a TLS record of 16 KiB, and then a byte of it every 100 ms."""
    client.recv(65536)
    client.sendall(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc")
    while True:
        client.sendall(b"\x00")
        time.sleep(0.1)


def _no_tls(client: socket.socket) -> None:
    client.recv(65536)
    client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@pytest.mark.parametrize(("greet", "words"), [(_ignores, LATE), (_handshake_in_drips, LATE), (_no_tls, UNREACHABLE)])
def test_a_handshake_is_under_the_deadline_too(ehr: Callable[..., Ehr], greet: Callable[[socket.socket], None], words: str) -> None:
    """A server that never ends its TLS handshake costs no more time than any other."""
    it = ehr(deadline=DEADLINE, greet=greet)
    seen = it.ask_in_time(prefetch=asked_of(it))
    assert it.whys(seen) == {"conditions": f"conditions {words}"}


def test_nobody_listens(ehr: Callable[..., Ehr]) -> None:
    """A server that is down is told from one that is slow."""
    it = ehr(deadline=AMPLE)
    it.server.stop()
    seen = it.ask(prefetch=asked_of(it))
    assert it.whys(seen) == {"conditions": f"conditions {UNREACHABLE}"}


def test_an_address_that_swallows_everything(ehr: Callable[..., Ehr]) -> None:
    """Where not even a connection comes about, the deadline is kept: a door whose waiting room is full takes no more connections."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen(0)
        base = f"https://127.0.0.1:{door.getsockname()[1]}/fhir"
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(door.getsockname())
        it = ehr(deadline=DEADLINE)
        seen = it.ask_in_time(prefetch=asked_of(it), fhir_server=base, client=replace(it.client, fhir_servers=frozenset({base})))
        for one in waiting:
            one.close()
    assert it.whys(seen) == {"conditions": f"conditions {LATE}"}


def test_a_resolver_that_hangs(ehr: Callable[..., Ehr]) -> None:
    """The look-up of the server's name is under the deadline, too: fourteen queries wait behind one look-up, no longer than they may."""
    gate = threading.Event()
    asked: list[str] = []

    def hangs(host: str, port: int) -> list[Address]:
        asked.append(host)
        gate.wait(30)
        return system(host, port)

    it = ehr(deadline=DEADLINE, names=Names(hangs))
    base = f"https://localhost:{it.server.base.rpartition(':')[2]}"
    client = replace(it.client, fhir_servers=frozenset({base}))
    for _ in range(3):
        seen = it.ask_in_time(prefetch={}, fhir_server=base, client=client)
        assert seen.unobtainable
    assert it.counted.keys() == {"late"}
    assert asked == ["localhost"]
    gate.set()


DRIPS = [name for name, (_, words) in NOTHING_TO_USE.items() if words == LATE]


@pytest.mark.parametrize("name", DRIPS)
def test_a_slow_server_keeps_no_thread(ehr: Callable[..., Ehr], name: str) -> None:
    """100 ms after the deadline every thread of the pool is free: four threads serve four slow queries a call, call after call."""
    play = NOTHING_TO_USE[name][0]
    slow = dict.fromkeys(("Procedure", "MedicationRequest", "ServiceRequest", "CarePlan"), play)
    it = ehr(deadline=0.15, threads=4, plays=slow)
    observations = {key: text for key, text in it.told.request.prefetch.items() if key.startswith("observations")}
    sent = {key: it.told.request.prefetch[key] for key in ("patient", "conditions")} | observations
    for _ in range(3):
        seen = it.ask_in_time(prefetch=sent)
        assert set(it.whys(seen).values()) == {f"{noun} {LATE}" for noun in ("procedures", "medications", "orders", "care plans")}
        time.sleep(SAFE)
    assert it.counted.keys() == {"late"}


def test_a_full_pool_is_not_obtained(ehr: Callable[..., Ehr]) -> None:
    """Where all threads are busy and as many queries wait, a further one is not obtained at once; one that waits, at the deadline."""
    it = ehr(deadline=DEADLINE, threads=2, plays=dict.fromkeys(("Procedure", "MedicationRequest"), NOTHING_TO_USE["silence for 30 s"][0]))
    sent = {key: it.told.request.prefetch[key] for key in ("patient", "conditions")}
    seen = it.ask(prefetch=sent)
    whys = list(it.whys(seen).values())
    assert len(whys) == 12
    late = it.counted["late"]
    assert late in {2, 3, 4}, "two are worked on; those that wait are as many as came before a thread took the first"
    assert it.counted == {"late": late, "full": 12 - late}
    assert whys[:2] == [f"procedures {LATE}", f"medications {LATE}"]
    assert sum(why.endswith(LATE) for why in whys) == late
    assert sum(why.endswith("could not be asked for, since too much was asked at once") for why in whys) == 12 - late
    it.ask_in_time(prefetch=sent)


def test_what_came_in_time_is_used(ehr: Callable[..., Ehr]) -> None:
    """One slow query does not take the others with it: they are used, and the one is in doubt (law 3)."""
    it = ehr(deadline=AMPLE / 3, plays={"Procedure": NOTHING_TO_USE["silence for 30 s"][0]})
    seen = it.ask()
    assert it.whys(seen) == {"procedures": f"procedures {LATE}"}
    assert it.counted == {"obtained": 13, "late": 1}
    assert any(f"procedures {LATE}" in card.get("detail", "") for card in seen.composed.cards)


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        ({"resourceType": "Patient", "id": "somebody-else", "birthDate": "1980-01-01"}, Cause.FOREIGN),
        ({"resourceType": "Patient", "birthDate": "1980-01-01"}, Cause.FOREIGN),
        ({"resourceType": "Bundle", "type": "searchset"}, Cause.NOT_OBTAINED),
        (outcome("not-found"), Cause.NOT_OBTAINED),
    ],
)
def test_another_person_is_not_the_patient(ehr: Callable[..., Ehr], answer: dict[str, str], cause: Cause) -> None:
    """A read of the patient that brings another person, or none, is not obtained: 412, since Patient is required (SEC-24)."""
    it = ehr(deadline=AMPLE, plays={"Patient": lambda line, _asked: line.json(answer)})
    seen = it.ask(prefetch={key: text for key, text in it.told.request.prefetch.items() if key != "patient"})
    assert seen.unobtainable == ("Patient",)
    assert seen.chart is not None
    assert seen.chart.gaps["patient"].cause is cause


_OURS = '{"resourceType": "Condition", "subject": {"reference": "Patient/example"}'


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ('{"resourceType": "Condition", "id": "a", "id": "b"}', UNREADABLE),
        ('{"resourceType": "Condition", "x": ' + "[" * 10_000 + "]" * 10_000 + "}", UNREADABLE),
        ('{"resourceType": "Condition", "x": ' + "[" * 100 + "]" * 100 + "}", "could not all be read"),
        ('{"resourceType": "Condition", "subject": {"reference": "Patient/example", "reference": "Patient/x"}}', "could not all be read"),
        ('{"resourceType": "Patient", "id": "somebody-else"}', "could not all be read"),
        (_OURS + ', "code": {"text": "back pain", "text": "none"}}', "could not all be read"),
        (_OURS + ', "code": {"text": "low back pain"}, "onsetString": "\\ud800"}', UNREADABLE),
    ],
)
def test_what_is_a_callers_mistake_in_prefetch_is_a_gap_in_what_was_fetched(ehr: Callable[..., Ehr], entry: str, words: str) -> None:
    """The caller gets no 400 for what its FHIR server wrote: the key is in doubt, nothing else."""
    body = f'{{"resourceType":"Bundle","type":"searchset","entry":[{{"resource":{entry}}}]}}'.encode()
    it = ehr(deadline=AMPLE, plays={"Condition": lambda line, _asked: line.body(body)})
    seen = it.ask(prefetch=asked_of(it))
    assert it.whys(seen) == {"conditions": f"conditions {words}"}
    assert not seen.decision.offered


def test_entries_of_all_queries_are_counted_together(ehr: Callable[..., Ehr]) -> None:
    """More entries than the site allows for one answer are not read; a request's own limit is not touched by them."""
    many = [{"resource": {"resourceType": "Condition", "id": f"c{n}", "subject": {"reference": "Patient/example"}}} for n in range(51)]
    it = ehr(
        deadline=AMPLE, limits=SMALL, plays={"Condition": lambda line, _: line.json({"resourceType": "Bundle", "type": "x", "entry": many})}
    )
    seen = it.ask(prefetch=asked_of(it))
    assert it.whys(seen) == {"conditions": "conditions were too many to be read"}


def test_nothing_that_failed_names_the_token(ehr: Callable[..., Ehr], capsys: pytest.CaptureFixture[str]) -> None:
    """No fault, and nothing that was printed or logged while failing, holds the token or the patient's id (SEC-23)."""
    for play in (NOTHING_TO_USE["a reset"][0], NOTHING_TO_USE["another protocol"][0], NOTHING_TO_USE["gzip that is none"][0]):
        it = ehr(deadline=AMPLE, plays={"Condition": play})
        seen = it.ask(prefetch=asked_of(it))
        assert TOKEN not in repr(seen)
    told = capsys.readouterr()
    assert TOKEN not in told.out + told.err


def _twice(first: Play, then: Play) -> Play:
    return lambda line, asked: (first if "_start" not in asked.target else then)(line, asked)


@pytest.mark.parametrize("name", NOTHING_TO_USE)
def test_a_page_that_fails_leaves_the_pages_before_it(ehr: Callable[..., Ehr], name: str) -> None:
    """The first page is used, and the key stays incomplete, whatever happens to the second (CH-055)."""
    it = ehr(deadline=DEADLINE if NOTHING_TO_USE[name][1] == LATE else AMPLE, limits=SMALL, page=1)
    it.server.plays["Condition"] = _twice(good, NOTHING_TO_USE[name][0])
    extra = {"resourceType": "Condition", "id": "more", "subject": {"reference": "Patient/example"}}
    it.server.resources = (*it.told.resources, extra)
    seen = it.ask_in_time(prefetch=asked_of(it))
    assert it.whys(seen) == {"conditions": "conditions were not all sent"}
    assert not seen.unobtainable
    assert seen.chart is not None
    assert any(entry.type == "Condition" for entries in seen.chart.entries.values() for entry in entries)


def test_lines_of_bad_answers_are_not_used_again(ehr: Callable[..., Ehr]) -> None:
    """A connection on which something went wrong is closed: what is still in it can never be read as the answer to somebody else."""

    def two_answers(line: Line, asked: Asked) -> None:
        line.head(500, content_length="5")
        line.raw(b"nope!")
        good(line, asked)

    it = ehr(deadline=AMPLE, plays={"Condition": two_answers})
    for _ in range(3):
        assert it.ask(prefetch=asked_of(it)).unobtainable == ("Condition",)
    assert [one.line for one in it.server.asked] == [1, 2, 3]
