"""What is true of the body of every 200 answer, checked on the parsed JSON: for our tests and for `exercise-cds conformance`.

Each sentence begins with the id of the rule of docs/protocol.md that is broken. The body may be of any shape: it may be another service's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias
from urllib.parse import urlsplit

Found: TypeAlias = "Iterator[str]"
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TAG = re.compile(r"(?<!\\)(?:\\\\)*<[A-Za-z/!?]")
"""An HTML tag that no backslash escapes."""
_TABLE = re.compile(r"^ *\|? *:?-{3,}:? *\|", re.MULTILINE)
_CREATED = frozenset({"ServiceRequest", "CarePlan"})
_SERVER_ASSIGNED = ("id", "meta", "implicitRules")
_EXTENSION_KEYS = frozenset({"decision", "pack", "version", "digest", "outcome", "rules", "offered", "withheld"})


def broken_invariants(body: Any) -> list[str]:
    """Every broken rule, as "CH-091: cards[0].summary has 153 characters; it must have fewer than 140". Empty: none is broken."""
    if not isinstance(body, Mapping):
        return ["CH-080: the body is not a JSON object"]
    found = list(_empties(body, "", top=True))
    if "systemActions" in body:
        found.append("CH-126: systemActions bypass the user and are not emitted")
    cards = body.get("cards")
    if not isinstance(cards, list):
        return [*found, "CH-080: there is no array 'cards'"]
    for place, card in enumerate(cards):
        path = f"cards[{place}]"
        if not isinstance(card, Mapping):
            found.append(f"CH-080: {path} is not an object")
            continue
        for check in CARD_CHECKS:
            found += check(card, path)
    found += _repeated(cards)
    return found


def _empties(value: Any, path: str, *, top: bool = False) -> Found:
    """CH-002: no null, "", [] or {} anywhere; `cards: []` is the one empty that is allowed."""
    if value is None or (isinstance(value, (str, list, Mapping)) and not value):
        yield f"CH-002: {path or 'the body'} is empty or null; leave it out"
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if not (top and key == "cards" and inner == []):
                yield from _empties(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _empties(inner, f"{path}[{place}]")


def _repeated(cards: list[Any]) -> Found:
    """CH-090, CH-110: feedback needs a uuid that names one card or one suggestion."""
    seen: set[Any] = set()
    for card in cards:
        if not isinstance(card, Mapping):
            continue
        suggestions = card.get("suggestions")
        for named in (card, *(suggestions if isinstance(suggestions, list) else ())):
            uuid = named.get("uuid") if isinstance(named, Mapping) else None
            if isinstance(uuid, str) and uuid in seen:
                yield f"CH-090: the uuid {uuid} names two things"
            elif isinstance(uuid, str):
                seen.add(uuid)


def _uuid(thing: Mapping[str, Any], path: str, rule: str) -> Found:
    uuid = thing.get("uuid")
    if not isinstance(uuid, str) or not _UUID.fullmatch(uuid):
        yield f"{rule}: {path}.uuid is not a UUID; without it there is no feedback"


def _line(thing: Mapping[str, Any], key: str, path: str, rule: str) -> Found:
    """A required line of plain text."""
    text = thing.get(key)
    if not isinstance(text, str) or not text.strip():
        yield f"{rule}: {path}.{key} is required"
    else:
        if _TAG.search(text):
            yield f"SEC-30: {path}.{key} holds HTML"
        if "\n" in text or "\r" in text:
            yield f"{rule}: {path}.{key} is more than one line"


def identity(card: Mapping[str, Any], path: str) -> Found:
    """CH-090, CH-091, CH-093."""
    yield from _uuid(card, path, "CH-090")
    yield from _line(card, "summary", path, "CH-091")
    summary = card.get("summary")
    if isinstance(summary, str) and len(summary) >= 140:
        yield f"CH-091: {path}.summary has {len(summary)} characters; it must have fewer than 140"
    if card.get("indicator") not in ("info", "warning", "critical"):
        yield f"CH-093: {path}.indicator must be info, warning or critical"


def detail(card: Mapping[str, Any], path: str) -> Found:
    """CH-092, and lesson 14: no tables."""
    text = card.get("detail")
    if text is None:
        return
    if not isinstance(text, str):
        yield f"CH-092: {path}.detail is not a string"
        return
    if _TAG.search(text):
        yield f"CH-092: {path}.detail holds HTML, which an unknown client may not render or may execute"
    if _TABLE.search(text):
        yield f"CH-092: {path}.detail holds a table, which a narrow panel cannot show"


def source(card: Mapping[str, Any], path: str) -> Found:
    """CH-094, CH-099."""
    said = card.get("source")
    if not isinstance(said, Mapping):
        yield f"CH-094: {path}.source is required"
        return
    yield from _line(said, "label", f"{path}.source", "CH-099")
    for key in ("url", "icon"):
        if key in said and not _absolute(said[key]):
            yield f"CH-099: {path}.source.{key} must be an absolute https address"
    if "topic" not in said:
        yield f"CH-099: {path}.source.topic is missing; implementation guides require it"
    else:
        yield from _coding(said["topic"], f"{path}.source.topic", display=False)


def _coding(value: Any, path: str, *, display: bool) -> Found:
    """CH-101; CH-097 where a display is needed."""
    if not isinstance(value, Mapping):
        yield f"CH-101: {path} is not a Coding"
        return
    for key in ("code", "system"):
        if not isinstance(value.get(key), str):
            yield f"CH-101: {path}.{key} is required"
    if display and not isinstance(value.get("display"), str):
        yield f"CH-097: {path}.display is required"


def override_reasons(card: Mapping[str, Any], path: str) -> Found:
    """CH-097."""
    reasons = card.get("overrideReasons")
    if reasons is None:
        return
    if not isinstance(reasons, list):
        yield f"CH-097: {path}.overrideReasons is not an array"
        return
    for place, reason in enumerate(reasons):
        yield from _coding(reason, f"{path}.overrideReasons[{place}]", display=True)


def _absolute(url: Any) -> bool:
    if not isinstance(url, str):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname)
    except ValueError:
        return False


def links(card: Mapping[str, Any], path: str) -> Found:
    """CH-098, CH-120, CH-121, CH-122."""
    said = card.get("links")
    if said is None:
        return
    if not isinstance(said, list):
        yield f"CH-098: {path}.links is not an array"
        return
    for place, link in enumerate(said):
        here = f"{path}.links[{place}]"
        if not isinstance(link, Mapping):
            yield f"CH-120: {here} is not an object"
            continue
        yield from _line(link, "label", here, "CH-120")
        if not _absolute(link.get("url")):
            yield f"CH-120: {here}.url must be an absolute https address"
        if link.get("type") not in ("absolute", "smart"):
            yield f"CH-120: {here}.type must be absolute or smart"
        if "appContext" in link and link.get("type") != "smart":
            yield f"CH-121: {here}.appContext goes with type smart only"
        if "autolaunchable" in link:
            yield f"CH-122: {here}.autolaunchable may hide the card"


def suggestions(card: Mapping[str, Any], path: str) -> Found:
    """CH-095, CH-096, CH-110, CH-111, CH-117; lesson 14."""
    said = card.get("suggestions")
    if said is None:
        return
    if not isinstance(said, list):
        yield f"CH-095: {path}.suggestions is not an array"
        return
    behavior = card.get("selectionBehavior")
    if behavior not in ("any", "at-most-one"):
        yield f"CH-096: {path}.selectionBehavior must be any or at-most-one where there are suggestions"
    if card.get("indicator") == "critical":
        yield f"lesson 14: {path} suggests something and is critical; nothing about exercise is"
    recommended = 0
    for place, suggestion in enumerate(said):
        here = f"{path}.suggestions[{place}]"
        if not isinstance(suggestion, Mapping):
            yield f"CH-095: {here} is not an object"
            continue
        recommended += suggestion.get("isRecommended") is True
        yield from _line(suggestion, "label", here, "CH-110")
        yield from _uuid(suggestion, here, "CH-110")
        if "actionSelectionBehavior" in suggestion:
            yield f"CH-117: {here}.actionSelectionBehavior needs a client known to support it"
        yield from _actions(suggestion.get("actions"), f"{here}.actions")
    if recommended > 1 and behavior != "any":
        yield f"CH-111: {path} recommends several suggestions of which at most one may be chosen"


def _actions(actions: Any, path: str) -> Found:
    """CH-112 to CH-115, SEC-31."""
    if actions is None:
        return
    if not isinstance(actions, list):
        yield f"CH-112: {path} is not an array"
        return
    for place, action in enumerate(actions):
        here = f"{path}[{place}]"
        if not isinstance(action, Mapping):
            yield f"CH-112: {here} is not an object"
            continue
        yield from _line(action, "description", here, "CH-113")
        if action.get("type") not in ("create", "update", "delete"):
            yield f"CH-113: {here}.type must be create, update or delete"
        elif action["type"] != "create":
            yield f"SEC-31: {here}.type is {action['type']}; only create is ever suggested"
        if action.get("type") == "delete" and ("resource" in action or not isinstance(action.get("resourceId"), str)):
            yield f"CH-115: {here} deletes by resourceId, without resource"
        if action.get("type") in ("create", "update"):
            yield from _resource(action.get("resource"), f"{here}.resource")


def _resource(resource: Any, path: str) -> Found:
    """CH-114, CH-118."""
    if not isinstance(resource, Mapping) or not isinstance(resource.get("resourceType"), str):
        yield f"CH-114: {path} is not a FHIR resource"
        return
    kind = resource["resourceType"]
    if kind not in _CREATED:
        yield f"SEC-31: {path} is a {kind}; only {' and '.join(sorted(_CREATED))} are ever created"
    if resource.get("status") != "draft":
        yield f"CH-118: {path}.status must be draft"
    subject = resource.get("subject")
    if not isinstance(subject, Mapping) or not str(subject.get("reference", "")).startswith("Patient/"):
        yield f"CH-118: {path}.subject must be the patient"
    for key in _SERVER_ASSIGNED:
        if key in resource:
            yield f"CH-118: {path}.{key} is the server's to assign"


def extension(card: Mapping[str, Any], path: str) -> Found:
    """CH-160, and law 7: our own extension holds the listed keys and nothing else."""
    said = card.get("extension")
    if said is None:
        return
    if not isinstance(said, Mapping):
        yield f"CH-160: {path}.extension is not an object"
        return
    ours = said.get("org.exercise-cds.decision")
    if isinstance(ours, Mapping) and (more := set(ours) - _EXTENSION_KEYS):
        yield f"CH-160: {path}.extension holds {', '.join(sorted(map(str, more)))}, which is not listed"


CARD_CHECKS: tuple[Callable[[Mapping[str, Any], str], Found], ...] = (
    identity,
    detail,
    source,
    override_reasons,
    links,
    suggestions,
    extension,
)
"""Everything that is asked of one card. A new check is one function here."""
