"""Reports: the numbers a committee reads are those that happened, on both databases."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from exercise_cds.model.decision import Outcome, Why, Withheld
from exercise_cds.model.record import DecisionRecord, FeedbackEntry, GivenCard
from exercise_cds.records.decisions import DecisionLog, PackListing
from exercise_cds.records.feedback import FeedbackStore
from exercise_cds.records.period import Period
from exercise_cds.records.reports.files import as_csv, as_json
from exercise_cds.records.reports.numbers import Rate
from exercise_cds.records.reports.report import Change, Report, gather
from exercise_cds.records.store import Store
from records.builders import EHR, WHEN, a_record, accepted, keep, overridden, program_card, uuid
from records.made_up import DAYS, FIRST, Practice

CALL = {"service": "low-back-pain-exercise", **EHR}
HOUR = timedelta(hours=1)


def _rows(report: Report, table: str) -> list[dict[str, Any]]:
    found = report.tables[table]
    return [dict(zip([column.name for column in found.columns], row, strict=True)) for row in found.rows]


def _chosen(report: Report, table: str, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in _rows(report, table)]


def test_cards_are_counted_by_what_was_made_of_them(store: Store) -> None:
    """Of five cards two are accepted, one is overridden, two have no feedback: that is what the page says, of cards and of programs."""
    keep(store, *(a_record(n) for n in range(5)))
    feedback = [accepted(0, "stretching"), accepted(1, "stretching", "lumbar-stabilization"), overridden(2, "no-time")]
    FeedbackStore(store).add(feedback, **CALL)
    report = gather(store, below=0)
    assert _chosen(report, "cards", "rule", "returned", "accepted", "overridden", "without") == [("(program card)", 5, 2, 1, 2)]
    assert _chosen(report, "cards", "accepted_share") == [(Rate(2, 5),)]
    assert _chosen(report, "programs", "program", "returned", "accepted", "not_chosen", "overridden", "without") == [
        ("lumbar-stabilization", 5, 1, 1, 1, 2),
        ("stretching", 5, 2, 0, 1, 2),
    ]
    assert _chosen(report, "rules", "rule", "fired", "returned", "accepted", "overridden", "without") == [
        ("stabilize-from-two-weeks", 5, 5, 2, 1, 2),
        ("too-painful", 5, 5, 2, 1, 2),
    ]
    assert _chosen(report, "reasons", "rule", "code", "overridden") == [("(program card)", "no-time", 1)]
    assert (report.totals.answers, report.totals.returned, report.totals.per_100) == (5, 5, 100)


@pytest.mark.parametrize("reverse", [False, True])
def test_several_entries_count_once(store: Store, reverse: bool) -> None:  # noqa: FBT001  # a parameter of the claim
    """CH-129: a card with several entries is accepted if any accepted it, with all their programs; otherwise its newest reason counts."""
    keep(store, a_record("both"), a_record("declined"))
    entries = [
        overridden("both", "no-time", at=WHEN + 3 * HOUR),
        accepted("both", "stretching", at=WHEN),
        accepted("both", "lumbar-stabilization", at=WHEN + HOUR),
        overridden("declined", "first", at=WHEN),
        overridden("declined", "newest", at=WHEN + 2 * HOUR),
        overridden("declined", "second", at=WHEN + HOUR),
    ]
    for entry in reversed(entries) if reverse else entries:
        FeedbackStore(store).add([entry], **CALL)
    report = gather(store, below=0)
    assert _chosen(report, "cards", "returned", "accepted", "overridden", "without") == [(2, 1, 1, 0)]
    assert _chosen(report, "reasons", "code", "overridden") == [("newest", 1)]
    assert sorted(_chosen(report, "programs", "program", "accepted")) == [("lumbar-stabilization", 1), ("stretching", 1)]
    assert (report.totals.several, report.totals.both) == (2, 1)


def test_unknown_cards_are_kept_apart(store: Store) -> None:
    """Feedback on cards that we did not give to that client changes no other number, and is counted by client."""
    keep(store, a_record(1))
    FeedbackStore(store).add([overridden("never given")], **CALL)
    FeedbackStore(store).add([accepted(1, "stretching")], **(CALL | {"tenant": "south"}))
    report = gather(store, below=0)
    assert _chosen(report, "cards", "returned", "accepted", "overridden") == [(1, 0, 0)]
    assert _chosen(report, "unknown_feedback", "tenant", "entries") == [("north", 1), ("south", 1)]


def test_silent_clients_are_kept_apart(store: Store) -> None:
    """A client in silent mode is counted by itself and nowhere else: nobody saw its cards."""
    keep(store, a_record(1), a_record(2, silent=True, issuer="https://silent.example"))
    report = gather(store, below=0)
    assert _chosen(report, "silent_clients", "issuer", "answers", "cards") == [("https://silent.example", 1, 1)]
    assert (report.totals.answers, report.totals.returned) == (1, 1)
    assert _chosen(report, "rules", "fired") == [(1,), (1,)]


def _served(store: Store, digest: str, version: str, *rules: str, silent: str = "") -> None:
    log = DecisionLog(store)
    log.served(PackListing("low-back-pain", version, digest, {rule: f"About {rule}" for rule in rules}, {}, frozenset({silent} - {""})))
    log.close()


def test_rules_that_never_fired_are_named(store: Store) -> None:
    """A rule of a pack that answered, and that fired in no answer, is named with its title and the answers without it."""
    _served(store, "d1", "1", "too-painful", "stabilize-from-two-weeks", "sleeper", "quiet", silent="quiet")
    _served(store, "d0", "0", "of a pack that never answered")
    keep(store, a_record(1), a_record(2, fired=("quiet",)), a_record(3, fired=("quiet",)))
    report = gather(store, below=0)
    assert _chosen(report, "never_fired", "rule", "title", "versions", "answers") == [("sleeper", "About sleeper", "1", 3)]
    assert _chosen(report, "silent_rules", "rule", "fired", "share") == [("quiet", 2, Rate(2, 3))]


def test_not_knowing_is_said(store: Store) -> None:
    """Where no pack left a list of its rules, the report says that it does not know what never fired."""
    keep(store, a_record(1))
    assert "is not known" in gather(store, below=0).tables["never_fired"].empty


def test_disputed_rules_are_named(store: Store) -> None:
    """A rule whose program cards are overridden more often than accepted is named; a card that has nothing to accept is not compared."""
    emergency = (GivenCard(uuid("emergency"), "emergency"),)
    keep(store, *(a_record(n) for n in range(6)), a_record("e", cards=emergency, fired=("emergency",)))
    entries = [*(overridden(n) for n in range(5)), accepted(5, "stretching"), FeedbackEntry(uuid("emergency"), "overridden", WHEN)]
    FeedbackStore(store).add(entries, **CALL)
    report = gather(store, below=5)
    assert _chosen(report, "disputed", "rule", "cards") == [("stabilize-from-two-weeks", "program cards"), ("too-painful", "program cards")]
    shares = dict(_chosen(gather(store, below=0), "cards", "rule", "accepted_share"))
    assert shares == {"(program card)": Rate(1, 6), "emergency": None}


def test_a_pack_change_is_compared(store: Store) -> None:
    """Before and after the newest change of a pack: how often each rule fired, and what was accepted."""
    keep(
        store,
        a_record(1, digest="old", version="1"),
        a_record(2, digest="old", version="1", at=WHEN + 24 * HOUR),
        a_record(3, digest="new", version="2", at=WHEN + 48 * HOUR, fired=("too-painful", "added")),
    )
    FeedbackStore(store).add([accepted(3, "stretching")], **CALL)
    report = gather(store, below=0)
    assert report.change == Change("1", "2", "2026-03-04")
    assert _chosen(report, "changed_rules", "rule", "before", "answers_before", "after", "answers_after") == [
        ("added", 0, 2, 1, 1),
        ("stabilize-from-two-weeks", 2, 2, 0, 1),
        ("too-painful", 2, 2, 1, 1),
    ]
    assert _chosen(report, "changed_cards", "accepted_share_before", "accepted_share_after") == [(Rate(0, 2), Rate(1, 1))]
    assert _chosen(report, "versions", "version", "first", "last", "answers") == [
        ("1", "2026-03-02", "2026-03-03", 2),
        ("2", "2026-03-04", "2026-03-04", 1),
    ]


def test_withheld_programs_are_counted_with_their_why(store: Store) -> None:
    """What was withheld is counted by program, rule and why."""
    doubt = (Withheld("strengthening", "too-painful", Why.IN_DOUBT), Withheld("yoga", "too-painful", Why.FIRED))
    keep(store, a_record(1), a_record(2, withheld=doubt), a_record(3, withheld=doubt, outcome=Outcome.DATA_UNOBTAINABLE))
    report = gather(store, below=0)
    assert _chosen(report, "withheld", "program", "why", "withheld") == [
        ("strengthening", "in-doubt", 2),
        ("yoga", "fired", 2),
        ("strengthening", "fired", 1),
    ]
    assert _chosen(report, "outcomes", "outcome", "count", "share") == [("advised", 2, Rate(2, 3)), ("data unobtainable", 1, Rate(1, 3))]


def test_days_become_weeks_in_a_long_period(store: Store) -> None:
    """Two days are shown as days; over more than three months cards are shown by weeks that begin on Monday."""
    keep(store, a_record(1), a_record(2, at=WHEN + 24 * HOUR), a_record(3, at=WHEN + 24 * HOUR, cards=()))
    assert _chosen(gather(store, below=0), "over_time", "from", "answers", "returned", "cards_per_100") == [
        ("2026-03-02", 1, 1, 100.0),
        ("2026-03-03", 2, 1, 50.0),
    ]
    keep(store, a_record(4, at=WHEN + timedelta(days=100)))
    assert _chosen(gather(store, below=0), "over_time", "from", "answers") == [("2026-03-02", 3), ("2026-06-08", 1)]


def test_cards_per_client_and_day(store: Store) -> None:
    """Each client's cards are counted by day, and on average over its days."""
    keep(store, a_record(1), a_record(2), a_record(3, at=WHEN + 24 * HOUR), a_record(4, tenant="south", cards=()))
    report = gather(store, below=0)
    assert _chosen(report, "clients", "tenant", "answers", "returned", "days", "cards_per_day") == [
        ("north", 3, 3, 2, 1.5),
        ("south", 1, 0, 1, 0.0),
    ]
    assert _chosen(report, "client_days", "tenant", "day", "cards") == [
        ("north", "2026-03-02", 2),
        ("north", "2026-03-03", 1),
        ("south", "2026-03-02", 0),
    ]


