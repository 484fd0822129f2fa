"""From a Decision to cards, in this order: what rules say, then one card of programs, or one info card that says why there is none.

Pure: uuids and the day are handed in. Every card carries the decision extension, which holds nothing of the patient (CH-160, law 7).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from exercise_cds.cards.actions import Subject, conditions_in
from exercise_cds.cards.detail import Detail
from exercise_cds.cards.markdown import plain
from exercise_cds.cards.prepared import Prepared
from exercise_cds.cards.reading import Reading
from exercise_cds.cards.texts import STRING_LIMIT, SUMMARY_LIMIT, clean, clip
from exercise_cds.model.decision import Decision, Gate, OfferedProgram, Outcome, Why
from exercise_cds.model.facts import Bounds, Evidence, Facts, Known
from exercise_cds.model.pack import Indicator, RulePack
from exercise_cds.model.record import GivenCard
from exercise_cds.wire import Card, CardLink, Suggestion

EXTENSION = "org.exercise-cds.decision"
_SILENT = frozenset({Outcome.NOT_FOR_THIS_USER, Outcome.NOT_ABOUT_THIS_PATIENT})
_QUIET = frozenset({Outcome.NOT_ENOUGH_DATA, Outcome.NOTHING_TO_ADVISE})


@dataclass(frozen=True, slots=True)
class Composed:
    """The cards of one answer, in the order to show, and their uuids for the decision record."""

    cards: list[Card]
    given: tuple[GivenCard, ...]


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one call's cards share."""

    reading: Reading
    detail: Detail
    subject: Subject
    extension: dict[str, Any]
    decision_id: str
    new_uuid: Callable[[], str]


