"""What prefetch lacks comes from the EHR's FHIR server: the same cards, whoever brought the data."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from builders.certificates import make_authority
from builders.ehr import ROOT, TOKEN, Ehr, authorization, shipped, story
from builders.fhir_server import Asked, Line, good
from exercise_cds.cds_service import CdsService
from exercise_cds.errors import DataUnobtainable
from exercise_cds.fhir.access import access_of
from exercise_cds.model.client import ANONYMOUS, Client
from exercise_cds.model.decision import Outcome

STORIES = sorted(path.parent.name for path in (ROOT / "fhir_examples").glob("*/story.yaml"))
WHOLE = [name for name in STORIES if name not in {"conditions-not-sent", "procedures-not-sent"}]


@pytest.mark.parametrize("name", WHOLE)
def test_fetched_data_are_as_good_as_prefetched(ehr: Callable[..., Ehr], name: str) -> None:
    """With nothing prefetched, every story ends as it does with everything prefetched: same outcome, same programs, same rules (CH-058)."""
    it = ehr(story(name), deadline=5.0)
    fetched = it.ask()
    sent = CdsService(shipped()).examine(it.told.request, ANONYMOUS, it.told.now)
    assert fetched.decision == sent.decision
    assert [card["summary"] for card in fetched.composed.cards] == [card["summary"] for card in sent.composed.cards]
    assert it.whys(fetched) == {}


def test_each_lacking_key_is_asked_once_with_the_token(ehr: Callable[..., Ehr]) -> None:
    """Fourteen keys are fourteen GETs, each with the passed token and FHIR's JSON asked for (CH-071, SEC-22)."""
    it = ehr(deadline=5.0)
    it.ask()
    plan = shipped().plans[it.told.request.service]
    assert len(it.server.asked) == len({one.target for one in it.server.asked}) == len(plan.queries)
    for one in it.server.asked:
        assert one.method == "GET"
        assert one.headers["authorization"] == f"Bearer {TOKEN}"
        assert one.headers["accept"] == "application/fhir+json"
        assert one.headers.keys() <= {"host", "accept", "accept-encoding", "user-agent", "authorization"}
    assert it.counted == Counter({"obtained": len(plan.queries)})


def test_what_was_sent_is_not_asked_for(ehr: Callable[..., Ehr]) -> None:
    """Prefetch is per key: what came is used, the rest is fetched; null is an answer, and stays one (CH-053, CH-056)."""
    it = ehr(deadline=5.0)
    request = it.request("patient", "conditions")
    seen = it.ask(prefetch=request.prefetch | {"procedures": b"null"})
    types = Counter(one.type for one in it.server.asked)
    assert not {"Patient", "Condition", "Procedure"}.intersection(types)
    assert types["Observation"] == 8
    assert it.whys(seen) == {}


@pytest.mark.parametrize(
    "text",
    [
        b'{"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}',
        b'"a string"',
        b"[]",
        b'{"resourceType": "Appointment"}',
        b'{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "OperationOutcome", "issue": []}}]}',
    ],
)
def test_what_was_sent_and_is_no_data_is_fetched(ehr: Callable[..., Ehr], text: bytes) -> None:
    """An OperationOutcome or a value of another shape is no answer: the key is asked of the server (CH-054, CH-056)."""
    it = ehr(deadline=5.0)
    seen = it.ask(prefetch=it.told.request.prefetch | {"conditions": text})
    assert [one.type for one in it.server.asked] == ["Condition"]
    assert it.whys(seen) == {}
    assert seen.decision.outcome is Outcome.ADVISED


def test_without_a_token_nobody_is_asked(ehr: Callable[..., Ehr]) -> None:
    """A fhirServer alone is no permission (CH-070): the required Conditions are missing, and the answer is 412 (CH-057)."""
    it = ehr()
    seen = it.ask("patient", fhir_authorization=None)
    assert it.server.lines == 0
    assert seen.unobtainable == ("Condition",)
    assert it.whys(seen)["procedures"] == "procedures were not sent"
    assert it.counted == Counter()


