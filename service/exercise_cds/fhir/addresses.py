"""Every address that is ever called: the client's own base URL, our own template, one id (SEC-20, SEC-21). Nothing of a request's or an
answer's address is used but the path and query of a next link, once they are known to lie under that base.
"""  # noqa: D205 - one paragraph

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urljoin, urlsplit

from exercise_cds.fhir.subjects import normal_base
from exercise_cds.fhir.templates import TOKEN
from exercise_cds.model.client import Client
from exercise_cds.model.kinds import Ask

_ID = re.compile(r"(?!\.+\Z)[A-Za-z0-9\-.]{1,64}")
"""SEC-21. Dots alone are a step up in a path, however they are encoded."""
_RELATIVE = re.compile(r"[A-Z][A-Za-z]{1,63}[/?][^\s{}\\#]+")
_LINK = re.compile(r"[!-\[\]-~]{1,4000}")
"""Printable ASCII without spaces and without the backslash, which readers of addresses disagree about."""
_COUNT = re.compile(r"(?<=[?&])_count=\d+")
PAGE = 200
"""Entries of a page that we ask for where the template leaves it to the server: fewer pages, one after the other, in one deadline."""


def allowed_base(server: str, client: Client) -> str | None:
    """The client's own spelling of the base URL that `fhirServer` names; None where it names none of them (SEC-20).

    Equal are scheme, host, port and path; a request's query, user or fragment never get any further.
    """
    asked = normal_base(server)
    if asked is None:
        return None
    return next((base.rstrip("/") for base in sorted(client.fhir_servers) if normal_base(base) == asked), None)


def address(base: str, template: str, ask: Ask, patient_id: str, *, long_pages: bool = False) -> str | None:
    """The address of a query; None for an id that is none, or a template that asks for more than the patient's id.

    `long_pages`: whatever the template says; its `_count` is for prefetch, which is sent whether or not it is needed.
    """
    if not _ID.fullmatch(patient_id):
        return None
    relative = template.replace(TOKEN, quote(patient_id, safe=""))
    if not _RELATIVE.fullmatch(relative):
        return None
    if ask is not Ask.READ and not _COUNT.search(relative):
        relative += f"&_count={PAGE}"
    if long_pages:
        relative = _COUNT.sub(f"_count={PAGE}", relative)
    return f"{base}/{relative}"


def next_address(base: str, link: object) -> str | None:
    """The address of a further page: a link under the same base, put together anew; None for any other (SEC-21)."""
    if not isinstance(link, str) or not _LINK.fullmatch(link):
        return None
    try:
        whole = urlsplit(urljoin(f"{base}/", link))
        origin = normal_base(whole._replace(path="", query="", fragment="").geturl())
    except ValueError:
        return None
    ours = urlsplit(base)
    if origin is None or whole.username is not None or origin != normal_base(f"{ours.scheme}://{ours.netloc}"):
        return None
    steps = unquote(unquote(whole.path)).replace("\\", "/").split("/")
    under = whole.path == ours.path or whole.path.startswith(f"{ours.path}/")
    if not under or {".", ".."}.intersection(steps):
        return None
    return f"{ours.scheme}://{ours.netloc}{whole.path}{f'?{whole.query}' if whole.query else ''}"
