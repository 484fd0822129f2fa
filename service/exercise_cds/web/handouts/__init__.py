"""Handouts for patients: pages, drawings and words."""

from exercise_cds.web.handouts.blueprint import NAME, blueprint

__all__ = ["NAME", "blueprint"]
