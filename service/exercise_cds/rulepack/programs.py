"""programs/*.yaml to `Program`, evidence.yaml to `Citation`, and cards' sources and links."""

from __future__ import annotations

from collections.abc import Iterable

from exercise_cds.model.pack import Citation, Created, Dosing, ForPatients, Link, OrderTemplate, Program, Source, Step
from exercise_cds.rulepack.codings import code, codes
from exercise_cds.rulepack.conditions import Conditions
from exercise_cds.rulepack.nodes import Place
from exercise_cds.rulepack.report import quoted
from exercise_cds.rulepack.scope import Scope
from exercise_cds.rulepack.shapes.programs import CitationShape, DosingShape, ForPatientsShape, OrderShape, ProgramFile, StepShape
from exercise_cds.rulepack.shapes.vocabulary import LinkShape, SourceShape
from exercise_cds.rulepack.texts import Spot, Texts


class Programs:
    """Links the programs of one pack."""

    def __init__(self, scope: Scope, conditions: Conditions, texts: Texts) -> None:
        self.scope = scope
        self.report = scope.report
        self.conditions = conditions
        self.texts = texts

    def program(self, shape: ProgramFile, place: Place) -> Program:
        """One program."""
        spot = Spot(owner=shape.id)
        return Program(
            id=shape.id,
            title=self.texts.shown(shape.title, place / "title", spot, "title"),
            summary=self.texts.shown(shape.summary, place / "summary", spot, "summary"),
            dosing=self._dosing(shape.dosing, place / "dosing", spot),
            steps=self._steps(shape.steps, place / "steps", spot),
            stop_if=self._lines(shape.stop_if, place / "stop_if", spot, "stop_if"),
            not_for=self._lines(shape.not_for, place / "not_for", spot, "not_for"),
            order=self._order(shape.order, place / "order", spot),
            evidence=self.evidence(shape.evidence, place / "evidence"),
            options={
                name: self.texts.shown(text, place / "options" / name, spot, f"options.{name}") for name, text in shape.options.items()
            },
            in_place_if=self.conditions.read(place / "in_place_if", may_be_always=False),
            handout=self.texts.shown(shape.handout or "", place / "handout", spot, "handout"),
            for_patients=self._for_patients(shape.for_patients, place / "for_patients", spot),
            where=place.where,
        )

    def evidence(self, names: Iterable[str] | None, place: Place) -> tuple[str, ...]:
        """The entries of evidence.yaml that are named."""
        for index, name in enumerate(names or ()):
            self.scope.knows("evidence", name, (place / index).where)
        return tuple(dict.fromkeys(names or ()))

    def _dosing(self, shape: DosingShape, place: Place, spot: Spot) -> Dosing:
        shown = {
            key: self.texts.shown(getattr(shape, key) or "", place / key, spot, f"dosing.{key}")
            for key in ("frequency", "intensity", "time", "type", "progress")
        }
        return Dosing(**shown)

    def _for_patients(self, shape: ForPatientsShape, place: Place, spot: Spot) -> ForPatients:
        shown = {
            key: self.texts.shown(getattr(shape, key) or "", place / key, spot, f"for_patients.{key}")
            for key in ("about", "frequency", "intensity", "time", "progress")
        }
        return ForPatients(**shown)

    def _steps(self, shapes: list[StepShape], place: Place, spot: Spot) -> tuple[Step, ...]:
        steps: dict[str, Step] = {}
        for index, shape in enumerate(shapes):
            there = place / index
            if shape.id in steps:
                self.report.add("duplicate-id", (there / "id").where, f"two steps have the id {quoted(shape.id)}", "rename one of them")
                continue
            title = self.texts.shown(shape.title, there / "title", spot, f"steps.{shape.id}.title")
            text = self.texts.shown(shape.text, there / "text", spot, f"steps.{shape.id}.text")
            steps[shape.id] = Step(shape.id, title, text, frozenset(shape.loads))
        return tuple(steps.values())

    def _lines(self, lines: list[str], place: Place, spot: Spot, path: str) -> tuple[str, ...]:
        return tuple(self.texts.shown(line, place / index, spot, f"{path}.{index}") for index, line in enumerate(lines))

    def _order(self, shape: OrderShape, place: Place, spot: Spot) -> OrderTemplate:
        return OrderTemplate(
            creates=Created(shape.creates),
            codes=codes(shape.codes, place / "codes", self.report),
            text=self.texts.shown(shape.text, place / "text", spot, "order.text"),
            category=codes(shape.category, place / "category", self.report),
        )


def citation(name: str, shape: CitationShape, place: Place, texts: Texts) -> Citation:
    """One entry of evidence.yaml."""
    shown = {
        key: texts.shown(getattr(shape, key) or "", place / key, Spot(), key) for key in ("title", "says", "strength", "note", "checked")
    }
    return Citation(id=name, year=shape.year, url=shape.url or "", where=place.where, **shown)


def source(shape: SourceShape | None, place: Place, scope: Scope) -> Source | None:
    """A card's source."""
    if shape is None:
        return None
    topic = None if shape.topic is None else code(shape.topic, place / "topic", scope.report)
    url = scope.replacements.link(shape.label, shape.url, place / "url") if shape.url else ""
    return Source(shape.label, url, topic)


def links(shapes: Iterable[LinkShape], place: Place, scope: Scope) -> tuple[Link, ...]:
    """A card's links, with the overlay's addresses."""
    return tuple(
        Link(shape.label, scope.replacements.link(shape.label, shape.url, place / index / "url")) for index, shape in enumerate(shapes)
    )
