"""The pages for people that a process serves: handouts always, the others where the settings ask for them.

On the service's port stands what patients read, and while rules are tried on one machine the pages of their authors. Everything else is on
the operators' port, behind a sign-on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint

from exercise_cds.authoring.live import Live
from exercise_cds.records import Store
from exercise_cds.settings import Settings
from exercise_cds.web import handouts, live, pack_map, workbench

if TYPE_CHECKING:  # the steward is handed in; its rooms need not be loaded to read this
    from exercise_cds.cds_service import CdsService


def blueprints(settings: Settings, service: CdsService) -> list[Blueprint]:
    """Pages of the service's port. Each asks the steward for the pack that is served at that moment."""
    pages = [handouts.blueprint(lambda: service.serving.pack)]
    if settings.workbench.enabled and settings.workbench_for_anybody:
        pages += _of_authors(settings, service, follows=True)
        followed = Live(settings.rules, settings.workbench.examples, overlay=settings.overlay)
        pages.append(live.blueprint(followed, lambda: service.serving.pack.digest))
    return pages


def operators_blueprints(settings: Settings, service: CdsService, store: Store) -> list[Blueprint]:
    """Pages of the operators' port. Rules are not written where patients are treated, so nothing there follows their files."""
    pages = []
    if settings.workbench.enabled and not settings.workbench_for_anybody:
        pages += [*_of_authors(settings, service, follows=False), handouts.blueprint(lambda: service.serving.pack)]
    if settings.operators.feedback_page:
        # what draws and renders is loaded where it is asked for alone
        from exercise_cds.web import feedback_page  # noqa: PLC0415  # see above

        pages.append(feedback_page.blueprint(store))
    return pages


def _of_authors(settings: Settings, service: CdsService, *, follows: bool) -> list[Blueprint]:
    """`follows`: the page that follows the files stands beside them; there the cases are run for the map, too."""
    counted = pack_map.Counted(settings.rules, settings.overlay) if follows else None
    return [
        workbench.blueprint(service.answering, settings.workbench.examples, follows=follows),
        pack_map.blueprint(service.answering, follows=follows, counted=counted),
    ]
