"""The feedback endpoint on a real database: what is stored before 200 is said, what is refused, and that a refused call stores nothing."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as st
from sqlalchemy import select
from werkzeug.test import TestResponse

from builders.stand_in import TinySteward
from builders.tokens import DISCOVERY, FEEDBACK, ISSUER, SERVICE, a_token, bearer, trusting
from exercise_cds.errors import BadRequest, TooLarge
from exercise_cds.records import FeedbackStore, Store, StoreUnreachable, open_store
from exercise_cds.records.schema import feedback as table
from exercise_cds.security import guard_of
from exercise_cds.settings import Settings
from exercise_cds.web import create_app
from exercise_cds.web.feedback import MOST, read_feedback
from web.conftest import NOW, told

CARD = "5c0a8b9e-0000-4000-8000-000000000001"
REASON = {"code": "contraindicated", "system": "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"}


def an_entry(**changes: Any) -> dict[str, Any]:
    """An entry of a card that was overridden."""
    return {"card": CARD, "outcome": "overridden", "outcomeTimestamp": "2026-03-02T11:00:00Z", **changes}


def an_accepted(**changes: Any) -> dict[str, Any]:
    """An entry of a card whose suggestion was accepted."""
    return an_entry(outcome="accepted", acceptedSuggestions=[{"id": "s1"}], **changes)


class Kept:
    """An application with a store, and what is in it."""

    def __init__(self, store: Store, folder: Path, **settings: Any) -> None:
        self.store = store
        self.settings = Settings(**{"authentication": "none", **settings})
        self.folder = folder
        feedback = FeedbackStore(store, keep_comments=self.settings.feedback.keep_comments)
        trust: dict[str, Any] = {}
        if self.settings.authentication == "on":
            guard = guard_of(self.settings, clock=lambda: NOW, tick=time.monotonic)
            trust = {"authenticate": guard, "lend": guard.lend}
        app = create_app(TinySteward(), self.settings, feedback_store=feedback, clock=lambda: NOW, **trust)
        self.metrics = app.extensions["metrics"]
        self.client: FlaskClient = app.test_client()

    def post(self, *entries: Any, whole: Any = None, **options: Any) -> TestResponse:
        """Send a batch."""
        body = {"feedback": list(entries)} if whole is None else whole
        return self.client.post(FEEDBACK, data=json.dumps(body), **{"content_type": "application/json", **options})

    def rows(self) -> list[Any]:
        """What is stored."""
        with self.store.reading() as connection:
            return list(connection.execute(select(table).order_by(table.c.outcome_at)).mappings())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A SQLite file."""
    store = open_store(f"sqlite:///{tmp_path}/records.db", clock=lambda: NOW, lock_wait=0.2)
    yield store
    store.close()


@pytest.fixture
def kept(store: Store, tmp_path: Path) -> Kept:
    """An application without authentication."""
    return Kept(store, tmp_path)


@pytest.fixture
def guarded(store: Store, tmp_path: Path) -> Kept:
    """An application that asks for tokens."""
    return Kept(store, tmp_path, authentication="on", **trusting(tmp_path))


def test_a_batch_is_stored_before_it_is_200(kept: Kept) -> None:
    """CH-127, CH-128: accepted and overridden cards are on disk when the answer is 200, which has no body."""
    answer = kept.post(an_accepted(), an_entry(outcomeTimestamp="2026-03-02T12:30:00+01:00", overrideReason={"reason": REASON}))
    assert (answer.status_code, answer.data) == (200, b"")
    accepted, overridden = kept.rows()
    assert (accepted["outcome"], json.loads(accepted["accepted"]), accepted["service"]) == ("accepted", ["s1"], "low-back-pain-exercise")
    assert (overridden["outcome"], overridden["reason_code"]) == ("overridden", "contraindicated")
    assert overridden["outcome_at"] == datetime(2026, 3, 2, 11, 30, tzinfo=UTC)


def test_repeats_and_any_order_are_kept_once(kept: Kept) -> None:
    """CH-129: the same entry sent again, in another batch and another order, is one row; both answers are 200."""
    one, other = an_entry(), an_entry(card="another-card", outcomeTimestamp="2026-03-01T09:00:00Z")
    assert kept.post(one, other).status_code == 200
    assert kept.post(other, one, one).status_code == 200
    assert len(kept.rows()) == 2


