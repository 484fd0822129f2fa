"""Findings as they are gathered: one list for a whole load, with levels from the table of codes and hints that name what was meant."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

from exercise_cds.model.where import Finding, Where
from exercise_cds.rulepack.codes import CODES

MOST_FINDINGS = 400
"""More are counted, not kept: a file of rubbish must not become a page of rubbish."""
_MOST_COMPARED = 30_000
"""How many names are compared in one load, looking for near ones: about 10 microseconds each."""
_LONGEST_NAME = 60
_MOST_LISTED = 12


def quoted(text: object, most: int = 48) -> str:
    """A name as a sentence shows it: between quotes, on one line, shortened."""
    shown = " ".join(str(text).split())
    return f"'{shown if len(shown) <= most else shown[: most - 1] + '…'}'"


def listed(names: Collection[str], most: int = _MOST_LISTED) -> str:
    """Names as a sentence lists them, shortened."""
    shown = sorted(names) if isinstance(names, set | frozenset) else list(names)
    return ", ".join(shown[:most]) + (", ..." if len(shown) > most else "")


class Report:
    """Gathers findings. `errors` says whether a pack may be made of what was read so far."""

    def __init__(self) -> None:
        self._found: dict[Finding, None] = {}
        self._left_out = 0
        self._compared = 0
        self.errors = 0

    def add(self, code: str, where: Where, sentence: str, hint: str = "") -> None:
        """One finding; its level is the code's. The same finding twice is one."""
        finding = Finding(where, code, sentence, hint, CODES[code].level)
        if CODES[code].is_error:
            self.errors += 1
        if len(self._found) < MOST_FINDINGS:
            self._found[finding] = None
        elif finding not in self._found:
            self._left_out += 1

    def did_you_mean(self, name: object, names: Collection[str]) -> str:
        """A hint: the nearest of `names`, or all of them where they are few; "" where there is nothing to say."""
        if isinstance(name, str) and len(name) <= _LONGEST_NAME and self._compared + len(names) <= _MOST_COMPARED:
            self._compared += len(names)
            if near := get_close_matches(name, sorted(names), n=1, cutoff=0.6):
                return f"did you mean {quoted(near[0])}?"
        return f"one of: {listed(names)}" if 0 < len(names) <= _MOST_LISTED else ""

    def findings(self) -> tuple[Finding, ...]:
        """All findings, sorted by file, line, column and code."""
        found = sorted(self._found, key=lambda finding: finding.order)
        if self._left_out:
            last = found[-1].where
            sentence = f"{self._left_out} more findings are not shown"
            found.append(Finding(last, "more-findings", sentence, "mend these first", CODES["more-findings"].level))
        return tuple(found)
