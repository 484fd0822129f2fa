"""The site's overlay: one file of the site's own that changes what the pack lets a site change. Its findings carry its own name."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from exercise_cds.model.pack import Program, Rule, Unchecked
from exercise_cds.model.where import Where
from exercise_cds.rulepack.codings import codes
from exercise_cds.rulepack.nodes import Place
from exercise_cds.rulepack.packs import known_type
from exercise_cds.rulepack.report import Report, listed, quoted
from exercise_cds.rulepack.scope import Replacements, Scope
from exercise_cds.rulepack.shapes.overlay import OverlayFile
from exercise_cds.rulepack.shapes.pack import RESOURCE_TYPES
from exercise_cds.rulepack.shaping import shaped
from exercise_cds.rulepack.texts import Spot, Texts
from exercise_cds.rulepack.yaml_reader import read_yaml

_TOKEN = "{{context.patientId}}"  # noqa: S105 - the prefetch token of CDS Hooks, not a secret
_TEMPLATE = re.compile(r"(?P<type>[A-Z][A-Za-z]+)\?(?P<parameters>\S+)")
_PARAMETERS = frozenset({"patient", "subject", "code", "category", "_sort", "_count"})
"""What a template may ask. Filters by status or date hide history and missing statuses; includes bring what nobody asked for."""
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class Overlay:
    """One overlay, read; `place` is the root of its file."""

    shape: OverlayFile
    place: Place

    @property
    def replacements(self) -> Replacements:
        """Its texts and links."""
        return Replacements(self.place / "texts", self.place / "links")

    @property
    def settings(self) -> dict[str, tuple[float, Where]]:
        """Its settings, each with its place."""
        return {name: (float(value), (self.place / "settings" / name).where) for name, value in self.shape.settings.items()}


def read_overlay(content: bytes, file: str, report: Report) -> Overlay | None:
    """The overlay, or None with findings."""
    place = read_yaml(content, file, report)
    shape = None if place is None else shaped(place, OverlayFile, report)
    return None if place is None or shape is None else Overlay(shape, place)


def _type_of(template: str) -> str | None:
    """The resource type that a prefetch template asks for; None where it is not of the allowed form."""
    if template == f"Patient/{_TOKEN}":
        return "Patient"
    found = _TEMPLATE.fullmatch(template)
    if found is None:
        return None
    asked = dict(pair.partition("=")[::2] for pair in found["parameters"].split("&"))
    whom = {asked.get("patient"), asked.get("subject")}
    by_patient = whom <= {None, _TOKEN, f"Patient/{_TOKEN}"} and whom != {None}
    others = "".join(value for name, value in asked.items() if name not in ("patient", "subject"))
    return found["type"] if by_patient and asked.keys() <= _PARAMETERS and "{" not in others else None


class Overlaid:
    """What an overlay does to a pack whose rules and programs are linked."""

    def __init__(self, overlay: Overlay, scope: Scope, texts: Texts) -> None:
        self.shape, self.place = overlay.shape, overlay.place
        self.scope = scope
        self.report = scope.report
        self.texts = texts

    def names_pack(self, pack: str) -> None:
        """An overlay of another pack changes nothing here."""
        if self.shape.overlay != pack:
            sentence = f"this is an overlay of {quoted(self.shape.overlay)}, not of {quoted(pack)}"
            self.report.add("overlay-of-another-pack", (self.place / "overlay").where, sentence, f"write `overlay: {pack}`")

    def settings_exist(self) -> None:
        """Every setting that it changes is one of the pack's."""
        there = self.place / "settings"
        for name in self.shape.settings:
            self.scope.knows("setting", name, there.key(name))

    def disabled(self, rules: Mapping[str, Rule]) -> dict[str, str]:
        """Rules switched off, and why."""
        there = self.place / "disable"
        for name, shape in self.shape.disable.items():
            rule = rules.get(name)
            if rule is None:
                hint = self.report.did_you_mean(name, rules)
                self.report.add("unknown-rule", there.key(name), f"no rule named {quoted(name)}", hint)
            elif rule.withholds and not shape.approved_by:
                sentence = f"the rule {quoted(name)} withholds: who approved that it does not?"
                self.report.add("missing-approval", there.key(name), sentence, "write `approved_by:`")
        return {
            name: self.texts.shown(shape.because, there / name / "because", Spot(), "because") for name, shape in self.shape.disable.items()
        }

    def programs(self, programs: Mapping[str, Program]) -> dict[str, Program]:
        """The programs with the site's order codes."""
        found = dict(programs)
        there = self.place / "order_codes"
        for name, shapes in self.shape.order_codes.items():
            own = codes(shapes, there / name, self.report)
            if name in found:
                found[name] = replace(found[name], order=replace(found[name].order, codes=own))
            elif name not in (self.scope.programs or ()):
                hint = self.report.did_you_mean(name, programs)
                self.report.add("unknown-program", there.key(name), f"no program named {quoted(name)}", hint)
        return found

    def unchecked(self, required: tuple[str, ...]) -> tuple[Unchecked, ...]:
        """Resource types that the site never shares."""
        there = self.place / "unchecked"
        found = []
        for name, shape in self.shape.unchecked.items():
            if name in required:
                sentence = f"the pack requires {quoted(name)}: without it there is no answer"
                self.report.add("required-unchecked", there.key(name), sentence, "share it, or do not serve the pack")
            elif name not in RESOURCE_TYPES:
                known_type(name, Place(there.file, None, (), there.key(name)), self.scope)
            found.append(Unchecked(name, shape.because, shape.approved_by))
        return tuple(found)

    def prefetch(self) -> dict[str, str]:
        """Prefetch templates of the site's own: one token only, by patient, nothing that hides history or statuses."""
        there = self.place / "prefetch"
        for key, template in self.shape.prefetch.items():
            if not _KEY.fullmatch(key):
                self.report.add("bad-form", there.key(key), f"{quoted(key)} is no prefetch key", "write letters, digits, - and _")
            kind = _type_of(template)
            if kind is None:
                sentence = f"a template asks one resource type by patient, with {listed(sorted(_PARAMETERS))} and nothing else"
                self.report.add("bad-template", (there / key).where, sentence, f"write Type?patient={_TOKEN}, or Patient/{_TOKEN}")
            else:
                known_type(kind, there / key, self.scope)
        return dict(self.shape.prefetch)

    def all_was_taken(self, owners: Collection[str]) -> None:
        """A text or link that replaced nothing is misspelt."""
        for owner, path, place, paths in self.scope.replacements.untaken_texts():
            if owner not in owners:
                hint = self.report.did_you_mean(owner, owners)
                self.report.add("unknown-text", place.where, f"no rule and no program named {quoted(owner)}", hint)
            else:
                hint = self.report.did_you_mean(path, paths)
                self.report.add("unknown-text", place.where, f"{quoted(owner)} has no text {quoted(path)}", hint)
        for name, place in self.scope.replacements.untaken_links():
            self.report.add(
                "unknown-link", place.where, f"no card has a link {quoted(name)}", "write the address or the label of a link of the pack"
            )
