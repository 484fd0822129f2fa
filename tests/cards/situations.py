"""Patients of whom the cards of the small pack speak: what the tests of the cards and the golden cards share.

The decisions are written out by hand, as the engine would make them, so that the cards are tested on their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import count

from builders.packs import SERVICE
from cards.small_pack import ALL, FACTS, ORDERS, PACK, RULES
from exercise_cds.cards import Composed, Composer
from exercise_cds.model.decision import Decision, Gate, OfferedProgram, Outcome, RuleOutcome, Truth, Why, Withheld
from exercise_cds.model.facts import FALSE, Bounds, Cause, Evidence, Fact, InDoubt, Known, NotRecorded
from exercise_cds.model.pack import Rule, RulePack, Unchecked

TODAY = date(2026, 3, 2)


def since(days: float, on: str = "2026-02-10", remark: str = "") -> Known:
    """An exact onset."""
    return Known(float(days), (Evidence("Condition/lbp", on, "Low back pain", remark, ("http://hl7.org/fhir/sid/icd-10-cm", "M54.50")),))


def scored(value: float, on: str = "2026-03-01") -> Known:
    """A pain score."""
    return Known(float(value), (Evidence("Observation/score", on, f"{value:g} {{score}}"),))


def there(resource: str, on: str = "", shown: str = "", remark: str = "") -> Known:
    """A finding that stands in the chart."""
    return Known(value=True, evidence=(Evidence(resource, on, shown, remark),))


NOTHING: Mapping[str, Fact] = {
    spec.name: NotRecorded() if spec.kind in ("episode", "score", "measurement") else FALSE for spec in FACTS
} | {
    "active_back_pain": there("Condition/lbp", "2026-02-10", "Low back pain"),
}


@dataclass(frozen=True)
class Situation:
    """One patient and what was decided: facts that differ from `NOTHING`, and the decision."""

    says: str
    decision: Decision
    facts: Mapping[str, Fact] = field(default_factory=dict)
    pack: RulePack = PACK
    service: str = SERVICE
    handouts: str = ""

    def composed(self) -> Composed:
        """Its cards, with countable uuids."""
        composer = Composer(self.pack, handouts_base_url=self.handouts)
        return composer.compose(
            self.service,
            self.decision,
            {**NOTHING, **self.facts},
            patient_id="p1",
            encounter_id="e1",
            user_id="Practitioner/dr-1",
            decision_id=counted(9)(),
            new_uuid=counted(0),
            today=TODAY,
        )


def counted(first: int) -> Callable[[], str]:
    """Uuids that count."""
    numbers = count(first)
    return lambda: f"00000000-0000-4000-8000-{next(numbers):012d}"


def ruled(*, fired: tuple[str, ...] = (), in_doubt: tuple[str, ...] = (), rules: tuple[Rule, ...] = RULES) -> tuple[RuleOutcome, ...]:
    """The outcome of every rule of the small pack."""
    made = []
    for one in rules:
        when = Truth.TRUE if one.id in fired else Truth.UNKNOWN if one.id in in_doubt else Truth.FALSE
        why = (Why.FIRED if one.id in fired else Why.IN_DOUBT if one.id in in_doubt else None) if one.withholds else None
        made.append(RuleOutcome(one.id, when, Truth.FALSE, one.id in fired, why))
    return tuple(made)


def offered(program: str, *by: str, without: tuple[str, ...] = (), loads: tuple[str, ...] = (), **more: bool) -> OfferedProgram:
    """A program with all its steps but those `without`."""
    steps = tuple(step.id for step in PACK.programs[program].steps if step.id not in without)
    return OfferedProgram(program, by, steps, without, loads, tuple(PACK.programs[program].options), **more)


def held(rule_id: str, *programs: str, why: Why = Why.FIRED) -> tuple[Withheld, ...]:
    """Programs that a rule withholds."""
    return tuple(Withheld(program, rule_id, why) for program in programs)


def decided(outcome: Outcome = Outcome.ADVISED, **more: object) -> Decision:
    """A decision with both gates open."""
    return Decision(**({"outcome": outcome, "about": Gate.OPEN, "service_gate": Gate.OPEN} | more))  # type: ignore[arg-type]


_BASE = ("education-stay-active", "stretching", "aerobic-low-impact", "lumbar-stabilization", "mckenzie-mdt")
_NOT_SENT = InDoubt(Cause.NOT_OBTAINED, "procedures were not sent")

SITUATIONS: Mapping[str, Situation] = {
    "twenty-days": Situation(
        "Twenty days of back pain, pain 4: what most patients of this service look like.",
        decided(rules=ruled(fired=("from-two-weeks",)), offered=tuple(offered(name, "from-two-weeks") for name in _BASE)),
        {"back_pain_days": since(20), "pain_severity": scored(4)},
        handouts="https://cds.example.org/handouts",
    ),
    "first-week": Situation(
        "Five days of back pain, an old score: advice, and strengthening waits.",
        decided(
            rules=ruled(fired=("early", "too-early")),
            offered=tuple(offered(name, "early") for name in _BASE[:3]),
            withheld=held("too-early", "lumbar-stabilization", "mckenzie-mdt"),
        ),
        {"back_pain_days": since(5, "2026-02-25"), "pain_severity": NotRecorded(("newest pain score is of 2025-11-02: too old",))},
    ),
    "severe-sciatica-stenosis": Situation(
        "Forty days or more, severe pain, sciatica and stenosis, osteoporosis, an open wound: everything that a card can hold.",
        decided(
            rules=ruled(fired=("from-two-weeks", "severe", "sciatica", "stenosis", "bones", "wound")),
            offered=(
                offered("sciatica-by-cause", "sciatica", without=("press-up", "knee-to-chest"), loads=("extension", "loaded-flexion")),
                offered("education-stay-active", "from-two-weeks"),
                offered("stretching", "from-two-weeks", without=("knee-chest",), loads=("loaded-flexion",)),
                replace(offered("aerobic-low-impact", "from-two-weeks"), options=("cycling", "walking")),
                offered("lumbar-stabilization", "from-two-weeks"),
            ),
            withheld=held("stenosis", "mckenzie-mdt") + held("wound", "aquatic"),
            notes=(("severe", 0), ("stenosis", 0)),
            in_place_in_doubt=("specialist-referral",),
        ),
        {
            "back_pain_days": Bounds(40, None, (Evidence("Condition/lbp", "2026-01-21", "Low back pain", "date of recording"),)),
            "pain_severity": scored(8),
            "sciatica": there("Condition/sci", "2026-02-20"),
            "lumbar_stenosis": there("Condition/sten", "2024-05", "lumbar stenosis L4/5", "matched by words"),
            "osteoporosis": there("Condition/op", "2019"),
            "open_wound": there("Condition/w", "2026-02-27"),
            "therapy_in_place": InDoubt(Cause.NOT_OBTAINED, "service orders were not sent"),
        },
        handouts="https://cds.example.org/handouts",
    ),
    "cauda-equina": Situation(
        "A suspected cauda equina syndrome, procedures not sent: one critical card and no exercise.",
        decided(
            Outcome.WITHHELD,
            rules=ruled(fired=("emergency", "from-two-weeks"), in_doubt=("surgery",)),
            said=("emergency",),
            withheld=held("emergency", *ALL) + held("surgery", *(one for one in ALL if one != "specialist-referral"), why=Why.IN_DOUBT),
        ),
        {
            "back_pain_days": since(20),
            "cauda_equina": there("Condition/ces", "2026-02-20", "", "provisional"),
            "urinary_retention": there("Condition/ret", "2026-03-01"),
            "lumbar_surgery": _NOT_SENT,
        },
    ),
    "procedures-not-sent": Situation(
        "Procedures were not sent, so recent surgery cannot be ruled out: only what surgery would not withhold is left.",
        decided(
            rules=ruled(fired=("from-two-weeks", "chronic"), in_doubt=("surgery",)),
            offered=(offered("specialist-referral", "chronic"),),
            withheld=held("surgery", *(one for one in ALL if one != "specialist-referral"), why=Why.IN_DOUBT),
        ),
        {"back_pain_days": since(100, "2025-11-22"), "pain_severity": scored(5), "lumbar_surgery": _NOT_SENT},
    ),
    "nothing-could-be-checked": Situation(
        "Observations and procedures were not sent: doubts leave no program, and one info card says which checks are missing.",
        decided(
            Outcome.DATA_UNOBTAINABLE,
            rules=ruled(fired=("from-two-weeks",), in_doubt=("fever", "surgery")),
            withheld=held("fever", *ALL, why=Why.IN_DOUBT)
            + held("surgery", *(one for one in ALL if one != "specialist-referral"), why=Why.IN_DOUBT),
        ),
        {
            "back_pain_days": since(20),
            "pain_severity": InDoubt(Cause.NOT_OBTAINED, "observations were not sent"),
            "temperature": InDoubt(Cause.NOT_OBTAINED, "observations were not sent"),
            "lumbar_surgery": _NOT_SENT,
            "osteoporosis": InDoubt(
                Cause.SUSPECTED, "only provisional: osteoporosis", (Evidence("Condition/op", "2026-01-05", "", "provisional"),)
            ),
        },
    ),
    "after-surgery": Situation(
        "Lumbar surgery a month ago: contraindications leave only the referral.",
        decided(
            rules=ruled(fired=("surgery", "from-two-weeks")),
            offered=(offered("specialist-referral", "surgery"),),
            withheld=held("surgery", *(one for one in ALL if one != "specialist-referral")),
        ),
        {"back_pain_days": since(20), "pain_severity": scored(6.6), "lumbar_surgery": there("Procedure/op", "2026-02-01")},
    ),
    "referral-under-way": Situation(
        "After surgery, and the referral was made last week: the card says so and offers nothing.",
        decided(
            Outcome.WITHHELD,
            rules=ruled(fired=("surgery", "from-two-weeks")),
            withheld=held("surgery", *(one for one in ALL if one != "specialist-referral")),
            in_place=("specialist-referral",),
        ),
        {
            "back_pain_days": since(20),
            "lumbar_surgery": there("Procedure/op", "2026-02-01"),
            "therapy_in_place": there("ServiceRequest/pt", "2026-02-23"),
        },
    ),
    "gate-in-doubt": Situation(
        "The list of problems has an unreadable entry: nobody knows whether this is about the patient.",
        Decision(Outcome.DATA_UNOBTAINABLE, Gate.IN_DOUBT, Gate.OPEN),
        {
            "active_back_pain": InDoubt(Cause.UNREADABLE, "an entry of the problem list could not be read"),
            "back_pain_days": InDoubt(Cause.UNREADABLE, "an entry of the problem list could not be read"),
            "sciatica": InDoubt(Cause.UNREADABLE, "an entry of the problem list could not be read"),
        },
    ),
    "engines-differ": Situation(
        "Fever, and the two engines do not agree on sciatica: the warning stands, suggestions are held back.",
        decided(
            Outcome.RULE_ERROR,
            rules=ruled(fired=("fever", "from-two-weeks")),
            said=("fever",),
            withheld=held("fever", *ALL),
            disagreement={"sciatica": "durable-rules"},
        ),
        {
            "back_pain_days": since(20),
            "temperature": Known(38.6, (Evidence("Observation/t", "2026-03-01", "38.6 Cel"),)),
            "sciatica": there("Condition/s"),
        },
    ),
    "early-mri": Situation(
        "An MRI is drafted in the third week: what imaging adds, then what helps.",
        decided(
            rules=ruled(fired=("early-imaging", "from-two-weeks")),
            said=("early-imaging",),
            offered=tuple(offered(name, "from-two-weeks") for name in _BASE[:2]),
        ),
        {
            "back_pain_days": since(20),
            "pain_severity": scored(3),
            "drafts_imaging": there("ServiceRequest/mri", "2026-03-02", "MRI lumbar spine"),
        },
        service=ORDERS,
    ),
    "never-shared": Situation(
        "A site that never shares procedures and has its pack approved: each card says what is never looked at.",
        decided(
            rules=ruled(fired=("early", "too-early")),
            offered=(offered("education-stay-active", "early"),),
            withheld=held("too-early", "lumbar-stabilization", "mckenzie-mdt"),
        ),
        {"back_pain_days": since(1, "2026-03-01"), "pain_severity": scored(0)},
        pack=replace(PACK, approved_by="a clinician", unchecked=(Unchecked("Procedure", "kept elsewhere", "a clinician"),)),
    ),
}
"""About a dozen patients, each with one line of why."""
