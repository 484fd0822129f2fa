"""From a folder to a `RulePack`, or to all that is wrong with it at once. The order of stages is the order of this file.

Every stage goes on with what is whole: a broken rule does not hide the findings of the others, and a file that cannot be read is
one finding, not a hundred unknown names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from exercise_cds.model.pack import Citation, FactSpec, NamedCondition, Program, Rule, RulePack
from exercise_cds.model.tree import Always
from exercise_cds.model.where import Finding, Where
from exercise_cds.rulepack import lint, packs
from exercise_cds.rulepack.conditions import Conditions
from exercise_cds.rulepack.facts import Facts, WrittenFact, fact_type, named_places, texts_of_keys
from exercise_cds.rulepack.folder import EVIDENCE, FACTS, PACK, Files, read_file, read_folder
from exercise_cds.rulepack.nodes import Place
from exercise_cds.rulepack.overlay import Overlaid, Overlay, read_overlay
from exercise_cds.rulepack.programs import Programs, citation
from exercise_cds.rulepack.report import Report, quoted
from exercise_cds.rulepack.rules import Rules
from exercise_cds.rulepack.scope import Scope
from exercise_cds.rulepack.shapes import EvidenceFile, FactsFile, PackFile, ProgramFile, RulesFile
from exercise_cds.rulepack.shapes.facts import FactShape
from exercise_cds.rulepack.shapes.pack import MOST_PROGRAMS
from exercise_cds.rulepack.shapes.programs import CitationShape
from exercise_cds.rulepack.shapes.rules import RuleShape
from exercise_cds.rulepack.shaping import shaped, shaped_quietly
from exercise_cds.rulepack.texts import Texts
from exercise_cds.rulepack.valuesets import read_valueset
from exercise_cds.rulepack.yaml_reader import read_yaml


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of a folder: the pack (None where any finding is an error) and every finding, sorted by place."""

    pack: RulePack | None
    findings: tuple[Finding, ...]
    used: frozenset[tuple[str, str]] = frozenset()
    """(sort, name) of the value sets, settings and so on that the pack's files name."""


def load(folder: Path, overlay: Path | None = None, *, settings: Mapping[str, float] | None = None) -> Loaded:
    """Read, link and check a pack and, if given, a site's overlay of it. Never raises for anything that an author wrote.

    `settings` are values in place of the pack's and the overlay's: what a case of the pack's tests tries.
    """
    report = Report()
    files = read_folder(folder, report)
    changes = None if overlay is None else read_file(overlay, overlay.name, report)
    site = None if overlay is None or changes is None else read_overlay(changes, overlay.name, report)
    tried = {name: (float(value), Where(PACK)) for name, value in (settings or {}).items()}
    loading = _Loading(files, site, tried, report)
    pack = loading.pack(files.digest(changes))
    if pack is not None and not report.errors:
        lint.errors(pack, report)
    return Loaded(None if report.errors else pack, report.findings(), frozenset(loading.scope.used))