def test_a_period_begins_with_its_first_moment(store: Store) -> None:
    """A report on a period counts what was answered from its first moment until before its last, with all feedback on it since."""
    keep(store, a_record(1, at=WHEN - HOUR), a_record(2), a_record(3, at=WHEN + HOUR))
    FeedbackStore(store).add([accepted(2, "stretching", at=WHEN + 5 * HOUR)], **CALL)
    report = gather(store, Period(WHEN, WHEN + HOUR), below=0)
    assert (report.totals.answers, report.totals.accepted) == (1, 1)


def test_latency_is_shown_by_stage(store: Store) -> None:
    """Median and percentiles of each stage, in milliseconds, to ten microseconds."""
    keep(store, *(a_record(n, milliseconds={"engine": 0.06, "total": float(n)}) for n in range(1, 101)))
    assert _chosen(gather(store), "latency", "stage", "p50", "p95", "p99", "answers") == [
        ("engine", 0.06, 0.06, 0.06, 100),
        ("total", 50, 95, 99, 100),
    ]


def test_no_records_make_an_empty_report(store: Store) -> None:
    """A report on nothing is a report: zeros, and tables without rows."""
    report = gather(store)
    assert (report.totals.answers, report.totals.per_100, report.change) == (0, None, None)
    assert not any(table.rows for table in report.tables.values())


