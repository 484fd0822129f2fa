"""Law 1: what is offered once withholding has won.

Rules that speak offer; rules that fired, or may for all we know, withhold; whatever is withheld is not offered, whoever offers it. One
program may come in place of all that fired rules took: the pack's fallback.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from exercise_cds.engine.conditions import PlannedRule
from exercise_cds.engine.readings import AS_IT_STANDS, IF_DOUBT
from exercise_cds.model.decision import OfferedProgram, RuleOutcome, Why, Withheld
from exercise_cds.model.pack import Program, Rank, Rule, RulePack

_RANKS = {Rank.FIRST: 0, Rank.PLAIN: 1, Rank.WEAK: 2}


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


@dataclass(slots=True)
class _Loss:
    """What rules take of one program, in file order: (rule, why, loads of the steps that it takes; None is the whole program)."""

    taken: list[tuple[str, Why, frozenset[str] | None]] = field(default_factory=list)

    def loads(self, *, fired_only: bool = False) -> frozenset[str]:
        """The loads that are withheld in this program."""
        return frozenset[str]().union(*(loads for _, why, loads in self.taken if loads and (why is Why.FIRED or not fired_only)))


_NOTHING_LOST = _Loss()


class Offers:
    """The offers, withholdings and notes of a pack's rules, in the shape in which they are weighed. Made once per pack."""

    def __init__(self, pack: RulePack) -> None:
        self._programs = pack.programs
        self._order = {name: position for position, name in enumerate(pack.programs)}
        self._fallback = pack.if_nothing_left
        loads = {name: frozenset[str]().union(*(step.loads for step in program.steps)) for name, program in pack.programs.items()}
        self._takes = {rule.id: tuple(_takes(rule, loads)) for rule in pack.rules if rule.withholds}

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
        losses = self._losses(outcome for _, outcome in rules)
        withheld = {name: self._withheld(name, losses[name]) for name in sorted(losses, key=self._order.__getitem__)}
        everything = tuple(one for of_program in withheld.values() for one in of_program)
        if hold_back:
            return Answer(withheld=everything, notes=_notes(speaking, ()))
        wanted = self._wanted(speaking)
        left = [name for name in wanted if not withheld.get(name)]
        fired = [name for name in wanted if withheld.get(name) and self._gone_by_firing(name, losses[name])]
        fallback = self._fallback
        if fallback is not None and wanted and len(fired) == len(wanted) and not withheld.get(fallback):
            left = [fallback]
        offered = [name for name in left if not in_place.get(name, 0) & AS_IT_STANDS]
        return Answer(
            offered=tuple(self._offer(name, wanted.get(name, ()), losses.get(name, _NOTHING_LOST), speaking) for name in offered),
            withheld=everything,
            in_place=tuple(name for name in left if name not in offered),
            in_place_in_doubt=tuple(name for name in offered if in_place.get(name, 0) & IF_DOUBT),
            notes=_notes(speaking, offered),
            taken_by_fired=bool(fired),
            taken_by_doubt=any(withheld.get(name) and name not in fired for name in wanted),
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

    def _losses(self, outcomes: Iterable[RuleOutcome]) -> dict[str, _Loss]:
        losses: dict[str, _Loss] = {}
        for outcome in outcomes:
            if (why := outcome.withholds) is not None:
                for name, loads in self._takes.get(outcome.rule, ()):
                    losses.setdefault(name, _Loss()).taken.append((outcome.rule, why, loads))
        return losses

    def _withheld(self, name: str, loss: _Loss) -> tuple[Withheld, ...]:
        """Why a program is withheld: rules that took all of it, and, where no step is left, rules that took steps."""
        none_left = bool(loads := loss.loads()) and not _steps_left(self._programs[name], loads)
        why: dict[str, Why] = {}
        for rule, because, taken in loss.taken:
            if taken is None or none_left:
                why.setdefault(rule, because)
        return tuple(Withheld(name, rule, because) for rule, because in why.items())

    def _gone_by_firing(self, name: str, loss: _Loss) -> bool:
        """Whether rules that fired would withhold the program if nothing else did."""
        if any(why is Why.FIRED and taken is None for _, why, taken in loss.taken):
            return True
        loads = loss.loads(fired_only=True)
        return bool(loads) and not _steps_left(self._programs[name], loads)

    def _offer(self, name: str, by: tuple[str, ...], loss: _Loss, speaking: Iterable[Rule]) -> OfferedProgram:
        program = self._programs[name]
        loads = loss.loads()
        left = _steps_left(program, loads)
        chosen = [note.start_with for rule in speaking for note in rule.notes if note.program == name and note.start_with]
        return OfferedProgram(
            program=name,
            offered_by=by,
            steps=left,
            steps_withheld=tuple(step.id for step in program.steps if step.id not in left),
            loads_withheld=tuple(sorted(loads)),
            options=tuple(dict.fromkeys([*(one for one in chosen if one in program.options), *program.options])),
            fallback=not by,
        )


def _takes(rule: Rule, loads_of: Mapping[str, frozenset[str]]) -> Iterable[tuple[str, frozenset[str] | None]]:
    """(program, None) for each program that a rule withholds; (program, loads) where some of its steps carry withheld loads."""
    for withhold in rule.withholds:
        for name in withhold.programs:
            yield name, None
        for name in withhold.within or loads_of:
            if loads := loads_of[name] & withhold.loads:
                yield name, loads


def _steps_left(program: Program, loads: frozenset[str]) -> tuple[str, ...]:
    return tuple(step.id for step in program.steps if not step.loads & loads)


def _notes(speaking: Iterable[Rule], offered: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """Notes on programs that remain offered, and notes on the card itself."""
    return tuple(
        (rule.id, position)
        for rule in speaking
        for position, note in enumerate(rule.notes)
        if note.program is None or note.program in offered
    )
