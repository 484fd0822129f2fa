"""JSON Schemas of every kind of file, for editors: general, and specialised for one pack, whose names they then complete.

They are made from the very shapes that read the files, so that an editor and `check` never disagree about a key. What the shapes leave
open is filled in here: names (`x-names`) become the names that the pack has, and a condition becomes what `conditions.py` reads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from exercise_cds.model.kinds import KINDS, ValueType
from exercise_cds.model.pack import FactSpec, RulePack
from exercise_cds.rulepack.conditions import COMPARISONS
from exercise_cds.rulepack.facts import keys_of
from exercise_cds.rulepack.shapes import (
    CasesFile,
    EvidenceFile,
    FactsFile,
    OverlayFile,
    PackFile,
    ProgramFile,
    RulesFile,
    Shape,
    ValueSetFile,
)
from exercise_cds.rulepack.shapes.vocabulary import SNAKE
from exercise_cds.rulepack.units import plain_unit, same_unit

DRAFT = "http://json-schema.org/draft-07/schema#"
SHAPES: Mapping[str, type[Shape]] = {
    "pack": PackFile, "facts": FactsFile, "rules": RulesFile, "program": ProgramFile, "evidence": EvidenceFile, "valueset": ValueSetFile,
    "tests": CasesFile, "overlay": OverlayFile,
}  # fmt: skip
"""Kind of file -> its shape. The schema of a kind is `<kind>.schema.json`."""
DAYS = "^[1-9][0-9]{0,4} (day|days|week|weeks)$"
_ANY_NUMBER = {"type": "number"}
_CONDITION = "#/$defs/top_condition"
Json = dict[str, Any]


class Schemas:
    """The schemas of one pack, or without one the general ones."""

    def __init__(self, pack: RulePack | None = None) -> None:
        self._pack = pack
        self._names = _names_of(pack) if pack is not None else {}

    def of(self, kind: str) -> Json:
        """The schema of one kind of file. Raises KeyError."""
        schema = self._filled(SHAPES[kind].model_json_schema(by_alias=True))
        if _CONDITION in orjson.dumps(schema).decode():
            schema.setdefault("$defs", {}).update(self._conditions())
        if kind == "facts":
            _keys_by_kind(schema["$defs"]["FactShape"])
        what = "any rule pack" if self._pack is None else f"the rule pack {self._pack.id}"
        return {"$schema": DRAFT, "title": f"{kind} of {what}", **{key: value for key, value in schema.items() if key != "title"}}

    def text(self, kind: str) -> str:
        """The schema as a file."""
        return orjson.dumps(self.of(kind), option=orjson.OPT_INDENT_2).decode() + "\n"

    def _filled(self, node: Any) -> Any:
        """The schema with names filled in, and without what editors do not need: generated titles, `null` for what is left out."""
        if isinstance(node, list):
            return [self._filled(one) for one in node]
        if not isinstance(node, dict):
            return node
        if "x-names" in node:
            return self._named(node)
        found = {key: self._filled(value) for key, value in node.items() if not _is_noise(key, value)}
        ways = [way for way in found.get("anyOf", ()) if way != {"type": "null"}]
        if ways:
            del found["anyOf"]
            return {**found, **ways[0]} if len(ways) == 1 else {**found, "anyOf": ways}
        return found

    def _named(self, node: Json) -> Json:
        catalogue = node["x-names"]
        if catalogue == "condition":
            return {"$ref": _CONDITION}
        plain = {key: value for key, value in node.items() if key not in ("x-names", "title", "default")}
        names = self._names.get(catalogue)
        if not names:
            return plain
        if catalogue == "durations":
            return {"anyOf": [{"type": "string", "pattern": DAYS}, {"enum": list(names)}]}
        return {"enum": list(names)}

    def _conditions(self) -> dict[str, Json]:
        inner = {"$ref": "#/$defs/condition"}
        listed = {"type": "array", "items": inner, "minItems": 1}
        ways: list[Json] = [self._bare_name(), *(_only(key, value) for key, value in (("all", listed), ("any", listed), ("not", inner)))]
        shape: Json = {"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": False}
        asked, questions = self._any_question() if self._pack is None else self._questions(self._pack)
        ways.append({**shape, **asked})
        return {
            "condition": {"description": "what must hold", "anyOf": ways},
            "top_condition": {"description": "what must hold; `always` for everybody", "anyOf": [{"const": "always"}, inner]},
            **questions,
        }

    def _bare_name(self) -> Json:
        if self._pack is None:
            return {"type": "string", "pattern": SNAKE, "not": {"enum": ["all", "any", "not", "always"]}}
        yes_no = [name for name, spec in self._pack.facts.items() if KINDS[spec.kind].value is ValueType.YES_NO]
        return {"enum": [*yes_no, *self._pack.named]}

    def _any_question(self) -> tuple[Json, dict[str, Json]]:
        """`{fact: {operator: value}}` where nobody knows the facts."""
        words: dict[str, Json] = {"is": {"type": ["number", "string"]}, "one_of": _words({"type": "string"})}
        question = _question({**_numbers([{"type": "string", "pattern": SNAKE}]), **words, "known": {"type": "boolean"}})
        names = {"not": {"enum": ["all", "any", "not"]}}
        return {"propertyNames": names, "patternProperties": {SNAKE: {"$ref": "#/$defs/question"}}}, {"question": question}

    def _questions(self, pack: RulePack) -> tuple[Json, dict[str, Json]]:
        """The same for the facts of a pack: facts of one type and unit share one definition."""
        properties: Json = {}
        definitions: dict[str, Json] = {}
        for name, spec in pack.facts.items():
            key = _key(spec)
            if key not in definitions:
                definitions[key] = _question(_operators(spec, pack))
            properties[name] = {"description": spec.says, "allOf": [{"$ref": f"#/$defs/{key}"}]}
        return {"properties": properties}, definitions


def _is_word(spec: FactSpec) -> bool:
    return spec.kind != "score" and any(isinstance(answer, str) for answer in spec.answers.values())


def _key(spec: FactSpec) -> str:
    """The name of the definition of questions about such a fact."""
    if KINDS[spec.kind].value is ValueType.YES_NO:
        return "question_yes_no"
    if _is_word(spec):
        return f"question_{spec.name}"
    return f"question_{re.sub('[^a-z0-9]+', '_', plain_unit(spec.unit).lower()) or 'score'}"


def _question(operators: dict[str, Json]) -> Json:
    return {"type": "object", "properties": operators, "additionalProperties": False, "minProperties": 1}


def _operators(spec: FactSpec, pack: RulePack) -> dict[str, Json]:
    known: Json = {"type": "boolean"}
    if KINDS[spec.kind].value is ValueType.YES_NO:
        return {"known": known}
    if _is_word(spec):
        words = {"enum": sorted({answer for answer in spec.answers.values() if isinstance(answer, str)})}
        return {"is": words, "one_of": _words(words), "known": known}
    settings = [name for name, setting in pack.settings.items() if same_unit(setting.unit, spec.unit)]
    return {**_numbers([{"enum": settings}] if settings else []), "known": known}


def _words(one: Json) -> Json:
    return {"type": "array", "items": one, "minItems": 1}


def _numbers(or_setting: Sequence[Json]) -> dict[str, Json]:
    value: Json = {"anyOf": [_ANY_NUMBER, *or_setting]} if or_setting else dict(_ANY_NUMBER)
    pair = {"type": "array", "items": value, "minItems": 2, "maxItems": 2}
    return {op.value: value for op in COMPARISONS} | {"between": pair, "is": value}


def _only(key: str, value: Json) -> Json:
    return {"type": "object", "properties": {key: value}, "required": [key], "additionalProperties": False}


def _is_noise(key: str, value: object) -> bool:
    return (key == "title" and isinstance(value, str)) or (key == "default" and value in (None, [], {}))


def _keys_by_kind(fact: Json) -> None:
    """Which keys a fact may have depends on its kind; without a kind it is a named condition."""
    rules: list[Json] = []
    for name, kind in KINDS.items():
        keys = {"enum": sorted(keys_of(kind))}
        when: Json = {"properties": {"kind": {"const": name}}, "required": ["kind"]}
        rules.append({"if": when, "then": {"propertyNames": keys, "required": sorted(kind.needs)}})
    rules.append({"if": {"not": {"required": ["kind"]}}, "then": {"required": ["when"]}})
    fact["allOf"] = rules


def _names_of(pack: RulePack) -> dict[str, tuple[str, ...]]:
    """The names of each catalogue, in the order in which an author meets them."""
    loads = sorted({load for program in pack.programs.values() for step in program.steps for load in step.loads})
    return {
        "programs": (*pack.programs, *pack.groups, "all"),
        "facts": tuple(pack.facts),
        "settings": tuple(pack.settings),
        "durations": tuple(name for name, setting in pack.settings.items() if same_unit(setting.unit, "days")),
        "valuesets": tuple(pack.valuesets),
        "evidence": tuple(pack.evidence),
        "sites": pack.sites,
        "services": tuple(pack.services),
        "rules": (*(rule.id for rule in pack.rules), *pack.disabled),
        "loads": tuple(loads),
    }


def kind_of(file: str) -> str | None:
    """The kind of a file of a pack, by its place; None for what is no part of it."""
    folder, slash, rest = file.partition("/")
    if not slash:
        return {"pack.yaml": "pack", "facts.yaml": "facts", "evidence.yaml": "evidence"}.get(file)
    found = {"rules": "rules", "programs": "program", "tests": "tests", "valuesets": "valueset"}.get(folder)
    return found if "/" not in rest and file.endswith(".json" if folder == "valuesets" else ".yaml") else None