def test_lost_decisions_are_said(store: Store) -> None:
    """What the processes of the period lost stands on the report."""
    keep(store, a_record(1))
    with store.writing() as connection:
        connection.execute(text("UPDATE processes SET lost = 7"))
    assert gather(store).totals.lost == 7


def test_small_counts_are_hidden_everywhere(store: Store) -> None:
    """By default no count from 1 to 4 stands anywhere in the report, in its JSON or in its CSV files."""
    keep(store, *(a_record(n) for n in range(40)), *(a_record(("rare", n), fired=("rare-rule",), tenant="tiny") for n in range(3)))
    FeedbackStore(store).add([accepted(n, "stretching") for n in range(4)] + [overridden(n, "no-time") for n in range(10, 30)], **CALL)
    report = gather(store)
    content = json.loads(as_json(report))
    assert content["hidden_below"] == 5
    counted = {"returned", "accepted", "overridden", "without", "not_chosen", "fired", "answers", "withheld", "count", "cards", "entries"}
    for name, table in content["tables"].items():
        for row in table["rows"]:
            for column in counted & row.keys():
                assert not (isinstance(row[column], int) and 0 < row[column] < 5), (name, row)
    assert {"hidden": "<5"} in [row["accepted"] for row in content["tables"]["cards"]["rows"]]
    assert "<5" in as_csv(report.tables["rules"])


