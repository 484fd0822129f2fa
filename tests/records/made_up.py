"""Made-up decisions and feedback in any number, for benchmarks and for looking at a report. No number in them was measured anywhere."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from exercise_cds.model.decision import Outcome, Why, Withheld
from exercise_cds.model.record import DecisionRecord, FeedbackEntry, GivenCard
from exercise_cds.records import DecisionLog, FeedbackStore, KeyRing, PackListing, Store, open_store

FIRST = datetime(2025, 11, 1, tzinfo=UTC)
DAYS = 400
CLIENTS = (
    ("https://ehr-a.example", "north"),
    ("https://ehr-a.example", "south"),
    ("https://ehr-b.example", ""),
    ("https://ehr-c.example", ""),
)
SERVICES = (("low-back-pain-exercise", "patient-view"), ("low-back-pain-orders", "order-select"))
VERSIONS = (("2025.11.0", "d" * 63 + "1"), ("2026.3.0", "d" * 63 + "2"), ("2026.9.0", "d" * 63 + "3"))
PROGRAMS = (
    "education-stay-active", "easy-starter", "stretching", "aerobic-low-impact", "lumbar-stabilization", "strengthening", "mckenzie-mdt",
    "sciatica-by-cause", "aquatic", "pilates", "yoga", "graded-activity", "motor-control", "walking", "specialist-referral",
)  # fmt: skip
RULES = tuple(f"{what}-{number}" for number in range(1, 10) for what in ("offer", "withhold", "note", "first"))
OWN_CARDS = ("emergency", "early-imaging")
REASONS = ("patient-declined", "already-in-treatment", "not-relevant", "disagree", "no-time")


def listings() -> list[PackListing]:
    """The packs; one rule never fires, one is silent."""
    rules = {rule: f"Rule {rule}" for rule in (*RULES, *OWN_CARDS, "never-fires")}
    programs = {program: program.replace("-", " ").capitalize() for program in PROGRAMS}
    return [PackListing("low-back-pain", version, digest, rules, programs, frozenset({"note-9"})) for version, digest in VERSIONS]


class Practice:
    """Draws decisions from a few thousand kinds of patients, as a real pack would see them, and feedback on a third of the cards."""

    def __init__(self, decisions: int, seed: int = 6) -> None:
        self._random = random.Random(seed)  # noqa: S311  # made-up numbers, not secrets
        self._decisions = decisions
        self._kinds = [self._kind() for _ in range(3000)]
        self._weights = [1 / (rank + 5) for rank in range(len(self._kinds))]

    def _kind(self) -> tuple[Outcome, tuple[str, ...], tuple[str, ...], tuple[Withheld, ...], tuple[str, ...]]:
        draw = self._random
        if draw.random() < 0.3:
            outcome = draw.choice((Outcome.NOTHING_TO_ADVISE, Outcome.NOT_ABOUT_THIS_PATIENT, Outcome.NOT_ENOUGH_DATA))
            return outcome, tuple(draw.sample(RULES, 2)), (), (), ()
        fired = tuple(sorted(draw.sample(RULES, draw.randint(3, 10))))
        offered = tuple(draw.sample(PROGRAMS, draw.randint(2, 7)))
        left = [program for program in PROGRAMS if program not in offered]
        why = (Why.FIRED, Why.IN_DOUBT)
        withheld = tuple(Withheld(program, draw.choice(fired), draw.choice(why)) for program in draw.sample(left, draw.randint(0, 4)))
        own = (draw.choice(OWN_CARDS),) if draw.random() < 0.1 else ()
        return (Outcome.WITHHELD if own else Outcome.ADVISED), (*fired, *own), offered, withheld, own

    def _uuid(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))

    def record(self, number: int) -> DecisionRecord:
        """The decision of this number; they come in the order of time."""
        draw = self._random
        outcome, fired, offered, withheld, own = draw.choices(self._kinds, self._weights)[0]
        cards = [GivenCard(self._uuid(), rule) for rule in own]
        if offered:
            cards.append(GivenCard(self._uuid(), "", tuple((self._uuid(), program) for program in offered)))
        version, digest = VERSIONS[min(2, number * 3 // self._decisions)]
        issuer, tenant = draw.choices(CLIENTS, (50, 30, 15, 5))[0]
        service, hook = draw.choices(SERVICES, (80, 20))[0]
        stages = {"read": draw.gammavariate(3, 0.4), "facts": draw.gammavariate(2, 0.1), "engine": draw.gammavariate(5, 0.012)}
        stages["cards"] = draw.gammavariate(2, 0.15)
        return DecisionRecord(
            decision_id=self._uuid(),
            at=FIRST + timedelta(days=DAYS) * (number / self._decisions),
            service=service, hook=hook, issuer=issuer, tenant=tenant,
            pack="low-back-pain", version=version, digest=digest,
            outcome=outcome, fired=fired, offered=offered, withheld=withheld, cards=tuple(cards), silent=issuer.endswith("c.example"),
            milliseconds=stages | {"total": sum(stages.values()) + 0.1},
            patient_id=f"patient-{draw.randrange(self._decisions // 4 + 1)}", user_id=f"Practitioner/{draw.randrange(500)}",
        )  # fmt: skip

    def feedback(self, record: DecisionRecord) -> Iterator[FeedbackEntry]:
        """What a clinician may have said to its cards; now and then twice."""
        draw = self._random
        for card in record.cards:
            if draw.random() > 0.35:
                continue
            at = record.at + timedelta(seconds=draw.randrange(5, 600))
            if card.suggestions and draw.random() < 0.55:
                taken = draw.sample(card.suggestions, min(len(card.suggestions), draw.randint(1, 2)))
                yield FeedbackEntry(card.uuid, "accepted", at, tuple(uuid for uuid, _ in taken))
                if draw.random() > 0.05:
                    continue
            reason = ("https://reasons.example", draw.choice(REASONS)) if draw.random() < 0.7 else None
            yield FeedbackEntry(card.uuid, "overridden", at + timedelta(seconds=30), (), reason)


def keep_practice(url: str, decisions: int, keys: KeyRing | None = None) -> Store:
    """A database with so many decisions of 400 days, and feedback on a third of their cards."""
    store, practice = open_store(url, keys=keys), Practice(decisions)
    log = DecisionLog(store, linger=0)
    for listing in listings():
        log.served(listing)
    records = [practice.record(number) for number in range(decisions)]
    for record in records:
        log.put(record)
    log.close()
    feedback = FeedbackStore(store)
    for record in records:
        if entries := list(practice.feedback(record)):
            feedback.add(entries, service=record.service, issuer=record.issuer, tenant=record.tenant)
    return store
