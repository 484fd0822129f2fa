"""The matrix of tokens: which are let in, and with which reason each other is refused. The caller hears nothing but 401."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import Headers

from builders.tokens import (
    BASE,
    DISCOVERY,
    FEEDBACK,
    GONE,
    ISSUER,
    NOW,
    SERVICE,
    a_jwk,
    a_key,
    a_token,
    bearer,
    claims,
    part,
    sealed,
    trusting,
)
from exercise_cds.errors import Unauthorized
from exercise_cds.model.client import Client, Mode
from exercise_cds.security import REASONS, Guard, guard_of
from exercise_cds.settings import Settings, UnusableSettings

AT = int(NOW.timestamp())


def _guard(folder: Path, **changes: Any) -> Guard:
    return guard_of(Settings(**trusting(folder, **changes)), clock=lambda: NOW, tick=time.monotonic)


@pytest.fixture
def guard(tmp_path: Path) -> Guard:
    """A guard that trusts one EHR with one key on P-384."""
    return _guard(tmp_path)


def _enter(guard: Guard, token: str, path: str = SERVICE) -> Client:
    return guard(Headers(bearer(token)), path)


def _refused(guard: Guard, token: str, path: str = SERVICE) -> str:
    with pytest.raises(Unauthorized) as fault:
        _enter(guard, token, path)
    assert fault.value.reason in REASONS
    assert fault.value.sentence == "Authentication is required."
    return fault.value.reason


def test_a_good_token_is_the_configured_client(tmp_path: Path) -> None:
    """CH-131, SEC-02: what goes further of a caller is its configuration and its tenant, and nothing else of the token."""
    guard = _guard(
        tmp_path,
        time_zone="America/Chicago",
        mode="silent",
        services=["low-back-pain-exercise"],
        fhir_servers=["https://ehr.example.org/fhir"],
    )
    assert _enter(guard, a_token(tenant="north")) == Client(
        issuer=ISSUER,
        tenant="north",
        zone=ZoneInfo("America/Chicago"),
        fhir_servers=frozenset({"https://ehr.example.org/fhir"}),
        services=frozenset({"low-back-pain-exercise"}),
        mode=Mode.SILENT,
    )


GOOD: list[tuple[str, Callable[[], str]]] = [
    ("CH-133: aud as a list with ours in it", lambda: a_token(aud=["https://elsewhere.example", BASE + SERVICE])),
    ("typ in small letters", lambda: a_token(header={"typ": "jwt"})),
    ("SEC-09: expired within the leeway", lambda: a_token(iat=AT - 300, exp=AT - 59)),
    ("SEC-09: issued in the future within the leeway", lambda: a_token(iat=AT + 59, exp=AT + 200)),
    ("SEC-09: nbf in the future within the leeway", lambda: a_token(nbf=AT + 59)),
    ("nbf five minutes before iat, life of 15 minutes", lambda: a_token(nbf=AT - 300, exp=AT + 900)),
    ("SEC-09: the longest life", lambda: a_token(iat=AT - 1800, exp=AT + 1800)),
    ("times with fractions", lambda: a_token(iat=AT + 0.5, exp=AT + 299.5)),
    ("unknown claims", lambda: a_token(sub="client", extra={"a": [1]})),
    (
        "SEC-04: an embedded key is ignored",
        lambda: a_token(header={"jwk": a_jwk("other P-384"), "x5c": ["AAAA"], "x5u": "https://evil.example"}),
    ),
    ("a jku where the keys are pinned", lambda: a_token(header={"jku": "https://ehr.example.org/keys"})),
]


@pytest.mark.parametrize(("claim", "token"), GOOD, ids=[claim for claim, _ in GOOD])
def test_good_tokens_enter(guard: Guard, claim: str, token: Callable[[], str]) -> None:
    """CH-132, CH-133: tokens as EHRs are known to make them are accepted."""
    assert _enter(guard, token()).issuer == ISSUER, claim


def _raw(payload: bytes) -> str:
    return f"{part(json.dumps(HEADER).encode())}.{part(payload)}.AAAA"


HEADER = {"alg": "ES384", "typ": "JWT", "kid": "k1"}
BAD: list[tuple[str, str, Callable[[], str]]] = [
    ("CH-136: alg none", "malformed", lambda: a_token(algorithm="none")),
    ("CH-136: alg none with a signature", "algorithm", lambda: a_token(header={"alg": "none"})),
    ("CH-136: HS384 with the public key as secret", "algorithm", lambda: a_token(algorithm="HS384")),
    ("SEC-03: an algorithm that the client may not use", "algorithm", lambda: a_token(key="RSA-2048", algorithm="RS256")),
    ("SEC-03: RS384 said, signed with the key of ES384", "algorithm", lambda: a_token(header={"alg": "RS384"})),
    ("SEC-03: alg of a wrong kind", "algorithm", lambda: a_token(header={"alg": ["ES384"]})),
    ("SEC-04: crit", "crit", lambda: a_token(header={"crit": ["exp"]})),
    ("SEC-04: crit of an extension that libraries know", "crit", lambda: a_token(header={"crit": ["b64"], "b64": True})),
    ("SEC-04: empty crit", "crit", lambda: a_token(header={"crit": []})),
    ("CH-132: no typ", "typ", lambda: a_token(header={"typ": GONE})),
    ("CH-132: another typ", "typ", lambda: a_token(header={"typ": "at+jwt"})),
    ("CH-132: no kid", "kid", lambda: a_token(header={"kid": GONE})),
    ("CH-132: empty kid", "kid", lambda: a_token(header={"kid": ""})),
    ("an unknown kid", "unknown-key", lambda: a_token(header={"kid": "k2"})),
    ("another's key", "signature", lambda: a_token(key="other P-384")),
    ("a key in the header that signed it", "signature", lambda: a_token(key="other P-384", header={"jwk": a_jwk("other P-384")})),
    ("SEC-02: an unknown issuer", "issuer", lambda: a_token(iss="https://evil.example")),
    ("SEC-02: an issuer that differs in its last slash", "issuer", lambda: a_token(iss=ISSUER + "/")),
    ("SEC-02: an issuer in capitals", "issuer", lambda: a_token(iss=ISSUER.upper())),
    ("CH-133: no iss", "claims", lambda: a_token(iss=GONE)),
    ("CH-133: no aud", "claims", lambda: a_token(aud=GONE)),
    ("CH-133: an empty aud", "claims", lambda: a_token(aud=[])),
    ("CH-133: aud with something else in it", "claims", lambda: a_token(aud=[BASE + SERVICE, 1])),
    ("CH-133: no exp", "claims", lambda: a_token(exp=GONE)),
    ("CH-133: no iat", "claims", lambda: a_token(iat=GONE)),
    ("CH-133: no jti", "claims", lambda: a_token(jti=GONE)),
    ("an empty jti", "claims", lambda: a_token(jti="")),
    ("exp as a text", "claims", lambda: a_token(exp=str(AT + 300))),
    ("exp as true", "claims", lambda: a_token(exp=True)),
    ("an exp of 400 digits", "claims", lambda: a_token(exp=10**400)),
    ("a negative iat of 400 digits", "claims", lambda: a_token(iat=-(10**400))),
    ("a tenant that is no text", "claims", lambda: a_token(tenant=7)),
    ("SEC-08: aud of the host alone", "audience", lambda: a_token(aud=BASE)),
    ("SEC-08: aud with a slash at its end", "audience", lambda: a_token(aud=BASE + SERVICE + "/")),
    ("SEC-08: aud of http", "audience", lambda: a_token(aud=(BASE + SERVICE).replace("https", "http"))),
    ("SEC-08: aud of another service", "audience", lambda: a_token(aud=BASE + DISCOVERY + "/other")),
    ("SEC-08: a token for discovery", "audience", lambda: a_token(DISCOVERY)),
    ("SEC-08: a token for feedback", "audience", lambda: a_token(FEEDBACK)),
    ("SEC-09: expired beyond the leeway", "expired", lambda: a_token(iat=AT - 300, exp=AT - 60)),
    ("SEC-09: issued in the future", "issued-later", lambda: a_token(iat=AT + 61, exp=AT + 300)),
    ("SEC-09: nbf in the future", "not-yet", lambda: a_token(nbf=AT + 61)),
    ("SEC-09: a life of an hour and a second", "life", lambda: a_token(iat=AT, exp=AT + 3601)),
    ("SEC-09: a life of years", "life", lambda: a_token(exp=AT + 10**8)),
    ("SEC-09: an end before its beginning", "life", lambda: a_token(iat=AT + 30, exp=AT + 10)),
    ("a header that is a list", "malformed", lambda: sealed(["ES384"], claims())),  # type: ignore[arg-type]
    ("a payload that is a text", "malformed", lambda: sealed(HEADER, "claims")),
    ("a payload of lists in lists", "malformed", lambda: _raw(b"[" * 3000)),
    ("a name twice", "malformed", lambda: _raw(b'{"iss":"a","iss":"b"}')),
    ("bytes that are no UTF-8", "malformed", lambda: _raw(b'{"iss":"\xff"}')),
    ("two parts", "malformed", lambda: a_token().rpartition(".")[0]),
    ("four parts", "malformed", lambda: a_token() + ".AAAA"),
    ("padding", "malformed", lambda: a_token() + "=="),
    ("a signature cut short", "signature", lambda: a_token()[:-8]),
]


@pytest.mark.parametrize(("claim", "reason", "token"), BAD, ids=[claim for claim, _, _ in BAD])
def test_bad_tokens_are_refused(guard: Guard, claim: str, reason: str, token: Callable[[], str]) -> None:
    """CH-130 to CH-140, SEC-01 to SEC-09: each of these is a 401, with its reason for the log alone."""
    assert _refused(guard, token()) == reason, claim


@pytest.mark.parametrize("change", ["header", "payload", "signature"])
def test_a_changed_token_is_refused(guard: Guard, change: str) -> None:
    """A token of which any part was exchanged for another good token's is refused."""
    one, other = a_token(header={"a": 1}).split("."), a_token(header={"a": 2}).split(".")
    place = ["header", "payload", "signature"].index(change)
    assert _refused(guard, ".".join(other[i] if i == place else one[i] for i in range(3))) == "signature"


