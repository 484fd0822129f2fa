"""The pack's map: a page for each part of the pack, and what is offered when."""

from exercise_cds.web.pack_map.blueprint import blueprint
from exercise_cds.web.pack_map.counted import Counted

__all__ = ["Counted", "blueprint"]
