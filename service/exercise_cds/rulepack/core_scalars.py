"""Plain scalars as YAML 1.2's core schema reads them: null, yes/no, number, else text. `no`, `on` and dates stay text."""

from __future__ import annotations

import math
import re

NOT_FINITE = math.nan
"""What a number beyond every bound is read as (`.inf`, `1e999`): no number that can be compared. It is the one value unequal to itself."""
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_YES_NO = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}|0x[0-9a-fA-F]{1,15}|0o[0-7]{1,18}")
_DECIMAL = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,4})?")
_UNSPEAKABLE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


def core_value(text: str) -> str | int | float | bool | None:
    """The value of a scalar without quotes; NOT_FINITE for what no bound holds."""
    if text in _NULL:
        return None
    if text in _YES_NO:
        return _YES_NO[text]
    if text[0] not in "+-.0123456789":
        return text
    if _INTEGER.fullmatch(text):
        return int(text, 0) if text[:2] in ("0x", "0o") else int(text)
    if _DECIMAL.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else NOT_FINITE
    return NOT_FINITE if _UNSPEAKABLE.fullmatch(text) else text
