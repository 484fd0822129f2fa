"""Law 1: what is offered once withholding has won.

Rules that speak offer; rules that fired, or may for all we know, withhold; whatever is withheld is not offered, whoever offers it. One
program may come in place of all that fired rules took: the pack's fallback.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from exercise_cds.engine.conditions import PlannedRule
from exercise_cds.engine.readings import AS_IT_STANDS, IF_DOUBT
from exercise_cds.model.decision import OfferedProgram, RuleOutcome, Why, Withheld
from exercise_cds.model.pack import Program, Rank, Rule, RulePack

_RANKS = {Rank.FIRST: 0, Rank.PLAIN: 1, Rank.WEAK: 2}
_NO_LOADS = frozenset[str]()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the rules of one decision come to: programs in the order to show, and what `outcome` must know of how they got there."""

    offered: tuple[OfferedProgram, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    in_place: tuple[str, ...] = ()
    in_place_in_doubt: tuple[str, ...] = ()
    notes: tuple[tuple[str, int], ...] = ()
    taken_by_fired: bool = False
    """Of the programs that rules offered, at least one was withheld by rules that fired."""
    taken_by_doubt: bool = False
    """Of the programs that rules offered, at least one was withheld only because of what is in doubt or left open."""


@dataclass(frozen=True, slots=True)
class _Taking:
    """What one rule takes of one program: all of it (`loads` is None), or the steps that carry the loads."""

    rule: str
    loads: frozenset[str] | None
    withheld: Mapping[Why, Withheld]
    """What is reported where this leaves nothing of the program."""


@dataclass(frozen=True, slots=True)
class _Loss:
    """What all rules together take of one program. `withheld` is empty where steps are left; `by_firing` counts rules that fired alone."""

    withheld: tuple[Withheld, ...] = ()
    by_firing: bool = False
    loads: frozenset[str] = _NO_LOADS


_NOTHING_LOST = _Loss()


class Offers:
    """The offers, withholdings and notes of a pack's rules, in the shape in which they are weighed. Made once per pack."""

    def __init__(self, pack: RulePack) -> None:
        self._programs = pack.programs
        self._order = {name: position for position, name in enumerate(pack.programs)}
        self._fallback = pack.if_nothing_left
        self._whole = {name: (_steps_left(program, _NO_LOADS), tuple(program.options)) for name, program in pack.programs.items()}
        loads = {name: _NO_LOADS.union(*(step.loads for step in program.steps)) for name, program in pack.programs.items()}
        self._takings = {rule.id: tuple(_takings(rule, loads)) for rule in pack.rules if rule.withholds}

    def weigh(
        self,
        rules: Sequence[tuple[PlannedRule, RuleOutcome]],
        in_place: Mapping[str, int],
        *,
        hold_back: bool = False,
    ) -> Answer:
        """Weigh the rules that speak or withhold, in file order.

        `in_place` is the reading of `in_place_if` by program, for programs that have one. `hold_back` is law 4: the engines differ, so
        withholdings stand and nothing is offered.
        """
        speaking = [planned.rule for planned, outcome in rules if outcome.speaks]
        losses = self._losses(rules)
        withheld = tuple([one for loss in losses.values() for one in loss.withheld])
        if hold_back:
            return Answer(withheld=withheld, notes=_notes(speaking, ()))
        wanted = self._wanted(speaking)
        lost = {name: loss for name in wanted if (loss := losses.get(name, _NOTHING_LOST)).withheld}
        left = [name for name in wanted if name not in lost]
        fallback = self._fallback
        if fallback is not None and lost and not left and all(loss.by_firing for loss in lost.values()):
            left = [] if losses.get(fallback, _NOTHING_LOST).withheld else [fallback]
        offered = [name for name in left if not in_place.get(name, 0) & AS_IT_STANDS]
        return Answer(
            offered=tuple(
                [
                    self._offer(name, wanted.get(name, ()), losses.get(name, _NOTHING_LOST).loads, _starts(speaking, name))
                    for name in offered
                ],
            ),
            withheld=withheld,
            in_place=tuple([name for name in left if name not in offered]),
            in_place_in_doubt=tuple([name for name in offered if in_place.get(name, 0) & IF_DOUBT]),
            notes=_notes(speaking, offered),
            taken_by_fired=any(loss.by_firing for loss in lost.values()),
            taken_by_doubt=any(not loss.by_firing for loss in lost.values()),
        )

    def _wanted(self, speaking: Iterable[Rule]) -> dict[str, tuple[str, ...]]:
        """Programs that rules offer, in the order to show, each with the rules that offer it: `first`, plain, `weak`, then pack order."""
        ranks: dict[str, int] = {}
        by: dict[str, dict[str, None]] = {}
        for rule in speaking:
            for offer in rule.offers:
                rank = _RANKS[offer.rank]
                for name in offer.programs:
                    ranks[name] = min(rank, ranks.get(name, rank))
                    by.setdefault(name, {})[rule.id] = None
        return {name: tuple(by[name]) for name in sorted(by, key=lambda name: (ranks[name], self._order[name]))}

    def _losses(self, rules: Iterable[tuple[PlannedRule, RuleOutcome]]) -> dict[str, _Loss]:
        """What is taken of each program, programs in pack order, rules in file order."""
        taken: dict[str, list[tuple[_Taking, Why]]] = {}
        for _, outcome in rules:
            if (why := outcome.withholds) is not None:
                for name, taking in self._takings.get(outcome.rule, ()):
                    taken.setdefault(name, []).append((taking, why))
        return {name: self._loss(self._programs[name], taken[name]) for name in self._programs if name in taken} if taken else {}

    def _loss(self, program: Program, taken: list[tuple[_Taking, Why]]) -> _Loss:
        loads = fired_loads = _NO_LOADS
        by_firing = False
        for taking, why in taken:
            if taking.loads is None:
                by_firing |= why is Why.FIRED
            else:
                loads |= taking.loads
                fired_loads |= taking.loads if why is Why.FIRED else _NO_LOADS
        emptied = bool(loads) and not _steps_left(program, loads)
        whole = {taking.rule: taking.withheld[why] for taking, why in taken if taking.loads is None or emptied}
        if emptied and not by_firing:  # perhaps only together with rules that are in doubt
            by_firing = not _steps_left(program, fired_loads)
        return _Loss(tuple(whole.values()), by_firing, loads)

    def _offer(self, name: str, by: tuple[str, ...], loads: frozenset[str], starts: Sequence[str]) -> OfferedProgram:
        """A program as it is offered: by these rules, without steps that carry the loads, with the options that notes start with first."""
        steps, options = self._whole[name]
        left = _steps_left(self._programs[name], loads) if loads else steps
        if starts and options:
            options = tuple(dict.fromkeys([*(one for one in starts if one in options), *options]))
        return OfferedProgram(
            program=name,
            offered_by=by,
            steps=left,
            steps_withheld=tuple([step for step in steps if step not in left]) if loads else (),
            loads_withheld=tuple(sorted(loads)) if loads else (),
            options=options,
            fallback=not by,
        )


def _takings(rule: Rule, loads_of: Mapping[str, frozenset[str]]) -> Iterable[tuple[str, _Taking]]:
    """What a rule takes, by program, where it withholds at all."""
    for withhold in rule.withholds:
        for name in sorted(withhold.programs):
            yield name, _Taking(rule.id, None, {why: Withheld(name, rule.id, why) for why in Why})
        for name in withhold.within or loads_of:
            if loads := loads_of[name] & withhold.loads:
                yield name, _Taking(rule.id, loads, {why: Withheld(name, rule.id, why) for why in Why})


def _steps_left(program: Program, loads: frozenset[str]) -> tuple[str, ...]:
    return tuple([step.id for step in program.steps if not step.loads & loads])


def _starts(speaking: Iterable[Rule], name: str) -> list[str]:
    """The options of a program that notes of speaking rules start with, in file order."""
    return [note.start_with for rule in speaking for note in rule.notes if note.program == name and note.start_with]


def _notes(speaking: Iterable[Rule], offered: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """Notes on programs that remain offered, and notes on the card itself."""
    return tuple(
        [
            (rule.id, position)
            for rule in speaking
            for position, note in enumerate(rule.notes)
            if note.program is None or note.program in offered
        ],
    )
