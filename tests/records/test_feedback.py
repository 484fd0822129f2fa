"""Feedback: kept once, all of a batch or nothing, whatever the order it comes in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import select

from exercise_cds.errors import BadRequest, Unauthorized
from exercise_cds.model.record import FeedbackEntry
from exercise_cds.records import schema
from exercise_cds.records.feedback import Bounds, FeedbackStore, Stored
from exercise_cds.records.replay import ReplayStore, TokenUse
from exercise_cds.records.store import Store
from records.builders import EHR, WHEN, a_record, accepted, count, keep, overridden, uuid
from records.conftest import Clock

CALL = {"service": "low-back-pain-exercise", **EHR}


def _comments(store: Store) -> list[str | None]:
    with store.reading() as connection:
        return list(connection.execute(select(schema.feedback.c.comment)).scalars())


def test_the_same_entry_again_changes_nothing(store: Store) -> None:
    """CH-129: an entry sent again, in its own batch or within one, is kept once."""
    feedback = FeedbackStore(store)
    keep(store, a_record(1))
    entry = accepted(1, "stretching")
    assert feedback.add([entry, entry], **CALL) == Stored(new=1, repeated=1, unknown=0)
    assert feedback.add([entry], **CALL) == Stored(new=0, repeated=1, unknown=0)
    assert count(store, schema.feedback) == 1


@pytest.mark.parametrize(
    "other",
    [
        overridden(1),
        overridden(1, "not-now"),
        accepted(1, "lumbar-stabilization"),
        accepted(1, "lumbar-stabilization", "stretching"),
        accepted(1, "stretching", at=WHEN + timedelta(seconds=1)),
        accepted(2, "stretching"),
    ],
)
def test_a_different_entry_is_kept_beside_it(store: Store, other: FeedbackEntry) -> None:
    """An entry that differs in card, outcome, time, accepted suggestions or reason is kept beside the first."""
    feedback = FeedbackStore(store)
    feedback.add([accepted(1, "stretching")], **CALL)
    assert feedback.add([other], **CALL).new == 1
    assert count(store, schema.feedback) == 2


def test_spelling_makes_no_difference(store: Store) -> None:
    """The same instant in another zone, accepted ids in another order, a uuid in capitals: it is the same entry."""
    feedback = FeedbackStore(store)
    entry = accepted(1, "lumbar-stabilization", "stretching")
    feedback.add([entry], **CALL)
    eastern = entry.at.astimezone(timezone(timedelta(hours=-5)))
    same = FeedbackEntry(entry.card.upper(), "accepted", eastern, entry.accepted[::-1])
    assert feedback.add([same], **CALL) == Stored(new=0, repeated=1, unknown=1)


def test_order_makes_no_difference(url: str, opened: Callable[..., Store]) -> None:
    """Three batches leave the same rows in whatever order they come."""
    batches = ([accepted(1, "stretching")], [overridden(1), accepted(2, "stretching")], [accepted(1, "stretching"), overridden(2)])
    store = opened(url)
    kept = set()
    for order in permutations(batches):
        for batch in order:
            FeedbackStore(store).add(batch, **CALL)
        with store.writing() as connection:
            kept.add(frozenset(connection.execute(select(schema.feedback.c.entry)).scalars()))
            connection.execute(schema.feedback.delete())
    assert len(kept) == 1
    assert len(next(iter(kept))) == 4


def test_feedback_may_come_before_its_decision(store: Store) -> None:
    """Feedback on a card that the log has not written yet is kept, and belongs to the card once it is there."""
    feedback = FeedbackStore(store)
    assert feedback.add([accepted(1, "stretching")], **CALL).unknown == 1
    keep(store, a_record(1))
    assert feedback.add([accepted(1, "stretching")], **CALL) == Stored(new=0, repeated=1, unknown=0)


def test_another_client_cannot_speak_for_this_one(store: Store) -> None:
    """Feedback from another client on this client's card is kept as unknown, and does not stand in the way of the right one."""
    feedback = FeedbackStore(store)
    keep(store, a_record(1))
    assert feedback.add([accepted(1, "stretching")], **(CALL | {"issuer": "https://other.example"})) == Stored(1, 0, 1)
    assert feedback.add([accepted(1, "stretching")], **(CALL | {"tenant": "south"})) == Stored(1, 0, 1)
    assert feedback.add([accepted(1, "stretching")], **CALL) == Stored(1, 0, 0)


def test_comments_are_dropped_unless_the_site_wants_them(store: Store) -> None:
    """SEC-34: a clinician's free text reaches the disk only where the site said so."""
    FeedbackStore(store).add([overridden(1, comment="a name")], **CALL)
    FeedbackStore(store, keep_comments=True).add([overridden(2, comment="a reason")], **CALL)
    assert sorted(_comments(store), key=str) == [None, "a reason"]


