"""One request as cards read it: what was found, what is in doubt, who withheld what and why. Plain text; `detail.py` sets it in lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from exercise_cds.cards.found import found_facts, open_facts
from exercise_cds.cards.prepared import Prepared, RuleView, ServiceView
from exercise_cds.cards.texts import FOUND, Filler, a_few, clean, clip, day, finding, listed, named, scalar, since, why_unknown, worded
from exercise_cds.model.decision import Decision, OfferedProgram, RuleOutcome, Why
from exercise_cds.model.facts import FALSE, Bounds, Cause, Fact, Facts, InDoubt, Known, NotRecorded
from exercise_cds.model.pack import FactSpec, Text, Withhold

_DOUBTFUL_FINDINGS = frozenset({Cause.SUSPECTED, Cause.UNDATED})
"""Doubts about something that is there; of the other causes nothing was seen."""
MOST_FOUND = 3
"""How many findings a reason names before "and 2 more"."""


@dataclass(frozen=True, slots=True)
class Doubts:
    """What could not be checked, in the words of the facts: (facts, why) with one entry for each why; and findings that are in doubt."""

    unchecked: tuple[tuple[tuple[str, ...], str], ...]
    findings: tuple[str, ...]
    names: frozenset[str]
    """Every fact of both, as the facts say it."""

    @property
    def said(self) -> list[str]:
        """One item for each reason: "surgery in the last 90 days, spinal procedure (procedures were not sent)"."""
        return [f"{listed(facts)} ({why})" for facts, why in self.unchecked]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A program that is offered with some of its steps: by their titles, and why the others are left out."""

    title: str
    taken: tuple[str, ...]
    kept: tuple[str, ...]
    why: str


