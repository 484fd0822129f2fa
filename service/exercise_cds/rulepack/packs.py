"""pack.yaml to its parts: settings, sites, groups, services, the program card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from exercise_cds.model.hooks import HOOKS
from exercise_cds.model.pack import CardTexts, Service, Setting, Site, Source
from exercise_cds.model.tree import Node
from exercise_cds.model.where import Where
from exercise_cds.rulepack.codings import codes
from exercise_cds.rulepack.conditions import Conditions
from exercise_cds.rulepack.nodes import Place, Scalar
from exercise_cds.rulepack.programs import links, source
from exercise_cds.rulepack.report import quoted
from exercise_cds.rulepack.scope import RESERVED, Scope
from exercise_cds.rulepack.shapes.pack import MOST_PROGRAMS, RESOURCE_TYPES, PackFile, ServiceShape, SettingShape
from exercise_cds.rulepack.shaping import shaped_quietly
from exercise_cds.rulepack.texts import Spot, Texts
from exercise_cds.rulepack.units import plain_unit

Changed: TypeAlias = "tuple[float, Where]"
"""A setting's value that does not come from the pack, and where it stands."""


def settings(place: Place, changed: Mapping[str, Changed], scope: Scope) -> dict[str, Setting | None]:
    """The settings by name; None for one with findings. `changed` are a site's values, each with its place."""
    found: dict[str, Setting | None] = {}
    for there in place / "settings":
        name = str(there.path[-1])
        shape = shaped_quietly(there, SettingShape)
        found[name] = None if shape is None else _setting(name, shape, there, changed.get(name), scope)
        if name in RESERVED:
            where = (place / "settings").key(name)
            scope.report.add("reserved-name", where, f"{quoted(name)} is a word of conditions and texts", "choose another name")
    return found


def _setting(name: str, shape: SettingShape, place: Place, changed: Changed | None, scope: Scope) -> Setting:
    unit = plain_unit(shape.unit)
    if shape.least > shape.most:
        sentence = f"nothing lies between {shape.least:g} and {shape.most:g}"
        scope.report.add("bounds-unordered", place.key("from"), sentence, "write the lower number under `from`")
    elif not shape.least <= shape.default <= shape.most:
        sentence = f"{shape.default:g} is not between {shape.least:g} and {shape.most:g}"
        scope.report.add("setting-out-of-bounds", (place / "default").where, sentence, "change the default, or the bounds")
    value = shape.default
    if changed is not None:
        value, where = changed
        if not shape.least <= value <= shape.most:
            sentence = f"{quoted(name)} must be between {shape.least:g} and {shape.most:g} {unit}".rstrip()
            scope.report.add("setting-out-of-bounds", where, sentence, f"the pack's own value is {shape.default:g}")
    return Setting(name, shape.default, value, unit, shape.least, shape.most, shape.says, place.where)


def sites(shape: PackFile | None, place: Place, scope: Scope) -> dict[str, Site]:
    """Parts of the body by name."""
    found: dict[str, Site] = {}
    for name, site in (shape.sites if shape else {}).items():
        keys: set[tuple[str, str]] = set()
        for index, valueset in enumerate(site.codes):
            if scope.knows("valueset", valueset, (place / "sites" / name / "codes" / index).where):
                codes_of = (scope.valuesets or {}).get(valueset)
                keys |= codes_of.keys if codes_of else frozenset()
        found[name] = Site(name, tuple(site.words), frozenset(keys))
    return found


def groups(place: Place, scope: Scope) -> dict[str, tuple[str, ...]]:
    """Groups of programs; a group holds programs, not groups."""
    found: dict[str, tuple[str, ...]] = {}
    for there in place / "groups":
        name = str(there.path[-1])
        members = [item for item in there if isinstance(item.node, Scalar)]
        for member in members:
            scope.knows("program", str(member.node.value), member.where)  # type: ignore[union-attr]  # scalars only, one line above
        if name in (scope.programs or ()) or name == "all":
            what = "a word of its own" if name == "all" else "a program, too"
            scope.report.add("name-clash", (place / "groups").key(name), f"the group {quoted(name)} is {what}", "rename the group")
        # The shape has refused more; a list of thousands is not multiplied by every rule that names it.
        found[name] = tuple(dict.fromkeys(str(member.node.value) for member in members if isinstance(member.node, Scalar)))[:MOST_PROGRAMS]
    return found


