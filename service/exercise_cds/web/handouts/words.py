"""The handouts' own words, one TOML file per language, and what a language still lacks."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from exercise_cds.web.pages import flat

FOLDER = Path(__file__).parent / "texts"
FIRST = "en"
_NAMES = re.compile(r"\{(\w+)\}")


def languages() -> tuple[str, ...]:
    """The languages there are, English first."""
    return (FIRST, *sorted(path.stem for path in FOLDER.glob("*.toml") if path.stem != FIRST))


def words(language: str) -> Mapping[str, Any]:
    """Every word of one language, by section."""
    return tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))


def lacks(written: Mapping[str, Any], model: Mapping[str, Any]) -> list[str]:
    """Sentences on what a language's file lacks or has too much, compared with `model`."""
    ours, theirs = flat(model), flat(written)
    said = [f"{name} is missing" for name in ours if not theirs.get(name)]
    said += [f"{name} is not asked for" for name in theirs if name not in ours]
    for name in ours.keys() & theirs.keys():
        asked, given = _filled(ours[name]), _filled(theirs[name])
        if asked != given:
            said.append(f"{name} fills {sorted(given)}, and must fill {sorted(asked)}")
        if isinstance(ours[name], list) and len(ours[name]) != len(theirs[name]):
            said.append(f"{name} has {len(theirs[name])} texts, and must have {len(ours[name])}")
    return sorted(said)


def _filled(text: Any) -> set[str]:
    return set(_NAMES.findall(" ".join(text) if isinstance(text, list) else str(text)))