@pytest.mark.parametrize("change", ["https", "port", "path", "deeper", "nothing configured"])
def test_a_server_that_is_not_this_clients_is_not_asked(ehr: Callable[..., Ehr], change: str) -> None:
    """The fhirServer is the caller's word: another scheme, port or path than one of the client's own is no server of ours (SEC-20)."""
    it = ehr()
    base = it.server.base
    other = {
        "https": base.replace("https", "http"),
        "port": base.replace(str(it.server.port), str(it.server.port + 1)),
        "path": base + "2",
        "deeper": f"{base}/x",
        "nothing configured": "",
    }[change]
    seen = it.ask(client=replace(it.client, fhir_servers=frozenset({other} - {""})))
    assert it.server.lines == 0
    assert seen.unobtainable == ("Patient", "Condition")
    assert it.counted == Counter({"unlisted-server": 1})


@pytest.mark.parametrize("written", ["{}/", "{}?x=1", "{}#x", "HTTPS://{host}/fhir", "https://somebody@{host}/fhir"])
def test_the_same_server_written_otherwise_is_asked_as_it_is_configured(ehr: Callable[..., Ehr], written: str) -> None:
    """A slash at the end, capitals, a query or a user in fhirServer change nothing and get no further: the client's own URL is called."""
    it = ehr(deadline=5.0)
    host = it.server.base.removeprefix("https://").removesuffix("/fhir")
    it.ask(fhir_server=written.format(it.server.base, host=host))
    assert {one.headers["host"] for one in it.server.asked} == {host}
    assert all(one.target.startswith("/fhir/") and "x=1" not in one.target for one in it.server.asked)
    assert it.counted["obtained"] == 14


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"expires_in": 0}, "expired"),
        ({"expires_in": -3}, "expired"),
        ({"access_token": ""}, "no-token"),
        ({"access_token": "two words"}, "no-token"),
        ({"access_token": "a\r\nX-Injected: yes"}, "no-token"),
        ({"access_token": "ü"}, "no-token"),
    ],
)
def test_a_token_that_cannot_be_used_is_not(ehr: Callable[..., Ehr], change: dict[str, object], word: str) -> None:
    """An expired token makes no call (CH-074); one that no header can hold is none."""
    it = ehr()
    seen = it.ask(fhir_authorization=authorization(**change))
    assert it.server.lines == 0
    assert seen.unobtainable == ("Patient", "Condition")
    assert it.counted == Counter({word: 1})


@pytest.mark.parametrize("id_", ["..", ".", "...", "a/b", "a?b", "", "x" * 65, "é", "a%2fb"])
def test_an_id_that_is_none_reaches_no_address(ehr: Callable[..., Ehr], id_: str) -> None:
    """Only 1 to 64 letters, digits, hyphens and dots, and never dots alone, are put into an address (SEC-21)."""
    it = ehr()
    seen = it.ask(patient_id=id_)
    assert it.server.lines == 0
    assert seen.unobtainable == ("Patient", "Condition")
    assert it.counted == Counter({"no-address": 14})


def test_connections_are_kept_for_the_next_call(ehr: Callable[..., Ehr]) -> None:
    """A second call finds the first one's connections; one that the server has closed meanwhile is replaced without a loss."""
    it = ehr(deadline=5.0)
    for _ in range(3):
        assert it.ask().decision.outcome is Outcome.ADVISED
    assert it.server.lines <= 16
    it.server.hang_up()
    assert it.ask().decision.outcome is Outcome.ADVISED
    assert it.counted == Counter({"obtained": 56})


