"""The tables of the report, as a committee reads them: what each counts, and in which words."""

from __future__ import annotations

from exercise_cds.records.reports.numbers import Sums
from exercise_cds.records.reports.table import Column, Draft, Kind, Ratio

RULE = (Column("rule", "Rule", Kind.TEXT), Column("title", "Title", Kind.TEXT))
PROGRAM = (Column("program", "Program", Kind.TEXT), Column("title", "Title", Kind.TEXT))
CLIENT = (Column("issuer", "Client", Kind.TEXT), Column("tenant", "Tenant", Kind.TEXT))
JUDGED = (
    Column("returned", "Returned"),
    Column("accepted", "Accepted"),
    Column("overridden", "Overridden"),
    Column("without", "Without feedback"),
)
_PARTS = ("accepted", "overridden", "without")
_SHARES = (
    Ratio("accepted_share", "Accepted, of returned", "accepted", "returned"),
    Ratio("overridden_share", "Overridden, of returned", "overridden", "returned"),
)
_ADDS_UP = Sums("returned", _PARTS, ("returned", *_PARTS))
_PLACE_COUNTS = (Column("answers", "Answers"), *JUDGED)
_PLACE_SUMS = Sums("returned", _PARTS, ("answers", "returned", *_PARTS))
_PER_100 = Ratio("cards_per_100", "Cards per 100 answers", "returned", "answers", per=100)

