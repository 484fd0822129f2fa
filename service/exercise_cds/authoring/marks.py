"""How well a pack's cases know each of its parts: what they have seen of a rule, a program, a fact, and which changes of it they notice.

`python -m exercise_cds.authoring.marks FOLDER [OVERLAY]` writes two lines of JSON: what the cases saw, and some seconds later which mutants
they noticed. It runs in a process of its own (`read_in_child`), so that whoever looks at the marks takes no time from anybody's answer.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from exercise_cds.authoring.check import check
from exercise_cds.authoring.coverage import coverage
from exercise_cds.authoring.mutants import Mutant, Sort
from exercise_cds.authoring.mutation import Trials, mutate
from exercise_cds.authoring.runner import Ran, Runner
from exercise_cds.authoring.try_pack import child_environment
from exercise_cds.model.pack import RulePack
from exercise_cds.model.tree import Leaf, Node, nodes
from exercise_cds.model.where import Where

_NICE = 10
Part = tuple[str, str]
"""(rules, programs or facts; id)."""


@dataclass(frozen=True, slots=True)
class Tally:
    """So many of so many, and which are missing, in words."""

    of: int = 0
    missing: tuple[str, ...] = ()

    @property
    def reached(self) -> int:
        """Those that are not missing."""
        return self.of - len(self.missing)


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of one pack. `noticed` is None until the mutants were tried."""

    digest: str
    cases: int
    failed: int
    seen: Tally
    seen_of: Mapping[Part, Tally] = field(default_factory=dict)
    noticed: Tally | None = None
    noticed_of: Mapping[Part, Tally] = field(default_factory=dict)


class Places:
    """Which parts of the pack a place in its files belongs to: the rule or named condition that is written there, and the fact it asks."""

    def __init__(self, pack: RulePack) -> None:
        self._parts: dict[Where, set[Part]] = {}
        for rule in pack.rules:
            for tree in rule.conditions:
                self._put(("rules", rule.id), tree)
        for name, program in pack.programs.items():
            self._put(("programs", name), program.in_place_if)
        for name, named in pack.named.items():
            self._put(("facts", name), named.condition)
        for gate in (pack.about, *(service.when for service in pack.services.values())):
            self._put(None, gate)

    def _put(self, owner: Part | None, tree: Node | None) -> None:
        if tree is None:
            return
        for node in nodes(tree):
            parts = self._parts.setdefault(node.where, set())
            parts |= {owner} if owner else set()
            if isinstance(node, Leaf):
                parts.add(("facts", node.fact))

    def at(self, where: Where) -> set[Part]:
        """The parts; none for what belongs to nobody."""
        return self._parts.get(where, set())

    def of(self, mutant: Mutant) -> set[Part]:
        """The parts that a mutant changes."""
        if mutant.sort is Sort.OVERRULED:
            return {("facts", mutant.of), ("facts", mutant.fact)}
        return {("rules", mutant.of)} if mutant.rule is not None else self.at(mutant.where)


_KIND = {"rule": "rules", "program": "programs"}


def seen_by(pack: RulePack, ran: list[Ran]) -> Marks:
    """What the cases saw of each part."""
    found, places = coverage(pack, ran), Places(pack)
    missed = set(found.missed)
    words = {goal: f"{goal.sort} {goal.name}, never {goal.wanted} ({goal.where})" for goal in missed}
    totals: dict[Part, Tally] = {}
    for goal in found.goals:
        parts = {(_KIND[goal.sort], goal.name)} if goal.sort in _KIND else places.at(goal.where)
        _count(totals, parts, words.get(goal, ""))
    whole = Tally(len(found.goals), tuple(words[goal] for goal in found.missed))
    return Marks(pack.digest, len(ran), sum(not one.passed for one in ran), whole, totals)


def _count(totals: dict[Part, Tally], parts: set[Part], missing: str) -> None:
    for part in parts:
        was = totals.get(part, Tally())
        totals[part] = Tally(was.of + 1, (*was.missing, missing) if missing else was.missing)


def with_mutants(marks: Marks, pack: RulePack, runner: Runner, ran: list[Ran]) -> Marks:
    """The same with which changes the cases notice: seconds of work."""
    places, found = Places(pack), mutate(Trials(runner, ran), processes=1)
    survivors = set(found.survivors)
    totals: dict[Part, Tally] = {}
    for mutant in found.mutants:
        _count(totals, places.of(mutant), f"{mutant.words} ({mutant.where})" if mutant in survivors else "")
    whole = Tally(len(found.mutants), tuple(f"{one.words} ({one.where})" for one in found.survivors))
    return replace(marks, noticed=whole, noticed_of=totals)


def read_in_child(folder: Path, overlay: Path | None) -> Iterator[Marks]:
    """The marks as they become known, counted in a new process; nothing where the pack has errors or the process dies."""
    command = [sys.executable, "-P", "-m", "exercise_cds.authoring.marks", str(folder), *([str(overlay)] if overlay else [])]
    child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        command,
        env=child_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with child:
        assert child.stdout is not None
        for line in child.stdout:
            yield _read(json.loads(line))


def _written(marks: Marks) -> dict[str, Any]:
    def of(totals: Mapping[Part, Tally]) -> list[Any]:
        return [[kind, name, tally.of, tally.missing] for (kind, name), tally in sorted(totals.items())]

    noticed = None if marks.noticed is None else [marks.noticed.of, marks.noticed.missing]
    return {
        "digest": marks.digest, "cases": marks.cases, "failed": marks.failed,
        "seen": [marks.seen.of, marks.seen.missing], "seen_of": of(marks.seen_of), "noticed": noticed, "noticed_of": of(marks.noticed_of),
    }  # fmt: skip


def _read(line: dict[str, Any]) -> Marks:
    def of(rows: list[Any]) -> dict[Part, Tally]:
        return {(kind, name): Tally(total, tuple(missing)) for kind, name, total, missing in rows}

    def tally(pair: list[Any]) -> Tally:
        return Tally(pair[0], tuple(pair[1]))

    noticed = tally(line["noticed"]) if line["noticed"] else None
    whole = tally(line["seen"])
    return Marks(line["digest"], line["cases"], line["failed"], whole, of(line["seen_of"]), noticed, of(line["noticed_of"]))


def main(arguments: list[str]) -> None:
    """The child."""
    os.nice(_NICE)
    folder, *overlay = (Path(one) for one in arguments)
    checked = check(folder, overlay[0] if overlay else None)
    if checked.pack is None:
        return
    with Runner(checked.folder, checked.pack, overlay=checked.overlay) as runner:
        ran = [runner.run(case) for case in checked.cases]
        marks = seen_by(checked.pack, ran)
        _say(marks)
        _say(with_mutants(marks, checked.pack, runner, ran))


def _say(marks: Marks) -> None:
    sys.stdout.write(json.dumps(_written(marks)) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
