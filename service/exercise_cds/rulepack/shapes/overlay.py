"""The site's overlay: one file that changes what the pack lets a site change."""

# ruff: noqa: RUF012 - pydantic copies defaults
from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from exercise_cds.rulepack.shapes.vocabulary import CodeShape, Kebab, Line, Number, ProgramName, Prose, RuleName, SettingName, Shape, Url


class DisableShape(Shape):
    """Why a rule is switched off, and who approved it (needed for rules that withhold)."""

    because: Line
    approved_by: Line | None = None


class UncheckedShape(Shape):
    """Why a resource type is never shared with us, and who approved that it is not checked."""

    because: Line
    approved_by: Line


class OverlayFile(Shape):
    """The whole file."""

    overlay: Kebab
    settings: dict[SettingName, Number] = {}
    disable: dict[RuleName, DisableShape] = {}
    links: dict[str, Url] = {}
    order_codes: dict[ProgramName, Annotated[list[CodeShape], Field(min_length=1, max_length=10)]] = {}
    texts: dict[Kebab, dict[str, Prose]] = {}
    unchecked: dict[str, UncheckedShape] = {}
    prefetch: dict[str, Annotated[str, StringConstraints(min_length=1, max_length=1_500)]] = {}
