"""A view of a resource that shows only the elements which a kind of fact says that it reads: reading any other fails the test."""

from __future__ import annotations

from typing import Any

from exercise_cds.model.kinds import KINDS


class ElementNotDeclaredError(AssertionError):
    """A derive function read an element that its row in `model/kinds` does not list: nobody would have validated it."""


class Guarded:
    """Passes on the declared elements of a model and refuses every other."""

    def __init__(self, model: Any, kind: str) -> None:
        type_ = type(model).__name__
        self._model = model
        self._kind = kind
        self._elements = frozenset[str]().union(*(reads.elements for reads in KINDS[kind].reads if reads.type == type_))

    def __getattr__(self, name: str) -> Any:
        if name not in self._elements:
            raise ElementNotDeclaredError(f"kind {self._kind} reads {type(self._model).__name__}.{name}, which its row does not list")
        return getattr(self._model, name)
