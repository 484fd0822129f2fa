"""Starts: a whole pack, a rule, a program, a case, a value set. Each is valid as it is written, and its comments say what to change."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import orjson

from exercise_cds.authoring.chart_builder import SYSTEMS
from exercise_cds.authoring.form import round_trip
from exercise_cds.model.pack import RulePack
from exercise_cds.rulepack.shapes.vocabulary import KEBAB

ID = re.compile(KEBAB)


class CannotStart(ValueError):
    """What is asked for cannot be written; says why and what to do."""


def named(name: str) -> str:
    """The name, if files and ids can have it."""
    if not ID.fullmatch(name):
        raise CannotStart(f"{name!r} cannot be an id: write small letters and digits joined by hyphens, such as easy-starter.")
    return name


def new_pack(folder: Path) -> list[Path]:
    """A small pack that can be served: one fact, one rule, one program, one case. Its id is the folder's name."""
    pack = named(folder.name)
    if folder.exists() and any(folder.iterdir()):
        raise CannotStart(f"{folder} is not empty: name a new folder.")
    files = {name: text.replace("PACK", pack) for name, text in PACK.items()}
    files["valuesets/low-back-pain.json"] = valueset(
        "low-back-pain", "Low back pain", "icd-10-cm", {"M54.50": "Low back pain, unspecified"}
    )
    return [_write(folder / name, text) for name, text in files.items()]


def new_rule(folder: Path, pack: RulePack, name: str) -> list[Path]:
    """A rule in a file of its own: a line on the card for everybody, until its `when` says for whom."""
    if name in {rule.id for rule in pack.rules}:
        raise CannotStart(f"the pack has a rule {name!r} already.")
    text = RULE.replace("RULE", named(name)).replace("EVIDENCE", next(iter(pack.evidence)))
    text = text.replace("PROGRAM", next(iter(pack.programs))).replace("FACT", next(iter(pack.facts)))
    return [_write(folder / "rules" / f"{name}.yaml", text)]


def new_program(folder: Path, pack: RulePack, name: str) -> list[Path]:
    """A program in its file, and its name at the end of the order of pack.yaml."""
    if name in pack.programs:
        raise CannotStart(f"the pack has a program {name!r} already.")
    path = _write(folder / "programs" / f"{named(name)}.yaml", PROGRAM.replace("PROGRAM", name))
    listed, yaml, out = folder / "pack.yaml", round_trip(), io.StringIO()
    content = yaml.load(listed.read_text("utf-8"))
    content["programs"].append(name)
    yaml.dump(content, out)
    listed.write_text(out.getvalue(), "utf-8")
    return [path, listed]


def new_case(folder: Path, pack: RulePack, name: str) -> list[Path]:
    """A case in a file of its own; its name is the file's."""
    program = next((program for rule in pack.rules for offer in rule.offers for program in offer.programs), next(iter(pack.programs)))
    text = CASE.replace("CASE", named(name).replace("-", " ")).replace("PROGRAM", program).replace("SERVICE", next(iter(pack.services)))
    return [_write(folder / "tests" / f"{name}.yaml", text)]


def new_valueset(folder: Path, name: str, title: str, system: str, codes: Mapping[str, str]) -> list[Path]:
    """A value set of these codes (code -> display)."""
    if not codes:
        raise CannotStart("a value set holds at least one code: --code M54.50='Low back pain'.")
    return [_write(folder / "valuesets" / f"{named(name)}.json", valueset(name, title, system, codes))]


def valueset(name: str, title: str, system: str, codes: Mapping[str, str]) -> str:
    """A FHIR R4 ValueSet."""
    concepts = [{"code": code, **({"display": display} if display else {})} for code, display in codes.items()]
    resource = {
        "resourceType": "ValueSet", "id": name, "title": title, "status": "draft",
        "description": "Where these codes come from, and who compared them with their source, and when.",
        "compose": {"include": [{"system": SYSTEMS.get(system, system), "concept": concepts}]},
    }  # fmt: skip
    return orjson.dumps(resource, option=orjson.OPT_INDENT_2).decode() + "\n"


def pairs(written: Sequence[str]) -> dict[str, str]:
    """`CODE=words` or a code alone."""
    found = {}
    for text in written:
        code, _, words = text.partition("=")
        found[code.strip()] = words.strip()
    return found


def _write(path: Path, text: str) -> Path:
    if path.exists():
        raise CannotStart(f"{path} is there already: choose another name.")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


