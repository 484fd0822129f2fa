"""The detail of a card: a reading set in a few lines of Markdown, as much of it as fits (`fitting.MEASURES`).

Order: what was read, why each program, notes, what was withheld and why, what could not be checked, what is under way, how strong the
evidence is, and that red flags were checked in coded data only. No HTML, no tables (CH-092).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest

from exercise_cds.cards.fitting import (
    AIM,
    CAP,
    MEASURES,
    Measure,
    Reasons,
    block,
    evidence,
    fitted,
    fitted_paragraphs,
    joined,
    line,
    names,
    shared,
)
from exercise_cds.cards.markdown import escape
from exercise_cds.cards.reading import LeftOut, Reading
from exercise_cds.cards.texts import FOUND, a_few, clean, clip, listed
from exercise_cds.model.decision import OfferedProgram

_AND_THE_REST = 2
"""How many exceptions "all programs but ..." may name."""
LONG_LIST = 80
"""Characters of steps left out, above which those that are left may be named instead."""
MOST_NAMED = 6
"""How many findings a rule's card names before "and 2 more"."""


class Detail:
    """Writes the details of one request's cards. `offered` are the programs really suggested (none, where the engines differ)."""

    def __init__(self, reading: Reading, offered: Sequence[OfferedProgram]) -> None:
        self._reading = reading
        self._offered = tuple(offered)
        self._fired, self._doubted = reading.withheld()
        self._left_out = reading.left_out() if offered else []
        self._doubts = reading.doubts()
        self._made: dict[tuple[object, ...], str] = {}

    def of_programs(self) -> str:
        """The program card."""
        return self._fit([], reading=True)

    def of_information(self, *sentences: str, about: Iterable[str] | None = None) -> str:
        """An info card: our own sentences, then everything but programs. `about`: of what was read, only the doubts about these facts."""
        if about is not None:
            self._doubts = self._reading.doubts(about)
        return self._fit(sentences, reading=about is None)

    def of_rule(self, rule: str, *, closing: bool) -> str:
        """A card that a rule says. The last card of an answer without a program or info card is `closing`: it tells what was withheld."""
        own = self._own(rule)
        if closing:
            return self._fit(own, reading=False)
        footer = self._reading.prepared.footer
        said = fitted_paragraphs(own, CAP - len(footer) - 2)
        return joined([said, evidence(self._reading.prepared.rules[rule].evidence, AIM - len(said) - len(footer) - 4), footer])

    def _own(self, rule: str) -> list[str]:
        """The author's lines of a rule's card, filled; what was found is added where they do not tell it."""
        reading = self._reading
        card = reading.prepared.rules[rule].rule.card
        detail = card.detail if card is not None else None
        found = a_few(reading.findings(rule), MOST_NAMED)
        lines = []
        if detail is not None:
            # The author's own line breaks are kept; whatever is filled in is one line.
            lines = [cleaned for one in reading.filler.fill(detail, found).splitlines() if (cleaned := clean(one))]
        if detail is None or FOUND not in detail.names:
            lines.append(f"Found: {found}")
        return lines

    def _fit(self, own: Sequence[str], *, reading: bool) -> str:
        said = fitted_paragraphs(own, CAP // 2)
        footer = self._reading.prepared.footer
        for measure in MEASURES:
            made = joined([said, *self._blocks(measure, reading=reading)])
            room = measure.limit - len(made) - len(footer) - 4
            if room >= 0:
                return joined([made, evidence(self._evidence(), room) if measure.evidence else "", footer])
        return self._bare(own)

    def _blocks(self, measure: Measure, *, reading: bool) -> Iterable[str]:
        """Everything between the card's own words and the evidence. `reading`: what was read, and the notes, which are a program card's."""
        if reading:
            yield self._once(self._read, measure.words)
        if measure.reasons is not Reasons.NONE:
            yield self._once(self._why, measure.reasons, measure.line)
        if reading:
            yield self._once(self._notes, measure.line)
        yield self._once(self._withheld, measure.line, not reading)
        yield self._once(self._checks)

    def _once(self, part: Callable[..., str], *measured: object) -> str:
        """A part of the detail, written once for each of its measures."""
        key = (part.__name__, *measured)
        if key not in self._made:
            self._made[key] = part(*measured)
        return self._made[key]

    def _read(self, words: int) -> str:
        source = self._reading
        facts = source.read(words)
        remarks = [f"{remark}." for remark in source.remarks(words)]
        said = [f"{'; '.join(facts)}."] if facts else []
        return f"**Read:** {escape(' '.join(said + remarks))}" if said or remarks else ""

    def _why(self, how: Reasons, longest: int) -> str:
        groups: dict[str, list[str]] = {}
        for offered in self._offered:
            reasons = self._reading.reasons(offered)
            if offered.fallback:
                reasons = (*reasons, "the other programs are withheld")
            kept = reasons if how is Reasons.ALL else reasons[:1]
            groups.setdefault("; ".join(clip(one, longest) for one in kept), []).append(offered.program)
        return block("Why", [f"{self._titles(programs)} — {why}" for why, programs in groups.items() if why])

    def _notes(self, longest: int) -> str:
        return block("Note", [clip(note, longest) for note in self._reading.notes([one.program for one in self._offered])])

    def _titles(self, programs: Iterable[str]) -> str:
        known = self._reading.prepared.programs
        return ", ".join(known[name].title for name in programs if name in known)

    def _together(self, programs: Iterable[str]) -> str:
        """Program titles in the pack's order; all of them, a whole group, or all but one or two are called so."""
        pack = self._reading.prepared.pack
        these = frozenset(programs)
        rest = [name for name in pack.programs if name not in these]
        if not rest and len(these) > 1:
            return "all programs"
        for group, members in pack.groups.items():
            if len(these) > _AND_THE_REST and these == frozenset(members):
                return f"all {group.replace('_', ' ').replace('-', ' ')} programs"
        if len(rest) <= _AND_THE_REST < len(these) - 1:
            return f"all programs but {self._titles(rest)}"
        return self._titles(name for name in pack.programs if name in these)

    def _withheld(self, longest: int, shortly: bool) -> str:  # noqa: FBT001  (a key of `_once`)
        """Programs by reason; a program that several reasons speak against stands under each, what takes most away first.

        `shortly`: below a rule's own card, one reason is enough where it takes everything away.
        """
        groups: dict[str, list[str]] = {}
        for program, reasons in self._fired.items():
            for reason in reasons:
                groups.setdefault(reason, []).append(program)
        by_size = sorted(groups.items(), key=lambda group: -len(group[1]))
        if shortly and by_size and len(by_size[0][1]) == len(self._fired):
            by_size = by_size[:1]
        said = [f"{self._together(ids)} — {clip(why, longest)}" for why, ids in by_size]
        shortened: dict[str, list[str]] = {}
        for one in self._left_out:
            shortened.setdefault(clip(one.why, longest), []).append(self._shortened(one))
        steps = [f"{'; '.join(programs)}{f' — {why}' if why else ''}" for why, programs in shortened.items()]
        return block("Withheld", said + steps)

    def _shortened(self, one: LeftOut) -> str:
        """A program without some of its steps: by what is left out, or, where that is a long list, by what is left."""
        without, only = f"without {', '.join(one.taken)}", f"only {', '.join(one.kept)}"
        return f"{one.title}, {only if LONG_LIST < len(without) > len(only) else without}"

    def _until_checked(self) -> list[str]:
        """Programs by what would have to be checked; what it is need not be repeated where it is the same for all and told above."""
        groups: dict[tuple[str, ...], list[str]] = {}
        for program, openings in self._doubted.items():
            groups.setdefault(openings, []).append(program)
        if len(groups) == 1 and frozenset(next(iter(groups))) == self._doubts.names:
            return [self._together(self._doubted)]
        return [f"{self._together(ids)} — {listed(openings)}" for openings, ids in groups.items()]

    def _checks(self) -> str:
        """What could not be checked, what that withholds, what is under way: whole, whatever the measure."""
        source, doubts = self._reading, self._doubts
        return joined(
            (
                block("Could not be checked", doubts.said),
                line("In doubt", doubts.findings),
                block("Withheld until checked", self._until_checked() if self._doubted else ()),
                line("Under way, so not suggested again", source.under_way()),
                line("Perhaps under way already", source.perhaps_under_way()),
            )
        )

    def _evidence(self) -> list[tuple[str, str]]:
        """The citations of what is offered, those of each program in turn, so that a short line speaks of all of them."""
        prepared = self._reading.prepared
        of_programs = []
        for offered in self._offered:
            rules = (prepared.rules[rule].evidence for rule in offered.offered_by if rule in prepared.rules)
            of_programs.append([*prepared.programs[offered.program].evidence, *(one for evidence_ in rules for one in evidence_)])
        turns = (one for turn in zip_longest(*of_programs) for one in turn if one is not None)
        return list(dict.fromkeys(turns))

    def _bare(self, own: Sequence[str]) -> str:
        """What is left when there is too much to tell: each part in its share of the room, all that is withheld or not checked in it."""
        reading, doubts = self._reading, self._doubts
        programs = reading.prepared.programs
        notes = reading.notes([one.program for one in self._offered])
        parts: tuple[tuple[str, Sequence[str], str], ...] = (
            ("", [clip(" ".join(own), 400)] if own else [], ""),
            ("Read", [clip("; ".join(reading.told_only()), 400)], ""),
            ("Note", [clip("; ".join(notes), 400)] if notes else [], ""),
            ("Withheld", [programs[name].title for name in self._fired], "programs"),
            ("Withheld until checked", [programs[name].title for name in self._doubted], "programs"),
            ("Steps left out", [self._shortened(one) for one in self._left_out], "programs with fewer steps"),
            ("Could not be checked", [fact for facts, _ in doubts.unchecked for fact in facts], "facts"),
            ("In doubt", doubts.findings, "findings"),
            ("Under way, so not suggested again", reading.under_way(), "programs"),
            ("Perhaps under way already", reading.perhaps_under_way(), "programs"),
            (" ", [" ".join(clip(one, 150) for one in reading.prepared.footer_lines)], ""),
        )
        parts = tuple(part for part in parts if any(part[1]))
        labels = [f"**{label}:** " if label.strip() else "" for label, _, _ in parts]
        room = CAP - sum(len(label) + 2 for label in labels)
        rooms = shared([len(escape(listed(items))) for _, items, _ in parts], room)
        return joined(f"{label}{_in(space, items, noun)}" for label, (_, items, noun), space in zip(labels, parts, rooms, strict=True))


def _in(room: int, items: Sequence[str], noun: str) -> str:
    """One text cut to fit, or several names of which none is left out."""
    return names(items, room, noun) if noun else fitted(items[0], room)
