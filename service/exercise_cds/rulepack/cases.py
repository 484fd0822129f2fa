"""tests/*.yaml of a pack, read and checked against the pack: what the runner of cases works on. No answer depends on it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from exercise_cds.model.decision import Outcome
from exercise_cds.model.pack import RulePack
from exercise_cds.model.where import NOWHERE, Finding, Where
from exercise_cds.rulepack.folder import read_folder
from exercise_cds.rulepack.nodes import Place, plain
from exercise_cds.rulepack.packs import known_type
from exercise_cds.rulepack.report import Report, quoted
from exercise_cds.rulepack.scope import Scope
from exercise_cds.rulepack.shapes import CasesFile, CaseShape
from exercise_cds.rulepack.shapes.cases import Expectation
from exercise_cds.rulepack.shaping import shaped, shaped_quietly
from exercise_cds.rulepack.yaml_reader import read_yaml

BUILDERS = (
    "patient", "conditions", "scores", "observations", "procedures", "medications", "orders", "plans", "answers", "drafts", "not_obtained",
)  # fmt: skip
"""Keys of a case that build a chart; a whole request has none of them."""

_YEARS = range(1970, 2200)
"""From these a chart's dates are counted back, up to 99,999 weeks, and remain dates of the calendar."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case. `given` are the builders as the author wrote them; `request` is the file of a whole request in their place."""

    name: str
    today: date
    service: str
    expect: Expectation
    settings: Mapping[str, float] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)
    request: Path | None = None
    where: Where = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Cases:
    """The cases of a pack in order of file and line (none where any finding is an error), and every finding."""

    cases: tuple[Case, ...]
    findings: tuple[Finding, ...]


def read_cases(folder: Path, pack: RulePack) -> Cases:
    """All cases of a pack that loaded. Findings about the folder itself are `load`'s, and not repeated."""
    report = Report()
    reader = _Reader(folder, pack, report)
    for file, content in read_folder(folder, Report()).under("tests"):
        root = read_yaml(content, file, report)
        if root is not None:
            reader.file(root)
    return Cases(() if report.errors else tuple(reader.cases), report.findings())


