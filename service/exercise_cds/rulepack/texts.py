"""Authors' texts to `Text`: placeholders checked, so that no card ever says "{back_pain_dyas}" or "for unknown".

Two sorts of texts: those that are filled (summaries, details, reasons, notes) and those that are shown as they stand (titles,
programs, evidence). A filled text may name a fact only where the fact is certain to be known.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from exercise_cds.model.kinds import ValueType
from exercise_cds.model.pack import Text
from exercise_cds.rulepack.nodes import Place
from exercise_cds.rulepack.report import listed
from exercise_cds.rulepack.scope import FactType, Scope

MOST_SUMMARY = 139
"""Strictly under 140 characters (CH-091)."""
FOUND = "found"
_PIECES = re.compile(r"\{([^{}]*)\}")
_BRACE = re.compile(r"[{}]")
_SHORTEST_FOUND = 30
"""Whoever fills `{found}` shortens it to what is left of a summary; less than this says nothing."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where texts stand: whose they are, what is certain to be known there, and whether something was found."""

    owner: str = ""
    known: frozenset[str] | None = frozenset()
    """None: nothing can be said, because the condition is broken."""
    finds: bool = False


class Texts:
    """Reads the texts of one pack."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.report = scope.report

    def shown(self, text: str, place: Place, spot: Spot, path: str) -> str:
        """A text that is shown as it stands: no placeholders."""
        text, place = self.scope.replacements.text(spot.owner, path, text, place)
        if _BRACE.search(text):
            sentence = "braces stand in a text that is shown as it is"
            self.report.add("placeholder-not-here", place.where, sentence, "only summaries, details, reasons and notes are filled")
        return text

    def filled(self, text: str, place: Place, spot: Spot, path: str) -> Text:
        """A text whose placeholders are filled; every fact that it names must be certain to be known."""
        text, place = self.scope.replacements.text(spot.owner, path, text, place)
        return self._read(text, place, spot, must_be_known=True)

    def summaries(self, texts: Sequence[str], place: Place, spot: Spot, path: str) -> tuple[Text, ...]:
        """Summaries of which the first that can be filled is taken: the last must be fillable whatever is known."""
        found = []
        for index, text in enumerate(texts):
            inner = path if len(texts) == 1 else f"{path}.{index}"
            written, there = self.scope.replacements.text(spot.owner, inner, text, place / index)
            read = self._read(written, there, spot, must_be_known=index == len(texts) - 1)
            self._length(read, there)
            found.append(read)
        return tuple(found)

    def _read(self, text: str, place: Place, spot: Spot, *, must_be_known: bool) -> Text:
        pieces = _PIECES.split(text)
        if any(_BRACE.search(piece) for piece in pieces[::2]):
            self.report.add("bad-placeholder", place.where, "a brace stands alone, or doubled", "write {name}, or no brace at all")
            return Text(text, (text,), place.where)
        for name in dict.fromkeys(pieces[1::2]):
            self._name(name, place, spot, must_be_known=must_be_known)
        return Text(text, tuple(pieces), place.where)

    def _name(self, name: str, place: Place, spot: Spot, *, must_be_known: bool) -> None:
        if name == FOUND:
            if not spot.finds:
                self.report.add("found-nothing", place.where, "{found} stands where no condition finds anything", "name what is meant")
            return
        facts, settings = self.scope.facts, self.scope.settings
        if facts is None or settings is None or name in settings:
            return
        kind = facts.get(name)
        if kind is None:
            hint = self.report.did_you_mean(name, [*facts, *settings, FOUND])
            self.report.add("unknown-placeholder", place.where, f"{{{name[:48]}}} is no fact and no setting", hint)
        elif kind.value is ValueType.YES_NO:
            hint = "use {found} for what was found, or write its words"
            self.report.add("yes-no-placeholder", place.where, f"{{{name}}} would read 'yes' or 'no'", hint)
        elif must_be_known and spot.known is not None and name not in spot.known:
            self._unknown(name, place, spot.known)

    def _unknown(self, name: str, place: Place, known: Collection[str]) -> None:
        certain = f" (certain here: {listed(known, 4)})" if known else ""
        hint = "ask about it in `when`, or leave it out of the text"
        self.report.add("perhaps-unknown", place.where, f"{{{name}}} may be unknown where this text is used{certain}", hint)

    def _length(self, text: Text, place: Place) -> None:
        """Whether the text stays under 140 characters after its longest plausible filling."""
        longest = sum(len(piece) for piece in text.pieces[::2]) + sum(self._longest(name) for name in text.pieces[1::2])
        if longest > MOST_SUMMARY:
            filled = " once filled" if len(text.pieces) > 1 else ""
            sentence = f"the summary can have {longest} characters{filled}; at most {MOST_SUMMARY} fit"
            self.report.add("summary-too-long", place.where, sentence, "say it shorter; the rest belongs into the detail")

    def _longest(self, name: str) -> int:
        if name == FOUND:
            return _SHORTEST_FOUND
        setting = (self.scope.settings or {}).get(name)
        if setting is not None:
            return len(f"{setting.value:g} {setting.unit}")
        return _longest_value((self.scope.facts or {}).get(name))


def _longest_value(kind: FactType | None) -> int:
    """The longest that a fact's value plausibly reads: bounds of days and years, two decimals of everything else."""
    if kind is None:
        return 0
    if kind.words:
        return max(len(word) for word in kind.words)
    number = "at least 1000" if kind.unit in ("days", "years") else "38.25"
    return len(f"{number} {kind.unit}".strip())
