"""How much of a request is read: handed in, so that the settings decide."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """`depth`: levels of `{` and `[` within one resource. `entries`: resources under all keys and in the drafts together."""

    depth: int = 64
    entries: int = 20_000
