"""`exercise-cds explain PACK REQUEST.json`: what was read, which rules fired, which did not and by how little, and what is answered.

It asks the very same steward as the server. What it prints holds the patient's data: it goes to whoever asked, and nowhere else.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
import orjson
from rich.console import Console
from rich.markdown import Markdown
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from exercise_cds.authoring.answers_compared import differences
from exercise_cds.authoring.request_file import read_request_file
from exercise_cds.authoring.what_if import facts_of, nearest
from exercise_cds.authoring.why import leaf_words, scalar, span, verdict
from exercise_cds.cds_service import CdsService, Examination, Serving, prepare
from exercise_cds.cli import explain_more
from exercise_cds.engine import NodeTrace, RuleTrace, as_json
from exercise_cds.errors import BadRequest, CdsError
from exercise_cds.fhir import Limits
from exercise_cds.model.client import Client
from exercise_cds.model.decision import Truth, Why
from exercise_cds.model.facts import Bounds, Fact, InDoubt, Known, NotRecorded
from exercise_cds.model.pack import FactSpec, RulePack
from exercise_cds.rulepack import load
from exercise_cds.rulepack.report import Report

_MARKS = {Truth.TRUE: ("yes", "green"), Truth.FALSE: ("no", "dim"), Truth.UNKNOWN: ("?", "yellow")}
NEAREST = 12
"""How many rules that did not fire are shown without `--all`."""
_FRAMES = {"critical": "red", "warning": "yellow", "info": "blue"}


class AsOf(click.ParamType[datetime]):
    """A day, or a moment with its offset."""

    name = "date"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """2026-03-02 is noon of that day in the chosen zone; a moment is itself."""
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no date: write 2026-03-02, or 2026-03-02T08:30:00+01:00.", param, ctx)
        return moment


@click.command("explain")
@click.argument("pack", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("request", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--as-of", type=AsOf(), help="The day of asking (2026-03-02). Left out: the story's own day, else today.")
@click.option("--service", help="The service asked. Left out: the story's own, else the one that answers the request's hook.")
@click.option("--overlay", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="A site's overlay file.")
@click.option("--time-zone", default="UTC", show_default=True, help="The zone in which days are counted.")
@click.option("--strict", is_flag=True, help="Validate every element of every entry, not only what is read.")
@click.option("--rule", "rules", multiple=True, help="Explain this rule alone: why it fired or did not. May be repeated.")
@click.option("--what-if", multiple=True, metavar="FACT=VALUE", help="Put this fact in the place of the chart's. May be repeated.")
@click.option("--nearest", "with_nearest", is_flag=True, help="Show the smallest changes of one fact that would change the offers.")
@click.option(
    "--compare", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Show what another pack would answer otherwise."
)
@click.option("--all", "everything", is_flag=True, help="Show the tree of every rule, not only of those that fired or nearly did.")
@click.option("--json", "as_data", is_flag=True, help="For programs: facts, rules, cards as one JSON object.")
def explain(  # noqa: PLR0913 - one parameter an option
    *,
    pack: Path,
    request: Path,
    as_of: datetime | None,
    service: str | None,
    overlay: Path | None,
    time_zone: str,
    strict: bool,
    rules: tuple[str, ...],
    what_if: tuple[str, ...],
    with_nearest: bool,
    compare: Path | None,
    everything: bool,
    as_data: bool,
) -> None:
    """Explain the answer to one hook request.

    PACK is a rule pack's folder, REQUEST a file with a CDS Hooks request. A story.yaml beside it may name the service and the day.
    """
    console = Console(highlight=False)
    serving = _prepared(pack, overlay)
    other = None if compare is None else _prepared(compare, None)
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise click.BadParameter(f"{time_zone!r} is no time zone: write one such as Europe/Vienna.", param_hint="--time-zone") from None
    instead = _asked_of(serving.pack, what_if, rules)
    try:
        asked = read_request_file(request, serving, service=service)
        now = _moment(as_of or asked.as_of, zone)
        client = Client(issuer="", zone=zone)
        seen = CdsService(serving, limits=Limits(), strict=strict).examine(asked.request, client, now, instead=instead)
        seen_there = None if other is None else CdsService(other, limits=Limits(), strict=strict).examine(asked.request, client, now)
    except CdsError as refusal:
        click.echo(f"The service would answer {refusal.status}: {refusal.sentence}", err=True)
        sys.exit(1)
    changes = nearest(serving.pack, asked.request.service, seen.facts) if with_nearest and seen.facts is not None else []
    if as_data:
        data = as_data_of(serving, asked.request.service, now, seen)
        data |= {"nearest": as_json(changes)} if with_nearest else {}
        data |= {"compared": list(differences(seen, seen_there))} if seen_there is not None else {}
        click.echo(orjson.dumps(data, option=orjson.OPT_INDENT_2))
        return
    page = _Page(serving, seen, everything=everything)
    parts = page.of_rules(rules) if rules else page.parts(asked.request.service, now.astimezone(zone).date())
    site = Path(overlay.name) if overlay is not None else None
    for part in (*explain_more.of_overlay(serving.pack, site), *explain_more.of_what_if(instead, serving.pack), *parts):
        console.print(part)
    for part in explain_more.of_nearest(changes, serving.pack, everything=everything) if with_nearest else ():
        console.print(part)
    if seen_there is not None and other is not None:
        console.print(explain_more.of_comparison(seen, seen_there, other.pack))


def _prepared(pack: Path, overlay: Path | None) -> Serving:
    """The pack, compiled; its findings and exit code 1 where it cannot be served."""
    loaded = load(pack, overlay)
    if loaded.pack is None:
        for finding in loaded.findings:
            click.echo(f"{pack}/{finding}", err=True)
        click.echo("The pack has errors and cannot be served; mend them first.", err=True)
        sys.exit(1)
    return prepare(loaded.pack, named_services=frozenset(loaded.pack.services))


def _asked_of(pack: RulePack, what_if: tuple[str, ...], rules: tuple[str, ...]) -> dict[str, Fact]:
    """The facts in place of the chart's. Raises BadParameter for a fact, a value or a rule that the pack does not have."""
    known = [rule.id for rule in pack.rules]
    for rule in rules:
        if rule not in known:
            raise click.BadParameter(f"the pack has no rule {rule!r}. {Report().did_you_mean(rule, known)}", param_hint="--rule")
    try:
        return facts_of(pack, what_if)
    except BadRequest as refusal:
        raise click.BadParameter(refusal.sentence, param_hint="--what-if") from None