RULE = """\
rules:
  - id: RULE
    # One sentence that a colleague can call true or false.
    title: What RULE says
    # For whom. A bare name asks a yes/no fact; numbers are compared: {back_pain_days: {at_least: 14}}.
    # Join questions with all: [...] and any: [...]. What keeps the rule back stands under `unless:`.
    when: always
    # At least one of card, offer, note, withhold:
    #   offer: {programs: [PROGRAM], because: "Why it fits"}
    #   withhold: {programs: [PROGRAM], because: "Why not now"}
    note: {text: "A line on the card: RULE"}
    evidence: [EVIDENCE]
"""
PROGRAM = """\
id: PROGRAM
title: A program to be named
summary: One line that says what it is.
dosing:
  frequency: how often, such as 3 days a week
  intensity: how hard, such as easy, able to talk
  time: how long, such as 20 minutes
  type: what kind, such as walking
# Steps carry loads (extension, loaded-flexion, prone, ...): what a rule can withhold.
steps:
  - {id: first-step, title: First step, text: What to do and how often., loads: []}
stop_if: [pain that shoots below the knee]
not_for: []
# What accepting the suggestion creates in the EHR.
order:
  creates: CarePlan
  codes: []
  text: The program, as the order names it
"""
CASE = """\
# The day of asking: `13 days ago` counts from here.
today: 2026-03-02
cases:
  - case: CASE
    service: SERVICE
    patient: {age: 41}
    conditions: [{code: M54.50, onset: 20 days ago}]
    scores: [{value: 4, dated: today}]
    # What must come of it: outcome, offers, exactly, never, fired, not_fired, withheld, cards, says, ...
    expect: {offers: [PROGRAM]}
"""
PACK = {
    "pack.yaml": """\
pack: PACK
version: 2026.1.0
# draft until a clinician has approved it; then active, with approved_by
status: draft
title: PACK
# The gate: of whom the pack speaks. Not true: no card.
about: active_back_pain
# What must be had; otherwise the service answers 412.
required: [Patient, Condition]
# The order of suggestions.
programs:
  - walking
services:
  PACK-exercise:
    hook: patient-view
    title: Exercise for back pain
    description: Suggests exercise programs.
# Numbers that a site may change within bounds, each with its reason.
settings:
  early_days: {default: 14, unit: days, from: 7, to: 42, says: how long pain counts as new}
card:
  # The first text whose facts are all known is taken; the last needs none.
  summary:
    - "Back pain for {back_pain_days}: programs that fit"
    - "Back pain: programs that fit"
  withheld_summary: "Back pain: no program, because something could not be checked"
  source: {label: Name the source of this advice}
  coded_data_only: Red flags were looked for in coded data only.
""",
    "facts.yaml": """\
# What may be known of a patient. The kinds, and exactly how each is read from FHIR: docs/authors/facts.md.
facts:
  active_back_pain: {kind: condition, codes: [low-back-pain], suspected: counts, says: low back pain}
  back_pain_days: {kind: episode, codes: [low-back-pain], suspected: counts, tell: always, says: since the back pain began}
""",
    "evidence.yaml": """\
# What the sources say, in their own words and scale. Every rule names at least one.
evidence:
  a-guideline:
    title: Name the guideline
    year: 2026
    says: What it recommends.
    strength: its own word for how strongly
""",
    "rules/base.yaml": """\
# when ... unless ... -> card, offer, note, withhold
rules:
  - id: walk
    title: Everybody with back pain is offered walking
    when: always
    offer: {programs: [walking], because: "Staying active helps"}
    evidence: [a-guideline]

  - id: gently-at-first
    title: While pain is new, walking is short
    when: {back_pain_days: {below: early_days}}
    note: {program: walking, text: "New pain: a few minutes at a time."}
    evidence: [a-guideline]
""",
    "programs/walking.yaml": PROGRAM.replace("id: PROGRAM", "id: walking").replace("A program to be named", "Walking"),
    "tests/base.yaml": """\
# The day of asking: `13 days ago` counts from here.
today: 2026-03-02
cases:
  - case: new pain gets a short walk
    patient: {age: 41}
    conditions: [{code: M54.50, onset: 13 days ago}]
    expect: {exactly: [walking], fired: [walk, gently-at-first], says: "New pain: a few minutes at a time"}
  - case: pain of two weeks gets a walk
    patient: {age: 41}
    conditions: [{code: M54.50, onset: 14 days ago}]
    expect: {exactly: [walking], not_fired: [gently-at-first]}
  - case: pain without a date gets a walk, and nothing is said of its length
    patient: {age: 41}
    conditions: [{code: M54.50}]
    expect: {exactly: [walking], not_fired: [gently-at-first]}
  - case: other pain is not spoken of
    patient: {age: 41}
    conditions: [{code: M25.561, onset: 13 days ago}]
    expect: {outcome: not about this patient, no_cards: true}
""",
    "README.md": """\
# PACK

Draft: no clinician has reviewed it. `exercise-cds check PACK` says every mistake, `exercise-cds test PACK --coverage --mutation` what the
cases leave open.
""",
}
