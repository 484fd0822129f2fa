"""Filling of authors' texts: `{fact}` with unit and bound, `{setting}`, `{found}`; and the cleaning of every string of a chart.

Everything here is plain text. `markdown.py` escapes it where it goes into a detail. No clock: dates are shown as the chart spells them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from exercise_cds.model.facts import Bounds, Evidence, Fact, Facts, InDoubt, Known, NotRecorded, Scalar
from exercise_cds.model.pack import FactSpec, RulePack, Setting, Text

SUMMARY_LIMIT = 139
"""CH-091: strictly under 140 characters."""
STRING_LIMIT = 2000
"""Longest string of a chart that reaches a card, unless the site's settings say otherwise."""
ELLIPSIS = "…"
FOUND = "found"
"""The one name in a text that is neither a fact nor a setting."""
_UNSEEN = re.compile(
    "[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]",
)
"""Controls, bidi marks and overrides, invisible characters, lone surrogates: none has a place in a line that a clinician reads."""
_UNIT_WORDS = {
    "{score}": "", "1": "", "d": "days", "a": "years", "Cel": "°C", "[degF]": "°F",
    "kg/m2": "kg/m²", "mm[Hg]": "mmHg",
}  # fmt: skip
"""UCUM as people write it."""
_SINGULAR = {"days": "day", "weeks": "week", "months": "month", "years": "year"}


def clean(text: str, limit: int = STRING_LIMIT) -> str:
    """One line of visible characters, at most `limit` long: runs of any white space (newlines too) become one space."""
    if len(text) <= limit and text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    # White space first: some of it (tab, newline, U+0085) is also a control character, and words must not run together.
    flat = " ".join(text[: 4 * limit].split())
    return clip(" ".join(_UNSEEN.sub("", flat).split()), limit)


def clip(text: str, limit: int) -> str:
    """The text, or as much of it as fits into `limit` characters, cut at a word boundary, with an ellipsis."""
    if len(text) <= limit:
        return text
    if limit <= 0:
        return ""
    kept = text[: limit - 1]
    if text[limit - 1] != " " and " " in kept.strip():
        kept = kept.rsplit(" ", 1)[0]
    return kept.rstrip(" ,;:.(") + ELLIPSIS


def number(value: float) -> str:
    """A number as people write it: 7, 6.6, 37.94. Rounding never turns a fraction into a whole number (6.999 is not 7)."""
    if float(value).is_integer():
        return str(int(value))
    rounded = f"{value:.2f}".rstrip("0").rstrip(".")
    return repr(value) if "." not in rounded else rounded


def unit_words(unit: str, value: float | None = None) -> str:
    """A unit as people write it, singular for exactly one; "" for a score."""
    words = _UNIT_WORDS.get(unit, unit)
    return _SINGULAR.get(words, words) if value == 1 else words


def quantity(value: float, unit: str) -> str:
    """As people write it: 20 days, 1 day, 38.2 °C, 5%, 7."""
    words = unit_words(unit, value)
    gap = "" if words in {"", "%"} else " "
    return f"{number(value)}{gap}{words}"


def scalar(value: Scalar, unit: str = "") -> str:
    """An exact value in words: yes or no, a number with its unit, one of the author's words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value.replace("-", " ").replace("_", " ")
    return quantity(value, unit)


def worded(fact: Fact | None, unit: str) -> str | None:
    """A fact's value in words: "20 days", "at least 40 days", "14 to 28 days"; None where nothing is known."""
    match fact:
        case Known(value):
            return scalar(value, unit)
        case Bounds(least, None) if least is not None:
            return f"at least {quantity(least, unit)}"
        case Bounds(None, most) if most is not None:
            return f"at most {quantity(most, unit)}"
        case Bounds(least, most) if least is not None and most is not None:
            return f"{number(least)} to {quantity(most, unit)}"
        case _:
            return None


def day(evidence: Evidence) -> str:
    """The date of a datum, without its hour, as the chart spells it (possibly partial)."""
    return clean(evidence.date, 64)[:10]


def remarked(evidence: Evidence, *, shown: bool, limit: int) -> str:
    """What a reader must know of a datum: "provisional, 2026-02-20"; with `shown` the chart's words before it."""
    parts = [clean(evidence.remark, limit).replace("; ", ", "), day(evidence)]
    if shown and (words := clean(evidence.shown, limit)):
        parts.insert(0, f"“{words}”")
    return ", ".join(part for part in parts if part)


