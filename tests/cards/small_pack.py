"""A small low-back-pain pack in full dress: eight programs, thirteen rules, everything that a card can show."""

from __future__ import annotations

from dataclasses import replace

from builders.packs import (
    ALWAYS,
    all_of,
    any_of,
    at_least,
    below,
    fact_spec,
    note,
    offer,
    pack,
    rule,
    service,
    text,
    withhold,
    yes,
)
from exercise_cds.model.codes import CPT, SNOMED, Code
from exercise_cds.model.pack import (
    CardTexts,
    Citation,
    Created,
    Dosing,
    Indicator,
    Link,
    OrderTemplate,
    Program,
    Rule,
    RulePack,
    SaidCard,
    Setting,
    Source,
    Step,
)

ORDERS = "low-back-pain-orders"
EXERCISE = ("stretching", "aerobic-low-impact", "lumbar-stabilization", "mckenzie-mdt", "aquatic", "sciatica-by-cause")
ALL = ("aquatic", "sciatica-by-cause", "education-stay-active", "stretching", "aerobic-low-impact", "lumbar-stabilization", "mckenzie-mdt",
       "specialist-referral")  # fmt: skip


def _steps(*steps: tuple[str, str, str, str]) -> tuple[Step, ...]:
    return tuple(Step(name, title, says, frozenset(loads.split())) for name, title, says, loads in steps)


def _program(
    name: str,
    title: str,
    dosing: Dosing,
    steps: tuple[Step, ...],
    order: OrderTemplate,
    *,
    evidence: tuple[str, ...] = (),
    handout: str = "",
) -> Program:
    options = {"walking": "walking", "cycling": "stationary bike"} if name.startswith("aerobic") else {}
    return Program(
        id=name, title=title, summary=title, dosing=dosing, steps=steps,
        stop_if=("leg pain spreads further down", "new weakness or numbness") if steps else (), not_for=(), order=order,
        evidence=evidence, options=options, handout=handout, in_place_if=yes("therapy_in_place") if name == "specialist-referral" else None,
    )  # fmt: skip


def _plan(code: str, display: str, title: str) -> OrderTemplate:
    return OrderTemplate(Created.CARE_PLAN, (Code(SNOMED, code, display),), title)


def _request(codes: tuple[Code, ...], title: str) -> OrderTemplate:
    return OrderTemplate(Created.SERVICE_REQUEST, codes, title, category=(Code(SNOMED, "229065009", "Exercise therapy"),))