def _moment(as_of: datetime | date | None, zone: ZoneInfo) -> datetime:
    if as_of is None:
        return datetime.now(UTC)
    if not isinstance(as_of, datetime):
        as_of = datetime.combine(as_of, time(12))
    if as_of.tzinfo is None:
        noon = as_of if as_of.time() != time(0) else as_of.replace(hour=12)
        return noon.replace(tzinfo=zone)
    return as_of


def as_data_of(serving: Serving, service: str, now: datetime, seen: Examination) -> dict[str, object]:
    """Everything that `explain --json` prints."""
    return {
        "pack": {"id": serving.pack.id, "version": serving.pack.version, "digest": serving.pack.digest},
        "service": service,
        "asOf": now.isoformat(),
        "status": 412 if seen.unobtainable else 200,
        "outcome": seen.decision.outcome.value,
        "facts": {name: {"state": _state(fact), **as_json(fact)} for name, fact in (seen.facts or {}).items()},
        "issues": [as_json(issue) for issue in (seen.chart.issues if seen.chart else ())],
        "gaps": [as_json(gap) for gap in (seen.chart.gaps.values() if seen.chart else ())],
        "trace": as_json(seen.trace) if seen.trace else None,
        "offered": as_json(seen.decision.offered),
        "withheld": as_json(seen.decision.withheld),
        "cards": seen.composed.cards,
    }


def _state(fact: Fact) -> str:
    match fact:
        case Known():
            return "known"
        case Bounds():
            return "within bounds"
        case NotRecorded():
            return "not recorded"
        case InDoubt():
            return "in doubt"


