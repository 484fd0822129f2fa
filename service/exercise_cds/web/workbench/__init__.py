"""The workbench: cards, timeline, facts and rules of one request, for people who write or judge rules."""

from exercise_cds.web.workbench.blueprint import NAME, blueprint

__all__ = ["NAME", "blueprint"]
