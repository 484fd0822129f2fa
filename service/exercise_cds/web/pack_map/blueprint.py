"""`/workbench/map/`: rules, programs, facts, value sets and evidence, cross-linked and searchable, and the table of what is offered when.

Rendered on the server, without a script. It shows the pack, and nothing of any patient. Where the pack is being written each part says how
well the pack's cases know it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, request

from exercise_cds.authoring.heat import Heat, drafts_of, heat_of
from exercise_cds.authoring.marks import Marks
from exercise_cds.authoring.pack_map import KINDS, PackMap
from exercise_cds.cds_service import Serving
from exercise_cds.errors import CdsError, NotFound
from exercise_cds.web.pack_map.counted import Counted
from exercise_cds.web.pages import Pages, say_in_pages

NAME = "pack_map"
MOST = 200
"""Search results that are shown."""


@dataclass(slots=True)
class _Drawn:
    """The map of one digest; made anew when another pack is served."""

    digest: str
    map: PackMap
    heat: dict[tuple[str, str], tuple[Heat, ...]]


class Maps:
    """The map of the pack that is served now."""

    def __init__(self, answering: Callable[[], AbstractContextManager[Serving]]) -> None:
        self._answering = answering
        self._drawn: _Drawn | None = None

    def now(self) -> PackMap:
        """Every entry."""
        with self._answering() as serving:
            return self._of(serving).map

    def heat(self, service: str, draft: str) -> tuple[Heat, ...]:
        """What is offered when, in one service, while an order is drafted ("" where the service asks for none)."""
        with self._answering() as serving:
            if service not in serving.services or draft not in (drafts_of(serving.pack, service) or ("",)):
                raise NotFound("The pack has no such service, or the service asks about no such order.")
            drawn = self._of(serving)
            if (service, draft) not in drawn.heat:
                drawn.heat[service, draft] = heat_of(serving, service, draft)
            return drawn.heat[service, draft]

    def tables(self) -> list[tuple[str, str]]:
        """(service, drafted order) of every page of tables."""
        with self._answering() as serving:
            return [(name, draft) for name in serving.services for draft in drafts_of(serving.pack, name) or ("",)]

    def _of(self, serving: Serving) -> _Drawn:
        drawn = self._drawn
        if drawn is None or drawn.digest != serving.pack.digest:
            drawn = self._drawn = _Drawn(serving.pack.digest, PackMap(serving.pack), {})
        return drawn


def blueprint(
    answering: Callable[[], AbstractContextManager[Serving]], *, follows: bool = False, counted: Counted | None = None
) -> Blueprint:
    """The pages of the map. `follows`: there is a page that follows the pack's files. `counted`: who knows the marks of the cases."""
    pages = Blueprint(NAME, __name__)
    look = Pages(Path(__file__).parent)
    maps = Maps(answering)

    def shown(template: str, status: int = 200, **values: Any) -> Response:
        found = maps.now()
        marks: Marks | None = counted.of(found.pack.digest) if counted else None
        usual: dict[str, Any] = {"words": "", "kind": "", "entry": None}
        common = {
            "map": found,
            "kinds": KINDS,
            "tables": maps.tables(),
            "follows": follows,
            "counting": counted is not None,
            "marks": marks,
        }
        return look.page(template, status, **(usual | common | values))

    @pages.get("/workbench/map/")
    def contents() -> Response:
        """Everything by name, or what a search finds."""
        words = request.args.get("q", "")[:100]
        return shown("contents.html", words=words, found=maps.now().find(words)[:MOST])

    @pages.get("/workbench/map/offered/<name>")
    @pages.get("/workbench/map/offered/<name>/<draft>")
    def offered(name: str, draft: str = "") -> Response:
        """What is offered when."""
        return shown("offered.html", heats=maps.heat(name, draft), name=name, draft=draft)

    @pages.get("/workbench/map/<kind>/<name>")
    def entry(kind: str, name: str) -> Response:
        """One part of the pack."""
        one = maps.now().entries.get(kind, {}).get(name)
        if one is None:
            raise NotFound("The pack has no such part; search for it on the map's first page.")
        return shown("entry.html", kind=kind, entry=one)

    @pages.get("/workbench/map/map.css")
    @pages.get("/workbench/map/icon.svg")
    def asset() -> Response:
        """The style sheet and the icon."""
        return look.asset(request.path.rsplit("/", 1)[1])

    def said(fault: CdsError) -> Response:
        return shown("missing.html", fault.status, sentence=fault.sentence)

    say_in_pages(pages, said)
    return pages
