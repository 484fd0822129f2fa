"""Units as authors write them (UCUM), and when two are the same."""

from __future__ import annotations

SCORE = frozenset({"", "{score}", "score", "points", "1"})
"""A score counts nothing: its unit is shown nowhere."""
DAYS = frozenset({"d", "day", "days"})
YEARS = frozenset({"a", "year", "years"})
MEASURED = ("Cel", "kg/m2", "kg", "%", "{score}")
"""Units of measurements and answers that the derive functions can convert to."""


def plain_unit(written: str) -> str:
    """One spelling for each unit: "days", "years", "" for a score, else as written."""
    for names, spelling in ((SCORE, ""), (DAYS, "days"), (YEARS, "years")):
        if written in names:
            return spelling
    return written


def same_unit(one: str, other: str) -> bool:
    """Whether numbers of the two units can be compared as they stand."""
    return plain_unit(one) == plain_unit(other)