@pytest.mark.parametrize(
    ("kind", "algorithm", "enters"),
    [
        ("P-384", "ES384", True),
        ("P-256", "ES256", True),
        ("P-256", "ES384", False),
        ("P-384", "ES256", False),
        ("P-521", "ES384", False),
        ("RSA-2048", "RS384", True),
        ("RSA-2048", "PS384", True),
        ("RSA-2048", "RS256", True),
        ("RSA-1024", "RS384", False),
    ],
)
def test_the_key_is_of_the_algorithm(tmp_path: Path, kind: str, algorithm: str, enters: bool) -> None:  # noqa: FBT001 - pytest's own
    """SEC-03: a curve other than the algorithm's own, and RSA under 2,048 bits, are refused, whatever the client's list allows."""
    guard = _guard(tmp_path, jwks=[a_jwk(kind), a_jwk("P-384", kid="other")], algorithms=["ES384", "RS384", "ES256", "RS256", "PS384"])
    header = {"alg": algorithm, "typ": "JWT", "kid": "k1"}
    if enters:
        assert _enter(guard, sealed(header, claims(), kind, algorithm)).issuer == ISSUER
    else:
        assert _refused(guard, f"{sealed(header, claims()).rpartition('.')[0]}.{'A' * 128}") in {"algorithm", "unknown-key"}