def required(shape: PackFile, place: Place, scope: Scope) -> tuple[str, ...]:
    """Resource types without which there is no answer."""
    for index, name in enumerate(shape.required):
        known_type(name, (place / "required" / index), scope)
    return tuple(dict.fromkeys(shape.required))


def known_type(name: str, place: Place, scope: Scope) -> bool:
    """Whether some fact kind reads resources of this type."""
    if name in RESOURCE_TYPES:
        return True
    hint = scope.report.did_you_mean(name, RESOURCE_TYPES)
    scope.report.add("unknown-resource-type", place.where, f"no fact kind reads {quoted(name)}", hint)
    return False


def services(shape: PackFile, place: Place, scope: Scope, conditions: Conditions, texts: Texts) -> dict[str, Service]:
    """The CDS services by id."""
    place = place / "services"
    found: dict[str, Service] = {}
    for name, service in shape.services.items():
        model, model_place = _model(name, shape.services, place, scope)
        if model is None:
            continue
        when = conditions.read(place / name / "when" if service.when is not None else model_place / "when", may_be_always=False)
        found[name] = _service(name, service, model, when, place / name, texts)
    return found


def _model(name: str, shapes: Mapping[str, ServiceShape], above: Place, scope: Scope) -> tuple[ServiceShape | None, Place]:
    """The service that gives what this one leaves out: itself, or the one it is like. The hook is checked here."""
    shape, place = shapes[name], above / name
    if shape.hook not in HOOKS:
        hint = scope.report.did_you_mean(shape.hook, HOOKS)
        scope.report.add("unknown-hook", (place / "hook").where, f"no hook named {quoted(shape.hook)}", hint)
    if shape.like is None:
        return shape, place
    if not scope.knows("service", shape.like, (place / "like").where):
        return None, place
    model = shapes[shape.like]
    if model.like is not None:
        sentence = f"{quoted(shape.like)} is itself like another service"
        scope.report.add("bad-value", (place / "like").where, sentence, f"write `like: {model.like}`")
        return None, place
    return model, above / shape.like


def _service(  # noqa: PLR0913, PLR0917 - what one service is made of
    name: str, shape: ServiceShape, model: ServiceShape, when: Node | None, place: Place, texts: Texts,
) -> Service:  # fmt: skip
    title, description = shape.title or model.title, shape.description or model.description
    for key, value in (("title", title), ("description", description)):
        if value is None:
            texts.report.add("missing-key", place.where, f"the service {quoted(name)} has no {key}", f"write `{key}:`")
    return Service(
        id=name,
        hook=shape.hook,
        title=texts.shown(title or "", place / "title", Spot(), "title"),
        description=texts.shown(description or "", place / "description", Spot(), "description"),
        when=when,
        if_named=shape.served is not None,
        usage=texts.shown(shape.usage or "", place / "usage", Spot(), "usage"),
    )


def card_texts(shape: PackFile, place: Place, scope: Scope, texts: Texts) -> CardTexts:
    """The program card."""
    card, place = shape.card, place / "card"
    return CardTexts(
        summary=texts.summaries(card.summary, place / "summary", Spot(), "card.summary"),
        source=source(card.source, place / "source", scope) or Source(""),
        override_reasons=codes(card.override_reasons, place / "override_reasons", scope.report),
        coded_data_only=texts.shown(card.coded_data_only, place / "coded_data_only", Spot(), "card.coded_data_only"),
        withheld_summary=texts.summaries(card.withheld_summary, place / "withheld_summary", Spot(), "card.withheld_summary"),
        links=links(card.links, place / "links", scope),
    )
