"""What a case expects, held against what was answered: one function per key of `expect`, each yielding sentences for what differs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from exercise_cds.cds_service import Examination
from exercise_cds.rulepack import Expectation
from exercise_cds.wire import Card

WORDS = frozenset({"cards", "no_cards", "says", "says_not"})
"""Keys of `expect` that ask for the cards; all others ask for the decision alone."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a case got."""

    seen: Examination

    @property
    def offered(self) -> tuple[str, ...]:
        """Program ids in the order shown."""
        return tuple(offer.program for offer in self.seen.decision.offered)

    @property
    def cards(self) -> list[Card]:
        """The cards in the order shown."""
        return self.seen.composed.cards

    @property
    def words(self) -> str:
        """Every word that the clinician reads, in one text."""
        return "\n".join(f"{card['summary']}\n{card.get('detail', '')}\n{_suggested(card)}" for card in self.cards)

    @property
    def steps(self) -> Mapping[str, tuple[str, ...]]:
        """Steps left of each offered program."""
        return {offer.program: offer.steps for offer in self.seen.decision.offered}

    @property
    def options(self) -> Mapping[str, tuple[str, ...]]:
        """Options of each offered program in the order shown."""
        return {offer.program: offer.options for offer in self.seen.decision.offered}


def _suggested(card: Card) -> str:
    return "\n".join(suggestion["label"] for suggestion in card.get("suggestions", []))


def _list(names: Iterable[str]) -> str:
    return ", ".join(names) or "nothing"


def _many(value: str | list[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


def _outcome(expect: Expectation, got: Answer) -> Iterator[str]:
    outcome = got.seen.decision.outcome.value
    if expect.outcome is not None and outcome != expect.outcome:
        yield f"expected the outcome {expect.outcome!r}, got {outcome!r}"


def _status(expect: Expectation, got: Answer) -> Iterator[str]:
    status = 412 if got.seen.unobtainable else 200
    if expect.status is not None and status != expect.status:
        yield f"expected HTTP {expect.status}, got {status}"


def _offers(expect: Expectation, got: Answer) -> Iterator[str]:
    if missing := [program for program in expect.offers or () if program not in got.offered]:
        yield f"expected to be offered: {_list(missing)}; got {_list(got.offered)}"


def _exactly(expect: Expectation, got: Answer) -> Iterator[str]:
    if expect.exactly is not None and tuple(expect.exactly) != got.offered:
        yield f"expected exactly: {_list(expect.exactly)}; got {_list(got.offered)}"


def _never(expect: Expectation, got: Answer) -> Iterator[str]:
    if wrong := [program for program in expect.never or () if program in got.offered]:
        yield f"must never be offered: {_list(wrong)}; got {_list(got.offered)}"


def _fired(expect: Expectation, got: Answer) -> Iterator[str]:
    fired = got.seen.decision.fired
    if missing := [rule for rule in expect.fired or () if rule not in fired]:
        yield f"expected to fire: {_list(missing)}; fired {_list(fired)}"
    if wrong := [rule for rule in expect.not_fired or () if rule in fired]:
        yield f"must not fire: {_list(wrong)}"


def _withheld(expect: Expectation, got: Answer) -> Iterator[str]:
    held = {(entry.program, entry.rule) for entry in got.seen.decision.withheld}
    for program, rules in (expect.withheld or {}).items():
        for rule in _many(rules):
            if (program, rule) not in held:
                by = sorted(other for name, other in held if name == program)
                yield f"expected {program} to be withheld by {rule}; it is withheld by {_list(by)}"


def _steps(expect: Expectation, got: Answer) -> Iterator[str]:
    for program, steps in (expect.steps or {}).items():
        if missing := [step for step in _many(steps) if step not in got.steps.get(program, ())]:
            yield f"{program} must show the steps {_list(missing)}; it shows {_list(got.steps.get(program, ()))}"
    for program, steps in (expect.steps_never or {}).items():
        if wrong := [step for step in _many(steps) if step in got.steps.get(program, ())]:
            yield f"{program} must not show the steps {_list(wrong)}"


def _options(expect: Expectation, got: Answer) -> Iterator[str]:
    for program, option in (expect.starts_with or {}).items():
        shown = got.options.get(program, ())
        if shown[:1] != (option,):
            yield f"{program} must start with {option}; its options are {_list(shown)}"


def _cards(expect: Expectation, got: Answer) -> Iterator[str]:
    if expect.no_cards and got.cards:
        yield f"expected no card, got {len(got.cards)}: {got.cards[0]['summary']!r}"
    rules = {given.uuid: given.rule for given in got.seen.composed.given}
    for wanted in expect.cards or ():
        asked = wanted.model_dump(exclude_none=True)
        if not any(_is(card, rules, asked) for card in got.cards):
            shown = "; ".join(f"{card['indicator']} {rules.get(card['uuid'], '')!r} {card['summary']!r}" for card in got.cards) or "no card"
            yield f"expected a card with {asked}; got {shown}"


def _is(card: Card, rules: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    shown = {
        "rule": rules.get(card["uuid"], ""),
        "indicator": card["indicator"],
        "summary_has": card["summary"],
        "detail_has": _unescaped(card.get("detail", "")),
    }
    return all(value in shown[key] if key.endswith("_has") else value == shown[key] for key, value in wanted.items())


def _unescaped(detail: str) -> str:
    """Markdown as it is read: authors expect words, not backslashes."""
    return detail.replace("\\", "")


def _says(expect: Expectation, got: Answer) -> Iterator[str]:
    words = _unescaped(got.words)
    for text in _many(expect.says):
        if text not in words:
            yield f"expected the words {text!r}; the cards say:\n{words or '(no card)'}"
    for text in _many(expect.says_not):
        if text in words:
            yield f"the cards must not say {text!r}"


CHECKS: tuple[Callable[[Expectation, Answer], Iterator[str]], ...] = (
    _status,
    _outcome,
    _exactly,
    _offers,
    _never,
    _fired,
    _withheld,
    _steps,
    _options,
    _cards,
    _says,
)


def differences(expect: Expectation, seen: Examination) -> tuple[str, ...]:
    """Every sentence on what differs; none where the answer is as expected."""
    got = Answer(seen)
    return tuple(sentence for check in CHECKS for sentence in check(expect, got))