def since(spec: FactSpec) -> bool:
    """Whether `says` continues a number of days ("since the current episode began") instead of naming a thing."""
    return spec.says.startswith(("since ", "after "))


def named(spec: FactSpec) -> str:
    """A fact's name in a line: "newest pain score", or "days since the current episode began"."""
    return f"{unit_words(spec.unit)} {spec.says}".strip() if since(spec) else spec.says


def _telling(spec: FactSpec, evidence: Sequence[Evidence]) -> Evidence:
    """The datum to show, of evidence that is newest first: an episode is as old as its oldest."""
    return min(evidence, key=lambda one: one.date or "9999") if spec.kind == "episode" else evidence[0]


def finding(spec: FactSpec, fact: Fact | None, *, limit: int = 80, shown: bool = False) -> str:
    """One datum with its status and date: "cauda equina syndrome, provisional, 2026-02-20", "newest temperature 38.6 °C, 2026-03-01"."""
    # The date of birth is no date of a finding.
    evidence = _telling(spec, fact.evidence) if fact is not None and fact.evidence and spec.kind != "age" else Evidence("")
    text = spec.says
    value = worded(fact, spec.unit)
    if value is not None and not (isinstance(fact, Known) and fact.value is True):
        text = f"{value} {spec.says}" if since(spec) else f"{spec.says} {value}"
    remark = remarked(evidence, shown=shown, limit=limit)
    return f"{text}, {remark}" if remark else text


def why_unknown(fact: Fact | None, limit: int = 200) -> str:
    """Why a fact has no value: "not recorded", or the words of its doubt."""
    match fact:
        case InDoubt(cause, why):
            return clean(why, limit) or cause.value
        case NotRecorded() | None:
            return "not recorded"
        case _:
            return ""


def listed(items: Sequence[str]) -> str:
    """All items; with semicolons where one of them holds a comma of its own."""
    return ("; " if any(", " in item for item in items) else ", ").join(items)


def a_few(items: Sequence[str], most: int, joint: str = "; ") -> str:
    """The first `most` of the items, then "and 2 more"."""
    if len(items) <= most:
        return joint.join(items)
    return f"{joint.join(items[:most])} and {len(items) - most} more"


class Filler:
    """Fills the texts of one pack with the facts of one request."""

    __slots__ = ("_facts", "_settings", "_specs", "_values")

    def __init__(self, pack: RulePack, facts: Facts) -> None:
        self._specs: Mapping[str, FactSpec] = pack.facts
        self._settings: Mapping[str, Setting] = pack.settings
        self._facts = facts
        self._values: dict[str, str | None] = {}

    def value(self, name: str) -> str | None:
        """What stands for `{name}`; None where it is a fact of which nothing is known."""
        if name not in self._values:
            self._values[name] = self._value(name)
        return self._values[name]

    def _value(self, name: str) -> str | None:
        setting = self._settings.get(name)
        if setting is not None:
            return quantity(setting.value, setting.unit)
        spec = self._specs.get(name)
        return None if spec is None else worded(self._facts.get(name), spec.unit)

    def fits(self, text: Text) -> bool:
        """Whether everything that the text names is known, exactly or within bounds."""
        return all(name == FOUND or self.value(name) is not None for name in text.pieces[1::2])

    def fill(self, text: Text, found: str = "") -> str:
        """The text with every name replaced; a fact of which nothing is known becomes "not known"."""
        pieces = text.pieces
        if len(pieces) == 1:
            return pieces[0]
        filled = list(pieces)
        for place in range(1, len(pieces), 2):
            name = pieces[place]
            filled[place] = found if name == FOUND else (self.value(name) or "not known")
        return "".join(filled)

    def summary(self, texts: Sequence[Text], found: Sequence[str], otherwise: str) -> str:
        """The first text whose facts are all known, under 140 characters; `found` is shortened first, at a word boundary."""
        text = next((text for text in texts if self.fits(text)), None)
        if text is None:
            return clip(clean(otherwise), SUMMARY_LIMIT)
        for most in (3, 2, 1):
            filled = clean(self.fill(text, a_few(found, most)))
            if len(filled) <= SUMMARY_LIMIT:
                return filled or clip(clean(otherwise), SUMMARY_LIMIT)
        room = SUMMARY_LIMIT - len(self.fill(text))
        return clip(clean(self.fill(text, clip(a_few(found, 1), room))), SUMMARY_LIMIT)
