"""Which mutants no case notices. Facts are derived once a case; a mutant only re-decides, by our evaluator alone, where its change is felt.

The cases are the judges, as they are when they are run: a mutant is noticed when one of them no longer gets what it expects. Texts are
composed only for cases that ask for cards or words, and only where the decision has changed.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

from exercise_cds.authoring.expectations import WORDS, differences
from exercise_cds.authoring.mutants import Mutant, Sort, changed, mutants, mutated, trees
from exercise_cds.authoring.runner import Ran, Runner
from exercise_cds.cards import Composed, Composer
from exercise_cds.cds_service import Examination
from exercise_cds.engine import Alone, read_condition
from exercise_cds.facts import Deriver
from exercise_cds.model.decision import Decision, Gate
from exercise_cds.model.facts import FALSE, Facts, NotRecorded
from exercise_cds.model.kleene import leaf_truth
from exercise_cds.model.normal import NEVER, negation_normal
from exercise_cds.model.pack import RulePack
from exercise_cds.model.tree import Leaf, Node, every
from exercise_cds.rulepack import Case

NOBODY = -1
_HELD = Composed([], ())
Key = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Mutation:
    """What came of it: every mutant, and the number of the case that noticed it (NOBODY where none did)."""

    mutants: tuple[Mutant, ...]
    noticed_by: tuple[int, ...]

    @property
    def survivors(self) -> tuple[Mutant, ...]:
        """The mutants that no case noticed."""
        return tuple(mutant for mutant, case in zip(self.mutants, self.noticed_by, strict=True) if case == NOBODY)

    @property
    def percent(self) -> float:
        """How many of a hundred were noticed."""
        return 100.0 if not self.mutants else 100 * (len(self.mutants) - len(self.survivors)) / len(self.mutants)


@dataclass(frozen=True, slots=True)
class _Judge:
    """One case that passes, with all that was read for it."""

    number: int
    case: Case
    seen: Examination
    facts: Facts
    readings: tuple[int, ...]
    key: Key
    wants_words: bool


class Trials:
    """All that mutants of one pack are held against. Made once; processes that are forked from here share it."""

    def __init__(self, runner: Runner, ran: Sequence[Ran]) -> None:
        self._packs: dict[Key, RulePack] = {}
        self._alone: dict[Key, Alone] = {}
        self._judges: list[_Judge] = []
        for number, one in enumerate(ran):
            if one.passed and one.seen.facts is not None:
                self._judges.append(self._judge(number, one, runner))
        self.mutants = mutants(runner.serving({}).pack)

    def _judge(self, number: int, one: Ran, runner: Runner) -> _Judge:
        key = tuple(sorted(one.case.settings.items()))
        if key not in self._packs:
            self._packs[key] = runner.serving(one.case.settings).pack
            self._alone[key] = Alone(self._packs[key])
        facts = one.seen.facts
        assert facts is not None
        readings = self._alone[key].readings(one.case.service, facts)
        wants = bool(WORDS & one.case.expect.model_fields_set)
        return _Judge(number, one.case, one.seen, facts, readings, key, wants)

    def noticed_by(self, mutant: Mutant) -> int:
        """The number of the first case that notices the mutant, or NOBODY."""
        packs = _MutatedPacks(self._packs, self._alone, mutant)
        only_words: list[tuple[_Judge, Felt]] = []
        for judge in sorted(self._judges, key=lambda one: self._far(one, mutant)) if mutant.fact else self._judges:
            felt = packs.felt(judge)
            if felt is None:
                continue
            decision = packs.alone(judge.key).decide(judge.case.service, felt.readings)
            if decision != judge.seen.decision:
                if packs.fails(judge, decision, felt.facts):
                    return judge.number
            elif judge.wants_words:
                only_words.append((judge, felt))
        # The same decision may still be told in other words: what was found, for one.
        return next((judge.number for judge, felt in only_words if packs.fails(judge, judge.seen.decision, felt.facts)), NOBODY)

    @staticmethod
    def _far(judge: _Judge, mutant: Mutant) -> bool:
        """Charts that hold something of the fact come first: they notice most."""
        fact = judge.facts.get(mutant.fact)
        return fact is FALSE or isinstance(fact, NotRecorded)


class Felt(NamedTuple):
    """What a case reads under a mutant that it feels."""

    readings: tuple[int, ...]
    facts: Facts


class _MutatedPacks:
    """One mutant, made to the pack and to its variants with other settings; each part is made when it is first needed."""

    def __init__(self, packs: Mapping[Key, RulePack], alone: Mapping[Key, Alone], mutant: Mutant) -> None:
        self._originals, self._base, self._mutant = packs, alone, mutant
        self._packs: dict[Key, RulePack] = {}
        self._alone: dict[Key, Alone] = {}
        self._composers: dict[Key, Composer] = {}
        self._derivers: dict[Key, Deriver] = {}
        self._slots: dict[tuple[Key, str], list[tuple[int, Node]]] = {}
        self._leaves: dict[Key, tuple[Leaf, Leaf] | None] = {}

    def _pack(self, key: Key) -> RulePack:
        if key not in self._packs:
            self._packs[key] = mutated(self._originals[key], self._mutant)
        return self._packs[key]

    def alone(self, key: Key) -> Alone:
        """Who decides: another one only where a rule itself has changed."""
        if self._mutant.rule is None or self._mutant.sort is Sort.UNLESS:
            return self._base[key]
        if key not in self._alone:
            self._alone[key] = Alone(self._pack(key))
        return self._alone[key]

    def felt(self, judge: _Judge) -> Felt | None:
        """What the case reads under the mutant; None where nothing can differ for it."""
        mutant = self._mutant
        if mutant.sort in (Sort.WITHHOLD, Sort.LOAD):
            holds = any(one.rule == mutant.of and one.withholds is not None for one in judge.seen.decision.rules)
            return Felt(judge.readings, judge.facts) if holds else None
        if mutant.sort is Sort.OVERRULED:
            return self._with_new_fact(judge)
        if mutant.sort is Sort.LEAF and not self._answers_otherwise(judge):
            return None
        changes = {slot: read_condition(node, judge.facts) for slot, node in self._changed(judge)}
        if mutant.sort is not Sort.LEAF and all(judge.readings[slot] == reading for slot, reading in changes.items()):
            return None
        return Felt(tuple([changes.get(slot, reading) for slot, reading in enumerate(judge.readings)]), judge.facts)

    def _answers_otherwise(self, judge: _Judge) -> bool:
        """Whether the changed question has another answer for this case."""
        if judge.key not in self._leaves:
            self._leaves[judge.key] = self._leaf(self._originals[judge.key])
        pair = self._leaves[judge.key]
        fact = judge.facts.get(self._mutant.fact)
        return pair is not None and fact is not None and leaf_truth(pair[0], fact) is not leaf_truth(pair[1], fact)

    def _leaf(self, pack: RulePack) -> tuple[Leaf, Leaf] | None:
        """The question as it is, and as the mutant has it."""
        for tree in trees(pack):
            for node in every(tree):
                if isinstance(node, Leaf) and node.where == self._mutant.where and self._mutant.node is not None:
                    other = self._mutant.node(node)
                    assert isinstance(other, Leaf)
                    return node, other
        return None

    def _changed(self, judge: _Judge) -> list[tuple[int, Node]]:
        """The conditions of the case's service that the mutant changes, by number, negation at the leaves."""
        key = judge.key, judge.case.service
        if key not in self._slots:
            mine = self._base[judge.key].slots(judge.case.service)
            if self._mutant.sort is Sort.UNLESS:
                found: list[tuple[int, Node]] = [(one.unless, NEVER) for one in mine.rules if one.rule.id == self._mutant.of]
            else:
                pairs = ((slot, node, changed(node, self._mutant)) for slot, node in enumerate(mine.conditions))
                found = [(slot, negation_normal(new)) for slot, node, new in pairs if new is not node]
            self._slots[key] = found
        return self._slots[key]

    def _with_new_fact(self, judge: _Judge) -> Felt | None:
        name = self._mutant.of
        if judge.seen.chart is None or (judge.facts.get(name) is FALSE and not judge.seen.chart.entries.get(name)):
            return None
        if judge.key not in self._derivers:
            self._derivers[judge.key] = Deriver(self._pack(judge.key))
        new = self._derivers[judge.key].derive(judge.seen.chart, frozenset({name}))
        if new[name] == judge.facts[name]:
            return None
        facts = {**judge.facts, **new}
        return Felt(self._base[judge.key].readings(judge.case.service, facts), facts)

    def fails(self, judge: _Judge, decision: Decision, facts: Facts) -> bool:
        """Whether the case no longer gets what it expects."""
        seen = judge.seen
        if seen.unobtainable and decision.service_gate is not Gate.CLOSED:
            return False
        composed = self._composed(judge, decision, facts) if judge.wants_words else _HELD
        return bool(differences(judge.case.expect, Examination(seen.decision_id, decision, composed, seen.chart, facts)))

    def _composed(self, judge: _Judge, decision: Decision, facts: Facts) -> Composed:
        if judge.key not in self._composers:
            self._composers[judge.key] = Composer(self._pack(judge.key))
        numbers = count(1)
        return self._composers[judge.key].compose(
            judge.case.service,
            decision,
            facts,
            patient_id="example",
            decision_id=judge.seen.decision_id,
            new_uuid=lambda: f"00000000-0000-4000-8000-{next(numbers):012d}",
            today=judge.case.today,
        )