def test_es384_and_rs384_alone_are_the_default(tmp_path: Path) -> None:
    """CH-136, SEC-03: ES256, RS256 and PS384 enter only where the client's configuration lists them."""
    guard = _guard(tmp_path, jwks=[a_jwk("P-256"), a_jwk("RSA-2048", kid="k2")])
    assert _refused(guard, a_token(key="P-256", algorithm="ES256")) == "algorithm"
    assert _refused(guard, a_token(key="RSA-2048", algorithm="PS384", header={"kid": "k2"})) == "algorithm"
    assert _enter(guard, a_token(key="RSA-2048", algorithm="RS384", header={"kid": "k2"}))


def test_a_key_is_used_for_what_its_set_says(tmp_path: Path) -> None:
    """SEC-03: `alg` in the set must agree with the header's; a key for encryption signs nothing."""
    guard = _guard(tmp_path, jwks=[a_jwk(kid="enc", use="enc"), a_jwk(kid="k1", alg="ES384"), a_jwk("RSA-2048", kid="k3", alg="PS384")])
    assert _refused(guard, a_token(header={"kid": "enc"})) == "unknown-key"
    assert _refused(guard, a_token(key="RSA-2048", algorithm="RS384", header={"kid": "k3"})) == "algorithm"
    assert _enter(guard, a_token())


def test_two_keys_with_one_id_are_none(tmp_path: Path) -> None:
    """CH-132: a kid is unique in its set; where it is not, nobody is let in by either key."""
    guard = _guard(tmp_path, jwks=[a_jwk(), a_jwk("other P-384")])
    assert _refused(guard, a_token()) == "algorithm"


