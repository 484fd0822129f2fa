"""Key sets: how they are fetched, what is refused, how long they are kept."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from werkzeug.datastructures import Headers

from builders.certificates import TestAuthority, make_authority
from builders.key_server import KeyServer, key_server
from builders.tokens import BASE, ISSUER, NOW, SERVICE, a_jwk, a_set, a_token, bearer
from exercise_cds.errors import Unauthorized
from exercise_cds.net import Names
from exercise_cds.net.names import system
from exercise_cds.security import guard_of
from exercise_cds.security.key_source import from_file, from_url, may_be_called
from exercise_cds.security.keys import LARGEST_SET, Keys, KeysUnavailable, Patience, read_set
from exercise_cds.settings import Settings


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TestAuthority:
    """Who signed the server's certificate."""
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def server(authority: TestAuthority) -> Iterator[KeyServer]:
    """A server with one key."""
    with key_server(authority.server) as running:
        running.body = a_set(a_jwk())
        yield running


def _fails(server: KeyServer, authority: TestAuthority, **options: float) -> str:
    with pytest.raises(KeysUnavailable) as fault:
        from_url(server.url, names=Names(), ca_file=authority.ca_file, **options)
    return fault.value.reason


def test_a_set_is_fetched_without_anything_of_ours(
    server: KeyServer, authority: TestAuthority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """SEC-06: no cookie, no credentials of a .netrc, no proxy of the environment goes with the fetch."""
    (tmp_path / ".netrc").write_text("machine localhost login user password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    server.headers["Set-Cookie"] = "a=b"
    for _ in range(2):
        assert from_url(server.url, names=Names(), ca_file=authority.ca_file) == server.body
    assert [sorted(asked) for asked in server.asked] == [["Accept", "Accept-Encoding", "Connection", "Host", "User-Agent"]] * 2


def test_redirects_are_not_followed(server: KeyServer, authority: TestAuthority) -> None:
    """SEC-06: a redirect is a failure, wherever it leads."""
    server.status, server.headers["Location"] = 302, server.url
    assert _fails(server, authority) == "status"
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("headers", "status", "reason"),
    [
        ({"Content-Type": "text/html"}, 200, "not-json"),
        ({}, 200, "not-json"),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, 200, "encoded"),
        ({"Content-Type": "application/json"}, 404, "status"),
        ({"Content-Type": "application/json"}, 500, "status"),
    ],
)
def test_other_answers_are_refused(server: KeyServer, authority: TestAuthority, headers: dict[str, str], status: int, reason: str) -> None:
    """SEC-06: only a 200 of JSON, not compressed, is a key set."""
    server.headers, server.status = headers, status
    assert _fails(server, authority) == reason


def test_a_set_over_64_kib_is_refused(server: KeyServer, authority: TestAuthority) -> None:
    """SEC-06: no more than 64 KiB are read."""
    server.body = b" " * (LARGEST_SET + 1)
    assert _fails(server, authority) == "too-large"


@pytest.mark.parametrize("where", ["body", "headers"])
def test_a_dripping_server_is_cut_off(server: KeyServer, authority: TestAuthority, where: str) -> None:
    """SEC-06: the time is for everything: a byte every 50 ms, in the headers or the body, ends with it."""
    server.drip_seconds, server.drip_headers = 0.05, where == "headers"
    began = time.monotonic()
    assert _fails(server, authority, seconds=0.5) == "late"
    assert time.monotonic() - began < 1.5


def test_an_unknown_authority_is_refused(server: KeyServer) -> None:
    """SEC-06, CH-001: without its authority the certificate is nobody's, and nothing is asked."""
    with pytest.raises(KeysUnavailable):
        from_url(server.url, names=Names())
    assert server.asked == []


def test_http_is_refused() -> None:
    """SEC-06: https only."""
    with pytest.raises(KeysUnavailable, match="not-https"):
        from_url("http://localhost/keys", names=Names())


@pytest.mark.parametrize(
    ("address", "may"),
    [
        ("127.0.0.1", True),
        ("10.1.2.3", True),
        ("203.0.113.7", True),
        ("2001:db8::1", True),
        ("169.254.169.254", False),
        ("::ffff:169.254.169.254", False),
        ("fe80::1%eth0", False),
        ("fd00:ec2::254", False),
        ("100.100.100.200", False),
        ("168.63.129.16", False),
        ("0.0.0.0", False),  # noqa: S104 - that it is refused is the test
        ("224.0.0.1", False),
    ],
)
def test_metadata_addresses_are_never_called(address: str, may: bool) -> None:  # noqa: FBT001 - pytest's own
    """SEC-06: link-local and metadata addresses are never called; a private one is the operator's word."""
    assert may_be_called(address) is may