PROGRAMS = Draft(
    "programs",
    "Programs",
    "Each suggestion of a program on a card that was returned. “Not chosen”: the card was accepted, but other programs of it. "
    "“Overridden”: the whole card was.",
    PROGRAM,
    (
        Column("returned", "Returned"),
        Column("accepted", "Accepted"),
        Column("not_chosen", "Not chosen"),
        Column("overridden", "Overridden"),
        Column("without", "Without feedback"),
    ),
    Sums("returned", ("accepted", "not_chosen", "overridden", "without")),
    _SHARES,
)
OWN_CARDS = Draft(
    "cards",
    "Cards, by the rule that said them",
    "The program card gathers the offers of all rules; other cards are said by one rule each.",
    RULE,
    JUDGED,
    _ADDS_UP,
    _SHARES,
)
RULES = Draft(
    "rules",
    "Rules",
    "Answers in which each rule fired, and the fate of the program cards in those answers. A rule that only withholds or notes stands "
    "behind a card as much as one that offers: read the shares as a hint where to look, not as a verdict.",
    RULE,
    (Column("fired", "Fired, answers"), *JUDGED),
    Sums("returned", _PARTS),
    _SHARES,
)
DISPUTED = Draft(
    "disputed",
    "Overridden more often than accepted",
    "Rules whose own cards, or whose program cards, were overridden more often than accepted, and at least as often as the limit of "
    "small counts. Cards without suggestions are not compared.",
    (*RULE, Column("cards", "Cards", Kind.TEXT)),
    JUDGED,
    Sums("returned", _PARTS),
    _SHARES,
    empty="No rule was overridden more often than accepted.",
)
NEVER_FIRED = Draft(
    "never_fired",
    "Rules that never fired",
    "Rules of the packs that answered in this period, with the number of answers given while they were in force.",
    (*RULE, Column("versions", "In versions", Kind.TEXT)),
    (Column("answers", "Answers without it"),),
    empty="Every rule of these packs fired at least once.",
)
SILENT_RULES = Draft(
    "silent_rules",
    "Silent rules",
    "Rules that are evaluated and recorded and say nothing yet: how often they would have spoken.",
    RULE,
    (Column("fired", "Would have spoken, answers"), Column("answers", "Answers")),
    ratios=(Ratio("share", "Share of answers", "fired", "answers"),),
    empty="No pack of this period has a silent rule.",
)
REASONS = Draft(
    "reasons",
    "Reasons for overriding",
    "One reason per overridden card: that of its newest entry.",
    (Column("rule", "Card of", Kind.TEXT), Column("code", "Reason", Kind.TEXT), Column("system", "Code system", Kind.TEXT)),
    (Column("overridden", "Overridden cards"),),
    Sums(columns=("overridden",)),
    empty="No card was overridden.",
)
WITHHELD = Draft(
    "withheld",
    "What was withheld, and why",
    "Answers in which a rule kept a program back. “Fired”: its condition was true. “In doubt”: data could not be read, or left it open, "
    "and the rule withholds to be safe.",
    (Column("program", "Program", Kind.TEXT), Column("rule", "Rule", Kind.TEXT), Column("why", "Why", Kind.TEXT)),
    (Column("withheld", "Answers"), Column("answers", "All answers")),
    ratios=(Ratio("share", "Share of answers", "withheld", "answers"),),
    empty="Nothing was withheld.",
)
OUTCOMES = Draft(
    "outcomes",
    "Outcomes",
    "Every answer has one.",
    (Column("outcome", "Outcome", Kind.TEXT),),
    (Column("count", "Answers"), Column("answers", "All answers")),
    Sums(columns=("count",)),
    (Ratio("share", "Share of answers", "count", "answers"),),
)
OVER_TIME = Draft(
    "over_time",
    "Over time",
    "Cards are counted where they were returned, with all the feedback they have had since; the newest ones may still get some. "
    "Weeks begin on Monday; the first and the last may be cut by the period.",
    (Column("from", "From", Kind.FIXED),),
    _PLACE_COUNTS,
    _PLACE_SUMS,
    (_PER_100, *_SHARES),
    folded=True,
)
SERVICES = Draft(
    "services",
    "By service",
    "Answers and cards of each CDS service.",
    (Column("service", "Service", Kind.TEXT),),
    _PLACE_COUNTS,
    _PLACE_SUMS,
    (_PER_100, *_SHARES),
)
CLIENTS = Draft(
    "clients",
    "By client",
    "Answers and cards of each client, and how many cards a day its users get.",
    CLIENT,
    (*_PLACE_COUNTS, Column("days", "Days with answers")),
    _PLACE_SUMS,
    (_PER_100, Ratio("cards_per_day", "Cards a day", "returned", "days", per=1), *_SHARES),
)
VERSIONS = Draft(
    "versions",
    "By pack version",
    "Answers and cards of each version of a rule pack, and the days on which it answered (UTC).",
    (Column("pack", "Pack", Kind.TEXT), *(Column(name, title, Kind.FIXED) for name, title in (
        ("version", "Version"), ("digest", "Digest"), ("first", "First day"), ("last", "Last day"),
    ))),
    _PLACE_COUNTS,
    _PLACE_SUMS,
    (_PER_100, *_SHARES),
)  # fmt: skip
CHANGED_RULES = Draft(
    "changed_rules",
    "Before and after the newest pack change: rules",
    "Answers in which each rule fired, per 100 answers. Patients and clients may have changed too: this compares times, not packs alone.",
    RULE,
    (
        Column("before", "Fired before"),
        Column("answers_before", "Answers before"),
        Column("after", "Fired after"),
        Column("answers_after", "Answers after"),
    ),
    Sums(groups=(("before", "after"),)),
    (
        Ratio("before_per_100", "Before, per 100", "before", "answers_before", per=100),
        Ratio("after_per_100", "After, per 100", "after", "answers_after", per=100),
    ),
    empty="One pack answered the whole period.",
)
CHANGED_CARDS = Draft(
    "changed_cards",
    "Before and after the newest pack change: cards",
    "Cards by the rule that said them, and the share that was accepted.",
    RULE,
    tuple(
        Column(f"{name}_{when}", f"{title} {when}")
        for when in ("before", "after")
        for name, title in (("returned", "Returned"), ("accepted", "Accepted"))
    ),
    Sums(groups=(("returned_before", "returned_after"), ("accepted_before", "accepted_after"))),
    (
        Ratio("accepted_share_before", "Accepted before", "accepted_before", "returned_before"),
        Ratio("accepted_share_after", "Accepted after", "accepted_after", "returned_after"),
    ),
    empty="One pack answered the whole period.",
)
SILENT_CLIENTS = Draft(
    "silent_clients",
    "Silent clients",
    "Evaluated and recorded, answered without cards; counted nowhere else in this report.",
    CLIENT,
    (Column("answers", "Answers"), Column("cards", "Cards that were not sent")),
    empty="Every client gets its cards.",
)
UNKNOWN = Draft(
    "unknown_feedback",
    "Feedback on unknown cards",
    "Entries on cards that this service did not give to that client, or whose decision was lost. They are counted nowhere else.",
    CLIENT,
    (Column("entries", "Entries"),),
    empty="Every entry belongs to a card that was given.",
)
CLIENT_DAYS = Draft(
    "client_days",
    "By client and day",
    "Days are UTC.",
    (*CLIENT, Column("day", "Day", Kind.FIXED)),
    (Column("answers", "Answers"), Column("cards", "Cards")),
    # filled client by client: each one's days add up to its row in “By client”
    Sums(columns=("answers", "cards")),
    folded=True,
)
LATENCY_COLUMNS = (
    Column("stage", "Stage", Kind.TEXT),
    *(
        Column(name, title, Kind.MILLISECONDS)
        for name, title in (("p50", "Median"), ("p95", "95th percentile"), ("p99", "99th percentile"))
    ),
    Column("answers", "Answers"),
)
