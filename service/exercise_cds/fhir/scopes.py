"""What the passed token allows, in SMART scopes of version 1 (`patient/Condition.read`) and 2 (`patient/Condition.rs`), CH-075."""

from __future__ import annotations

import re
from dataclasses import dataclass

from exercise_cds.fhir.faults import Fault
from exercise_cds.model.kinds import Ask

ANY = "*"
_SCOPE = re.compile(
    r"(?:patient|user|system)/(?P<type>\*|[A-Z][A-Za-z]{1,63})"
    r"\.(?:(?P<v1>read|write|\*)|(?P<v2>(?=[cruds])c?r?u?d?s?)(?P<filter>\?.+)?)"
)


@dataclass(frozen=True, slots=True)
class Grants:
    """Resource types (`*`: every one) that may be read by id, that may be searched, and of which only a part may be searched."""

    read: frozenset[str] = frozenset()
    search: frozenset[str] = frozenset()
    partly: frozenset[str] = frozenset()

    def fault(self, type_: str, ask: Ask) -> Fault | None:
        """None where a query may be made. A search that may see a part only is not made: what it leaves out would look like "not there"."""
        kinds = {type_, ANY}
        if not kinds.isdisjoint(self.read if ask is Ask.READ else self.search):
            return None
        return Fault.OUT_OF_SCOPE if kinds.isdisjoint(self.partly) else Fault.PARTLY_IN_SCOPE


def grants_of(scope: str) -> Grants:
    """Read a token's `scope`. What is no resource scope (`launch`, `openid`), or is misspelt, grants nothing."""
    read, search, partly = set(), set(), set()
    for one in scope.split():
        found = _SCOPE.fullmatch(one)
        if found is None:
            continue
        letters = {"read": "rs", "*": "rs", "write": ""}.get(found["v1"] or "", found["v2"] or "")
        if found["filter"]:
            partly.add(found["type"])
            continue
        if "r" in letters:
            read.add(found["type"])
        if "s" in letters:
            search.add(found["type"])
    return Grants(frozenset(read), frozenset(search), frozenset(partly))
