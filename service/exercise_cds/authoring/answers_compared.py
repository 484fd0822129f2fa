"""Two answers to one request held against each other: who gains, loses or changes a card. For `explain --compare` and `diff`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exercise_cds.cds_service import Examination
from exercise_cds.wire import Card


def differences(old: Examination, new: Examination) -> tuple[str, ...]:
    """Sentences on what differs, most important first; none where both answers say the same."""
    return (*_outcome(old, new), *_programs(old, new), *_rules(old, new), *_cards(old, new))


def _outcome(old: Examination, new: Examination) -> Iterator[str]:
    before, after = old.decision.outcome.value, new.decision.outcome.value
    if before != after:
        yield f"outcome: {before} -> {after}"
    if bool(old.unobtainable) != bool(new.unobtainable):
        yield "answers 412 no longer" if old.unobtainable else f"answers 412 now: {', '.join(new.unobtainable)} could not be had"


def _programs(old: Examination, new: Examination) -> Iterator[str]:
    before = {offer.program: offer for offer in old.decision.offered}
    after = {offer.program: offer for offer in new.decision.offered}
    held = {one.program: one.rule for one in new.decision.withheld}
    for program in (one for one in after if one not in before):
        yield f"gains {program}, offered by {', '.join(after[program].offered_by) or 'the fallback'}"
    for program in (one for one in before if one not in after):
        yield f"loses {program}{f', withheld by {held[program]}' if program in held else ', which nothing offers'}"
    for program in (one for one in before if one in after):
        if before[program].steps != after[program].steps:
            yield f"steps of {program}: {_listed(before[program].steps)} -> {_listed(after[program].steps)}"
    if [one for one in before if one in after] != [one for one in after if one in before]:
        yield f"order: {_listed(tuple(before))} -> {_listed(tuple(after))}"


def _rules(old: Examination, new: Examination) -> Iterator[str]:
    before, after = set(old.decision.fired), set(new.decision.fired)
    if fired := sorted(after - before):
        yield f"fires now: {', '.join(fired)}"
    if silent := sorted(before - after):
        yield f"fires no longer: {', '.join(silent)}"


def _cards(old: Examination, new: Examination) -> Iterator[str]:
    before, after = [_words(card) for card in old.composed.cards], [_words(card) for card in new.composed.cards]
    summaries = {summary for summary, _ in before}, {summary for summary, _ in after}
    for summary in sorted(summaries[1] - summaries[0]):
        yield f"new card: {summary}"
    for summary in sorted(summaries[0] - summaries[1]):
        yield f"card gone: {summary}"
    changed = [summary for summary, detail in after if summary in summaries[0] and (summary, detail) not in before]
    for summary in changed:
        yield f"other words on the card: {summary}"


def _words(card: Card) -> tuple[str, str]:
    suggestions = "\n".join(suggestion["label"] for suggestion in card.get("suggestions", []))
    return card["summary"], f"{card['indicator']}\n{card.get('detail', '')}\n{suggestions}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"