_trials: Trials | None = None
"""What forked processes work on: handed down by the fork itself, never sent."""


def _noticed(numbers: Sequence[int]) -> list[tuple[int, int]]:
    assert _trials is not None
    return [(number, _trials.noticed_by(_trials.mutants[number])) for number in numbers]


def mutate(trials: Trials, *, processes: int | None = None, step: Callable[[int], None] = lambda _: None) -> Mutation:
    """Try every mutant, in as many processes as there are processors; `step` is told how many more are done."""
    global _trials  # noqa: PLW0603 - the fork hands it down; sending it to each process would take longer than the work
    total = len(trials.mutants)
    workers = processes or os.cpu_count() or 1
    chunks = [range(start, min(start + 8, total)) for start in range(0, total, 8)]
    found: dict[int, int] = {}
    if workers == 1:
        for number, mutant in enumerate(trials.mutants):
            found[number] = trials.noticed_by(mutant)
            step(1)
        return Mutation(trials.mutants, tuple(found[number] for number in range(total)))
    _trials = trials
    gc.freeze()  # pages that nobody writes to stay shared
    try:
        with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("fork")) as pool:
            waiting = [pool.submit(_noticed, chunk) for chunk in chunks]
            for done in as_completed(waiting):
                found.update(done.result())
                step(len(done.result()))
    finally:
        _trials = None
        gc.unfreeze()
    return Mutation(trials.mutants, tuple(found[number] for number in range(total)))


def described(mutation: Mutation) -> Iterator[str]:
    """The survivors, one line each."""
    for mutant in mutation.survivors:
        yield f"{mutant.where}: {mutant.words}"