def test_unknown_cards_are_no_mistake(kept: Kept) -> None:
    """CH-129: a card that this service never gave, in whatever spelling, does not fail its batch."""
    assert kept.post(an_entry(card="no-uuid-at-all"), an_entry()).status_code == 200
    assert len(kept.rows()) == 2


@pytest.mark.parametrize(
    "reason",
    [
        None,
        {"reason": REASON},
        {"reason": {**REASON, "display": "No"}},
        {"userComment": "x"},
        {"reason": REASON, "userComment": "x"},
        {"reason": None},
        {},
    ],
)
def test_a_reason_comes_in_many_ways(kept: Kept, reason: Any) -> None:
    """CH-128, CH-129: with or without display, with a comment alone, null or absent: an override is stored."""
    assert kept.post(an_entry(overrideReason=reason)).status_code == 200
    assert len(kept.rows()) == 1


@pytest.mark.parametrize(("keep", "stored"), [(False, None), (True, "Mr Canary prefers walking")])
def test_comments_are_dropped_unless_the_site_says_so(store: Store, tmp_path: Path, keep: bool, stored: str | None) -> None:  # noqa: FBT001 - pytest's own
    """SEC-34: a clinician's free text is not stored, in any form, unless feedback.keep_comments is true."""
    kept = Kept(store, tmp_path, feedback={"keep_comments": keep})
    assert kept.post(an_entry(overrideReason={"userComment": "Mr Canary prefers walking"})).status_code == 200
    (row,) = kept.rows()
    assert row["comment"] == stored
    assert (b"Canary" in b"".join(path.read_bytes() for path in tmp_path.iterdir())) is keep


BAD: list[tuple[Any, str]] = [
    (7, "feedback[1] must be an object."),
    (an_entry(card=None), "feedback[1].card must be the uuid of a card."),
    (an_entry(card=""), "feedback[1].card must be the uuid of a card."),
    (an_entry(card=["a"]), "feedback[1].card must be the uuid of a card."),
    (an_entry(card="x" * 3000), "feedback[1]: texts have at most 2000 characters."),
    (an_entry(outcome="ignored"), "feedback[1].outcome must be accepted or overridden."),
    (an_entry(outcome=None), "feedback[1].outcome must be accepted or overridden."),
    (an_entry(outcome=["accepted"]), "feedback[1].outcome must be accepted or overridden."),
    (an_entry(outcome="accepted"), "feedback[1].acceptedSuggestions must list the accepted suggestions, each with its id."),
    (
        an_entry(outcome="accepted", acceptedSuggestions=[]),
        "feedback[1].acceptedSuggestions must list the accepted suggestions, each with its id.",
    ),
    (an_entry(outcome="accepted", acceptedSuggestions=[{}]), "feedback[1].acceptedSuggestions[0].id must be the uuid of a suggestion."),
    (an_entry(overrideReason="no"), "feedback[1].overrideReason must be an object."),
    (an_entry(overrideReason={"reason": "no"}), "feedback[1].overrideReason.reason must be an object."),
    (an_entry(overrideReason={"reason": {"code": "a"}}), "feedback[1].overrideReason.reason.system must be the system of the code."),
    (an_entry(overrideReason={"reason": {"system": "a"}}), "feedback[1].overrideReason.reason.code must be the code of a reason."),
    (an_entry(overrideReason={"userComment": 7}), "feedback[1].overrideReason.userComment must be a text."),
]
TIMES = [
    None,
    7,
    "",
    "yesterday",
    "2026-03-02",
    "2026-03-02T11:00:00",
    "2026-02-30T11:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "2026-03-02T11:00:00+99:00",
]


@pytest.mark.parametrize(("entry", "sentence"), BAD, ids=[sentence for _, sentence in BAD])
def test_a_malformed_entry_refuses_its_batch(kept: Kept, entry: Any, sentence: str) -> None:
    """CH-128: the answer is 400 with the index and what to change, and nothing of the batch is stored."""
    answer = kept.post(an_entry(), entry)
    assert answer.status_code == 400
    assert told(answer) == sentence
    assert kept.rows() == []