def test_a_name_that_leads_to_metadata_is_not_called(authority: TestAuthority) -> None:
    """SEC-06: what counts is the address, whatever name led there; of a name with two only the one that may be called is."""
    forbidden = (2, 1, 6, "", ("169.254.169.254", 443))
    with key_server(authority.server) as running:
        running.body = a_set(a_jwk())
        port = int(running.url.split(":")[2].split("/")[0])
        with pytest.raises(KeysUnavailable, match="unreachable"):
            from_url(running.url, names=Names(lambda _host, _port: [forbidden]), ca_file=authority.ca_file)
        both = Names(lambda _host, _port: [forbidden, (2, 1, 6, "", ("127.0.0.1", port))])
        assert from_url(running.url, names=both, ca_file=authority.ca_file) == running.body


def test_a_resolver_that_hangs_is_cut_off(server: KeyServer, authority: TestAuthority) -> None:
    """SEC-06: the time is for the look-up of the name, too, and ten fetches wait behind one look-up."""
    gate = threading.Event()
    before = threading.active_count()
    names = Names(lambda host, port: (gate.wait(30), system(host, port))[1])
    for _ in range(10):
        with pytest.raises(KeysUnavailable, match="late"):
            from_url(server.url, names=names, seconds=0.02, ca_file=authority.ca_file)
    assert threading.active_count() <= before + 1
    gate.set()
    assert from_url(server.url, names=names, ca_file=authority.ca_file) == server.body


def test_files_are_bounded_and_may_be_missing(tmp_path: Path) -> None:
    """A key file is read up to 64 KiB; a missing one is a failure, not a stop."""
    large = tmp_path / "large.json"
    large.write_bytes(b" " * (LARGEST_SET + 1))
    for path, reason in ((large, "too-large"), (tmp_path / "no.json", "file")):
        with pytest.raises(KeysUnavailable, match=reason):
            from_file(path)


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"{}", b'{"keys":{}}', b'{"keys":[]}', b'{"keys":[1,{},{"kty":"oct","k":"AA","kid":"a"}]}', b"[" * 50_000]
)
def test_what_is_no_set_is_refused(text: bytes) -> None:
    """CH-136: a text without any usable public key is no set; a shared secret is no public key."""
    with pytest.raises(KeysUnavailable):
        read_set(text)


class _Fetched:
    """A source of keys that counts, and can be gone or slow."""

    def __init__(self) -> None:
        self.body = a_set(a_jwk())
        self.times = 0
        self.gone = False
        self.seconds = 0.0
        self.gate = threading.Event()
        self.gate.set()
        self.counted: Counter[tuple[str, str]] = Counter()

    def __call__(self) -> bytes:
        self.times += 1
        time.sleep(self.seconds)
        assert self.gate.wait(30)
        if self.gone:
            raise KeysUnavailable("unreachable")
        return self.body


class _Tick:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def fetched() -> _Fetched:
    """The source."""
    return _Fetched()


@pytest.fixture
def tick() -> _Tick:
    """A clock that stands still until it is moved."""
    return _Tick()


@pytest.fixture
def keys(fetched: _Fetched, tick: _Tick) -> Keys:
    """A cache of it, prewarmed."""
    keys = Keys(
        fetched, issuer=ISSUER, tick=tick, patience=Patience(wait=5), count=lambda issuer, why: fetched.counted.update([(issuer, why)])
    )
    thread = keys.prewarm()
    assert thread is not None
    thread.join(5)
    return keys


def _eventually(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.005)


def test_a_known_key_asks_nobody(keys: Keys, fetched: _Fetched) -> None:
    """SEC-07: a thousand tokens of a known key cost no fetch beyond the first, which came before any call."""
    for _ in range(1000):
        assert keys.find("k1", "ES384")
    assert fetched.times == 1


def test_unknown_ids_cannot_drive_fetches(keys: Keys, fetched: _Fetched, tick: _Tick) -> None:
    """SEC-07: however many unknown kids come, the set is read again at most once in ten seconds."""
    for number in range(100):
        assert keys.find(f"unknown-{number}", "ES384") is None
    assert fetched.times == 1
    tick.now += 10
    for number in range(100):
        assert keys.find(f"unknown-{number}", "ES384") is None
    assert fetched.times == 2


