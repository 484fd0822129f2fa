"""What the platform asks: whether the process lives, and whether it may get requests. No patient, no service, no input."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response

from exercise_cds.errors import Unavailable
from exercise_cds.web import answers


def blueprint(failing: Callable[[], tuple[str, ...]]) -> Blueprint:
    """`/livez` and `/readyz`; `failing` names the checks that stand against readiness."""
    pages = Blueprint("ops", __name__)

    @pages.get("/livez")
    def livez() -> Response:
        """The process answers; nothing else is looked at."""
        return answers.success({"live": True})

    @pages.get("/readyz")
    def readyz() -> Response:
        """Ready, or which checks fail, by name."""
        if names := failing():
            raise Unavailable(f"Not ready: {', '.join(names)}.", retry_after=1)
        return answers.success({"ready": True})

    return pages