@pytest.mark.parametrize("text", TIMES)
def test_a_time_without_an_offset_is_malformed(kept: Kept, text: Any) -> None:
    """CH-128: outcomeTimestamp is RFC 3339; what is no such time is a 400 with an example."""
    answer = kept.post(an_entry(outcomeTimestamp=text))
    assert told(answer) == "feedback[0].outcomeTimestamp must be a time with an offset, such as 2026-03-02T12:00:00Z."


@pytest.mark.parametrize("whole", [[], 7, {}, {"feedback": {}}, {"feedback": None}, {"cards": []}])
def test_a_body_of_another_shape_is_malformed(kept: Kept, whole: Any) -> None:
    """CH-128: the body is an object with an array `feedback`."""
    assert kept.post(whole=whole).status_code == 400


def test_an_empty_batch_is_fine(kept: Kept) -> None:
    """A client with nothing to report may say so."""
    assert kept.post().status_code == 200


def test_extra_fields_are_passed_over(kept: Kept) -> None:
    """CH-037: fields that we do not know, in the batch and in its entries, do no harm."""
    assert kept.post(whole={"feedback": [an_entry(extension={"a": 1}, cardUuid="x")], "extension": {}}).status_code == 200


def test_a_batch_is_bounded() -> None:
    """A batch of more than a thousand entries is refused with what to do."""
    body = json.dumps({"feedback": [an_entry()] * (MOST + 1)}).encode()
    with pytest.raises(TooLarge, match="send them in several calls"):
        read_feedback(body, depth=64, keep_comments=False)


def test_an_unknown_service_has_no_feedback(kept: Kept) -> None:
    """CH-032: feedback of a service that is not served is a 404."""
    answer = kept.client.post(f"{DISCOVERY}/no-such-service/feedback", json={"feedback": []})
    assert answer.status_code == 404


@pytest.mark.parametrize(("options", "status"), [({"content_type": "text/plain"}, 415), ({"headers": {"Content-Encoding": "gzip"}}, 415)])
def test_the_door_is_the_same_as_for_calls(kept: Kept, options: dict[str, Any], status: int) -> None:
    """CH-006, CH-082: media type and encoding are looked at as for any call."""
    assert kept.post(an_entry(), **options).status_code == status


def test_other_methods_are_refused(kept: Kept) -> None:
    """CH-082: feedback takes POST alone."""
    answer = kept.client.get(FEEDBACK)
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_without_the_endpoint_it_is_not_there() -> None:
    """CH-127: where feedback is not offered, its path is a 404."""
    app = create_app(TinySteward(), Settings(authentication="none"))
    assert app.test_client().post(FEEDBACK, json={"feedback": []}).status_code == 404


def test_feedback_needs_its_own_token(guarded: Kept) -> None:
    """CH-131, CH-135, SEC-08, SEC-12: without a token, or with one for the service, feedback is a 401 and nothing is stored."""
    for headers in ({}, bearer(a_token(SERVICE)), bearer(a_token(DISCOVERY))):
        answer = guarded.post(an_entry(), headers=headers)
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert guarded.rows() == []
    assert guarded.post(an_entry(), headers=bearer(a_token(FEEDBACK))).status_code == 200
    assert [row["issuer"] for row in guarded.rows()] == [ISSUER]


def test_the_services_token_works_where_it_is_listed(store: Store, tmp_path: Path) -> None:
    """CH-135, SEC-08: a client that is known to send the service's audience is accepted where its configuration lists it."""
    guarded = Kept(store, tmp_path, authentication="on", **trusting(tmp_path, feedback_audiences=["https://cds.example.org" + SERVICE]))
    assert guarded.post(an_entry(), headers=bearer(a_token(SERVICE))).status_code == 200


def test_a_token_is_used_once(guarded: Kept) -> None:
    """SEC-10: a second batch with the same token is a 401; the first one's rows stand."""
    headers = bearer(a_token(FEEDBACK))
    assert guarded.post(an_entry(), headers=headers).status_code == 200
    assert guarded.post(an_entry(card="other"), headers=headers).status_code == 401
    assert len(guarded.rows()) == 1


