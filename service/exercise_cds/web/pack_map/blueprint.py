"""`/workbench/map/`: rules, programs, facts, value sets and evidence, cross-linked and searchable, and the table of what is offered when.

Rendered on the server, without a script. It shows the pack, and nothing of any patient.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Response, request

from exercise_cds.authoring.heat import Heat, heat_of
from exercise_cds.authoring.pack_map import KINDS, PackMap
from exercise_cds.cds_service import Serving
from exercise_cds.errors import CdsError, NotFound
from exercise_cds.web.pages import Pages, say_in_pages

NAME = "pack_map"
MOST = 200
"""Search results that are shown."""


@dataclass(slots=True)
class _Drawn:
    """The map of one digest; made anew when another pack is served."""

    digest: str
    map: PackMap
    heat: dict[str, tuple[Heat, ...]]


class Maps:
    """The map of the pack that is served now."""

    def __init__(self, serving: Callable[[], Serving]) -> None:
        self._serving = serving
        self._drawn: _Drawn | None = None

    def now(self) -> PackMap:
        """Every entry."""
        return self._of(self._serving()).map

    def heat(self, service: str) -> tuple[Heat, ...]:
        """What is offered when, in one service."""
        serving = self._serving()
        if service not in serving.services:
            raise NotFound("The pack has no such service.")
        drawn = self._of(serving)
        if service not in drawn.heat:
            drawn.heat[service] = heat_of(serving, service)
        return drawn.heat[service]

    def services(self) -> list[str]:
        """Services that have such a table: those that are not about a drafted order."""
        return [name for name, service in self._serving().services.items() if service.hook == "patient-view"]

    def _of(self, serving: Serving) -> _Drawn:
        drawn = self._drawn
        if drawn is None or drawn.digest != serving.pack.digest:
            drawn = self._drawn = _Drawn(serving.pack.digest, PackMap(serving.pack), {})
        return drawn


def blueprint(serving: Callable[[], Serving]) -> Blueprint:
    """The pages of the map."""
    pages = Blueprint(NAME, __name__)
    look = Pages(Path(__file__).parent)
    maps = Maps(serving)

    @pages.get("/workbench/map/")
    def contents() -> Response:
        """Everything by name, or what a search finds."""
        found = maps.now()
        words = request.args.get("q", "")[:100]
        return look.page(
            "contents.html",
            map=found,
            kinds=KINDS,
            words=words,
            found=found.find(words)[:MOST],
            services=maps.services(),
            kind="",
            entry=None,
        )

    @pages.get("/workbench/map/offered/<name>")
    def offered(name: str) -> Response:
        """What is offered when."""
        heats = maps.heat(name)
        return look.page(
            "offered.html", map=maps.now(), kinds=KINDS, words="", heats=heats, services=maps.services(), name=name, kind="", entry=None
        )

    @pages.get("/workbench/map/<kind>/<name>")
    def entry(kind: str, name: str) -> Response:
        """One part of the pack."""
        found = maps.now()
        one = found.entries.get(kind, {}).get(name)
        if one is None:
            raise NotFound("The pack has no such part; search for it on the map's first page.")
        return look.page("entry.html", map=found, kinds=KINDS, words="", services=maps.services(), kind=kind, entry=one)

    @pages.get("/workbench/map/map.css")
    @pages.get("/workbench/map/icon.svg")
    def asset() -> Response:
        """The style sheet and the icon."""
        return look.asset(request.path.rsplit("/", 1)[1])

    def said(fault: CdsError) -> Response:
        return look.page(
            "missing.html",
            fault.status,
            map=maps.now(),
            kinds=KINDS,
            words="",
            services=maps.services(),
            kind="",
            entry=None,
            sentence=fault.sentence,
        )

    say_in_pages(pages, said)
    return pages
