"""`GET /cds-services`: what is offered. Calls are answered in hook_calls.py."""

from __future__ import annotations

from flask import Blueprint, Response, g, request

from exercise_cds.web import answers
from exercise_cds.web.hook_calls import Door


def blueprint(door: Door) -> Blueprint:
    """Discovery (CH-010), and the path of calls, so that other methods hear which one it takes."""
    pages = Blueprint("api", __name__)
    pages.add_url_rule("/cds-services/<service>", "call", methods=["POST"])

    @pages.get("/cds-services")
    def discovery() -> Response:
        """What is offered, with the prefetch that each service asks for (CH-011 to CH-020)."""
        if not door.settings.open_discovery:
            door.who(request.environ, g.said)
        return answers.success({"services": door.service.services()})

    return pages