_DAILY = Dosing("daily", "gentle, never into pain", "10 minutes", "gentle movement")
_PROMOTED = "386292004", "Exercise promotion: stretching"
PROGRAMS = (
    _program("aquatic", "Water exercise", Dosing("2 to 3 times a week", "3 to 5 of 10", "30 to 45 minutes", "in water"),
             _steps(("water-walk", "Walking in water", "Walk in waist-deep water.", "")),
             _request((Code(CPT, "97113", "Water exercise with a therapist"),), "Supervised water exercise"),
             evidence=("apta-2021",), handout="Water therapy exercise program"),
    _program("sciatica-by-cause", "Sciatica exercises by cause", Dosing("daily", "symptom-guided", "1 to 2 short sets", "one direction"),
             _steps(("press-up", "Prone press-up", "Lie on your front and press up.", "extension"),
                    ("knee-to-chest", "Knee to chest", "Draw one knee to the chest.", "loaded-flexion"),
                    ("pelvic-tilt", "Pelvic tilt", "Flatten the low back, hold 10 seconds.", "")),
             _plan(*_PROMOTED, "Sciatica exercises by cause"), handout="Sciatica exercises for sciatica pain relief"),
    _program("education-stay-active", "Education: stay active", _DAILY, (), _plan("304507003", "Exercise education", "Stay active"),
             evidence=("danish-2018",), handout="Exercise and back pain"),
    _program("stretching", "Four easy stretches", Dosing("1 to 2 times a day", "mild pull, never pain", "30 second holds", "stretching"),
             _steps(("hamstring", "Wall hamstring stretch", "Rest one leg on the wall.", ""),
                    ("knee-chest", "Single knee to chest", "Draw one knee to the chest.", "loaded-flexion")),
             _plan(*_PROMOTED, "Four easy stretches"), evidence=("owen-2020",), handout="4 easy stretches for lower back pain"),
    _program("aerobic-low-impact", "Low-impact aerobic exercise",
             Dosing("3 to 5 times a week", "able to talk", "10 to 40 minutes", "walking or cycling", "5 minutes more each week"),
             _steps(("start", "Start low", "Start with 10 minutes.", "")), _plan(*_PROMOTED, "Low-impact aerobic exercise")),
    _program("lumbar-stabilization", "Lumbar stabilization", Dosing("3 to 5 times a week", "pain-free", "10 second holds", "trunk"),
             _steps(("brace", "Abdominal brace", "Brace gently, breathe on.", "")), _plan(*_PROMOTED, "Lumbar stabilization"),
             evidence=("owen-2020",)),
    _program("mckenzie-mdt", "McKenzie (MDT)", Dosing("3 to 6 times a day", "to end range", "10 repetitions", "one way"),
             _steps(("prone", "Prone press-up on elbows", "Prop up on the elbows.", "extension")), _plan(*_PROMOTED, "McKenzie (MDT)")),
    _program("specialist-referral", "Specialist referral", Dosing("once", "", "", "individual program"), (),
             _request((Code(SNOMED, "306170007", "Referral to physiotherapy service"),), "Referral to physiotherapy")),
)  # fmt: skip

FACTS = (
    fact_spec("back_pain_days", kind="episode", unit="days", tell=True, says="since the current episode of back pain began"),
    fact_spec("pain_severity", kind="score", tell=True, says="newest pain score"),
    fact_spec("active_back_pain", says="an active low-back condition"),
    fact_spec("sciatica", says="sciatica"),
    fact_spec("lumbar_stenosis", says="lumbar spinal stenosis"),
    fact_spec("cauda_equina", says="cauda equina syndrome"),
    fact_spec("urinary_retention", says="new urinary retention"),
    fact_spec("temperature", kind="measurement", unit="Cel", says="newest temperature"),
    fact_spec("lumbar_surgery", kind="procedure", says="lumbar surgery in the last 90 days"),
    fact_spec("osteoporosis", says="osteoporosis"),
    fact_spec("open_wound", says="open wound"),
    fact_spec("drafts_imaging", kind="draft_order", says="a drafted lumbar MRI, CT or X-ray"),
    fact_spec("therapy_in_place", kind="order", says="physical therapy already ordered"),
)
ASSESS = "This is a prompt for assessment, not a diagnosis."
RULES: tuple[Rule, ...] = (
    rule("emergency", any_of(yes("cauda_equina"), yes("urinary_retention")),
         says=SaidCard(Indicator.CRITICAL, (text("Check first: {found}"),),
                       text(f"In the chart: {{found}}.\nRefer to emergency care today.\n{ASSESS}"),
                       (Link("Red flags", "https://guidelines.example.org/red-flags"),)),
         withholds=[withhold(*ALL, because="Emergency assessment comes first")]),
    rule("fever", at_least("temperature", 38),
         says=SaidCard(Indicator.WARNING, (text("Fever with back pain: {found}"),),
                       text(f"Assess for infection before any exercise. {ASSESS}")),
         withholds=[withhold(*ALL, because="Fever must be assessed first")]),
    rule("surgery", yes("lumbar_surgery"), offers=[offer("specialist-referral", because="The surgeon's protocol leads")],
         withholds=[withhold(*(name for name in ALL if name != "specialist-referral"), because="Lumbar surgery in the last 90 days")]),
    rule("early", below("back_pain_days", 14),
         offers=[offer("education-stay-active", "stretching", "aerobic-low-impact",
                       because="Back pain for {back_pain_days}: most of it improves by itself")]),
    rule("too-early", ALWAYS, at_least("back_pain_days", 14),
         withholds=[withhold("lumbar-stabilization", "mckenzie-mdt", because="Not proven to last {strengthen_from_days} yet")]),
    rule("from-two-weeks", at_least("back_pain_days", 14),
         offers=[offer("education-stay-active", "stretching", "aerobic-low-impact", "lumbar-stabilization", "mckenzie-mdt",
                       because="Back pain for {back_pain_days}: staying active and strengthening help recovery "
                               "(the founding article's two weeks)")]),
    rule("chronic", at_least("back_pain_days", 85),
         offers=[offer("specialist-referral", because="Back pain for {back_pain_days}: an individual program")]),
    rule("severe", at_least("pain_severity", 7),
         offers=[offer("aquatic", rank="first", because="Pain {pain_severity} of 10: water unloads the back")],
         notes=[note("Severe pain: ask about numbness in the saddle area, weakness, bladder and bowel")]),
    rule("sciatica", yes("sciatica"), offers=[offer("sciatica-by-cause", because="Sciatica in the chart")]),
    rule("stenosis", yes("lumbar_stenosis"),
         withholds=[withhold("mckenzie-mdt", loads=["extension"], because="Extension can narrow the canal further")],
         notes=[note("Cycling before long walks", "aerobic-low-impact", "cycling")]),
    rule("bones", yes("osteoporosis"), withholds=[withhold(loads=["loaded-flexion"], because="Osteoporosis: no loaded flexion")]),
    rule("wound", yes("open_wound"), withholds=[withhold("aquatic", because="Open wound: no pool")]),
    rule("early-imaging", all_of(yes("drafts_imaging"), below("back_pain_days", 42)), services=[ORDERS],
         says=SaidCard(Indicator.INFO, (text("Imaging rarely helps in the first six weeks ({back_pain_days})"),))),
)  # fmt: skip
REASONS = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"