def test_csv_spreads_rates(store: Store) -> None:
    """In CSV a rate is three columns: share, low, high."""
    keep(store, *(a_record(n) for n in range(10)))
    FeedbackStore(store).add([accepted(n, "stretching") for n in range(5)], **CALL)
    (row,) = csv.DictReader(io.StringIO(as_csv(gather(store, below=0).tables["cards"])))
    assert (row["accepted_share"], row["accepted_share_low"], row["accepted_share_high"]) == ("0.5", "0.2366", "0.7634")


def _reckoned(records: list[DecisionRecord], entries: dict[str, list[FeedbackEntry]]) -> dict[str, Counter[Any]]:
    """The same numbers, counted one by one in Python."""
    counts: dict[str, Counter[Any]] = defaultdict(Counter)
    for record in records:
        if record.silent:
            continue
        counts["fired"].update(record.fired)
        counts["outcomes"][record.outcome.value] += 1
        counts["withheld"].update((each.program, each.rule, each.why.value) for each in record.withheld)
        for card in record.cards:
            theirs = entries.get(card.uuid, [])
            outcomes = {entry.outcome for entry in theirs}
            judged = "accepted" if "accepted" in outcomes else "overridden" if outcomes else "without"
            counts["cards"][card.rule, judged] += 1
            taken = {uuid for entry in theirs if entry.outcome == "accepted" for uuid in entry.accepted}
            for suggestion, program in card.suggestions:
                fate = "not_chosen" if judged == "accepted" and suggestion not in taken else judged
                counts["programs"][program, fate] += 1
            if judged == "overridden":
                counts["reasons"][card.rule, (max(theirs, key=lambda entry: entry.at).reason or ("", "(none given)"))[1]] += 1
    return counts


def test_the_database_counts_as_a_person_would(store: Store) -> None:
    """Over 600 made-up decisions with feedback, every number of the tables is the one that counting one by one gives."""
    practice = Practice(600)
    records = [practice.record(number) for number in range(600)]
    keep(store, *records)
    entries: dict[str, list[FeedbackEntry]] = defaultdict(list)
    for record in records:
        for entry in practice.feedback(record):
            entries[entry.card].append(entry)
            FeedbackStore(store).add([entry], issuer=record.issuer, tenant=record.tenant, service=record.service)
    counts, report = _reckoned(records, entries), gather(store, Period(FIRST, FIRST + timedelta(days=DAYS)), below=0)
    assert dict(_chosen(report, "rules", "rule", "fired")) == counts["fired"]
    assert dict(_chosen(report, "outcomes", "outcome", "count")) == counts["outcomes"]
    assert {row[:3]: row[3] for row in _chosen(report, "withheld", "program", "rule", "why", "withheld")} == counts["withheld"]
    judged = ("accepted", "overridden", "without")
    for row in _rows(report, "cards"):
        rule = "" if row["rule"] == "(program card)" else row["rule"]
        assert [row[name] for name in judged] == [counts["cards"][rule, name] for name in judged]
    for row in _rows(report, "programs"):
        fates = ("not_chosen", *judged)
        assert [row[name] for name in fates] == [counts["programs"][row["program"], name] for name in fates]
    reasons = {
        (rule.replace("(program card)", ""), code): number
        for rule, code, number in _chosen(report, "reasons", "rule", "code", "overridden")
    }
    assert reasons == counts["reasons"]
    assert sum(row["returned"] for row in _rows(report, "over_time")) == report.totals.returned == sum(counts["cards"].values())
    assert sum(row["accepted"] for row in _rows(report, "over_time")) == report.totals.accepted


def test_both_databases_tell_the_same(sqlite_url: str, postgresql_url: str, opened: Callable[..., Store], clock: Any) -> None:
    """The same records make the same report, byte for byte, on SQLite and PostgreSQL."""
    told = []
    for url in (sqlite_url, postgresql_url):
        store, practice = opened(url, clock=clock), Practice(200)
        records = [practice.record(number) for number in range(200)]
        keep(store, *records)
        for record in records:
            entries = list(practice.feedback(record))
            FeedbackStore(store).add(entries, issuer=record.issuer, tenant=record.tenant, service=record.service)
        told.append(as_json(gather(store)))
    assert told[0] == told[1]


def test_program_cards_have_their_programs_name(store: Store) -> None:
    """A program without a listed title is shown by its id."""
    keep(store, a_record(1, cards=(program_card(1, "yoga"),)))
    assert _chosen(gather(store, below=0), "programs", "program", "title") == [("yoga", "")]