def test_a_line_that_closes_under_the_request_is_replaced_once(ehr: Callable[..., Ehr]) -> None:
    """A server that closes an idle connection in the very moment of its next use gets the request again, on a new one."""

    def hangs_up_on_the_second(line: Line, asked: Asked) -> None:
        if [one.line for one in line.server.asked].count(asked.line) == 2:
            line.reset()
        else:
            good(line, asked)

    it = ehr(deadline=5.0, plays={"Condition": hangs_up_on_the_second})
    for _ in range(3):
        assert it.whys(it.ask(*set(it.told.request.prefetch) - {"conditions"})) == {}
    assert [one.line for one in it.server.asked] == [1, 1, 2, 2, 3]


def test_nothing_of_the_environment_reaches_the_call(ehr: Callable[..., Ehr], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A .netrc for the very host does not replace the bearer, and proxies of the environment are not used unless the site says so."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    it = ehr(deadline=5.0)
    assert it.ask().decision.outcome is Outcome.ADVISED
    assert {one.headers["authorization"] for one in it.server.asked} == {f"Bearer {TOKEN}"}
    through = ehr(environment_proxies=True, deadline=5.0)
    assert through.ask().unobtainable == ("Patient", "Condition")
    assert through.counted == Counter({"unreachable": 14})


def test_cookies_are_not_kept(ehr: Callable[..., Ehr]) -> None:
    """A server that sets cookies does not get them back."""

    def with_cookies(line: Line, _asked: Asked) -> None:
        line.json({"resourceType": "Bundle", "type": "searchset"}, set_cookie="session=patient-1; Path=/")

    it = ehr(deadline=5.0, plays={"Condition": with_cookies})
    for _ in range(2):
        it.ask()
    assert not [one for one in it.server.asked if "cookie" in one.headers]


def test_a_certificate_of_another_authority_is_not_trusted(ehr: Callable[..., Ehr]) -> None:
    """Without the site's own authority a certificate that it signed is refused, and no token is sent."""
    it = ehr(ca_file=None, deadline=5.0)
    assert it.ask().unobtainable == ("Patient", "Condition")
    assert it.server.asked == []
    assert it.counted == Counter({"unreachable": 14})


def test_a_certificate_for_another_name_is_not_trusted(ehr: Callable[..., Ehr], tmp_path: Path) -> None:
    """The certificate must name the host that is called."""
    other = make_authority(tmp_path, "somewhere.example.org")
    it = ehr(ca_file=other.ca_file, tls=other.server, deadline=5.0)
    assert it.ask().unobtainable == ("Patient", "Condition")
    assert it.server.asked == []


def test_somebody_elses_chart_is_not_asked_for_twice(ehr: Callable[..., Ehr]) -> None:
    """A user that is a patient gets no cards, and no query is made for them (CH-042)."""
    it = ehr()
    seen = it.ask(user_id="Patient/example")
    assert seen.decision.outcome is Outcome.NOT_FOR_THIS_USER
    assert it.server.lines == 0


def test_nothing_is_asked_once_the_deadline_is_spent(ehr: Callable[..., Ehr]) -> None:
    """A call whose deadline went by while its token was looked at asks no FHIR server: 412 for what is required."""
    it = ehr()
    steward = CdsService(shipped(), source=it.source, tick=time.monotonic, fetch_seconds=5.0)
    with pytest.raises(DataUnobtainable):
        steward.respond(it.request(), it.client, it.told.now, spent=5.0)
    assert it.server.lines == 0
    assert it.counted.keys() == {"late"}
    steward.respond(it.request(), it.client, it.told.now, spent=0.0)
    assert it.counted["obtained"] == 14


def test_a_steward_without_a_clock_takes_no_source(ehr: Callable[..., Ehr]) -> None:
    """A clock that stands still would never bring the deadline: such wiring is refused."""
    with pytest.raises(ValueError, match="tick"):
        CdsService(shipped(), source=ehr().source)


def test_the_token_is_in_no_repr(ehr: Callable[..., Ehr]) -> None:
    """Neither the request nor the access shows the token when it is printed (SEC-23)."""
    it = ehr()
    request = it.request()
    assert TOKEN not in repr(request)
    assert TOKEN not in repr(access_of(request, it.client))
    assert TOKEN not in repr(access_of(request, Client("")))