def test_a_private_key_in_the_set_is_read_as_its_public_half(tmp_path: Path) -> None:
    """A set that shows a private key by mistake still verifies, and the private half is never taken up."""
    numbers = a_key("P-384").private_numbers().private_value
    guard = _guard(tmp_path, jwks=[a_jwk(d=part(numbers.to_bytes(48, "big")))])
    assert _enter(guard, a_token())
    key = guard.clients[ISSUER].keys.find("k1", "ES384")
    assert key is not None
    assert not hasattr(key.key, "private_numbers")


def test_the_jku_is_compared_exactly(tmp_path: Path) -> None:
    """CH-134, CH-137, SEC-05: where a jku is configured, a token may leave it out or name exactly that; nothing near it."""
    guard = _guard(tmp_path, jku="https://ehr.example.org/keys")
    assert _enter(guard, a_token())
    assert _enter(guard, a_token(header={"jku": "https://ehr.example.org/keys"}))
    for near in ("https://ehr.example.org/keys/", "https://ehr.example.org/keys?a", "https://evil.example/keys", "", None, 1):
        assert _refused(guard, a_token(header={"jku": near})) == "jku"


def test_tenants_are_a_list(tmp_path: Path) -> None:
    """CH-134, SEC-11: with a list of tenants only those enter, exactly; without one any does."""
    guard = _guard(tmp_path, tenants=["north"])
    assert _enter(guard, a_token(tenant="north")).tenant == "north"
    for tenant in ("south", "North", "north "):
        assert _refused(guard, a_token(tenant=tenant)) == "tenant"
    assert _refused(guard, a_token()) == "tenant"


def test_each_endpoint_has_its_own_audience(guard: Guard) -> None:
    """CH-024, CH-135, SEC-08: a token enters where it was made for, and nowhere else."""
    for path in (DISCOVERY, SERVICE, FEEDBACK):
        for made_for in (DISCOVERY, SERVICE, FEEDBACK):
            token = a_token(made_for)
            if path == made_for:
                assert _enter(guard, token, path)
            else:
                assert _refused(guard, token, path) == "audience"


def test_aliases_count_for_their_endpoint_only(tmp_path: Path) -> None:
    """SEC-08: what a site typed by hand as `aud` is accepted where the client's configuration lists it."""
    guard = _guard(tmp_path, audiences=["sand_man"], discovery_audiences=["look"], feedback_audiences=["back", BASE + SERVICE])
    for path, alias in ((SERVICE, "sand_man"), (DISCOVERY, "look"), (FEEDBACK, "back"), (FEEDBACK, BASE + SERVICE)):
        assert _enter(guard, a_token(aud=alias), path)
    assert _refused(guard, a_token(aud="sand_man"), FEEDBACK) == "audience"
    assert _refused(guard, a_token(aud="look")) == "audience"


def test_a_listed_service_counts_for_its_own_feedback_only(tmp_path: Path) -> None:
    """SEC-08: the service's audience is accepted for feedback where it is listed, not for another's feedback; discovery's never is."""
    mixed = _guard(tmp_path, feedback_audiences=[BASE + DISCOVERY])
    assert _refused(mixed, a_token(DISCOVERY), FEEDBACK) == "audience"
    guard = _guard(tmp_path, feedback_audiences=[BASE + SERVICE])
    assert _refused(guard, a_token(SERVICE), f"{DISCOVERY}/low-back-pain-orders/feedback") == "audience"


@pytest.mark.parametrize("alias", [BASE + DISCOVERY, BASE + FEEDBACK])
def test_an_alias_that_mixes_endpoints_stops_the_start(tmp_path: Path, alias: str) -> None:
    """SEC-08: an address of the service itself cannot be an alias for its services: a token for discovery would call them."""
    with pytest.raises(UnusableSettings, match="is an address of this service"):
        _guard(tmp_path, audiences=[alias])


def test_the_order_of_looks(guard: Guard) -> None:
    """CH-138: of a token that is wrong in every way, the issuer is looked at first, then audience, times, signature."""
    wrong: dict[str, Any] = {"aud": "x", "exp": AT - 400, "iat": AT - 900}
    assert _refused(guard, a_token(key="other P-384", iss="x", **wrong)) == "issuer"
    assert _refused(guard, a_token(key="other P-384", **wrong)) == "audience"
    assert _refused(guard, a_token(key="other P-384", exp=AT - 400, iat=AT - 900)) == "expired"
    assert _refused(guard, a_token(key="other P-384")) == "signature"


