"""When a card gives occasion to see a rule kept: nobody keeps the rules of links on a card without any."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

Card: TypeAlias = "Mapping[str, Any]"


def _always(_card: Card) -> bool:
    return True


def _has(name: str) -> Callable[[Card], bool]:
    return lambda card: bool(card.get(name))


def _objects(holder: Any, name: str) -> list[Mapping[str, Any]]:
    """The objects in a list; another service may have anything there."""
    found = holder.get(name) if isinstance(holder, Mapping) else None
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _actions(card: Card) -> list[Mapping[str, Any]]:
    return [action for suggestion in _objects(card, "suggestions") for action in _objects(suggestion, "actions")]


def _acts(*types: str) -> Callable[[Card], bool]:
    return lambda card: any(action.get("type") in types for action in _actions(card))


def _codes(card: Card) -> bool:
    source = card.get("source")
    return bool(card.get("overrideReasons") or (isinstance(source, Mapping) and source.get("topic")))


OCCASIONS: Mapping[str, Callable[[Card], bool]] = MappingProxyType(
    {
        "CH-090": _has("uuid"),
        "CH-091": _always,
        "CH-092": _has("detail"),
        "CH-093": _always,
        "CH-094": _always,
        "CH-095": _has("suggestions"),
        "CH-096": _has("suggestions"),
        "CH-097": _has("overrideReasons"),
        "CH-098": _has("links"),
        "CH-099": _has("source"),
        "CH-101": _codes,
        "CH-110": _has("suggestions"),
        "CH-111": lambda card: sum(bool(one.get("isRecommended")) for one in _objects(card, "suggestions")) > 1,
        "CH-112": lambda card: any("actions" in one for one in _objects(card, "suggestions")),
        "CH-113": lambda card: bool(_actions(card)),
        "CH-114": _acts("create", "update"),
        "CH-115": _acts("delete"),
        "CH-117": _has("suggestions"),
        "CH-118": _acts("create"),
        "CH-120": _has("links"),
        "CH-121": lambda card: any(one.get("type") == "smart" or "appContext" in one for one in _objects(card, "links")),
        "CH-122": _has("links"),
        "CH-126": _always,
        "CH-160": _has("extension"),
        "SEC-30": _always,
        "SEC-31": lambda card: bool(_actions(card)),
    }
)
"""By rule: whether a card has what the rule is about."""


def seen_on(cards: list[Any]) -> list[str]:
    """The rules that these cards give occasion to see."""
    objects = [card for card in cards if isinstance(card, Mapping)]
    return [rule for rule, occasion in OCCASIONS.items() if any(occasion(card) for card in objects)]
