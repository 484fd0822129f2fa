"""What discovery says (CH-010 to CH-023, CH-050 to CH-052)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from exercise_cds.conformance.report import Report
from exercise_cds.conformance.visitor import ENDPOINT, Visitor
from exercise_cds.settings import is_loopback

_TOKEN = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_FIELD = re.compile(r"\s*context\.[A-Za-z][A-Za-z0-9]*\s*")
_USERS = frozenset({"userPractitionerId", "userPractitionerRoleId", "userPatientId", "userRelatedPersonId"})
_PATH_SAFE = re.compile(r"[A-Za-z0-9._~-]+")
_VERSION = re.compile(r"\d+\.\d+(\.\d+)?([-+].*)?")
_INCLUDES = ("_include", "_revinclude", "_has", "_filter")


def look_at_discovery(visitor: Visitor, report: Report) -> list[dict[str, Any]]:
    """The services that can be called: those with an id and a hook."""
    host = urlsplit(visitor.base)
    if host.scheme == "https" or not is_loopback(host.hostname or ""):
        report.look("CH-001", host.scheme == "https", "the service is not called over https")
    else:
        report.note("TLS (CH-001) is not looked at on this machine")
    answer = visitor.get(ENDPOINT)
    if not report.look("CH-010", answer.status == 200, f"GET {ENDPOINT} is answered {answer.status}"):
        return []
    report.look("CH-006", answer.is_json, f"discovery's Content-Type is {answer.headers.get('content-type', 'missing')}")
    found = answer.body.get("services") if isinstance(answer.body, dict) else None
    if not report.look("CH-011", isinstance(found, list), "discovery has no array services"):
        return []
    assert isinstance(found, list)
    services = [one for one in found if report.look("CH-011", isinstance(one, dict), "an entry of services is no object")]
    for place, service in enumerate(services):
        _look_at_service(service, f"services[{place}]", report)
    named = [(service.get("id"), service.get("hook")) for service in services]
    report.look("CH-022", len({str(pair) for pair in named}) == len(named), "an id stands twice for one hook")
    return [one for one in services if isinstance(one.get("id"), str) and isinstance(one.get("hook"), str)]


def _look_at_service(service: dict[str, Any], where: str, report: Report) -> None:
    for rule, name in (("CH-014", "hook"), ("CH-015", "description"), ("CH-016", "id")):
        report.look(rule, isinstance(service.get(name), str) and bool(service[name]), f"{where}.{name} is no text")
    if isinstance(service.get("id"), str) and not _PATH_SAFE.fullmatch(service["id"]):
        report.advise("CH-016", f"{where}.id must be encoded in a path")
    report.look("CH-017", isinstance(service.get("title"), str), f"{where} has no title")
    if "usageRequirements" in service:
        report.look("CH-019", isinstance(service["usageRequirements"], str), f"{where}.usageRequirements is no text")
    if "version" in service:
        fits = isinstance(service["version"], str) and bool(_VERSION.fullmatch(service["version"]))
        report.look("CH-020", fits, f"{where}.version is no version of CDS Hooks")
    if "extension" in service:
        report.look("CH-160", isinstance(service["extension"], dict), f"{where}.extension is no object")
    for path in _empties(service, where):
        report.look("CH-002", kept=False, otherwise=f"{path} is empty or null")
    report.look("CH-002", kept=True, otherwise="")
    if "prefetch" in service:
        _look_at_prefetch(service["prefetch"], f"{where}.prefetch", report)


def _look_at_prefetch(prefetch: Any, where: str, report: Report) -> None:
    texts = isinstance(prefetch, dict) and all(isinstance(template, str) for template in prefetch.values())
    if not report.look("CH-018", texts, f"{where} is not keys and texts"):
        return
    for key, template in prefetch.items():
        plain = _TOKEN.sub("", template)
        report.look("CH-050", "{" not in plain and "}" not in plain, f"{where}.{key} has braces outside {{{{ }}}}")
        for token in _TOKEN.findall(template):
            known = bool(_FIELD.fullmatch(token)) or token.strip() in _USERS
            report.look("CH-051", known, f"{where}.{key}: {{{{{token}}}}} is no field of the context and no user")
        simple = not any(word in template for word in _INCLUDES)
        report.look("CH-052", simple, f"{where}.{key} uses {' or '.join(word for word in _INCLUDES if word in template)}")


def _empties(value: Any, where: str) -> list[str]:
    if value is None or (isinstance(value, (str, list, dict)) and not value):
        return [where]
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, each in inner for found in _empties(each, f"{where}.{key}" if isinstance(value, dict) else f"{where}[{key}]")]