def test_a_token_with_a_bad_signature_uses_nothing(guard: Guard) -> None:
    """SEC-10: whoever guesses a jti cannot use it up: it is remembered after the signature was found good."""
    assert _refused(guard, a_token(key="other P-384", jti="j1")) == "signature"
    assert _enter(guard, a_token(jti="j1"))
    assert _refused(guard, a_token(jti="j1")) == "replayed"


def test_a_replay_is_told_to_the_log_by_name(guard: Guard) -> None:
    """SEC-01, CH-139: the log may have issuer, tenant and jti of a token whose signature was good."""
    token = a_token(jti="j1", tenant="north")
    assert _enter(guard, token)
    with pytest.raises(Unauthorized) as fault:
        _enter(guard, token)
    assert (fault.value.reason, fault.value.issuer, fault.value.tenant, fault.value.jti) == ("replayed", ISSUER, "north", "j1")


def test_a_client_that_reuses_tokens_is_excepted(tmp_path: Path) -> None:
    """SEC-10: a client that is known to send a token again for a retry may, where its configuration says so."""
    guard = _guard(tmp_path, reuses_tokens=True)
    token = a_token()
    assert _enter(guard, token) == _enter(guard, token)


@pytest.mark.parametrize("line", ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer a.b.c.d", "Bearer a b", "Bearer " + "a" * 9000])
def test_other_authorization_is_malformed(guard: Guard, line: str) -> None:
    """CH-131: another scheme, no token, or more than 8 KiB are refused."""
    with pytest.raises(Unauthorized) as fault:
        guard(Headers({"Authorization": line}), SERVICE)
    assert fault.value.reason == "malformed"


def test_no_header_is_no_token(guard: Guard) -> None:
    """CH-130: without a token nobody enters."""
    with pytest.raises(Unauthorized) as fault:
        guard(Headers(), SERVICE)
    assert fault.value.reason == "no-token"


def test_leeway_and_life_are_settings(tmp_path: Path) -> None:
    """CH-140, SEC-09: both can be set; clocks may never differ by more than 120 s."""
    bounds = Settings(**trusting(tmp_path), tokens={"leeway_seconds": 0, "life_seconds": 60})
    guard = guard_of(bounds, clock=lambda: NOW + timedelta(seconds=61), tick=time.monotonic)
    assert _refused(guard, a_token(exp=AT + 60)) == "expired"
    assert _refused(guard, a_token(exp=AT + 90)) == "life"
    with pytest.raises(ValueError, match="leeway_seconds"):
        Settings(tokens={"leeway_seconds": 121})


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"base_url": None}, "base_url is missing"),
        ({"clients": []}, "nobody could call"),
        (
            {"clients": [{"issuer": "a", "jwks_file": "no-such-file"}]},
            "no-such-file is no file with a JWK set of usable public keys (file)",
        ),
    ],
)
def test_what_cannot_work_is_said_at_the_start(tmp_path: Path, change: dict[str, Any], sentence: str) -> None:
    """A start without address, clients or keys stops with a sentence that says what to set."""
    with pytest.raises(UnusableSettings) as fault:
        guard_of(Settings(**{**trusting(tmp_path), **change}), clock=lambda: NOW, tick=time.monotonic)
    assert sentence in str(fault.value)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    header=st.dictionaries(st.sampled_from(["alg", "typ", "kid", "jku", "crit", "jwk", "x"]), _json, max_size=2),
    payload=st.dictionaries(st.sampled_from(["iss", "aud", "exp", "iat", "nbf", "jti", "tenant", "x"]), _json, max_size=2),
)
def test_any_claims_enter_or_are_refused(guard: Guard, header: dict[str, Any], payload: dict[str, Any]) -> None:
    """Whatever stands in a signed token's header and claims, it is a client or a 401, never a fault of ours."""
    token = a_token(header=header, **{**payload, **({} if "jti" in payload else {"jti": str(time.monotonic_ns())})})
    try:
        assert _enter(guard, token).issuer == ISSUER
    except Unauthorized as fault:
        assert fault.reason in REASONS  # noqa: PT017 - both ends are right


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(max_size=60)
    | st.lists(st.binary(max_size=30), min_size=3, max_size=3).map(lambda parts: "Bearer " + ".".join(map(part, parts)))
)
def test_any_authorization_is_refused(guard: Guard, line: str) -> None:
    """Whatever the header holds, it is a 401, never a fault of ours."""
    with pytest.raises(Unauthorized):
        guard(Headers([("Authorization", line.replace("\n", "").replace("\r", ""))]), SERVICE)
