"""What operators have switched off for now."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Paused:
    """What operators have paused (rulepack/pause.py): already done to the pack; here by name, for whoever shows it."""

    everything: bool = False
    services: frozenset[str] = frozenset()
    """Services that answer without cards: all of them where everything is paused."""
    rules: frozenset[str] = frozenset()
    programs: frozenset[str] = frozenset()
    """Programs that are withheld from everybody, those that a paused rule guards among them."""


NOTHING_PAUSED = Paused()
