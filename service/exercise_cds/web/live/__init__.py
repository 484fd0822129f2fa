"""Live authoring: a page that follows the pack's files."""

from exercise_cds.web.live.blueprint import blueprint

__all__ = ["blueprint"]