def test_a_rotated_key_is_found(keys: Keys, fetched: _Fetched, tick: _Tick) -> None:
    """CH-137, SEC-07: a new kid is looked up within the call that brings it, and the old one is gone with its set."""
    fetched.body = a_set(a_jwk("other P-384", kid="k2"))
    tick.now += 11
    assert keys.find("k2", "ES384")
    assert keys.find("k1", "ES384") is None


def test_a_set_is_refreshed_behind_the_calls(keys: Keys, fetched: _Fetched, tick: _Tick) -> None:
    """SEC-07: after five minutes the next call starts a refresh and does not wait for it."""
    fetched.seconds = 0.3
    tick.now += 301
    began = time.monotonic()
    assert keys.find("k1", "ES384")
    assert time.monotonic() - began < 0.2
    _eventually(lambda: fetched.times == 2 and keys.age == 0)


def test_a_stale_key_serves_for_a_day(keys: Keys, fetched: _Fetched, tick: _Tick) -> None:
    """SEC-07: while keys cannot be fetched, known ones serve for 24 hours, and not a second longer."""
    fetched.gone = True
    tick.now += 24 * 3600
    assert keys.find("k1", "ES384")
    tick.now += 1
    assert keys.find("k1", "ES384") is None
    fetched.gone = False
    tick.now += 11
    assert keys.find("k1", "ES384")
    assert fetched.counted[ISSUER, "unreachable"] >= 1
    assert fetched.counted[ISSUER, "obtained"] == 2


def test_a_broken_set_does_not_replace_a_good_one(keys: Keys, fetched: _Fetched, tick: _Tick) -> None:
    """SEC-07: an answer that is no key set leaves the former one in place."""
    fetched.body = b"<html>"
    tick.now += 301
    assert keys.find("unknown", "ES384") is None
    assert keys.find("k1", "ES384")


def test_a_call_waits_no_longer_than_its_deadline(fetched: _Fetched, tick: _Tick) -> None:
    """SEC-05: an unknown key waits for a slow fetch until the call's deadline, then the answer is no; the fetch goes on behind it."""
    fetched.seconds = 0.6
    keys = Keys(fetched, issuer=ISSUER, tick=tick, patience=Patience(wait=0.1))
    began = time.monotonic()
    assert keys.find("k1", "ES384") is None
    assert time.monotonic() - began < 0.4
    _eventually(lambda: keys.find("k1", "ES384") is not None)
    assert fetched.times == 1


def test_strangers_cannot_wait_in_crowds(fetched: _Fetched, tick: _Tick) -> None:
    """SEC-07: of twenty calls with a key that is not known eight wait for the fetch under way, and the others are refused at once."""
    fetched.gate.clear()
    keys = Keys(fetched, issuer=ISSUER, tick=tick, patience=Patience(wait=30))
    with ThreadPoolExecutor(20) as pool:
        calls = [pool.submit(keys.find, "k1", "ES384") for _ in range(20)]
        _eventually(lambda: sum(call.done() for call in calls) == 12)
        assert not any(call.result() for call in calls if call.done())
        fetched.gate.set()
        assert sum(call.result(30) is not None for call in calls) == 8
    assert fetched.times == 1


def test_a_guard_fetches_from_the_configured_address(server: KeyServer, authority: TestAuthority) -> None:
    """SEC-05, SEC-07: end to end over TLS: the first token waits for the set, the second does not ask again, a foreign jku never does."""
    client = {"issuer": ISSUER, "jku": server.url}
    settings = Settings(base_url=BASE, clients=[client], tokens={"key_ca_file": str(authority.ca_file)}, deadline_ms=5000)
    guard = guard_of(settings, clock=lambda: NOW, tick=time.monotonic)
    for _ in range(2):
        assert guard(Headers(bearer(a_token(header={"jku": server.url}))), SERVICE).issuer == ISSUER
    with pytest.raises(Unauthorized):
        guard(Headers(bearer(a_token(header={"jku": server.url + "/other"}))), SERVICE)
    assert len(server.asked) == 1


def test_keys_that_cannot_be_had_are_a_401(server: KeyServer, authority: TestAuthority) -> None:
    """SEC-05: with no key known and none to be had, the token is refused."""
    server.status = 500
    settings = Settings(
        base_url=BASE, clients=[{"issuer": ISSUER, "jku": server.url}], tokens={"key_ca_file": str(authority.ca_file)}, deadline_ms=5000
    )
    guard = guard_of(settings, clock=lambda: NOW, tick=time.monotonic)
    with pytest.raises(Unauthorized, match="Authentication is required") as fault:
        guard(Headers(bearer(a_token())), SERVICE)
    assert fault.value.reason == "unknown-key"
