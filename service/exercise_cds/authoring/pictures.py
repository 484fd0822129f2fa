"""Two pictures of a pack: which program is offered on which day, and how facts, rules and programs hang together. SVG without scripts."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import sqrt

from exercise_cds.authoring.plain_patient import Offered
from exercise_cds.model.pack import Rule, RulePack
from exercise_cds.model.tree import Leaf, Named, nodes

INK, LINE, OFFER, TAKE = "#1b2733", "#c4ccd4", "#2f7d5b", "#b3402e"
_FONT = 'font-family="system-ui, sans-serif"'
_ROW, _LEFT, _WIDTH = 26, 290, 940
_LONGEST = 38


def timeline(pack: RulePack, table: Offered, unit: str) -> str:
    """One row a program, one bar for each band of the duration in which it is offered to a plain patient whose severity nobody recorded."""
    rows = [band for band in table.rows if band.number is not None]
    shown = [(row, table.programs[index][-1]) for index, row in enumerate(table.rows) if row.number is not None]
    programs = [name for name in pack.programs if any(name in offers for _, offers in shown)]
    end = max((band.low for band in rows), default=1.0) * 1.35 or 1.0

    def place(number: float) -> float:
        # The first weeks matter most: the root stretches them.
        return _LEFT + (_WIDTH - _LEFT - 20) * sqrt(min(number, end) / end)

    height = 60 + _ROW * max(1, len(programs))
    parts = [
        _head(
            _WIDTH,
            height,
            f"What {pack.id} offers by {unit}",
            "Bars: the program is offered to a patient of whom nothing else is recorded.",
        )
    ]
    for band in rows:
        x = place(band.low)
        parts.append(f'<line x1="{x:.1f}" y1="30" x2="{x:.1f}" y2="{height - 24}" stroke="{LINE}"/>')
        parts.append(f'<text x="{x:.1f}" y="22" font-size="12" {_FONT} fill="{INK}">{band.low:g}</text>')
    for index, name in enumerate(programs):
        y = 38 + index * _ROW
        parts.append(f'<text x="8" y="{y + 14}" font-size="13" {_FONT} fill="{INK}">{escape(_clipped(pack.programs[name].title))}</text>')
        for band, offers in shown:
            if name in offers:
                x, right = place(band.low), place(end if band.high is None else band.high)
                words = f"{escape(pack.programs[name].title)}: {band.words} {unit}"
                box = f'x="{x:.1f}" y="{y}" width="{max(2.0, right - x):.1f}" height="18"'
                parts.append(f'<rect {box} fill="{OFFER}" stroke="#fff"><title>{words}</title></rect>')
    parts.append(f'<text x="{_LEFT}" y="{height - 6}" font-size="12" {_FONT} fill="{INK}">{escape(unit)}</text></svg>')
    return "\n".join(parts) + "\n"


def graph(pack: RulePack) -> str:
    """Three columns: what rules ask, the rules, the programs; green lines offer, red and dashed ones withhold."""
    asked = {rule.id: _names(rule) for rule in pack.rules}
    facts = list(dict.fromkeys(name for names in asked.values() for name in names))
    rules = [rule.id for rule in pack.rules]
    programs = list(pack.programs)
    height = 50 + 18 * max(len(facts), len(rules), len(programs), 1)
    places = {}
    parts = [_head(1000, height, f"Facts, rules and programs of {pack.id}", "Green lines offer, red and dashed lines withhold.")]
    for x, anchor, sort, names in ((230, "end", "fact", facts), (480, "middle", "rule", rules), (770, "start", "program", programs)):
        gap = (height - 50) / max(1, len(names))
        for index, name in enumerate(names):
            y = 40 + gap * (index + 0.5)
            places[sort, name] = x, y
            parts.append(f'<text x="{x}" y="{y + 4:.1f}" font-size="11" text-anchor="{anchor}" {_FONT} fill="{INK}">{escape(name)}</text>')
    for rule in pack.rules:
        parts += [_edge(places["fact", name], places["rule", rule.id], LINE, 6, -110) for name in asked[rule.id]]
        offers = {program for offer in rule.offers for program in offer.programs}
        takes = {program for withhold in rule.withholds for program in withhold.programs} - offers
        parts += [_edge(places["rule", rule.id], places["program", name], OFFER, 110, -6) for name in programs if name in offers]
        parts += [_edge(places["rule", rule.id], places["program", name], TAKE, 110, -6) for name in programs if name in takes]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _clipped(title: str) -> str:
    return title if len(title) <= _LONGEST else f"{title[: _LONGEST - 1].rstrip()}…"


def _head(width: int, height: int, title: str, described: str) -> str:
    box = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img"><title>{escape(title)}</title><desc>{escape(described)}</desc>'


def _edge(start: tuple[float, float], end: tuple[float, float], colour: str, out: int, into: int) -> str:
    x1, y1, x2, y2 = start[0] + out, start[1], end[0] + into, end[1]
    middle = (x1 + x2) / 2
    curve = f"M{x1:.0f},{y1:.1f} C{middle:.0f},{y1:.1f} {middle:.0f},{y2:.1f} {x2:.0f},{y2:.1f}"
    dashes = ' stroke-dasharray="5 3"' if colour == TAKE else ""  # told apart without colours, too
    return f'<path d="{curve}" fill="none" stroke="{colour}" stroke-opacity="0.55"{dashes}/>'


def _names(rule: Rule) -> Sequence[str]:
    """What a rule asks by name: named conditions as one, facts one by one."""
    asked = (node for tree in rule.conditions for node in nodes(tree))
    return list(dict.fromkeys(node.fact if isinstance(node, Leaf) else node.name for node in asked if isinstance(node, Leaf | Named)))