def test_a_used_token_stays_used_after_a_restart(guarded: Kept) -> None:
    """SEC-10: the use of a feedback token is on disk with its entries: a new process knows it."""
    headers = bearer(a_token(FEEDBACK))
    assert guarded.post(an_entry(), headers=headers).status_code == 200
    again = Kept(guarded.store, guarded.folder, authentication="on", **trusting(guarded.folder))
    assert again.post(an_entry(), headers=headers).status_code == 401


def test_a_store_that_is_down_uses_no_token(guarded: Kept) -> None:
    """CH-127, SEC-10: while the database cannot be written the answer is 503 with Retry-After; the same call works when it is back."""
    headers = bearer(a_token(FEEDBACK))
    with guarded.store.writing():  # somebody else holds the one writing transaction
        answer = guarded.post(an_entry(), headers=headers)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert told(answer)
    assert guarded.rows() == []
    assert guarded.post(an_entry(), headers=headers).status_code == 200
    assert len(guarded.rows()) == 1


def test_a_store_that_hangs_keeps_few_threads(guarded: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the database hangs, feedback holds the threads that hook calls leave over, and no more: 503, and the token is not used."""
    inside, leave, add = threading.Event(), threading.Event(), FeedbackStore.add

    def hangs(self: FeedbackStore, *arguments: Any, **named: Any) -> Any:
        inside.set()
        assert leave.wait(30)
        return add(self, *arguments, **named)

    monkeypatch.setattr(FeedbackStore, "add", hangs)
    busy = Kept(guarded.store, tmp_path, authentication="on", threads=3, max_in_flight=2, **trusting(tmp_path))
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(busy.post, an_entry(), headers=bearer(a_token(FEEDBACK)))
        assert inside.wait(10)
        headers = bearer(a_token(FEEDBACK))
        answer = busy.post(an_entry(card="another"), headers=headers)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        leave.set()
        assert first.result().status_code == 200
        assert busy.post(an_entry(card="another"), headers=headers).status_code == 200
    assert len(busy.rows()) == 2


def test_a_malformed_batch_uses_no_token(guarded: Kept) -> None:
    """A client that was told what to mend may send the mended batch with the same token."""
    headers = bearer(a_token(FEEDBACK))
    assert guarded.post({}, headers=headers).status_code == 400
    assert guarded.post(an_entry(), headers=headers).status_code == 200


def test_a_client_reports_only_on_its_services(store: Store, tmp_path: Path) -> None:
    """CH-082: feedback of a service that the client may not call is a 403."""
    guarded = Kept(store, tmp_path, authentication="on", **trusting(tmp_path, services=["low-back-pain-orders"]))
    assert guarded.post(an_entry(), headers=bearer(a_token(FEEDBACK))).status_code == 403


def test_feedback_is_counted(kept: Kept) -> None:
    """New, repeated and unknown entries are counted; no card, reason or client is a label."""
    kept.post(an_entry())
    kept.post(an_entry())
    value = kept.metrics.registry.get_sample_value
    counted = [value("exercise_cds_feedback_entries_total", {"kind": kind}) for kind in ("new", "repeated", "unknown-card")]
    assert counted == [1, 1, 2]


def test_a_store_that_is_gone_is_a_503(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is wrong with the database, the sentence names no part of it."""

    def gone(*_arguments: object, **_options: object) -> None:
        raise StoreUnreachable("gone")

    monkeypatch.setattr(FeedbackStore, "add", gone)
    assert told(kept.post(an_entry())) == "The service cannot keep records at the moment; send the same request again later."


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=6)
    | st.sampled_from([CARD, "accepted", "overridden", "2026-03-02T11:00:00Z"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "card",
                    "outcome",
                    "outcomeTimestamp",
                    "acceptedSuggestions",
                    "id",
                    "overrideReason",
                    "reason",
                    "code",
                    "system",
                    "userComment",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@tries(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_json | _json.map(lambda found: {**an_accepted(), **(found if isinstance(found, dict) else {})}), max_size=3))
def test_any_batch_is_read_or_refused(entries: list[Any]) -> None:
    """Whatever stands in a batch, it is entries or a sentence that begins with the place of the mistake."""
    try:
        found = read_feedback(json.dumps({"feedback": entries}).encode(), depth=64, keep_comments=True)
    except BadRequest as fault:
        assert fault.sentence.startswith("feedback[")  # noqa: PT017 - both ends are right
    else:
        assert len(found) == len(entries)