def test_a_long_comment_is_cut(store: Store) -> None:
    """A comment of more than 2,000 characters is cut, and its entry kept: the outcome is what counts."""
    FeedbackStore(store, keep_comments=True).add([overridden(1, comment="x" * 5000)], **CALL)
    FeedbackStore(store).add([overridden(2, comment="x" * 5000)], **CALL)
    assert sorted(len(comment or "") for comment in _comments(store)) == [0, 2000]


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (FeedbackEntry(uuid(1), "ignored", WHEN), "outcome is accepted or overridden"),
        (FeedbackEntry("", "accepted", WHEN), "card is the uuid"),
        (FeedbackEntry(uuid(1), "accepted", datetime(2026, 3, 2)), "offset from UTC"),  # noqa: DTZ001  # what is refused
        (FeedbackEntry("x" * 2001, "accepted", WHEN), "at most 2000 characters"),
        (FeedbackEntry("a\x00b", "accepted", WHEN), "without NUL"),
        (FeedbackEntry(uuid(1), "overridden", WHEN, (), ("s", "\ud800")), "lone surrogates"),
    ],
)
def test_a_bad_entry_stores_nothing_of_its_batch(store: Store, bad: FeedbackEntry, says: str) -> None:
    """A batch with one entry that cannot be kept is refused with its index, and nothing of the batch is stored."""
    with pytest.raises(BadRequest, match=rf"feedback\[1\]: .*{says}"):
        FeedbackStore(store).add([accepted(1, "stretching"), bad], **CALL)
    assert count(store, schema.feedback) == 0


def test_a_token_and_its_entries_are_one_transaction(store: Store, clock: Clock) -> None:
    """SEC-10: a call's token is used with its entries, and the same token with other entries is refused without storing them."""
    feedback = FeedbackStore(store)
    use = TokenUse("jti-1", clock.now + timedelta(minutes=5))
    assert feedback.add([accepted(1, "stretching")], jti=use, **CALL).new == 1
    with pytest.raises(Unauthorized):
        feedback.add([accepted(2, "stretching")], jti=use, **CALL)
    assert count(store, schema.feedback) == 1
    assert not ReplayStore(store).first_sight(EHR["issuer"], use)


def test_a_large_batch_is_kept(store: Store) -> None:
    """A batch of five thousand entries is kept whole."""
    batch = [overridden(number) for number in range(5000)]
    keep(store, a_record(7))
    assert FeedbackStore(store).add(batch, **CALL) == Stored(new=5000, repeated=0, unknown=4999)


def test_an_empty_batch_is_kept_easily(store: Store) -> None:
    """A batch without entries stores nothing and is no error."""
    assert FeedbackStore(store).add([], **CALL) == Stored(0, 0, 0)


def _unknown(store: Store, tenant: str) -> int:
    with store.reading() as connection:
        return len(connection.execute(select(schema.feedback.c.entry).where(schema.feedback.c.tenant == tenant)).all())


def test_unknown_cards_are_bounded_by_client(store: Store, clock: Clock) -> None:
    """A client that floods us with unknown cards keeps only its newest ones; other clients and known cards are not touched."""
    feedback = FeedbackStore(store, bounds=Bounds(per_client=20))
    keep(store, a_record("known"))
    feedback.add([accepted("known", "stretching")], **CALL)
    feedback.add([overridden("quiet")], **(CALL | {"tenant": "south"}))
    for number in range(100):
        clock.forward(seconds=1)
        feedback.add([overridden(number)], **CALL)
        assert _unknown(store, "north") <= 1 + 20 + 6
    feedback.purge_unknown()
    assert (_unknown(store, "north"), _unknown(store, "south")) == (21, 1)
    assert feedback.add([overridden(99), accepted("known", "stretching")], **CALL) == Stored(new=0, repeated=2, unknown=1)


def test_unknown_cards_are_bounded_by_age(store: Store, clock: Clock) -> None:
    """Feedback on unknown cards is removed after its days, of which 0 means never; feedback on known ones stays."""
    feedback = FeedbackStore(store, bounds=Bounds(days=90))
    keep(store, a_record(1))
    feedback.add([overridden(1), overridden("unknown")], **CALL)
    clock.forward(days=89)
    assert feedback.purge_unknown() == 0
    clock.forward(days=2)
    assert FeedbackStore(store, bounds=Bounds(days=0)).purge_unknown() == 0
    assert feedback.purge_unknown() == 1
    assert count(store, schema.feedback) == 1


def test_outcome_times_are_kept_to_the_microsecond(store: Store) -> None:
    """The time that the client gave comes back as it was, on both databases."""
    at = datetime(2026, 3, 2, 23, 59, 59, 999_999, tzinfo=UTC)
    FeedbackStore(store).add([accepted(1, "stretching", at=at)], **CALL)
    with store.reading() as connection:
        found: Any = connection.execute(select(schema.feedback.c.outcome_at)).scalar()
    assert found == at