class Composer:
    """Composes the cards of one pack. Made once per pack; holds nothing of a patient."""

    def __init__(
        self,
        pack: RulePack,
        *,
        link_hosts: frozenset[str] = frozenset(),
        handouts_base_url: str = "",
        string_limit: int = STRING_LIMIT,
    ) -> None:
        """`link_hosts`: hosts that links may lead to (empty: any); `string_limit`: longest string of a chart that reaches a card."""
        self._prepared = Prepared(pack, link_hosts, handouts_base_url)
        self._limit = string_limit
        topic = pack.card.source.topic
        self._reason = plain(clean(topic.display if topic is not None and topic.display else pack.title))

    def compose(  # noqa: PLR0913  (what a hook's context holds, each by name)
        self,
        service_id: str,
        decision: Decision,
        facts: Facts,
        *,
        patient_id: str,
        encounter_id: str = "",
        user_id: str = "",
        decision_id: str,
        new_uuid: Callable[[], str],
        today: date,
    ) -> Composed:
        """The cards of one answer. `patient_id` and `encounter_id` are bare ids, `user_id` is `Type/id` or ""."""
        if decision.outcome in _SILENT:
            return Composed([], ())
        prepared = self._prepared
        offered = tuple(one for one in decision.offered if one.program in prepared.programs) if _may_offer(decision) else ()
        reading = Reading(prepared, prepared.services[service_id], decision, facts, self._limit)
        answer = _Answer(
            reading=reading,
            detail=Detail(reading, offered),
            subject=Subject(
                patient_id,
                encounter_id=encounter_id,
                user_id=user_id,
                conditions=conditions_in(self._back(facts)),
                reason=self._reason,
                on=today,
            ),
            extension={EXTENSION: _extension(reading, offered, decision_id)},
            decision_id=decision_id,
            new_uuid=new_uuid,
        )
        said = [rule for rule in decision.said if rule in prepared.rules and prepared.rules[rule].rule.card is not None]
        last = self._last(answer, decision, offered, said=bool(said))
        cards = [self._rule_card(answer, rule, closing=last is None and rule == said[-1]) for rule in said]
        given = [GivenCard(card["uuid"], rule) for card, rule in zip(cards, said, strict=True)]
        if last is not None:
            cards.append(last)
            programs = (one.program for one in offered)
            uuids = tuple((one["uuid"], program) for one, program in zip(last.get("suggestions", []), programs, strict=False))
            given.append(GivenCard(last["uuid"], "", uuids))
        return Composed(cards, tuple(given))

    def _back(self, facts: Facts) -> Iterable[Evidence]:
        """The evidence of the patient's back conditions."""
        for name in self._prepared.back:
            fact = facts.get(name)
            if isinstance(fact, Bounds) or (isinstance(fact, Known) and fact.value is not False):
                yield from fact.evidence

    # --- the last card: programs, or why there are none ---

    def _last(self, answer: _Answer, decision: Decision, offered: tuple[OfferedProgram, ...], *, said: bool) -> Card | None:
        if _held_back(decision):
            return self._held_back_card(answer)
        if decision.service_gate is Gate.CLOSED:
            return None  # nothing would have been said of this moment, whatever is in doubt about the patient
        if Gate.IN_DOUBT in (decision.about, decision.service_gate):
            return self._gate_card(answer)
        if offered:
            return self._program_card(answer, offered)
        if decision.in_place:
            return self._under_way_card(answer, decision)
        if decision.outcome in _QUIET:
            return None
        fired = {one.program for one in decision.withheld if one.why is Why.FIRED}
        if decision.outcome is Outcome.DATA_UNOBTAINABLE and (not said or any(one.program not in fired for one in decision.withheld)):
            return self._doubt_card(answer)
        return (
            None
            if said
            else self._info(answer, "No exercise program is suggested now: see what speaks against", answer.detail.of_information())
        )

    def _program_card(self, answer: _Answer, offered: tuple[OfferedProgram, ...]) -> Card:
        prepared = self._prepared
        summary = self._summary(answer, self._program_summary(answer, offered))
        suggestions = [self._suggestion(answer, one) for one in offered]
        card = self._card(answer, Indicator.INFO, summary, answer.detail.of_programs())
        card["suggestions"] = suggestions
        card["selectionBehavior"] = "any"
        handouts = (prepared.handout(prepared.programs[one.program].program, one.loads_withheld) for one in offered)
        self._link(card, [*prepared.links, *(link for link in handouts if link is not None)])
        return card

    def _program_summary(self, answer: _Answer, offered: tuple[OfferedProgram, ...]) -> str:
        pack = self._prepared.pack
        only = offered[0] if len(offered) == 1 else None
        withheld = any(one.why is Why.FIRED for one in answer.reading.decision.withheld)
        if only is not None and withheld and (only.fallback or only.program == pack.if_nothing_left):
            return f"{self._prepared.programs[only.program].title} suggested: the other programs are withheld"
        return answer.reading.filler.summary(pack.card.summary, (), f"{pack.title}: programs that fit")

    def _suggestion(self, answer: _Answer, offered: OfferedProgram) -> Suggestion:
        program = self._prepared.programs[offered.program]
        first = answer.reading.starts_with(offered.program)
        return {
            "label": f"{program.title} (start with {plain(first)})" if first else program.title,
            "uuid": answer.new_uuid(),
            "actions": [program.orders.action(answer.subject, offered.steps, offered.options)],
        }

    def _held_back_card(self, answer: _Answer) -> Card:
        sentence = (
            "Two evaluations of the rules did not agree, so no program is suggested. Your IT team can find out why by the decision id."
        )
        return self._info(
            answer,
            f"Suggestions were held back (decision {answer.decision_id})",
            answer.detail.of_information(f"{sentence} Decision: {answer.decision_id}"),
        )

    def _gate_card(self, answer: _Answer) -> Card:
        pack = self._prepared.pack
        summary = answer.reading.filler.summary(
            pack.card.withheld_summary, (), f"{pack.title}: not everything could be checked, so nothing is suggested"
        )
        sentence = "It could not be told whether this advice concerns the patient, so no program is suggested."
        return self._info(answer, summary, answer.detail.of_information(sentence, about=answer.reading.gate_facts()))

    def _doubt_card(self, answer: _Answer) -> Card:
        pack = self._prepared.pack
        summary = answer.reading.filler.summary(
            pack.card.withheld_summary,
            (),
            "No exercise program is suggested: not everything could be checked",
        )
        return self._info(answer, summary, answer.detail.of_information())

    def _under_way_card(self, answer: _Answer, decision: Decision) -> Card:
        programs = self._prepared.programs
        titles = ", ".join(programs[name].title for name in decision.in_place if name in programs)
        return self._info(answer, f"Already under way, nothing more is suggested: {titles}", answer.detail.of_information())

    def _info(self, answer: _Answer, summary: str, detail: str) -> Card:
        return self._card(answer, Indicator.INFO, self._summary(answer, summary), detail)

    # --- every card ---

    def _rule_card(self, answer: _Answer, rule: str, *, closing: bool) -> Card:
        view = self._prepared.rules[rule]
        said = view.rule.card
        assert said is not None
        summary = answer.reading.filler.summary(said.summary, answer.reading.findings(rule), view.rule.title)
        card = self._card(answer, said.indicator, self._summary(answer, summary), answer.detail.of_rule(rule, closing=closing))
        card["source"] = view.source
        self._link(card, view.links)
        return card

    def _summary(self, answer: _Answer, summary: str) -> str:
        return plain(clip(clean(summary), SUMMARY_LIMIT)) or f"Decision {answer.decision_id}"

    def _card(self, answer: _Answer, indicator: Indicator, summary: str, detail: str) -> Card:
        card: Card = {
            "uuid": answer.new_uuid(),
            "summary": summary,
            "indicator": indicator.value,
            "source": self._prepared.source,
            "extension": answer.extension,
        }
        if detail:
            card["detail"] = detail
        if self._prepared.override_reasons:
            card["overrideReasons"] = self._prepared.override_reasons
        return card

    def _link(self, card: Card, links: list[CardLink]) -> None:
        if links:
            card["links"] = links


def _held_back(decision: Decision) -> bool:
    """Law 4: where the engines differ, or one raised, nothing is offered."""
    return bool(decision.outcome is Outcome.RULE_ERROR or decision.disagreement or decision.engine_error)


def _may_offer(decision: Decision) -> bool:
    return not _held_back(decision) and Gate.IN_DOUBT not in (decision.about, decision.service_gate)


def _extension(reading: Reading, offered: tuple[OfferedProgram, ...], decision_id: str) -> dict[str, Any]:
    """Which decision of which pack this is; rule and program ids only. What would be empty is left out (CH-002)."""
    pack, decision = reading.prepared.pack, reading.decision
    made: dict[str, Any] = {
        "decision": decision_id,
        "pack": pack.id,
        "version": pack.version,
        "digest": pack.digest,
        "outcome": decision.outcome.value,
        "rules": list(reading.fired),
        "offered": [one.program for one in offered],
        "withheld": [{"program": one.program, "rule": one.rule, "why": one.why.value} for one in decision.withheld],
    }
    return {name: value for name, value in made.items() if value}
