"""The pages for people that a process serves: handouts always, the workbench where the settings ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint

from exercise_cds.authoring.live import Live
from exercise_cds.settings import Settings
from exercise_cds.web import handouts, live, pack_map, workbench

if TYPE_CHECKING:  # the steward is handed in; its rooms need not be loaded to read this
    from exercise_cds.cds_service import CdsService


def blueprints(settings: Settings, service: CdsService) -> list[Blueprint]:
    """Each asks the steward for the pack that is served at that moment."""
    pages = [handouts.blueprint(lambda: service.serving.pack)]
    if settings.workbench.enabled:
        pages.append(workbench.blueprint(lambda: service.serving, settings.workbench.examples))
        pages.append(pack_map.blueprint(lambda: service.serving))
        pages.append(live.blueprint(Live(settings.rules, settings.workbench.examples, overlay=settings.overlay)))
    return pages
