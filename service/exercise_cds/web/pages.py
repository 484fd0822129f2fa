"""Pages for people: templates of one folder, its style sheets and scripts, and the headers that keep a page to itself.

A page loads nothing but our own files, runs nothing inline, stands in no frame and is kept in no cache. What is shown is escaped by
Jinja2; only what we drew or rendered ourselves is `Markup`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from exercise_cds.errors import CdsError, NotFound

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {"Content-Security-Policy": CSP, "X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin"}
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
MISSING = "page-not-found"


class Pages:
    """The templates and assets of one folder, read once."""

    def __init__(self, folder: Path) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self._assets = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix in _TYPES}

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """One page."""
        return guarded(Response(self._templates.get_template(template).render(**values), status, content_type="text/html; charset=utf-8"))

    def asset(self, name: str) -> Response:
        """A style sheet or a script. Raises NotFound."""
        if name not in self._assets:
            raise NotFound("There is no such file.")
        return guarded(Response(self._assets[name], content_type=_TYPES[Path(name).suffix]))


def guarded(answer: Response) -> Response:
    """The same answer, with the headers of a page."""
    for name, text in HEADERS.items():
        answer.headers[name] = text
    return answer


def say_in_pages(blueprint: Blueprint, show: Callable[[CdsError], Response]) -> None:
    """What a caller did wrong is said in a page of this blueprint, not in an OperationOutcome."""
    blueprint.register_error_handler(CdsError, show)


def flat(words: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Every text of a translation file by its dotted name; a list is one text."""
    found: dict[str, Any] = {}
    for name, value in words.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = value
    return found
