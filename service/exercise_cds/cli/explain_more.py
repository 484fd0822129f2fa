"""What `explain` shows besides the answer itself: the site's overlay, facts put in place, the nearest changes, another pack's answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from exercise_cds.authoring.answers_compared import differences
from exercise_cds.authoring.what_if import Change
from exercise_cds.authoring.why import scalar, span
from exercise_cds.cds_service import Examination
from exercise_cds.model.facts import Bounds, Fact, InDoubt, Known, NotRecorded
from exercise_cds.model.pack import RulePack

MOST = 12
"""Rows of changes shown without `--all`."""
MOST_NAMES = 4
"""Facts that one row names."""


def of_overlay(pack: RulePack, overlay: Path | None) -> Iterator[object]:
    """What the site has changed: settings, rules switched off, what is never shared."""
    if overlay is None:
        return
    yield Text(f"Site overlay {overlay}, digest {pack.digest[:12]}", "bold magenta")
    for setting in pack.settings.values():
        if setting.value != setting.default:
            yield Text(f"  {setting.name}: {setting.value:g} {setting.unit} instead of {setting.default:g}", "magenta")
    for rule, because in pack.disabled.items():
        yield Text(f"  {rule} is switched off: {because}", "magenta")
    for one in pack.unchecked:
        yield Text(f"  {one.type} is never shared with us: {one.because} ({one.approved_by})", "magenta")
    for key in pack.prefetch:
        yield Text(f"  prefetch {key} has a template of the site", "magenta")


def of_what_if(instead: Mapping[str, Fact], pack: RulePack) -> Iterator[object]:
    """The facts that were put in the place of the chart's."""
    for name, fact in instead.items():
        yield Text(f"What if {name} were {shown(fact, pack, name)}:", "bold magenta")


def of_nearest(changes: Sequence[Change], pack: RulePack, *, everything: bool) -> Iterator[object]:
    """The nearest changes, one row each."""
    yield Text("\nThe smallest changes of one fact that would change the offers", "bold")
    if not changes:
        yield Text("  no change of one fact alone would change them", "dim")
        return
    table = Table(show_edge=False, pad_edge=False)
    for column in ("fact", "is", "were it", "gains", "loses"):
        table.add_column(column, overflow="fold")
    groups = _groups(changes, pack)
    for names, was, now, gained, lost in groups if everything else groups[:MOST]:
        other = "" if gained or lost else "another order"
        table.add_row(names, was, now, Text(", ".join(gained) or other, "green"), Text(", ".join(lost), "red"))
    yield table
    if len(groups) > MOST and not everything:
        yield Text(f"  and {len(groups) - MOST} more; --all shows them", "dim")


_Row = tuple[str, str, str, tuple[str, ...], tuple[str, ...]]


def _groups(changes: Sequence[Change], pack: RulePack) -> list[_Row]:
    """One row for all facts that are alike before, after and in what they do: thirty signs that take everything are one row."""
    found: dict[tuple[str, str, tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for change in changes:
        was, now = shown(change.was, pack, change.fact), shown(change.now, pack, change.fact)
        found.setdefault((was, now, change.gained, change.lost), []).append(change.fact)
    return [(_named(names), *key) for key, names in found.items()]


def _named(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= MOST_NAMES else f"{', '.join(names[:MOST_NAMES])} or one of {len(names) - MOST_NAMES} more"


def of_comparison(seen: Examination, there: Examination, other: RulePack) -> Text:
    """What the other pack would answer otherwise."""
    found = differences(seen, there)
    head = Text(f"\n{other.id} {other.version} would answer ", "bold")
    head.append("otherwise:" if found else "the same", "bold yellow" if found else "bold green")
    return head.append("".join(f"\n  {line}" for line in found), "not bold")


def shown(fact: Fact, pack: RulePack, name: str) -> str:
    """A fact's value in a few words."""
    unit = pack.facts[name].unit
    counted = f" {unit}" if unit and not unit.startswith("{") else ""
    match fact:
        case Known(value):
            return scalar(value) + ("" if isinstance(value, bool | str) else counted)
        case Bounds(least, most):
            return span(least, most) + counted
        case NotRecorded():
            return "not recorded"
        case InDoubt():
            return "in doubt"