def whole_pack() -> RulePack:
    """The pack, with settings, groups, evidence and the texts of the program card."""
    made = pack(
        *(replace(one, evidence=("apta-2021", "seed") if one.offers else ("seed",)) for one in RULES),
        about=yes("active_back_pain"),
        programs=PROGRAMS,
        services=[service(), service(ORDERS, "order-select", yes("drafts_imaging"))],
        fallback="specialist-referral",
        facts=FACTS,
    )
    return replace(
        made,
        title="Low back pain exercise programs",
        version="2026.11.0",
        settings={"strengthen_from_days": Setting("strengthen_from_days", 14, 14, "days", 1, 84, "the founding article's two weeks")},
        groups={"exercise": EXERCISE},
        evidence={
            "apta-2021": Citation("apta-2021", "APTA low back pain", 2021, "exercise training", "should"),
            "owen-2020": Citation("owen-2020", "Owen network meta-analysis", 2020, "ranked", "low certainty"),
            "danish-2018": Citation("danish-2018", "Danish Health Authority", 2018, "remain active", "weak for"),
            "seed": Citation("seed", "Founding article", 2026, "two weeks", "patient education, no guideline"),
        },
        card=CardTexts(
            summary=(
                text("Back pain {back_pain_days}, pain {pain_severity}: programs that fit"),
                text("Back pain {back_pain_days}: programs that fit"),
                text("Low back pain: please record when it began"),
            ),
            source=Source(
                "APTA clinical practice guideline", "https://guidelines.example.org/", Code(SNOMED, "279039007", "Low back pain")
            ),
            override_reasons=(Code(REASONS, "cds-not-applicable", "Not applicable"), Code(REASONS, "preferences", "Patient's preference")),
            coded_data_only="Red flags were checked in coded data only.",
            withheld_summary=(text("No exercise program: some checks could not be made"),),
            links=(Link("About this service", "https://cds.example.org/about"),),
        ),
    )


PACK = whole_pack()
