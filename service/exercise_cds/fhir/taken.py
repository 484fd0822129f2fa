"""What was taken of a chart so far: the same resource under two prefetch keys is taken once, told by all that it holds."""

from __future__ import annotations

from typing import Any, TypeAlias

from exercise_cds.fhir.bundles import Content, RawEntry
from exercise_cds.fhir.select import Names

Held: TypeAlias = "tuple[Content, Content | None]"
"""What a resource holds, and what it borrows."""


def held(entry: RawEntry, medication: RawEntry | None) -> Held:
    """All that a resource says, with the Medication that it refers to."""
    return entry.content, medication.content if medication is not None else None


class Taken:
    """One resource that was taken: what became of it, and the facts that have it. Its content is told when its id comes again."""

    __slots__ = ("_entry", "_held", "_medication", "names", "resource")

    def __init__(self, entry: RawEntry, medication: RawEntry | None, resource: Any, names: Names) -> None:
        """`medication` is what the resource borrows."""
        self._entry = entry
        self._medication = medication
        self._held: Held | None = None
        self.resource = resource
        self.names = names

    @property
    def content(self) -> Held:
        """What it holds, put together once: as often as its id comes again."""
        if self._held is None:
            self._held = held(self._entry, self._medication)
        return self._held