class Reading:
    """What the cards of one request are written from."""

    def __init__(self, prepared: Prepared, service: ServiceView, decision: Decision, facts: Facts, limit: int) -> None:
        self.prepared = prepared
        self.decision = decision
        self.fired = decision.fired
        self.facts = facts
        self.limit = limit
        self.filler = Filler(prepared.pack, facts)
        self._service = service
        self._doubtful: list[FactSpec] = []
        self._remarked: list[FactSpec] = []
        self._sort_facts()
        self._found: dict[str, tuple[str, ...]] = {}
        self._said: dict[tuple[str, int], str] = {}

    def _sort_facts(self) -> None:
        """One walk over all facts of the service: those in doubt, and those with remarks. Most are plainly false."""
        facts = self.facts
        for spec in (*self._service.told, *self._service.read):
            fact = facts.get(spec.name)
            if fact is FALSE or fact is None:
                continue
            if isinstance(fact, InDoubt):
                self._doubtful.append(spec)
            elif fact.remarks and (spec.tell or not isinstance(fact, NotRecorded)):
                self._remarked.append(spec)

    # --- what was found ---

    def found(self, rule: str) -> tuple[str, ...]:
        """The facts that made a rule true; those of the pack's gate, true of every patient, only where there are no others."""
        if rule not in self._found:
            everything = found_facts(self.prepared.rules[rule].when, self.facts)
            about = self.prepared.about
            self._found[rule] = tuple(name for name in everything if name not in about) or everything
        return self._found[rule]

    def findings(self, rule: str, words: int = 80) -> list[str]:
        """What made a rule true, each with status and date; the rule's title where nothing can be named.

        Several facts may read one entry of the chart (an active cancer is one by its code, by its words, and a history of cancer):
        it is told once, by the first of them.
        """
        specs = self.prepared.facts
        said, told = [], set[str]()
        for name in self.found(rule):
            if name not in specs:
                continue
            fact = self.facts.get(name)
            entries = {one.resource for one in fact.evidence if "/" in one.resource} if fact is not None else set()
            if not entries or not entries <= told:
                said.append(self._finding(specs[name], words))
            told |= entries
        return said or [clean(self.prepared.rules[rule].rule.title)]

    def _finding(self, spec: FactSpec, words: int) -> str:
        fact = self.facts.get(spec.name)
        evidence = fact.evidence if fact is not None else ()
        # The chart's own words where they are what was read: what began, and what was matched without a code of ours.
        shown = spec.kind == "episode" or bool(evidence and "matched by" in evidence[0].remark)
        return finding(spec, fact, limit=min(words, self.limit), shown=shown)

    def read(self, words: int) -> list[str]:
        """What was read: the facts that are always told, known or not, then what made rules fire."""
        said = [self._told(spec, words) for spec in self._service.told if spec.name in self.facts]
        told = {spec.name for spec in self._service.told}
        fired = [name for rule in self.fired if self._speaks(rule) for name in self.found(rule)]
        specs = self.prepared.facts
        return said + [self._finding(specs[name], words) for name in dict.fromkeys(fired) if name not in told and name in specs]

    def _speaks(self, rule: str) -> bool:
        """A silent rule is evaluated and recorded; nothing of it is shown."""
        view = self.prepared.rules.get(rule)
        return view is not None and not view.rule.silent

    def told_only(self) -> list[str]:
        """The facts that are always told, in as few words as there are."""
        return [self._told(spec, 0) for spec in self._service.told if spec.name in self.facts]

    def _told(self, spec: FactSpec, words: int) -> str:
        fact = self.facts[spec.name]
        if isinstance(fact, (Known, Bounds)):
            return self._finding(spec, words)
        doubt = ""
        if isinstance(fact, InDoubt):
            doubt = "in doubt, " if fact.cause in _DOUBTFUL_FINDINGS else "could not be checked, "
        return f"{clip(named(spec), 120)}: {doubt}{why_unknown(fact)}"

    def remarks(self, words: int) -> list[str]:
        """Conflicts, staleness and ties that must be shown, as whole sentences."""
        said: dict[str, None] = {}
        for spec in self._remarked:
            fact = self.facts[spec.name]
            if not isinstance(fact, InDoubt):
                said |= dict.fromkeys(clip(clean(remark, self.limit), 4 * max(words, 20)).rstrip(".") for remark in fact.remarks)
        return [remark[0].upper() + remark[1:] for remark in said if remark]

    # --- what is in doubt ---

    def doubts(self, among: Iterable[str] | None = None) -> Doubts:
        """What could not be checked, each fact once. Facts that are always told say their doubt there, unless `among` is given."""
        unseen: dict[str, list[str]] = {}
        findings = []
        names = []
        only = None if among is None else frozenset(among)
        for spec in self._doubtful:
            fact = self.facts[spec.name]
            if not isinstance(fact, InDoubt) or (spec.tell if only is None else spec.name not in only):
                continue
            names.append(clean(spec.says))
            if fact.cause in _DOUBTFUL_FINDINGS:
                findings.append(f"{clean(spec.says)} ({self._doubted(fact)})")
            else:
                unseen.setdefault(why_unknown(fact), []).append(clean(spec.says))
        return Doubts(tuple((tuple(facts), why) for why, facts in unseen.items()), tuple(findings), frozenset(names))

    def _doubted(self, fact: InDoubt) -> str:
        why = clip(why_unknown(fact, self.limit), 80)
        on = day(fact.evidence[0]) if fact.evidence else ""
        return f"{why}, {on}" if on else why

    def gate_facts(self) -> frozenset[str]:
        """The facts of the pack's and the service's gates."""
        return self.prepared.about | self._service.gate

    def openings(self, outcome: RuleOutcome) -> tuple[str, ...]:
        """What leaves a rule open, in the words of the facts: in doubt, or "at least 5 days since ..."."""
        view = self.prepared.rules[outcome.rule]
        specs = self.prepared.facts
        return tuple(self._opening(specs[name]) for name in open_facts(view.when, self.facts) if name in specs) or (clean(view.rule.title),)

    def _opening(self, spec: FactSpec) -> str:
        fact: Fact | None = self.facts.get(spec.name)
        value = worded(fact, spec.unit)
        if value is None:
            return clean(named(spec))
        return f"{value} {spec.says}" if since(spec) else f"{spec.says} {value}"

    # --- why, and why not ---

    def say(self, text: Text, rule: RuleView) -> str:
        """An author's text of a rule, filled, without its full stop."""
        key = (rule.rule.id, id(text))
        if key not in self._said:
            self._said[key] = self._say(text, rule)
        return self._said[key]

    def _say(self, text: Text, rule: RuleView) -> str:
        found = a_few(self.findings(rule.rule.id), MOST_FOUND) if FOUND in text.names else ""
        return clean(self.filler.fill(text, found)).rstrip(".")

    def reasons(self, offered: OfferedProgram) -> tuple[str, ...]:
        """Why a program is offered: the texts of the rules that offer it, first offering first."""
        rules = self.prepared.rules
        said: dict[str, None] = {}
        for name in offered.offered_by:
            if (view := rules.get(name)) is not None:
                for text in view.because.get(offered.program, ()):
                    said[self.say(text, view)] = None
        said.pop("", None)
        return tuple(said)

    def withheld(self) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
        """Programs withheld by rules that fired, with the reasons; and those withheld only until something is checked, with what."""
        outcomes = {outcome.rule: outcome for outcome in self.decision.rules}
        fired: dict[str, dict[str, None]] = {}
        doubted: dict[str, dict[str, None]] = {}
        for one in self.decision.withheld:
            program, view = self.prepared.programs.get(one.program), self.prepared.rules.get(one.rule)
            if program is None or view is None:
                continue
            if one.why is Why.FIRED:
                texts = [self.say(part.because, view) for part in view.withholding(program.program)]
                fired.setdefault(one.program, {}).update(dict.fromkeys(texts or [clean(view.rule.title)]))
            elif one.rule in outcomes:
                doubted.setdefault(one.program, {}).update(dict.fromkeys(self.openings(outcomes[one.rule])))
        return {name: tuple(texts) for name, texts in fired.items()}, {
            name: tuple(facts) for name, facts in doubted.items() if name not in fired
        }

    def left_out(self) -> list[LeftOut]:
        """Steps taken out of programs that are offered."""
        said = []
        for offered in self.decision.offered:
            program = self.prepared.programs.get(offered.program)
            if program is None or not offered.steps_withheld:
                continue
            titles = program.step_titles
            taken = tuple(titles[step] for step in offered.steps_withheld if step in titles)
            kept = tuple(titles[step] for step in offered.steps if step in titles)
            said.append(LeftOut(program.title, taken, kept, "; ".join(self._why_left_out(offered))))
        return said

    def _why_left_out(self, offered: OfferedProgram) -> list[str]:
        """The reasons of rules that took away a load of this program."""
        taken = frozenset(offered.loads_withheld)
        said: dict[str, None] = {}
        for outcome in self.decision.rules:
            view = self.prepared.rules.get(outcome.rule)
            if view is None or outcome.withholds is None or view.rule.silent:
                continue
            for part in view.rule.withholds:
                if not _takes(part, offered.program, taken):
                    continue
                if outcome.withholds is Why.FIRED:
                    said[self.say(part.because, view)] = None
                else:
                    said[f"until checked: {listed(self.openings(outcome))}"] = None
        return list(said)

    def notes(self, programs: Sequence[str]) -> list[str]:
        """Notes on the card itself, then those on the programs that are offered."""
        own: list[str] = []
        of_programs: dict[str, list[str]] = {}
        for rule, place in self.decision.notes:
            view = self.prepared.rules.get(rule)
            if view is None or place >= len(view.rule.notes):
                continue
            note = view.rule.notes[place]
            if note.program is None:
                own.append(self.say(note.text, view))
            elif note.program in programs:
                of_programs.setdefault(note.program, []).append(self.say(note.text, view))
        titles = {name: self.prepared.programs[name].title for name in of_programs}
        return list(dict.fromkeys(own)) + [f"{titles[name]} — {'; '.join(dict.fromkeys(said))}" for name, said in of_programs.items()]

    def under_way(self) -> list[str]:
        """Programs that are under way, with what says so: "Specialist referral (physical therapy already ordered, 2026-02-23)"."""
        specs = self.prepared.facts
        said = []
        for name in self.decision.in_place:
            if (program := self.prepared.programs.get(name)) is not None:
                there = [one for one in program.in_place_facts if getattr(self.facts.get(one), "value", False) is True and one in specs]
                told = "; ".join(self._finding(specs[one], 40) for one in there)
                said.append(f"{program.title} ({told})" if told else program.title)
        return said

    def perhaps_under_way(self) -> list[str]:
        """Programs that may be under way already, with what could not be looked at."""
        said = []
        for name in self.decision.in_place_in_doubt:
            if (program := self.prepared.programs.get(name)) is not None:
                facts = (self.facts.get(fact) for fact in program.in_place_facts)
                whys = dict.fromkeys(why_unknown(fact) for fact in facts if isinstance(fact, InDoubt))
                said.append(f"{program.title} ({', '.join(whys) or 'could not be checked'})")
        return said

    def starts_with(self, program: str) -> str:
        """The option that a note says to start with, by its short name; "" where none does."""
        for rule, place in self.decision.notes:
            view = self.prepared.rules.get(rule)
            note = view.rule.notes[place] if view is not None and place < len(view.rule.notes) else None
            if note is not None and note.program == program and note.start_with is not None:
                return scalar(clean(note.start_with))
        return ""


def _takes(part: Withhold, program: str, loads: frozenset[str]) -> bool:
    return bool(part.loads & loads) and (not part.within or program in part.within)
