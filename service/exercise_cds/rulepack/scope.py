"""What a pack's files may name: facts with their types, settings, programs, value sets and so on, and how an unknown name is reported.

A catalogue is None where its file could not be read: then nothing is said of names that it may hold, since one mistake is one finding.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from exercise_cds.model.codes import ValueSet
from exercise_cds.model.kinds import ValueType
from exercise_cds.model.pack import Setting
from exercise_cds.model.where import Where
from exercise_cds.rulepack.nodes import Place, Scalar
from exercise_cds.rulepack.report import Report, quoted

RESERVED = frozenset({"all", "any", "not", "always", "found", "known", "when", "unless"})
"""Words of conditions and texts that can be no fact's and no setting's name."""


@dataclass(frozen=True, slots=True)
class FactType:
    """What a condition must know of a fact. `value` None: its own description is broken, so that nothing is checked against it."""

    value: ValueType | None
    unit: str = ""
    words: frozenset[str] = frozenset()
    named: bool = False
    """A named condition: has no value of its own, and is written out wherever it is named."""


class Replacements:
    """Texts and links of the overlay, each taken where the pack's own would stand; what nobody took is misspelt."""

    def __init__(self, texts: Place | None = None, links: Place | None = None) -> None:
        self._texts: dict[tuple[str, str], Place] = {}
        for owner in texts or ():
            self._texts |= {(str(owner.path[-1]), str(text.path[-1])): text for text in owner}
        self._links = {str(link.path[-1]): link for link in links or ()}
        self._taken: set[Any] = set()
        self._owners = {owner for owner, _ in self._texts}
        self._asked: dict[str, list[str]] = {}

    def text(self, owner: str, path: str, text: str, place: Place) -> tuple[str, Place]:
        """The overlay's text and place, or the pack's own as given."""
        if owner not in self._owners:
            return text, place
        self._asked.setdefault(owner, []).append(path)
        return self._take(self._texts, (owner, path), text, place)

    def link(self, label: str, url: str, place: Place) -> str:
        """The overlay's address of a link, or the pack's own."""
        for name in (url, label):
            if name in self._links:
                return self._take(self._links, name, url, place)[0]
        return url

    def _take(self, rows: Mapping[Any, Place], key: Any, text: str, place: Place) -> tuple[str, Place]:
        if key not in rows:
            return text, place
        self._taken.add(key)
        node = rows[key].node
        return (str(node.value).strip(), rows[key]) if isinstance(node, Scalar) else (text, place)

    def untaken_texts(self) -> Iterator[tuple[str, str, Place, list[str]]]:
        """(owner, path, place, paths that the owner has) of every text that replaced nothing."""
        for (owner, path), place in self._texts.items():
            if (owner, path) not in self._taken:
                yield owner, path, place, self._asked.get(owner, [])

    def untaken_links(self) -> Iterator[tuple[str, Place]]:
        """(address or label, place) of every link that replaced nothing."""
        return ((name, place) for name, place in self._links.items() if name not in self._taken)


@dataclass(slots=True)
class Scope:
    """Catalogues of one load, filled stage by stage."""

    report: Report
    facts: Mapping[str, FactType] | None = None
    settings: Mapping[str, Setting | None] | None = None
    programs: Mapping[str, None] | None = None
    """In the order of suggestions."""
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    valuesets: Mapping[str, ValueSet | None] | None = None
    evidence: Collection[str] | None = None
    services: Collection[str] | None = None
    sites: Collection[str] | None = None
    loads: Mapping[str, frozenset[str]] | None = None
    """Program -> the loads that its steps carry."""
    options: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Program -> the options that a note may start with."""
    replacements: Replacements = field(default_factory=Replacements)
    used: set[tuple[str, str]] = field(default_factory=set)
    """(sort, name) of whatever the files named: what nobody named is unused."""

    def knows(self, sort: str, name: str, where: Where, *, near: Collection[str] | None = None) -> bool:
        """Whether `name` is in the catalogue of its sort; a finding where it is not. True where the catalogue could not be read."""
        attribute, words = _SORTS[sort]
        self.used.add((sort, name))
        names: Collection[str] | None = getattr(self, attribute)
        if names is None or name in names:
            return True
        self.report.add(f"unknown-{sort}", where, f"no {words} named {quoted(name)}", self.report.did_you_mean(name, near or names))
        return False

    def expanded(self, place: Place, names: Collection[str]) -> tuple[str, ...]:
        """Programs named one by one, by a group or by `all`, each once, in the order named."""
        found: dict[str, None] = {}
        for index, name in enumerate(names):
            if name == "all":
                found |= self.programs or {}
            elif name in self.groups:
                found |= dict.fromkeys(self.groups[name])
            else:
                near = (*(self.programs or ()), *self.groups, "all")
                if self.knows("program", name, (place / index).where, near=near):
                    found[name] = None
        return tuple(found)


_SORTS = {
    "fact": ("facts", "fact"),
    "setting": ("settings", "setting"),
    "program": ("programs", "program or group"),
    "valueset": ("valuesets", "value set"),
    "evidence": ("evidence", "entry of evidence.yaml"),
    "service": ("services", "service"),
    "site": ("sites", "site"),
}