class _Reader:
    """Reads the cases of one pack."""

    def __init__(self, folder: Path, pack: RulePack, report: Report) -> None:
        self.folder, self.pack, self.report = folder, pack, report
        self.cases: list[Case] = []
        self._first: dict[str, Where] = {}
        self.scope = Scope(report)
        self.scope.programs = dict.fromkeys(pack.programs)
        self.scope.services = tuple(pack.services)
        self.rules = {rule.id for rule in pack.rules} | set(pack.disabled)

    def file(self, root: Place) -> None:
        """Every case of one file."""
        whole = shaped(root, CasesFile, self.report)
        today = self._day(whole.today, root / "today") if whole else None
        for index, place in enumerate(root / "cases"):
            shape = whole.cases[index] if whole else shaped_quietly(place, CaseShape)
            if shape is not None:
                self._case(shape, place, today or date.min)

    def _day(self, written: str, place: Place) -> date | None:
        try:
            day = date.fromisoformat(written)
        except ValueError:
            self.report.add("bad-form", place.where, f"{quoted(written)} is no day of the calendar", "write a date: 2026-03-02")
            return None
        if day.year in _YEARS:
            return day
        sentence = f"{quoted(written)} is not between {_YEARS.start} and {_YEARS.stop}"
        self.report.add("number-out-of-range", place.where, sentence, "write a day on which the service may be asked: 2026-03-02")
        return None

    def _case(self, shape: CaseShape, place: Place, today: date) -> None:
        where = (place / "case").where
        before = self._first.setdefault(shape.case, where)
        if before != where:
            sentence = f"two cases are called {quoted(shape.case)}; the first is in {before.file}, line {before.line}"
            self.report.add("duplicate-id", where, sentence, "say what is different")
        service = shape.service or next(iter(self.pack.services))
        self.scope.knows("service", service, (place / "service").where)
        self._settings(shape, place / "settings")
        for index, name in enumerate(shape.not_obtained):
            known_type(name, place / "not_obtained" / index, self.scope)
        self._expect(shape.expect, place / "expect")
        given = {key: plain((place / key).node) for key in BUILDERS if (place / key).node is not None}
        day = today if shape.today is None else self._day(shape.today, place / "today") or today
        request = self._request(shape, place)
        self.cases.append(Case(shape.case, day, service, shape.expect, dict(shape.settings), given, request, place.where))

    def _settings(self, shape: CaseShape, place: Place) -> None:
        for name, value in shape.settings.items():
            setting = self.pack.settings.get(name)
            if setting is None:
                hint = self.report.did_you_mean(name, self.pack.settings)
                self.report.add("unknown-setting", place.key(name), f"no setting named {quoted(name)}", hint)
            elif not setting.least <= value <= setting.most:
                sentence = f"{quoted(name)} must be between {setting.least:g} and {setting.most:g}"
                self.report.add("setting-out-of-bounds", (place / name).where, sentence, "try a value that a site can choose")

    def _request(self, shape: CaseShape, place: Place) -> Path | None:
        if shape.request is None:
            return None
        where = (place / "request").where
        if built := [key for key in BUILDERS if key in place.names]:
            sentence = f"a case with a whole request has no {quoted(built[0])}"
            self.report.add("story-and-builders", place.key(built[0]), sentence, "put it into the request, or drop `request:`")
        tests = (self.folder / "tests").resolve()
        story = (tests / shape.request).resolve()
        if not story.is_relative_to(tests) or not story.is_file():
            self.report.add("unknown-story", where, f"there is no file tests/{shape.request}", "write its path below tests/")
        return story

    def _expect(self, shape: Expectation, place: Place) -> None:
        if not shape.model_fields_set:
            self.report.add("expects-nothing", place.where, "this case expects nothing", "write what must come of it: `offers:`, ...")
        outcomes = [outcome.value for outcome in Outcome]
        if shape.outcome is not None and shape.outcome not in outcomes:
            hint = self.report.did_you_mean(shape.outcome, outcomes)
            self.report.add("bad-value", (place / "outcome").where, f"no outcome is called {quoted(shape.outcome)}", hint)
        for key in ("offers", "exactly", "never"):
            self._programs(getattr(shape, key) or (), place / key)
        for key in ("fired", "not_fired"):
            self._rules(getattr(shape, key) or (), place / key)
        for index, card in enumerate(shape.cards or ()):
            self._rules((card.rule,) if card.rule else (), place / "cards" / index / "rule")
        for program, rules in (shape.withheld or {}).items():
            self.scope.knows("program", program, (place / "withheld").key(program))
            self._rules(rules, place / "withheld" / program)
        self._shown(shape, place)

    def _shown(self, shape: Expectation, place: Place) -> None:
        """Steps and options must be those of the program."""
        for key in ("steps", "steps_never"):
            for program, steps in (getattr(shape, key) or {}).items():
                if self.scope.knows("program", program, (place / key).key(program)):
                    self._steps(program, steps, place / key / program)
        for program, option in (shape.starts_with or {}).items():
            if self.scope.knows("program", program, (place / "starts_with").key(program)):
                self._option(program, option, (place / "starts_with" / program).where)

    def _programs(self, names: Collection[str], place: Place) -> None:
        for index, name in enumerate(names):
            self.scope.knows("program", name, (place / index).where)

    def _rules(self, names: Collection[str], place: Place) -> None:
        for index, name in enumerate(names):
            if name not in self.rules:
                hint = self.report.did_you_mean(name, self.rules)
                self.report.add("unknown-rule", (place / index).where, f"no rule named {quoted(name)}", hint)

    def _steps(self, program: str, names: Collection[str], place: Place) -> None:
        steps = {step.id for step in self.pack.programs[program].steps}
        for index, name in enumerate(names):
            if name not in steps:
                hint = self.report.did_you_mean(name, steps)
                self.report.add("unknown-step", (place / index).where, f"{quoted(program)} has no step {quoted(name)}", hint)

    def _option(self, program: str, name: str, where: Where) -> None:
        options = self.pack.programs[program].options
        if name not in options:
            sentence = f"{quoted(program)} has no option {quoted(name)}"
            self.report.add("unknown-option", where, sentence, self.report.did_you_mean(name, options))