class _Loading:
    """One load: what was read of each file, and the scope that fills stage by stage."""

    def __init__(self, files: Files, site: Overlay | None, tried: Mapping[str, packs.Changed], report: Report) -> None:
        self.files, self.site, self.report = files, site, report
        self.changed = {**(site.settings if site else {}), **tried}
        self.scope = Scope(report)
        if site is not None:
            self.scope.replacements = site.replacements
        self.texts = Texts(self.scope)
        self.pack_place = self._root(PACK)
        self.pack_shape = shaped(self.pack_place, PackFile, report)
        self._read_programs()
        self._read_facts()
        self._read_evidence()
        self._fill_scope()

    def _root(self, name: str) -> Place:
        """A file's root; a place with nothing in it where the file is missing or cannot be read."""
        content = self.files.contents.get(name)
        place = None if content is None else read_yaml(content, name, self.report)
        return Place(name, None, near=Where(name)) if place is None else place

    def _read_programs(self) -> None:
        self.programs: dict[str, tuple[ProgramFile | None, Place]] = {}
        for file, _ in self.files.under("programs"):
            name = file.rpartition("/")[2].removesuffix(".yaml")
            place = self._root(file)
            shape = shaped(place, ProgramFile, self.report)
            if shape is not None and shape.id != name:
                sentence = f"the id {quoted(shape.id)} is not the file's name"
                hint = f"write {quoted(name)}, or rename the file to {shape.id}.yaml"
                self.report.add("id-not-file-name", (place / "id").where, sentence, hint)
            self.programs[name] = shape, place

    def _read_facts(self) -> None:
        root = self._root(FACTS)
        self.facts_place = root / "facts"
        whole = shaped(root, FactsFile, self.report)
        self.facts: dict[str, WrittenFact] = {}
        for place in self.facts_place:
            name = str(place.path[-1])
            shape = whole.facts[name] if whole else shaped_quietly(place, FactShape)
            self.facts[name] = WrittenFact(name, shape, place)
        if self.facts:
            self.scope.facts = {name: fact_type(fact) for name, fact in self.facts.items()}

    def _read_evidence(self) -> None:
        root = self._root(EVIDENCE)
        whole = shaped(root, EvidenceFile, self.report)
        place = root / "evidence"
        self.citations: dict[str, Citation] = {}
        for there in place:
            name = str(there.path[-1])
            shape = whole.evidence[name] if whole else shaped_quietly(there, CitationShape)
            if shape is not None:
                self.citations[name] = citation(name, shape, there, self.texts)
        if place.node is not None:
            self.scope.evidence = place.names

    def _fill_scope(self) -> None:
        scope, pack = self.scope, self.pack_place
        read = {file: read_valueset(content, file, self.report) for file, content in self.files.under("valuesets")}
        scope.valuesets = {file.rpartition("/")[2].removesuffix(".json"): valueset for file, valueset in read.items()}
        if pack.node is not None:
            scope.settings = packs.settings(pack, self.changed, scope)
            scope.services = (pack / "services").names
            scope.sites = (pack / "sites").names
            listed = texts_of_keys(pack / "programs")
            self._listed_once(listed)
            if len(listed) <= MOST_PROGRAMS:
                scope.programs = dict.fromkeys((*listed, *self.programs))
            scope.groups = packs.groups(pack, scope)
        shapes = {name: shape for name, (shape, _) in self.programs.items() if shape is not None}
        scope.options = {name: frozenset(shape.options) for name, shape in shapes.items()}
        if scope.programs is not None and len(shapes) == len(scope.programs):
            scope.loads = {name: frozenset(load for step in shape.steps for load in step.loads) for name, shape in shapes.items()}

    def _listed_once(self, listed: tuple[str, ...]) -> None:
        """Every program that is listed has a file, every file is listed, and none twice."""
        place = self.pack_place / "programs"
        before: set[str] = set()
        for index, name in enumerate(listed):
            where = (place / index).where
            if name not in self.programs:
                hint = self.report.did_you_mean(name, self.programs)
                self.report.add("unknown-program", where, f"there is no programs/{name}.yaml", hint)
            elif name in before:
                self.report.add("duplicate-id", where, f"{quoted(name)} is listed twice", "delete one of them")
            before.add(name)
        for name, (_, there) in self.programs.items() if listed else ():
            if name not in before:
                sentence = f"pack.yaml does not list {quoted(name)} under `programs`"
                self.report.add("program-not-listed", there.where, sentence, "add it there, at its place in the order of suggestions")

    def pack(self, digest: str) -> RulePack | None:
        """Everything linked; None where pack.yaml itself has findings. Whoever asked looks at the report first."""
        scope, shape, place = self.scope, self.pack_shape, self.pack_place
        conditions = Conditions(scope, named_places(self.facts))
        specs, named = self._facts(conditions)
        programs_of = Programs(scope, conditions, self.texts)
        programs = self._programs(programs_of)
        rules = self._rules(Rules(scope, conditions, self.texts, programs_of))
        if shape is None:
            return None
        about = conditions.read(place / "about")
        if shape.if_nothing_left is not None:
            scope.knows("program", shape.if_nothing_left, (place / "if_nothing_left").where)
        required = packs.required(shape, place, scope)
        services = packs.services(shape, place, scope, conditions, self.texts)
        card = packs.card_texts(shape, place, scope, self.texts)
        overlaid = Overlaid(self.site, scope, self.texts) if self.site else None
        disabled: dict[str, str] = {}
        if overlaid is not None:
            overlaid.names_pack(shape.pack)
            overlaid.settings_exist()
            disabled = overlaid.disabled({rule.id: rule for rule in rules})
            programs = overlaid.programs(programs)
            overlaid.all_was_taken({*programs, *(rule.id for rule in rules)})
        if about is None:
            return None
        return RulePack(
            id=shape.pack, version=shape.version, digest=digest, status=shape.status, approved_by=shape.approved_by or "",
            title=shape.title, about=about, required=required, if_nothing_left=shape.if_nothing_left,
            settings={name: setting for name, setting in (scope.settings or {}).items() if setting is not None},
            facts=specs, named=named, rules=tuple(rule for rule in rules if rule.id not in disabled), programs=programs,
            groups=scope.groups, services=services, evidence=self.citations,
            valuesets={name: valueset for name, valueset in (scope.valuesets or {}).items() if valueset is not None},
            card=card, disabled=disabled,
            unchecked=overlaid.unchecked(required) if overlaid else (),
            prefetch=overlaid.prefetch() if overlaid else {},
            sites=tuple(shape.sites),
        )  # fmt: skip

    def _facts(self, conditions: Conditions) -> tuple[dict[str, FactSpec], dict[str, NamedCondition]]:
        facts = Facts(self.scope, packs.sites(self.pack_shape, self.pack_place, self.scope), conditions, self.texts)
        specs: dict[str, FactSpec] = {}
        named: dict[str, NamedCondition] = {}
        for name, fact in self.facts.items():
            facts.name_is_free(fact, self.facts_place)
            if fact_type(fact).named:
                if (condition := facts.named(fact)) is not None:
                    named[name] = condition
            elif (spec := facts.spec(fact)) is not None:
                specs[name] = spec
        return specs, named

    def _programs(self, programs: Programs) -> dict[str, Program]:
        linked = {name: programs.program(shape, place) for name, (shape, place) in self.programs.items() if shape is not None}
        return {name: linked[name] for name in self.scope.programs or () if name in linked}

    def _rules(self, rules: Rules) -> list[Rule]:
        found: list[tuple[Rule, Place]] = []
        for file, _ in self.files.under("rules"):
            root = self._root(file)
            whole = shaped(root, RulesFile, self.report)
            for index, place in enumerate(root / "rules"):
                shape = whole.rules[index] if whole else shaped_quietly(place, RuleShape)
                rule = None if shape is None else rules.rule(shape, place)
                if rule is not None:
                    found.append((rule, place))
        if not found and not self.report.errors:
            self.report.add("missing-file", Where("rules"), "the pack has no rule", "write one in rules/*.yaml")
        self._none_offers_in_vain(found)
        return [rule for rule, _ in found]

    def _none_offers_in_vain(self, rules: list[tuple[Rule, Place]]) -> None:
        """An offer of a program that is withheld from everybody is a mistake in one of the two rules."""
        withheld: dict[str, Rule] = {}
        for rule, _ in rules:
            if isinstance(rule.when, Always) and rule.unless is None and not rule.silent and not rule.services:
                for withhold in rule.withholds:
                    withheld |= dict.fromkeys(withhold.programs, rule)
        for rule, place in rules:
            for index, offer in enumerate(rule.offers):
                for program in offer.programs:
                    if program in withheld:
                        where = (place / "offer" / index / "programs").where
                        sentence = f"{quoted(program)} is offered, but the rule {quoted(withheld[program].id)} withholds it from everybody"
                        self.report.add("always-withheld", where, sentence, "give that rule a condition, or drop the offer")