class _Page:
    """What people read, top to bottom: outcome, facts, rules, offers, cards."""

    def __init__(self, serving: Serving, seen: Examination, *, everything: bool) -> None:
        self._pack: RulePack = serving.pack
        self._seen = seen
        self._everything = everything

    def parts(self, service: str, today: date) -> Iterator[object]:
        """Renderables, in order."""
        seen, pack = self._seen, self._pack
        title = Text(seen.decision.outcome.value, "bold")
        title.append(f"  {service}, {today}, {pack.id} {pack.version} ({pack.status})", "not bold")
        if seen.unobtainable:
            title.append(
                f"\n412: {' and '.join(seen.unobtainable)} could not be had, so the answer is an error and not an empty list", "red"
            )
        yield Panel(title, border_style="bold")
        yield from self._facts()
        yield from self._rules()
        yield from self._programs()
        yield from self._cards()

    def of_rules(self, names: tuple[str, ...]) -> Iterator[object]:
        """These rules alone, each with its whole tree."""
        trace = self._seen.trace
        self._everything = True
        for rule in trace.rules if trace is not None else ():
            if rule.rule in names:
                yield Text(verdict(rule), "bold")
                yield self._rule(rule, "green" if rule.outcome and rule.outcome.fired else "yellow")
                if rule.miss is not None and not (rule.outcome and rule.outcome.fired):
                    yield Text(f"nearest: {rule.miss.words}", "cyan")
        if not any(rule.rule in names for rule in (trace.rules if trace is not None else ())):
            yield Text(f"{', '.join(names)}: not asked by this service.", "yellow")

    def _facts(self) -> Iterator[object]:
        if self._seen.facts is None:
            return
        table = Table(title="What the chart says", title_justify="left", title_style="bold", show_edge=False, pad_edge=False)
        for column in ("fact", "value", "from"):
            table.add_column(column, overflow="fold")
        silent = 0
        for name, fact in self._seen.facts.items():
            if fact == Known(value=False):
                silent += 1
                continue
            table.add_row(name, _value(fact, self._pack.facts[name]), _evidence(fact))
        yield table
        if silent:
            yield Text(f"{silent} more facts are false: nothing of the kind is in the chart.", "dim")
        for gap in self._seen.chart.gaps.values() if self._seen.chart else ():
            yield Text(f"Could not look: {gap.why}.", "yellow")
        for issue in self._seen.chart.issues if self._seen.chart else ():
            yield Text(f"Bad data: {issue.kind.value} at {issue.place}{f', {issue.element}' if issue.element else ''}.", "yellow")

    def _rules(self) -> Iterator[object]:
        trace = self._seen.trace
        if trace is None:
            return
        if not trace.decision.rules:
            yield Text("\nThe gate is not open, so no rule was asked:", "bold")
            yield self._tree("about", trace.about)
            if trace.gate:
                yield self._tree("this service's `when`", trace.gate)
            return
        fired = [rule for rule in trace.rules if rule.outcome and rule.outcome.fired]
        doubtful = [rule for rule in trace.rules if rule.outcome and rule.outcome.withholds is Why.IN_DOUBT]
        others = [rule for rule in trace.rules if rule not in fired and rule not in doubtful]
        yield Text("\nRules that fired", "bold")
        for rule in fired:
            yield self._rule(rule, "green")
        if doubtful:
            yield Text("\nRules that withhold because something could not be told", "bold")
            for rule in doubtful:
                yield self._rule(rule, "yellow")
        yield Text("\nRules that did not fire, the nearest first", "bold")
        nearest = sorted(others, key=_distance)
        for rule in nearest if self._everything else nearest[:NEAREST]:
            words = rule.miss.words if rule.miss else "no chart can make it fire"
            yield Text.assemble(("  · ", "dim"), rule.rule, (f": {words}", "dim"))
            if self._everything:
                yield Padding(self._rule(rule, "dim"), (0, 0, 0, 4))
        if len(others) > NEAREST and not self._everything:
            yield Text(f"  and {len(others) - NEAREST} more; --all shows them", "dim")

    def _rule(self, rule: RuleTrace, style: str) -> Tree:
        tree = Tree(Text.assemble((rule.rule, f"bold {style}"), f"  {rule.title}", (f"  {rule.where}", "dim")), guide_style="dim")
        self._grow(tree, rule.when, "when")
        if rule.unless is not None:
            self._grow(tree, rule.unless, "unless")
        return tree

    def _tree(self, label: str, node: NodeTrace) -> Tree:
        tree = Tree(Text(label, "bold"), guide_style="dim")
        self._grow(tree, node, "")
        return tree

    def _grow(self, tree: Tree, node: NodeTrace, label: str) -> None:
        mark, style = _MARKS[node.truth]
        words = {"all": "all of", "any": "any of", "not": "not", "always": "always", "named": node.name}.get(node.kind, "")
        if node.leaf is not None:
            words = leaf_words(node.leaf, self._pack)
        branch = tree.add(Text.assemble((f"{mark:>3} ", style), (f"{label} " if label else "", "bold"), words))
        if node.truth is Truth.FALSE and node.kind in {"any", "named"} and not self._everything:
            return  # thirty signs that are not there say no more than their name
        for part in node.parts:
            if node.kind == "any" and node.truth is Truth.TRUE and part.truth is Truth.FALSE and not self._everything:
                continue
            self._grow(branch, part, "")

    def _programs(self) -> Iterator[object]:
        decision = self._seen.decision
        if decision.offered or decision.withheld or decision.in_place:
            yield Text("\nPrograms", "bold")
        for offer in decision.offered:
            left = f", without {', '.join(offer.steps_withheld)}" if offer.steps_withheld else ""
            yield Text.assemble(
                ("  + ", "green"), offer.program, (f"  offered by {', '.join(offer.offered_by) or 'the fallback'}{left}", "dim")
            )
        for program in decision.in_place:
            yield Text.assemble(("  = ", "cyan"), program, ("  already under way", "dim"))
        held: dict[str, list[str]] = {}
        for entry in decision.withheld:
            held.setdefault(entry.program, []).append(f"{entry.rule} ({entry.why.value})")
        for program, rules in held.items():
            yield Text.assemble(("  - ", "red"), program, (f"  withheld by {', '.join(rules)}", "dim"))

    def _cards(self) -> Iterator[object]:
        yield Text("\nCards" if self._seen.composed.cards else "\nNo card", "bold")
        for card in self._seen.composed.cards:
            body = Markdown(card.get("detail", ""))
            yield Panel(body, title=Text(card["summary"], "bold"), title_align="left", border_style=_FRAMES[card["indicator"]])
            for suggestion in card.get("suggestions", []):
                yield Text(f"   [ {suggestion['label']} ]", "blue")


def _distance(rule: RuleTrace) -> tuple[int, bool, float]:
    """Fewest leaves first; a number that is short of something is nearer than a finding that is not there."""
    if rule.miss is None:
        return (99, True, 0.0)
    leaves = rule.miss.leaves
    return len(leaves), any(leaf.distance is None for leaf in leaves), sum(leaf.distance or 0.0 for leaf in leaves)


def _value(fact: Fact, spec: FactSpec) -> Text:
    unit = f" {spec.unit}" if spec.unit and not spec.unit.startswith("{") else ""
    match fact:
        case Known(value, _, remarks):
            shown = Text(scalar(value) + ("" if isinstance(value, bool | str) else unit), "bold")
        case Bounds(least, most, _, remarks):
            shown = Text(span(least, most) + unit, "bold")
        case NotRecorded(remarks):
            shown = Text("not recorded", "dim")
        case InDoubt(cause, why):
            return Text(f"in doubt, {cause.value}: {why}", "yellow")
    for remark in remarks:
        shown.append(f"\n{remark}", "yellow")
    return shown


def _evidence(fact: Fact) -> str:
    return "\n".join(", ".join(filter(None, (one.resource, one.shown, one.date, one.remark))) for one in fact.evidence)
