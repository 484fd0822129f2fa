"""What an EHR's team has to know and to answer, gathered from the settings and the pack as it is served: discovery's own words, not a copy.

`sheet_of` makes one mapping of plain values; `markdown` writes it for people. Nothing secret is in it: no key, no database, no token.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from exercise_cds import __version__
from exercise_cds.cds_service import SPEC_VERSION, CdsService, Serving
from exercise_cds.model.kinds import Ask
from exercise_cds.settings import ClientSettings, Settings

Sheet: TypeAlias = "dict[str, Any]"

TO_FILL_IN = (
    ("issuer", "What stands in `iss` of your tokens, letter by letter"),
    ("jku or jwks_file", "Where your public keys are: an https URL that we can reach (it then stands in `jku`), or the JWKS as a file"),
    ("algorithms", "Which algorithm signs, if it is none of those named above"),
    ("audiences, feedback_audiences", "What will stand in `aud`, where it is typed in by hand and is not the address that is called"),
    ("tenants", "Which values of `tenant` may ask, if tokens have one"),
    ("fhir_servers", "Your FHIR R4 base URLs, as they come in `fhirServer`"),
    ("time_zone", "The time zone in which your clinicians count days"),
    ("cors_origins", "Origins of your own pages, if they call from a browser"),
    ("rates.trusted_proxies, networkPolicy", "The addresses from which your calls come"),
    ("deadline_ms", "After how many milliseconds you give an answer up"),
)
"""The setting that an answer goes to, and the question."""


def sheet_of(settings: Settings, serving: Serving, client: ClientSettings | None) -> Sheet:
    """The sheet for one EHR, or for one that is not configured yet. `settings.base_url` is set."""
    base = settings.base_url or ""
    offered = [entry for entry in CdsService(serving).services() if client is None or not client.services or entry["id"] in client.services]
    return {
        "for": client.issuer if client else None,
        "release": __version__,
        "specification": f"CDS Hooks {SPEC_VERSION}",
        "fhir": "R4, JSON",
        "pack": {"id": serving.pack.id, "version": serving.pack.version, "approved_by": serving.pack.approved_by or None},
        "discovery": {"url": f"{base}/cds-services", "needs_a_token": not settings.open_discovery},
        "services": [_service(settings, entry, client) for entry in offered],
        "scopes": _scopes(serving, [entry["id"] for entry in offered]),
        "tokens": {
            "algorithms": client.algorithms if client else ClientSettings.model_fields["algorithms"].get_default(call_default_factory=True),
            "longest_life_seconds": settings.tokens.life_seconds,
            "leeway_seconds": settings.tokens.leeway_seconds,
            "each_used_once": not (client and client.reuses_tokens),
        },
        "keys": _keys(client),
        "fhir_servers": list(client.fhir_servers) if client else [],
        "actions": sorted({f"create {program.order.creates}" for program in serving.pack.programs.values() if program.order is not None}),
        "links": sorted(set(_links(settings, serving))),
        "time_outs": {"fetch_ms": settings.deadline_ms, "retry_after_503": True},
        "mode": client.mode if client else "silent",
        "to_fill_in": {} if client else dict(TO_FILL_IN),
    }


def _service(settings: Settings, entry: Mapping[str, Any], client: ClientSettings | None) -> Sheet:
    url = f"{settings.base_url}/cds-services/{entry['id']}"
    sheet: Sheet = {name: entry[name] for name in ("id", "hook", "title", "description")}
    sheet |= {"url": url, "audiences": [url, *(client.audiences if client else ())]}
    if settings.feedback.offered:
        feedback = f"{url}/feedback"
        # a service's own address may stand there for its feedback; that of another says nothing here
        more = [one for one in (client.feedback_audiences if client else ()) if not one.startswith(f"{settings.base_url}/") or one == url]
        sheet["feedback"] = {"url": feedback, "audiences": [feedback, *more]}
    return sheet | {"prefetch": dict(entry.get("prefetch", {})), "usage": entry.get("usageRequirements", "")}


def _scopes(serving: Serving, services: Iterable[str]) -> Sheet:
    """What must be granted so that nothing lacks where prefetch does: by id is `r`, a search is `s`."""
    asked = {(type_, query.ask is Ask.READ) for name in services for query in serving.plans[name].queries.values() for type_ in query.types}
    return {
        "version_2": [f"patient/{type_}.{'r' if by_id else 's'}" for type_, by_id in sorted(asked)],
        "version_1": sorted({f"patient/{type_}.read" for type_, _ in asked}),
    }


def _keys(client: ClientSettings | None) -> Sheet:
    if client is None:
        return {"from": "asked for"}
    return {"from": "file"} if client.jwks_file is not None else {"from": "url", "url": client.jku}


def _links(settings: Settings, serving: Serving) -> Iterator[str]:
    """Every address that cards of this pack lead to; some EHRs show registered ones only."""
    cards = [rule.card for rule in serving.pack.rules if rule.card is not None]
    sources = [serving.pack.card.source, *(card.source for card in cards if card.source is not None)]
    links = chain(serving.pack.card.links, *(card.links for card in cards))
    for url in (*(source.url for source in sources), *(link.url for link in links)):
        if url and (not settings.link_hosts or urlsplit(url).hostname in settings.link_hosts):
            yield url
    if settings.handouts.base_url:
        yield f"{settings.handouts.base_url}/..."


def markdown(sheet: Sheet) -> str:
    """The sheet for people."""
    return "\n".join(line for part in (_head, _services, _trust, _data, _answers, _blanks) for line in (*part(sheet), "")).rstrip() + "\n"


def _head(sheet: Sheet) -> Iterator[str]:
    pack = sheet["pack"]
    yield "# Registration of a CDS Hooks service"
    yield ""
    yield f"For: {sheet['for'] or 'an EHR that is not registered yet'}  "
    yield f"Service: exercise-cds {sheet['release']}, {sheet['specification']}, FHIR {sheet['fhir']}  "
    approved = f"approved by {pack['approved_by']}" if pack["approved_by"] else "**not approved by any clinician**"
    yield f"Rules: {pack['id']} {pack['version']}, {approved}  "
    discovery = sheet["discovery"]
    yield f"Discovery: `{discovery['url']}`{' (needs a token of its own)' if discovery['needs_a_token'] else ''}"


def _services(sheet: Sheet) -> Iterator[str]:
    yield "## Services"
    for service in sheet["services"]:
        yield from ("", f"### {service['title']}", "", service["description"], "")
        yield from ("| what | value |", "|---|---|", f"| id | `{service['id']}` |", f"| hook | `{service['hook']}` |")
        yield f"| called with POST | `{service['url']}` |"
        yield f"| `aud` of its tokens | {_codes(service['audiences'])} |"
        if feedback := service.get("feedback"):
            yield f"| feedback, POST | `{feedback['url']}` |"
            yield f"| `aud` of its tokens | {_codes(feedback['audiences'])} |"
        if service["usage"]:
            yield f"| usage | {service['usage'].replace('|', chr(92) + '|')} |"
        yield from ("", "Prefetch templates:", "", "```json")
        rows = [f'  "{key}": "{template}"' for key, template in service["prefetch"].items()]
        yield from ("{", ",\n".join(rows), "}", "```")


def _trust(sheet: Sheet) -> Iterator[str]:
    tokens, keys = sheet["tokens"], sheet["keys"]
    where = {
        "asked for": "please name an https URL of your JWKS, or send the file",
        "file": "the file that you sent",
        "url": f"`{keys.get('url')}`",
    }
    yield from ("## Tokens", "")
    yield "- Every call and every feedback has `Authorization: Bearer` and a JWT that you sign: `typ` JWT and `kid` in its header,"
    yield "  `iss`, `aud`, `exp`, `iat` and `jti` in its payload."
    yield f"- Signed with {_codes(tokens['algorithms'])}. Your public keys: {where[keys['from']]}."
    yield f"- It lives {tokens['longest_life_seconds']} s at most, and clocks may differ by {tokens['leeway_seconds']} s."
    once = "is taken once, so a retry needs a new one" if tokens["each_used_once"] else "may be used again until it ends, as agreed"
    yield f"- A token {once}."
    yield "- A 401 says nothing on purpose; ask us, our log has the reason."


def _data(sheet: Sheet) -> Iterator[str]:
    scopes = sheet["scopes"]
    yield from ("## Data", "")
    yield "- Please honour the prefetch templates: with all of them sent, we call nobody. `null` is an answer (nothing found)."
    yield "- Where prefetch lacks something we ask your FHIR server with the token of `fhirAuthorization`."
    yield "  A scope with a filter does not count."
    yield f"  - Scopes, SMART version 2: {_codes(scopes['version_2'])}"
    yield f"  - or version 1: {_codes(scopes['version_1'])}"
    yield f"- FHIR base URLs that we call: {_codes(sheet['fhir_servers']) or 'none yet'}. No other is ever called."
    yield "- The addresses from which we call your FHIR server and your JWKS: ____________ (whoever runs this service fills this in)"
    yield "- Neither prefetch nor tokens are stored, logged or passed on."


def _answers(sheet: Sheet) -> Iterator[str]:
    yield from ("## Answers", "")
    yield f"- On the order of half a second: at most {sheet['time_outs']['fetch_ms']} ms of it wait for FHIR."
    yield "  Give up later than that, and go on without us."
    yield "- 200 with cards or none, 412 where needed data cannot be had, 503 with Retry-After where we are busy."
    yield "  Please let no proxy send a POST twice."
    yield f"- Suggestions: {', '.join(sheet['actions']) or 'none'}; nothing is changed or deleted."
    yield f"- Links lead to: {_codes(sheet['links']) or 'nowhere'}."
    if sheet["mode"] == "silent":
        yield "- At first silently: calls are evaluated and recorded, and answered without cards."
        yield "  If you hide cards as well, tell us, so that one of us stops in the end."


def _blanks(sheet: Sheet) -> Iterator[str]:
    if not sheet["to_fill_in"]:
        return
    yield from ("## Please answer", "", "| question | your answer | our setting |", "|---|---|---|")
    for setting, question in sheet["to_fill_in"].items():
        yield f"| {question} | | {setting} |"


def _codes(values: Iterable[str]) -> str:
    return ", ".join(f"`{value}`" for value in values)
