"""A pack as pages for a review committee: Markdown, the same as HTML, two pictures. Everything is made from what is computed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path

from markdown_it import MarkdownIt

from exercise_cds.authoring.packs_compared import changes
from exercise_cds.authoring.pictures import graph, timeline
from exercise_cds.authoring.plain_patient import Offered, fact_of_kind, offered
from exercise_cds.authoring.results import Results
from exercise_cds.cards import rule_sentence, sentence
from exercise_cds.model.pack import Program, Rule, RulePack

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")
MOST_CASES = 4
_STYLE = """\
body { font: 16px/1.5 system-ui, sans-serif; color: #1b2733; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; margin: 1rem 0 }
td, th { border: 1px solid #8795a1; padding: .3rem .6rem; text-align: left; vertical-align: top }
img { max-width: 100%; height: auto } h2 { border-top: 3px solid #2f7d5b; padding-top: .6rem; margin-top: 2.5rem }
blockquote { margin: .5rem 0; padding: .2rem 1rem; border-left: 4px solid #8795a1 }
@media print { body { margin: 0; max-width: none } h2 { break-before: page } h3 { break-after: avoid } }
"""


def write_pages(results: Results, out: Path, *, since: RulePack | None = None) -> list[Path]:
    """Write pack.md, index.html and the pictures; the files written. `results` are the pack's cases, run."""
    pack = results.pack
    length, severity = fact_of_kind(pack, "episode"), fact_of_kind(pack, "score")
    table = offered(pack, length, severity) if length is not None else None
    text = "\n".join(_document(results, table, since)) + "\n"
    files = {"pack.md": text, "index.html": _html(pack, text), "graph.svg": graph(pack)}
    if table is not None and length is not None:
        files["timeline.svg"] = timeline(pack, table, length.unit or length.says)
    out.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (out / name).write_text(content, "utf-8")
    return [out / name for name in files]


def _html(pack: RulePack, text: str) -> str:
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(pack.title)}</title>'
    return f'<!doctype html>\n<html lang="en"><head>{head}<style>\n{_STYLE}</style></head>\n<body>\n{body}</body></html>\n'


def md(text: str) -> str:
    """A text as Markdown that shows it as it stands, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _document(results: Results, table: Offered | None, since: RulePack | None) -> Iterator[str]:
    pack = results.pack
    approved = f"approved by {md(pack.approved_by)}" if pack.approved_by else "**not reviewed by a clinician**"
    yield f"# {md(pack.title)}\n\n{pack.id} {pack.version}, {pack.status}, {approved}. Digest `{pack.digest}`.\n"
    yield f"It speaks {md(rule_sentence(pack.about, None, pack))}.\n"
    yield f"{len(pack.rules)} rules, {len(pack.programs)} programs, {len(results.ran)} cases, of which {len(results.failed)} fail.\n"
    if since is not None:
        yield from _since(since, pack)
    yield "## At a glance\n"
    if table is not None:
        yield "![Which program is offered on which day](timeline.svg)\n"
        yield from _decision_table(pack, table)
    yield "## Rules\n"
    fired = _fired(results)
    for rule in pack.rules:
        yield from _rule(rule, pack, fired.get(rule.id, ()))
    yield "## Programs\n"
    for program in pack.programs.values():
        yield from _program(program, pack)
    yield from _tables(pack)
    yield "## How it hangs together\n\n![Facts, rules and programs](graph.svg)\n\nGreen lines offer, red and dashed lines withhold.\n"
    yield from _sign_off(pack)


def _since(old: RulePack, new: RulePack) -> Iterator[str]:
    yield f"## What changed since {md(old.version)}\n"
    found = changes(old, new)
    yield "\n".join(f"- {line.sort} *{md(line.name)}*: {md(line.change)}" for line in found) or "Nothing in meaning."
    yield ""


def _decision_table(pack: RulePack, table: Offered) -> Iterator[str]:
    yield "What is offered to an adult of whom nothing else is recorded, by length (rows) and severity (columns):\n"
    yield "| | " + " | ".join(md(column.words) or "offered" for column in table.columns) + " |"
    yield "|---" * (len(table.columns) + 1) + "|"
    for row, cells in zip(table.rows, table.programs, strict=True):
        shown = (", ".join(md(pack.programs[name].title) for name in cell) or "nothing" for cell in cells)
        yield f"| **{md(row.words)}** | " + " | ".join(shown) + " |"
    yield ""


def _fired(results: Results) -> Mapping[str, Sequence[str]]:
    """Rule -> the names of the cases in which it fired."""
    found: dict[str, list[str]] = {}
    for one in results.ran:
        for rule in one.seen.decision.fired:
            found.setdefault(rule, []).append(one.case.name)
    return found


def _rule(rule: Rule, pack: RulePack, cases: Sequence[str]) -> Iterator[str]:
    yield f"### {md(rule.title)}\n"
    silent = " It is silent: recorded, not said." if rule.silent else ""
    yield f"`{rule.id}` ({rule.where.file}). It fires {md(rule_sentence(rule.when, rule.unless, pack))}.{silent}\n"
    yield from _effects(rule, pack)
    for name in rule.evidence:
        cited = pack.evidence[name]
        yield f"- Evidence: {md(cited.title)} ({cited.year}), {md(cited.strength)}: {md(cited.says)}"
    if cases:
        more = f" and {len(cases) - MOST_CASES} more" if len(cases) > MOST_CASES else ""
        yield f"- Cases: {'; '.join(md(case) for case in cases[:MOST_CASES])}{more}"
    else:
        yield "- Cases: **none in which it fires**"
    yield ""


def _effects(rule: Rule, pack: RulePack) -> Iterator[str]:
    if rule.card is not None:
        yield f"- **Card ({rule.card.indicator.value})**: {md(rule.card.summary[0].source)}"
        if rule.card.detail is not None:
            yield f"  > {md(rule.card.detail.source)}"
    for offer in rule.offers:
        rank = "" if offer.rank.value == "plain" else f", {offer.rank.value}"
        yield f"- **Offers** {_titles(offer.programs, pack)}{rank}: {md(offer.because.source)}"
    for withhold in rule.withholds:
        what = [_titles(tuple(name for name in pack.programs if name in withhold.programs), pack)] if withhold.programs else []
        what += [f"steps that carry {', '.join(sorted(withhold.loads))}"] if withhold.loads else []
        yield f"- **Withholds** {' and '.join(what)}: {md(withhold.because.source)}"
    for note in rule.notes:
        on = f" on {md(pack.programs[note.program].title)}" if note.program else ""
        yield f"- **Notes**{on}: {md(note.text.source)}"


def _titles(names: Sequence[str], pack: RulePack) -> str:
    return "all programs" if set(names) == set(pack.programs) else ", ".join(md(pack.programs[name].title) for name in names)


def _program(program: Program, pack: RulePack) -> Iterator[str]:
    dosing = program.dosing
    yield f"### {md(program.title)}\n\n`{program.id}`. {md(program.summary)}\n"
    yield f"- Dose: {md(dosing.frequency)}; {md(dosing.intensity)}; {md(dosing.time)}; {md(dosing.type)}"
    for step in program.steps:
        loads = f" ({', '.join(sorted(step.loads))})" if step.loads else ""
        yield f"- {md(step.title)}{loads}: {md(step.text)}"
    if program.stop_if:
        yield f"- Stop if: {'; '.join(map(md, program.stop_if))}"
    if program.not_for:
        yield f"- Not for: {'; '.join(map(md, program.not_for))}"
    yield f"- Order: {program.order.creates.value}, {md(program.order.text)}"
    if program.in_place_if is not None:
        yield f"- Under way already where there is {md(sentence(program.in_place_if, pack))}"
    offering = [rule.id for rule in pack.rules if any(program.id in offer.programs for offer in rule.offers)]
    taking = [rule.id for rule in pack.rules if any(program.id in withhold.programs for withhold in rule.withholds)]
    yield f"- Offered by {', '.join(offering) or 'no rule'}; withheld by {', '.join(taking) or 'no rule'}"
    yield ""


def _tables(pack: RulePack) -> Iterator[str]:
    yield "## Numbers that a site may change\n"
    yield "| setting | now | from | to | why |\n|---|---|---|---|---|"
    for setting in pack.settings.values():
        yield f"| {setting.name} | {setting.value:g} {md(setting.unit)} | {setting.least:g} | {setting.most:g} | {md(setting.says)} |"
    yield "\n## What is read of a patient\n\n| fact | kind | in words |\n|---|---|---|"
    yield from (f"| {spec.name} | {spec.kind} | {md(spec.says)} |" for spec in pack.facts.values())
    yield "\n## Codes\n\n| value set | codes | not verified |\n|---|---|---|"
    yield from (f"| {md(one.title)} | {len(one.codes)} | {len(one.unverified) or ''} |" for one in pack.valuesets.values())
    yield ""


def _sign_off(pack: RulePack) -> Iterator[str]:
    yield "## Sign-off\n"
    yield f"Pack {pack.id}, version {pack.version}, digest `{pack.digest}`.\n"
    yield "| rule | agreed | not agreed, because |\n|---|---|---|"
    yield from (f"| {md(rule.title)} | ☐ | |" for rule in pack.rules)
    yield "\nOpen questions:\n\n&nbsp;\n\n&nbsp;\n"
    yield "| name and profession | date | signature |\n|---|---|---|\n| | | |\n| | | |\n"
