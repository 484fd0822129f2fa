"""rules/*.yaml to `Rule`: names expanded, texts checked against what `when` makes certain."""

from __future__ import annotations

from datetime import date
from typing import TypeVar

from exercise_cds.model.pack import Indicator, Note, Offer, Rank, Rule, SaidCard, Withhold
from exercise_cds.model.tree import Always, Node
from exercise_cds.model.where import Where
from exercise_cds.rulepack.certainty import Certainty
from exercise_cds.rulepack.conditions import Conditions
from exercise_cds.rulepack.nodes import Place
from exercise_cds.rulepack.programs import Programs, links, source
from exercise_cds.rulepack.report import quoted
from exercise_cds.rulepack.scope import Scope
from exercise_cds.rulepack.shapes.rules import NoteShape, OfferShape, RuleCardShape, RuleShape, WithholdShape
from exercise_cds.rulepack.texts import Spot, Texts
from exercise_cds.rulepack.widths import Widths

T = TypeVar("T")


class Rules:
    """Links the rules of one pack."""

    def __init__(self, scope: Scope, conditions: Conditions, texts: Texts, programs: Programs) -> None:
        self.scope = scope
        self.report = scope.report
        self.conditions = conditions
        self.texts = texts
        self.programs = programs
        self.certainty = Certainty()
        self.widths = Widths()
        self._ids: dict[str, Where] = {}

    def rule(self, shape: RuleShape, place: Place) -> Rule | None:
        """One rule; None where a condition of it has a mistake."""
        self._id_is_free(shape, place)
        when = self.conditions.read(place / "when")
        unless = self.conditions.read(place / "unless", may_be_always=False)
        spot = self._spot(shape.id, when)
        said = Rule(
            id=shape.id,
            title=self.texts.shown(shape.title, place / "title", spot, "title"),
            when=when or Always(),
            unless=unless,
            evidence=self._evidence(shape, place),
            card=self._card(shape.card, place / "card", spot),
            offers=tuple(self._offer(one, there, spot, path) for one, there, path in _each(shape.offer, place / "offer", "offer")),
            notes=tuple(self._note(one, there, spot, path) for one, there, path in _each(shape.note, place / "note", "note")),
            withholds=tuple(
                self._withhold(one, there, spot, path) for one, there, path in _each(shape.withhold, place / "withhold", "withhold")
            ),
            services=frozenset(shape.services or ()),
            silent=shape.silent,
            owner=shape.owner or "",
            review_by=self._date(shape.review_by, place / "review_by"),
            where=place.where,
        )
        for index, name in enumerate(shape.services or ()):
            self.scope.knows("service", name, (place / "services" / index).where)
        if not (shape.card or shape.offer or shape.note or shape.withhold):
            hint = "write `card:`, `offer:`, `note:` or `withhold:`"
            self.report.add("does-nothing", place.where, f"the rule {quoted(shape.id)} does nothing", hint)
        for tree, key in ((when, "when"), (unless, "unless")):
            if tree is not None:
                self.widths.check(tree, place.key(key), self.report)
        return said if when is not None and (unless is not None or shape.unless is None) else None

    def _id_is_free(self, shape: RuleShape, place: Place) -> None:
        where = (place / "id").where
        first = self._ids.setdefault(shape.id, where)
        if first != where:
            sentence = f"two rules have the id {quoted(shape.id)}; the first is in {first.file}, line {first.line}"
            self.report.add("duplicate-id", where, sentence, "rename one of them")

    def _spot(self, owner: str, when: Node | None) -> Spot:
        if when is None:
            return Spot(owner, None, finds=True)
        return Spot(owner, self.certainty.known(when), finds=not isinstance(when, Always))

    def _evidence(self, shape: RuleShape, place: Place) -> tuple[str, ...]:
        if not shape.evidence:
            self.report.add("missing-evidence", place.where, f"the rule {quoted(shape.id)} has no evidence", "write `evidence: [...]`")
        return self.programs.evidence(shape.evidence, place / "evidence")

    def _card(self, shape: RuleCardShape | None, place: Place, spot: Spot) -> SaidCard | None:
        if shape is None:
            return None
        return SaidCard(
            indicator=Indicator(shape.indicator),
            summary=self.texts.summaries(shape.summary, place / "summary", spot, "card.summary"),
            detail=None if shape.detail is None else self.texts.filled(shape.detail, place / "detail", spot, "card.detail"),
            links=links(shape.links, place / "links", self.scope),
            source=source(shape.source, place / "source", self.scope),
        )

    def _offer(self, shape: OfferShape, place: Place, spot: Spot, path: str) -> Offer:
        if shape.first and shape.weak:
            self.report.add("first-and-weak", place.key("weak"), "an offer is `first` or `weak`, not both", "drop one of them")
        rank = Rank.FIRST if shape.first else Rank.WEAK if shape.weak else Rank.PLAIN
        because = self.texts.filled(shape.because, place / "because", spot, f"{path}.because")
        return Offer(self.scope.expanded(place / "programs", shape.programs), because, rank)

    def _note(self, shape: NoteShape, place: Place, spot: Spot, path: str) -> Note:
        program = shape.program
        if program is not None:
            self.scope.knows("program", program, (place / "program").where)
        if shape.start_with is not None:
            where = (place / "start_with").where
            if program is None:
                self.report.add("missing-key", place.where, "`start_with` needs a program", "write `program:`")
            elif program in self.scope.options and shape.start_with not in self.scope.options[program]:
                options = self.scope.options[program]
                sentence = f"{quoted(program)} has no option {quoted(shape.start_with)}"
                self.report.add("unknown-option", where, sentence, self.report.did_you_mean(shape.start_with, options))
        return Note(self.texts.filled(shape.text, place / "text", spot, f"{path}.text"), program, shape.start_with)

    def _withhold(self, shape: WithholdShape, place: Place, spot: Spot, path: str) -> Withhold:
        if shape.programs is None and shape.loads is None:
            self.report.add("does-nothing", place.where, "this withholds nothing", "write `programs:` or `loads:`")
        if shape.besides and shape.programs is None:
            self.report.add("does-nothing", place.key("except"), "`except` stands without `programs`", "write `programs: all`")
        if shape.within and shape.loads is None:
            self.report.add(
                "does-nothing", place.key("in"), "`in` stands without `loads`", "write `loads:`, or name the programs under `programs:`"
            )
        programs = frozenset(self.scope.expanded(place / "programs", shape.programs or ()))
        besides = frozenset(self.scope.expanded(place / "except", shape.besides or ()))
        within = frozenset(self.scope.expanded(place / "in", shape.within or ()))
        if programs and programs <= besides:
            self.report.add("does-nothing", place.key("except"), "`except` leaves nothing to withhold", "name fewer programs")
        self._loads(shape, place / "loads", within)
        because = self.texts.filled(shape.because, place / "because", spot, f"{path}.because")
        return Withhold(because, programs - besides, frozenset(shape.loads or ()), within)

    def _loads(self, shape: WithholdShape, place: Place, within: frozenset[str]) -> None:
        """A misspelt load withholds nothing, and nobody would notice: it is an error."""
        if self.scope.loads is None:
            return
        carried = {load for program, loads in self.scope.loads.items() if not within or program in within for load in loads}
        for index, load in enumerate(shape.loads or ()):
            if load not in carried:
                there = " of these programs" if within else ""
                sentence = f"no step{there} carries the load {quoted(load)}"
                self.report.add("unknown-load", (place / index).where, sentence, self.report.did_you_mean(load, carried))

    def _date(self, written: str | None, place: Place) -> str:
        if written is None:
            return ""
        try:
            date.fromisoformat(written)
        except ValueError:
            self.report.add("bad-form", place.where, f"{quoted(written)} is no day of the calendar", "write a date: 2026-03-02")
        return written


def _each(shapes: list[T] | None, place: Place, key: str) -> list[tuple[T, Place, str]]:
    """Each of one or more, with its place and the path of its texts: `offer` where there is one, else `offer.0`, `offer.1`, ..."""
    return [(shape, place / index, key if len(shapes) == 1 else f"{key}.{index}") for index, shape in enumerate(shapes)] if shapes else []
