"""How often may be asked: by client after its token, by address before anything else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from builders.hook_requests import a_request
from builders.stand_in import TinySteward
from builders.tokens import ISSUER, SERVICE, a_token, bearer, trusting
from exercise_cds.errors import TooManyRequests
from exercise_cds.security import guard_of
from exercise_cds.settings import Settings
from exercise_cds.web import create_app
from exercise_cds.web.rates import Addresses, Rate
from web.conftest import NOW, Asked, told


class _Tick:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def tick() -> _Tick:
    """A clock that stands still until it is moved."""
    return _Tick()


def test_a_bucket_empties_and_fills(tick: _Tick) -> None:
    """SEC-33: sixty a minute are sixty at once, then one a second; the refusal says after how many seconds."""
    rate = Rate(60, tick)
    for _ in range(60):
        rate.take("a")
    with pytest.raises(TooManyRequests) as fault:
        rate.take("a")
    assert fault.value.retry_after == 1
    rate.take("b")
    tick.now += 1
    rate.take("a")
    with pytest.raises(TooManyRequests):
        rate.take("a")


def test_being_refused_costs_nothing(tick: _Tick) -> None:
    """Whoever goes on asking while refused is let in as soon as one who waits."""
    rate = Rate(6, tick)
    for _ in range(6):
        rate.take("a")
    for _ in range(10):
        tick.now += 1
        if tick.now < 10:
            with pytest.raises(TooManyRequests):
                rate.take("a")
    rate.take("a")


def test_zero_is_any_number(tick: _Tick) -> None:
    """A rate of 0 counts nothing and keeps nothing."""
    rate = Rate(0, tick)
    for _ in range(1000):
        rate.take("a")
    assert len(rate) == 0


def test_names_are_bounded(tick: _Tick) -> None:
    """SEC-33: however many addresses ask, no more than the bound are remembered."""
    rate = Rate(10, tick, most=100)
    for number in range(1000):
        rate.take(str(number))
    assert len(rate) == 100


@pytest.mark.parametrize(
    ("remote", "forwarded", "expected"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "198.51.100.9", "192.0.2.1"),
        ("10.0.0.7", "198.51.100.9", "198.51.100.9"),
        ("10.0.0.7", "203.0.113.1, 198.51.100.9, 10.0.0.8", "198.51.100.9"),
        ("10.0.0.7", "nonsense", "10.0.0.7"),
        ("10.0.0.7", "", "10.0.0.7"),
        ("::ffff:10.0.0.7", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", "198.51.100.9", ""),
    ],
)
def test_an_address_is_that_of_the_caller(remote: str, forwarded: str, expected: str) -> None:
    """SEC-35: X-Forwarded-For is believed of configured proxies alone, from the right; the rest of it is the caller's own word."""
    environ = {"REMOTE_ADDR": remote, "HTTP_X_FORWARDED_FOR": forwarded}
    assert Addresses(["10.0.0.0/8"]).of(environ) == expected


def test_an_address_is_stopped_before_authentication(open_doors: Callable[..., Asked]) -> None:
    """SEC-33: beyond the rate of an address every path is a 429 with Retry-After, whoever asks; probes of the platform are not counted."""
    asked = open_doors(rates={"address": 3})
    assert [asked.client.get("/cds-services").status_code for _ in range(3)] == [200] * 3
    answer = asked.post(a_request())
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) == 20
    assert told(answer)
    assert asked.client.get("/nowhere").status_code == 429
    assert asked.client.get("/livez").status_code == 200
    elsewhere = asked.client.get("/cds-services", environ_overrides={"REMOTE_ADDR": "192.0.2.7"})
    assert elsewhere.status_code == 200


def test_a_client_is_stopped_after_authentication(tmp_path: Path) -> None:
    """SEC-33: beyond its rate a client is a 429; somebody without a token uses none of it."""
    settings = Settings(**trusting(tmp_path), rates={"client": 2})
    guard = guard_of(settings, clock=lambda: NOW, tick=lambda: 0.0)
    client = create_app(TinySteward(), settings, authenticate=guard, lend=guard.lend).test_client()
    for _ in range(5):
        assert client.post(SERVICE, json=a_request()).status_code == 401
    answers = [client.post(SERVICE, json=a_request(), headers=bearer(a_token(iss=ISSUER))).status_code for _ in range(3)]
    assert answers == [200, 200, 429]


def test_a_configured_page_may_read_the_refusal(open_doors: Callable[..., Asked]) -> None:
    """CH-150: a 429 carries the CORS header like any answer."""
    asked = open_doors(rates={"address": 1}, cors_origins=["https://ehr.example.org"])
    headers = {"Origin": "https://ehr.example.org"}
    assert asked.client.get("/cds-services", headers=headers).status_code == 200
    answer = asked.client.get("/cds-services", headers=headers)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (429, "https://ehr.example.org")
